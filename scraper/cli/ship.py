"""The command that updates a copy of the history in another database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from db import ship as shipping
from db.export.months import Monthly
from db.ship.targets import hidden
from scraper.cli import progress as progress_bars
from scraper.cli import show
from scraper.cli.group import interrupt_on_sigterm
from scraper.cli.options import as_json, with_places
from scraper.printable import printable

if TYPE_CHECKING:
    from scraper.cli.options import Places


@click.command(epilog="Example: nalssi ship postgresql://db.example/weather")
@click.argument("uri")
@with_places
@as_json
def ship(uri: str, places: Places, *, as_json: bool) -> None:
    """
    Keep a copy of the history in Postgres or DuckDB up to date.

    Months that changed are replaced. URI is postgresql://HOST/NAME or duckdb:FILE. Run it again
    after an interruption, or every hour; a daemon may run meanwhile.
    """
    interrupt_on_sigterm()
    with Monthly(places.database()) as source, progress_bars.of_a_file(to_file=True) as bar:
        done = shipping.ship(source, uri, clean=printable, progress=bar)
    if as_json:
        show.as_json(done)
    else:
        months = (
            f"{done.months} of {done.all_months} months replaced, {show.counted(done.rows, 'row')}"
        )
        click.echo(printable(f"{hidden(uri)}: {months}"))
