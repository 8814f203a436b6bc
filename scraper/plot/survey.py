"""The values of a map: each station's value at one moment, and whether it was live then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from db.korean.lines import said
from db.korean.words import STANDINGS
from db.moments import KST
from db.qartod import FAIL, SUSPECT
from scraper.plot import sky
from scraper.plot.chart import NothingToDraw

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.korean import Language
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
        unseen: The number of stations that were not seen for ``BACK``.
        placeless: The names of the stations whose place is unknown.
        language: That of the notes.
    """

    at: dt.datetime
    sightings: tuple[Sighting, ...]
    unseen: int = 0
    placeless: tuple[str, ...] = ()
    language: Language = "en"

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
                since = said(why, self.language, at=f"{oldest:%m-%d %H:%M}")
                notes.append(f"{named(standing, self.language)} ({len(own)}): {since}")
        return notes

    @property
    def left_out(self) -> list[str]:
        """A sentence for each reason that other stations cannot be drawn."""
        notes = []
        if self.unseen:
            line = "not seen for {days} days: {number} stations"
            notes.append(said(line, self.language, days=BACK.days, number=self.unseen))
        if self.placeless:
            line = "no known place: {names}"
            notes.append(said(line, self.language, names=", ".join(self.placeless)))
        return notes


_WHY: Final = {
    "unconfirmed": "not seen to begin, or not renewed; first seen {at}",
    "stale": "published hours before; first seen {at}",
    "frozen": "the portal stood still since {at}",
    "old": "no newer value since {at}",
}


def named(standing: str, language: Language) -> str:
    """The name of a standing."""
    return STANDINGS[standing] if language == "ko" else standing


def survey(seen: Iterable[tuple[Station, Known]], *, at: dt.datetime, language: Language) -> Survey:
    """
    Return the values known at a moment.

    Args:
        seen: Stations, each with the value known then.
        at: The moment.
        language: That of the notes.

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
    return Survey(
        at=at,
        sightings=tuple(sightings),
        unseen=unseen,
        placeless=tuple(placeless),
        language=language,
    )


def _standing(known: Known) -> Standing:
    match known.state:
        case "down" | "none":
            return "old"
        case state:
            return state
