"""The plain values of the metrics, and the error of exporting them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from db import query
from scraper import __version__
from scraper.errors import ScraperError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection
    from pathlib import Path

    from db.validity import State


class MetricsError(ScraperError):
    """
    The file or the port of the config for metrics cannot be used.

    A daemon only logs it; looks go on without metrics.
    """

    exit_code = 3

    def __init__(self, where: object, problem: str) -> None:
        super().__init__(f"metrics {str(where)!r}: {problem}")
        self.where, self.problem = where, problem


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalMetrics:
    """
    One portal, at the time of the snapshot.

    Attributes:
        portal: Its name, unique in a snapshot.
        state: ``live``, ``unconfirmed``, ``stale``, ``frozen`` or ``down``; None if it is no longer
            polled: then only its counts are exported.
        since_success_s: Seconds since a look last gave a sidebar; None if no look ever did, or the
            portal is no longer polled.
        since_change_s: Seconds since the values were last seen to change; None as above.
        counts: The counts of all looks ever.
    """

    portal: str
    state: State | None
    since_success_s: float | None
    since_change_s: float | None
    counts: query.PortalCounts = field(default_factory=query.PortalCounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """
    The values of all metrics.

    Attributes:
        portals: Every portal.
        readings: The number of readings ever stored.
        file_bytes: The size of the database.
        version: The version of nalssi.
        taken_at: The time of the snapshot; aware.
    """

    portals: tuple[PortalMetrics, ...]
    readings: int
    file_bytes: int
    version: str
    taken_at: dt.datetime


def take(database: Path, now: dt.datetime, portals: Collection[str] | None = None) -> Snapshot:
    """
    Take a snapshot of a database; may be called from any thread.

    Args:
        database: Its file.
        now: The present, aware.
        portals: The names of the polled portals; others only keep their counts, which must not go
            back. None = all.

    Raises:
        DatabaseError: The database cannot be read.
    """
    with query.Database(database) as db:
        counts = db.counts()
        return Snapshot(
            portals=tuple(
                _portal(status, now, counts, polled=portals is None or status.portal in portals)
                for status in db.status(now=now)
            ),
            readings=counts.readings,
            file_bytes=database.stat().st_size,
            version=__version__,
            taken_at=now,
        )


def _portal(
    status: query.PortalStatus, now: dt.datetime, counts: query.Counts, *, polled: bool
) -> PortalMetrics:
    return PortalMetrics(
        portal=status.portal,
        state=status.state if polled else None,
        since_success_s=_since_s(status.last_success, now) if polled else None,
        since_change_s=_since_s(status.changed, now) if polled else None,
        counts=counts.portals.get(status.portal, query.PortalCounts()),
    )


def _since_s(moment: dt.datetime | None, now: dt.datetime) -> float | None:
    return None if moment is None else (now - moment).total_seconds()
