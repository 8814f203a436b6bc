"""
The rows of ``weather`` for whole histories: those of the view, joined in Python.

The view computes every row alone. Here the columns that the stations of a spell share, two thirds
of all, are read once for a spell, the values of a sidebar once for all spells that show it, and
each station and sky once.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

from db.derived import unflagged_sql
from db.export.blocks import Block
from db.measures.hours import SKIES
from db.read.latest import PLACE
from db.read.rows import BY_STATION
from db.read.series import OF_SPELL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from db.export.tables import Row
    from db.read.ask import Ask

_CHOSEN: Final = """sp.seen_from >= :first AND sp.seen_from < :end AND sp.seen_until >= :since
    AND (:portal IS NULL OR p.name = :portal)"""

_SPELLS: Final = f"""
    SELECT portal_id, sidebar_id, seen_from, seen_until, changed_after, published_by, valid_until,
        portal, page_date, state, why, digest, observed_at
    FROM (SELECT {OF_SPELL} WHERE {_CHOSEN}) ORDER BY seen_from, portal"""

_READINGS: Final = f"""
    SELECT shown.sidebar_id, shown.changed_after IS NULL, r.station_id, r.condition_id,
        r.temperature / 10.0, {unflagged_sql("shown")}
    FROM (
        SELECT sp.sidebar_id, max(sp.changed_after) AS changed_after
        FROM portals AS p CROSS JOIN spells AS sp ON sp.portal_id = p.id
        WHERE {_CHOSEN} GROUP BY sp.sidebar_id, sp.changed_after IS NULL) AS shown
    JOIN readings AS r ON r.sidebar_id = shown.sidebar_id"""
"""The readings of each sidebar, as in the first spell of a portal or as in a later one."""

_FLAGGED: Final = """
    SELECT fl.portal_id, fl.seen_from, fl.station_id, max(fl.flag)
    FROM portals AS p CROSS JOIN flagged AS fl ON fl.portal_id = p.id
    WHERE fl.seen_from >= :first AND fl.seen_from < :end GROUP BY 1, 2, 3"""

_STATIONS: Final = f"""
    SELECT st.id, {PLACE} FROM stations AS st
    WHERE :stations IS NULL OR st.name_ko IN (SELECT value FROM json_each(:stations))
    ORDER BY {BY_STATION}"""


def blocks(ask: Ask, values: Mapping[str, object]) -> list[Block]:
    """
    The rows of the spells that begin in a time, in the order of time, portal and station.

    Args:
        ask: Queries the database, within one transaction.
        values: ``first`` and ``end`` of the time, and the other parameters of the selection.
    """
    stations, skies = ask.columns(_STATIONS, values), ask.columns(SKIES)
    readings = _Readings(ask, values, stations.pop(0), skies.pop(0))
    portals, sidebars, *spells = ask.columns(_SPELLS, values)
    times, facts, observed = spells[:5], spells[5:-1], spells[-1:]
    of_spell: list[int] = []
    of_rows: list[list[Any]] = [[], [], [], []]
    for nth, spell in enumerate(zip(portals, sidebars, times[0], times[2], strict=True)):
        listed = readings.of_spell(*spell)
        of_spell += repeat(nth, len(listed[0]))
        for column, more in zip(of_rows, listed, strict=True):
            column.extend(more)
    of_station, of_sky, celsius, flags = of_rows
    return [
        Block(stations, of_station),
        Block(times * 2, of_spell),
        Block([celsius]),
        Block(skies, of_sky),
        Block(facts, of_spell),
        Block([flags]),
        Block(observed * 2, of_spell),
    ]


class _Readings:
    """
    The values of sidebars.

    Args:
        ask: Queries the database.
        values: The parameters of the selection.
        stations: The rows of the selected stations, in order.
        skies: The rows of all skies.
    """

    def __init__(
        self,
        ask: Ask,
        values: Mapping[str, object],
        stations: Sequence[int],
        skies: Sequence[int],
    ) -> None:
        place, sky = ({row: nth for nth, row in enumerate(rows)} for rows in (stations, skies))
        rows: defaultdict[tuple[int, bool], list[Row]] = defaultdict(list)
        for sidebar, is_first, station, condition, celsius, flag in ask(_READINGS, values):
            if station in place:
                value = place[station], sky[condition], celsius, flag
                rows[sidebar, is_first == 1].append(value)
        self._listed = {shown: list(zip(*sorted(of), strict=True)) for shown, of in rows.items()}
        self._flagged: defaultdict[tuple[int, int], dict[int, int]] = defaultdict(dict)
        for portal, seen_from, station, flag in ask(_FLAGGED, values):
            if station in place:
                self._flagged[portal, seen_from][place[station]] = flag

    def of_spell(
        self, portal: int, sidebar: int, seen_from: int, changed_after: int | None
    ) -> Sequence[Sequence[Any]]:
        """Columns: the places of its stations and skies, the temperatures, and their flags."""
        listed = self._listed.get((sidebar, changed_after is None), _NONE)
        if not (flagged := self._flagged.get((portal, seen_from))):
            return listed
        stations, *others, flags = listed
        worst = [flagged.get(station, flag) for station, flag in zip(stations, flags, strict=True)]
        return [stations, *others, worst]


_NONE: Final = ((), (), (), ())
