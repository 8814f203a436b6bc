"""
The plain values of a chart: each number for as long as it was in one state.

The line is broken where the portals are down.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from db.korean.lines import said
from db.korean.words import STATES
from db.moments import KST, minute
from db.qartod import SUSPECT
from scraper.errors import ScraperError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from db.korean import Language
    from db.measures.course import Held
    from db.query import State
    from db.reading import Station
    from scraper.plot.sky import Script


FEW: Final = 4
"""The most portals that a title names."""


class NothingToDraw(ScraperError):
    """No look in that time showed any of the stations."""

    exit_code = 2

    def __init__(self, what: str, *, since: dt.datetime, until: dt.datetime) -> None:
        super().__init__(f"{what} from {minute(since)} to {minute(until)}, Korean time")
        self.what, self.since, self.until = what, since, until


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Points to join: steps without a gap, of one state."""

    state: State
    points: tuple[tuple[dt.datetime, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A time in which the shown values stood still; ``began`` may lie before it."""

    start: dt.datetime
    end: dt.datetime
    began: dt.datetime
    portal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """A time in which a station had one word for the sky."""

    start: dt.datetime
    end: dt.datetime
    condition: str | None
    label: str
    frozen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A station and its shown values, oldest first."""

    station: Station
    stretches: tuple[Held, ...]

    @property
    def last(self) -> Held | None:
        """The newest value with a temperature."""
        numbers = [one for one in self.stretches if one.temperature_c is not None]
        return numbers[-1] if numbers else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Stations over a time, in Korean time, and the language of the words around them."""

    since: dt.datetime
    until: dt.datetime
    tracks: tuple[Track, ...]
    language: Language = "en"

    @property
    def stretches(self) -> Iterator[Held]:
        """The shown values of all stations."""
        return itertools.chain.from_iterable(track.stretches for track in self.tracks)

    @property
    def portals(self) -> list[str]:
        """The names of the portals whose values are shown."""
        return sorted({one.portal for one in self.stretches})

    @property
    def states(self) -> set[State]:
        """The states that occur."""
        return {one.state for one in self.stretches}

    @property
    def degrees(self) -> tuple[float, float] | None:
        """The lowest and the highest temperature; None without any."""
        shown = [one.temperature_c for one in self.stretches if one.temperature_c is not None]
        return (min(shown), max(shown)) if shown else None


def lines(shown: Sequence[Held]) -> list[Line]:
    """The temperatures as steps; a new line after each gap, and where the state changes."""
    found: list[Line] = []
    for one in shown:
        if one.temperature_c is None:
            continue
        steps = ((one.start, one.temperature_c), (one.end, one.temperature_c))
        last = found[-1] if found else None
        if last and last.state == one.state and last.points[-1][0] == one.start:
            found[-1] = replace(last, points=last.points + steps)
        else:
            found.append(Line(state=one.state, points=steps))
    return found


def frozen(tracks: Iterable[Track]) -> list[Band]:
    """The frozen bands, oldest first; a band of several stations once."""
    bands: dict[tuple[str, dt.datetime], Band] = {}
    for one in (one for track in tracks for one in track.stretches if one.state == "frozen"):
        key = one.portal, one.began
        band = bands.get(key) or Band(
            start=one.start, end=one.end, began=one.began, portal=one.portal
        )
        bands[key] = replace(band, start=min(band.start, one.start), end=max(band.end, one.end))
    return sorted(bands.values(), key=lambda band: band.start)


def flagged(shown: Iterable[Held]) -> list[tuple[dt.datetime, float]]:
    """The beginnings of temperatures that may be wrong, oldest first; a lasting one counts once."""
    found: list[Held] = []
    marks = []
    for one in shown:
        if one.temperature_c is None or one.flag < SUSPECT:
            continue
        last = found[-1] if found else None
        if last is None or (last.end, last.temperature_c) != (one.start, one.temperature_c):
            marks.append((one.start, one.temperature_c))
        found.append(one)
    return marks


def skies(shown: Iterable[Held]) -> list[Sky]:
    """The words for the sky, oldest first; a lasting word counts once."""
    found: list[Sky] = []
    for one in shown:
        sky = Sky(
            start=one.start,
            end=one.end,
            condition=one.condition,
            label=one.label,
            frozen=one.state == "frozen",
        )
        last = found[-1] if found else None
        if last and last.end == sky.start and last == replace(sky, start=last.start, end=last.end):
            found[-1] = replace(last, end=sky.end)
        else:
            found.append(sky)
    return found


def frozen_words(began: dt.datetime, script: Script) -> tuple[str, str, str]:
    """The name of a freeze, since when it lasts, and that moment alone."""
    word = {"both": "멈춤 frozen", "ko": STATES["frozen"], "en": "frozen"}[script]
    at = f"{began.astimezone(KST):%m-%d %H:%M}"
    return word, said("since {at}", "ko" if script == "ko" else "en", at=at), at


def aged(last: Held, chart: Chart) -> list[str]:
    """The notes on a last value that is not the weather at the end of a chart; none if it is."""
    until = chart.until.replace(microsecond=0)  # values end at full seconds
    if last.state == "live" and last.end >= until:
        return []
    state = STATES[last.state] if chart.language == "ko" else last.state
    at = f"{last.end.astimezone(KST):%m-%d %H:%M}"
    shown = said("shown until {at}", chart.language, at=at)
    return [shown] if last.state == "live" else [state, shown]


def credit(portals: Iterable[str], language: Language) -> str:
    """The credit for the values."""
    line = "Korea Meteorological Administration (KMA), as shown by {portals}"
    return said(line, language, portals=", ".join(portals))


def some(portals: Sequence[str], language: Language) -> str:
    """The first few portals, and how many there are more."""
    line = "{portals} and {more} more" if len(portals) > FEW else "{portals}"
    return said(line, language, portals=", ".join(portals[:FEW]), more=len(portals) - FEW)


def range_and_portals(chart: Chart) -> str:
    """The range of time, and the portals."""
    return said(
        "{since} to {until}, Korean time · KMA via {portals}",
        chart.language,
        since=minute(chart.since),
        until=minute(chart.until),
        portals=some(chart.portals, chart.language),
    )
