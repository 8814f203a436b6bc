"""
Short lists: boxes with so few temperatures that bands may miss the same set.

Half of the lists of eight among sixteen cities have no band in common with the whole list. So a box
with a short list is compared with every box that a portal began to show within ``NEAR_S``, and with
the boxes before and after it at its portal, however long these stand.

The spells of short lists are in the derived table ``short_spells``, where other boxes find them.
In most files it is empty; there, a look costs one query more.
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias

from db.validity import FEWEST_COMMON

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from db.truth.printed import Printed

    Shown: TypeAlias = tuple[int, int, int]
    """A sidebar, the portal that showed it, and the second of the first look."""

FEWEST_WHOLE: Final = 12
"""With twelve of a family's sixteen cities, a box has at least one of its bands."""

NEAR_S: Final = 3 * 24 * 60 * 60
"""Portals lag, and caches keep pages, for hours or a day or two."""


def is_short(box: Mapping[int, int]) -> bool:
    """Whether a box, with its temperatures by station, has a short list."""
    return FEWEST_COMMON <= len(box) < FEWEST_WHOLE


_SHOWN: Final = """
    SELECT json_extract(value, '$[0]') AS sidebar_id, json_extract(value, '$[1]') AS portal_id,
        json_extract(value, '$[2]') AS seen_from FROM json_each(?)"""

_KEEP: Final = f"""
    INSERT INTO short_spells (portal_id, seen_from, sidebar_id)
    SELECT sp.portal_id, sp.seen_from, sp.sidebar_id FROM ({_SHOWN}) AS shown
    JOIN spells AS sp USING (portal_id, seen_from, sidebar_id)
    GROUP BY sp.portal_id, sp.seen_from"""

_DROP: Final = "DELETE FROM short_spells WHERE portal_id = ? AND seen_from = ? AND sidebar_id = ?"

_KEEP_ALL: Final = """
    INSERT INTO short_spells (portal_id, seen_from, sidebar_id)
    SELECT portal_id, seen_from, sidebar_id FROM spells
    WHERE sidebar_id IN (SELECT value FROM json_each(?))"""


def keep(conn: sqlite3.Connection, shown: Iterable[Shown], printed: Printed) -> None:
    """
    Store the spells with a short list among these, which were added or removed.

    Args:
        conn: Inside a transaction.
        shown: The spells.
        printed: The temperatures of sidebars.
    """
    if changed := [one for one in shown if is_short(printed[one[0]])]:
        conn.executemany(_DROP, [(portal, begin, row) for row, portal, begin in changed])
        conn.execute(_KEEP, (json.dumps(changed),))


def keep_all(conn: sqlite3.Connection, sidebars: Collection[int]) -> None:
    """Store the spells of all sidebars with a short list."""
    conn.execute("DELETE FROM short_spells")
    conn.execute(_KEEP_ALL, (json.dumps(list(sidebars)),))


def nearby(
    conn: sqlite3.Connection, shown: Iterable[Shown], printed: Printed
) -> Iterator[tuple[int, int]]:
    """
    Yield each sidebar of these spells with others that may be the same set.

    Args:
        conn: The database.
        shown: The spells; a removed one yields the others that were compared with it.
        printed: The temperatures of sidebars.
    """
    short: list[Shown] = []
    others: list[Shown] = []
    for one in shown:
        (short if is_short(printed[one[0]]) else others).append(one)
    if short:
        yield from _alike(short, _around(conn, "spells", short), printed)
        yield from conn.execute(_NEXT_TO.format("spells"), (json.dumps(short),))
    if others and _has_any(conn):
        found = _alike(_around(conn, "short_spells", others), others, printed)
        yield from ((row, short_row) for short_row, row in found)
        yield from conn.execute(_NEXT_TO.format("short_spells"), (json.dumps(others),))


def of_sidebars(
    conn: sqlite3.Connection, sidebars: Iterable[int], printed: Printed
) -> Iterator[tuple[int, int]]:
    """Yield the same as ``nearby`` for all spells of these sidebars."""
    if _has_any(conn):
        rows = (json.dumps(list(sidebars)),)
        yield from nearby(conn, conn.execute(_OF_SIDEBARS, rows).fetchall(), printed)


def _has_any(conn: sqlite3.Connection) -> bool:
    return conn.execute("SELECT 1 FROM short_spells LIMIT 1").fetchone() is not None


_OF_SIDEBARS: Final = """
    SELECT sidebar_id, portal_id, seen_from FROM spells
    WHERE sidebar_id IN (SELECT value FROM json_each(?))"""

_AROUND: Final = """
    SELECT sidebar_id, portal_id, seen_from FROM portals AS p
    CROSS JOIN {} AS sp ON sp.portal_id = p.id AND sp.seen_from BETWEEN ? AND ?"""

_NEXT_TO: Final = f"""
    SELECT one.sidebar_id, other.sidebar_id
    FROM ({_SHOWN}) AS one CROSS JOIN {{}} AS other ON other.portal_id = one.portal_id
        AND other.seen_from IN (
            (SELECT max(sp.seen_from) FROM spells AS sp
                WHERE sp.portal_id = one.portal_id AND sp.seen_from < one.seen_from),
            (SELECT min(sp.seen_from) FROM spells AS sp
                WHERE sp.portal_id = one.portal_id AND sp.seen_from > one.seen_from))
    WHERE other.sidebar_id <> one.sidebar_id"""
"""The boxes before and after these at their portal."""


def _around(conn: sqlite3.Connection, table: str, shown: Iterable[Shown]) -> list[Shown]:
    """The spells of a table that began near one of these."""
    spans: list[list[int]] = []
    for at in sorted(second for _, _, second in shown):
        if spans and at - NEAR_S <= spans[-1][1]:
            spans[-1][1] = at + NEAR_S
        else:
            spans.append([at - NEAR_S, at + NEAR_S])
    sql = _AROUND.format(table)
    return [one for span in spans for one in conn.execute(sql, span)]


def _alike(
    short: Iterable[Shown], others: Iterable[Shown], printed: Printed
) -> Iterator[tuple[int, int]]:
    """Yield each sidebar with a short list and another that has one of its first temperatures."""
    by_value: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for row, _, at in short:
        # Two boxes of one set have at least six equal temperatures: of eight common ones, two may
        # differ. So one of them is equal even without the last five.
        for station, tenths in islice(printed[row].items(), len(printed[row]) - 5):
            by_value[station, abs(tenths)].append((at, row))
    stations = {station for station, _ in by_value}
    for row, _, at in others:
        box = printed[row]
        for station in stations & box.keys():
            for then, short_row in by_value.get((station, abs(box[station])), ()):
                if abs(then - at) <= NEAR_S and short_row != row:
                    yield short_row, row


def among(
    conn: sqlite3.Connection, same_sets: Mapping[int, Iterable[int]], printed: Printed
) -> set[tuple[int, int]]:
    """The pairs of the same set of which one has a short list."""
    if not _has_any(conn):
        return set()
    return {
        (row, other)
        for row, together in same_sets.items()
        for other in together
        if other != row and (is_short(printed[row]) or is_short(printed[other]))
    }


_APART: Final = f"""
    SELECT one.portal_id, min(min(one.seen_from, other.seen_from)),
        max(max(one.seen_from, other.seen_from))
    FROM (SELECT json_extract(value, '$[0]') AS one_id, json_extract(value, '$[1]') AS other_id
        FROM json_each(?))
    CROSS JOIN spells AS one ON one.sidebar_id = one_id
    CROSS JOIN spells AS other ON other.sidebar_id = other_id
        AND other.portal_id = one.portal_id
    GROUP BY one_id, other_id, one.portal_id
    HAVING min(abs(one.seen_from - other.seen_from)) > {NEAR_S}"""


def apart(
    conn: sqlite3.Connection, pairs: Collection[tuple[int, int]]
) -> list[tuple[int, int, int]]:
    """
    The spans of time between two sidebars at portals where they were not near each other.

    Whether both are one set there depends on other portals where they were near each other.

    Returns:
        The portal, and the first looks of the earlier and of the later spell.
    """
    return conn.execute(_APART, (json.dumps(list(pairs)),)).fetchall() if pairs else []
