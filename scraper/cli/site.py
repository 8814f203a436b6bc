"""The command that writes the pages as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from db.moments import now
from scraper.cli import show
from scraper.cli.group import File
from scraper.cli.options import Places, with_places
from scraper.urls import is_base
from scraper.web.missing import refuse_without_web

if TYPE_CHECKING:
    from pathlib import Path


class Months(click.ParamType[Any]):
    """How many months, or all."""

    name = "N|all"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or ``all``."""
        text = str(value)
        if text == "all":
            return text
        if text.isascii() and text.isdigit() and len(text) < 6:
            return int(text)
        return self.fail(f"{text!r} is neither a whole number nor 'all'", param, ctx)


def checked_url(url: str) -> str:
    """
    Check an address, and drop a slash at its end; it may be empty.

    Raises:
        UsageError: It is not an http(s) address.
    """
    if url and not is_base(url):
        msg = f"--base-url {url!r}: expected such as https://weather.example.kr"
        raise click.UsageError(msg)
    return url.rstrip("/")


@click.command(epilog="Example: nalssi site public --base-url https://weather.example.kr")
@click.argument("folder", type=File(), metavar="DIR")
@click.option("--base-url", default="", metavar="URL", help="The public address of these pages.")
@click.option(
    "--months",
    type=Months(),
    default="2",
    show_default=True,
    help="How many months of each station to write.",
)
@with_places
def site(folder: Path, base_url: str, months: Any, places: Places) -> None:
    """Write pages and data as files, only those that changed."""
    refuse_without_web()
    from scraper.web import site as frozen  # noqa: PLC0415 - it wants the extra

    done = frozen.write(
        places.database(), folder, now=now(), base_url=checked_url(base_url), months=months
    )
    click.echo(f"{show.counted(done.files, 'file')}, {done.written} written")
