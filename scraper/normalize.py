"""
Sidebar -> Readings: stations for cities, conditions for labels and icons, numbers for temperatures.

An unknown word stays as printed and is reported as a problem; no value is guessed.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from db import frozen, records
from db.reading import Condition, Problem, Reading, Station
from db.records import WIDEST, Bounds
from scraper.errors import UnreadableValue
from scraper.vocabulary import ICONS, KNOWN, NO_LABEL, UNSEEN, plain

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from db.reading import ProblemKind
    from scraper.sidebar import Line, Sidebar
    from scraper.vocabulary import Words

_DEGREES: Final = re.compile(r"([+-]?)([0-9]{1,3})(?:\.([0-9]))?")
_ASCII_NUMBER: Final = str.maketrans("０１２３４５６７８９．－＋−–‐‑‒﹣", "0123456789.-+------")
"""Only these forms of a number: a superscript digit is not the same digit."""

_SIGN_WORD: Final = re.compile(r"^영([하상])\s*(?=[0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalized:
    """
    The meaning of a sidebar.

    Attributes:
        readings: One for each printed line, in printed order; only one for a line printed twice.
        problems: The parts that were not understood.
    """

    readings: tuple[Reading, ...]
    problems: tuple[Problem, ...]


def readings(sidebar: Sidebar, words: Words = KNOWN, *, day: dt.date | None = None) -> Normalized:
    """
    Return the readings of a sidebar, and its problems.

    Args:
        sidebar: The sidebar.
        words: The meanings of printed words.
        day: The day of the look, if no date is printed.
    """
    problems: list[Problem] = []
    day = sidebar.page_date or day
    cities, places, skies, temperatures = [], [], [], []
    for label, icon, city, temperature in sidebar.lines:
        place, sky, odd = _words_of(city, label, icon, words)
        if place is None:
            problems.append(Problem(kind="no city name", word=f"{label!r} {temperature!r}"))
        problems += odd
        try:
            celsius = temperature_c(temperature, _bounds(place and place.latitude, day))
        except UnreadableValue as exc:
            problems.append(Problem(kind="temperature", city=city, word=exc.problem))
            celsius = None
        cities.append(city)
        places.append(place)
        skies.append(sky)
        temperatures.append(celsius)
    printed = frozen.records(Reading, cities, places, skies, temperatures)
    taken = _each_station_once(sidebar.lines, printed, problems)
    _join_cities("no label", [x.city for x in sidebar.lines if not (x.label or x.icon)], problems)
    _join_cities("no temperature", [x.city for x in sidebar.lines if not x.temperature], problems)
    if sidebar.unplaced:
        problems.append(Problem(kind="labels left out"))
    return Normalized(readings=tuple(taken), problems=tuple(problems))


def depends_on_day(sidebar: Sidebar) -> bool:
    """Whether a temperature is accepted in one half-year and refused in the other."""
    both = Bounds(records.COLDEST_IN_SUMMER_C, records.WARMEST_IN_WINTER_C)
    return any(_lies_between(line.temperature, WIDEST, both) for line in sidebar.lines)


def _lies_between(printed: str, outer: Bounds, inner: Bounds) -> bool:
    """Whether a temperature lies within the outer bounds, but outside the inner ones."""
    try:
        celsius = temperature_c(printed, outer)
    except UnreadableValue:
        return False
    return celsius is not None and not inner.low_c < celsius < inner.high_c


def doubt(sidebar: Sidebar) -> str | None:
    """The doubts about the page of a sidebar, its date first; None without doubts."""
    return "; ".join(_doubts(sidebar)) or None


def _doubts(sidebar: Sidebar) -> Iterator[str]:
    if date := date_doubt(sidebar):
        yield date
    if sidebar.cut:
        yield f"the page ends within the list, after {len(sidebar.lines)} entries"
    if sidebar.hidden:
        yield "the list, or a part of it, is in a hidden element"
    if sidebar.another:
        yield "another list of the page shows other temperatures, with less evidence"


def date_doubt(sidebar: Sidebar) -> str | None:
    """Why the page date is not trusted; None if it is, or if the page prints no date."""
    if sidebar.date_printed is None or sidebar.page_date is not None:
        return None
    return f"date {sidebar.date_printed!r}: not one day that is on its weekday"


def _join_cities(kind: ProblemKind, cities: list[str], problems: list[Problem]) -> None:
    """Join one problem of several cities: on a wet day most labels are missing."""
    if cities:
        printed = ", ".join(city or "(no name)" for city in cities)
        problems.append(Problem(kind=kind, city=printed))


def _sign_of(word: re.Match[str]) -> str:
    """``영하`` is below zero, ``영상`` above."""
    return "-" if word[1] == "하" else ""


_bounds = functools.lru_cache(maxsize=1024)(records.bounds)


@functools.lru_cache(maxsize=2048)  # Korea shows fewer than a thousand
def temperature_c(printed: str, within: Bounds = WIDEST) -> float | None:
    """
    Read a temperature such as ``"-7.3"``, without its sign for degrees.

    Full-width digits, other dashes or ``영하`` for the minus, and whole degrees are read too.

    Args:
        printed: As printed.
        within: The possible values of that station in that season.

    Returns:
        Degrees Celsius, or None if no number was printed.

    Raises:
        UnreadableValue: It is not such a number, or not a possible value.
    """
    if not printed:
        return None
    match = _DEGREES.fullmatch(printed)
    if match is None:
        number = _SIGN_WORD.sub(_sign_of, UNSEEN.sub("", printed).translate(_ASCII_NUMBER).strip())
        match = _DEGREES.fullmatch(number)
    if match is None:
        raise UnreadableValue("temperature", printed, expected="such as '-7.3'")
    sign, whole, tenth = match.groups()
    value = (int(whole) * 10 + int(tenth or 0)) / 10
    celsius = -value if sign == "-" and value else value
    if not within.low_c <= celsius <= within.high_c:
        expected = f"{within.low_c:g} to {within.high_c:g}, by KMA's records"
        raise UnreadableValue("temperature", printed, expected=expected)
    return celsius


@functools.lru_cache(maxsize=1024)
def station(city: str, words: Words = KNOWN) -> Station | None:
    """The station of a printed name; a station without a KMA id for an unknown name."""
    name = plain(city)
    if not name or "\ufffd" in name:  # empty, or the page was damaged there
        return None
    return words.stations.get(name) or Station(name_ko=name)


@functools.lru_cache(maxsize=1024)
def condition(label: str, icon: str, words: Words = KNOWN) -> Condition:
    """
    Return the meaning of a label and an icon code; a label, if there is one, decides.

    ``condition`` of the result is None if neither is understood.
    """
    word = plain(label)
    known = ICONS.get(icon) if word == NO_LABEL else words.conditions.get(word)
    return replace(known or Condition(label=label), label=label, icon=icon)


@functools.lru_cache(maxsize=1024)
def _sky_problem(label: str, icon: str, words: Words) -> tuple[ProblemKind, str] | None:
    """The problem of a label and an icon code, if there is one, and the word."""
    said, drawn = words.conditions.get(plain(label)), ICONS.get(icon)
    if said is None:
        return "unknown label", label
    if icon and drawn is None:
        return "unknown icon code", icon
    if drawn and said.icon not in {"", icon} and said.condition != drawn.condition:
        detail = f"{label!r} disagrees with icon {icon!r}, which is for {drawn.label!r}"
        return "label against icon", detail
    return None


@functools.lru_cache(maxsize=4096)
def _words_of(
    city: str, label: str, icon: str, words: Words
) -> tuple[Station | None, Condition, tuple[Problem, ...]]:
    """The station and the condition of a line, and their problems."""
    place = station(city, words)
    problems = []
    if place is not None and place.kma_id is None:
        problems.append(Problem(kind="unknown city", word=city))
    if (problem := _sky_problem(label, icon, words)) is not None:
        kind, word = problem
        problems.append(Problem(kind=kind, city=city, word=word))
    return place, condition(label, icon, words), tuple(problems)


def _each_station_once(
    printed: Sequence[Line], readings: list[Reading], problems: list[Problem]
) -> list[Reading]:
    """
    The readings, each station's once.

    A station printed twice with the same values is one reading. Printed with different values, its
    lines stay, with city and label as printed, but without station or value.
    """
    if len({one.station and one.station.name_ko for one in readings}) == len(readings):
        return readings
    lines_of: dict[str, list[Line]] = {}
    for line, reading in zip(printed, readings, strict=True):
        lines_of.setdefault(_name(reading), []).append(line)
    doubled = {name: lines for name, lines in lines_of.items() if name and len(lines) > 1}
    unclear = {name for name, lines in doubled.items() if len(set(map(_values, lines))) > 1}
    for lines in doubled.values():
        cities = ", ".join(dict.fromkeys(line.city for line in lines))
        values = ", ".join(f"{line.label!r} {line.temperature!r}" for line in lines)
        detail = f"{len(lines)} times: {values}"
        problems.append(Problem(kind="printed again", city=cities, word=detail))
    taken = []
    for line, reading in zip(printed, readings, strict=True):
        name = _name(reading)
        if name in unclear:
            taken.append(_without_value(reading))
        elif name not in doubled or line is doubled[name][0]:
            taken.append(reading)
    return taken


def _name(reading: Reading) -> str:
    return "" if reading.station is None else reading.station.name_ko


def _values(line: Line) -> tuple[str, str, str]:
    return line.label, line.icon, line.temperature


def _without_value(reading: Reading) -> Reading:
    sky = Condition(label=reading.condition.label, icon=reading.condition.icon)
    return replace(reading, station=None, condition=sky, temperature_c=None)
