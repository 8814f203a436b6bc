"""Stretches without a successful look, and their causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.moments import FOREVER
from db.read.rows import values
from db.validity import GAP_AFTER_INTERVALS, LONGEST_BACK_OFF_S

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3


_LONGEST_WAIT_S = f"max({LONGEST_BACK_OFF_S}, g.interval_s) + g.interval_s"


def gaps_of_looks(now: str = ":now", since: str = ":since") -> str:
    """
    The gaps between existing looks, as SQL.

    They begin at the border of pruning, or at the last success before the time asked for. A gap is
    unwatched if two looks in it are further apart than even a back-off puts them.

    Args:
        now: The present, as SQL.
        since: From when they are asked for; NULL = from the first look.
    """
    return f"""
    WITH seen AS (
        SELECT f.portal_id, fetched_at AS since,
            coalesce(lead(fetched_at) OVER (PARTITION BY f.portal_id ORDER BY fetched_at), {now})
                AS until
        FROM portals AS p CROSS JOIN fetches AS f ON f.portal_id = p.id
        WHERE fetched_at >= max(
                coalesce((SELECT until FROM pruned WHERE portal_id = p.id), -{FOREVER}),
                coalesce((SELECT b.fetched_at FROM fetches AS b
                    WHERE b.portal_id = p.id AND b.sidebar_id IS NOT NULL
                        AND b.fetched_at <= {since}
                    ORDER BY b.fetched_at DESC LIMIT 1), -{FOREVER}))
            AND (sidebar_id IS NOT NULL OR fetched_at = (
                SELECT min(first.fetched_at) FROM fetches AS first
                WHERE first.portal_id = f.portal_id))
    ), gaps AS (
        SELECT p.id, p.name AS portal, p.interval_s, since, until
        FROM seen JOIN portals AS p ON p.id = portal_id
        WHERE until - since > {GAP_AFTER_INTERVALS} * p.interval_s
            AND until > coalesce({since}, until - 1)
    )
    SELECT g.id AS portal_id, g.portal, g.since, g.until,
        (SELECT count(*) FROM fetches AS f WHERE f.portal_id = g.id AND f.sidebar_id IS NULL
            AND f.fetched_at >= g.since AND f.fetched_at < g.until) AS failures,
        (SELECT f.outcome || coalesce(': ' || f.reason, '') FROM fetches AS f
            WHERE f.portal_id = g.id AND f.sidebar_id IS NULL
            AND f.fetched_at >= g.since AND f.fetched_at < g.until
            ORDER BY f.fetched_at DESC LIMIT 1) AS failure,
        EXISTS (SELECT 1 FROM fetches AS f WHERE f.portal_id = g.id
            AND f.fetched_at >= g.since AND f.fetched_at < g.until
            AND coalesce((SELECT min(n.fetched_at) FROM fetches AS n
                    WHERE n.portal_id = g.id AND n.fetched_at > f.fetched_at), g.until)
                - max(f.fetched_at, coalesce(f.retry_at, f.fetched_at))
                > CASE WHEN f.sidebar_id IS NULL THEN {_LONGEST_WAIT_S}
                    ELSE {GAP_AFTER_INTERVALS} * g.interval_s END) AS unwatched,
        e.kind AS event, e.detail
    FROM gaps AS g
    LEFT JOIN events AS e ON e.id = (
        SELECT id FROM events WHERE at BETWEEN g.since AND g.until
        AND kind IN ('clock', 'not kept') ORDER BY at DESC, id DESC LIMIT 1)"""


_CAUSE = """CASE WHEN failures > 0 AND unwatched THEN 'portal failing, ' ELSE '' END
        || CASE WHEN unwatched THEN coalesce(event, 'not running')
            WHEN failures > 0 THEN 'portal failing' ELSE '' END"""


def gaps(
    now: str = ":now", since: str = ":since", until: str = ":until", portal: str = ":portal"
) -> str:
    """All of them that lie at least partly in a time, cut to it; as SQL, of SQL expressions."""
    return f"""
    SELECT portal, max(since, coalesce({since}, since)) AS since,
        min(until, coalesce({until}, until)) AS until, failures, {_CAUSE} AS cause,
        coalesce(failure, detail) AS reason
    FROM (
        SELECT * FROM ({gaps_of_looks(now, since)})
        UNION ALL
        SELECT b.portal_id, p.name, b.since, b.until, b.failures, b.failure, b.unwatched, b.event,
            b.detail
        FROM past_gaps AS b JOIN portals AS p ON p.id = b.portal_id
        WHERE b.until > coalesce({since}, b.until - 1)
    ) AS g
    WHERE g.since < coalesce({until}, g.since + 1) AND ({portal} IS NULL OR portal = {portal})
    ORDER BY g.since, g.portal_id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """
    A stretch without a successful look, longer than two intervals.

    Attributes:
        portal: Its name.
        since, until: The successful looks around it, or the very first look, or now; ``since`` is
            not before the beginning of the asked range. Korean time.
        failures: The number of looks in the stretch that saw no sidebar.
        cause: ``portal failing``; for stretches without looks ``not running``, ``clock`` or
            ``not kept``; or one of each, as ``portal failing, not running``.
        reason: The outcome of the last failure, else the facts about the event; None if unknown.
    """

    portal: str
    since: dt.datetime
    until: dt.datetime
    failures: int
    cause: str
    reason: str | None


def read(row: sqlite3.Row) -> Gap:
    """Read a row of ``gaps``."""
    return Gap(**values(row, "since", "until"))
