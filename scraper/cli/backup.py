"""The command that copies the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from db import backup as backups
from scraper.cli import progress as progress_bars
from scraper.cli import show
from scraper.cli.group import File, interrupt_on_sigterm
from scraper.cli.options import Places, as_json, with_places
from scraper.printable import printable

if TYPE_CHECKING:
    from pathlib import Path


@click.command(epilog="Example: nalssi backup weather-2026-03-01.db")
@click.argument("file", type=File())
@click.option("--plain", is_flag=True, help="For programs with a SQLite before 3.37.")
@with_places
@as_json
def backup(file: Path, places: Places, *, plain: bool, as_json: bool) -> None:
    """Copy the database while it is in use, and verify the copy."""
    interrupt_on_sigterm()
    with progress_bars.of_a_file(to_file=True) as bar:
        made = backups.make(places.database(), file, plain=plain, progress=bar)
    if as_json:
        show.as_json(
            {"path": str(made.path), "bytes": made.bytes, "rows": dict(made.rows), "verified": True}
        )
        return
    rows = sum(made.rows.values())
    click.echo(
        printable(f"{made.path}: {show.mib(made.bytes)}, {show.counted(rows, 'row')}; ")
        + "verified: no damage, every row of the original, spells as the looks give them"
    )
