"""The command that drops old looks which showed no change."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import click

from db.moments import KST, now
from db.write import prune as pruning
from scraper.cli import progress as progress_bars
from scraper.cli import show
from scraper.cli.options import Places, as_json, with_places
from scraper.cli.times import Moment
from scraper.printable import printable

if TYPE_CHECKING:
    from pathlib import Path

    from db.write.prune import Plan

_YOUNGEST: Final = dt.timedelta(days=1)
"""``status`` counts the looks of a day."""


@click.command(epilog="Example: nalssi prune --dry-run")
@click.option(
    "--looks-older-than",
    "before",
    type=Moment(),
    default="90d",
    show_default=True,
    help="An age such as 90d, or ISO 8601 (Korean time).",
)
@click.option("--dry-run", is_flag=True, help="Only print what would be dropped.")
@click.option("--vacuum", is_flag=True, help="Shrink the file; needs twice its size.")
@with_places
@as_json
def prune(
    before: dt.datetime, places: Places, *, dry_run: bool, vacuum: bool, as_json: bool
) -> None:
    """Drop old looks that showed no change."""
    if before > now() - _YOUNGEST:
        raise click.UsageError("--looks-older-than: expected a day at least, 1d")
    path = places.database()
    planned = pruning.plan(path, before)
    size = path.stat().st_size
    if not as_json:
        click.echo(_plan_line(planned, before))
    dropped = 0 if dry_run else _dropped(path, planned, vacuum=vacuum)
    after, unused = path.stat().st_size, pruning.unused_bytes(path)
    if as_json:
        looks = {"before": before, "looks": planned.looks, "drop": dict(planned.drop)}
        sizes = {"bytes_before": size, "bytes": after, "unused_bytes": unused}
        show.as_json({**looks, "dropped": dropped, **sizes})
    elif not dry_run:
        sizes_now = f"{show.mib(after)} now, {show.mib(unused)} free in it"
        line = f"{dropped} dropped; {path}: {show.mib(size)} before, {sizes_now}"
        click.echo(printable(line))


def _dropped(path: Path, planned: Plan, *, vacuum: bool) -> int:
    """Drop the looks, and return their number."""
    with progress_bars.of_a_file(to_file=True) as bar:
        dropped = pruning.carry_out(path, planned, progress=bar)
    if vacuum:
        pruning.compact(path)
    return dropped


def _plan_line(planned: Plan, before: dt.datetime) -> str:
    total, day = sum(planned.drop.values()), show.cell(before.astimezone(KST))
    kinds = ", ".join(f"{count} {outcome}" for outcome, count in sorted(planned.drop.items()))
    text = f"{total} of {planned.looks} looks are older than {day} and show no change"
    return f"{text}: {kinds}" if kinds else text
