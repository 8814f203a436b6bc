"""
Late days: the derived table ``late_days``, by the rule in ``lateness.py``.

Each Korean day of a portal is judged once, by the seven days before it.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from db.moments import DAY_S, FOREVER, KST_S
from db.truth.lateness import WEEK, Set, begin_of, by_day, day_of, lag
from db.validity import FEWEST_COMMON

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from db.truth.lateness import Day
    from db.truth.printed import Printed

    _Place: TypeAlias = tuple[Callable[[Mapping[int, int]], tuple[int, ...]], float]

_SPELLS: Final = """
    SELECT seen_from, sidebar_id FROM spells
    WHERE portal_id = ? AND seen_from >= ? AND seen_from < ?"""

_ALL: Final = f"""
    SELECT sp.seen_from, sum(r.temperature), group_concat(r.station_id)
    FROM spells AS sp JOIN readings AS r USING (sidebar_id)
    WHERE sp.portal_id = ? AND r.temperature IS NOT NULL
        AND r.station_id IN (SELECT id FROM stations WHERE longitude IS NOT NULL)
    GROUP BY sp.seen_from HAVING count(*) >= {FEWEST_COMMON} ORDER BY sp.seen_from"""
"""All sets of a portal: the first look, the sum of the temperatures, the stations on the map."""

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
    first, last = day_of(begins[0]), day_of(begins[-1])
    known = {begin for (begin,) in conn.execute(_BEGINS, (portal_id, *_all_of([first, last])))}
    judged = set(map(day_of, known.difference(begins)))  # days with other spells than changed ones
    later = begin_of(last + 1), begin_of(last + WEEK + 1)
    shown = {day for (day,) in conn.execute(_DAYS, (portal_id, *later))}.union(map(day_of, known))
    wanted = set(map(day_of, begins)) - judged
    days = sorted(wanted | {day for day in shown if day > first and _follows(day, begins)})
    if not days:
        return []
    week_before = begin_of(days[0] - WEEK), begin_of(days[-1])
    spells = conn.execute(_SPELLS, (portal_id, *week_before)).fetchall()
    printed.read(row for _, row in spells)
    boxes = ((at, printed[row]) for at, row in spells)
    east = dict(conn.execute(_EAST))
    return _judge(conn, portal_id, days, shown, _sets(boxes, east))


def _follows(day: int, begins: Sequence[int]) -> bool:
    """Whether one of the changed spells lies in the week before a day."""
    ends = begin_of(day)
    at = bisect_left(begins, ends - WEEK * DAY_S)
    return at < len(begins) and begins[at] < ends


def judge_all(conn: sqlite3.Connection) -> None:
    """Judge all days of all portals."""
    conn.execute("DELETE FROM late_days")
    east = dict(conn.execute(_EAST))
    for (portal_id,) in conn.execute("SELECT id FROM portals").fetchall():
        rows = conn.execute(_DAYS, (portal_id, -FOREVER, FOREVER))
        if days := sorted(day for (day,) in rows):
            _judge(conn, portal_id, days, set(days), _all_sets(conn, portal_id, east))


def _judge(
    conn: sqlite3.Connection,
    portal_id: int,
    days: Sequence[int],
    shown: set[int],
    sets: Iterable[Set],
) -> list[int]:
    """Judge days by the sets of the weeks before them; ``shown`` has those with a spell."""
    seen = by_day(sets)
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
    """
    The function that gets the temperatures of the stations on the map, and their mean longitude.

    Returns:
        None if these are too few.
    """
    known = [station for station in stations if station in east]
    return (itemgetter(*known), _mean(known, east)) if len(known) >= FEWEST_COMMON else None


def _mean(stations: Sequence[int], east: Mapping[int, float]) -> float:
    """Their mean longitude; by an exact sum, so that their order makes no difference."""
    return math.fsum(map(east.__getitem__, stations)) / len(stations)


def _all_sets(conn: sqlite3.Connection, portal_id: int, east: Mapping[int, float]) -> Iterator[Set]:
    """All sets of a portal, added up in the file: there are too many boxes to read each."""
    places: dict[str, tuple[int, float]] = {}
    for at, total, on_map in conn.execute(_ALL, (portal_id,)):
        if on_map not in places:
            stations = list(map(int, on_map.split(",")))
            places[on_map] = len(stations), _mean(stations, east)
        count, mean = places[on_map]
        yield Set(at, total / count, mean)


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


def _all_of(days: Sequence[int]) -> tuple[int, int]:
    """The first second of these days, and the first after them."""
    return begin_of(days[0]), begin_of(days[-1] + 1)
