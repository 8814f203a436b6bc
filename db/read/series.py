"""The spells of a station, in order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

from db import frozen
from db.derived import LEARNED, LEARNED_COLUMNS, flag_sql, unflagged_sql
from db.moments import FOREVER
from db.read.latest import DIGEST, PAGE_DATE, PLACE, READINGS_OF_SPELL, VALUE
from db.read.rows import STATION, shared_moments
from db.read.why import why_live, why_sql
from db.validity import LIVE_UNTIL, WAS_LIVE, state_sql

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from db.read.ask import Ask
    from db.reading import Station
    from db.validity import State

_STATE = state_sql("sp.seen_until", "sp.seen_until")
"""At the last look of a spell."""

OF_SPELL = f"""sp.portal_id, sp.sidebar_id, sp.seen_from, sp.seen_until, sp.changed_after,
        sp.published_by, {LIVE_UNTIL} AS valid_until, p.name AS portal, {PAGE_DATE},
        {_STATE} AS state, {why_sql(f"({_STATE})", "sp.seen_until", "sp.seen_until")} AS why,
        {DIGEST}, sp.observed_at
    FROM portals AS p
    CROSS JOIN spells AS sp ON sp.portal_id = p.id"""
"""
The columns that the stations of a spell share, for each spell.

Portals before spells, an order that CROSS fixes: the key of spells begins with the portal.
"""

WEATHER = f"""
    SELECT {PLACE}, {VALUE}, {flag_sql()} AS flag, {OF_SPELL}
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id {READINGS_OF_SPELL}"""

_FIRST = f"""coalesce((
        SELECT b.seen_from FROM spells AS b
        WHERE b.portal_id = p.id AND b.seen_from <= coalesce(:since, -{FOREVER})
        ORDER BY b.seen_from DESC LIMIT 1), -{FOREVER})"""
"""The spell of a portal ``p`` that reaches into the time asked for, by its first look."""

SERIES = f"""
    SELECT sp.seen_from, sp.seen_until, sp.changed_after, sp.published_by, {LIVE_UNTIL},
        sp.observed_at, r.temperature, r.condition_id, sp.portal_id,
        CASE WHEN {WAS_LIVE} THEN sp.first_seen ELSE
            {_STATE} || ' ' || {why_sql(f"({_STATE})", "sp.seen_until", "sp.seen_until")} END,
        {unflagged_sql()}, s.digest
    FROM portals AS p
    CROSS JOIN spells AS sp ON sp.portal_id = p.id
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id AND r.station_id = {STATION}
    JOIN sidebars AS s ON s.id = sp.sidebar_id
    WHERE (:portal IS NULL OR p.name = :portal)
        AND sp.seen_from >= {_FIRST} AND sp.seen_until >= coalesce(:since, -{FOREVER})
        AND sp.seen_from < coalesce(:until, {FOREVER})
    ORDER BY sp.seen_from, p.id"""
"""The spells of a station; state and reason are one text, or the first look if it was live."""

FLAGGED = f"""
    SELECT fl.portal_id, fl.seen_from, max(fl.flag)
    FROM portals AS p
    CROSS JOIN flagged AS fl ON fl.portal_id = p.id
    WHERE (:portal IS NULL OR p.name = :portal) AND fl.station_id = {STATION}
        AND fl.seen_from >= {_FIRST} AND fl.seen_from < coalesce(:until, {FOREVER})
    GROUP BY fl.portal_id, fl.seen_from"""
"""The worst flag of each flagged spell of a station."""

LEARNED_BY_STATION = f"""
    SELECT s.digest, {LEARNED_COLUMNS}
    FROM (SELECT * FROM learned_labels WHERE station_id = {STATION}) AS r
    CROSS JOIN sidebars AS s ON s.id = r.sidebar_id {LEARNED}"""
"""The learned labels of a station, by the digest of the sidebar: few, if any."""

SKIES = "SELECT id, condition, label FROM conditions"

PORTALS = "SELECT id, name FROM portals"


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


def read(ask: Ask, station: Station, part: Mapping[str, object]) -> list[Spell]:
    """The spells of a station, column by column: they may be very many."""
    which = {**part, "station": station.name_ko}
    with ask.of_one_state(), ask.reading():
        columns = ask.columns(SERIES, which)
        *times, tenths, skies, portals, told, flags, digests = columns
        seen_from, seen_until, changed_after, published_by, valid_until, observed_at = (
            shared_moments(*times)
        )
        conditions = {row: sky for row, *sky in ask(SKIES)}
        names = dict(ask(PORTALS))
        learned = ask(LEARNED_BY_STATION, which)
        return frozen.records(
            Spell,
            repeat(station.name_ko),
            repeat(station.name_en),
            repeat(station.kma_id),
            seen_from,
            seen_until,
            changed_after,
            [None if tenth is None else tenth / 10 for tenth in tenths],
            [conditions[sky][0] for sky in skies],
            [conditions[sky][1] for sky in skies],
            [names[portal] for portal in portals],
            ["live" if isinstance(one, int) else one.partition(" ")[0] for one in told],
            published_by,
            valid_until,
            [why_live(one) if isinstance(one, int) else one.partition(" ")[2] for one in told],
            _known({digest: sky for digest, sky, _ in learned}, digests),
            _known({digest: portal for digest, _, portal in learned}, digests),
            _worst(flags, ask(FLAGGED, which), zip(portals, times[0], strict=True)),
            observed_at,
            map(bytes.hex, digests),
        )


def _known(of_few: Mapping[bytes, str], digests: Iterable[bytes]) -> Iterable[str | None]:
    """The facts about a few sidebars, in the places of these; None for the others."""
    return map(of_few.get, digests) if of_few else repeat(None)


def _worst(
    flags: list[int],
    flagged: Iterable[tuple[int, int, int]],
    spells: Iterable[tuple[int, int]],
) -> list[int]:
    """The flags, with those of the rules in their places."""
    worst = {(portal, seen_from): flag for portal, seen_from, flag in flagged}
    if not worst:
        return flags
    return [worst.get(spell, flag) for spell, flag in zip(spells, flags, strict=True)]
