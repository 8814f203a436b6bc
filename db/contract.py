"""
The questions of which views and query functions are made, as SQL.

Nothing is imported here, so that asking starts fast. Times are epoch seconds UTC on this side; the
views turn them into ISO 8601 with the Korean offset.
"""

from __future__ import annotations

APPLICATION_ID = 0x6E616C73
"""``nals`` in ASCII, at offset 68 of the file: how a database of ours is known."""

VERSION = 2
"""The schema that these questions fit: how many migrations there are."""

HOLD_S = 90 * 60
"""KMA renews the values hourly: one is current for at most this long after it was first seen."""

FROZEN_AFTER_S = 3 * 60 * 60
"""Alive, the values never all stand still for this long."""

DOWN_AFTER_INTERVALS = 3
"""So many intervals without a successful look, and the portal is down."""

GAP_AFTER_INTERVALS = 2
"""So many intervals without a successful look are a gap."""

LONGEST_BACK_OFF_S = 60 * 60
"""A portal that fails is looked at no more rarely than this, or than its interval if longer."""

DAY_S = 24 * 60 * 60


def iso(seconds: str) -> str:
    """
    Epoch seconds as the views tell them: ISO 8601, Korean.

    The indices by time are of this very expression, so that a range asked of a view uses them.
    """
    return f"strftime('%Y-%m-%dT%H:%M:%S+09:00', {seconds}, 'unixepoch', '+9 hours')"


def _as_iso(column: str) -> str:
    return f"{iso(column)} AS {column}"


_STATE = f"""CASE
    WHEN sp.seen_until - sp.seen_from >= {FROZEN_AFTER_S} THEN 'frozen'
    WHEN sp.changed_after IS NULL OR sp.seen_from - sp.changed_after > {HOLD_S} THEN 'unconfirmed'
    ELSE 'live' END"""


def _too_old(now: str) -> str:
    """Where looks are rare: values that may stand still by now, since nobody looked again."""
    return f"""WHEN {now} - sp.seen_from >= {FROZEN_AFTER_S}
                AND sp.seen_until - sp.seen_from < {FROZEN_AFTER_S} THEN 'unconfirmed'"""


_NAMES = """st.name_ko AS station, st.name_en AS station_en, st.kma_id,
    r.temperature / 10.0 AS temperature, c.condition, c.label, p.name AS portal"""

_READINGS_OF_SPELL = """
    JOIN stations AS st ON st.id = r.station_id
    JOIN conditions AS c ON c.id = r.condition_id"""

_PAGE_DATE = """coalesce(
        (SELECT f.page_date FROM fetches AS f
            WHERE f.portal_id = sp.portal_id AND f.fetched_at = sp.seen_until),
        (SELECT k.page_date FROM captures AS k
            WHERE k.portal_id = sp.portal_id AND k.captured_at = sp.seen_until
                AND k.sidebar_id = sp.sidebar_id AND k.precision = 'second')) AS page_date"""

_END_OF_TIME = 2**62

NOW = "CAST(strftime('%s', 'now') AS INTEGER)"

WEATHER = f"""
    SELECT {_NAMES}, sp.seen_from, sp.seen_until, sp.changed_after,
        {_PAGE_DATE}, {_STATE} AS state
    FROM portals AS p
    CROSS JOIN spells AS sp ON sp.portal_id = p.id
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id {_READINGS_OF_SPELL}"""
"""Portals before spells, which CROSS tells SQLite to keep to: their key begins with the portal."""


def latest(now: str) -> str:
    """
    The newest reading of each station and portal.

    Args:
        now: An SQL expression for the present, in epoch seconds.
    """
    return f"""
    SELECT {_NAMES}, sp.seen_from, sp.seen_until, {_PAGE_DATE},
        CASE WHEN {now} - sp.seen_until > {DOWN_AFTER_INTERVALS} * p.interval_s
            OR EXISTS (SELECT 1 FROM spells AS o
                WHERE o.portal_id = sp.portal_id AND o.seen_from > sp.seen_from) THEN 'down'
            {_too_old(now)} ELSE {_STATE} END AS state,
        ({now} - sp.seen_from) / 60 AS age
    FROM portal_stations AS ps
    JOIN portals AS p ON p.id = ps.portal_id
    JOIN spells AS sp ON sp.portal_id = ps.portal_id AND sp.seen_from = (
        SELECT s.seen_from FROM spells AS s
        JOIN readings AS t ON t.sidebar_id = s.sidebar_id AND t.station_id = ps.station_id
        WHERE s.portal_id = ps.portal_id ORDER BY s.seen_from DESC LIMIT 1)
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id AND r.station_id = ps.station_id
    {_READINGS_OF_SPELL}
    ORDER BY p.id, st.kma_id IS NULL, st.kma_id, st.name_ko"""


SERIES = f"""
    SELECT sp.seen_from, sp.seen_until, sp.changed_after, r.temperature / 10.0,
        c.condition, c.label, p.name, {_STATE}
    FROM portals AS p
    CROSS JOIN spells AS sp ON sp.portal_id = p.id
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
        AND r.station_id = (SELECT id FROM stations WHERE name_ko = :station)
    JOIN conditions AS c ON c.id = r.condition_id
    WHERE (:portal IS NULL OR p.name = :portal)
        AND sp.seen_from < coalesce(:until, {_END_OF_TIME})
        AND sp.seen_until >= coalesce(:since, -{_END_OF_TIME})
        AND sp.seen_from >= coalesce((
            SELECT b.seen_from FROM spells AS b
            WHERE b.portal_id = p.id AND b.seen_from <= coalesce(:since, -{_END_OF_TIME})
            ORDER BY b.seen_from DESC LIMIT 1), -{_END_OF_TIME})
    ORDER BY sp.seen_from, p.id"""
"""The last condition says no more than the one before, but in a way that finds the first row."""

STATIONS = """
    SELECT kma_id, name_ko, name_en, latitude, longitude, elevation_m, province
    FROM stations ORDER BY kma_id IS NULL, kma_id, name_ko"""

PORTALS = """
    SELECT p.name, p.url, p.interval_s,
        (SELECT min(fetched_at) FROM fetches AS f WHERE f.portal_id = p.id) AS first_look,
        (SELECT max(fetched_at) FROM fetches AS f WHERE f.portal_id = p.id) AS last_look,
        (SELECT seen_until FROM spells AS sp WHERE sp.portal_id = p.id
            ORDER BY seen_from DESC LIMIT 1) AS last_success,
        (SELECT count(*) FROM fetches AS f WHERE f.portal_id = p.id) AS looks
    FROM portals AS p ORDER BY p.id"""

OUTCOME = """CASE WHEN f.outcome <> 'read' THEN f.outcome
            WHEN EXISTS (SELECT 1 FROM spells AS sp
                WHERE sp.portal_id = f.portal_id AND sp.seen_from = f.fetched_at) THEN 'new'
            ELSE 'unchanged' END"""
"""How a look ended; ``f`` is its row."""

LOOKS = f"""
    SELECT f.id, p.name AS portal, f.fetched_at,
        {OUTCOME} AS outcome,
        f.status, f.milliseconds, f.bytes, f.page_date, f.sidebar_id, f.reason, s.problems,
        f.retry_at
    FROM fetches AS f
    JOIN portals AS p ON p.id = f.portal_id
    LEFT JOIN sidebars AS s ON s.id = f.sidebar_id"""


def last_looks(*, since: bool, until: bool) -> str:
    """The newest first: along the index by time, from ``:until`` back to ``:since`` if any."""
    from_then = f"AND {iso('f.fetched_at')} >= {iso(':since')}" if since else ""
    before_then = f"AND {iso('f.fetched_at')} < {iso(':until')}" if until else ""
    return f"""
    {LOOKS}
    WHERE (:portal IS NULL OR p.name = :portal) AND (f.sidebar_id IS NULL OR NOT :failed)
        {from_then} {before_then}
    ORDER BY {iso("f.fetched_at")} DESC, f.id DESC LIMIT :last"""


CAPTURES = """
    SELECT p.name AS portal, k.captured_at, k.precision, k.page_date, k.sidebar_id, s.problems
    FROM captures AS k
    JOIN portals AS p ON p.id = k.portal_id
    JOIN sidebars AS s ON s.id = k.sidebar_id"""

_NO_PAGE = "('fetch_failed', 'refused_by_robots')"

MEMORY = f"""
    SELECT p.etag, p.last_modified, f.fetched_at AS last_look, f.retry_at, (
        SELECT count(*) FROM fetches AS g WHERE g.portal_id = p.id AND g.fetched_at > coalesce((
            SELECT h.fetched_at FROM fetches AS h
            WHERE h.portal_id = p.id AND h.outcome NOT IN {_NO_PAGE}
            ORDER BY h.fetched_at DESC LIMIT 1), -{_END_OF_TIME})) AS failures
    FROM portals AS p
    LEFT JOIN fetches AS f ON f.portal_id = p.id AND f.fetched_at = (
        SELECT max(fetched_at) FROM fetches WHERE portal_id = p.id)
    WHERE p.name = :portal"""

STATUS = f"""
    SELECT p.name AS portal, p.interval_s, sp.seen_from, sp.seen_until AS last_success,
        CASE WHEN sp.seen_until IS NULL
            OR :now - sp.seen_until > {DOWN_AFTER_INTERVALS} * p.interval_s THEN 'down'
            {_too_old(":now")} ELSE {_STATE} END AS state,
        f.fetched_at AS last_look, f.reason, s.problems,
        CASE WHEN f.id IS NOT NULL THEN {OUTCOME} END AS outcome,
        (SELECT count(*) FROM fetches AS d WHERE d.portal_id = p.id
            AND d.fetched_at > :now - {DAY_S}) AS looks,
        (SELECT count(*) FROM fetches AS d WHERE d.portal_id = p.id
            AND d.fetched_at > :now - {DAY_S} AND d.sidebar_id IS NULL) AS failures,
        (SELECT max(d.fetched_at) FROM fetches AS d WHERE d.portal_id = p.id
            AND d.fetched_at > :now - {DAY_S} AND d.sidebar_id IS NULL) AS last_failure,
        (SELECT group_concat(t.problems, char(10)) FROM spells AS v
            JOIN sidebars AS t ON t.id = v.sidebar_id
            WHERE v.portal_id = p.id AND v.seen_until > :now - {DAY_S} AND v.seen_from >= coalesce((
                SELECT max(seen_from) FROM spells
                WHERE portal_id = p.id AND seen_from <= :now - {DAY_S}), -{_END_OF_TIME})
            ) AS recent_problems
    FROM portals AS p
    LEFT JOIN spells AS sp ON sp.portal_id = p.id AND sp.seen_from = (
        SELECT max(seen_from) FROM spells WHERE portal_id = p.id)
    LEFT JOIN sidebars AS s ON s.id = sp.sidebar_id
    LEFT JOIN fetches AS f ON f.portal_id = p.id AND f.fetched_at = (
        SELECT max(fetched_at) FROM fetches WHERE portal_id = p.id)
    WHERE CASE WHEN :portals IS NULL THEN f.id IS NOT NULL
            OR NOT EXISTS (SELECT 1 FROM captures AS k WHERE k.portal_id = p.id)
        ELSE p.name IN (SELECT value FROM json_each(:portals)) END
    ORDER BY p.id"""
"""Where no portals are named, all but those that only archives know, at which nothing is due."""

_LONGEST_WAIT_S = f"max({LONGEST_BACK_OFF_S}, g.interval_s) + g.interval_s"

GAPS_OF_LOOKS = f"""
    WITH seen AS (
        SELECT f.portal_id, fetched_at AS since,
            coalesce(lead(fetched_at) OVER (PARTITION BY f.portal_id ORDER BY fetched_at), :now)
                AS until
        FROM portals AS p CROSS JOIN fetches AS f ON f.portal_id = p.id
        WHERE fetched_at >= max(
                coalesce((SELECT until FROM pruned WHERE portal_id = p.id), -{_END_OF_TIME}),
                coalesce((SELECT b.fetched_at FROM fetches AS b
                    WHERE b.portal_id = p.id AND b.sidebar_id IS NOT NULL AND b.fetched_at <= :since
                    ORDER BY b.fetched_at DESC LIMIT 1), -{_END_OF_TIME}))
            AND (sidebar_id IS NOT NULL OR fetched_at = (
                SELECT min(first.fetched_at) FROM fetches AS first
                WHERE first.portal_id = f.portal_id))
    ), gaps AS (
        SELECT p.id, p.name AS portal, p.interval_s, since, until
        FROM seen JOIN portals AS p ON p.id = portal_id
        WHERE until - since > {GAP_AFTER_INTERVALS} * p.interval_s
            AND until > coalesce(:since, until - 1)
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
"""
Since the looks that are all there, and since the last success before what is asked for.

Unwatched: somewhere in it two looks are further apart than even a back-off puts them.
"""

GAPS = f"""
    SELECT portal, max(since, coalesce(:since, since)) AS since,
        min(until, coalesce(:until, until)) AS until, failures, failure, unwatched, event, detail
    FROM (
        SELECT * FROM ({GAPS_OF_LOOKS})
        UNION ALL
        SELECT b.portal_id, p.name, b.since, b.until, b.failures, b.failure, b.unwatched, b.event,
            b.detail
        FROM past_gaps AS b JOIN portals AS p ON p.id = b.portal_id
        WHERE b.until > coalesce(:since, b.until - 1)
    ) AS g
    WHERE g.since < coalesce(:until, g.since + 1) AND (:portal IS NULL OR portal = :portal)
    ORDER BY g.since, g.portal_id"""

TOLD = """
    SELECT p.name AS portal, n.kind, n.told_at, n.text
    FROM notices AS n JOIN portals AS p ON p.id = n.portal_id"""

MARK = """
    SELECT f.id AS look, f.fetched_at AS looked_at,
        (SELECT json_group_array(u.id) FROM fetches AS u
            WHERE u.outcome = 'unread' AND u.id <= f.id) AS unread,
        coalesce(
            (SELECT sidebar_id FROM readings WHERE sidebar_id > :sidebar
                ORDER BY sidebar_id LIMIT 1 OFFSET :at_once),
            (SELECT max(sidebar_id) FROM readings), 0) AS sidebar
    FROM fetches AS f
    WHERE f.id <= coalesce(
        (SELECT id FROM fetches WHERE id > :look ORDER BY id LIMIT 1 OFFSET :at_once),
        (SELECT max(id) FROM fetches))
    ORDER BY f.id DESC LIMIT 1"""
"""The next mark after another, so many looks and readings later: who counts holds up who writes."""

TALLY = f"""
    SELECT p.name AS portal, {OUTCOME} AS outcome, f.milliseconds, count(*) AS looks
    FROM fetches AS f JOIN portals AS p ON p.id = f.portal_id
    WHERE (f.id > :since AND f.id <= :until OR f.id IN (SELECT value FROM json_each(:late)))
        AND f.id NOT IN (SELECT value FROM json_each(:unread))
    GROUP BY f.portal_id, 2, f.milliseconds"""
"""Few rows: looks take some hundred different numbers of milliseconds."""

READINGS_TALLY = "SELECT count(*) FROM readings WHERE sidebar_id > :since AND sidebar_id <= :until"


_CONTRACT = f"""station, station_en, kma_id, {_as_iso("seen_from")}, {_as_iso("seen_until")},
    temperature, condition, label, portal, page_date, state"""

VIEWS = {
    "weather": f"SELECT {_CONTRACT} FROM ({WEATHER})",
    "latest": f"SELECT {_CONTRACT}, age FROM ({latest(NOW)})",
    "looks": f"""SELECT id, portal, {_as_iso("fetched_at")}, outcome, status, milliseconds, bytes,
        page_date, sidebar_id, reason, problems, {_as_iso("retry_at")}, 'second' AS precision
        FROM ({LOOKS})
        UNION ALL SELECT NULL, portal, {_as_iso("captured_at")}, 'archived', NULL, NULL, NULL,
        page_date, sidebar_id, NULL, problems, NULL, precision FROM ({CAPTURES})""",
}
"""The contract with whoever reads the file: the views' names, and what each selects."""
