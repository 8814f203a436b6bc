"""The command about printed words."""

from __future__ import annotations

import click

from db import query
from db.read.words import Word
from scraper.cli import language, show
from scraper.cli.options import Form, Places, with_output, with_places
from scraper.vocabulary import ICON_MEANINGS


@click.command(epilog="Example: nalssi words --unknown")
@click.option("--unknown", is_flag=True, help="Only words that nalssi does not understand.")
@with_places
@with_output
def words(places: Places, *, unknown: bool, form: Form) -> None:
    """List every printed word and its meaning."""
    with query.Database(places.database()) as asked:
        found = [word for word in asked.words(ICON_MEANINGS) if not (unknown and word.understood)]
    none = "every word is understood" if unknown else "no portal has shown a word yet"
    if show.records(found, Word, form, none=none):
        return
    show.table(
        ["kind", "printed", "taken for", "boxes", "first seen", "by", "last seen", "by"],
        [
            (
                word.kind,
                word.word or language.say("(no label)"),
                _taken_for(word),
                word.sidebars,
                word.first_seen,
                word.first_portal,
                word.last_seen,
                word.last_portal,
            )
            for word in found
        ],
        numbers=["boxes"],
        keys=2,
        styles=["" if word.understood else "yellow" for word in found],
    )


def _taken_for(word: Word) -> str | None:
    return word.means if word.understood else language.say("NOT UNDERSTOOD")
