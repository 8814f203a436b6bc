"""The times under a chart: round ones, in Korean time, as many as there is room for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.moments import KST

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY: Final = dt.timedelta(days=1)
_PARTS_OF_A_DAY: Final = tuple(
    dt.timedelta(minutes=minutes) for minutes in (5, 10, 15, 30, 60, 120, 180, 360, 720)
)
_DAYS: Final = (1, 2, 4, 7, 14)
_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 600, 1200, 6000)
_EPOCH_MONDAY: Final = dt.date(1970, 1, 5).toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """
    A time under a chart.

    Attributes:
        at: The time, Korean.
        label: Its text.
        below: The date, if a new one begins and the label is an hour.
    """

    at: dt.datetime
    label: str
    below: str = ""


def ticks(since: dt.datetime, until: dt.datetime, *, at_most: int) -> list[Tick]:
    """Round times in ``since <= t <= until``, oldest first, never more than ``at_most``."""
    since, until = since.astimezone(KST), until.astimezone(KST)
    length = until - since
    for step in _PARTS_OF_A_DAY:
        if length / step <= at_most - 1:
            return _hours(since, until, step)
    for days in _DAYS:
        if length / (_DAY * days) <= at_most - 1:
            return [
                Tick(at=at, label=f"{at:%m-%d}")
                for at in _midnights(since, until)
                if (at.toordinal() - _EPOCH_MONDAY) % days == 0
            ]
    return _months(since, until, at_most)


def _hours(since: dt.datetime, until: dt.datetime, step: dt.timedelta) -> list[Tick]:
    at = since.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[Tick] = []
    while at <= until:
        if at >= since:
            new_day = not found or found[-1].at.date() != at.date()
            found.append(Tick(at=at, label=f"{at:%H:%M}", below=f"{at:%m-%d}" if new_day else ""))
        at += step
    return found


def _midnights(since: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    at = since.replace(hour=0, minute=0, second=0, microsecond=0)
    while at <= until:
        if at >= since:
            yield at
        at += _DAY


def _months(since: dt.datetime, until: dt.datetime, at_most: int) -> list[Tick]:
    firsts = [at for at in _midnights(since, until) if at.day == 1]
    for months in _MONTHS:
        chosen = [at for at in firsts if (at.year * 12 + at.month - 1) % months == 0]
        if len(chosen) <= at_most:
            break
    return [Tick(at=at, label=f"{at:%Y-%m}") for at in chosen[:at_most]]
