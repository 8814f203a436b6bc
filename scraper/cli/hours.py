"""The commands about full hours and freezes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from db import query
from db.measures.hours import Hour
from scraper.cli import language, show
from scraper.cli.options import Form, Places, with_output, with_places, with_stations
from scraper.cli.times import of_a_time

if TYPE_CHECKING:
    from db.asked import Part


@click.command(epilog="Example: nalssi hours 서울 --since yesterday --until today")
@with_stations(1)
@of_a_time
@with_places
@with_output
def hours(stations: tuple[str, ...], part: Part, places: Places, *, form: Form) -> None:
    """
    Show the live value and the mean of each full hour.

    A STATION is a Korean or English name, or a KMA number; hours are Korean.
    """
    with query.Database(places.database()) as asked:
        rows = asked.hours(*stations, **part._asdict())
    none = f"no look showed {', '.join(stations)} in that time"
    if show.records(rows, Hour, form, none=none):
        return
    show.table(
        ["station", "hour", "°C", "sky", "state", "why", "portal", "agree", "mean °C", "coverage"],
        [
            (
                row.station,
                row.hour,
                show.degrees(row),
                language.sky(row.label, row.condition),
                language.state(row.state),
                row.why,
                row.portal,
                show.agree(row.agreeing_portals, row.live_portals),
                row.mean_c,
                row.coverage,
            )
            for row in rows
        ],
        numbers=["°C", "mean °C", "coverage"],
        keys=2,
    )
    show.flagged(rows)


@click.command(epilog="Example: nalssi freezes --since 30d")
@of_a_time
@with_places
@with_output
def freezes(part: Part, places: Places, *, form: Form) -> None:
    """List when a portal stood still for 3 hours or more."""
    with query.Database(places.database()) as asked:
        found = asked.freezes(since=part.since, until=part.until, portal=part.portal)
    if show.records(found, query.Freeze, form, none="no freeze was found"):
        return
    show.table(
        ["portal", "since", "until", "length", "next change", "why"],
        [
            (
                one.portal,
                one.since,
                one.until,
                language.age(int((one.until - one.since).total_seconds()) // 60),
                one.next_change,
                one.why,
            )
            for one in found
        ],
        numbers=["length"],
        keys=2,
    )
