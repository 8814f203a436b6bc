"""
Spells: the stretches of looks in which a portal showed the same sidebar.

Spells are derived from our own looks, in ``fetches``, and from those of archives, in ``captures``.
They are updated as looks arrive, in any order, and a rebuild gives the same rows. In one second our
own look counts; if archives contradict each other, none of them does.

Further facts about a spell are derived after it: proofs that its box existed earlier
(``db/dates.py``), the same set at other portals (``db/sets.py``), since when the set stands
(``db/standing.py``), doubts about it (``db/lateness.py``, ``db/doubts.py``), the words that it lost
(``db/labels.py``), the stretches without a look (``db/pauses.py``), and temperatures that may be
wrong (``db/flagging.py``).
"""

from __future__ import annotations

import json
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from db import dates, doubts, flagging, labels, lateness, pauses, sets, standing

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

_SEEN = f"""
    SELECT portal_id, fetched_at AS at, sidebar_id, page_date,
        {dates.existed_by("f", "f.fetched_at", "f.age")} AS existed_by
    FROM fetches AS f WHERE sidebar_id IS NOT NULL {{fetched}}
    UNION ALL
    SELECT portal_id, captured_at, min(sidebar_id), page_date,
        {dates.existed_by("k", "k.captured_at", "k.age")}
    FROM captures AS k
    WHERE precision = 'second' {{captured}} AND NOT EXISTS (
        SELECT 1 FROM fetches AS f WHERE f.portal_id = k.portal_id
        AND f.fetched_at = k.captured_at AND f.sidebar_id IS NOT NULL)
    GROUP BY portal_id, captured_at HAVING count(*) = 1"""
"""The looks that count."""

_DERIVED = """
    SELECT portal_id, seen_from, seen_until,
        coalesce(lag(seen_until) OVER (PARTITION BY portal_id ORDER BY seen_from), :before)
            AS changed_after,
        sidebar_id, existed_by
    FROM (
        SELECT portal_id, min(at) AS seen_from, max(at) AS seen_until, sidebar_id,
            min(existed_by) AS existed_by
        FROM (
            SELECT portal_id, at, sidebar_id, existed_by,
                sum(changed) OVER (PARTITION BY portal_id ORDER BY at) AS nth
            FROM (
                SELECT portal_id, at, sidebar_id, existed_by, sidebar_id IS NOT
                    lag(sidebar_id) OVER (PARTITION BY portal_id ORDER BY at) AS changed
                FROM ({seen})
            )
        )
        GROUP BY portal_id, nth
    )"""

_INTO_SPELLS = """
    INSERT INTO spells (portal_id, seen_from, seen_until, changed_after, sidebar_id, existed_by,
        standing_since, published_by, first_seen, first_portal_id, first_after)"""
"""Until other spells are known, the portal of a spell is the first to show its set."""

_DERIVE = f"""{_INTO_SPELLS}
    SELECT portal_id, seen_from, seen_until, changed_after, sidebar_id, existed_by,
        seen_from, existed_by, seen_from, portal_id, changed_after
    FROM ({_DERIVED})"""

_FOR_EVER = 1 << 62

_RANGE = "AND portal_id = :portal AND {} BETWEEN :first AND :last"

_ALL_SEEN = _SEEN.format(fetched="", captured="")
_SEEN_IN_RANGE = _SEEN.format(
    fetched=_RANGE.format("fetched_at"), captured=_RANGE.format("captured_at")
)


class _Look(NamedTuple):
    """A look that saw a sidebar."""

    portal_id: int
    at: int
    sidebar_id: int
    page_date: str | None
    existed_by: int


class _Spell(NamedTuple):
    """The facts of a spell from its looks."""

    portal_id: int
    seen_from: int
    seen_until: int
    changed_after: int | None
    sidebar_id: int
    existed_by: int


def rebuild(conn: sqlite3.Connection) -> int:
    """Derive all spells again, inside the caller's transaction; return their number."""
    conn.execute("DELETE FROM stuck_dates")
    _derive_all(conn)
    if dates.judge_all(conn):  # the spells that dates prove decide which dates stand still
        _derive_all(conn)
    derive_stations(conn)
    pauses.derive(conn)
    same_sets = sets.settle_all(conn)
    for (portal_id,) in conn.execute("SELECT id FROM portals").fetchall():
        standing.derive(
            conn, portal_id, 0, _FOR_EVER, lambda row: same_sets.get(row, frozenset({row}))
        )
    lateness.judge_all(conn)
    doubts.judge_all(conn)
    labels.learn_all(conn)
    (count,) = conn.execute("SELECT count(*) FROM spells").fetchone()
    return int(count)


def _derive_all(conn: sqlite3.Connection) -> None:
    conn.execute("DELETE FROM spells")
    conn.execute(_DERIVE.format(seen=_ALL_SEEN), {"before": None})


def derive_stations(conn: sqlite3.Connection) -> None:
    """Derive the stations that each portal ever showed again."""
    conn.execute("DELETE FROM portal_stations")
    conn.execute(
        "INSERT INTO portal_stations SELECT DISTINCT sp.portal_id, r.station_id "
        "FROM spells AS sp JOIN readings AS r USING (sidebar_id)"
    )


def add(conn: sqlite3.Connection, portal_id: int, first: int, last: int | None = None) -> None:
    """Add a look, or all from the first to the last; they are in their tables already."""
    newest = _newest(conn, portal_id)
    last = first if last is None else last
    if newest is not None and first <= newest.seen_until:
        judge_dates(conn, portal_id, add_among(conn, portal_id, first, last))
    else:
        add_later(conn, portal_id, first, last)


def add_later(conn: sqlite3.Connection, portal_id: int, first: int, last: int) -> None:
    """
    Add looks that are all later than any known look at this portal.

    Args:
        conn: Inside a transaction.
        portal_id: The portal's.
        first: The first of them; all are in their tables already.
        last: The last of them.
    """
    newest = _newest(conn, portal_id)
    looks = _looks(conn, portal_id, first, last)
    before = [] if newest is None else [newest.seen_until]
    pauses.add(conn, portal_id, [*before, *(look.at for look in looks)])
    begun, spells = _continued(newest, looks)
    conn.executemany(
        f"{_INTO_SPELLS} VALUES (:portal_id, :seen_from, :seen_until, :changed_after, :sidebar_id, "
        ":existed_by, :seen_from, :existed_by, :seen_from, :portal_id, :changed_after) "
        "ON CONFLICT DO UPDATE SET seen_until = excluded.seen_until, "
        "existed_by = min(existed_by, excluded.existed_by)",
        [spell._asdict() for spell in spells],
    )
    changed = [
        spell
        for spell in spells
        if newest is None
        or spell.seen_from != newest.seen_from
        or spell.existed_by < newest.existed_by
    ]
    _settle(conn, changed, new=begun[0].at if begun else first)
    printed = {(look.page_date, look.at) for look in begun if look.page_date is not None}
    judge_dates(conn, portal_id, {day for day, at in printed if dates.ended(day, at)})


def _continued(newest: _Spell | None, looks: Sequence[_Look]) -> tuple[list[_Look], list[_Spell]]:
    """The looks that begin a spell, and the spells that these looks begin or continue."""
    begun: list[_Look] = []
    spells: list[_Spell] = []
    last = newest
    for sidebar_id, together in groupby(looks, key=attrgetter("sidebar_id")):
        run = list(together)
        existed_by = min(look.existed_by for look in run)
        if last is not None and last.sidebar_id == sidebar_id:
            existed_by = min(existed_by, last.existed_by)
            last = last._replace(seen_until=run[-1].at, existed_by=existed_by)
        else:
            begun.append(run[0])
            after = None if last is None else last.seen_until
            last = _Spell(run[0].portal_id, run[0].at, run[-1].at, after, sidebar_id, existed_by)
        spells.append(last)
    return begun, spells


def add_among(conn: sqlite3.Connection, portal_id: int, first: int, last: int) -> set[str]:
    """
    Add the looks from the first to the last, with other known looks around them.

    Returns:
        The page dates that ``judge_dates`` must judge again; call it once after many looks.
    """
    around = [{"portal": portal_id, "at": at} for at in (first, last)]
    (before, begin, _), (_, _, end) = (conn.execute(_AROUND, at).fetchone() for at in around)
    return _derive_again(conn, portal_id, before, first if begin is None else begin, end)


_AROUND = """
    SELECT
        (SELECT changed_after FROM spells WHERE portal_id = :portal AND seen_from < :at
            ORDER BY seen_from DESC LIMIT 1),
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
    conn: sqlite3.Connection, portal_id: int, before: int | None, first: int, last: int
) -> set[str]:
    """Derive the spells in a stretch of time again; return the dates printed where one begins."""
    stretch = {"portal": portal_id, "before": before, "first": first, "last": last}
    gone = conn.execute(
        "DELETE FROM spells WHERE portal_id = :portal AND seen_from BETWEEN :first AND :last "
        "RETURNING portal_id, seen_from, seen_until, changed_after, sidebar_id, existed_by",
        stretch,
    ).fetchall()
    conn.execute(_DERIVE.format(seen=_SEEN_IN_RANGE), stretch)
    made = conn.execute(
        "SELECT portal_id, seen_from, seen_until, changed_after, sidebar_id, existed_by "
        "FROM spells WHERE portal_id = :portal AND seen_from BETWEEN :first AND :last",
        stretch,
    ).fetchall()
    pauses.derive_again(conn, portal_id, first if before is None else before, last)
    _settle(conn, [_Spell._make(row) for row in gone + made], new=None)
    _drop_stations(conn, stretch, {row[4] for row in gone} - {row[4] for row in made})
    return dates.printed(conn, portal_id, {seen_from for _, seen_from, *_ in gone + made})


def _settle(conn: sqlite3.Connection, spells: Sequence[_Spell], *, new: int | None) -> None:
    """
    Update the further facts about these spells, and those near them.

    Args:
        conn: Inside a transaction.
        spells: Spells of one portal, including removed ones.
        new: If the looks came after all others of the portal, the first look of the first spell
            that they began; None if they came among others.
    """
    if not spells:
        return
    sidebars = {spell.sidebar_id for spell in spells}
    portal_id = spells[0].portal_id
    _add_stations(conn, portal_id, sidebars)
    changed, same_sets = sets.settle(conn, sidebars, anew=new is None)
    begins = sorted({spell.seen_from for spell in spells})
    _stand(conn, (portal_id, min(begins), max(begins)), same_sets)
    late = lateness.judge(conn, portal_id, begins)
    changed |= {(portal_id, seen_from) for seen_from in begins}
    doubts.judge(conn, changed | {(portal_id, seen_from) for seen_from in late})
    labels.learn(conn, sidebars.union(*(same_sets.get(row, ()) for row in sidebars)))
    flagging.judge(conn, changed, new=None if new is None else (portal_id, new))


def judge_dates(conn: sqlite3.Connection, portal_id: int, printed: Iterable[str]) -> None:
    """Judge dates again, and derive the proofs of those that changed."""
    for page_date in sorted(printed):
        since = dates.judge(conn, portal_id, page_date)
        if since is not None:
            before, first, _ = conn.execute(_AROUND, {"portal": portal_id, "at": since}).fetchone()
            newest = _newest(conn, portal_id)
            last = since if newest is None else newest.seen_until
            _derive_again(conn, portal_id, before, since if first is None else first, last)


def _stand(
    conn: sqlite3.Connection,
    changed: tuple[int, int, int],
    same_sets: dict[int, frozenset[int]],
) -> None:
    """Derive since when the sets of changed spells stand, by portal, first and last spell."""

    def near(sidebar_id: int) -> frozenset[int]:
        if sidebar_id not in same_sets:
            found = sets.near(conn, [sidebar_id])
            same_sets[sidebar_id] = found.get(sidebar_id, frozenset({sidebar_id}))
        return same_sets[sidebar_id]

    standing.derive(conn, *changed, near)


def _looks(conn: sqlite3.Connection, portal_id: int, first: int, last: int) -> list[_Look]:
    """The looks that count in a stretch of time, in order."""
    stretch = {"portal": portal_id, "first": first, "last": last}
    return [_Look._make(row) for row in conn.execute(f"{_SEEN_IN_RANGE} ORDER BY at", stretch)]


def _newest(conn: sqlite3.Connection, portal_id: int) -> _Spell | None:
    row = conn.execute(
        "SELECT portal_id, seen_from, seen_until, changed_after, sidebar_id, existed_by "
        "FROM spells WHERE portal_id = ? ORDER BY seen_from DESC LIMIT 1",
        (portal_id,),
    ).fetchone()
    return None if row is None else _Spell._make(row)


def _add_stations(conn: sqlite3.Connection, portal_id: int, sidebars: Iterable[int]) -> None:
    conn.executemany(
        "INSERT OR IGNORE INTO portal_stations "
        "SELECT ?, station_id FROM readings WHERE sidebar_id = ?",
        [(portal_id, sidebar_id) for sidebar_id in sidebars],
    )


def _drop_stations(conn: sqlite3.Connection, stretch: Mapping[str, object], gone: set[int]) -> None:
    """Drop the stations that a portal showed only in sidebars that left a stretch of time."""
    if gone:
        conn.execute(_DROP_STATIONS, {**stretch, "gone": json.dumps(list(gone))})


_DROP_STATIONS = """
    DELETE FROM portal_stations WHERE portal_id = :portal AND station_id IN (
        SELECT station_id FROM readings WHERE sidebar_id IN (SELECT value FROM json_each(:gone))
        EXCEPT
        SELECT r.station_id FROM spells AS sp JOIN readings AS r USING (sidebar_id)
        WHERE sp.portal_id = :portal AND sp.seen_from BETWEEN :first AND :last)
    AND NOT EXISTS (
        SELECT 1 FROM spells AS sp JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
            AND r.station_id = portal_stations.station_id
        WHERE sp.portal_id = :portal)"""
"""The spells of the stretch are read first; all others only after a change of stations."""
