"""
Spells: the stretches of looks in which a portal showed the same sidebar.

Spells are derived from our own looks, in ``fetches``, and from those of archives, in ``captures``.
They are updated as looks arrive, in any order, and a rebuild gives the same rows. In one second our
own look counts; archives that contradict each other do not count.

The other files of this room derive further facts about a spell; ``__init__.py`` lists them in the
order of their work.
"""

from __future__ import annotations

from itertools import chain, groupby, islice
from typing import TYPE_CHECKING, NamedTuple

from db.moments import FOREVER
from db.rows import insert
from db.truth import (
    dates,
    doubts,
    flagging,
    labels,
    late_days,
    parts,
    pauses,
    same,
    seen,
    sets,
    short,
    standing,
    stations,
)
from db.truth.parts import Parts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from db.truth.memory import Memory
    from db.truth.printed import Printed
    from db.truth.seen import Look

_INTO = """
    INSERT INTO spells (portal_id, seen_from, seen_until, changed_after, sidebar_id, existed_by,
        standing_since, published_by, first_seen, first_portal_id, first_after)"""
_GOES_ON = """
    UPDATE spells SET seen_until = :seen_until, existed_by = :existed_by
    WHERE portal_id = :portal_id AND seen_from = :seen_from"""

_AT_ONCE = 10_000
"""Looks in memory at the same time."""


class _Spell(NamedTuple):
    """The facts of a spell from its looks."""

    portal_id: int
    seen_from: int
    seen_until: int
    changed_after: int | None
    sidebar_id: int
    existed_by: int

    @property
    def row(self) -> tuple[int | None, ...]:
        """Until other spells are known, its portal is the first to show its set."""
        begin = self.seen_from
        return (*self, begin, self.existed_by, begin, self.portal_id, self.changed_after)


def rebuild(conn: sqlite3.Connection) -> int:
    """Derive all spells again, inside the caller's transaction; return their number."""
    conn.execute("DELETE FROM stuck_dates")
    _derive_all(conn)
    if dates.judge_all(conn):  # the spells that dates prove decide which dates stand still
        _derive_all(conn)
    stations.derive_all(conn)
    known = Parts.of_all(conn)
    parts.change_all(conn, known)
    same_sets = sets.settle_all(conn)
    for (portal_id,) in conn.execute("SELECT id FROM portals").fetchall():
        span = (portal_id, 0, FOREVER)
        standing.derive(conn, span, lambda row: same_sets.get(row, frozenset({row})), known)
    parts.settle_all(conn, known)
    late_days.judge_all(conn)
    doubts.judge_all(conn, known)
    labels.learn_all(conn)
    (count,) = conn.execute("SELECT count(*) FROM spells").fetchone()
    return int(count)


def _derive_all(conn: sqlite3.Connection) -> None:
    """Derive the spells from the looks alone, and the pauses between these."""
    conn.execute("DELETE FROM spells")
    conn.execute("DELETE FROM pauses")
    for (portal_id,) in conn.execute("SELECT id FROM portals").fetchall():
        newest: _Spell | None = None
        left = seen.looks(conn, portal_id, -FOREVER, FOREVER)
        while looks := list(islice(left, _AT_ONCE)):
            *_, newest = _take(conn, newest, looks)[1]
    pauses.derive_pruned(conn)


def add(conn: sqlite3.Connection, memory: Memory, portal_id: int, first: int, last: int) -> None:
    """
    Add the looks from the first to the last; they are in their tables already.

    Args:
        conn: Inside a transaction.
        memory: The memory of the writer of this file.
        portal_id: The portal's.
        first: The first of them.
        last: The last of them.
    """
    newest = _newest(conn, portal_id)
    if newest is not None and first <= newest.seen_until:
        printed = add_among(conn, memory, portal_id, first, last)
        judge_dates(conn, memory, portal_id, printed)
    else:
        looks = list(seen.looks(conn, portal_id, first, last))
        if looks:  # else archives contradict each other
            _add_later(conn, memory, newest, looks)


def add_later(conn: sqlite3.Connection, memory: Memory, looks: Sequence[Look]) -> None:
    """
    Add looks that are later than any known look at their portal; they are in their table already.

    Args:
        conn: Inside a transaction.
        memory: The memory of the writer of this file.
        looks: At least one, in the order of time; all of them count.
    """
    _add_later(conn, memory, _newest(conn, looks[0][0]), looks)


def _add_later(
    conn: sqlite3.Connection, memory: Memory, newest: _Spell | None, looks: Sequence[Look]
) -> None:
    portal_id, first, *_ = looks[0]
    begun, spells = _take(conn, newest, looks)
    changed = [
        spell
        for spell in spells
        if newest is None
        or spell.seen_from != newest.seen_from
        or spell.existed_by < newest.existed_by
    ]
    _settle(conn, memory, changed, new=seen.AT(begun[0]) if begun else first)
    printed = {(page_date, at) for _, at, _, page_date, _ in begun if page_date}
    judge_dates(conn, memory, portal_id, {day for day, at in printed if dates.ended(day, at)})


def _take(
    conn: sqlite3.Connection, newest: _Spell | None, looks: Sequence[Look]
) -> tuple[list[Look], list[_Spell]]:
    """Store the spells and pauses of looks after the newest; returns as ``_continued``."""
    before = [] if newest is None else [newest.seen_until]
    if looks:
        pauses.add(conn, looks[0][0], chain(before, map(seen.AT, looks)))
    begun, spells = _continued(conn, newest, looks)
    old = len(spells) - len(begun)
    for spell in spells[:old]:  # the newest, if it goes on
        conn.execute(_GOES_ON, spell._asdict())
    _keep(conn, spells[old:])
    return begun, spells


def _keep(conn: sqlite3.Connection, spells: Iterable[_Spell]) -> None:
    """Store new spells."""
    rows = chain.from_iterable([spell.row for spell in spells])
    insert(conn, _INTO, f"({', '.join('?' * 11)})", rows)


def _continued(
    conn: sqlite3.Connection,
    newest: _Spell | None,
    looks: Sequence[Look],
    *,
    before: int | None = None,
) -> tuple[list[Look], list[_Spell]]:
    """
    The looks that begin a spell, and the spells that these looks begin or continue.

    Args:
        conn: Inside a transaction.
        newest: The spell that they may continue; None if they begin another.
        looks: The looks at one portal, in the order of time.
        before: The last look before them, if they begin another spell.
    """
    begun: list[Look] = []
    spells: list[_Spell] = []
    last, after = newest, before if newest is None else newest.seen_until
    proofs = iter(dates.existed_by(conn, looks))
    for sidebar_id, together in groupby(looks, key=seen.SIDEBAR):
        run = list(together)
        (portal_id, first, *_), until = run[0], seen.AT(run[-1])
        existed_by = min(islice(proofs, len(run)))
        if last is not None and last.sidebar_id == sidebar_id:
            existed_by = min(existed_by, last.existed_by)
            last = last._replace(seen_until=until, existed_by=existed_by)
        else:
            begun.append(run[0])
            last = _Spell(portal_id, first, until, after, sidebar_id, existed_by)
        after = until
        spells.append(last)
    return begun, spells


def add_among(
    conn: sqlite3.Connection, memory: Memory, portal_id: int, first: int, last: int
) -> set[str]:
    """
    Add the looks from the first to the last, with other known looks around them.

    Returns:
        The page dates that ``judge_dates`` must judge again; call it once after many looks.
    """
    around = [{"portal": portal_id, "at": at} for at in (first, last)]
    (before, begin, _), (_, _, end) = (conn.execute(_AROUND, at).fetchone() for at in around)
    begin = first if begin is None else begin
    return _derive_again(conn, memory, portal_id, (before, begin, end))


_AROUND = """
    SELECT
        (SELECT seen_until FROM spells WHERE portal_id = :portal AND seen_from < :at
            ORDER BY seen_from DESC LIMIT 1 OFFSET 1),
        (SELECT seen_from FROM spells WHERE portal_id = :portal AND seen_from < :at
            ORDER BY seen_from DESC LIMIT 1),
        coalesce(
            (SELECT seen_until FROM spells WHERE portal_id = :portal AND seen_from > :at
                ORDER BY seen_from LIMIT 1),
            max(:at, (SELECT seen_until FROM spells WHERE portal_id = :portal
                ORDER BY seen_from DESC LIMIT 1)),
            :at)"""
"""
The spells that a look in the middle can change, from the first look to the last.

Those are the one that begins before it, the one that begins with it, which may vanish, and the one
after.
"""


def _derive_again(
    conn: sqlite3.Connection,
    memory: Memory,
    portal_id: int,
    around: tuple[int | None, int, int],
) -> set[str]:
    """Derive the spells in a stretch of time again; return the dates printed where one begins."""
    before, first, last = around  # the last look before the stretch, its first and its last look
    stretch = {"portal": portal_id, "first": first, "last": last}
    gone = conn.execute(
        "DELETE FROM spells WHERE portal_id = :portal AND seen_from BETWEEN :first AND :last "
        "RETURNING portal_id, seen_from, seen_until, changed_after, sidebar_id, existed_by",
        stretch,
    ).fetchall()
    looks = list(seen.looks(conn, portal_id, first, last))
    made = _continued(conn, None, looks, before=before)[1]
    _keep(conn, made)
    pauses.derive(conn, portal_id, first if before is None else before, last)
    changed = [*map(_Spell._make, gone), *made]
    _settle(conn, memory, changed, new=None)
    stations.drop(conn, stretch, {row[4] for row in gone} - {row.sidebar_id for row in made})
    return dates.printed(conn, portal_id, {spell.seen_from for spell in changed})


def _settle(
    conn: sqlite3.Connection, memory: Memory, spells: Sequence[_Spell], *, new: int | None
) -> None:
    """
    Update the further facts about these spells, and those near them.

    Args:
        conn: Inside a transaction.
        memory: The memory of the writer of this file.
        spells: Spells of one portal, including removed ones.
        new: If the looks came after all others of the portal, the first look of the first spell
            that they began; None if they came among others.
    """
    if not spells:
        return
    printed, portal_id = memory.printed, spells[0].portal_id
    sidebars = {spell.sidebar_id for spell in spells}
    shown = {(spell.sidebar_id, portal_id, spell.seen_from) for spell in spells}
    shown.update(parts.change(conn, Parts(printed), shown))
    stations.add(conn, portal_id, sidebars)
    changed, same_sets, nearby = sets.settle(conn, shown, printed, again=new is None)
    begins = sorted({begin for _, _, begin in shown})
    for span in [(portal_id, min(begins), max(begins)), *short.apart(conn, nearby)]:
        changed |= sets.alone(conn, _stand(conn, span, same_sets, printed))
    late = late_days.judge(conn, portal_id, begins, printed)
    changed |= {(portal_id, seen_from) for seen_from in begins}
    known = Parts(printed)
    changed |= parts.settle(conn, known, changed)
    doubts.judge(conn, changed | {(portal_id, seen_from) for seen_from in late}, known)
    labels.learn(conn, sidebars.union(*(same_sets.get(row, ()) for row in sidebars), *nearby))
    first = None if new is None else (portal_id, new)
    flagging.judge(conn, changed, printed, memory.open_runs, new=first)
    memory.limit()


def judge_dates(
    conn: sqlite3.Connection, memory: Memory, portal_id: int, printed: Iterable[str]
) -> None:
    """Judge dates again, and derive the proofs of those that changed."""
    for page_date in sorted(printed):
        since = dates.judge(conn, portal_id, page_date)
        if since is not None:
            before, first, _ = conn.execute(_AROUND, {"portal": portal_id, "at": since}).fetchone()
            newest = _newest(conn, portal_id)
            last = since if newest is None else newest.seen_until
            begin = since if first is None else first
            _derive_again(conn, memory, portal_id, (before, begin, last))


def _stand(
    conn: sqlite3.Connection,
    changed: tuple[int, int, int],
    same_sets: dict[int, frozenset[int]],
    printed: Printed,
) -> set[int]:
    """
    Derive since when the sets of changed spells stand, by portal, first and last spell.

    Returns:
        The sidebars that are no longer shown as parts.
    """

    def near(sidebar_id: int) -> frozenset[int]:
        if sidebar_id not in same_sets:
            found = same.sets_of(conn, [sidebar_id], printed)
            same_sets[sidebar_id] = found.get(sidebar_id, frozenset({sidebar_id}))
        return same_sets[sidebar_id]

    return standing.derive(conn, changed, near, Parts(printed))


def _newest(conn: sqlite3.Connection, portal_id: int) -> _Spell | None:
    row = conn.execute(
        "SELECT portal_id, seen_from, seen_until, changed_after, sidebar_id, existed_by "
        "FROM spells WHERE portal_id = ? ORDER BY seen_from DESC LIMIT 1",
        (portal_id,),
    ).fetchone()
    return None if row is None else _Spell._make(row)
