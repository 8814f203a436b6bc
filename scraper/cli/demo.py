"""The command that runs the demo on this machine."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click
from click.core import ParameterSource

from db import query
from db.errors import MissingExtra
from db.moments import now
from scraper import demo as story
from scraper.cli import show
from scraper.cli.options import Places, as_json, with_lang, with_places
from scraper.web.missing import refuse_without_web


@click.command(epilog="Example: nalssi demo")
@with_places
@with_lang
@as_json
def demo(places: Places, *, as_json: bool) -> None:
    """Poll a demo portal on this machine; the first thing to try."""
    # NALSSI_DB names the real history, which the demo must not touch.
    by_option = (
        click.get_current_context().get_parameter_source("db") == ParameterSource.COMMANDLINE
    )
    path = places.db if places.db and by_option else Path("demo.db")
    story.run(path, now=now(), say=click.echo if not as_json else lambda _: None)
    with query.Database(path) as asked:
        rows = asked.latest(now=now())
    if as_json:
        show.as_json(rows)
        return
    show.latest(rows, wide=False)
    click.echo(f"\nThe demo is in {path}. Next:")
    ourselves = "nalssi" if shutil.which("nalssi") else sys.argv[0]
    for line in ("series Seoul --since 7h --portal demo", "latest --json", "looks --failed"):
        click.echo(f"  {ourselves} {line} --db {path}")
    _freeze(path)
    click.echo(f"  {ourselves} serve --db {path}")


def _freeze(path: Path) -> None:
    """Write the pages beside the database, if their libraries are installed."""
    try:
        refuse_without_web()
    except MissingExtra as exc:
        show.note(str(exc))
        return
    from scraper.web import site  # noqa: PLC0415 - it wants the extra

    folder = path.with_name(f"{path.stem}-site")
    done = site.write(path, folder, now=now())
    click.echo(f"\nThe pages are in {folder} ({done.files} files). To serve them:")
