"""
Hours: the live value of a station at each full Korean hour, and the mean of the hour.

The portal whose set counts is computed once for all stations that the same spells list: ten years
of sixteen stations are 1.4 million rows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from db.measures.periods import refuse_many
from db.measures.stats import MIN_COVERAGE
from db.measures.stretches import side_by_side
from db.measures.timeline import Timeline
from db.moments import epoch, moment
from db.qartod import FAIL, MISSING
from db.read.portals import SPAN
from db.read.rows import moment_or_none
from db.validity import rank

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from db.asked import Part
    from db.measures.evidence import StateThen
    from db.measures.timeline import Piece
    from db.read.ask import Ask
    from db.reading import Station

HOUR_S: Final = 60 * 60

PORTALS: Final = "SELECT id, name, interval_s FROM portals ORDER BY id"

SKIES: Final = "SELECT id, condition, wmo_4677, label FROM conditions"

Row: TypeAlias = tuple[Any, ...]
"""The values of an ``Hour`` after those of its station; times in epoch seconds."""

_NOT_LIVE: Final = (None, None, None, None)


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


class _Slot(NamedTuple):
    """
    A full hour, shared by all stations that the same spells list.

    Attributes:
        published_by: That of the set that counts.
        facts: Portal, state and reason.
        spell: The spell of the value if it is live; else None.
        live: The live pieces by portal, if there are several.
    """

    published_by: int | None
    facts: tuple[str | None, StateThen, str | None]
    spell: int | None
    live: Mapping[int, Piece] | None


_NONE: Final = _Slot(None, (None, "none", None), None, None)

_Parts: TypeAlias = "list[tuple[int, int]]"
"""The spells that count in an hour while live, and their seconds."""


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


class Hours:
    """
    The full hours of several stations in a range of time.

    Args:
        ask: Queries the database.
        stations: The stations.
        hours: The hours, from ``asked_for``.
        part: The part of the history: its portal, and the present, at which all ends.
    """

    def __init__(self, ask: Ask, stations: Iterable[Station], hours: range, part: Part) -> None:
        self._ask, self._hours = ask, hours
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
        self._made: dict[frozenset[int], list[tuple[int, _Slot, _Parts]]] = {}
        self._skies = {row: tuple(sky) for row, *sky in ask(SKIES)}

    def rows(self, station: Station) -> Iterator[Row]:
        """The hours of a station, oldest first."""
        values: dict[int, tuple[int, int | None, int]] = {}
        for timeline in self._portals:
            values |= timeline.readings(station.name_ko)
        tenths = {spell: value for spell, (_, value, _) in values.items()}
        counted = {
            spell: None if flag == FAIL else value for spell, (_, value, flag) in values.items()
        }
        skies = self._skies
        for hour, (published_by, facts, spell, live), parts in self._listed(frozenset(values)):
            value, flag, agreement = _NOT_LIVE, MISSING, (0, 0)
            if spell is not None:
                sky, tenth, flag = values[spell]
                value = (None if tenth is None else tenth / 10, *skies[sky])
                one = int(tenth is not None)
                agreement = (one, one) if live is None else self._agreement(spell, live, tenths)
            yield (hour, published_by, *value, *facts, flag, *agreement, *_mean(parts, counted))

    def _listed(self, listing: frozenset[int]) -> list[tuple[int, _Slot, _Parts]]:
        """The hours of all stations that these spells list."""
        if listing not in self._made:
            self._made[listing] = list(zip(self._hours, *self._slots(listing), strict=True))
        return self._made[listing]

    def _slots(self, listing: frozenset[int]) -> tuple[list[_Slot], list[_Parts]]:
        """The values that count at each full hour, and the parts of the hours that begin there."""
        first, count = self._hours.start, len(self._hours)
        slots = [_NONE] * count
        parts: list[_Parts] = [[] for _ in slots]
        for begin, end, shown in self._side_by_side(listing):
            nth = 0 if len(shown) == 1 and 0 in shown else max(shown.items(), key=_place)[0]
            piece = shown[nth]
            since = max(begin - first, 0)
            for at in range(-(-since // HOUR_S), -((first - end) // HOUR_S)):
                slots[at] = self._slot(first + at * HOUR_S, nth, shown)
            if piece.state == "live":
                _add(parts, piece.spell, since, end - first)
        return slots, parts

    def _side_by_side(
        self, listing: frozenset[int]
    ) -> Iterator[tuple[int, int, Mapping[int, Piece]]]:
        """The pieces of the portals at each time, by their places."""
        shown = [timeline.pieces(listing, self._until) for timeline in self._portals]
        if len(shown) > 1:
            return side_by_side(shown)
        return ((piece.begin, piece.end, {0: piece}) for pieces in shown for piece in pieces)

    def _slot(self, hour: int, nth: int, shown: Mapping[int, Piece]) -> _Slot:
        """An hour at which the nth portal counts."""
        timeline, piece = self._portals[nth], shown[nth]
        facts = (timeline.name, piece.state, timeline.why(piece, hour))
        if piece.state != "live":
            return _Slot(piece.published_by, facts, None, None)
        live = None
        if len(shown) > 1:
            live = {place: one for place, one in shown.items() if one.state == "live"}
        return _Slot(piece.published_by, facts, piece.spell, live)

    def _agreement(
        self, spell: int, live: Mapping[int, Piece], tenths: Mapping[int, int | None]
    ) -> tuple[int, int]:
        """The numbers of live portals with a temperature, and with this one or the one before."""
        nth, best = next(item for item in live.items() if item[1].spell == spell)
        printed = [one for one in live.values() if tenths[one.spell] is not None]
        agreeing = [one for one in printed if tenths[one.spell] == tenths[spell]]
        lagging = [one for one in printed if one.published_by < best.published_by]
        if len(agreeing) < len(printed) and lagging:
            before = self._portals[nth].before(spell, tenths)
            agreeing += [
                one for one in lagging if tenths[one.spell] == before and one not in agreeing
            ]
        return len(printed), len(agreeing)


def read(found: Hours, station: Station) -> list[Hour]:
    """The hours of a station, oldest first."""
    return [
        Hour(
            station=station.name_ko,
            station_en=station.name_en,
            kma_id=station.kma_id,
            latitude=station.latitude,
            longitude=station.longitude,
            hour=moment(hour),
            published_by=moment_or_none(published_by),
            temperature_c=celsius,
            condition=condition,
            wmo_4677=wmo_4677,
            label=label,
            portal=portal,
            state=state,
            why=why,
            flag=flag,
            live_portals=live,
            agreeing_portals=agreeing,
            mean_c=mean_c,
            coverage=coverage,
        )
        for (
            hour,
            published_by,
            celsius,
            condition,
            wmo_4677,
            label,
            portal,
            state,
            why,
            flag,
            live,
            agreeing,
            mean_c,
            coverage,
        ) in found.rows(station)
    ]


def _place(item: tuple[int, Piece]) -> tuple[int, int, int]:
    """The greatest counts."""
    nth, piece = item
    return (*rank(piece.state, piece.published_by), -nth)


def _add(parts: Sequence[_Parts], spell: int, since: int, until: int) -> None:
    """Add the time in which a spell's values count to each hour; seconds from the first hour."""
    while since < until:
        at, begun = divmod(since, HOUR_S)
        lasts = min(HOUR_S - begun, until - since)
        parts[at].append((spell, lasts))
        since += lasts


def _mean(
    parts: Sequence[tuple[int, int]], tenths: Mapping[int, int | None]
) -> tuple[float | None, float]:
    """The mean of an hour, weighted by time, and the share of it with a temperature."""
    if len(parts) == 1 and parts[0][1] == HOUR_S:  # most are: quick
        ((spell, _),) = parts
        tenth = tenths[spell]
        return (None, 0.0) if tenth is None else (tenth / 10, 1.0)
    covered_s = weighed = 0
    for spell, seconds in parts:
        tenth = tenths[spell]
        if tenth is not None:
            covered_s += seconds
            weighed += tenth * seconds
    coverage = round(covered_s / HOUR_S, 4)
    if not covered_s or coverage < MIN_COVERAGE:
        return None, coverage
    return round(weighed / covered_s / 10, 2) + 0.0, coverage  # no -0.0
