"""
Standing: since when a portal has shown one set without a break, in any printed form.

The result is in the column ``standing_since`` of the spells. An example of looks at one portal and
their spells, with A and a being the same set printed in two ways::

    01:00 B   02:00 A   03:00 a   04:00 A   05:00 C
              A, a and A all stand since 02:00; B and C since their own first look
"""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

_BEFORE = """
    SELECT seen_from, sidebar_id FROM spells WHERE portal_id = ? AND seen_from < ?
    ORDER BY seen_from DESC"""

_FROM = """
    SELECT seen_from, sidebar_id, standing_since FROM spells
    WHERE portal_id = ? AND seen_from >= ? ORDER BY seen_from"""


def derive(
    conn: sqlite3.Connection,
    portal_id: int,
    first: int,
    last: int,
    near: Callable[[int], frozenset[int]],
) -> None:
    """
    Derive ``standing_since`` again for the spells of a portal that begin in ``first <= t <= last``.

    Later spells follow, as long as a set can be the same as all since the last.

    Args:
        conn: Inside a transaction.
        portal_id: The portal.
        first: The first look of the first spell.
        last: The first look of the last spell.
        near: Returns the same sets of a sidebar, including itself.
    """
    older = conn.execute(_BEFORE, (portal_id, first))
    behind: deque[tuple[int, int]] = deque()
    changed = []
    may_reach: frozenset[int] | None = None
    for seen_from, sidebar_id, before in conn.execute(_FROM, (portal_id, first)):
        same_sets = near(sidebar_id)
        since = _since(seen_from, same_sets, behind, older)
        if since != before:
            changed.append((since, portal_id, seen_from))
        if seen_from > last:  # A and C may differ, although B after them is the same as both
            may_reach = same_sets if may_reach is None else may_reach & same_sets
            if not may_reach:
                break
        behind.append((seen_from, sidebar_id))
    conn.executemany(
        "UPDATE spells SET standing_since = ? WHERE portal_id = ? AND seen_from = ?", changed
    )


def _since(
    seen_from: int,
    same_sets: frozenset[int],
    behind: deque[tuple[int, int]],
    older: Iterator[tuple[int, int]],
) -> int:
    """The first look of the earliest spell since which all were the same set."""
    for at, sidebar_id in chain(reversed(behind), _pulled(older, behind)):
        if sidebar_id not in same_sets:
            break
        seen_from = at
    return seen_from


def _pulled(
    older: Iterator[tuple[int, int]], behind: deque[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield earlier spells on demand, and remember them."""
    for row in older:
        behind.appendleft(row)
        yield row
