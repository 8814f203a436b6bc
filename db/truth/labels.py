"""
Learned labels: words that one portal lost and another printed for the same set.

A portal may cut a line and print a temperature without its word. If another sidebar of the same set
(``same.py``) has a word for that station, it goes into the derived table ``learned_labels``,
with the portal that showed it first; the reading stays as printed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from db.truth import same
from db.truth.printed import Printed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_LOST: Final = """
    SELECT DISTINCT r.sidebar_id
    FROM (SELECT 1 FROM conditions WHERE label = '' LIMIT 1)  -- else no reading is searched
    CROSS JOIN readings AS r
    WHERE r.condition_id IN (SELECT id FROM conditions WHERE label = '')
        AND EXISTS (SELECT 1 FROM spells AS v WHERE v.sidebar_id = r.sidebar_id)"""

_LEARN: Final = """
    INSERT INTO learned_labels (sidebar_id, station_id, from_sidebar_id, portal_id)
    SELECT :sidebar, station_id, from_sidebar_id, portal_id FROM (
        SELECT r.station_id, t.sidebar_id AS from_sidebar_id, sp.portal_id, row_number() OVER (
            PARTITION BY r.station_id ORDER BY sp.seen_from, sp.portal_id) AS nth
        FROM readings AS r
        JOIN conditions AS c ON c.id = r.condition_id AND c.label = ''
        JOIN readings AS t ON t.station_id = r.station_id
            AND t.sidebar_id IN (SELECT value FROM json_each(:others))
            AND coalesce(t.temperature = r.temperature, true)
        JOIN conditions AS k ON k.id = t.condition_id AND k.label <> '' AND k.condition IS NOT NULL
        JOIN spells AS sp ON sp.sidebar_id = t.sidebar_id
        WHERE r.sidebar_id = :sidebar
    ) WHERE nth = 1"""
"""The word of the earliest look with one; if both numbers are printed, they must be equal."""


def learn(conn: sqlite3.Connection, sidebars: Iterable[int]) -> None:
    """
    Learn again the lost labels of these sidebars.

    Args:
        conn: Inside a transaction.
        sidebars: All sidebars of the same set as one whose spells changed, including those.
    """
    wanted = json.dumps(sorted(sidebars))
    among = "sidebar_id IN (SELECT value FROM json_each(?))"
    conn.execute(f"DELETE FROM learned_labels WHERE {among}", (wanted,))
    lost = [row for (row,) in conn.execute(f"{_LOST} AND r.{among}", (wanted,))]
    if lost:
        _learn(conn, lost)


def learn_all(conn: sqlite3.Connection) -> None:
    """Learn all lost labels again."""
    conn.execute("DELETE FROM learned_labels")
    _learn(conn, [row for (row,) in conn.execute(_LOST)])


def _learn(conn: sqlite3.Connection, lost: list[int]) -> None:
    same_sets = same.sets_of(conn, lost, Printed(conn))
    conn.executemany(
        _LEARN,
        [
            {"sidebar": row, "others": json.dumps(sorted(together - {row}))}
            for row, together in same_sets.items()
            if len(together) > 1
        ],
    )
