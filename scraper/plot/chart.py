"""
What a chart shows, as plain values: how long each number may be believed, and where there is none.

A value holds for 90 minutes, or until its portal shows others, even without the station. A frozen
one is shown for as long as it was seen to stand still, as frozen. Between them is nothing, and
nothing is drawn there.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from db.reading import KST
from db.validity import HOLD_S
from scraper.errors import ScraperError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from db.query import Spell, State
    from db.reading import Station

    NextChange: TypeAlias = Callable[[Spell], dt.datetime | None]
    """When the portal of a spell first showed others, with or without the station."""

HOLD: Final = dt.timedelta(seconds=HOLD_S)
"""A value holds for at most so long after it was first seen."""

_TRUST: Final = {"live": 2, "unconfirmed": 1, "frozen": 0}


class NothingToDraw(ScraperError):
    """Nothing was seen of any of the stations in the time asked for."""

    exit_code = 2

    def __init__(self, what: str, *, since: dt.datetime, until: dt.datetime) -> None:
        start, end = (f"{at.astimezone(KST):%Y-%m-%d %H:%M}" for at in (since, until))
        super().__init__(f"{what} from {start} to {end}, Korean time")
        self.what, self.since, self.until = what, since, until


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """
    One value over the time for which it is shown.

    Attributes:
        start, end: From when until when; aware.
        began: When it was first seen, which lies before ``start`` where the chart begins later.
        temperature_c, condition, label, portal: As in ``db.query.Spell``.
        state: ``live``, ``unconfirmed`` or ``frozen``.
    """

    start: dt.datetime
    end: dt.datetime
    began: dt.datetime
    temperature_c: float | None
    condition: str | None
    label: str
    portal: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Points to be joined: steps without a gap, of one state."""

    state: State
    points: tuple[tuple[dt.datetime, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A time in which what is shown stood still; ``began`` may lie before it."""

    start: dt.datetime
    end: dt.datetime
    began: dt.datetime
    portal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """A time in which one station showed one word for the sky."""

    start: dt.datetime
    end: dt.datetime
    condition: str | None
    label: str
    frozen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A station and what is shown of it, oldest first."""

    station: Station
    stretches: tuple[Stretch, ...]

    @property
    def last(self) -> Stretch | None:
        """The newest that has a temperature."""
        numbers = [one for one in self.stretches if one.temperature_c is not None]
        return numbers[-1] if numbers else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Stations over a time, in Korean time."""

    since: dt.datetime
    until: dt.datetime
    tracks: tuple[Track, ...]

    @property
    def portals(self) -> list[str]:
        """Whose values are shown, by name."""
        return sorted({one.portal for track in self.tracks for one in track.stretches})

    @property
    def states(self) -> set[State]:
        """The states that occur."""
        return {one.state for track in self.tracks for one in track.stretches}

    @property
    def degrees(self) -> tuple[float, float] | None:
        """The lowest and the highest temperature; None where there is none."""
        shown = [
            one.temperature_c
            for track in self.tracks
            for one in track.stretches
            if one.temperature_c is not None
        ]
        return (min(shown), max(shown)) if shown else None


def stretches(
    spells: Iterable[Spell], next_change: NextChange, *, since: dt.datetime, until: dt.datetime
) -> tuple[Stretch, ...]:
    """
    What is shown of one station's spells in ``since <= t < until``, oldest first, none at once.

    Where several portals show something, a live value goes before an unconfirmed one, and that
    before a frozen one; among equals, the one that changed last.

    Args:
        spells: Oldest first.
        next_change: Asked only of a spell that none of ``spells`` follows at once.
        since: Aware.
        until: Aware.
    """
    return tuple(_cut(_merged(_held(spells, next_change)), since, until))


def _held(spells: Iterable[Spell], next_change: NextChange) -> Iterator[Stretch]:
    """Each spell for as long as its portal's values hold."""
    by_portal: dict[str, list[Spell]] = {}
    for spell in spells:
        by_portal.setdefault(spell.portal, []).append(spell)
    for own in by_portal.values():
        for spell, following in zip(own, [*own[1:], None], strict=True):
            yield Stretch(
                start=spell.seen_from,
                end=_end(spell, following, next_change),
                began=spell.seen_from,
                temperature_c=spell.temperature_c,
                condition=spell.condition,
                label=spell.label,
                portal=spell.portal,
                state=spell.state,
            )


def _end(spell: Spell, following: Spell | None, next_change: NextChange) -> dt.datetime:
    if spell.state == "frozen":
        return spell.seen_until
    held = spell.seen_from + HOLD
    if following and following.changed_after == spell.seen_until:
        return min(held, following.seen_from)
    # Between the two, or after the last, the portal may have shown others without the station.
    return min(held, next_change(spell) or held)


def _merged(held: Iterable[Stretch]) -> list[Stretch]:
    """At each moment the one that is to be believed most."""
    coming = sorted(held, key=lambda one: one.start, reverse=True)
    edges = sorted({edge for one in coming for edge in (one.start, one.end)})
    current: list[Stretch] = []
    shown: list[Stretch] = []
    for start, end in pairwise(edges):
        current = [one for one in current if one.end > start]
        while coming and coming[-1].start <= start:
            current.append(coming.pop())
        if not current:
            continue
        best = max(current, key=lambda one: (_TRUST[one.state], one.began))
        if (
            shown
            and shown[-1].end == start
            and replace(best, start=start, end=end) == replace(shown[-1], start=start, end=end)
        ):
            shown[-1] = replace(shown[-1], end=end)
        else:
            shown.append(replace(best, start=start, end=end))
    return shown


def _cut(shown: Iterable[Stretch], since: dt.datetime, until: dt.datetime) -> Iterator[Stretch]:
    for one in shown:
        start, end = max(one.start, since), min(one.end, until)
        if start < end:
            yield replace(one, start=start, end=end)


def lines(shown: Sequence[Stretch]) -> list[Line]:
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
    """When what is shown stood still, oldest first; the same of several stations once."""
    bands: dict[tuple[str, dt.datetime], Band] = {}
    for one in (one for track in tracks for one in track.stretches if one.state == "frozen"):
        key = one.portal, one.began
        band = bands.get(key) or Band(
            start=one.start, end=one.end, began=one.began, portal=one.portal
        )
        bands[key] = replace(band, start=min(band.start, one.start), end=max(band.end, one.end))
    return sorted(bands.values(), key=lambda band: band.start)


def skies(shown: Iterable[Stretch]) -> list[Sky]:
    """The words for the sky, oldest first; a word that goes on is one."""
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


def aged(last: Stretch, until: dt.datetime) -> str:
    """What is to be said of a last value that is not the weather at that time; empty if it is."""
    if last.state == "live" and last.end >= until:
        return ""
    state = "" if last.state == "live" else f"{last.state}, "
    return f"{state}shown until {last.end.astimezone(KST):%m-%d %H:%M}"


def range_and_portals(chart: Chart) -> str:
    """From when to when, and who showed it."""
    since, until = chart.since.astimezone(KST), chart.until.astimezone(KST)
    portals = chart.portals
    some = ", ".join(portals[:4]) + (f" and {len(portals) - 4} more" if len(portals) > 4 else "")
    return f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}, Korean time · KMA via {some}"
