"""
Pauses: the stretches between two successful looks at a portal that are longer than two intervals.

In a pause no value is live for longer than two intervals, and after three the portal is down. They
are derived from the looks of ours and of archives, and kept in a table of their own, so that a
question about years need not go through every look.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from db.validity import GAP_AFTER_INTERVALS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_INSERT: Final = f"""
    INSERT INTO pauses (portal_id, since, until)
    SELECT id, :since, :until FROM portals
    WHERE id = :portal AND :until - :since > {GAP_AFTER_INTERVALS} * interval_s"""

_DERIVED: Final = f"""
    INSERT INTO pauses (portal_id, since, until)
    WITH looks AS (
        SELECT portal_id, fetched_at AS at FROM fetches WHERE sidebar_id IS NOT NULL
        UNION SELECT portal_id, captured_at FROM captures WHERE precision = 'second'
            GROUP BY portal_id, captured_at HAVING count(*) = 1
        UNION SELECT portal_id, since FROM past_gaps
        UNION SELECT portal_id, until FROM past_gaps
    ), apart AS (
        SELECT portal_id, at AS since,
            lead(at) OVER (PARTITION BY portal_id ORDER BY at) AS until
        FROM looks WHERE portal_id = coalesce(:portal, portal_id)
    )
    SELECT a.portal_id, since, until FROM apart AS a JOIN portals AS p ON p.id = a.portal_id
    WHERE until - since > {GAP_AFTER_INTERVALS} * p.interval_s
        AND since >= (SELECT min(seen_from) FROM spells AS sp WHERE sp.portal_id = a.portal_id)
        AND (since >= coalesce((SELECT d.until FROM pruned AS d WHERE d.portal_id = a.portal_id), 0)
            OR EXISTS (SELECT 1 FROM past_gaps AS g WHERE g.portal_id = a.portal_id
                AND g.since <= a.since AND g.until >= a.until))"""
"""
Of one portal or all. Where looks were pruned, those that are left are apart: there only what lies
within a gap that was written down before is a pause.
"""


def add(conn: sqlite3.Connection, portal_id: int, looks: Iterable[int]) -> None:
    """Keep the pauses between successful looks, in the order of time, of which none is between."""
    conn.executemany(
        _INSERT,
        [{"portal": portal_id, "since": since, "until": until} for since, until in pairwise(looks)],
    )


def replace(
    conn: sqlite3.Connection, portal_id: int, first: int, last: int, looks: Iterable[int]
) -> None:
    """Derive again the pauses in a stretch of time, from the looks that are in it now."""
    conn.execute(
        "DELETE FROM pauses WHERE portal_id = ? AND since >= ? AND until <= ?",
        (portal_id, first, last),
    )
    add(conn, portal_id, looks)


def derive(conn: sqlite3.Connection, portal: str | None = None) -> None:
    """Derive all pauses again, of a portal or of all."""
    which = {"portal": None}
    if portal is not None:
        row = conn.execute("SELECT id FROM portals WHERE name = ?", (portal,)).fetchone()
        which = {"portal": row[0]}
    conn.execute("DELETE FROM pauses WHERE portal_id = coalesce(:portal, portal_id)", which)
    conn.execute(_DERIVED, which)
