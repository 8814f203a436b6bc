"""
Parts: boxes with few temperatures, all of which the box before them at the portal shows, too.

Such a box shows the set of that box: it stands with it, and is as old. An example of looks at one
portal, with a and b being the box A cut after six and after three cities::

    01:00 A   01:10 a   01:20 b   01:30 A
              all of them stand since 01:00; a and b were published when A was

A part may also come before the box, if it is no part of the box before it. Then its look did not
show what was before::

    20:00 X   01:00 a   01:10 A
              A changed after 20:00, not after 01:00: no look saw it appear
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from db import validity
from db.truth.printed import Printed
from db.validity import FEWEST_COMMON

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Container, Iterator, Set

_SMALL: Final = f"""
    SELECT sidebar_id FROM readings WHERE temperature IS NOT NULL
    GROUP BY sidebar_id HAVING count(*) < {FEWEST_COMMON}"""

_FROM: Final = """
    SELECT seen_from, standing_since, sidebar_id FROM spells
    WHERE portal_id = ? AND seen_from >= ? ORDER BY seen_from"""

_STANDING: Final = """
    SELECT portal_id, seen_from, sidebar_id FROM spells
    WHERE standing_since < seen_from ORDER BY portal_id, seen_from"""

_FACTS: Final = "(published_by, first_seen, first_portal_id, first_after, observed_at)"
_OF_WHOLE: Final = (
    "(iif(hour IS NULL, min(published, existed_by), published), seen, first, after, hour)"
)

_FOLLOW: Final = f"""
    UPDATE spells SET {_FACTS} = {_OF_WHOLE}
    FROM (SELECT published_by AS published, first_seen AS seen, first_portal_id AS first,
            first_after AS after, observed_at AS hour FROM spells
        WHERE portal_id = :portal AND seen_from < :begin ORDER BY seen_from DESC LIMIT 1)
    WHERE portal_id = :portal AND seen_from = :begin AND {_FACTS} IS NOT {_OF_WHOLE}
    RETURNING portal_id, seen_from"""
"""The box before is the whole or another part of it, which has its facts by then."""


class _Spell(NamedTuple):
    """A spell and the last look that showed another box before it."""

    seen_from: int
    seen_until: int
    changed_after: int | None
    sidebar_id: int


class Parts:
    """
    Recognizes the parts of boxes.

    Args:
        printed: The temperatures of sidebars.
        small: The sidebars with few temperatures; None = ``printed`` tells.
    """

    def __init__(self, printed: Printed, small: Container[int] | None = None) -> None:
        self._printed, self._small = printed, small

    @classmethod
    def of_all(cls, conn: sqlite3.Connection) -> Parts:
        """Know all small sidebars at once, without reading the others."""
        return cls(Printed(conn), {sidebar_id for (sidebar_id,) in conn.execute(_SMALL)})

    def is_small(self, sidebar_id: int) -> bool:
        """Whether a sidebar has few temperatures."""
        if self._small is not None:
            return sidebar_id in self._small
        return 0 < len(self._printed[sidebar_id]) < FEWEST_COMMON

    def is_part(self, sidebar_id: int, whole: int) -> bool:
        """Whether a sidebar is a part of another, the one before it."""
        return self.is_small(sidebar_id) and validity.is_part(
            self._printed[sidebar_id], self._printed[whole]
        )


_BEGINS: Final = itemgetter(2)

_BEFORE: Final = """
    SELECT sidebar_id FROM spells WHERE portal_id = ? AND seen_from < ?
    ORDER BY seen_from DESC LIMIT 1"""

_FROM_BEFORE: Final = """
    SELECT seen_from, seen_until, changed_after, sidebar_id FROM spells
    WHERE portal_id = :portal AND seen_from >= coalesce((
        SELECT seen_from FROM spells WHERE portal_id = :portal AND seen_from < :first
        ORDER BY seen_from DESC LIMIT 1 OFFSET 1), 0)
    ORDER BY seen_from"""
"""From the second last spell before a moment."""


def change(
    conn: sqlite3.Connection, parts: Parts, shown: Collection[tuple[int, int, int]]
) -> list[tuple[int, int, int]]:
    """
    Derive ``changed_after`` again for the spells of a portal after parts of their boxes.

    Args:
        conn: Inside a transaction; of the set of a spell with another ``changed_after``, the facts
            are still to be derived.
        parts: Recognizes parts.
        shown: The new or changed spells of one portal, including removed ones: the sidebar, the
            portal, and the first look.

    Returns:
        The spells that this changed, in the same form.
    """
    _, portal_id, first = min(shown, key=_BEGINS)
    *_, last = max(shown, key=_BEGINS)
    sidebars = [(sidebar_id,) for sidebar_id, _, _ in shown]
    sidebars += conn.execute(_BEFORE, (portal_id, first))
    if not any(parts.is_small(sidebar_id) for (sidebar_id,) in sidebars):
        return []  # as nearly always
    changed: list[_Spell] = []
    earlier: _Spell | None = None
    before: _Spell | None = None
    found = conn.execute(_FROM_BEFORE, {"portal": portal_id, "first": first})
    for spell in map(_Spell._make, found):
        after = spell.changed_after
        if before is not None and spell.seen_from >= first:
            is_cut = parts.is_part(before.sidebar_id, spell.sidebar_id) and not (
                earlier is not None and parts.is_part(before.sidebar_id, earlier.sidebar_id)
            )
            after = before.changed_after if is_cut else before.seen_until
        derived = spell._replace(changed_after=after)
        if derived != spell:
            changed.append(derived)
        if spell.seen_from > last and not parts.is_small(spell.sidebar_id):
            break  # those after it do not depend on it
        earlier, before = before, derived
    # A spell that only knows itself has the same ``first_after``; any other gets that of its set.
    conn.executemany(
        "UPDATE spells SET changed_after = ?1, first_after = ?1 "
        "WHERE portal_id = ?2 AND seen_from = ?3",
        [(spell.changed_after, portal_id, spell.seen_from) for spell in changed],
    )
    return [(spell.sidebar_id, portal_id, spell.seen_from) for spell in changed]


def change_all(conn: sqlite3.Connection, parts: Parts) -> None:
    """Derive ``changed_after`` of all spells that only know themselves."""
    for (portal_id,) in conn.execute("SELECT id FROM portals").fetchall():
        spells = conn.execute(_SPELLS, (portal_id,))
        if small := [spell for spell in spells if parts.is_small(spell[0])]:
            change(conn, parts, small)


_SPELLS: Final = "SELECT sidebar_id, portal_id, seen_from FROM spells WHERE portal_id = ?"


def settle(
    conn: sqlite3.Connection, parts: Parts, changed: Set[tuple[int, int]]
) -> set[tuple[int, int]]:
    """
    Give the parts among and after changed spells the facts of the set that they show.

    Args:
        conn: Inside a transaction; the spells have ``standing_since``.
        parts: Recognizes parts.
        changed: The spells by portal and first look, including removed ones.

    Returns:
        The parts whose facts changed.
    """
    found: set[tuple[int, int]] = set()
    for portal_id, of_portal in groupby(sorted(changed), key=itemgetter(0)):
        begins = [begin for _, begin in of_portal]
        span = {"portal": portal_id, "first": begins[0], "last": begins[-1]}
        if conn.execute(_ANY_STANDING, span).fetchone() is None:
            continue  # as nearly always
        followed: set[int] = set()
        for begin in begins:
            if begin in followed:
                continue  # after another changed spell
            for seen_from, is_part in list(_from(conn, parts, changed, (portal_id, begin))):
                followed.add(seen_from)
                if is_part:
                    found.update(conn.execute(_FOLLOW, {"portal": portal_id, "begin": seen_from}))
    return found


_ANY_STANDING: Final = """
    SELECT 1 FROM spells WHERE portal_id = :portal AND seen_from >= :first
        AND seen_from <= coalesce((SELECT min(seen_from) FROM spells
            WHERE portal_id = :portal AND seen_from > :last), :last)
        AND standing_since < seen_from LIMIT 1"""
"""Whether a part may be among the spells of a span, or after it."""


def settle_all(conn: sqlite3.Connection, parts: Parts) -> None:
    """Give all parts the facts of their sets."""
    for portal_id, seen_from, sidebar_id in conn.execute(_STANDING).fetchall():
        if parts.is_small(sidebar_id):
            conn.execute(_FOLLOW, {"portal": portal_id, "begin": seen_from}).fetchall()


def _from(
    conn: sqlite3.Connection, parts: Parts, changed: Set[tuple[int, int]], first: tuple[int, int]
) -> Iterator[tuple[int, bool]]:
    """The changed spells, and their parts, from one of them up to a whole box that is neither."""
    portal_id, _ = first
    for seen_from, standing_since, sidebar_id in conn.execute(_FROM, first):
        is_part = standing_since < seen_from and parts.is_small(sidebar_id)
        if not is_part and (portal_id, seen_from) not in changed:
            return
        yield seen_from, is_part
