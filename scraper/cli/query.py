"""The commands that answer questions from rows."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

import click

from db import query
from db.moments import now
from scraper import records
from scraper.cli import show
from scraper.cli.options import (
    Form,
    Places,
    only_portal,
    wide,
    with_output,
    with_places,
    with_stations,
)
from scraper.cli.times import of_a_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from db.asked import Part


@click.command(epilog="Example: nalssi latest 서울 busan")
@with_stations()
@only_portal
@click.option("--best", is_flag=True, help="One row per station, from the portal that counts.")
@wide
@with_places
@with_output
def latest(
    stations: tuple[str, ...],
    portal: str | None,
    places: Places,
    *,
    best: bool,
    wide: bool,
    form: Form,
) -> None:
    """Show the newest reading of each station, and its state."""
    with query.Database(places.database()) as asked:
        ask = asked.latest_best if best else asked.latest
        rows: Sequence[query.Latest] = ask(
            stations=list(stations) or None, portal=portal, now=now()
        )
    if show.records(rows, query.Best if best else query.Latest, form):
        return
    output: Path | None = click.get_current_context().params["output"]
    if form == "table" and output is not None and output.suffix.lower() in {".html", ".htm"}:
        click.echo(_page(rows), nl=False)
        return
    if portal is not None and not rows:
        show.note(f"{portal} has not shown that yet")
    else:
        show.latest(rows, wide=wide)


def _page(rows: Sequence[query.Latest]) -> str:
    """The rows as a single HTML page."""
    from scraper.web.missing import refuse_without_web  # noqa: PLC0415 - a table does without

    refuse_without_web()
    from scraper.web.render import table  # noqa: PLC0415 - it wants the extra

    return table(rows)


@click.command(epilog="Example: nalssi series 서울 --since 7d")
@with_stations(1)
@of_a_time
@with_places
@with_output
def series(stations: tuple[str, ...], part: Part, places: Places, *, form: Form) -> None:
    """
    Show what the portals printed for a station over time.

    STATION is its Korean or English name, or its KMA number.
    """
    if len(stations) > 1:
        msg = f"expected one station, not {len(stations)}: {', '.join(stations)}"
        raise click.UsageError(msg)
    (station,) = stations
    with query.Database(places.database()) as asked:
        rows = asked.series(station, since=part.since, until=part.until, portal=part.portal)
    if show.records(rows, query.Spell, form, none=f"no look showed {station} in that time"):
        return
    show.table(
        ["seen from", "seen until", "changed after", "°C", "condition", "label", "portal", "state"],
        [
            (
                *(row.seen_from, row.seen_until, row.changed_after, show.degrees(row)),
                *(show.condition(row), row.label, row.portal, row.state),
            )
            for row in rows
        ],
        numbers=["°C"],
    )
    show.flagged(rows)


@click.command(epilog="Example: nalssi flags 서울 --since 30d")
@with_stations()
@of_a_time
@with_places
@with_output
def flags(stations: tuple[str, ...], part: Part, places: Places, *, form: Form) -> None:
    """
    List temperatures that may be wrong, and why.

    Flags are those of QARTOD: 3 = suspect, 4 = fail. Failed values are left out of means.
    """
    with query.Database(places.database()) as asked:
        found = asked.flags(*stations, since=part.since, until=part.until, portal=part.portal)
    names = {one.name: one.name for one in fields(query.Flag)}
    _rows(found, names, form, none="no temperature is flagged")


@click.command(epilog="Example: nalssi stations")
@with_places
@with_output
def stations(places: Places, *, form: Form) -> None:
    """List the stations that a portal printed."""
    with query.Database(places.database()) as asked:
        rows = asked.stations()
    _rows(rows, records.STATION, form, none="no portal has shown a station yet")


@click.command(epilog="Example: nalssi portals")
@with_places
@with_output
def portals(places: Places, *, form: Form) -> None:
    """List the portals that were polled."""
    with query.Database(places.database()) as asked:
        rows = asked.portals()
    _rows(rows, records.PORTAL, form, none="no portal was polled yet")


@click.command(epilog="Example: nalssi looks --failed --since 1d")
@of_a_time
@click.option("--failed", is_flag=True, help="Only looks that found no weather box.")
@click.option(
    "--last",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    default=100,
    show_default=True,
    help="Only the newest NUMBER of looks; 0 = all.",
)
@click.option(
    "--drift",
    is_flag=True,
    help="For portals that lost their box: each former entry, and what is left of it on the page.",
)
@with_places
@with_output
def looks(part: Part, places: Places, *, failed: bool, last: int, drift: bool, form: Form) -> None:
    """List the requests to portals, and how each ended."""
    if drift:
        _list_drift(places, part.portal, form)
        return
    with query.Database(places.database()) as asked:
        found = asked.looks(
            since=part.since, until=part.until, portal=part.portal, failed=failed, last=last or None
        )
    none = "no look failed" if failed else "there was no look"
    _rows(found, {one.name: one.name for one in fields(query.PastLook)}, form, none=none, keys=2)


_UNITS: Final = {
    "temperature_c": "°C",
    "elevation_m": "elevation m",
    "latitude": "latitude °",
    "longitude": "longitude °",
}
"""The headings of values whose name needs a unit."""


def _list_drift(places: Places, portal: str | None, form: Form) -> None:
    from scraper.cli import drift  # noqa: PLC0415 - only where it is wanted

    names = [one.name for one in fields(drift.DriftRow)]
    shown = names if form in ("json", "csv") else names[:6]
    rows = drift.found(places, portal)
    _rows(rows, {name: name for name in shown}, form, none="no portal lost its box", keys=2)


def _rows(
    found: Sequence[object], names: dict[str, str], form: Form, *, none: str, keys: int = 1
) -> None:
    """Print values by their names, numbers flush right; or a message if there are none."""
    rows = [records.renamed(one, names) for one in found]
    if form == "json":
        show.as_json(rows)
    elif form == "csv":
        show.as_csv(names, [row.values() for row in rows])
    elif not rows:
        show.note(none)
    else:
        headings = {name: _UNITS.get(name, name.replace("_", " ")) for name in names}
        numbers = [
            heading for name, heading in headings.items() if _is_number(row[name] for row in rows)
        ]
        values = [list(row.values()) for row in rows]
        show.table(list(headings.values()), values, numbers=numbers, keys=keys)


def _is_number(values: Iterable[object]) -> bool:
    """Whether a column contains only numbers."""
    there = [value for value in values if value is not None]
    return bool(there) and all(isinstance(value, (int, float)) for value in there)
