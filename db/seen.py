"""The looks that saw a sidebar, ours and those of archives; those that count for the spells."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from db import dates

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

Look: TypeAlias = "tuple[int, int, int, str | None, int]"
"""Its portal, second, sidebar and page date, and by when the sidebar existed."""

AT: Final = itemgetter(1)
SIDEBAR: Final = itemgetter(2)
EXISTED_BY: Final = itemgetter(4)

_RANGE: Final = "portal_id = :portal AND {} BETWEEN :first AND :last"

_LOOKS: Final = f"""
    SELECT portal_id, fetched_at AS at, sidebar_id, page_date,
        {dates.existed_by("f", "f.fetched_at", "f.age")}
    FROM fetches AS f WHERE {_RANGE.format("fetched_at")} AND sidebar_id IS NOT NULL
    UNION ALL
    SELECT portal_id, captured_at, min(sidebar_id), page_date,
        {dates.existed_by("k", "k.captured_at", "k.age")}
    FROM captures AS k
    WHERE {_RANGE.format("captured_at")} AND precision = 'second' AND NOT EXISTS (
        SELECT 1 FROM fetches AS f WHERE f.portal_id = k.portal_id
        AND f.fetched_at = k.captured_at AND f.sidebar_id IS NOT NULL)
    GROUP BY portal_id, captured_at HAVING count(*) = 1
    ORDER BY at"""
"""Of one second our own look counts; where archives contradict each other, none of them does."""


def looks(conn: sqlite3.Connection, portal_id: int, first: int, last: int) -> Iterator[Look]:
    """The looks at a portal that count, from the first to the last second, in the order of time."""
    return conn.execute(_LOOKS, {"portal": portal_id, "first": first, "last": last})
