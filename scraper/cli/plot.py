"""The command that draws."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console

from db import query
from db.moments import now
from scraper.cli import language, show
from scraper.cli.options import Places, only_portal, with_lang, with_places, with_stations
from scraper.cli.times import Moment, refuse_reversed
from scraper.plot import figure, figure_map, terminal
from scraper.plot import survey as surveys
from scraper.plot.chart import Chart, NothingToDraw, Track
from scraper.plot.paper import DPI, ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.text import Text

    from db.query import Database
    from db.reading import Station
    from scraper.plot.survey import Survey

_USUAL: Final = dt.timedelta(days=7)
"""The time of a chart by default."""


class Picture(click.ParamType["Path"]):
    """A file to draw into; its ending decides the kind of picture."""

    name = "FILE"

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """The path, with an ending that we can draw."""
        path = Path(value)
        if path.suffix.lower() not in ENDINGS:
            self.fail(f"{str(value)!r}: expected an ending of {', '.join(ENDINGS)}", param, ctx)
        return path


@click.command(epilog="Example: nalssi plot 서울 부산 --since 7d -o week.png")
@with_stations()
@click.option(
    "--since",
    type=Moment(),
    help="From then on: ISO 8601 (Korean time), or an age: 30m, 24h, 7d, 2w.  [7d]",
)
@click.option("--until", type=Moment(), help="Before then; in the same forms.  [now]")
@only_portal
@click.option("--map", "on_map", is_flag=True, help="Draw a map of one moment, with all stations.")
@click.option(
    "--at", type=Moment(), help="With --map: the moment to draw, in the same forms.  [now]"
)
@click.option("-o", "--output", type=Picture(), help="Draw into this .png, .svg or .pdf.")
@click.option(
    "--dpi",
    type=click.IntRange(50, 600),
    metavar="NUMBER",
    help=f"Pixels per inch of a .png; use 300 for print.  [{DPI}]",
)
@with_places
@with_lang
def plot(
    stations: tuple[str, ...],
    since: dt.datetime | None,
    until: dt.datetime | None,
    portal: str | None,
    at: dt.datetime | None,
    output: Path | None,
    dpi: int | None,
    places: Places,
    *,
    on_map: bool,
) -> None:
    """
    Draw stations over time, or a map.

    A STATION is a Korean or English name, or a KMA number.
    """
    if on_map and (since or until):
        raise click.UsageError("--map shows one moment: --at, not --since or --until")
    if at and not on_map:
        raise click.UsageError("--at goes with --map")
    if not stations and not on_map:
        raise click.UsageError("name a station, or ask for a --map of them all")
    if dpi and (output is None or output.suffix.lower() != ".png"):
        raise click.UsageError("--dpi goes with -o and a .png; .svg and .pdf have no pixels")
    with query.Database(places.database()) as asked:
        try:
            if on_map:
                _draw_map(_survey(asked, stations, at or now(), portal), output, dpi or DPI)
            else:
                _draw_chart(_chart(asked, stations, since, until, portal), output, dpi or DPI)
        except NothingToDraw as exc:
            if output is not None:  # without values there is no picture, which is an error
                raise
            show.note(str(exc))
        except OverflowError as exc:  # the first or the last days that Python can name
            raise click.UsageError("no picture reaches the years 1 and 9999") from exc


def _chart(
    asked: Database,
    names: Iterable[str],
    since: dt.datetime | None,
    until: dt.datetime | None,
    portal: str | None,
) -> Chart:
    """The chart of the stations in that time; by default, of the last week."""
    end = until or now()
    start = since or end - _USUAL
    refuse_reversed(start, end)
    stations = _stations(asked, names)

    def track(one: Station) -> Track:
        shown = asked.course(one.name_ko, since=start, until=end, portal=portal)
        return Track(station=one, stretches=tuple(shown))

    tracks = [track(one) for one in stations]
    shown = [one.start for track in tracks for one in track.stretches]
    if not shown:
        named = ", ".join(one.name_ko for one in stations)
        msg = f"no look showed {named}"
        raise NothingToDraw(msg, since=start, until=end)
    return Chart(
        since=start if since else min(shown),
        until=end,
        tracks=tuple(tracks),
        language=language.chosen(),
    )


def _stations(asked: Database, names: Iterable[str]) -> list[Station]:
    """Each named station once, in order."""
    found = {station.name_ko: station for station in map(asked.station, names)}
    return list(found.values())


def _survey(asked: Database, names: Iterable[str], at: dt.datetime, portal: str | None) -> Survey:
    """The values known at a moment, of these stations or of all."""
    stations = _stations(asked, names) or asked.stations()
    seen = [(one, asked.at(one.name_ko, at, portal=portal, now=at)) for one in stations]
    return surveys.survey(seen, at=at, language=language.chosen())


def _draw_chart(chart: Chart, output: Path | None, dpi: int) -> None:
    if output is None:
        _print(terminal.draw_chart(chart, *_size()))
    else:
        if (many := len(chart.tracks)) > figure.MOST:
            msg = f"{many} stations are too many to tell apart, expected at most {figure.MOST}"
            raise click.UsageError(msg)
        _warn(figure.draw(chart, output, dpi=dpi))


def _draw_map(survey: Survey, output: Path | None, dpi: int) -> None:
    if output is None:
        _print(terminal.draw_map(survey, _size()[0]))
    else:
        _warn(figure_map.draw(survey, output, dpi=dpi))


def _size() -> tuple[int, int]:
    """Columns and lines of the terminal; those of a usual one for a pipe."""
    return shutil.get_terminal_size((80, 24))


def _print(rows: Iterable[Text]) -> None:
    """Print rows, with colours and bold letters in a terminal that allows them."""
    plain = bool(os.environ.get("NO_COLOR"))
    console = Console(highlight=False, soft_wrap=True, color_system=None if plain else "auto")
    with console.capture() as captured:
        for row in rows:
            console.print(row)
    click.echo(captured.get(), nl=False)


def _warn(notes: Iterable[str]) -> None:
    for note in notes:
        show.note(note)
