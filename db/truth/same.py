"""
The same sets: the sidebars that show one set, by most of their temperatures.

Bands (``bands.py``) find those that may; short lists are compared with all boxes of some days, too
(``short.py``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import chain, groupby, pairwise, permutations
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from db.rows import insert
from db.truth import short
from db.truth.bands import Bands
from db.validity import FEWEST_COMMON, same

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from db.truth.printed import Printed


def sets_of(
    conn: sqlite3.Connection, sidebars: Collection[int], printed: Printed, *, keep: bool = False
) -> dict[int, frozenset[int]]:
    """
    The same sets of each sidebar, including itself, for sidebars with enough temperatures.

    Args:
        conn: Inside a transaction, if bands are stored.
        sidebars: Their rows.
        printed: The temperatures of these and others.
        keep: Whether to keep their bands, by which later ones will find them.
    """
    printed.read(sidebars)
    asked = [row for row in sorted(sidebars) if len(printed[row]) >= FEWEST_COMMON]
    if not asked:
        return {}
    bands = _bands(conn)
    # In the order of the table, or each would search it from its root to another page.
    own = [(band, row) for row in asked for band in bands.of(printed[row])]
    own.sort(key=itemgetter(0))
    pairs = _sharing(conn, own)
    if keep:
        _keep(conn, own)
    pairs.update(short.of_sidebars(conn, asked, printed))
    found: defaultdict[int, set[int]] = defaultdict(set)
    for row, other in among(pairs, printed):
        found[row].add(other)
    return {row: frozenset((row, *found.get(row, ()))) for row in asked}


def among(pairs: Collection[tuple[int, int]], printed: Printed) -> set[tuple[int, int]]:
    """The pairs of these that are one set."""
    pairs = _likely(pairs, printed)
    printed.read(other for _, other in pairs)
    return {(row, other) for row, other in pairs if same(printed[row], printed[other])}


def _likely(pairs: Collection[tuple[int, int]], printed: Printed) -> Collection[tuple[int, int]]:
    """
    The pairs that may be one set by half of their temperatures.

    Among the sets of years many share a band by chance; half of a box is enough to tell them apart.
    """
    unread = {other for _, other in pairs} - printed.keys()
    if len(unread) < _MANY:
        return pairs
    any_row, _ = next(iter(pairs))
    stations = sorted(printed[any_row])
    halves = printed.some(unread, stations[len(stations) // 2])
    return [
        (row, other)
        for row, other in pairs
        if other not in halves or not _differ(printed[row], halves[other])
    ]


_MANY: Final = 16
"""With fewer boxes, one query for the whole boxes is faster."""


def _differ(box: Mapping[int, int], some: Mapping[int, int]) -> bool:
    """Whether a box is another set than one with some of these temperatures, whatever the rest."""
    may_differ = len(box) // 4  # see validity.same
    for station, tenths in some.items():
        if box.get(station, tenths) not in (tenths, -tenths):
            may_differ -= 1
            if may_differ < 0:
                return True
    return False


def _keep(conn: sqlite3.Connection, rows: Iterable[tuple[int, int]]) -> None:
    into = "INSERT OR IGNORE INTO bands (band, sidebar_id)"
    insert(conn, into, "(?, ?)", chain.from_iterable(rows))


def drop(conn: sqlite3.Connection, sidebars: Iterable[int], printed: Printed) -> None:
    """Drop the bands of sidebars that no spell shows any longer."""
    bands = _bands(conn)
    rows = [(band, row) for row in sidebars for band in bands.of(printed[row])]
    conn.executemany("DELETE FROM bands WHERE band = ? AND sidebar_id = ?", rows)


def _sharing(conn: sqlite3.Connection, own: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """
    The pairs of a sidebar and another, stored or new, that shares a band with it.

    Args:
        conn: The database.
        own: Each band of the sidebars with its row, sorted by the band.
    """
    stored: defaultdict[int, list[int]] = defaultdict(list)
    for band, other in conn.execute(
        "SELECT band, sidebar_id FROM json_each(?) CROSS JOIN bands ON band = value",
        (json.dumps([band for band, _ in own]),),
    ):
        stored[band].append(other)
    shared = {band for (band, _), (after, _) in pairwise(own) if band == after}.union(stored)
    pairs: set[tuple[int, int]] = set()
    with_it = [(band, row) for band, row in own if band in shared]
    for band, of_band in groupby(with_it, key=itemgetter(0)):
        rows = [row for _, row in of_band]
        pairs.update(permutations(rows, 2))
        pairs.update((row, other) for row in rows for other in stored.get(band, ()) if row != other)
    return pairs


def _bands(conn: sqlite3.Connection) -> Bands:
    return Bands(dict(conn.execute("SELECT id, kma_id FROM stations WHERE kma_id IS NOT NULL")))


def keep_all(conn: sqlite3.Connection) -> set[int]:
    """
    Derive the bands and the short lists of all sidebars again.

    Returns:
        The sidebars that may have the same set as another: they share a band, or their list is
        short.
    """
    conn.execute("DELETE FROM bands")
    short_lists: set[int] = set()
    _keep(conn, _all_bands(conn, short_lists))
    short.keep_all(conn, short_lists)
    return short_lists.union(row for (row,) in conn.execute(_SHARING))


_SHARING: Final = """
    SELECT DISTINCT sidebar_id FROM bands
    WHERE band IN (SELECT band FROM bands GROUP BY band HAVING count(*) > 1)"""
"""The sidebars that share a band with another; others need a short list to be the same set."""


def _all_bands(conn: sqlite3.Connection, short_lists: set[int]) -> Iterator[tuple[int, int]]:
    """The bands of all sidebars that a spell shows, each with its row; adds the short lists."""
    bands = _bands(conn)
    shown = conn.execute(
        "SELECT sidebar_id, station_id, temperature FROM readings "
        "WHERE sidebar_id IN (SELECT sidebar_id FROM spells) AND temperature IS NOT NULL "
        "ORDER BY sidebar_id"
    )
    for sidebar_id, readings in groupby(shown, key=itemgetter(0)):
        printed = {station_id: tenths for _, station_id, tenths in readings}
        if short.is_short(printed):
            short_lists.add(sidebar_id)
        for band in bands.of(printed):
            yield band, sidebar_id
