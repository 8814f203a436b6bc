"""
Doubts: why a set may be old although its portal was the first to show it.

They are in the column ``doubt`` of the spells, and judged by the earlier spells of the same portal:
the number of new sets within three hours, the number of its last sets that were old elsewhere, and
whether the week before ran late (``late_days.py``).

A follower stays one while the other portals show no new set, for a week at most: the course of a
week (``lateness.py``) can tell then whether it runs late.

A set that another portal showed first is as current as there, unless it was in doubt there: two
portals that share one late import show its sets minutes after each other. Then the portal that
repeats the set is judged, too.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from db.derived import LATE_HOURS
from db.moments import FOREVER
from db.validity import BURST, FOLLOWED_FOR_S, FOLLOWED_SETS, FROZEN_AFTER_S, HOLD_S

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Sequence

    from db.truth.parts import Parts
    from db.validity import Doubt


class _Spell(NamedTuple):
    """The facts of a spell that show whether the portal is first, or follows another."""

    seen_from: int
    sidebar_id: int
    published_by: int
    first_seen: int
    first_portal_id: int
    is_own: bool  # this portal was the first to show the set
    is_late: bool  # the portal runs late on that day
    is_repeated: bool  # another portal showed the set first, not long before, and in doubt
    doubt: Doubt | None


_SPELLS = f"""
    SELECT seen_from, sidebar_id, published_by, first_seen, first_portal_id,
        first_portal_id = portal_id, {LATE_HOURS} IS NOT NULL,
        CASE WHEN first_portal_id <> portal_id AND seen_from - first_seen < {HOLD_S} THEN (
            SELECT f.doubt FROM spells AS f
            WHERE f.portal_id = sp.first_portal_id AND f.seen_from = sp.first_seen) END IS NOT NULL,
        doubt
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


def judge(conn: sqlite3.Connection, changed: Collection[tuple[int, int]], parts: Parts) -> None:
    """Judge again the spells that these may affect, each given by its portal and first look."""
    after = _after_followers(conn, changed) if conn.execute(_ANY_FOLLOWER).fetchone() else ()
    _judge(conn, [*changed, *after], parts)


def _judge(conn: sqlite3.Connection, changed: Iterable[tuple[int, int]], parts: Parts) -> None:
    for portal_id, of_portal in _by_portal(changed).items():
        around = {
            "portal": portal_id,
            "first": min(of_portal),
            "last": max(of_portal),
            "window": FROZEN_AFTER_S,
            "followed": FOLLOWED_SETS - 1,
        }
        rows = list(map(_Spell._make, conn.execute(_SPELLS, around)))
        judged = _write(conn, portal_id, rows, min(of_portal), parts)
        # A spell that was derived again has no doubt yet: the loss of one is no change of its row.
        left = _repeated(conn, portal_id, of_portal.union(judged))
        if judged and judged[-1] == rows[-1].seen_from:  # the next may depend on it
            left.append((portal_id, judged[-1]))
        _judge(conn, left, parts)


def _by_portal(spells: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    """The first looks of spells, by portal."""
    begins: defaultdict[int, set[int]] = defaultdict(set)
    for portal_id, seen_from in spells:
        begins[portal_id].add(seen_from)
    return begins


def judge_all(conn: sqlite3.Connection, parts: Parts) -> None:
    """Judge all spells."""
    ends = "SELECT portal_id, min(seen_from), max(seen_from) FROM spells GROUP BY portal_id"
    for portal_id, first, last in conn.execute(ends).fetchall():
        _judge(conn, [(portal_id, first), (portal_id, last)], parts)


def _write(
    conn: sqlite3.Connection, portal_id: int, spells: Sequence[_Spell], first: int, parts: Parts
) -> list[int]:
    """
    Write the doubts of spells that begin at ``first`` or later; earlier ones are only read.

    Returns:
        The beginnings of the spells whose doubt changed.
    """
    lagging = [
        not spell.is_own and spell.seen_from - spell.published_by > HOLD_S for spell in spells
    ]
    changed = []
    before: Doubt | None = None
    for nth, spell in enumerate(spells):
        doubt = spell.doubt
        if spell.seen_from >= first:
            doubt = _doubt(spells, nth, lagging[max(0, nth - FOLLOWED_SETS) : nth], parts)
            may_follow = before == "follower" and spell.is_own and doubt in (None, "late")
            if may_follow and _is_alone(conn, portal_id, spell.seen_from):
                doubt = "follower"
            if doubt != spell.doubt:
                changed.append((doubt, portal_id, spell.seen_from))
        before = doubt
    conn.executemany("UPDATE spells SET doubt = ? WHERE portal_id = ? AND seen_from = ?", changed)
    return [seen_from for _, _, seen_from in changed]


def _is_alone(conn: sqlite3.Connection, portal_id: int, at: int) -> bool:
    """Whether the other portals showed no new box for three hours, but one within the week."""
    (last,) = conn.execute(_LAST_ELSEWHERE, {"portal": portal_id, "at": at}).fetchone()
    return last is not None and FROZEN_AFTER_S <= at - last < FOLLOWED_FOR_S


_LAST_ELSEWHERE: Final = """
    SELECT max((SELECT max(sp.seen_from) FROM spells AS sp
        WHERE sp.portal_id = p.id AND sp.seen_from <= :at))
    FROM portals AS p WHERE p.id <> :portal"""


def _after_followers(
    conn: sqlite3.Connection, changed: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The spells after those of followers, at portals that these changes may leave alone or not."""
    found: list[tuple[int, int]] = []
    for portal_id, of_portal in _by_portal(changed).items():
        span = {"portal": portal_id, "first": min(of_portal), "last": max(of_portal)}
        found += conn.execute(_AFTER_FOLLOWERS, span)
    return found


_ANY_FOLLOWER: Final = """
    SELECT 1 FROM spells INDEXED BY spells_following WHERE doubt = 'follower' LIMIT 1"""

_AFTER_FOLLOWERS: Final = f"""
    SELECT p.id, sp.seen_from FROM portals AS p
    CROSS JOIN spells AS f INDEXED BY spells_following ON f.portal_id = p.id
        AND f.doubt = 'follower' AND f.seen_from <= :last + {FOLLOWED_FOR_S}
        AND f.seen_from >= coalesce((SELECT max(b.seen_from) FROM spells AS b
            WHERE b.portal_id = p.id AND b.seen_from < :first), 0)
    CROSS JOIN spells AS sp ON sp.portal_id = p.id AND sp.seen_from = (
        SELECT min(n.seen_from) FROM spells AS n
        WHERE n.portal_id = p.id AND n.seen_from > f.seen_from)
    WHERE p.id <> :portal"""


def _repeated(
    conn: sqlite3.Connection, portal_id: int, begins: Iterable[int]
) -> list[tuple[int, int]]:
    """The spells at other portals that soon repeat the sets which these spells showed first."""
    which = {"portal": portal_id, "begins": json.dumps(list(begins))}
    return conn.execute(_REPEATED, which).fetchall()


_REPEATED = f"""
    SELECT sp.portal_id, sp.seen_from
    FROM portals AS p
    CROSS JOIN json_each(:begins) AS begun
    CROSS JOIN spells AS sp ON sp.portal_id = p.id
        AND sp.seen_from >= begun.value AND sp.seen_from < begun.value + {HOLD_S}
    WHERE p.id <> :portal AND sp.first_portal_id = :portal AND sp.first_seen = begun.value"""


def _doubt(
    spells: Sequence[_Spell], nth: int, lagging: Sequence[bool], parts: Parts
) -> Doubt | None:
    """The doubt about a spell, by the dozen before it and the new sets of three hours."""
    spell = spells[nth]
    if not (spell.is_own or spell.is_repeated):
        return None
    if _is_burst(spells, nth, parts):
        return "burst"
    if 2 * sum(lagging) > FOLLOWED_SETS:
        return "follower"
    return "late" if spell.is_late else None


def _is_burst(spells: Sequence[_Spell], nth: int, parts: Parts) -> bool:
    """Whether the portal showed too many sets, new to all portals, in the last three hours."""
    since = spells[nth].seen_from - FROZEN_AFTER_S
    if nth < BURST or spells[nth - BURST].seen_from <= since:
        return False  # too few spells, as nearly always
    begin = bisect_right(spells, since, hi=nth, key=_SEEN_FROM)
    shown = spells[begin : nth + 1]
    if _new_sets(shown, since) <= BURST:
        return False
    whole = [
        one
        for one, after in pairwise(shown)
        if not parts.is_part(one.sidebar_id, after.sidebar_id)  # the page was cut at its first look
    ]
    return _new_sets([*whole, shown[-1]], since) > BURST


def _new_sets(spells: Sequence[_Spell], since: int) -> int:
    """The number of sets in these spells that no portal showed before."""
    return len({(one.first_seen, one.first_portal_id) for one in spells if one.first_seen > since})


_SEEN_FROM: Final = attrgetter("seen_from")
