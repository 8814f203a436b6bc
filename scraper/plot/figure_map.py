"""A map, drawn by matplotlib: each station's temperature by number and colour, and its sky."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len

from db.korean.lines import said
from db.moments import KST, minute
from scraper.plot import chart as charts
from scraper.plot import coast, paper, sky
from scraper.plot.placing import Box, Room, beside, near
from scraper.plot.survey import named
from scraper.printable import printable

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

    from db.korean import Language
    from scraper.plot.paper import Sheet
    from scraper.plot.sky import Script
    from scraper.plot.survey import Sighting, Survey

_INCHES: Final = (7.6, 9.6)
_Line = tuple[str, dict[str, Any]]
"""A text and its style."""

_CROWDS: Final = ((25, 1.0), (50, 1.4), (10_000, 2.0))
"""The most stations, and the factor by which their sheet is larger."""

_FRAME: Final = (0.02, 0.115, 0.96, 0.79)
_SCALE: Final = (0.26, 0.075, 0.48, 0.012)
_WEST, _EAST, _SOUTH, _NORTH = 125.75, 130.05, 33.0, 38.75

_COLD, _HOT = -15.0, 35.0
"""A colour means the same temperature on every map."""

_RADIUS: Final = 11.5
_LETTER: Final = {True: 4.9, False: 6.2}
"""The width of a cell of bold text, in the Korean font and in matplotlib's own."""

_LINE: Final = 11.0
_POINTS: Final = 72
_WHITE: Final = (1.0, 1.0, 1.0, 1.0)
_PALE: Final = "#9aa4ad"
_EDGE: Final = "#59636d"


def draw(survey: Survey, path: Path, *, dpi: int = paper.DPI) -> list[str]:
    """
    Write a map as a picture.

    Returns:
        Warnings about letters that could not be drawn.

    Raises:
        MissingExtra, OutputError: As in ``paper.draw``.
    """
    crowded = next(factor for most, factor in _CROWDS if len(survey.sightings) <= most)
    inches = _INCHES[0] * crowded, _INCHES[1] * crowded
    about = paper.About(
        title=said("{at}, Korean time", survey.language, at=minute(survey.at)),
        description="; ".join([*_numbers(survey), *survey.standings, *survey.left_out]),
        credit=charts.credit(survey.portals, survey.language),
        time=survey.at.astimezone(KST),
    )
    return paper.draw(
        path, lambda sheet: _compose(survey, sheet), inches=inches, about=about, dpi=dpi
    )


def _numbers(survey: Survey) -> list[str]:
    """Each station with its number."""
    return [
        f"{sky.name(one.station, sky.script(survey.language))} {one.value.temperature_c} °C"
        for one in survey.sightings
        if one.value.temperature_c is not None
    ]


def _compose(survey: Survey, sheet: Sheet) -> None:
    if not sheet.hangul:
        survey = replace(survey, language="en")
    axes = sheet.figure.add_axes(_FRAME)
    axes.set_axis_off()
    _extent(survey, axes)
    _land(axes)
    nameless = _stations(survey, sheet, axes, _colours(sheet))
    _words(survey, sheet, nameless)


def _extent(survey: Survey, axes: Axes) -> None:
    """The peninsula's south, and islands farther out if they have a value."""
    across = [one.station.longitude or _WEST for one in survey.sightings]
    axes.set_xlim(min(_WEST, *(x - 0.4 for x in across)), max(_EAST, *(x + 0.4 for x in across)))
    axes.set_ylim(_SOUTH, _NORTH)
    axes.set_aspect(1 / coast.SHRINK, anchor="C")
    axes.apply_aspect()


def _land(axes: Axes) -> None:
    for outline in coast.LAND:
        axes.fill(*zip(*outline, strict=True), facecolor="#f1f3f0", edgecolor="none", zorder=0)
    shores = (coast.MAINLAND, *((*island, island[0]) for island in coast.ISLANDS))
    for shore in shores:
        axes.plot(*zip(*shore, strict=True), color="#b4bfc7", linewidth=0.9, zorder=1)
    axes.plot(
        *zip(*coast.BORDER, strict=True), color="#b4bfc7", linewidth=0.9, linestyle=(0, (5, 3))
    )


def _colours(sheet: Sheet) -> Colormap:
    """The colours of temperatures, and their scale below the map."""
    from matplotlib.cm import ScalarMappable  # noqa: PLC0415 - an extra
    from matplotlib.colors import Normalize  # noqa: PLC0415

    scale = ScalarMappable(Normalize(_COLD, _HOT), "RdYlBu_r")
    bar = sheet.figure.colorbar(
        scale,
        cax=sheet.figure.add_axes(_SCALE),
        orientation="horizontal",
        ticks=range(int(_COLD), int(_HOT) + 1, 10),
        format=lambda celsius, _: f"{celsius:g} °C".replace("-", "\N{MINUS SIGN}"),
    )
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=8)
    return scale.get_cmap()


def _stations(survey: Survey, sheet: Sheet, axes: Axes, colours: Colormap) -> list[str]:
    """Draw circles at or near their places, then labels; return the names without room."""
    over, frame = _overlay(sheet)
    script = sky.script(survey.language, hangul=sheet.hangul)
    letter = _LETTER[sheet.hangul]
    room = Room(frame)
    circles = []
    for sighting in survey.sightings:
        x, y = _points(sighting, axes)
        circle = room.take(near(x, y, 2 * _RADIUS + 1)) or next(near(x, y, 2 * _RADIUS))
        circles.append((sighting, circle))
        _circle(over, sighting, circle, colours)
        if (circle.x, circle.y) != (x, y):
            over.plot([x, circle.x], [y, circle.y], color=_EDGE, linewidth=0.7, zorder=2)
            over.plot(x, y, ".", color=_EDGE, markersize=4, zorder=2)
    return [
        sky.short_name(sighting.station, script)
        for sighting, circle in circles
        if not _label(over, room, circle, _texts(sighting, script), letter)
    ]


def _overlay(sheet: Sheet) -> tuple[Axes, Box]:
    """A layer over the whole sheet in points, and the part of it with the map."""
    across, up = (length * _POINTS for length in sheet.figure.get_size_inches())
    over = sheet.figure.add_axes((0, 0, 1, 1), facecolor="none")
    over.set_axis_off()
    over.set_xlim(0, across)
    over.set_ylim(0, up)
    left, low, width, height = _FRAME
    middle = (left + width / 2) * across, (low + height / 2) * up
    return over, Box(x=middle[0], y=middle[1], width=width * across, height=height * up)


def _points(sighting: Sighting, axes: Axes) -> tuple[float, float]:
    """A station's place, in points from the lower left of the sheet."""
    station = sighting.station
    x, y = axes.transData.transform((station.longitude or 0.0, station.latitude or 0.0))
    return x * _POINTS / axes.figure.dpi, y * _POINTS / axes.figure.dpi


def _circle(over: Axes, sighting: Sighting, at: Box, colours: Colormap) -> None:
    """Draw a circle: filled with the colour of its temperature if it is live, else hollow."""
    celsius = sighting.value.temperature_c
    live = sighting.standing == "live" and celsius is not None
    fill = _WHITE if celsius is None or not live else colours((celsius - _COLD) / (_HOT - _COLD))
    over.plot(
        at.x,
        at.y,
        "o",
        markersize=2 * _RADIUS,
        markerfacecolor=fill,
        markeredgecolor=_EDGE if live else _PALE,
        markeredgewidth=0.6 if live else 1.3,
        gid=f"station-{sighting.station.kma_id}",
        zorder=3,
    )
    over.text(
        at.x,
        at.y,
        "–" if celsius is None else f"{celsius:.1f}".replace("-", "\N{MINUS SIGN}"),
        ha="center",
        va="center_baseline",
        fontsize=8,
        fontweight="bold" if live else "normal",
        color=_ink(fill) if live else paper.FAINT,
        zorder=4,
    )


def _label(over: Axes, room: Room, circle: Box, texts: list[_Line], letter: float) -> bool:
    """Write all lines where they fit, or only the name; False if neither fits."""
    for lines in (texts, texts[:1]):
        breadth = max(cell_len(text) for text, _ in lines) * letter + 2
        box = room.take(beside(circle, breadth, len(lines) * _LINE + 2))
        if box is None:
            continue
        for nth, (text, style) in enumerate(lines):
            y = box.y + _LINE * ((len(lines) - 1) / 2 - nth)
            over.text(
                box.x, y, text, ha="center", va="center", path_effects=_halo(), zorder=5, **style
            )
        return True
    return False


def _halo() -> list[Any]:
    """A white edge around letters, for those that cross the coast."""
    from matplotlib.patheffects import withStroke  # noqa: PLC0415 - an extra

    return [withStroke(linewidth=2, foreground="white", alpha=0.8)]


def _ink(fill: tuple[float, ...]) -> str:
    """Black or white, whichever is easier to read on a colour (relative luminance, WCAG 2)."""
    red, green, blue = (part**2.2 for part in fill[:3])
    return "white" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.25 else paper.INK


def _texts(sighting: Sighting, script: Script) -> list[_Line]:
    """The lines below a circle: name, sky, state, and a flag."""
    value, live = sighting.value, sighting.standing == "live"
    language: Language = "ko" if script == "ko" else "en"
    name = sky.short_name(sighting.station, script)
    word = (value.label if script != "en" else (value.condition or "").replace("_", " ")) or ""
    texts = [
        (name, {"fontsize": 9, "fontweight": "bold", "color": paper.INK if live else paper.FAINT})
    ]
    if word not in ("", "-"):
        texts.append((printable(word), {"fontsize": 7.5, "color": paper.FAINT}))
    if not live:
        texts.append((named(sighting.standing, language), {"fontsize": 7.5, "color": paper.ALARM}))
    if sighting.doubtful:
        texts.append((said("may be wrong", language), {"fontsize": 7.5, "color": paper.ALARM}))
    return texts


def _words(survey: Survey, sheet: Sheet, nameless: list[str]) -> None:
    figure, inches = sheet.figure, sheet.figure.get_figheight()
    at = minute(survey.at)
    title = f"날씨 {at}" if sheet.hangul else f"Weather {at}"
    say = functools.partial(said, language=survey.language)
    line = "as seen at that time, Korean time · KMA via {portals}"
    figure.text(0.06, 1 - 0.34 / inches, title, fontsize=15, fontweight="bold", va="center")
    figure.text(
        0.06,
        1 - 0.60 / inches,
        say(line, portals=charts.some(survey.portals, survey.language)),
        color=paper.FAINT,
        va="center",
    )
    notes = [say("Hollow: {one}", one=one) for one in survey.standings] + survey.left_out
    notes += [say("no room for {names}", names=", ".join(nameless))] if nameless else []
    figure.text(0.06, 0.12 / inches, "\n".join(notes), color=paper.FAINT, fontsize=8, va="bottom")
