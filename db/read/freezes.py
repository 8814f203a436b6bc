"""Freezes: stretches in which a portal kept showing the same set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.moments import FOREVER
from db.read.rows import values
from db.read.why import why_sql
from db.validity import FROZEN_AFTER_S, NEXT_CHANGE

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3


FREEZES = f"""
    SELECT p.name AS portal, sp.standing_since AS since, max(sp.seen_until) AS until,
        {NEXT_CHANGE} AS next_change, {why_sql("'frozen'", "sp.seen_until", "sp.seen_until")} AS why
    FROM spells AS sp JOIN portals AS p ON p.id = sp.portal_id
    WHERE sp.seen_until - sp.standing_since >= {FROZEN_AFTER_S}
    GROUP BY sp.portal_id, sp.standing_since"""
"""
One set may stand through several spells, printed differently in each: the last counts.

``WHERE`` is that of the index that has these spells alone.
"""


FREEZES_OF_A_TIME = f"""
    SELECT * FROM ({FREEZES})
    WHERE since < coalesce(:until, {FOREVER}) AND until >= coalesce(:since, -{FOREVER})
        AND (:portal IS NULL OR portal = :portal)
    ORDER BY since, portal"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """
    A stretch of three hours or more in which all looks at a portal showed the same set.

    Attributes:
        portal: Its name.
        since, until: The first and the last look that showed the set; Korean time.
        next_change: The first look that showed another set; None if there is none so far.
        why: The fact, in one sentence.
    """

    portal: str
    since: dt.datetime
    until: dt.datetime
    next_change: dt.datetime | None
    why: str


def read(row: sqlite3.Row) -> Freeze:
    """Read a row of ``FREEZES``."""
    return Freeze(**values(row, "since", "until", "next_change"))
