"""
The questions of ``benchmarks.database`` in raw ``sqlite3``: the least work for the same answer.

On nalssi's own tables, and on a naive table of one row a city and look.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from benchmarks import history
from benchmarks.timing import median
from db.moments import KST, epoch
from db.validity import HOLD_S

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

NOW = history.END


def rebuild_raw(path: Path) -> None:
    """Only the spells, without the facts about their sets."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TEMP TABLE bare (p, f, u, a, s, PRIMARY KEY (p, f)) WITHOUT ROWID")
        conn.execute("""
            INSERT INTO bare
            SELECT portal_id, seen_from, seen_until,
                lag(seen_until) OVER (PARTITION BY portal_id ORDER BY seen_from), sidebar_id
            FROM (SELECT portal_id, min(at) AS seen_from, max(at) AS seen_until, sidebar_id
                FROM (SELECT *, sum(new) OVER (PARTITION BY portal_id ORDER BY at) AS nth
                    FROM (SELECT portal_id, captured_at AS at, sidebar_id, sidebar_id IS NOT
                            lag(sidebar_id) OVER (PARTITION BY portal_id ORDER BY captured_at)
                            AS new FROM captures))
                GROUP BY portal_id, nth)""")
        conn.commit()


def latest_raw(conn: sqlite3.Connection) -> list[tuple[object, ...]]:
    return conn.execute(
        """
        SELECT name_ko, name_en, kma_id, latitude, longitude,
            strftime('%Y-%m-%dT%H:%M:%S+09:00', sp.seen_from, 'unixepoch', '+9 hours'),
            strftime('%Y-%m-%dT%H:%M:%S+09:00', sp.seen_until, 'unixepoch', '+9 hours'),
            strftime('%Y-%m-%dT%H:%M:%S+09:00', sp.changed_after, 'unixepoch', '+9 hours'),
            strftime('%Y-%m-%dT%H:%M:%S+09:00', sp.published_by, 'unixepoch', '+9 hours'),
            strftime('%Y-%m-%dT%H:%M:%S+09:00', min(sp.published_by + 5400, sp.seen_until + 1200),
                'unixepoch', '+9 hours'),
            temperature / 10.0, condition, wmo_4677, label, p.name, k.page_date,
            CASE WHEN :now - sp.seen_until > 3 * p.interval_s THEN 'down'
                WHEN sp.seen_until - sp.standing_since >= 10800 THEN 'frozen'
                WHEN :now - sp.published_by >= 10800 THEN 'stale'
                WHEN sp.first_after >= sp.first_seen - 5400 AND sp.doubt IS NULL
                    AND :now - sp.published_by < 5400 THEN 'live'
                ELSE 'unconfirmed' END,
            'first shown ' || strftime('%Y-%m-%d %H:%M', sp.first_seen, 'unixepoch', '+9 hours'),
            hex(s.digest), (:now - sp.published_by) / 60
        FROM portals AS p
        CROSS JOIN spells AS sp ON sp.portal_id = p.id
            AND sp.seen_from = (SELECT max(seen_from) FROM spells WHERE portal_id = p.id)
        JOIN sidebars AS s ON s.id = sp.sidebar_id
        JOIN readings AS r USING (sidebar_id)
        JOIN stations AS st ON st.id = r.station_id
        JOIN conditions AS c ON c.id = r.condition_id
        LEFT JOIN captures AS k ON k.portal_id = p.id AND k.captured_at = sp.seen_until
        """,
        {"now": epoch(NOW)},
    ).fetchall()


def series_raw(conn: sqlite3.Connection, since: dt.datetime) -> list[tuple[object, ...]]:
    return conn.execute(
        """
        SELECT strftime('%Y-%m-%dT%H:%M:%S+09:00', seen_from, 'unixepoch', '+9 hours'),
            strftime('%Y-%m-%dT%H:%M:%S+09:00', seen_until, 'unixepoch', '+9 hours'),
            strftime('%Y-%m-%dT%H:%M:%S+09:00', changed_after, 'unixepoch', '+9 hours'),
            temperature / 10.0, condition, label, p.name,
            CASE WHEN seen_until - seen_from >= 10800 THEN 'frozen'
                WHEN seen_from - changed_after <= 5400 THEN 'live' ELSE 'unconfirmed' END
        FROM portals AS p
        JOIN spells AS sp ON sp.portal_id = p.id AND sp.seen_from >= :since
        JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
            AND r.station_id = (SELECT id FROM stations WHERE name_ko = '서울')
        JOIN conditions AS c ON c.id = r.condition_id ORDER BY seen_from
        """,
        {"since": epoch(since)},
    ).fetchall()


_STATS = f"""
    WITH shown AS (
        SELECT seen_from, changed_after, lead(seen_from) OVER (ORDER BY seen_from) AS next,
            temperature, condition
        FROM spells AS sp
        JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
            AND r.station_id = (SELECT id FROM stations WHERE name_ko = '서울')
        JOIN conditions AS c ON c.id = r.condition_id
        WHERE sp.portal_id = 1 AND sp.seen_from >= :since
    ), live AS (
        SELECT seen_from AS since,
            min(seen_from + {HOLD_S}, coalesce(next, seen_from + {HOLD_S})) AS until,
            temperature, condition
        FROM shown WHERE seen_from - changed_after <= {HOLD_S}
    ), parts AS (
        SELECT (since + 32400) / 86400 AS day, since,
            min(until, (since + 32400) / 86400 * 86400 + 54000) AS until,
            temperature, condition, 1 AS first FROM live
        UNION ALL
        SELECT (until + 32400) / 86400, (until + 32400) / 86400 * 86400 - 32400, until,
            temperature, condition, 0 FROM live
        WHERE (until + 32400) / 86400 > (since + 32400) / 86400
            AND (until + 32400) % 86400 > 0
    ), gaps AS (
        SELECT *, since - coalesce(lag(until) OVER (PARTITION BY day ORDER BY since),
            day * 86400 - 32400) AS gap FROM parts
    ), skies AS (
        SELECT day, json_group_object(condition, seconds) AS shares FROM (
            SELECT day, condition, sum(until - since) AS seconds
            FROM parts GROUP BY day, condition) GROUP BY day
    ), highest AS (
        SELECT day, max(temperature) AS maximum, since AS maximum_at FROM parts GROUP BY day
    ), sums AS (
        SELECT day, sum(temperature * (until - since)) / 10.0 / sum(until - since) AS mean,
            min(temperature) AS minimum, since AS minimum_at, sum(first) AS readings,
            sum(until - since) / 86400.0 AS coverage,
            max(max(gap), day * 86400 + 54000 - max(until)) AS longest_gap
        FROM gaps WHERE temperature IS NOT NULL GROUP BY day
    )
    SELECT * FROM sums JOIN highest USING (day) JOIN skies USING (day) ORDER BY day"""


def stats_raw(conn: sqlite3.Connection, since: dt.datetime | None) -> list[tuple[object, ...]]:
    """Days with mean, extremes and when, count, coverage, longest gap, and the shares of skies."""
    return conn.execute(_STATS, {"since": epoch(since) if since else 0}).fetchall()


# ---- the same questions to the naive table, which knows no states


def naive_latest(conn: sqlite3.Connection) -> float:
    sql = "SELECT city, max(time), sky, temperature FROM weather GROUP BY city"
    return median(lambda: conn.execute(sql).fetchall(), rounds=3)


def naive_series(conn: sqlite3.Connection, since: dt.datetime) -> float:
    sql = "SELECT * FROM weather WHERE city = '서울' AND time >= ? ORDER BY time"
    start = since.astimezone(KST).isoformat()
    return median(lambda: conn.execute(sql, (start,)).fetchall(), rounds=3)


def naive_stats(conn: sqlite3.Connection, since: dt.datetime | None) -> float:
    sql = """SELECT substr(time, 1, 10), avg(temperature), min(temperature), max(temperature),
        count(*) FROM weather WHERE city = '서울' AND time >= ? GROUP BY 1"""
    start = since.astimezone(KST).isoformat() if since else ""
    return median(lambda: conn.execute(sql, (start,)).fetchall(), rounds=3)
