"""The command that makes a dataset."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from db import dataset as datasets
from db.dataset.about import Metadata
from db.export.months import Monthly
from db.export.slices import Selection
from scraper import __version__
from scraper.cli import progress as progress_bars
from scraper.cli import show
from scraper.cli.group import File, interrupt_on_sigterm
from scraper.cli.options import Places, with_places
from scraper.cli.times import refuse_reversed, since, until
from scraper.printable import printable
from scraper.vocabulary import ICON_MEANINGS

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


def _doi(_ctx: click.Context, _param: click.Parameter, given: str | None) -> str | None:
    """A DOI without its address."""
    if given is None:
        return None
    bare = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:)", "", given)
    if not re.fullmatch(r"10\.\d{4,9}/\S+", bare):
        msg = f"{given!r} is no DOI, expected such as 10.5281/zenodo.1234"
        raise click.BadParameter(msg)
    return bare


@click.command(epilog="Example: nalssi dataset seoul-2026 --since 2026-01-01 --license CC-BY-4.0")
@click.argument("folder", type=File(), metavar="DIR")
@since
@until
@click.option("--title", help="The title.  [made from its dates]")
@click.option("--creator", "creators", multiple=True, help="Who made it. Repeatable.")
@click.option("--license", "license_", help="The licence, such as CC-BY-4.0 (SPDX), or an address.")
@click.option("--doi", callback=_doi, help="The DOI, such as 10.5281/zenodo.1234.")
@with_places
def dataset(
    folder: Path,
    since: dt.datetime | None,
    until: dt.datetime | None,
    title: str | None,
    creators: tuple[str, ...],
    license_: str | None,
    doi: str | None,
    places: Places,
) -> None:
    """
    Make a folder to publish and cite: files, codebook, provenance.

    Hours and spells as Parquet, CSV and netCDF, described by Data Package, schema.org and
    CITATION.cff. The same nalssi makes the same bytes from the same database. DIR must be new.
    """
    refuse_reversed(since, until)
    interrupt_on_sigterm()
    with Monthly(places.database()) as source, progress_bars.of_a_file(to_file=True) as bar:
        files = datasets.Dataset(
            source=source,
            metadata=Metadata(title=title, creators=creators, license=license_, doi=doi),
            version=__version__,
            chosen=Selection(since=since, until=until),
            icons=ICON_MEANINGS,
            clean=printable,
            progress=bar,
        ).make(folder)
    size = show.mib(sum(file.bytes for file in files))
    click.echo(printable(f"{folder}: {show.counted(len(files), 'file')}, {size}"))
    given = {"--creator": creators, "--license": license_}
    missing = [option for option, value in given.items() if not value]
    if missing:
        show.note(f"before you publish, name {' and '.join(missing)}")
