"""The command that shows what the reader sees in a page."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from db.reading import now
from scraper import fetch, reader
from scraper.cli import show
from scraper.cli.options import Places, as_json, with_places
from scraper.config import Fetch
from scraper.printable import printable
from scraper.vocabulary import KNOWN

if TYPE_CHECKING:
    from scraper.config import Config
    from scraper.fetch import Page


@click.command()
@click.argument("source", default="-", metavar="[FILE|URL|-]")
@with_places
@as_json
def parse(source: str, places: Places, *, as_json: bool) -> None:
    """Show what the reader sees in a page; keep nothing."""
    settings = places.optional()
    words = settings.words.known() if settings else KNOWN
    page = _page(source, settings)
    said = reader.read(page.body, page.encoding, words)
    rows = [
        {
            "city": reading.city,
            "kma_id": None if reading.station is None else reading.station.kma_id,
            "label": reading.condition.label,
            "icon": reading.condition.icon or None,
            "condition": reading.condition.condition,
            "temperature_c": reading.temperature_c,
        }
        for reading in said.content.readings
    ]
    if as_json:
        show.as_json({"page_date": said.page_date, "readings": rows, "problems": said.sentences})
        return
    click.echo(f"page date {show.cell(said.page_date)}")
    show.table(
        ["city", "KMA id", "label", "icon", "condition", "°C"],
        [list(row.values()) for row in rows],
        numbers=["KMA id", "°C"],
    )
    for problem in said.sentences:
        click.echo(f"problem: {printable(problem)}")


def _page(source: str, settings: Config | None) -> Page:
    """The page to try the reader on, from standard input, a file, or a portal."""
    if source == "-":
        return fetch.read_stream(sys.stdin.buffer, name="-", max_bytes=Fetch().max_bytes)
    if source.lower().startswith(("http://", "https://")):
        return _fetched(source, settings.fetch if settings else Fetch())
    return fetch.read_file(source, max_bytes=Fetch().max_bytes)


def _fetched(url: str, settings: Fetch) -> Page:
    return asyncio.run(fetch.Fetcher(settings, clock=now).get(url))
