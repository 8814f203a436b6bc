"""The strip of days of a portal: a column per day, midnight at the top, each hour in its state."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from db.moments import KST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from db.measures.hours import Hour
    from db.query import Gap

DAYS: Final = 90
WIDE: Final = 8
"""Of a column."""
HIGH: Final = 4
"""Of an hour."""

IDLE: Final = "idle"
"""No poll: not a fault of the portal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A Korean day: its hours in each state."""

    day: dt.date
    hours: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The days, and a path for each state that occurs."""

    days: tuple[Day, ...]
    paths: dict[str, str]
    months: tuple[tuple[int, dt.date], ...]
    width: int = DAYS * WIDE
    height: int = 24 * HIGH


def strip(hours: Iterable[Hour], gaps: Sequence[Gap], first: dt.date) -> Strip:
    """
    The strip from a day on.

    Args:
        hours: The hours of one station at the portal.
        gaps: The gaps of the portal in the same time.
        first: The first day.
    """
    idle = [(gap.since, gap.until) for gap in gaps if "portal failing" not in gap.cause]

    def state(hour: Hour) -> str:
        unpolled = hour.state == "down" and any(a <= hour.hour < b for a, b in idle)
        return IDLE if unpolled else hour.state

    known = [(hour.hour.astimezone(KST), state(hour)) for hour in hours]
    known = [(at, one) for at, one in known if one != "none" and at.date() >= first]
    paths: dict[str, str] = {}
    days = []
    for day, of_day in groupby(known, key=lambda item: item[0].date()):
        some = list(of_day)
        x = (day - first).days * WIDE
        for name, run in groupby(some, key=lambda item: item[1]):
            begins, *rest = (at.hour for at, _ in run)
            ends = (rest or [begins])[-1] + 1
            paths[name] = paths.get(name, "") + (
                f"M{x} {begins * HIGH}h{WIDE - 1}v{(ends - begins) * HIGH}h-{WIDE - 1}z"
            )
        names = [name for _, name in some]
        days.append(Day(day=day, hours={name: names.count(name) for name in dict.fromkeys(names)}))
    months = tuple(
        ((day - first).days * WIDE, day)
        for day in (first + dt.timedelta(days=nth) for nth in range(DAYS))
        if day.day == 1
    )
    return Strip(days=tuple(days), paths=paths, months=months)
