"""
Standing: since when a portal has shown one set without a break, in any printed form.

The result is in the column ``standing_since`` of the spells. An example of looks at one portal and
their spells, with A and a being the same set printed in two ways::

    01:00 B   02:00 A   03:00 a   04:00 A   05:00 C
              A, a and A all stand since 02:00; B and C since their own first look

A part of a box (``parts.py``) stands with that box, and breaks no standing.
"""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    from db.truth.parts import Parts

_BEFORE = """
    SELECT seen_from, sidebar_id, standing_since FROM spells WHERE portal_id = ? AND seen_from < ?
    ORDER BY seen_from DESC"""

_FROM = """
    SELECT seen_from, sidebar_id, standing_since FROM spells
    WHERE portal_id = ? AND seen_from >= ? ORDER BY seen_from"""


class _Stood(NamedTuple):
    """A spell, and since when its set stands."""

    seen_from: int
    sidebar_id: int
    since: int


def derive(
    conn: sqlite3.Connection,
    span: tuple[int, int, int],
    near: Callable[[int], frozenset[int]],
    parts: Parts,
) -> set[int]:
    """
    Derive ``standing_since`` again for the spells of a portal that begin in a span of time.

    Later spells follow, as long as a set can be the same as all since the last. The spell behind a
    box that is no longer a part follows, too: the box before it is another now.

    Args:
        conn: Inside a transaction.
        span: The portal, and the first looks of the first and of the last spell.
        near: Returns the same sets of a sidebar, including itself.
        parts: Recognizes the parts of boxes.

    Returns:
        The sidebars of spells that were parts of another box, and are no longer.
    """
    portal_id, first, last = span
    older = _wholes(conn.execute(_BEFORE, (portal_id, first)), parts)
    behind: deque[_Stood] = deque()
    changed: list[tuple[int, int, int]] = []
    no_parts: set[int] = set()
    may_reach: frozenset[int] | None = None
    for seen_from, sidebar_id, before in conn.execute(_FROM, (portal_id, first)):
        whole = behind[-1] if behind else next(_pulled(older, behind), None)
        is_part = whole is not None and parts.is_part(sidebar_id, whole.sidebar_id)
        same_sets = near(sidebar_id)
        since = whole.since if whole and is_part else _since(seen_from, same_sets, behind, older)
        if since != before:
            changed.append((since, portal_id, seen_from))
        if is_part:
            continue
        if before < seen_from and parts.is_small(sidebar_id):
            no_parts.add(sidebar_id)  # the spells after it may have stood since before it
        elif seen_from > last:  # A and C may differ, although B after them is the same as both
            may_reach = same_sets if may_reach is None else may_reach & same_sets
            if not may_reach:
                break
        behind.append(_Stood(seen_from, sidebar_id, since))
    conn.executemany(
        "UPDATE spells SET standing_since = ? WHERE portal_id = ? AND seen_from = ?", changed
    )
    return no_parts


def _wholes(rows: Iterable[tuple[int, int, int]], parts: Parts) -> Iterator[_Stood]:
    """The earlier spells that are no parts of the box before them."""
    for spell in map(_Stood._make, rows):
        if spell.since == spell.seen_from or not parts.is_small(spell.sidebar_id):
            yield spell


def _since(
    seen_from: int, same_sets: frozenset[int], behind: deque[_Stood], older: Iterator[_Stood]
) -> int:
    """The first look of the earliest spell since which all were the same set."""
    for spell in chain(reversed(behind), _pulled(older, behind)):
        if spell.sidebar_id not in same_sets:
            break
        seen_from = spell.seen_from
    return seen_from


def _pulled(older: Iterator[_Stood], behind: deque[_Stood]) -> Iterator[_Stood]:
    """Yield earlier spells on demand, and remember them."""
    for spell in older:
        behind.appendleft(spell)
        yield spell
