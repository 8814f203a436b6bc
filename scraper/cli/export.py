"""The commands that export, copy, prune and rebuild the history."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Final, Literal

import click

from db import backup as backups
from db.errors import DatabaseError
from db.export.changed import Folder
from db.export.export import Export
from db.export.months import Monthly
from db.export.slices import Selection, Source
from db.export.tables import BY_MONTH, OF_A_PORTAL, OF_A_STATION, OF_A_TIME, TABLES
from db.moments import KST, now
from db.write import prune as pruning
from scraper.cli import progress as progress_bars
from scraper.cli import show
from scraper.cli.group import File, interrupt_on_sigterm
from scraper.cli.options import (
    Places,
    as_excel,
    as_json,
    only_portal,
    to_a_file,
    with_places,
    with_stations,
)
from scraper.cli.times import Moment, refuse_reversed, since, until
from scraper.printable import printable
from scraper.writing import without_a_daemon

if TYPE_CHECKING:
    from pathlib import Path

    from db.export.export import Format
    from db.export.tables import What
    from db.write.prune import Plan

_ENDINGS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
_YOUNGEST: Final = dt.timedelta(days=1)
"""``status`` counts the looks of a day."""


@click.command(epilog="Example: nalssi export --what hours --station 서울 -o seoul.csv")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "ndjson", "parquet", "xlsx"]),
    help="The form.  [by the ending of the file, else csv]",
)
@click.option(
    "--what",
    type=click.Choice(list(TABLES)),
    metavar="TABLE",
    default="weather",
    show_default=True,
    help=f"The table: {', '.join(TABLES)}.",
)
@since
@until
@with_stations()
@only_portal
@click.option(
    "-o", "--output", type=File(), callback=to_a_file, help="The file.  [standard output]"
)
@as_excel
@click.option(
    "--partition", is_flag=True, help="A folder of Parquet files, year=2026/month=03/ and so on."
)
@click.option(
    "--changed", is_flag=True, help="With --partition: write only the months that changed."
)
@with_places
def export(
    form: Format | None,
    what: What,
    since: dt.datetime | None,
    until: dt.datetime | None,
    stations: tuple[str, ...],
    portal: str | None,
    output: Path | None,
    places: Places,
    *,
    excel: bool,
    partition: bool,
    changed: bool,
) -> None:
    """Write a table as CSV, NDJSON, Parquet or Excel."""
    chosen = Selection(since=since, until=until, stations=stations, portal=portal)
    form = form or _form(output, partition=partition)
    _refuse_mixtures(what, chosen, form, output, partition=partition)
    if excel and form != "csv":
        msg = f"--excel makes CSV, not {form}; a name that ends in .xlsx makes a workbook"
        raise click.UsageError(msg)
    interrupt_on_sigterm()
    if changed:
        _keep_up(what, chosen, output, places, partition=partition)
        return
    with (
        Source(places.database()) as source,
        progress_bars.of_a_file(to_file=output is not None) as bar,
    ):
        exported = Export(
            source=source, what=what, chosen=chosen, clean=printable, progress=bar, excel=excel
        )
        rows = _exported(exported, form, output, partition=partition)
    if output is not None:
        click.echo(printable(f"{output}: {rows} row{'' if rows == 1 else 's'}"))
    elif not rows:
        show.note("no row was found")


def _keep_up(
    what: What, chosen: Selection, output: Path | None, places: Places, *, partition: bool
) -> None:
    """Write the months of a folder that changed, and print their number."""
    if not partition or output is None or chosen != Selection():
        msg = "--changed goes with --partition and -o, and with all rows of a table"
        raise click.UsageError(msg)
    with Monthly(places.database()) as source, progress_bars.of_a_file(to_file=True) as bar:
        about = Export(source=source, what=what, clean=printable).about()
        folder = Folder(path=output, what=what, about=about, clean=printable)
        done = folder.keep_up(source, progress=bar)
    months = f"{done.months} of {done.all_months} months written, {done.rows} rows"
    click.echo(printable(f"{output}: {months}"))


def _form(output: Path | None, *, partition: bool) -> Format:
    """The form by the ending of the file; CSV without a known ending, as for a device."""
    if partition:
        return "parquet"
    ending = output.suffix.lower() if output else ""
    if ending and ending not in _ENDINGS:
        msg = f"{ending!r} is no form to write, expected one of {', '.join(_ENDINGS)}, or --format"
        raise click.UsageError(msg)
    return _ENDINGS.get(ending, "csv")


def _exported(exported: Export, form: Format, output: Path | None, *, partition: bool) -> int:
    if output is not None:
        return exported.to_folders(output) if partition else exported.to_file(output, form)
    lines: Literal["csv", "ndjson"] = "ndjson" if form == "ndjson" else "csv"
    rows = exported.to_stream(sys.stdout.buffer, lines)
    sys.stdout.buffer.flush()
    return rows


def _refuse_mixtures(
    what: What, chosen: Selection, form: Format, output: Path | None, *, partition: bool
) -> None:
    """Refuse combinations of options that would be ignored, or make no sense."""
    refuse_reversed(chosen.since, chosen.until)
    wrong = {
        "--since and --until go with": (OF_A_TIME, chosen.since or chosen.until),
        "--portal goes with": (OF_A_PORTAL, chosen.portal),
        "--station goes with": (OF_A_STATION, chosen.stations),
        "--partition goes with": (BY_MONTH, partition),
    }
    for option, (fitting, asked) in wrong.items():
        if asked and what not in fitting:
            msg = f"{option} --what {', '.join(sorted(fitting))}"
            raise click.UsageError(msg)
    if partition and form != "parquet":
        msg = f"--partition makes Parquet, not {form}"
        raise click.UsageError(msg)
    if form in {"parquet", "xlsx"} and output is None:
        msg = f"{'Parquet' if form == 'parquet' else 'Excel'} needs a place: -o"
        raise click.UsageError(msg)


@click.command(epilog="Example: nalssi backup weather-2026-03-01.db")
@click.argument("file", type=File())
@click.option("--plain", is_flag=True, help="For programs with a SQLite before 3.37.")
@with_places
@as_json
def backup(file: Path, places: Places, *, plain: bool, as_json: bool) -> None:
    """Copy the database while it is in use, and verify the copy."""
    interrupt_on_sigterm()
    with progress_bars.of_a_file(to_file=True) as bar:
        made = backups.make(places.database(), file, plain=plain, progress=bar)
    if as_json:
        show.as_json(
            {"path": str(made.path), "bytes": made.bytes, "rows": dict(made.rows), "verified": True}
        )
        return
    rows = sum(made.rows.values())
    click.echo(
        printable(f"{made.path}: {show.mib(made.bytes)}, {rows} rows; ")
        + "verified: no damage, every row of the original, spells as the looks give them"
    )


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


@click.command(epilog="Example: nalssi rebuild")
@with_places
@as_json
def rebuild(places: Places, *, as_json: bool) -> None:
    """
    Derive spells and counts again from the looks.

    Also brings the database of an older nalssi up to date.
    """
    path, settings = places.database(), places.optional(beside_db=False)
    if not path.is_file():
        raise DatabaseError(path, "there is no such file")
    journal = settings.journal if settings else None
    with without_a_daemon(path, journal=journal) as store:
        spells = store.rebuild()
    if as_json:
        show.as_json({"spells": spells})
    else:
        click.echo(f"{spells} spell{'' if spells == 1 else 's'}")
