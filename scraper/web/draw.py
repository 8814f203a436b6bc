"""A map and a chart as plain shapes for the SVG templates; lengths are units of the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from db.validity import NOT_OF_NOW
from scraper.plot import chart as charts
from scraper.plot import coast, sky
from scraper.plot.placing import Box, Room
from scraper.plot.ticks import ticks
from scraper.web import words
from scraper.web.render import celsius

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from db.korean import Language
    from db.measures.course import Held
    from db.query import Best
    from scraper.plot.chart import Chart, Sky

_MAP_WIDTH: Final = 360.0
_WEST, _EAST, _SOUTH, _NORTH = 125.75, 129.75, 33.05, 38.7
_BEYOND: Final = 0.35

_LETTER: Final = 13.0
"""The height of a label, about as wide as a Korean letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A station on the map: its point, and the place of its label, if there was room."""

    row: Best
    x: float
    y: float
    label: tuple[float, float] | None

    @property
    def begins(self) -> str:
        """The side of its point on which the label begins."""
        return "start" if self.label is None or self.label[0] >= self.x else "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """The land, and the stations on it."""

    width: float
    height: float
    land: str
    marks: tuple[Mark, ...]


def draw_map(rows: Sequence[Best], language: Language = "ko") -> Map:
    """The map of the stations with a known place, each with its value."""
    placed = [row for row in rows if row.longitude is not None and row.latitude is not None]
    west = min([_WEST, *(row.longitude - _BEYOND for row in placed if row.longitude)])
    east = max([_EAST, *(row.longitude + _BEYOND for row in placed if row.longitude)])
    scale = _MAP_WIDTH / ((east - west) * coast.SHRINK)
    height = round((_NORTH - _SOUTH) * scale)

    def point(longitude: float, latitude: float) -> tuple[float, float]:
        return (longitude - west) * coast.SHRINK * scale, (_NORTH - latitude) * scale

    land = "".join(_closed(point(*place) for place in outline) for outline in coast.LAND)
    points = [point(row.longitude or 0, row.latitude or 0) for row in placed]
    room = Room(Box(x=_MAP_WIDTH / 2, y=height / 2, width=_MAP_WIDTH, height=height))
    for x, y in points:
        room.take([Box(x=x, y=y, width=_LETTER, height=_LETTER)])
    marks = tuple(
        Mark(row=row, x=round(x, 1), y=round(y, 1), label=_label(room, row, x, y, language))
        for row, (x, y) in zip(placed, points, strict=True)
    )
    return Map(width=_MAP_WIDTH, height=height, land=land, marks=marks)


def _closed(points: Iterable[tuple[float, float]]) -> str:
    """A closed path; after the first, points are relative to the one before: half the text."""
    (left, top), *others = whole = [(round(x), round(y)) for x, y in points]
    steps = (
        (x - before, y - above) for (before, above), (x, y) in zip(whole, others, strict=False)
    )
    lines = " ".join(f"{x},{y}" for x, y in steps if (x, y) != (0, 0))
    return f"M{left},{top}l{lines}z".replace(",-", "-").replace(" -", "-")  # a sign separates, too


def _label(
    room: Room, row: Best, x: float, y: float, language: Language
) -> tuple[float, float] | None:
    """The beginning of a label, or its end if it is to the left of its point."""
    wide = label_width(row, language)
    for side in (1, -1):
        for away in (0, -0.8, 0.8, -1.4, 1.4):
            middle = x + side * (_LETTER * 0.75 + wide / 2)
            box = Box(x=middle, y=y + away * _LETTER, width=wide, height=_LETTER)
            if room.take([box]):
                return round(middle - side * wide / 2, 1), round(box.y + _LETTER * 0.36, 1)
    return None


def name(row: Best, language: Language) -> str:
    """The name of a station on a picture."""
    return row.station if language == "ko" else row.station_en or row.station


def label_width(row: Best, language: Language) -> float:
    """The approximate width of a station's name and number."""
    letters = sum(1.0 if ord(one) > 0x1100 else 0.56 for one in name(row, language))
    return _LETTER * (letters + 0.3 + 0.6 * len(celsius(row.temperature_c)))


# ---- the chart

_LEFT, _RIGHT, _TOP, _BOTTOM = 36.0, 10.0, 22.0, 22.0
_STRIP: Final = 12.0
_AIR: Final = 6.0
_MARGIN_C: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A time in which the value was not current: its place, width, and beginning."""

    state: str
    x: float
    width: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """The part of a strip in one colour: a path, and its words for the legend."""

    colour: str
    path: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """
    One station over a time.

    Attributes:
        width, height, left, right, top, bottom: The picture, and the plot in it.
        live: The path of the line while the value was live.
        doubtful: The dotted path of unconfirmed values.
        flags: The beginnings of values that may be wrong.
        bands: The times in which the shown value is known to be old.
        skies: The strip of the sky.
        strip: The beginning of that strip.
        across, up: The marks of the axes: places, and words.
    """

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    live: str
    doubtful: str
    flags: tuple[tuple[float, float], ...]
    bands: tuple[Band, ...]
    skies: tuple[Colour, ...]
    strip: float
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]


def draw_chart(
    chart: Chart, language: Language, *, width: float = 720, height: float = 250
) -> Picture:
    """The picture of the first station of a chart."""
    strip = height - _BOTTOM - _STRIP
    left, right, top, bottom = _LEFT, width - _RIGHT, _TOP, strip - _AIR
    seconds = (chart.until - chart.since).total_seconds()
    shown = chart.tracks[0].stretches

    def x(at: dt.datetime) -> float:
        share = (at - chart.since).total_seconds() / seconds
        return left + (right - left) * min(max(share, 0.0), 1.0)

    low, high = chart.degrees or (0.0, 1.0)
    low, high = math.floor(low - _MARGIN_C), math.ceil(high + _MARGIN_C)

    def y(celsius_: float) -> float:
        return bottom - (bottom - top) * (celsius_ - low) / (high - low)

    def path(states: frozenset[str]) -> str:
        lines = [line for line in charts.lines(shown) if line.state in states]
        return "".join(_steps([(x(at), y(value)) for at, value in line.points]) for line in lines)

    return Picture(
        width=width,
        height=height,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        live=path(frozenset({"live"})),
        flags=tuple((round(x(at), 1), round(y(value), 1)) for at, value in charts.flagged(shown)),
        doubtful=path(frozenset({"unconfirmed"})),
        bands=tuple(_bands(shown, x, language)),
        skies=tuple(_skies(charts.skies(shown), x, language)),
        strip=strip,
        across=tuple(
            (round(x(one.at), 1), one.below if one.below and not one.at.hour else one.label)
            for one in ticks(chart.since, chart.until, at_most=10)
        ),
        up=tuple((round(y(one), 1), celsius(one).partition(".")[0]) for one in _degrees(low, high)),
    )


def _bands(
    shown: Iterable[Held], x: Callable[[dt.datetime], float], language: Language
) -> Iterator[Band]:
    """The times in which the shown value is known to be old, each with its state."""
    for state, run in groupby(shown, key=lambda one: one.state):
        begins, *rest = run
        if state in NOT_OF_NOW:
            left, right = x(begins.start), x((rest or [begins])[-1].end)
            since = words.minute(begins.began, language)
            yield Band(state=state, x=round(left, 1), width=round(right - left, 1), words=since)


def _steps(points: Sequence[tuple[float, float]]) -> str:
    """A path along level and upright steps."""
    (x, y), *rest = points
    parts = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in rest:
        if round(to_y, 1) != round(y, 1):
            parts.append(f"V{to_y:.1f}")
        if round(to_x, 1) != round(x, 1):
            parts.append(f"H{to_x:.1f}")
        x, y = to_x, to_y
    return "".join(parts)


def _degrees(low: int, high: int) -> Iterator[int]:
    """About five round degrees between two."""
    step = next(step for step in (1, 2, 5, 10, 20, 50) if (high - low) / step <= 6)
    yield from range(-(-low // step) * step, high + 1, step)


def _skies(
    shown: Iterable[Sky], x: Callable[[dt.datetime], float], language: Language
) -> Iterator[Colour]:
    """The strip, divided into parts of one colour."""
    paths: dict[sky.Look, list[str]] = {}
    legend: dict[sky.Look, list[str]] = {}
    for one in shown:
        begins, ends = (x(at) for at in (one.start, one.end))
        look = sky.look(one.condition, one.label)
        paths.setdefault(look, []).append(f"M{begins:.1f} 0H{ends:.1f}V{_STRIP:.0f}H{begins:.1f}z")
        word = words.sky(one.condition, one.label, language)
        if word not in legend.setdefault(look, []):
            legend[look].append(word)
    for look, parts in paths.items():
        yield Colour(colour=look.colour, path="".join(parts), words=", ".join(legend[look][:2]))
