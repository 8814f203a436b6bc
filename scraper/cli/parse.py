"""The command that shows what the reader sees in a page."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from db.moments import minute, now
from scraper import fetch, reader
from scraper.cli import show
from scraper.cli.options import Places, as_json, with_lang, with_places
from scraper.config import Config, Fetch
from scraper.printable import printable
from scraper.vocabulary import plain

if TYPE_CHECKING:
    from scraper.fetch import Page
    from scraper.reader import Explained
    from scraper.vocabulary import Words


@click.command(epilog="Example: nalssi parse https://www.koya-culture.com/")
@click.argument("source", default="-", metavar="[FILE|URL|-]")
@click.option(
    "--kind",
    type=click.Choice(list(reader.FINDERS)),
    default=reader.BOX,
    help="The kind of the portal.",
)
@click.option("--explain", is_flag=True, help="Show every list of the page, and its evidence.")
@with_places
@with_lang
@as_json
def parse(source: str, kind: str, places: Places, *, explain: bool, as_json: bool) -> None:
    """Show what the reader sees in a page, without a database."""
    settings = places.optional() or Config()
    words, page = settings.words.known(), _page(source, settings.fetch)
    lists = (
        reader.explain(page.body, page.encoding, words) if explain and kind == reader.BOX else []
    )
    if not as_json:
        _print_lists(lists)
    said = reader.read(page.body, page.encoding, words, kind=kind)
    rows = [
        {
            "city": reading.city,
            "kma_id": _kma_id(reading.city, words),
            "label": reading.condition.label,
            "icon": reading.condition.icon or None,
            "condition": reading.condition.condition,
            "temperature_c": reading.temperature_c,
        }
        for reading in said.content.readings
    ]
    if as_json:
        document = {
            "page_date": said.page_date,
            "observed_at": said.content.observed_at,
            "readings": rows,
            "problems": said.sentences,
        }
        show.as_json({**document, "lists": lists} if explain else document)
        return
    click.echo(f"page date {show.cell(said.page_date)}")
    if said.content.observed_at is not None:
        click.echo(f"observed {minute(said.content.observed_at)}")
    show.table(
        ["city", "KMA id", "label", "icon", "condition", "°C"],
        [list(row.values()) for row in rows],
        numbers=["KMA id", "°C"],
    )
    for problem in said.sentences:
        click.echo(f"problem: {printable(problem)}")


def _kma_id(city: str, words: Words) -> int | None:
    """The station of a city, also if its value is in doubt."""
    station = words.stations.get(plain(city))
    return None if station is None else station.kma_id


def _print_lists(lists: list[Explained]) -> None:
    for one in lists:
        taken = "taken" if one.taken else "not taken"
        head = f"{one.entries} entries at byte {one.byte}, from {one.begins!r}"
        click.echo(printable(f"list: {head}: {one.points} points of {one.enough}, {taken}"))
        for fact in one.facts:
            click.echo(printable(f"  {fact.points:+} {fact.says}"))


def _page(source: str, settings: Fetch) -> Page:
    """The page to read, from standard input, a file, or a portal."""
    if source == "-":
        return fetch.read_stream(sys.stdin.buffer, name="-", max_bytes=Fetch().max_bytes)
    if source.lower().startswith(("http://", "https://")):
        return asyncio.run(fetch.Fetcher(settings, clock=now).get(source))
    return fetch.read_file(source, max_bytes=Fetch().max_bytes)
