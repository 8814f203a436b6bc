"""
Spells: the stretches of looks through which a portal showed one and the same sidebar.

Spells are derived from our own looks, in ``fetches``, and from those of archives, in ``captures``.
They are kept up as looks arrive, in whatever order, and deriving all of them again gives the same
rows. Of one second our own look counts; where archives contradict each other, none of them does.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

_SEEN = """
    SELECT portal_id, fetched_at, sidebar_id FROM fetches
    WHERE sidebar_id IS NOT NULL {fetched}
    UNION ALL
    SELECT portal_id, captured_at, min(sidebar_id) FROM captures AS k
    WHERE precision = 'second' {captured} AND NOT EXISTS (
        SELECT 1 FROM fetches AS f WHERE f.portal_id = k.portal_id
        AND f.fetched_at = k.captured_at AND f.sidebar_id IS NOT NULL)
    GROUP BY portal_id, captured_at HAVING count(*) = 1"""

_DERIVED = """
    SELECT portal_id, seen_from, seen_until,
        coalesce(lag(seen_until) OVER (PARTITION BY portal_id ORDER BY seen_from), :before),
        sidebar_id
    FROM (
        SELECT portal_id, min(fetched_at) AS seen_from, max(fetched_at) AS seen_until, sidebar_id
        FROM (
            SELECT portal_id, fetched_at, sidebar_id,
                sum(changed) OVER (PARTITION BY portal_id ORDER BY fetched_at) AS nth
            FROM (
                SELECT portal_id, fetched_at, sidebar_id, sidebar_id IS NOT
                    lag(sidebar_id) OVER (PARTITION BY portal_id ORDER BY fetched_at) AS changed
                FROM ({seen})
            )
        )
        GROUP BY portal_id, nth
    )"""

_INTO_SPELLS = "INSERT INTO spells (portal_id, seen_from, seen_until, changed_after, sidebar_id)"

_RANGE = "AND portal_id = :portal AND {} BETWEEN :first AND :last"

DERIVED = _DERIVED.format(seen=_SEEN.format(fetched="", captured=""))
"""All spells, as rows of their table; ``:before`` is None."""

_DERIVED_IN_RANGE = _DERIVED.format(
    seen=_SEEN.format(fetched=_RANGE.format("fetched_at"), captured=_RANGE.format("captured_at"))
)


class _Spell(NamedTuple):
    """A row of the table."""

    portal_id: int
    seen_from: int
    seen_until: int
    changed_after: int | None
    sidebar_id: int


def rebuild(conn: sqlite3.Connection) -> int:
    """Derive all spells anew, inside the caller's transaction; returns how many there are."""
    conn.execute("DELETE FROM spells")
    conn.execute(_INTO_SPELLS + DERIVED, {"before": None})
    derive_stations(conn)
    (count,) = conn.execute("SELECT count(*) FROM spells").fetchone()
    return int(count)


def derive_stations(conn: sqlite3.Connection) -> None:
    """Derive anew which stations each portal ever showed."""
    conn.execute("DELETE FROM portal_stations")
    conn.execute(
        "INSERT INTO portal_stations SELECT DISTINCT sp.portal_id, r.station_id "
        "FROM spells AS sp JOIN readings AS r USING (sidebar_id)"
    )


def add(conn: sqlite3.Connection, portal_id: int, fetched_at: int, sidebar_id: int) -> None:
    """Take one more look into account, which is in its table already."""
    newest = _newest(conn, portal_id)
    if newest is not None and fetched_at <= newest.seen_until:
        add_among(conn, portal_id, fetched_at, sidebar_id)
    else:
        add_later(conn, portal_id, [(fetched_at, sidebar_id)])


def add_later(conn: sqlite3.Connection, portal_id: int, looks: Sequence[tuple[int, int]]) -> None:
    """
    Take many looks into account, which are all later than any known of this portal.

    Args:
        conn: Inside a transaction.
        portal_id: The portal's.
        looks: The second and the sidebar of each, in the order of time.
    """
    added: list[_Spell] = []
    last = _newest(conn, portal_id)
    for sidebar_id, run in groupby(looks, key=itemgetter(1)):
        seen = [at for at, _ in run]
        if last is not None and last.sidebar_id == sidebar_id:
            last = last._replace(seen_until=seen[-1])
        else:
            after = None if last is None else last.seen_until
            last = _Spell(portal_id, seen[0], seen[-1], after, sidebar_id)
        added.append(last)
    conn.executemany(
        f"{_INTO_SPELLS} VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET seen_until = excluded.seen_until",
        added,
    )
    _add_stations(conn, portal_id, {spell.sidebar_id for spell in added})


def add_among(conn: sqlite3.Connection, portal_id: int, fetched_at: int, sidebar_id: int) -> None:
    """Take into account one more look, among others known before and after it."""
    _derive_around(conn, portal_id, fetched_at)
    _add_stations(conn, portal_id, {sidebar_id})


def _newest(conn: sqlite3.Connection, portal_id: int) -> _Spell | None:
    row = conn.execute(
        "SELECT portal_id, seen_from, seen_until, changed_after, sidebar_id FROM spells "
        "WHERE portal_id = ? ORDER BY seen_from DESC LIMIT 1",
        (portal_id,),
    ).fetchone()
    return None if row is None else _Spell._make(row)


def _add_stations(conn: sqlite3.Connection, portal_id: int, sidebars: Iterable[int]) -> None:
    conn.executemany(
        "INSERT OR IGNORE INTO portal_stations "
        "SELECT ?, station_id FROM readings WHERE sidebar_id = ?",
        [(portal_id, sidebar_id) for sidebar_id in sidebars],
    )


def _derive_around(conn: sqlite3.Connection, portal_id: int, fetched_at: int) -> None:
    """
    Derive again the spells that a look in the middle can change.

    Those are the one that begins before it, the one that begins with it, which may vanish, and the
    one after.
    """
    before, first, last = conn.execute(
        """
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
                :at)
        """,
        {"portal": portal_id, "at": fetched_at},
    ).fetchone()
    stretch = {
        "portal": portal_id,
        "before": before,
        "first": fetched_at if first is None else first,
        "last": last,
    }
    conn.execute(
        "DELETE FROM spells WHERE portal_id = :portal AND seen_from BETWEEN :first AND :last",
        stretch,
    )
    conn.execute(_INTO_SPELLS + _DERIVED_IN_RANGE, stretch)
