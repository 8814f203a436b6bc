"""What the metrics are made of: plain values, and the error of not getting them out."""

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
    The file or the port that the config names for metrics cannot be had.

    A daemon only logs it; looks do not depend on who counts them.
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
        portal: Its name; no two of a snapshot have the same.
        state: ``live``, ``unconfirmed``, ``stale``, ``frozen`` or ``down``; None where it is no
            longer looked at: then only what was counted is told.
        since_success_s: Seconds since a look last gave a sidebar; None where none ever did, or
            the portal is no longer looked at.
        since_change_s: Seconds since the values were last seen to change; None as above.
        counts: Of all looks there ever were.
    """

    portal: str
    state: State | None
    since_success_s: float | None
    since_change_s: float | None
    counts: query.PortalCounts = field(default_factory=query.PortalCounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """
    All that the metrics say.

    Attributes:
        portals: Every portal.
        readings: How many were ever kept.
        file_bytes: The size of the database.
        version: Of nalssi.
        taken_at: When; aware.
    """

    portals: tuple[PortalMetrics, ...]
    readings: int
    file_bytes: int
    version: str
    taken_at: dt.datetime


def take(database: Path, now: dt.datetime, portals: Collection[str] | None = None) -> Snapshot:
    """
    Ask a database how everything is; may be called from any thread.

    Args:
        database: Its file.
        now: The present, aware.
        portals: The names of those that are polled; of others only the counts are given, which must
            not go back. None = all are.

    Raises:
        DatabaseError: The database cannot be asked.
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
