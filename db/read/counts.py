"""
The numbers of looks and readings ever: one query, with a handful of rows.

Only the standard library is imported here, so that asking starts fast.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from db.counts import BUCKETS_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COUNTS: Final = """
    SELECT p.name AS portal, c.outcome, c.bucket, sum(c.looks) AS looks,
        sum(c.milliseconds) AS milliseconds, t.readings
    FROM totals AS t
    LEFT JOIN (SELECT * FROM counts UNION ALL SELECT * FROM past_counts) AS c
    LEFT JOIN portals AS p ON p.id = c.portal_id
    GROUP BY c.portal_id, c.outcome, c.bucket HAVING sum(c.looks) > 0 OR c.portal_id IS NULL"""
"""At least one row: without any look, only the readings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalCounts:
    """
    The looks at one portal, without those whose page is not read yet.

    Attributes:
        looks: The number of looks, by outcome as in ``PastLook``.
        durations: The number of looks by duration, for each bucket of ``BUCKETS_MS``, and one for
            longer ones.
        milliseconds: All of them together.
    """

    looks: Mapping[str, int] = field(default_factory=dict)
    durations: tuple[int, ...] = (0,) * (len(BUCKETS_MS) + 1)
    milliseconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """
    All counts.

    Attributes:
        portals: The counts of each portal with looks, by its name.
        readings: The number of readings.
    """

    portals: Mapping[str, PortalCounts]
    readings: int


def added_up(rows: Iterable[Mapping[str, Any]]) -> Counts:
    """Add up the rows of ``COUNTS``."""
    by_portal: dict[str, list[Mapping[str, Any]]] = {}
    readings = 0
    for row in rows:
        readings = row["readings"]
        if row["portal"] is not None:
            by_portal.setdefault(row["portal"], []).append(row)
    portals = {portal: _portal(rows) for portal, rows in by_portal.items()}
    return Counts(portals=portals, readings=readings)


def _portal(rows: list[Mapping[str, Any]]) -> PortalCounts:
    looks: dict[str, int] = {}
    durations = [0] * (len(BUCKETS_MS) + 1)
    for row in rows:
        looks[row["outcome"]] = looks.get(row["outcome"], 0) + row["looks"]
        durations[row["bucket"]] += row["looks"]
    return PortalCounts(
        looks=looks,
        durations=tuple(durations),
        milliseconds=sum(row["milliseconds"] for row in rows),
    )
