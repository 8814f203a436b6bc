"""A chart, drawn by matplotlib: temperatures above, the sky of each station below."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len

from db.korean.lines import said
from db.moments import KST
from scraper.plot import chart as charts
from scraper.plot import paper, sky
from scraper.plot.ticks import ticks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from scraper.plot.chart import Band, Chart, Line
    from scraper.plot.paper import Sheet
    from scraper.plot.sky import Script

COLOURS: Final = (
    *("#0b6aa8", "#d1495b", "#2a9d5c", "#8e5ea2"),
    *("#d9801e", "#17a2a8", "#7a5c3e", "#4b5563"),
)
"""Colours for stations, with their names; distinct for colour-blind readers, too."""

MOST: Final = len(COLOURS)
"""The most stations that can be distinguished."""

_WIDTH: Final = 11.0
_PLOT: Final = 4.0
_STRIP: Final = 0.3
_ABOVE: Final = 0.75
_BELOW: Final = 1.25
_LEFT: Final = 0.85
_RIGHT: Final = 1.85
_POINTS: Final = 72
_SHORT_NAME, _SHORT_VALUE = 8, 18
"""The width in cells for text of the usual size; English names are longer."""

_APART: Final = 16.0
_APART_AGED: Final = 36.0

_STYLES: Final[dict[str, dict[str, Any]]] = {
    "live": {"solid_capstyle": "butt"},
    "unconfirmed": {"linestyle": (0, (1, 1.4))},
    "stale": {"solid_capstyle": "butt"},
    "frozen": {"linestyle": (0, (4, 2)), "alpha": 0.75},
}
_WIDTHS: Final = {"live": 1.9, "unconfirmed": 1.1, "stale": 3.0, "frozen": 1.1}
_HOLLOW: Final = 0.55
"""The share of a stale line's width that is left white."""

_LONG: Final = dt.timedelta(days=45)
"""Beyond this length, the days of a wide line would run into each other."""


def draw(chart: Chart, path: Path, *, dpi: int = paper.DPI) -> list[str]:
    """
    Write a chart as a picture.

    Returns:
        Warnings about letters that could not be drawn.

    Raises:
        MissingExtra, OutputError: As in ``paper.draw``.
    """
    height = _ABOVE + _PLOT + _STRIP * len(chart.tracks) + _BELOW
    script = sky.script(chart.language)
    about = paper.About(
        title=" · ".join(sky.name(track.station, script) for track in chart.tracks),
        description=f"{charts.range_and_portals(chart)}. {_explained(chart)}",
        credit=charts.credit(chart.portals, chart.language),
        time=chart.until.astimezone(KST),
    )
    inches = _WIDTH, height
    return paper.draw(
        path, lambda sheet: _compose(chart, sheet), inches=inches, about=about, dpi=dpi
    )


def _compose(chart: Chart, sheet: Sheet) -> None:
    if not sheet.hangul:
        chart = replace(chart, language="en")
    script = sky.script(chart.language, hangul=sheet.hangul)
    strips = _STRIP * len(chart.tracks)
    height = _ABOVE + _PLOT + strips + _BELOW
    left, across = _LEFT / _WIDTH, (_WIDTH - _LEFT - _RIGHT) / _WIDTH
    above = sheet.figure.add_axes((left, (_BELOW + strips) / height, across, _PLOT / height))
    below = sheet.figure.add_axes((left, _BELOW / height, across, strips / height), sharex=above)
    above.set_xlim(_x(chart.since), _x(chart.until))
    _temperatures(chart, above)
    _frozen(chart, above, script)
    _last_values(chart, above, script)
    _skies(chart, below, script)
    _times(chart, above, below)
    _words(chart, sheet, script)


def _x(at: dt.datetime) -> float:
    """Hours since a fixed moment: matplotlib's own dates would bring their own time zone."""
    return at.timestamp() / 3600


def _temperatures(chart: Chart, axes: Axes) -> None:
    thinner = 0.5 if chart.until - chart.since > _LONG else 1.0
    for track, colour in zip(chart.tracks, COLOURS, strict=False):
        for line in charts.lines(track.stretches):
            _line(axes, line, colour, _WIDTHS[line.state] * thinner)
        for at, celsius in charts.flagged(track.stretches):
            axes.plot([_x(at)], [celsius], marker="v", color=paper.ALARM, markersize=5, zorder=4)
    low, high = chart.degrees or (0.0, 1.0)
    margin = max(1.0, (high - low) * 0.08)
    axes.set_ylim(low - margin, high + margin * 2.2)  # room for the words on frozen bands
    axes.text(-0.012, 1.02, "°C", transform=axes.transAxes, ha="right", color=paper.FAINT)
    axes.yaxis.set_major_formatter(lambda celsius, _: f"{celsius:g}".replace("-", "\N{MINUS SIGN}"))
    axes.grid(axis="y", color=paper.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    if low < 0 < high:
        axes.axhline(0, color="#aab4be", linewidth=0.9, zorder=1)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _line(axes: Axes, line: Line, colour: str, width: float) -> None:
    """Draw a line in the style of its state; a stale one is hollow."""
    x, y = [_x(at) for at, _ in line.points], [celsius for _, celsius in line.points]
    order = 3 if line.state == "live" else 2.5
    axes.plot(x, y, color=colour, zorder=order, linewidth=width, **_STYLES[line.state])
    if line.state == "stale":
        axes.plot(x, y, color="white", zorder=order, linewidth=width * _HOLLOW)


def _frozen(chart: Chart, axes: Axes, script: Script) -> None:
    for band in charts.frozen(chart.tracks):
        _shade(band, axes)
        _name_band(band, axes, script)


def _shade(band: Band, axes: Axes) -> None:
    start, end = _x(band.start), _x(band.end)
    axes.axvspan(start, end, color=paper.ALARM, alpha=0.09, linewidth=0, zorder=0)


def _name_band(band: Band, axes: Axes, script: Script) -> None:
    """Label a band with the longest name that fits, or the shortest one upright."""
    word, since, began = charts.frozen_words(band.began, script)
    texts = (
        f"{word} {since}",
        f"{word}\n{since}",
        f"{word}\n{since.replace(began, '').strip()}\n{began}",
        word,
    )
    middle = (_x(band.start) + _x(band.end)) / 2
    text = axes.text(
        middle,
        0.985,
        "",
        transform=axes.get_xaxis_transform(),
        ha="center",
        va="top",
        color=paper.ALARM,
        fontsize=8.5,
        linespacing=1.4,  # letters of Korean are higher
        zorder=5,
    )
    (left, _), (right, _) = axes.transData.transform([(_x(band.start), 0), (_x(band.end), 0)])
    room = abs(right - left)
    for wording in texts:
        text.set_text(wording)
        if text.get_window_extent().width <= room:
            return
    text.set(text=texts[0], rotation=90)
    text.set_visible(text.get_window_extent().width <= room)


def _last_values(chart: Chart, axes: Axes, script: Script) -> None:
    """Write each station's last value at the right, near its height, without overlaps."""
    named = [
        (track.last.temperature_c, colour, track, charts.aged(track.last, chart))
        for track, colour in zip(chart.tracks, COLOURS, strict=False)
        if track.last and track.last.temperature_c is not None
    ]
    named.sort(key=lambda one: one[0])
    apart = _APART_AGED if any(aged for *_, aged in named) else _APART
    heights = _spread([_points_up(axes, celsius) for celsius, *_ in named], apart, _PLOT * _POINTS)
    for (celsius, colour, track, aged), height in zip(named, heights, strict=True):
        text = f"{sky.short_name(track.station, script)}  {_degrees(celsius)}"
        size = 10.5 if cell_len(text) <= _SHORT_VALUE else 8
        _beside(axes, text, height, color=colour, fontweight="bold", fontsize=size)
        for nth, line in enumerate(aged, 1):  # "unconfirmed", "shown until 03-01 09:00"
            _beside(axes, line, height - 2 - 10 * nth, color=paper.FAINT, fontsize=7.5)
        axes.annotate(
            "",
            (1, celsius),
            xycoords=("axes fraction", "data"),
            xytext=(21, height - _points_up(axes, celsius)),
            textcoords="offset points",
            arrowprops={"arrowstyle": "-", "color": colour, "alpha": 0.6, "linewidth": 0.8},
            annotation_clip=False,
        )


def _beside(axes: Axes, text: str, height: float, **style: Any) -> None:
    """Write right of the plot, at a height in points above its foot."""
    axes.annotate(
        text,
        (1, 0),
        xycoords="axes fraction",
        xytext=(24, height),
        textcoords="offset points",
        va="center",
        annotation_clip=False,
        **style,
    )


def _points_up(axes: Axes, celsius: float) -> float:
    low, high = axes.get_ylim()
    return (celsius - low) / (high - low) * _PLOT * _POINTS


def _spread(wanted: Sequence[float], apart: float, most: float) -> list[float]:
    """Return heights near the wanted ones, which are sorted, with a minimum distance."""
    placed: list[float] = []
    for height in wanted:
        placed.append(max(height, placed[-1] + apart) if placed else max(height, 6.0))
    limit = most - 6
    for nth in range(len(placed) - 1, -1, -1):
        placed[nth] = min(placed[nth], limit)
        limit = placed[nth] - apart
    return placed


def _degrees(celsius: float) -> str:
    return f"{celsius:.1f} °C".replace("-", "\N{MINUS SIGN}")


def _skies(chart: Chart, axes: Axes, script: Script) -> None:
    for row, track in enumerate(chart.tracks):
        bars: dict[tuple[sky.Look, bool], list[tuple[float, float]]] = {}
        for one in charts.skies(track.stretches):
            bar = _x(one.start), _x(one.end) - _x(one.start)
            bars.setdefault((sky.look(one.condition, one.label), one.frozen), []).append(bar)
        for (shown, frozen), ranges in bars.items():
            axes.broken_barh(
                ranges,
                (row + 0.14, 0.72),
                facecolor=shown.colour,
                edgecolor="#c9d0d6" if shown in (sky.UNKNOWN, sky.NOT_REPORTED) else "none",
                linewidth=0.5,
                hatch="////" if shown == sky.UNKNOWN else None,
                alpha=0.45 if frozen else 1,
            )
    for band in charts.frozen(chart.tracks):
        _shade(band, axes)
    axes.set_ylim(len(chart.tracks), 0)
    axes.set_yticks(
        [row + 0.5 for row in range(len(chart.tracks))],
        [sky.short_name(track.station, script) for track in chart.tracks],
    )
    for label, colour in zip(axes.get_yticklabels(), COLOURS, strict=False):
        label.set_color(colour)
        label.set_fontsize(9.5 if cell_len(label.get_text()) <= _SHORT_NAME else 7)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _times(chart: Chart, above: Axes, below: Axes) -> None:
    shown = ticks(chart.since, chart.until, at_most=12)
    labels = [f"{one.label}\n{one.below}".rstrip() for one in shown]
    below.set_xticks([_x(one.at) for one in shown], labels)
    above.tick_params(axis="x", labelbottom=False, length=0)
    for axes in (above, below):
        axes.grid(axis="x", color=paper.GRID, linewidth=0.8)
        axes.set_axisbelow(True)


def _words(chart: Chart, sheet: Sheet, script: Script) -> None:
    """Title, range, portals and legends."""
    figure, left = sheet.figure, _LEFT / _WIDTH
    height = figure.get_figheight()
    many = len(chart.tracks) > 3
    namer = sky.short_name if many else sky.name
    title = " · ".join(namer(track.station, script) for track in chart.tracks)
    figure.text(left, 1 - 0.32 / height, title, fontsize=15, fontweight="bold", va="center")
    figure.text(
        left, 1 - 0.58 / height, charts.range_and_portals(chart), color=paper.FAINT, va="center"
    )
    _legend(chart, sheet, script)
    figure.text(left, 0.14 / height, _explained(chart), color=paper.FAINT, fontsize=8, va="bottom")


def _explained(chart: Chart) -> str:
    notes = ["A value holds for 90 minutes at most; the line stops where no value is known."]
    if "unconfirmed" in chart.states:
        notes.append("Dotted: unconfirmed, not seen to begin or not renewed.")
    if "stale" in chart.states:
        notes.append("Hollow: stale, published three or more hours earlier.")
    if "frozen" in chart.states:
        notes.append("Red band, dashed: frozen, the portal stood still.")
    if any(charts.flagged(track.stretches) for track in chart.tracks):
        notes.append("Red mark: may be wrong.")
    return "  ".join(said(note, chart.language) for note in notes)


def _legend(chart: Chart, sheet: Sheet, script: Script) -> None:
    from matplotlib.patches import Patch  # noqa: PLC0415 - an extra

    named = sky.legend(((one.condition, one.label) for one in chart.stretches), script)
    patches = [
        Patch(
            facecolor=shown.colour,
            edgecolor="#c9d0d6",
            linewidth=0.5,
            hatch="////" if shown == sky.UNKNOWN else None,
            label=text,
        )
        for shown, text in named.items()
    ]
    height = sheet.figure.get_figheight()
    sheet.figure.legend(
        handles=patches,
        loc="lower left",
        bbox_to_anchor=(_LEFT / _WIDTH, 0.36 / height),
        ncols=6,
        frameon=False,
        fontsize=8.5,
        handlelength=1.4,
        handletextpad=0.5,
        columnspacing=1.6,
        borderaxespad=0,
        borderpad=0,
    )
