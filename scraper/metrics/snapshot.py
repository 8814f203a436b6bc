"""What the metrics are made of: plain values, and the error of not getting them out."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db import query
from scraper import __version__
from scraper.errors import ScraperError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from db.answers import PortalStatus, State, Tally

BUCKETS_S: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
"""The upper ends of the buckets for the duration of a look, inclusive; the last bucket is open."""


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
class Durations:
    """
    How long looks took, counted as a database or a running total can.

    Attributes:
        counts: Looks in each bucket of ``BUCKETS_S`` alone, and those longer than all of them.
        total_s: All looks together, in seconds.
    """

    counts: tuple[int, ...] = (0,) * (len(BUCKETS_S) + 1)
    total_s: float = 0.0

    def __post_init__(self) -> None:
        if len(self.counts) != len(BUCKETS_S) + 1:
            message = f"{len(self.counts)} buckets, expected {len(BUCKETS_S) + 1}"
            raise ValueError(message)

    @classmethod
    def of(cls, durations_ms: Iterable[int]) -> Durations:
        """Count single durations, in milliseconds."""
        return cls.counted(Counter(durations_ms))

    @classmethod
    def counted(cls, milliseconds: Mapping[int, int]) -> Durations:
        """Put durations that are counted already into their buckets."""
        counts = [0] * (len(BUCKETS_S) + 1)
        for ms, count in milliseconds.items():
            counts[bisect_left(BUCKETS_S, ms / 1000)] += count
        total_ms = sum(ms * count for ms, count in milliseconds.items())
        return cls(counts=tuple(counts), total_s=total_ms / 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalMetrics:
    """
    One portal, at the time of the snapshot.

    Attributes:
        portal: Its name; no two of a snapshot have the same.
        state: ``live``, ``unconfirmed``, ``frozen`` or ``down``.
        looks: How many there ever were, by outcome.
        since_success_s: Seconds since a look last gave a sidebar; None where none ever did.
        since_change_s: Seconds since the values were last seen to change; None where never.
        durations: How long the looks took.
    """

    portal: str
    state: State
    looks: Mapping[str, int]
    since_success_s: float | None
    since_change_s: float | None
    durations: Durations


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """
    All that the metrics say.

    Attributes:
        portals: Every portal.
        readings: Rows of the history.
        file_bytes: The size of the database.
        version: Of nalssi.
        taken_at: When; aware.
    """

    portals: tuple[PortalMetrics, ...]
    readings: int
    file_bytes: int
    version: str
    taken_at: dt.datetime


def taken(database: Path, now: dt.datetime) -> Snapshot:
    """
    A snapshot of a database.

    Raises:
        DatabaseError: It cannot be asked.
    """
    with query.Database(database) as db:
        statuses = {status.portal: status for status in db.status(now=now)}
        return Snapshot(
            portals=tuple(
                _portal(statuses[tally.portal], tally, now)
                for tally in db.tally()
                if tally.portal in statuses
            ),
            readings=db.count_readings(),
            file_bytes=database.stat().st_size,
            version=__version__,
            taken_at=now,
        )


def _portal(status: PortalStatus, tally: Tally, now: dt.datetime) -> PortalMetrics:
    return PortalMetrics(
        portal=status.portal,
        state=status.state,
        looks=tally.looks,
        since_success_s=_since_s(status.last_success, now),
        since_change_s=_since_s(status.changed, now),
        durations=Durations.counted(tally.milliseconds),
    )


def _since_s(moment: dt.datetime | None, now: dt.datetime) -> float | None:
    return None if moment is None else (now - moment).total_seconds()
