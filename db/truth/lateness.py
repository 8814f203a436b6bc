"""
Lateness: detects a portal that is alone and hours late, by the course of its days.

No other portal showed its sets before, but they are old. The air is warmest in the middle of the
afternoon, by the sun. The mean temperature of the sets that a portal showed in a week is fitted by
two harmonics of the day, and a line bent at each midnight for changes of the weather; if the first
harmonic is highest hours after the middle of the afternoon, by more than its uncertainty, the
portal runs late. The uncertainty is how far the estimate moves when any one day is left out (the
jackknife), which is valid although the weather of one hour is like that of the next.

Each Korean day of a portal is judged once, by the seven days before it; late days are in the
derived table ``late_days``. A lag of whole days, or an hour or two less, has the course of a
healthy portal, and is not detected.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from itertools import groupby
from operator import itemgetter, mul
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from db.moments import DAY_S, FOREVER, KST_S
from db.validity import FEWEST_COMMON

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from db.truth.printed import Printed

    _Place: TypeAlias = tuple[Callable[[Mapping[int, int]], tuple[int, ...]], float]

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
        found[_day(one.at)].append(one)
    return {day: Day(_midnight(day), of_day) for day, of_day in found.items()}


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
    counted = [nth for nth, day in enumerate(week) if day.count >= FEWEST_OF_A_DAY]
    if len(counted) < FEWEST_DAYS or sum(day.count for day in week) < FEWEST_SETS:
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


# ---- in the database

_SPELLS: Final = """
    SELECT seen_from, sidebar_id FROM spells
    WHERE portal_id = ? AND seen_from >= ? AND seen_from < ?"""

_ALL: Final = """
    SELECT sp.seen_from, r.station_id, r.temperature
    FROM spells AS sp JOIN readings AS r USING (sidebar_id)
    WHERE sp.portal_id = ? AND r.temperature IS NOT NULL ORDER BY sp.seen_from"""

_EAST: Final = "SELECT id, longitude FROM stations WHERE longitude IS NOT NULL"

_BEGINS: Final = """
    SELECT seen_from FROM spells WHERE portal_id = ? AND seen_from >= ? AND seen_from < ?"""

_DAYS: Final = f"""
    SELECT DISTINCT (seen_from + {KST_S}) / {DAY_S} FROM spells
    WHERE portal_id = ? AND seen_from >= ? AND seen_from < ?"""


def judge(
    conn: sqlite3.Connection, portal_id: int, begins: Sequence[int], printed: Printed
) -> list[int]:
    """
    Judge again the days of a portal that depend on changed spells.

    Args:
        conn: Inside a transaction.
        portal_id: The portal.
        begins: The beginnings of the spells, old and new, in the order of time.
        printed: The temperatures of sidebars.

    Returns:
        Epoch seconds within each day whose judgement changed.
    """
    first, last = _day(begins[0]), _day(begins[-1])
    known = {begin for (begin,) in conn.execute(_BEGINS, (portal_id, *_all_of([first, last])))}
    judged = set(map(_day, known.difference(begins)))  # days with other spells than changed ones
    wanted = set(map(_day, begins)) - judged
    ends = _midnight(first + 1), _midnight(last + WEEK + 1)
    later = {day for (day,) in conn.execute(_DAYS, (portal_id, *ends))}
    days = sorted(wanted | {day for day in later if _follows(day, begins)})
    if not days:
        return []
    week_before = _midnight(days[0] - WEEK), _midnight(days[-1])
    spells = conn.execute(_SPELLS, (portal_id, *week_before))
    return _judge(conn, portal_id, days, ((at, printed[row]) for at, row in spells))


def _follows(day: int, begins: Sequence[int]) -> bool:
    """Whether one of the changed spells lies in the week before a day."""
    midnight = _midnight(day)
    at = bisect_left(begins, midnight - WEEK * DAY_S)
    return at < len(begins) and begins[at] < midnight


def judge_all(conn: sqlite3.Connection) -> None:
    """Judge all days of all portals."""
    conn.execute("DELETE FROM late_days")
    for (portal_id,) in conn.execute("SELECT id FROM portals").fetchall():
        rows = conn.execute(_DAYS, (portal_id, -FOREVER, FOREVER))
        if days := sorted(day for (day,) in rows):
            shown = groupby(conn.execute(_ALL, (portal_id,)), key=itemgetter(0))
            boxes = ((at, {station: tenths for _, station, tenths in box}) for at, box in shown)
            _judge(conn, portal_id, days, boxes)


def _judge(
    conn: sqlite3.Connection,
    portal_id: int,
    days: Sequence[int],
    boxes: Iterable[tuple[int, Mapping[int, int]]],
) -> list[int]:
    """Judge days by the boxes of the weeks before them, each with its first look."""
    seen = by_day(_sets(boxes, dict(conn.execute(_EAST))))
    shown = {day for (day,) in conn.execute(_DAYS, (portal_id, *_all_of(days)))}
    late = {day: hours for day in shown.intersection(days) if (hours := _late_hours(seen, day))}
    return _write(conn, portal_id, days, late)


def _sets(
    boxes: Iterable[tuple[int, Mapping[int, int]]], east: Mapping[int, float]
) -> Iterator[Set]:
    """The sets of boxes with enough stations on the map; ``east`` has their longitudes."""
    places: dict[tuple[int, ...], _Place | None] = {}  # most boxes have the same stations
    for at, tenths in boxes:
        stations = tuple(tenths)
        if stations not in places:
            places[stations] = _place(stations, east)
        if (place := places[stations]) is not None:
            on_map, mean = place
            known = on_map(tenths)
            yield Set(at, sum(known) / len(known), mean)


def _place(stations: Iterable[int], east: Mapping[int, float]) -> _Place | None:
    """What gets the temperatures of those on the map, and their mean longitude; None: too few."""
    known = [station for station in stations if station in east]
    if len(known) < FEWEST_COMMON:
        return None
    # An exact sum, so that the order of the stations makes no difference.
    return itemgetter(*known), math.fsum(map(east.__getitem__, known)) / len(known)


def _late_hours(seen: Mapping[int, Day], day: int) -> int | None:
    """The lateness of a day by the week before it, in hours; None if it is not late."""
    found = lag(seen, day)
    return round(found.hours) if found and found.is_late else None


def _write(
    conn: sqlite3.Connection, portal_id: int, days: Sequence[int], late: Mapping[int, int]
) -> list[int]:
    known = dict(
        conn.execute(
            "SELECT day, hours FROM late_days WHERE portal_id = ? AND day BETWEEN ? AND ?",
            (portal_id, days[0], days[-1]),
        )
    )
    changed = [day for day in days if known.get(day) != late.get(day)]
    conn.executemany(
        "DELETE FROM late_days WHERE portal_id = ? AND day = ?",
        [(portal_id, day) for day in changed],
    )
    conn.executemany(
        "INSERT INTO late_days (portal_id, day, hours) VALUES (?, ?, ?)",
        [(portal_id, day, late[day]) for day in changed if day in late],
    )
    return [second for day in changed for second in _all_of([day])]


def _day(second: int) -> int:
    """A Korean day, counted from 1970-01-01."""
    return (second + KST_S) // DAY_S


def _midnight(day: int) -> int:
    return day * DAY_S - KST_S


def _all_of(days: Sequence[int]) -> tuple[int, int]:
    """The first second of these days, and the first after them."""
    return _midnight(days[0]), _midnight(days[-1] + 1)
