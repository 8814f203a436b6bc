"""
Lateness: detects a portal that is alone and hours late, by the course of its days.

No other portal showed its sets before, but they are old. The air is warmest in the middle of the
afternoon, by the sun. The mean temperature of the sets that a portal showed in a week is fitted by
two harmonics of the day, and a line bent at each midnight for changes of the weather; if the first
harmonic is highest hours after the middle of the afternoon, by more than its uncertainty, the
portal runs late. The uncertainty is how far the estimate moves when any one day is left out (the
jackknife), which is valid although the weather of one hour is like that of the next.

A lag of whole days, or an hour or two less, has the course of a healthy portal, and is not
detected. ``late_days.py`` updates the days on which portals were late.
"""

from __future__ import annotations

import math
from collections import defaultdict
from operator import mul
from typing import TYPE_CHECKING, Final, NamedTuple

from db.moments import DAY_S, KST_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WEEK: Final = 7
"""Days that are judged together: enough that a single front does not look like an afternoon."""

LATE_H: Final = 3.0
"""Shorter lags may come from the season, the coast, or a portal's usual half hour."""

EARLY_H: Final = 2.0
"""
A portal that seems to be so early runs nearly a day late: no page shows an hour to come.

On a coast, where the sea cools the afternoon, the warmest hour is an hour or so earlier.
"""

WARMEST_H: Final = 14.56
"""
The time at which the first harmonic of a day is highest, in hours of the sun.

Campbell and Norman (1998), Environmental Biophysics, equation 2.2: -0.46 sin(2 pi t / 24 + 0.9).
"""

SURE: Final = 2.0
"""Standard deviations by which a lag must exceed that of a healthy portal: 1 in 40."""

LEAST_TENTHS: Final = 8.0
"""The least amplitude of a daily course: a week of rain may have none."""

FEWEST_SETS: Final = 72
FEWEST_DAYS: Final = 5
"""The least sets of a week; with fewer, the result depends on which hours were seen."""

FEWEST_OF_A_DAY: Final = 8
"""The least sets of a day that counts."""

_HARMONICS: Final = 2
_OF_WEEK: Final = WEEK + 1 + 2 * _HARMONICS
_NO_DATA: Final = 1e-6
"""Keeps an end of the line in place if no set of a day beside it was seen."""


class Set(NamedTuple):
    """
    A set at the time when a portal first showed it.

    Attributes:
        at: That time; epoch seconds.
        tenths: The mean of all its stations, in tenths of a degree C.
        east: Their mean longitude, in degrees.
    """

    at: int
    tenths: float
    east: float


class Lag(NamedTuple):
    """
    The lag of a week's course behind the sun, in hours.

    Attributes:
        hours: 0 to 24.
        sigma: Its standard deviation.
    """

    hours: float
    sigma: float

    @property
    def is_late(self) -> bool:
        """Whether the portal surely runs late; one that seems early is even later."""
        unsure = SURE * self.sigma
        return LATE_H + unsure <= self.hours <= 24 - EARLY_H - unsure


class Day:
    """The sums of a day's sets for the normal equations of a week."""

    __slots__ = ("count", "left", "right")

    def __init__(self, midnight: int, sets: Sequence[Set]) -> None:
        self.count = len(sets)
        columns = list(zip(*[_row(one, midnight) for one in sets], strict=True))
        tenths = [one.tenths for one in sets]
        self.left = [[0.0] * len(columns) for _ in columns]
        for own, column in enumerate(columns):
            for other in range(own + 1):
                product = sum(map(mul, column, columns[other]))
                self.left[own][other] = self.left[other][own] = product
        self.right = [sum(map(mul, column, tenths)) for column in columns]


def _row(one: Set, midnight: int) -> tuple[float, ...]:
    """The coefficients of the unknowns in the equation of a set."""
    share = (one.at - midnight) / DAY_S
    sun = 2 * math.pi * ((one.at / 3600 + one.east / 15) % 24) / 24
    twice = 2 * sun
    waves = math.cos(sun), math.sin(sun), math.cos(twice), math.sin(twice)
    return 1 - share, share, *waves


_NO_SETS: Final = Day(0, [])


def by_day(sets: Iterable[Set]) -> dict[int, Day]:
    """The days of a portal's sets, by their numbers: Korean days since 1970-01-01."""
    found: defaultdict[int, list[Set]] = defaultdict(list)
    for one in sets:
        found[day_of(one.at)].append(one)
    return {day: Day(begin_of(day), of_day) for day, of_day in found.items()}


def lag(seen: Mapping[int, Day], day: int) -> Lag | None:
    """
    Return how much the course of the week before a day lags behind the sun.

    Args:
        seen: The days of the portal, from ``by_day``.
        day: The number of the day.

    Returns:
        None if there are too few sets, or the days have no course.
    """
    week = [seen.get(before, _NO_SETS) for before in range(day - WEEK, day)]
    counts = [one.count for one in week]
    counted = [nth for nth, count in enumerate(counts) if count >= FEWEST_OF_A_DAY]
    if len(counted) < FEWEST_DAYS or sum(counts) < FEWEST_SETS:
        return None
    amplitude, hours = _course(week, counted)
    if amplitude < LEAST_TENTHS:
        return None
    if not LATE_H <= hours <= 24 - EARLY_H:
        return Lag(hours, 0.0)  # not late, so its uncertainty is not needed
    return Lag(hours, _sigma(week, counted, hours))


def _sigma(week: Sequence[Day], counted: Sequence[int], hours: float) -> float:
    """The uncertainty of a lag: the jackknife over days (Efron and Stein, 1981)."""
    moves = []
    for left_out in counted:
        _, other = _course(week, [nth for nth in counted if nth != left_out])
        moves.append((other - hours + 12) % 24 - 12)
    mean = sum(moves) / len(moves)
    spread = sum((move - mean) ** 2 for move in moves)
    return math.sqrt(spread * (len(moves) - 1) / len(moves))


def _course(week: Sequence[Day], counted: Iterable[int]) -> tuple[float, float]:
    """The amplitude of the first harmonic, and the time from ``WARMEST_H`` to its maximum."""
    left = [[0.0] * _OF_WEEK for _ in range(_OF_WEEK)]
    right = [0.0] * _OF_WEEK
    for nth in counted:
        places = (nth, nth + 1, *range(WEEK + 1, _OF_WEEK))
        for own, place in enumerate(places):
            right[place] += week[nth].right[own]
            for other, beside in enumerate(places):
                left[place][beside] += week[nth].left[own][other]
    cosine, sine, *_ = _solved(left, right, 2 * _HARMONICS)
    highest = math.atan2(sine, cosine) * 24 / (2 * math.pi)
    return math.hypot(cosine, sine), (highest - WARMEST_H) % 24


def _solved(left: list[list[float]], right: list[float], last: int) -> list[float]:
    """The last unknowns of symmetric, positive equations (Gauss, without a pivot)."""
    size = len(right)
    for at in range(size):
        pivot = left[at]
        pivot[at] += _NO_DATA
        beyond = [other for other in range(at + 1, size) if pivot[other]]  # few: a day has six
        for row in beyond:
            factor = left[row][at] / pivot[at]
            for other in beyond:
                left[row][other] -= factor * pivot[other]
            right[row] -= factor * right[at]
    found: list[float] = []
    for at in reversed(range(size - last, size)):
        rest = sum(map(mul, left[at][at + 1 :], found))
        found.insert(0, (right[at] - rest) / left[at][at])
    return found


def day_of(second: int) -> int:
    """A Korean day, counted from 1970-01-01."""
    return (second + KST_S) // DAY_S


def begin_of(day: int) -> int:
    """The first second of a Korean day."""
    return day * DAY_S - KST_S
