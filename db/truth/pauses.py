"""
Pauses: the stretches between two successful looks at a portal that are longer than two intervals.

In a pause no value is live for longer than two intervals, and after three the portal is down. They
are derived from our looks and those of archives, and stored in a separate table, so that a question
about years need not read every look.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from db.moments import FOREVER
from db.validity import GAP_AFTER_INTERVALS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_BOUNDS: Final = """
    SELECT p.interval_s,
        (SELECT d.until FROM pruned AS d WHERE d.portal_id = p.id) AS pruned_until,
        (SELECT min(f.fetched_at) FROM fetches AS f
            WHERE f.portal_id = p.id AND f.sidebar_id IS NOT NULL) AS first_success
    FROM portals AS p WHERE p.id = :portal"""

_DERIVE: Final = f"""
    INSERT INTO pauses (portal_id, since, until)
    WITH bounds AS ({_BOUNDS}), looks AS (
        SELECT fetched_at AS at FROM fetches WHERE portal_id = :portal
            AND fetched_at BETWEEN :first AND :last AND sidebar_id IS NOT NULL
        UNION SELECT captured_at FROM captures WHERE portal_id = :portal
            AND captured_at BETWEEN :first AND :last AND precision = 'second'
            GROUP BY captured_at HAVING count(*) = 1
        UNION SELECT since FROM past_gaps WHERE portal_id = :portal
            AND since BETWEEN :first AND :last AND since >= (SELECT first_success FROM bounds)
        UNION SELECT until FROM past_gaps WHERE portal_id = :portal
            AND until BETWEEN :first AND :last
    ), apart AS (
        SELECT at AS since, lead(at) OVER (ORDER BY at) AS until FROM looks
    )
    SELECT :portal, since, until FROM apart JOIN bounds
    WHERE until - since > {GAP_AFTER_INTERVALS} * interval_s
        AND (pruned_until IS NULL OR since >= pruned_until OR until <= first_success
            OR EXISTS (SELECT 1 FROM past_gaps AS g WHERE g.portal_id = :portal
                AND g.since <= apart.since AND g.until >= apart.until))"""
"""
Pruning leaves looks far apart: there a pause only counts if it lies within a stored gap. Before our
first success there are only captures, and pruning leaves these.
"""


def add(conn: sqlite3.Connection, portal_id: int, looks: Iterable[int]) -> None:
    """
    Store the pauses between consecutive successful looks, in the order of time.

    Looks before the border of pruning come from a pruned database: those between them are missing.
    """
    interval_s, border = conn.execute(_LIMITS, (portal_id,)).fetchone()
    seconds = list(looks)
    if border is not None and seconds[0] < border:
        derive(conn, portal_id, seconds[0], seconds[-1])
        return
    longest_s = GAP_AFTER_INTERVALS * interval_s
    found = [
        (portal_id, since, until) for since, until in pairwise(seconds) if until - since > longest_s
    ]
    if found:
        conn.executemany("INSERT INTO pauses (portal_id, since, until) VALUES (?, ?, ?)", found)


_LIMITS: Final = """
    SELECT p.interval_s, d.until FROM portals AS p LEFT JOIN pruned AS d ON d.portal_id = p.id
    WHERE p.id = ?"""


def derive(
    conn: sqlite3.Connection, portal_id: int, first: int = -FOREVER, last: int = FOREVER
) -> None:
    """Derive the pauses again in a stretch of time, from one successful look to another."""
    stretch = {"portal": portal_id, "first": first, "last": last}
    if conn.execute(_TOUCHES_FIRST, stretch).fetchone():
        stretch |= {"first": -FOREVER, "last": FOREVER}
    conn.execute(
        "DELETE FROM pauses WHERE portal_id = :portal AND since >= :first AND until <= :last",
        stretch,
    )
    conn.execute(_DERIVE, stretch)


_TOUCHES_FIRST: Final = f"""
    SELECT 1 FROM ({_BOUNDS})
    WHERE pruned_until IS NOT NULL AND first_success BETWEEN :first AND :last"""
"""After pruning, our first success is a border: if it changes, so do the pauses after it."""


def derive_pruned(conn: sqlite3.Connection) -> None:
    """Derive all pauses of the portals with pruned looks: their other looks do not show these."""
    pruned = "SELECT portal_id FROM pruned UNION SELECT portal_id FROM past_gaps"
    for (portal_id,) in conn.execute(pruned).fetchall():
        derive(conn, portal_id)
