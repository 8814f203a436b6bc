"""The command that drops looks dated by a wrong clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from db import backup
from db.moments import now
from db.write import drop
from scraper.cli import show
from scraper.cli.options import Places, as_json, with_places
from scraper.cli.times import of_a_time
from scraper.printable import printable
from scraper.writing import without_a_daemon

if TYPE_CHECKING:
    from pathlib import Path

    from db.asked import Part
    from db.write.drop import Looks


@click.command(epilog="Example: nalssi drop-looks --since 2031-01-01")
@of_a_time
@click.option("--write", is_flag=True, help="Drop them, after a copy of the database is made.")
@with_places
@as_json
def drop_looks(part: Part, places: Places, *, write: bool, as_json: bool) -> None:
    """
    Drop looks that a wrong clock dated; a copy is kept.

    Without --write, it only lists the looks that it would drop.
    """
    if part.since is None and part.until is None:
        msg = "expected --since or --until: without either, every look would be dropped"
        raise click.UsageError(msg)
    path, copy = places.database(), None
    with without_a_daemon(path) as store:
        planned = drop.plan(store, since=part.since, until=part.until, portal=part.portal)
        if write and planned:
            copy = _copy(path)
            drop.carry_out(store, since=part.since, until=part.until, portal=part.portal)
    if as_json:
        show.as_json({"written": copy is not None, "copy": copy and str(copy), "looks": planned})
    else:
        _print_outcome(planned, copy, write=write)


def _copy(path: Path) -> Path:
    """Make a copy beside the database, and return its path."""
    copy = path.with_name(f"{path.name}.before-drop-{now():%Y%m%dT%H%M%SZ}")
    return backup.make(path, copy).path


def _print_outcome(planned: list[Looks], copy: Path | None, *, write: bool) -> None:
    if not planned:
        show.note("no look is in that range")
        return
    rows = [(one.portal, one.looks, one.first, one.last) for one in planned]
    show.table(["portal", "looks", "first", "last"], rows, numbers=["looks"])
    if copy is not None:
        click.echo(printable(f"dropped; the database as it was is in {copy}"))
    elif not write:
        click.echo("No look was dropped; `nalssi drop-looks --write` drops these.")
