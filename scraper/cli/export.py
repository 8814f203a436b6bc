"""The command that exports a table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, Literal

import click

from db.export.changed import Folder
from db.export.export import Export
from db.export.months import Monthly
from db.export.slices import Selection, Source
from db.export.tables import BY_MONTH, OF_A_PORTAL, OF_A_STATION, OF_A_TIME, TABLES
from scraper.cli import progress as progress_bars
from scraper.cli import show
from scraper.cli.group import File, interrupt_on_sigterm
from scraper.cli.options import (
    Places,
    as_excel,
    only_portal,
    to_a_file,
    with_places,
    with_stations,
)
from scraper.cli.times import refuse_reversed, since, until
from scraper.printable import printable

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from db.export.export import Format
    from db.export.tables import What

_ENDINGS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}


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
        click.echo(printable(f"{output}: {show.counted(rows, 'row')}"))
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
    months = f"{done.months} of {done.all_months} months written, {show.counted(done.rows, 'row')}"
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
