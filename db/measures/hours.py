"""
Hours: the live value of a station at each full Korean hour, and the mean of the hour.

The portal whose set counts is computed once for all stations that the same spells list, and the
values of the hours are columns: ten years of sixteen stations are 1.4 million rows.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from db import frozen
from db.measures.counting import Counting, picked
from db.measures.periods import refuse_many
from db.measures.timeline import NONE, Timeline, Values
from db.moments import HOUR_S, epoch, moment
from db.qartod import FAIL, MISSING
from db.read.portals import SPAN
from db.read.rows import STATION, moments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from db.asked import Part
    from db.measures.evidence import StateThen
    from db.read.ask import Ask
    from db.reading import Station

PORTALS: Final = "SELECT id, name, interval_s FROM portals ORDER BY id"

SKIES: Final = "SELECT id, condition, wmo_4677, label FROM conditions"

READINGS: Final = f"""
    SELECT json_group_array(r.condition_id), json_group_array(r.temperature)
    FROM json_each(:sidebars) AS shown
    LEFT JOIN readings AS r ON r.sidebar_id = shown.value AND r.station_id = {STATION}"""
"""The values of a station in each of some sidebars: of these, portals share most."""

_HOUR: Final = dt.timedelta(seconds=HOUR_S)

PLACE: Final = attrgetter("name_ko", "name_en", "kma_id", "latitude", "longitude")
"""The fields of ``Hour`` that are those of its station."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """
    A station at a full Korean hour, and in the hour that begins there.

    Attributes:
        station, station_en, kma_id, latitude, longitude: As in ``Latest``.
        hour: The full hour; Korean time.
        published_by: The latest time by which the set that counts was published.
        temperature_c, condition, wmo_4677, label: As in ``Latest``; None if the value is not live.
        portal: The portal whose set counts; None before any portal showed the station.
        state: As in ``Known``: ``none`` before any portal showed the station.
        why: The fact that decided the state; None if that is ``none``.
        flag: As in ``Known``; 9 without a value.
        live_portals, agreeing_portals: As in ``Known``.
        mean_c, coverage: Those of the hour, as in ``Period``: without values flagged 4.
    """

    station: str
    station_en: str | None
    kma_id: int | None
    latitude: float | None
    longitude: float | None
    hour: dt.datetime
    published_by: dt.datetime | None
    temperature_c: float | None
    condition: str | None
    wmo_4677: int | None
    label: str | None
    portal: str | None
    state: StateThen
    why: str | None
    flag: int
    live_portals: int
    agreeing_portals: int
    mean_c: float | None
    coverage: float


def asked_for(ask: Ask, part: Part) -> range:
    """
    The full hours of a part of the history, in epoch seconds; only those that have begun.

    Open ends are the hours of the first and of the last successful look.

    Raises:
        WrongQuestion: There are too many.
    """
    ((first, last),) = ask.whole(SPAN, {"portal": part.portal}, present=0)
    if first is None or last is None:
        return range(0)
    begins = first // HOUR_S if part.since is None else -(-epoch(part.since) // HOUR_S)
    ends = min(epoch(part.now), last + 1 if part.until is None else epoch(part.until))
    found = range(begins * HOUR_S, -(-ends // HOUR_S) * HOUR_S, HOUR_S)
    refuse_many("hours", len(found))
    return found


class OfStation(NamedTuple):
    """
    The hours of a station, as columns.

    Attributes:
        counting: The spells that count, with ``published_by``, ``portal``, ``state`` and ``why``.
        skies: The places of the skies in those of ``Hours``.
        temperature_c, flag, live_portals, agreeing_portals, mean_c, coverage: As in ``Hour``.
    """

    counting: Counting
    temperature_c: Sequence[float | None]
    skies: Sequence[int]
    flag: Sequence[int]
    live_portals: Sequence[int]
    agreeing_portals: Sequence[int]
    mean_c: Sequence[float | None]
    coverage: Sequence[float]


class Hours:
    """
    The full hours of several stations in a range of time.

    Args:
        ask: Queries the database, in one state.
        stations: The stations.
        hours: The hours, from ``asked_for``.
        part: The part of the history: its portal, and the present, at which all ends.

    Attributes:
        hours: As given.
        skies: The columns ``condition``, ``wmo_4677`` and ``label`` of all skies, and of no sky.
    """

    def __init__(self, ask: Ask, stations: Iterable[Station], hours: range, part: Part) -> None:
        self._ask, self.hours = ask, hours
        self._until = min(epoch(part.now), hours.stop)
        names = json.dumps([station.name_ko for station in stations])
        which = {"since": hours.start, "until": self._until, "stations": names}
        portals = {row: (name, interval_s) for row, name, interval_s in ask(PORTALS)}
        self._portals: list[Timeline] = []
        number = 0
        for row, (name, _) in portals.items():
            if part.portal in (None, name):
                self._portals.append(Timeline(ask, row, portals, which, number))
                number = self._portals[-1].numbers.stop
        shown = [sidebar for portal in self._portals for sidebar in portal.spells.sidebar]
        sidebars = {sidebar: place for place, sidebar in enumerate(sorted(set(shown)))}
        self._sidebars = json.dumps(list(sidebars))
        self._places = [*picked(sidebars, shown), NONE]  # in them, by the number of the spell
        self._made: dict[tuple[bool, ...], Counting] = {}
        rows, *skies = zip(*ask(SKIES), (None, None, None, None), strict=True)
        self.skies: Sequence[Sequence[Any]] = skies
        self._sky = {row: place for place, row in enumerate(rows)}

    def of(self, station: Station) -> OfStation:
        """The hours of a station."""
        values = self._values(station)
        counting = self._counting(tuple([sky is not None for sky in values.skies]))
        tenths = picked(values.tenths, counting.spells)
        return OfStation(
            counting,
            [None if tenth is None else tenth / 10 for tenth in tenths],
            picked(self._sky, picked(values.skies, counting.spells)),
            picked(values.flags, counting.spells),
            *counting.agreement(values.tenths),
            *counting.means(_that_pass(values)),
        )

    def _values(self, station: Station) -> Values:
        """The values of a station in all spells; at ``NONE``, those of an hour without one."""
        which = {"sidebars": self._sidebars, "station": station.name_ko}
        columns = self._ask.arrays(READINGS, which)
        skies, tenths = (picked([*column, None], self._places) for column in columns)
        flags = [portal.flags(station.name_ko, tenths) for portal in self._portals]
        return Values([*chain.from_iterable(flags), MISSING], skies, tenths)

    def _counting(self, listing: tuple[bool, ...]) -> Counting:
        """The spells that count for all stations that these spells list."""
        if listing not in self._made:
            self._made[listing] = Counting(self._portals, listing, self.hours, self._until)
        return self._made[listing]


def read(found: Hours, station: Station) -> list[Hour]:
    """The hours of a station, oldest first."""
    counting, celsius, skies, *numbers = found.of(station)
    return frozen.records(
        Hour,
        *map(repeat, PLACE(station)),
        accumulate(repeat(_HOUR), initial=moment(found.hours.start)),  # faster than moment
        moments(counting.published_by),
        celsius,
        *(picked(column, skies) for column in found.skies),
        counting.portal,
        counting.state,
        counting.why,
        *numbers,
    )


def _that_pass(values: Values) -> Sequence[int | None]:
    """The tenths of a degree, without those whose flag is 4."""
    if FAIL not in values.flags:
        return values.tenths
    flagged = zip(values.flags, values.tenths, strict=True)
    return [None if flag == FAIL else tenth for flag, tenth in flagged]
