"""The commands that ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from db import query
from db.reading import now
from scraper.cli import show
from scraper.cli.options import (
    Places,
    as_json,
    only_portal,
    only_stations,
    refuse_reversed,
    since,
    until,
    with_places,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence


@click.command()
@only_stations
@only_portal
@with_places
@as_json
def latest(stations: tuple[str, ...], portal: str | None, places: Places, *, as_json: bool) -> None:
    """Show the newest readings, and whether to trust them."""
    with query.Database(places.database()) as asked:
        rows = asked.latest(stations=list(stations) or None, portal=portal, now=now())
    if as_json:
        show.as_json(rows)
    elif portal is not None and not rows:
        show.nothing(f"{portal} has shown none of that yet")
    else:
        show.latest(rows)


@click.command()
@click.argument("station")
@since
@until
@only_portal
@with_places
@as_json
def series(
    station: str,
    since: dt.datetime | None,
    until: dt.datetime | None,
    portal: str | None,
    places: Places,
    *,
    as_json: bool,
) -> None:
    """
    Show what was printed of one station over time.

    STATION is its Korean or English name, or its KMA number.
    """
    refuse_reversed(since, until)
    with query.Database(places.database()) as asked:
        rows = asked.series(station, since=since, until=until, portal=portal)
    if as_json:
        show.as_json(rows)
        return
    if not rows:
        show.nothing(f"nothing was seen of {station} in that time")
        return
    show.table(
        ["seen from", "seen until", "changed after", "°C", "condition", "label", "portal", "state"],
        [list(show.named(row).values()) for row in rows],
        numbers=["°C"],
    )


@click.command()
@with_places
@as_json
def stations(places: Places, *, as_json: bool) -> None:
    """List the stations that a portal printed."""
    with query.Database(places.database()) as asked:
        rows = [
            {
                "station": station.name_ko,
                "station_en": station.name_en,
                "kma_id": station.kma_id,
                "latitude": station.latitude,
                "longitude": station.longitude,
                "elevation_m": station.elevation_m,
                "province": station.province,
            }
            for station in asked.stations()
        ]
    _rows(rows, as_json=as_json, none="no portal has shown a station yet")


@click.command()
@with_places
@as_json
def portals(places: Places, *, as_json: bool) -> None:
    """List the portals that were polled."""
    with query.Database(places.database()) as asked:
        rows = [
            {
                "portal": portal.name,
                "url": portal.url,
                "interval_minutes": portal.interval_minutes,
                "looks": portal.looks,
                "first_look": portal.first_look,
                "last_look": portal.last_look,
                "last_success": portal.last_success,
            }
            for portal in asked.portals()
        ]
    _rows(rows, as_json=as_json, none="no portal was looked at yet")


@click.command()
@since
@until
@only_portal
@click.option("--failed", is_flag=True, help="Only those that saw no sidebar.")
@click.option(
    "--last",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    default=100,
    show_default=True,
    help="Only the newest so many; 0 = all.",
)
@with_places
@as_json
def looks(
    since: dt.datetime | None,
    until: dt.datetime | None,
    portal: str | None,
    places: Places,
    *,
    failed: bool,
    last: int,
    as_json: bool,
) -> None:
    """List the looks at portals and how each ended."""
    refuse_reversed(since, until)
    with query.Database(places.database()) as asked:
        found = asked.looks(
            since=since, until=until, portal=portal, failed=failed, last=last or None
        )
    rows = [show.named(look) for look in found]
    none = "no look failed" if failed else "there was no look"
    _rows(rows, as_json=as_json, none=none, keys=2)


def _rows(rows: Sequence[Mapping[str, object]], *, as_json: bool, none: str, keys: int = 1) -> None:
    """Print rows with their keys as headings, numbers flush right; or that there is none."""
    if as_json:
        show.as_json(rows)
    elif not rows:
        show.nothing(none)
    else:
        named = {key: key.replace("_", " ") for key in rows[0]}
        values = [list(row.values()) for row in rows]
        numbers = [name for key, name in named.items() if _is_number(row[key] for row in rows)]
        show.table(list(named.values()), values, numbers=numbers, keys=keys)


def _is_number(values: Iterable[object]) -> bool:
    """Whether a column has numbers, and nothing else."""
    there = [value for value in values if value is not None]
    return bool(there) and all(isinstance(value, (int, float)) for value in there)
