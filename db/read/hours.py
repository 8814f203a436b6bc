"""
The full hours of every station, with the columns that plain SQL computes fast.

The mean of the hour and the number of portals that agree are in ``db.measures.hours``.
"""

from __future__ import annotations

from db.derived import flag_sql
from db.read.latest import PLACE
from db.read.why import NOT_LISTED, why_sql
from db.validity import last_look_sql, rank_sql, state_sql

_LAST_LOOK = last_look_sql("h.hour_s")
_SHOWS_OTHERS = """EXISTS (SELECT 1 FROM spells AS o WHERE o.portal_id = sp.portal_id
    AND o.seen_from > sp.seen_from AND o.seen_from <= h.hour_s)"""
_STATE = f"CASE WHEN {_SHOWS_OTHERS} THEN 'down' ELSE {state_sql('h.hour_s', _LAST_LOOK)} END"


def _last_spell(portal: str) -> str:
    """The last spell of a portal up to an hour ``h`` that lists the station."""
    return f"""(SELECT b.seen_from FROM spells AS b
        JOIN readings AS t ON t.sidebar_id = b.sidebar_id AND t.station_id = h.station_id
        WHERE b.portal_id = {portal} AND b.seen_from <= h.hour_s
        ORDER BY b.seen_from DESC LIMIT 1)"""


_COUNTS = f"""(SELECT id FROM (
        SELECT p.id, {_STATE} AS state, sp.published_by, sp.seen_from
        FROM portal_stations AS ps
        JOIN portals AS p ON p.id = ps.portal_id
        JOIN spells AS sp ON sp.portal_id = p.id AND sp.seen_from = {_last_spell("p.id")}
        WHERE ps.station_id = h.station_id)
    ORDER BY {rank_sql("state")}, id LIMIT 1)"""
"""
The portal whose set counts for a station at an hour ``h``.

In two steps: SQLite knows no column of an outer query in an ORDER BY.
"""

HOURS = f"""
    WITH RECURSIVE span AS (
        SELECT min((SELECT min(seen_from) FROM spells WHERE portal_id = p.id)) / 3600 * 3600
            AS first,
            max((SELECT seen_until FROM spells WHERE portal_id = p.id
                ORDER BY seen_from DESC LIMIT 1)) AS last
        FROM portals AS p
    ), grid AS (
        SELECT first AS hour_s FROM span WHERE first IS NOT NULL
        UNION ALL SELECT hour_s + 3600 FROM grid WHERE hour_s + 3600 <= (SELECT last FROM span)
    ), asked AS (
        SELECT {PLACE}, st.id AS station_id, hour_s FROM grid CROSS JOIN stations AS st
    ), counting AS (
        SELECT h.*, {_COUNTS} AS portal_id FROM asked AS h
    ), shown AS (
        SELECT h.*, {_last_spell("h.portal_id")} AS seen_from FROM counting AS h
    ), known AS (
        SELECT h.*, sp.changed_after, sp.published_by, p.name AS portal, sp.sidebar_id,
            CASE WHEN sp.seen_from IS NULL THEN 'none' ELSE {_STATE} END AS state,
            CASE WHEN sp.seen_from IS NULL THEN NULL WHEN {_SHOWS_OTHERS} THEN '{NOT_LISTED}'
                ELSE {why_sql(f"({_STATE})", "h.hour_s", _LAST_LOOK)} END AS why
        FROM shown AS h
        LEFT JOIN portals AS p ON p.id = h.portal_id
        LEFT JOIN spells AS sp ON sp.portal_id = h.portal_id AND sp.seen_from = h.seen_from
    )
    SELECT known.*, r.temperature / 10.0 AS temperature_c, c.condition, c.wmo_4677, c.label,
        {flag_sql("known")} AS flag
    FROM known
    LEFT JOIN readings AS r ON state = 'live' AND r.sidebar_id = known.sidebar_id
        AND r.station_id = known.station_id
    LEFT JOIN conditions AS c ON c.id = r.condition_id"""
"""From the hour of the first successful look to that of the last."""
