"""The spells of a station, in order."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from db.derived import LEARNED, LEARNED_COLUMNS, flag_sql
from db.moments import KST
from db.read.latest import DIGEST, PAGE_DATE, PLACE, READINGS_OF_SPELL, VALUE
from db.read.rows import END_OF_TIME
from db.read.why import why_sql
from db.validity import LIVE_UNTIL, state_sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.validity import State


_STATE = state_sql("sp.seen_until", "sp.seen_until")
"""At the last look of a spell."""

WEATHER = f"""
    SELECT {PLACE}, sp.seen_from, sp.seen_until, sp.changed_after, sp.published_by,
        {LIVE_UNTIL} AS valid_until, {VALUE}, p.name AS portal, {PAGE_DATE}, {_STATE} AS state,
        {why_sql(f"({_STATE})", "sp.seen_until", "sp.seen_until")} AS why, {DIGEST},
        {flag_sql()} AS flag, sp.observed_at
    FROM portals AS p
    CROSS JOIN spells AS sp ON sp.portal_id = p.id
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id {READINGS_OF_SPELL}"""
"""Portals before spells, an order that CROSS fixes: the key of spells begins with the portal."""


SERIES = f"""
    SELECT st.name_ko, st.name_en, st.kma_id,
        sp.seen_from, sp.seen_until, sp.changed_after, r.temperature / 10.0,
        c.condition, c.label, p.name, {_STATE},
        sp.published_by, {LIVE_UNTIL},
        {why_sql(f"({_STATE})", "sp.seen_until", "sp.seen_until")}, {LEARNED_COLUMNS}, {flag_sql()},
        sp.observed_at,
        {DIGEST}
    FROM portals AS p
    CROSS JOIN spells AS sp ON sp.portal_id = p.id
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
        AND r.station_id = (SELECT id FROM stations WHERE name_ko = :station)
    JOIN stations AS st ON st.id = r.station_id
    JOIN conditions AS c ON c.id = r.condition_id {LEARNED}
    WHERE (:portal IS NULL OR p.name = :portal)
        AND sp.seen_from < coalesce(:until, {END_OF_TIME})
        AND sp.seen_until >= coalesce(:since, -{END_OF_TIME})
        AND sp.seen_from >= coalesce((
            SELECT b.seen_from FROM spells AS b
            WHERE b.portal_id = p.id AND b.seen_from <= coalesce(:since, -{END_OF_TIME})
            ORDER BY b.seen_from DESC LIMIT 1), -{END_OF_TIME})
    ORDER BY sp.seen_from, p.id"""
"""The last condition says no more than the one before, but in a way that finds the first row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """
    A stretch of looks in which a portal showed the same sidebar, with the values of one station.

    Attributes:
        station, station_en, kma_id: As in ``Latest``.
        seen_from, seen_until: The first and the last of these looks; Korean time.
        changed_after: The last earlier look that showed another set; None if there was none.
        temperature_c, condition, label, portal: As in ``Latest``.
        state: At its last look: ``live``, ``unconfirmed``, ``stale`` or ``frozen``.
        published_by: The latest time by which the set was published.
        valid_until: Until when it was live; None if it never was.
        why: The fact that decided the state.
        learned_condition, learned_from: As in ``Latest``.
        flag, observed_at, digest: As in ``Latest``.
    """

    station: str
    station_en: str | None
    kma_id: int | None
    seen_from: dt.datetime
    seen_until: dt.datetime
    changed_after: dt.datetime | None
    temperature_c: float | None
    condition: str | None
    label: str
    portal: str
    state: State
    published_by: dt.datetime
    valid_until: dt.datetime | None
    why: str
    learned_condition: str | None = None
    learned_from: str | None = None
    flag: int
    observed_at: dt.datetime | None
    digest: str


def read(rows: Iterable[tuple[Any, ...]]) -> list[Spell]:
    """Read rows of ``SERIES``, by place and in one go: they may be very many."""
    at = dt.datetime.fromtimestamp
    return [
        Spell(
            station=station,
            station_en=station_en,
            kma_id=kma_id,
            seen_from=at(seen_from, KST),
            seen_until=at(seen_until, KST),
            changed_after=None if changed_after is None else at(changed_after, KST),
            temperature_c=celsius,
            condition=condition,
            label=label,
            portal=portal,
            state=state,
            published_by=at(published_by, KST),
            valid_until=None if valid_until is None else at(valid_until, KST),
            why=why,
            learned_condition=learned_condition,
            learned_from=learned_from,
            flag=flag,
            observed_at=None if observed_at is None else at(observed_at, KST),
            digest=digest,
        )
        for (
            station,
            station_en,
            kma_id,
            seen_from,
            seen_until,
            changed_after,
            celsius,
            condition,
            label,
            portal,
            state,
            published_by,
            valid_until,
            why,
            learned_condition,
            learned_from,
            flag,
            observed_at,
            digest,
        ) in rows
    ]
