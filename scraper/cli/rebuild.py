"""The command that derives spells and counts again."""

from __future__ import annotations

import click

from db.errors import DatabaseError
from scraper import lock
from scraper.cli import show
from scraper.cli.options import Places, as_json, with_places
from scraper.writing import without_a_daemon


@click.command(epilog="Example: nalssi rebuild")
@with_places
@as_json
def rebuild(places: Places, *, as_json: bool) -> None:
    """
    Derive spells and counts again from the looks.

    Also brings the database of an older nalssi up to date.
    """
    path, settings = places.database(), places.optional(beside_db=False)
    if not lock.is_there(path):
        raise DatabaseError(path, "there is no such file")
    journal = settings.journal if settings else None
    with without_a_daemon(path, journal=journal) as store:
        spells = store.rebuild()
    if as_json:
        show.as_json({"spells": spells})
    else:
        click.echo(show.counted(spells, "spell"))
