"""
Doubts: why a set may be old although its portal was the first to show it.

They are in the column ``doubt`` of the spells, and judged by the earlier spells of the same portal:
the number of new sets within three hours, the number of its last sets that were old elsewhere, and
whether the week before ran late (``db/lateness.py``).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from db.derived import LATE_HOURS
from db.moments import FOREVER
from db.validity import BURST, FOLLOWED_SETS, FROZEN_AFTER_S, HOLD_S

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from db.validity import Doubt


class _Spell(NamedTuple):
    """The facts of a spell that show whether the portal is first, or follows another."""

    seen_from: int
    published_by: int
    is_first: bool  # this look was the first at its set, at any portal
    is_own: bool  # this portal was the first to show the set
    is_late: bool  # the portal runs late on that day
    doubt: Doubt | None


_SPELLS = f"""
    SELECT seen_from, published_by, first_portal_id = portal_id AND first_seen = seen_from,
        first_portal_id = portal_id, {LATE_HOURS} IS NOT NULL, doubt
    FROM spells AS sp WHERE portal_id = :portal AND seen_from >= min(
        :first - :window, coalesce((
            SELECT seen_from FROM spells WHERE portal_id = :portal AND seen_from < :first
            ORDER BY seen_from DESC LIMIT 1 OFFSET :followed), 0))
        AND seen_from <= max(
        :last + :window, coalesce((
            SELECT seen_from FROM spells WHERE portal_id = :portal AND seen_from > :last
            ORDER BY seen_from LIMIT 1 OFFSET :followed), {FOREVER}))
    ORDER BY seen_from"""
"""The spells on which changed ones depend, and those that depend on them."""


def judge(conn: sqlite3.Connection, changed: Iterable[tuple[int, int]]) -> None:
    """Judge again the spells that these may affect, each given by its portal and first look."""
    spans: dict[int, tuple[int, int]] = {}
    for portal_id, seen_from in changed:
        first, last = spans.get(portal_id, (seen_from, seen_from))
        spans[portal_id] = min(first, seen_from), max(last, seen_from)
    for portal_id, (first, last) in spans.items():
        around = {
            "portal": portal_id,
            "first": first,
            "last": last,
            "window": FROZEN_AFTER_S,
            "followed": FOLLOWED_SETS - 1,
        }
        rows = [_Spell(*row) for row in conn.execute(_SPELLS, around)]
        _write(conn, portal_id, rows, first)


def judge_all(conn: sqlite3.Connection) -> None:
    """Judge all spells."""
    ends = "SELECT portal_id, min(seen_from), max(seen_from) FROM spells GROUP BY portal_id"
    for portal_id, first, last in conn.execute(ends).fetchall():
        judge(conn, [(portal_id, first), (portal_id, last)])


def _write(conn: sqlite3.Connection, portal_id: int, spells: Sequence[_Spell], first: int) -> None:
    """Write the doubts of spells that begin at ``first`` or later; earlier ones are only read."""
    firsts = [spell.seen_from for spell in spells if spell.is_first]
    lagging = [
        not spell.is_own and spell.seen_from - spell.published_by > HOLD_S for spell in spells
    ]
    conn.executemany(
        "UPDATE spells SET doubt = ? WHERE portal_id = ? AND seen_from = ?",
        [
            (doubt, portal_id, spell.seen_from)
            for nth, spell in enumerate(spells)
            if spell.seen_from >= first
            and (doubt := _doubt(spell, lagging[max(0, nth - FOLLOWED_SETS) : nth], firsts))
            != spell.doubt
        ],
    )


def _doubt(spell: _Spell, lagging: Sequence[bool], firsts: Sequence[int]) -> Doubt | None:
    """The doubt about a spell, by the dozen before it and the first looks at new sets."""
    if not spell.is_own:
        return None
    upto = bisect_right(firsts, spell.seen_from)
    new = upto - bisect_right(firsts, spell.seen_from - FROZEN_AFTER_S)
    if new > BURST:
        return "burst"
    if 2 * sum(lagging) > FOLLOWED_SETS:
        return "follower"
    return "late" if spell.is_late else None
