"""
A chart or a map as text.

A chart has a panel for each station, with the same degrees and times, instead of overlapping lines:
a pipe has no colours to distinguish them.
"""

from __future__ import annotations

import functools
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import plotext
from rich.cells import cell_len
from rich.text import Text

from db.korean.lines import said
from db.moments import minute
from scraper.plot import chart as charts
from scraper.plot import coast, sky
from scraper.plot.placing import Box, Room
from scraper.plot.ticks import ticks
from scraper.printable import printable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from db.measures.course import Held
    from db.query import State
    from scraper.plot.chart import Chart, Line, Sky, Track
    from scraper.plot.survey import Sighting, Survey

_GUTTER: Final = 6
_NARROWEST: Final = 40
_LOWEST, _HIGHEST = 6, 14
_AROUND_A_PANEL: Final = 3
_AROUND_ALL: Final = 6
_STEPS: Final = (1, 2, 5, 10, 20, 50)
_APART: Final = 14
"""Columns between two times, with room for a date."""

_FAINT: Final = "dim"
_PALE: Final = "gray"
"""The nearest theme of plotext, which has no dim axes."""

_STYLE: Final = {"live": "bold cyan", "unconfirmed": "cyan", "stale": "yellow", "frozen": "red"}
_PEN: Final[dict[State, str]] = {
    "frozen": "red",
    "stale": "yellow",
    "unconfirmed": "cyan",
    "live": "cyan+",
}
"""Colours in the order of drawing: a cell has the last one drawn."""

_EXPLAINED: Final = {
    "unconfirmed": "⠁⠁⠁ unconfirmed: not seen to begin, or not renewed",
    "stale": "⠁⠁⠁ stale: published three or more hours earlier",
    "frozen": "░⠁░ frozen: the portal stood still",
}

_SECOND_CELL: Final = "\0"
"""A filler behind a wide letter while plotext draws; it cannot occur in printed text."""


@contextmanager
def _plotting(columns: int, rows: int) -> Iterator[list[Text]]:
    """Clear plotext's only figure, before and after; at the end the list has its rows."""
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)
    plotext.plot_size(columns, rows)
    drawn: list[Text] = []
    try:
        yield drawn
        drawn += _rows(plotext.build())
    finally:
        plotext.clear_figure()


def _rows(built: str) -> Iterator[Text]:
    for row in Text.from_ansi(built.replace(_SECOND_CELL, "")).split():
        row.rstrip()
        yield row


def _write(text: str, x: float, y: float, **style: Any) -> None:
    """Write from a place to the right; plotext assumes that every letter is one cell wide."""
    plotext.text(_wide(text), x, y, alignment="left", **style)


def _wide(text: str) -> str:
    """A text with as many letters as it has cells."""
    return "".join(letter + _SECOND_CELL * (cell_len(letter) - 1) for letter in text)


def draw_chart(chart: Chart, columns: int, rows: int) -> list[Text]:
    """
    Draw a chart as rows of text.

    Args:
        chart: The chart.
        columns: The width of the terminal.
        rows: Its height; many stations take more.
    """
    panels = _Panels(chart, columns, rows)
    found = [Text(charts.range_and_portals(chart), _FAINT), Text()]
    for track in chart.tracks:
        found += [_heading(track, chart), *panels.panel(track), Text()]
    return [*found, *_legend(chart, columns)]


class _Panels:
    """The common scales of all panels: the places of times and temperatures."""

    def __init__(self, chart: Chart, columns: int, rows: int) -> None:
        self._chart = chart
        self._columns = max(columns, _NARROWEST) - _GUTTER - 1
        self._since, self._until = chart.since.timestamp(), chart.until.timestamp()
        self._a_column = (self._until - self._since) / (self._columns - 1)
        room = (rows - _AROUND_ALL) // len(chart.tracks) - _AROUND_A_PANEL
        self._rows = min(max(room, _LOWEST), _HIGHEST)
        low, high = chart.degrees or (0.0, 0.0)
        self._low, self._high = math.floor(low - 0.5), math.ceil(high + 0.5)
        self._a_row = (self._high - self._low) / (self._rows - 1)
        self._sky = self._low - self._a_row

    def panel(self, track: Track) -> list[Text]:
        """One station's line and sky; below the last one the times."""
        times = self._times() if track is self._chart.tracks[-1] else None
        below = 0 if times is None else 1 + bool(times)
        with _plotting(self._columns + _GUTTER + 1, self._rows + 1 + below) as drawn:
            self._frame(times)
            frozen = [one for one in track.stretches if one.state == "frozen"]
            for one in frozen:
                self._shade(one)
            lines = charts.lines(track.stretches)
            for state in _PEN:
                if own := [line for line in lines if line.state == state]:
                    self._draw(own, state)
            for one in frozen:
                self._name(one)
            for word in charts.skies(track.stretches):
                self._fill(word)
        return drawn

    def _frame(self, times: dict[float, str] | None) -> None:
        plotext.xlim(self._since, self._until)
        plotext.ylim(self._sky, self._high)
        plotext.plot([], [])  # without any data plotext draws no axes
        plotext.ticks_color(_PALE)
        plotext.xaxes(times is not None, False)
        plotext.yaxes(True, False)
        plotext.xticks(list(times or {}), list((times or {}).values()))
        degrees = self._degrees()
        words = [_wide(said("sky", self._chart.language)), *map(str, degrees)]
        labels = [f"{word:>{_GUTTER - 1}} " for word in words]
        plotext.yticks([self._sky, *degrees], labels)

    def _degrees(self) -> list[int]:
        most = self._rows / 2
        length = self._high - self._low
        step = next((one for one in _STEPS if length / one <= most), _STEPS[-1])
        return list(range(math.ceil(self._low / step) * step, self._high + 1, step))

    def _times(self) -> dict[float, str]:
        at_most = max(3, self._columns // _APART)
        shown = ticks(self._chart.since, self._chart.until, at_most=at_most)
        return {one.at.timestamp(): f"{one.below} {one.label}".strip() for one in shown}

    def _draw(self, lines: list[Line], state: State) -> None:
        """Steps; those that are not live as single dots."""
        points = self._steps(lines) if state == "live" else self._dots(lines)
        pen = plotext.plot if state == "live" else plotext.scatter
        pen(*zip(*points, strict=True), marker="braille", color=_PEN[state])

    @staticmethod
    def _steps(lines: list[Line]) -> Iterator[tuple[float, float | None]]:
        """Points to join; plotext breaks a line at a None."""
        for line in lines:
            yield from ((at.timestamp(), celsius) for at, celsius in line.points)
            yield line.points[-1][0].timestamp(), None

    def _dots(self, lines: list[Line]) -> Iterator[tuple[float, float]]:
        """A point in each column."""
        for line in lines:
            for (start, celsius), (end, _) in zip(line.points[::2], line.points[1::2], strict=True):
                yield from ((x, celsius) for x in self._columns_of(start, end))

    def _columns_of(self, start: dt.datetime, end: dt.datetime) -> list[float]:
        """The middle of each column in that time."""
        columns = range(self._column(start), self._column(end) + 1)
        return [self._since + column * self._a_column for column in columns]

    def _column(self, at: dt.datetime) -> int:
        return round((at.timestamp() - self._since) / self._a_column)

    def _shade(self, frozen: Held) -> None:
        between = [frozen.start.timestamp(), frozen.end.timestamp()]
        plotext.rectangle(between, [self._low, self._high], marker="░", color="red", fill=True)

    def _name(self, frozen: Held) -> None:
        """Label a freeze, if there is room, away from its line."""
        columns = self._columns_of(frozen.start, frozen.end)
        named, began, _ = charts.frozen_words(frozen.began, sky.script(self._chart.language))
        for lines in ([f"{named} {began}"], [named, began], [named], [named.split()[-1]]):
            if max(map(cell_len, lines)) <= len(columns) - 2:
                for text, y in zip(lines, self._away(frozen, len(lines)), strict=True):
                    x = columns[(len(columns) - cell_len(text)) // 2]
                    _write(text, x, y, color="red", style="bold")
                return

    def _away(self, frozen: Held, rows: int) -> list[float]:
        """Rows at the top, or at the foot if the line is high."""
        middle = (self._low + self._high) / 2
        high = frozen.temperature_c is not None and frozen.temperature_c > middle
        top = self._low + self._a_row * (rows - 1) if high else self._high
        return [top - self._a_row * nth for nth in range(rows)]

    def _fill(self, word: Sky) -> None:
        shown = sky.look(word.condition, word.label)
        columns = self._columns_of(word.start, word.end)
        colour = tuple(bytes.fromhex(shown.colour.removeprefix("#")))
        row = [self._sky] * len(columns)  # by scatter, as plot() has no style in plotext 5.3
        plotext.scatter(columns, row, marker=shown.sign, color=colour, style="inverted")


def _heading(track: Track, chart: Chart) -> Text:
    script = sky.script(chart.language)
    row = Text.assemble((sky.name(track.station, script), "bold"))
    last = track.last
    if last is None or last.temperature_c is None:
        return row.append(f"  {said('no temperature', chart.language)}", _FAINT)
    row.append(f"  {last.temperature_c:.1f} °C", _STYLE[last.state])
    row.append(f"  {sky.words(last.condition, last.label, script)}")
    if aged := charts.aged(last, chart):
        row.append(f"  {', '.join(aged)}", "red" if last.state == "frozen" else "yellow")
    return row


def _legend(chart: Chart, columns: int) -> list[Text]:
    """The signs that occur, in as many rows as needed; then the meaning of lines and bands."""
    shown = ((one.condition, one.label) for one in chart.stretches)
    named = sky.legend(shown, sky.script(chart.language))
    rows = [Text()]
    for look, text in named.items():
        piece = Text.assemble((f" {look.sign} ", f"black on {look.colour}"), f" {text}")
        if rows[-1] and rows[-1].cell_len + 2 + piece.cell_len > columns:
            rows.append(Text())
        rows[-1].append("  " if rows[-1] else "").append(piece)
    notes = [text for state, text in _EXPLAINED.items() if state in chart.states]
    return rows + [Text(said(text, chart.language), _FAINT) for text in notes]


_WEST, _EAST, _SOUTH, _NORTH = 125.6, 130.2, 33.05, 38.75
_BEYOND: Final = 0.3
_MAP_NARROWEST, _MAP_WIDEST = 56, 76
_CELL: Final = 2.0
"""The ratio of a character's height to its width."""

_ROWS_AWAY: Final = (0, 1, -1, 2, -2, 3, -3)
_LETTERS: Final = {
    "live": {"color": "default", "style": "bold"},
    "unconfirmed": {"color": "yellow"},
    "stale": {"color": "red"},
    "frozen": {"color": "red"},
    "old": {"color": "yellow"},
}


def draw_map(survey: Survey, columns: int) -> list[Text]:
    """Draw a map as rows of text, for a terminal of this width."""
    drawn, nameless = _Map(survey, min(max(columns, _MAP_NARROWEST), _MAP_WIDEST)).draw()
    say = functools.partial(said, language=survey.language)
    portals = ", ".join(survey.portals)
    title = say("{at}, Korean time · KMA via {portals}", at=minute(survey.at), portals=portals)
    notes = [say("(in brackets) {one}", one=one) for one in survey.standings]
    notes += survey.left_out
    if any(one.doubtful for one in survey.sightings):
        notes.append(say("{mark} may be wrong; `nalssi flags` says why", mark="?"))
    notes += [say("no room for {names}", names=", ".join(nameless))] if nameless else []
    return [Text(title, _FAINT), *drawn, *(Text(text, _FAINT) for text in notes)]


class _Map:
    """The cells of a map, from the lower left, and its occupied boxes."""

    def __init__(self, survey: Survey, columns: int) -> None:
        self._sightings = survey.sightings
        across = [one.station.longitude or _WEST for one in survey.sightings]
        self._west = min(_WEST, *(x - _BEYOND for x in across))
        degrees = max(_EAST, *(x + _BEYOND for x in across)) - self._west
        self._columns, self._per_degree = columns, columns / degrees
        self._up = self._per_degree / coast.SHRINK / _CELL
        self._rows = math.ceil((_NORTH - _SOUTH) * self._up)
        middle = (self._columns - 1) / 2, (self._rows - 1) / 2
        self._room = Room(Box(x=middle[0], y=middle[1], width=columns, height=self._rows))

    def draw(self) -> tuple[list[Text], list[str]]:
        """The map's rows, and the names of the stations without room."""
        with _plotting(self._columns, self._rows) as drawn:
            plotext.xlim(0, self._columns - 1)
            plotext.ylim(0, self._rows - 1)
            plotext.frame(False)
            plotext.xticks([])
            plotext.yticks([])
            for outline in coast.LAND:
                places = [self._cells(*place) for place in (*outline, outline[0])]
                plotext.plot(*zip(*places, strict=True), marker="braille", color=_PALE)
            nameless = [one for one in self._sightings if not self._station(one)]
        return drawn, [sky.short_name(one.station) for one in nameless]

    def _cells(self, longitude: float, latitude: float) -> tuple[float, float]:
        return (longitude - self._west) * self._per_degree, (latitude - _SOUTH) * self._up

    def _station(self, sighting: Sighting) -> bool:
        """Write a station where there is room; False if there is none."""
        place = self._cells(sighting.station.longitude or 0.0, sighting.station.latitude or 0.0)
        for text in _texts(sighting):
            length = cell_len(text)
            if box := self._room.take(_beside(int(place[0]), int(place[1]), length)):
                style = _LETTERS[sighting.standing]
                _write(text, box.x - (length - 1) / 2, box.y, **style)
                return True
        return False


def _beside(column: int, row: int, length: int) -> Iterator[Box]:
    """The possible boxes of a text, best first: in its row, beginning or ending at its place."""
    for away in _ROWS_AWAY:
        for start in (column, column - length + 1):
            middle = start + (length - 1) / 2
            yield Box(x=middle, y=row - away, width=length + 2, height=1)


def _texts(sighting: Sighting) -> tuple[str, str]:
    """The texts of a station: with its sky, and without."""
    value = sighting.value
    number = "–" if value.temperature_c is None else f"{value.temperature_c:.1f}"
    number += "?" if sighting.doubtful else ""
    shown = number if sighting.standing == "live" else f"({number})"
    short = f"{shown} {sky.short_name(sighting.station)}"
    word = printable(value.label or "")
    return (short if word in ("", "-") else f"{short} {word}"), short
