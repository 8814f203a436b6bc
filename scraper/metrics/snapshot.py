"""What the metrics are made of: plain values, and the error of not getting them out."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scraper.errors import ScraperError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from db.validity import State

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
        total_ms: All looks together, in milliseconds: whole numbers add up without an error.
    """

    counts: tuple[int, ...] = (0,) * (len(BUCKETS_S) + 1)
    total_ms: int = 0

    def __post_init__(self) -> None:
        if len(self.counts) != len(BUCKETS_S) + 1:
            message = f"{len(self.counts)} buckets, expected {len(BUCKETS_S) + 1}"
            raise ValueError(message)

    @classmethod
    def counted(cls, milliseconds: Mapping[int, int]) -> Durations:
        """Put durations that are counted already into their buckets."""
        counts = [0] * (len(BUCKETS_S) + 1)
        for ms, count in milliseconds.items():
            counts[bisect_left(BUCKETS_S, ms / 1000)] += count
        total_ms = sum(ms * count for ms, count in milliseconds.items())
        return cls(counts=tuple(counts), total_ms=total_ms)

    def __add__(self, other: Durations) -> Durations:
        counts = tuple(mine + more for mine, more in zip(self.counts, other.counts, strict=True))
        return Durations(counts=counts, total_ms=self.total_ms + other.total_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalMetrics:
    """
    One portal, at the time of the snapshot.

    Attributes:
        portal: Its name; no two of a snapshot have the same.
        state: ``live``, ``unconfirmed``, ``frozen`` or ``down``; None where it is no longer looked
            at: then only what was counted is told.
        looks: How many there ever were, by outcome, but for those not yet read.
        since_success_s: Seconds since a look last gave a sidebar; None where none ever did, or
            the portal is no longer looked at.
        since_change_s: Seconds since the values were last seen to change; None as above.
        durations: How long the looks took.
    """

    portal: str
    state: State | None
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
