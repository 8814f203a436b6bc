"""The newest reading of each station and portal."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from db import frozen
from db.derived import LEARNED, LEARNED_COLUMNS, flag_sql
from db.read.rows import BY_STATION, date_or_none, moment_or_none
from db.read.why import NOT_LISTED, why_sql
from db.validity import last_look_sql, live_until_sql, state_sql, watched_until_sql

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from db.validity import State


PLACE = "st.name_ko AS station, st.name_en AS station_en, st.kma_id, st.latitude, st.longitude"

VALUE = "r.temperature / 10.0 AS temperature_c, c.condition, c.wmo_4677, c.label"

DIGEST = "(SELECT lower(hex(s.digest)) FROM sidebars AS s WHERE s.id = sp.sidebar_id) AS digest"


READINGS_OF_SPELL = """
    JOIN stations AS st ON st.id = r.station_id
    JOIN conditions AS c ON c.id = r.condition_id"""


PAGE_DATE = """coalesce(
        (SELECT f.page_date FROM fetches AS f
            WHERE f.portal_id = sp.portal_id AND f.fetched_at = sp.seen_until),
        (SELECT k.page_date FROM captures AS k
            WHERE k.portal_id = sp.portal_id AND k.captured_at = sp.seen_until
                AND k.sidebar_id = sp.sidebar_id AND k.precision = 'second')) AS page_date"""


def _spell_of(rows: str) -> str:
    """Join the spell ``sp`` that these rows name."""
    return f"""CROSS JOIN spells AS sp ON sp.portal_id = {rows}.portal_id
            AND sp.seen_from = {rows}.seen_from"""


def latest(now: str) -> str:
    """
    The newest reading of each station and portal, as of a moment; later looks do not count.

    The columns that the stations of a spell share are computed once. The rows are grouped and not
    made distinct in a table of their own: each such table takes memory that the C library gives
    back to the system at every question, which costs as much as the answer.

    Args:
        now: An SQL expression for the present, in epoch seconds.
    """
    return f"""
    WITH newest AS MATERIALIZED (
        SELECT ps.portal_id, ps.station_id, (
            SELECT b.seen_from FROM spells AS b
            JOIN readings AS t ON t.sidebar_id = b.sidebar_id AND t.station_id = ps.station_id
            WHERE b.portal_id = ps.portal_id AND b.seen_from <= {now}
            ORDER BY b.seen_from DESC LIMIT 1) AS seen_from
        FROM portal_stations AS ps
    ), looked AS (
        SELECT sp.portal_id, sp.seen_from, {last_look_sql(now)} AS last_look
        FROM newest {_spell_of("newest")}
        GROUP BY sp.portal_id, sp.seen_from
    ), judged AS (
        SELECT looked.*, {state_sql(now, "looked.last_look")} AS state
        FROM looked {_spell_of("looked")} JOIN portals AS p ON p.id = sp.portal_id
    ), shown AS MATERIALIZED (
        SELECT sp.portal_id, p.name AS portal, sp.sidebar_id, sp.seen_from, sp.seen_until,
            sp.changed_after, sp.published_by, sp.observed_at, judged.state,
            {live_until_sql(watched_until_sql("judged.last_look"))} AS live_until, {PAGE_DATE},
            {DIGEST}, {why_sql("judged.state", now, "judged.last_look")} AS why,
            EXISTS (SELECT 1 FROM spells AS o WHERE o.portal_id = sp.portal_id
                AND o.seen_from > sp.seen_from AND o.seen_from <= {now}) AS shows_others
        FROM judged {_spell_of("judged")} JOIN portals AS p ON p.id = sp.portal_id
    )
    SELECT {PLACE}, shown.seen_from, shown.seen_until, shown.changed_after, shown.published_by,
        CASE WHEN shown.state = 'live' AND NOT shows_others THEN live_until END AS valid_until,
        {VALUE}, shown.portal,
        shown.page_date, CASE WHEN shows_others THEN 'down' ELSE shown.state END AS state,
        CASE WHEN shows_others THEN '{NOT_LISTED}' ELSE shown.why END AS why,
        shown.digest, {LEARNED_COLUMNS}, {flag_sql("shown")} AS flag,
        ({now} - shown.published_by) / 60 AS age_minutes, shown.observed_at, shown.portal_id
    FROM newest
    JOIN shown ON shown.portal_id = newest.portal_id AND shown.seen_from = newest.seen_from
    JOIN readings AS r ON r.sidebar_id = shown.sidebar_id AND r.station_id = newest.station_id
    {READINGS_OF_SPELL} {LEARNED}
    ORDER BY shown.portal_id, {BY_STATION}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """
    The newest reading of a station at a portal.

    Attributes:
        station, station_en, kma_id: The station; the last two are None for an unknown city.
        latitude, longitude: Its place, degrees, WGS 84; None if unknown.
        seen_from, seen_until: The first and the last look that saw it; Korean time.
        changed_after: The last earlier look that showed another set; None if there was none.
        published_by: The latest time by which the set was published.
        valid_until: When a live value stops being live if the portal is not polled again; else
            None.
        temperature_c: Degrees Celsius; None if no number was printed.
        condition: Our name of the sky, such as ``"overcast"``; None = unknown.
        wmo_4677: The nearest WMO 4677 present weather code; None if there is none.
        label: The sky as printed.
        portal: The portal that showed it.
        page_date: The date printed with it at the last look.
        state: ``live``, ``unconfirmed``, ``stale``, ``frozen`` or ``down``.
        why: The fact that decided the state, in one sentence.
        digest: The digest of the sidebar, in hexadecimal digits.
        learned_condition, learned_from: If the label was lost, the sky that another portal printed
            for the same set, and that portal; else None.
        flag: QARTOD's number: 1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 no number printed.
        age_minutes: Minutes since ``published_by``.
        observed_at: The hour of the observation, if a feed prints it with the set; else None.
    """

    station: str
    station_en: str | None
    kma_id: int | None
    latitude: float | None
    longitude: float | None
    seen_from: dt.datetime
    seen_until: dt.datetime
    changed_after: dt.datetime | None
    published_by: dt.datetime
    valid_until: dt.datetime | None
    temperature_c: float | None
    condition: str | None
    wmo_4677: int | None
    label: str
    portal: str
    page_date: dt.date | None
    state: State
    why: str
    digest: str
    learned_condition: str | None = None
    learned_from: str | None = None
    flag: int
    age_minutes: int
    observed_at: dt.datetime | None


def read(rows: list[tuple[Any, ...]]) -> list[Latest]:
    """Read the rows of ``latest``; their columns are the fields of ``Latest``, and one more."""
    if not rows:
        return []
    columns: dict[str, Iterable[Any]] = dict(zip(_FIELDS, zip(*rows, strict=True), strict=False))
    for name in MOMENTS:
        columns[name] = map(moment_or_none, columns[name])
    columns["page_date"] = map(date_or_none, columns["page_date"])
    return frozen.records(Latest, *columns.values())


_FIELDS = tuple(field.name for field in fields(Latest))

MOMENTS = (
    *("seen_from", "seen_until", "published_by", "changed_after", "valid_until"),
    "observed_at",
)
