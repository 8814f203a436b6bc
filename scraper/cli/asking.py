"""The commands that ask. Each imports late what only it needs, so that asking starts fast."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from db.reading import now
from scraper.cli import show
from scraper.cli.group import main
from scraper.cli.options import Moment, Places, as_json, refuse_reversed, with_places

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence


@main.command()
@click.option("--station", "stations", multiple=True, help="Only this one; may be repeated.")
@with_places
@as_json
def latest(stations: tuple[str, ...], places: Places, *, as_json: bool) -> None:
    """Show the newest reading of each station, and whether it may be trusted."""
    from db import query

    with query.Database(places.database()) as asked:
        rows = asked.latest(stations=list(stations) or None, now=now())
    if as_json:
        show.as_json(rows)
    else:
        show.latest(rows)


@main.command()
@click.argument("station")
@click.option("--since", type=Moment(), help="ISO 8601 (Korean time), or so long ago: 7d, 24h.")
@click.option("--until", type=Moment(), help="The same.")
@click.option("--portal", help="Only what this one showed.")
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
    """Show what was printed of one station, by Korean or English name or KMA id, over time."""
    from db import query

    refuse_reversed(since, until)
    with query.Database(places.database()) as asked:
        rows = asked.series(station, since=since, until=until, portal=portal)
    if as_json:
        show.as_json(rows)
        return
    show.table(
        ["seen from", "seen until", "changed after", "°C", "condition", "label", "portal", "state"],
        [list(show.named(row).values()) for row in rows],
        numbers=["°C"],
    )


@main.command()
@with_places
@as_json
def stations(places: Places, *, as_json: bool) -> None:
    """List the stations that a portal printed."""
    from db import query

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
    _rows(rows, as_json=as_json)


@main.command()
@with_places
@as_json
def portals(places: Places, *, as_json: bool) -> None:
    """List the portals that were looked at."""
    from db import query

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
    _rows(rows, as_json=as_json)


@main.command()
@click.option("--failed", is_flag=True, help="Only those that saw no sidebar.")
@click.option(
    "--last", type=click.IntRange(min=0), default=100, show_default=True, help="So many; 0 = all."
)
@with_places
@as_json
def looks(places: Places, *, failed: bool, last: int, as_json: bool) -> None:
    """List the looks at portals and how each ended."""
    from db import query

    with query.Database(places.database()) as asked:
        rows = [show.named(look) for look in asked.looks(failed=failed, last=last or None)]
    _rows(rows, as_json=as_json)


def _rows(rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    if as_json:
        show.as_json(rows)
    elif rows:
        show.table([key.replace("_", " ") for key in rows[0]], [list(row.values()) for row in rows])
