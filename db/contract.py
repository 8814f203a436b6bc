"""
The contract with readers of the file: the views, and their SQL.

Tables may change under the views; the views may only grow. Times are epoch seconds UTC in the
tables; the views turn them into ISO 8601 with the Korean offset.
"""

from __future__ import annotations

from db.problems import sentences
from db.read import gaps
from db.read.best import best_of
from db.read.flags import FLAGS
from db.read.freezes import FREEZES
from db.read.hours import HOURS
from db.read.latest import latest
from db.read.looks import CAPTURES, LOOKS
from db.read.rows import NOW, iso
from db.read.series import WEATHER


def _as_iso(column: str) -> str:
    return f"{iso(column)} AS {column}"


_TIMES = ("seen_from", "seen_until", "changed_after", "published_by", "valid_until")

_CONTRACT = f"""station, station_en, kma_id, latitude, longitude,
    {", ".join(map(_as_iso, _TIMES))}, {", ".join(f"{time} AS {time}_s" for time in _TIMES)},
    temperature_c, condition, wmo_4677, label, portal, page_date, state, why, digest"""

_OBSERVED = f"{_as_iso('observed_at')}, observed_at AS observed_at_s"

_SPAN = f"{_as_iso('since')}, {_as_iso('until')}, since AS since_s, until AS until_s"

_PROBLEMS = f"{sentences('problems')} AS problems"

_NEWEST = f"""SELECT station, station_en, kma_id, latitude, longitude,
    {", ".join(f"{time}_s AS {time}" for time in (*_TIMES, "observed_at"))},
    temperature_c, condition, wmo_4677, label, portal, page_date, state, why, digest, age_minutes,
    flag, (SELECT p.id FROM portals AS p WHERE p.name = portal) AS portal_id FROM latest"""
"""The view ``latest`` with times as numbers: to repeat its SQL would slow each opening."""

VIEWS = {
    "weather": f"SELECT {_CONTRACT}, flag, {_OBSERVED} FROM ({WEATHER})",
    "latest": f"SELECT {_CONTRACT}, age_minutes, flag, {_OBSERVED} FROM ({latest(NOW)})",
    "latest_best": f"""SELECT {_CONTRACT}, age_minutes, live_portals, agreeing_portals, flag,
        {_OBSERVED} FROM ({best_of(_NEWEST)})""",
    "hours": f"""SELECT station, station_en, kma_id, latitude, longitude,
        {iso("hour_s")} AS hour, {_as_iso("published_by")}, hour_s,
        published_by AS published_by_s, temperature_c, condition, wmo_4677, label, portal, state,
        why, flag FROM ({HOURS})""",
    "gaps": f"""SELECT portal, {_SPAN}, failures, cause, reason
        FROM ({gaps.gaps(NOW, *3 * ["NULL"])})""",
    "freezes": f"""SELECT portal, {_SPAN}, {_as_iso("next_change")}, next_change AS next_change_s,
        why FROM ({FREEZES})""",
    "flags": f"""SELECT station, station_en, kma_id, {_as_iso("seen_from")},
        {_as_iso("seen_until")}, seen_from AS seen_from_s, seen_until AS seen_until_s,
        temperature_c, portal, kind, flag FROM ({FLAGS})""",
    "looks": f"""SELECT id, portal, {_as_iso("fetched_at")}, outcome, status, milliseconds, bytes,
        page_date, sidebar_id, reason, {_PROBLEMS}, {_as_iso("retry_at")}, 'second' AS precision
        FROM ({LOOKS})
        UNION ALL SELECT NULL, portal, {_as_iso("captured_at")}, 'archived', NULL, NULL, NULL,
        page_date, sidebar_id, NULL, {_PROBLEMS}, NULL, precision FROM ({CAPTURES})""",
}
