"""
The rows of ``weather`` for whole histories: those of the view, joined in Python.

The view computes every row alone. Here the columns that the stations of a spell share, two thirds
of all, are read once for a spell, and each station and sky once.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from db.derived import flag_sql
from db.measures.hours import SKIES
from db.read.latest import PLACE
from db.read.series import OF_SPELL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from db.export.tables import Row
    from db.read.ask import Ask

_CHOSEN: Final = """sp.seen_from >= :first AND sp.seen_from < :end AND sp.seen_until >= :since
    AND (:portal IS NULL OR p.name = :portal)"""

_SPELLS: Final = f"""
    SELECT portal_id, seen_from, seen_until, changed_after, published_by, valid_until,
        portal, page_date, state, why, digest, observed_at
    FROM (SELECT {OF_SPELL} WHERE {_CHOSEN}) ORDER BY seen_from, portal"""

_READINGS: Final = f"""
    SELECT sp.portal_id, sp.seen_from, r.station_id, r.condition_id, r.temperature / 10.0,
        {flag_sql()}
    FROM portals AS p
    CROSS JOIN spells AS sp ON sp.portal_id = p.id
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
    WHERE {_CHOSEN}"""

_STATIONS: Final = f"""
    SELECT st.id, {PLACE} FROM stations AS st
    WHERE :stations IS NULL OR st.name_ko IN (SELECT value FROM json_each(:stations))
    ORDER BY st.kma_id IS NULL, st.kma_id, st.name_ko"""


def rows(ask: Ask, values: Mapping[str, object]) -> list[Row]:
    """
    The rows of the spells that begin in a time, in the order of time, portal and station.

    Args:
        ask: Queries the database, within one transaction.
        values: ``first`` and ``end`` of the time, and the other parameters of the selection.
    """
    places = {key: (nth, place) for nth, (key, *place) in enumerate(ask(_STATIONS, values))}
    skies = {key: sky for key, *sky in ask(SKIES)}
    listed: defaultdict[tuple[int, int], list[tuple[int, Any, Row, int]]] = defaultdict(list)
    for portal, seen_from, station, sky, celsius, flag in ask(_READINGS, values):
        if station in places:
            value = (celsius, *skies[sky])
            listed[portal, seen_from].append((*places[station], value, flag))
    found = []
    for portal, *shared, observed in ask(_SPELLS, values):
        times, facts = shared[:5], shared[5:]
        found += [
            (*place, *times, *times, *value, *facts, flag, observed, observed)
            for _, place, value, flag in sorted(listed[portal, times[0]])
        ]
    return found
