"""
Sets: the sidebars with the same temperatures, and the latest time by which each was published.

Two sidebars are the same set if most of their common temperatures are equal (``validity.same``).
The relation is between two sidebars and is never chained, or a slow night would join hour to hour.
The results are in every spell that showed the set: ``published_by`` is the earliest proof, at any
portal, that one of the same sidebars existed; ``first_seen`` and ``first_portal_id`` are the first
look at one of them, and ``first_after`` the look at that portal before; ``observed_at`` is the
earliest hour that a feed prints with one of them.

``same.py`` finds the same sets.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from db.truth import same, short
from db.truth.printed import Printed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping

    from db.truth.short import Shown

    Near: TypeAlias = Mapping[int, frozenset[int]]
    """The sidebars of the same set, by sidebar, including itself."""

_PLACES: Final = 1 << 16
"""More than the number of portals: second and portal of a look are packed into one number."""


class _First(NamedTuple):
    """The proofs of the spells of a sidebar: when it existed, the first look, and its hour."""

    existed_by: int
    look: int  # the second times _PLACES, plus the portal: the one added first wins
    observed_at: int | None
    is_alone: bool = False  # it has one spell, which states these facts already


def settle(
    conn: sqlite3.Connection, shown: Collection[Shown], printed: Printed, *, again: bool
) -> tuple[set[tuple[int, int]], dict[int, frozenset[int]], set[tuple[int, int]]]:
    """
    Update the facts about the sets of these spells, in all spells that show them.

    Args:
        conn: Inside a transaction.
        shown: The new or changed spells, including removed ones.
        printed: The temperatures of sidebars.
        again: Whether old facts may no longer hold. If looks only came after all others, other
            sidebars of the same set can only gain earlier proofs from them.

    Returns:
        The spells whose facts changed, by portal and first look; the same sets; and the pairs of
        the same set that were found by a spell nearby, or are no longer.
    """
    asked = {sidebar_id for sidebar_id, _, _ in shown}
    short.keep(conn, shown, printed)
    same_sets = same.sets_of(conn, asked, printed, keep=True)
    nearby = short.among(conn, same_sets, printed)
    if again:
        nearby |= same.among(set(short.nearby(conn, shown, printed)), printed)
    known = _known(conn, set().union(*same_sets.values(), *nearby) - asked)
    firsts = _firsts(conn, asked | known.keys())
    if gone := asked - firsts.keys():
        same.drop(conn, gone, printed)
    others = {
        other
        for row, together in same_sets.items()
        for other in together
        if other in known and (again or _learns(known[other], firsts[row]))
    }
    if again:
        others |= {other for _, other in nearby if other in known}
    same_sets |= same.sets_of(conn, others, printed)
    firsts |= _firsts(conn, set().union(*same_sets.values()) - firsts.keys())
    changed = _publish(conn, same_sets, firsts) | alone(conn, asked - same_sets.keys())
    return changed, same_sets, nearby


def settle_all(conn: sqlite3.Connection) -> dict[int, frozenset[int]]:
    """
    Derive the facts about all sets again, from spells that only know themselves.

    Returns:
        The same sets of each sidebar that has others than itself.
    """
    left = same.keep_all(conn)
    conn.execute(_OF_ITS_SIDEBAR)
    conn.execute(_OBSERVED)
    found: dict[int, frozenset[int]] = {}
    while left:
        rows = sorted(left)
        for at in range(0, len(rows), _AT_ONCE):
            same_sets = same.sets_of(conn, rows[at : at + _AT_ONCE], Printed(conn))
            same_sets = {row: together for row, together in same_sets.items() if len(together) > 1}
            _publish(conn, same_sets, _firsts(conn, set().union(*same_sets.values())))
            found |= same_sets
        left = set().union(*found.values()) - found.keys()  # found by short lists alone
    return found


_AT_ONCE: Final = 1000
"""Sidebars in memory at the same time."""

_OF_ITS_SIDEBAR: Final = f"""
    UPDATE spells SET (published_by, first_seen, first_portal_id, first_after) = (
        SELECT known.existed_by, f.seen_from, f.portal_id, f.changed_after FROM spells AS f
        WHERE f.portal_id = known.look % {_PLACES} AND f.seen_from = known.look / {_PLACES})
    FROM (
        SELECT sidebar_id, min(existed_by) AS existed_by,
            min(seen_from * {_PLACES} + portal_id) AS look
        FROM spells GROUP BY sidebar_id HAVING count(*) > 1
    ) AS known
    WHERE spells.sidebar_id = known.sidebar_id
        AND spells.sidebar_id IN (SELECT sidebar_id FROM bands)"""


def _learns(known: _First, other: _First) -> bool:
    """Whether the facts about one sidebar can improve those about another of the same set."""
    return (
        other.existed_by < known.existed_by
        or other.look < known.look
        or other.observed_at not in (None, known.observed_at)
    )


def _about(conn: sqlite3.Connection, sql: str, sidebars: set[int]) -> Iterable[tuple[Any, ...]]:
    """The rows of a query about sidebars; without sidebars, as at most looks, no query runs."""
    return conn.execute(sql, (json.dumps(list(sidebars)),)) if sidebars else ()


def _known(conn: sqlite3.Connection, sidebars: set[int]) -> dict[int, _First]:
    """The current facts about the sets of these sidebars, from their spells."""
    return {
        row: _First(published_by, first_seen * _PLACES + first_portal_id, observed_at)
        for row, published_by, first_seen, first_portal_id, observed_at in _about(
            conn,
            "SELECT sidebar_id, published_by, first_seen, first_portal_id, observed_at FROM spells "
            "WHERE sidebar_id IN (SELECT value FROM json_each(?)) GROUP BY sidebar_id",
            sidebars,
        )
    }


def _firsts(conn: sqlite3.Connection, sidebars: set[int]) -> dict[int, _First]:
    """The proofs of the spells of each sidebar alone."""
    return {
        row: _First(existed_by, look, hour if hour == existed_by else None, bool(is_alone))
        for row, existed_by, look, hour, is_alone in _about(conn, _PROOFS, sidebars)
    }


_PROOFS: Final = f"""
    SELECT sidebar_id, min(existed_by), min(seen_from * {_PLACES} + portal_id), o.observed_at,
        count(*) = 1 AND (published_by, first_seen, first_portal_id, first_after,
            sp.observed_at, NULL)
            IS (existed_by, seen_from, portal_id, changed_after, NULL, o.observed_at)
    FROM spells AS sp JOIN sidebars AS o ON o.id = sidebar_id
    WHERE sidebar_id IN (SELECT value FROM json_each(?)) GROUP BY sidebar_id"""


def _observed_at(proofs: Iterable[_First], first_seen: int) -> int | None:
    """The earliest hour that one of these prints; None if a look had seen the set before it."""
    hours = (proof.observed_at for proof in proofs if proof.observed_at is not None)
    hour = min(hours, default=None)
    return hour if hour is not None and hour <= first_seen else None


def _publish(
    conn: sqlite3.Connection, same_sets: Near, firsts: Mapping[int, _First]
) -> set[tuple[int, int]]:
    """Write the proofs of the whole set into the spells of each sidebar; return changed spells."""
    changed: set[tuple[int, int]] = set()
    for row, together in same_sets.items():
        proofs = [firsts[other] for other in together if other in firsts]
        if not proofs or (len(together) == 1 and proofs[0].is_alone):
            continue  # no spell shows it any longer, or its one spell is up to date
        first_seen, portal_id = divmod(min(proof.look for proof in proofs), _PLACES)
        observed_at = _observed_at(proofs, first_seen)
        earliest = min(proof.existed_by for proof in proofs)
        changed.update(
            conn.execute(
                _WRITE,
                {
                    "sidebar": row,
                    "published_by": earliest if observed_at is None else observed_at,
                    "first_seen": first_seen,
                    "portal": portal_id,
                    "observed_at": observed_at,
                },
            ).fetchall()
        )
    return changed


_WRITE: Final = """
    UPDATE spells SET published_by = :published_by, first_seen = :first_seen,
        first_portal_id = :portal, first_after = f.changed_after, observed_at = :observed_at
    FROM (SELECT changed_after FROM spells WHERE portal_id = :portal AND seen_from = :first_seen)
        AS f
    WHERE sidebar_id = :sidebar
        AND (spells.published_by, spells.first_seen, spells.first_portal_id, spells.first_after,
            spells.observed_at)
            IS NOT (:published_by, :first_seen, :portal, f.changed_after, :observed_at)
    RETURNING portal_id, seen_from"""


def alone(conn: sqlite3.Connection, sidebars: set[int]) -> set[tuple[int, int]]:
    """Limit each spell of a box with too few temperatures to its own proofs; return the changed."""
    return set(_about(conn, _ALONE, sidebars))


_OWN_HOUR: Final = """(SELECT o.observed_at FROM sidebars AS o
    WHERE o.id = spells.sidebar_id AND o.observed_at = {0})"""
"""The hour of the sidebar of a spell, as SQL, if it is the proof of its existence; else NULL."""

_ALONE: Final = f"""
    UPDATE spells SET published_by = existed_by, first_seen = seen_from,
        first_portal_id = portal_id, first_after = changed_after,
        observed_at = {_OWN_HOUR.format("existed_by")}
    WHERE sidebar_id IN (SELECT value FROM json_each(?))
        AND standing_since = seen_from  -- others are parts of the box before them
        AND (published_by, first_seen, first_portal_id, first_after, observed_at) IS NOT
            (existed_by, seen_from, portal_id, changed_after, {_OWN_HOUR.format("existed_by")})
    RETURNING portal_id, seen_from"""

_OBSERVED: Final = f"""
    UPDATE spells SET observed_at = {_OWN_HOUR.format("published_by")}
    WHERE sidebar_id IN (SELECT id FROM sidebars WHERE observed_at IS NOT NULL)"""
