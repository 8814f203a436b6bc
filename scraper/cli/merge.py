"""The command that joins the databases of other collectors to ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from db import merge as merging
from scraper import writing
from scraper.cli import progress as progress_bars
from scraper.cli import show
from scraper.cli.group import File, interrupt_on_sigterm
from scraper.cli.options import Places, as_json, create, with_places
from scraper.printable import printable
from scraper.records import named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@click.command(epilog="Example: nalssi merge kim.db lee.db")
@click.argument("others", nargs=-1, required=True, type=File(dir_okay=False), metavar="OTHER.db...")
@create
@with_places
@as_json
def merge(others: tuple[Path, ...], places: Places, *, create: bool, as_json: bool) -> None:
    """
    Join the databases of other collectors into this one.

    The other databases are not changed. Portals match by name and address, looks by their second
    and what they saw. Neither the order of the databases nor a second run changes the result. A
    daemon may run meanwhile; after an interruption, run it again. Contradictions are reported on
    stderr.
    """
    interrupt_on_sigterm()
    join(others, places, create=create, as_json=as_json)


def join(others: Sequence[Path], places: Places, *, create: bool, as_json: bool) -> None:
    """Join these databases to ours, and print the numbers of new facts."""
    path, settings = places.database(), places.optional()
    opened = merging.opened(others, path)
    journal = settings.journal if settings else None
    joined = []
    with writing.beside_a_daemon(path, journal=journal, create=create) as store:
        for other in opened:
            with progress_bars.of_a_file(to_file=True) as bar, other:
                joined.append(merging.merge(store, other, progress=bar))
            for line in joined[-1].contradictions:
                show.note(f"{joined[-1].database}: {line}")
    if as_json:
        show.as_json([{**named(one), "database": str(one.database)} for one in joined])
        return
    for one in joined:
        new = [
            show.counted(one.portals, "portal"),
            show.counted(one.looks, "look"),
            show.counted(one.captures, "capture"),
            show.counted(one.contents, "box", "boxes"),
        ]
        click.echo(printable(f"{one.database}: new: {', '.join(new)}"))
