"""The looks that saw a sidebar, ours and those of archives; those that count for the spells."""

from __future__ import annotations

import json
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

Look: TypeAlias = "tuple[int, int, int, str | None, int | None]"
"""
Its portal, second, sidebar and page date, and the seconds for which a cache had kept the page.

The page date is None or empty if the page prints none; without a cache, the seconds are None or 0.
"""

AT: Final = itemgetter(1)
SIDEBAR: Final = itemgetter(2)

_RANGE: Final = "portal_id = :portal AND {} BETWEEN :first AND :last"

_LOOKS: Final = f"""
    SELECT portal_id, fetched_at AS at, sidebar_id, page_date, age FROM fetches
    WHERE {_RANGE.format("fetched_at")} AND sidebar_id IS NOT NULL
    UNION ALL
    SELECT portal_id, captured_at, min(sidebar_id), page_date, age FROM captures AS k
    WHERE {_RANGE.format("captured_at")} AND precision = 'second' AND NOT EXISTS (
        SELECT 1 FROM fetches AS f WHERE f.portal_id = k.portal_id
        AND f.fetched_at = k.captured_at AND f.sidebar_id IS NOT NULL)
    GROUP BY portal_id, captured_at HAVING count(*) = 1
    ORDER BY at"""
"""In one second our own look counts; archives that contradict each other do not count."""


def looks(conn: sqlite3.Connection, portal_id: int, first: int, last: int) -> Iterator[Look]:
    """The looks at a portal that count, from the first to the last second, in the order of time."""
    return conn.execute(_LOOKS, {"portal": portal_id, "first": first, "last": last})


def hours(conn: sqlite3.Connection, sidebars: Iterable[int]) -> dict[int, int]:
    """The hours that these sidebars print, of those that print one."""
    return dict(conn.execute(_HOURS, (json.dumps(list(sidebars)),)))


_HOURS: Final = """
    SELECT id, observed_at FROM sidebars
    WHERE observed_at IS NOT NULL AND id IN (SELECT value FROM json_each(?))"""
