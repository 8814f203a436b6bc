"""The values of a map: each station's value at one moment, and whether it was live then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from db.moments import KST
from db.qartod import FAIL, SUSPECT
from scraper.plot import sky
from scraper.plot.chart import NothingToDraw

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.measures.evidence import Known
    from db.reading import Station

BACK: Final = dt.timedelta(days=7)
"""A map leaves out stations not seen for longer than this."""

Standing = Literal["live", "unconfirmed", "stale", "frozen", "old"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """
    A station and its value.

    Attributes:
        station: The station.
        value: The value known at that moment.
        standing: Its state then; ``old`` if it was down.
    """

    station: Station
    value: Known
    standing: Standing

    @property
    def doubtful(self) -> bool:
        """Whether its temperature is flagged as suspect or failed."""
        return self.value.flag in (SUSPECT, FAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """
    Stations at one moment.

    Attributes:
        at: The moment.
        sightings: The stations that can be drawn.
        left_out: A sentence for each reason that others cannot.
    """

    at: dt.datetime
    sightings: tuple[Sighting, ...]
    left_out: tuple[str, ...]

    @property
    def portals(self) -> list[str]:
        """The names of the portals whose values are shown."""
        return sorted({one.value.portal for one in self.sightings if one.value.portal})

    @property
    def standings(self) -> list[str]:
        """Notes on the stations that are not live, a sentence for each kind."""
        notes = []
        for standing, why in _WHY.items():
            own = [one.value.seen_from for one in self.sightings if one.standing == standing]
            if own:
                oldest = min(began for began in own if began).astimezone(KST)
                notes.append(f"{standing} ({len(own)}): {why} {oldest:%m-%d %H:%M}")
        return notes


_WHY: Final = {
    "unconfirmed": "not seen to begin, or not renewed; first seen",
    "stale": "published hours before; first seen",
    "frozen": "the portal stood still since",
    "old": "no newer value since",
}


def survey(seen: Iterable[tuple[Station, Known]], *, at: dt.datetime) -> Survey:
    """
    Return the values known at a moment.

    Args:
        seen: Stations, each with the value known then.
        at: The moment.

    Raises:
        NothingToDraw: No station had a value.
    """
    sightings, placeless, unseen = [], [], 0
    for station, known in seen:
        if known.seen_until is None or known.seen_until < at - BACK:
            unseen += 1
        elif station.latitude is None or station.longitude is None:
            placeless.append(sky.short_name(station))
        else:
            sightings.append(Sighting(station=station, value=known, standing=_standing(known)))
    if not sightings:
        raise NothingToDraw("no look showed any station", since=at - BACK, until=at)
    left_out = [f"not seen for {BACK.days} days: {unseen} stations"] if unseen else []
    left_out += [f"no known place: {', '.join(placeless)}"] if placeless else []
    return Survey(at=at, sightings=tuple(sightings), left_out=tuple(left_out))


def _standing(known: Known) -> Standing:
    match known.state:
        case "down" | "none":
            return "old"
        case state:
            return state
