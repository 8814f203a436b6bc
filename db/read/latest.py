"""The newest reading of each station and portal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db import labels
from db.read.rows import date_or_none, moment_or_none
from db.read.why import NOT_LISTED, why_sql
from db.reading import moment
from db.validity import LIVE_UNTIL, last_look_sql, state_sql

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3

    from db.validity import State


NAMES = """st.name_ko AS station, st.name_en AS station_en, st.kma_id,
    r.temperature / 10.0 AS temperature, c.condition, c.label, p.name AS portal"""


READINGS_OF_SPELL = """
    JOIN stations AS st ON st.id = r.station_id
    JOIN conditions AS c ON c.id = r.condition_id"""


PAGE_DATE = """coalesce(
        (SELECT f.page_date FROM fetches AS f
            WHERE f.portal_id = sp.portal_id AND f.fetched_at = sp.seen_until),
        (SELECT k.page_date FROM captures AS k
            WHERE k.portal_id = sp.portal_id AND k.captured_at = sp.seen_until
                AND k.sidebar_id = sp.sidebar_id AND k.precision = 'second')) AS page_date"""


def latest(now: str) -> str:
    """
    The newest reading of each station and portal, as of a moment; later looks count for nothing.

    Args:
        now: An SQL expression for the present, in epoch seconds.
    """
    last_look = last_look_sql(now)
    return f"""
    SELECT station, station_en, kma_id, temperature, condition, label, portal,
        seen_from, seen_until, page_date,
        CASE WHEN shows_others THEN 'down' ELSE state END AS state, age,
        changed_after, published_by,
        CASE WHEN state = 'live' AND NOT shows_others THEN live_until END AS valid_until,
        CASE WHEN shows_others THEN '{NOT_LISTED}' ELSE why END AS why,
        learned_condition, learned_from
    FROM (
        SELECT *, EXISTS (SELECT 1 FROM spells AS o WHERE o.portal_id = shown.portal_id
            AND o.seen_from > shown.seen_from AND o.seen_from <= {now}) AS shows_others
        FROM (
            SELECT {NAMES}, sp.portal_id, sp.seen_from, sp.seen_until, {PAGE_DATE},
                {state_sql(now, last_look)} AS state, ({now} - sp.published_by) / 60 AS age,
                sp.changed_after, sp.published_by, {LIVE_UNTIL} AS live_until,
                {why_sql(f"({state_sql(now, last_look)})", now, last_look)} AS why,
                {labels.COLUMNS}
            FROM portal_stations AS ps
            JOIN portals AS p ON p.id = ps.portal_id
            JOIN spells AS sp ON sp.portal_id = ps.portal_id AND sp.seen_from = (
                SELECT s.seen_from FROM spells AS s
                JOIN readings AS t ON t.sidebar_id = s.sidebar_id AND t.station_id = ps.station_id
                WHERE s.portal_id = ps.portal_id AND s.seen_from <= {now}
                ORDER BY s.seen_from DESC LIMIT 1)
            JOIN readings AS r ON r.sidebar_id = sp.sidebar_id AND r.station_id = ps.station_id
            {READINGS_OF_SPELL} {labels.JOIN}
            ORDER BY p.id, st.kma_id IS NULL, st.kma_id, st.name_ko
        ) AS shown
    )"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """
    The newest reading of a station at a portal.

    Attributes:
        station, station_en, kma_id: Which station; the last two None for an unknown city.
        temperature_c: Degrees Celsius; None where no number was printed.
        condition: Our name of the sky, such as ``"overcast"``; None = unknown.
        label: The sky as printed.
        portal: Who showed it.
        seen_from, seen_until: The first and the last look at it; Korean time.
        page_date: The date printed with it at the last look.
        state: ``live``, ``unconfirmed``, ``stale``, ``frozen`` or ``down``.
        age_minutes: Since ``published_by``.
        changed_after: The last look that showed something else; None where there was none.
        published_by: When the set was published at the latest.
        valid_until: When a live value stops being live if the portal is not polled again; else
            None.
        why: The fact that decided the state, in one sentence.
        learned_condition, learned_from: Where the label was lost, the sky that another portal
            printed for the same set, and that portal; else None.
    """

    station: str
    station_en: str | None
    kma_id: int | None
    temperature_c: float | None
    condition: str | None
    label: str
    portal: str
    seen_from: dt.datetime
    seen_until: dt.datetime
    page_date: dt.date | None
    state: State
    age_minutes: int
    changed_after: dt.datetime | None
    published_by: dt.datetime
    valid_until: dt.datetime | None
    why: str
    learned_condition: str | None = None
    learned_from: str | None = None


def read(row: sqlite3.Row) -> Latest:
    """Read a row of ``latest``, by place."""
    place, en, kma_id, celsius, condition, label, portal, since, until, page_date, state, *more = (
        row
    )
    age, changed_after, published_by, valid_until, why, learned, learned_from = more
    return Latest(
        station=place,
        station_en=en,
        kma_id=kma_id,
        temperature_c=celsius,
        condition=condition,
        label=label,
        portal=portal,
        seen_from=moment(since),
        seen_until=moment(until),
        page_date=date_or_none(page_date),
        state=state,
        age_minutes=age,
        changed_after=moment_or_none(changed_after),
        published_by=moment(published_by),
        valid_until=moment_or_none(valid_until),
        why=why,
        learned_condition=learned,
        learned_from=learned_from,
    )
