"""The command that reads stored pages again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from db import query
from db.write.replacing import rewriting
from scraper import reparse as again
from scraper.cli import show
from scraper.cli.options import Places, as_json, only_portal, with_places
from scraper.cli.times import since
from scraper.printable import printable
from scraper.reader import ALL_BOXES
from scraper.records import named
from scraper.vocabulary import KNOWN
from scraper.writing import without_a_daemon

if TYPE_CHECKING:
    import datetime as dt

    from scraper.reparse import Difference


@click.command(epilog="Example: nalssi reparse --since 2026-11-23")
@since
@only_portal
@click.option("--write", is_flag=True, help="Store the new readings in place of the old.")
@with_places
@as_json
def reparse(
    since: dt.datetime | None, portal: str | None, places: Places, *, write: bool, as_json: bool
) -> None:
    """
    Read stored pages again, and show what differs.

    Pages are read with the current reader and words; without --write no row changes.
    """
    path, settings = places.database(), places.optional()
    known = settings.words.known() if settings else KNOWN
    kinds = settings.kinds if settings else ALL_BOXES
    with query.Database(path) as asked:
        kept = asked.kept(since=since, portal=portal)
        found = None if write else again.reparse(kept, known, kinds)
    if found is None:
        journal = settings.journal if settings else None
        with (
            without_a_daemon(path, journal=journal) as store,
            rewriting(store, since=since, portal=portal) as (old, into),
        ):
            found = again.reparse(old, known, kinds, into=into)
    if as_json:
        show.as_json({"written": write, **_named(found)})
        return
    _show(found)
    if not write:
        click.echo("No row has changed; `nalssi reparse --write` stores the new readings.")


def _named(found: Difference) -> dict[str, object]:
    return {
        "sidebars": found.sidebars,
        "differing": found.differing,
        **{what.replace(" ", "_"): found.changes[what] for what in again.KINDS},
        "unread": found.unread,
        "understood": found.understood,
        "examples": found.examples,
    }


def _show(found: Difference) -> None:
    """Print the difference: its size, the words, and the first changes."""
    count = found.changes
    click.echo(f"boxes: {found.sidebars} read again, {found.differing} different")
    click.echo(
        f"readings: {count['added']} added, {count['changed']} changed, {count['gone']} gone"
    )
    if found.unread or count["read at last"]:
        click.echo(f"pages: {count['read at last']} read at last, {found.unread} cannot be read")
    for what in ("unreadable", "damaged"):
        if count[what]:
            click.echo(f"{what} fragments: {count[what]}; what was read of them stays")
    for word in found.understood:
        times = show.counted(word.readings, "time")
        click.echo(printable(f"{word.kind} {word.word!r} is {word.means}: {times}"))
    if not found.examples:
        return
    click.echo()
    show.table(
        ["change", "portal", "seen from", "station", "before", "after"],
        [list(named(change).values()) for change in found.examples],
        keys=4,
    )
    if more := count.total() - len(found.examples):
        click.echo(f"and {more} more")
    click.echo()
