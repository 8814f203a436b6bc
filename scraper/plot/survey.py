"""What a map shows: each station's value at one moment, and whether it was live then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from db.reading import KST
from scraper.plot import sky
from scraper.plot.chart import HOLD, NothingToDraw, stretches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from db.query import Spell
    from db.reading import Station
    from scraper.plot.chart import Stretch

BACK: Final = dt.timedelta(days=7)
"""What was last seen longer ago is on no map."""

MOMENT: Final = dt.timedelta(seconds=1)
"""The least that lies between two looks."""

Standing = Literal["live", "unconfirmed", "frozen", "old"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """
    A station and its value.

    Attributes:
        station: Which.
        value: The newest stretch that was seen of it.
        standing: Its state; ``old`` where it held no longer.
    """

    station: Station
    value: Stretch
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """
    Stations at one moment.

    Attributes:
        at: When.
        sightings: Those that can be drawn.
        left_out: A sentence for each reason why others cannot.
    """

    at: dt.datetime
    sightings: tuple[Sighting, ...]
    left_out: tuple[str, ...]

    @property
    def portals(self) -> list[str]:
        """Whose values are shown, by name."""
        return sorted({one.value.portal for one in self.sightings})

    @property
    def standings(self) -> list[str]:
        """What is to be said of those that are not live, a sentence for each kind."""
        told = []
        for standing, why in _WHY.items():
            own = [one for one in self.sightings if one.standing == standing]
            if own:
                oldest = min(one.value.began for one in own).astimezone(KST)
                told.append(f"{standing} ({len(own)}): {why} {oldest:%m-%d %H:%M}")
        return told


_WHY: Final = {
    "unconfirmed": "nobody saw it begin; first seen",
    "frozen": "the portal stood still since",
    "old": "nothing newer was seen since",
}


def survey(seen: Iterable[tuple[Station, Sequence[Spell]]], *, at: dt.datetime) -> Survey:
    """
    What was known at a moment.

    Args:
        seen: Stations, each with its spells of the last days.
        at: The moment.

    Raises:
        NothingToDraw: Nothing was known.
    """
    sightings, placeless, unseen = [], [], 0
    for station, spells in seen:
        shown = stretches(spells, since=at - BACK, until=at + MOMENT)
        if not shown:
            unseen += 1
        elif station.latitude is None or station.longitude is None:
            placeless.append(sky.short_name(station))
        else:
            last = shown[-1]
            sightings.append(Sighting(station=station, value=last, standing=_standing(last, at)))
    if not sightings:
        raise NothingToDraw("nothing was seen", since=at - BACK, until=at)
    left_out = [f"nothing seen for {BACK.days} days: {unseen} stations"] if unseen else []
    left_out += [f"no place known: {', '.join(placeless)}"] if placeless else []
    return Survey(at=at, sightings=tuple(sightings), left_out=tuple(left_out))


def _standing(last: Stretch, at: dt.datetime) -> Standing:
    """A frozen value is frozen still between the last look at it and the next."""
    if last.end <= at - (HOLD if last.state == "frozen" else dt.timedelta(0)):
        return "old"
    return last.state if last.state != "down" else "old"
