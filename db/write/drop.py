"""Drops looks that a wrong clock dated, since they are no proof of those moments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.asked import part
from db.file import connection
from db.moments import FOREVER, moment
from db.read.ask import Ask
from db.read.lookup import refuse_unknown
from db.validity import GAP_AFTER_INTERVALS

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Iterable

    from db.write.store import Store

_WHICH: Final = """
    fetched_at >= coalesce(:since, fetched_at) AND fetched_at < coalesce(:until, fetched_at + 1)
    AND portal_id IN (SELECT id FROM portals WHERE name = coalesce(:portal, name))"""

_PLAN: Final = f"""
    SELECT p.name, count(*), min(f.fetched_at), max(f.fetched_at)
    FROM fetches AS f JOIN portals AS p ON p.id = f.portal_id
    WHERE {_WHICH} GROUP BY p.id ORDER BY p.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """
    The looks at one portal to drop.

    Attributes:
        portal: Its name.
        looks: Their number.
        first, last: Their first and last time, by the clock that dated them; Korean.
    """

    portal: str
    looks: int
    first: dt.datetime
    last: dt.datetime


def plan(
    store: Store, *, since: dt.datetime | None, until: dt.datetime | None, portal: str | None
) -> list[Looks]:
    """
    The looks that would be dropped in a range of time; changes no row.

    Args:
        store: The database.
        since: The beginning of the range; None = from the first.
        until: The end of the range; None = to the last.
        portal: Only this portal; None = all.

    Raises:
        UnknownPortal: There is no such portal.
        DatabaseError: The database cannot be read.
    """
    with store.transaction() as conn, connection.deriving(store.path):
        refuse_unknown(Ask(store.path, conn), portal)
        rows = conn.execute(_PLAN, part(since, until, portal).values).fetchall()
    return [
        Looks(portal=name, looks=looks, first=moment(first), last=moment(last))
        for name, looks, first, last in rows
    ]


def carry_out(
    store: Store, *, since: dt.datetime | None, until: dt.datetime | None, portal: str | None
) -> int:
    """
    Drop these looks and derive the rest again; after an error no row is changed.

    Returns:
        The number of dropped looks.

    Raises:
        DatabaseError: The database cannot be written.
    """
    with store.transaction() as conn, connection.deriving(store.path):
        dropped = _drop(conn, part(since, until, portal).values)
        store.derive()
    return dropped


def unread(store: Store, looks: Iterable[int]) -> None:
    """
    Drop unread looks, by their rows; no row is derived from them.

    Raises:
        DatabaseError: The database cannot be written.
    """
    with store.transaction() as conn:
        conn.executemany(
            "DELETE FROM fetches WHERE id = ? AND outcome = 'unread'", [(row,) for row in looks]
        )


def _drop(conn: sqlite3.Connection, which: dict[str, object]) -> int:
    # "Not modified" would otherwise refer to a page that no look has.
    conn.execute(
        "UPDATE portals SET etag = NULL, last_modified = NULL "
        f"WHERE id IN (SELECT portal_id FROM fetches WHERE {_WHICH})",
        which,
    )
    dropped = conn.execute(
        f"DELETE FROM fetches WHERE {_WHICH} RETURNING iif(sidebar_id IS NULL, 0, portal_id)", which
    ).fetchall()
    for (portal_id,) in sorted({*dropped} - {(0,)}):
        around = conn.execute(_AROUND, {**which, "portal": portal_id}).fetchone()
        if around is not None:
            _keep_gap(conn, {"portal": portal_id, **dict(zip(_ENDS, around, strict=True))})
    return len(dropped)


_ENDS: Final = ("before", "after", "border", "longest_s")

_AROUND: Final = f"""
    SELECT
        max(coalesce((SELECT max(fetched_at) FROM fetches WHERE portal_id = p.id
                AND sidebar_id IS NOT NULL AND fetched_at < :since), -{FOREVER}),
            coalesce((SELECT max(iif(until < :since, until, since)) FROM past_gaps
                WHERE portal_id = p.id AND since < :since), -{FOREVER})),
        min(coalesce((SELECT min(fetched_at) FROM fetches WHERE portal_id = p.id
                AND sidebar_id IS NOT NULL AND fetched_at >= :until), {FOREVER}),
            coalesce((SELECT min(iif(since >= :until, since, until)) FROM past_gaps
                WHERE portal_id = p.id AND until >= :until), {FOREVER})),
        d.until, {GAP_AFTER_INTERVALS} * p.interval_s
    FROM portals AS p JOIN pruned AS d ON d.portal_id = p.id
    WHERE p.id = :portal AND coalesce(:since <= d.until, true)"""
"""
The successful looks before and after the dropped ones, where looks were pruned before.

There the looks that are left are far apart, so the gap between these two must be stored; its ends
may be those of stored gaps, as the looks around these may be pruned.
"""


def _keep_gap(conn: sqlite3.Connection, ends: dict[str, int]) -> None:
    """Store the gap that dropped looks leave among pruned ones."""
    before, after = ends["before"], ends["after"]
    conn.execute(
        "DELETE FROM past_gaps WHERE portal_id = :portal AND since < :after AND until > :before",
        ends,
    )
    if after >= ends["border"]:  # all looks after the gap are there: it follows from them
        if before == -FOREVER:
            conn.execute("DELETE FROM pruned WHERE portal_id = :portal", ends)
        else:
            conn.execute("UPDATE pruned SET until = :before WHERE portal_id = :portal", ends)
    elif before != -FOREVER and after - before > ends["longest_s"]:
        conn.execute(
            "INSERT INTO past_gaps (portal_id, since, until, failures, unwatched) "
            "VALUES (:portal, :before, :after, 0, true)",
            ends,
        )
