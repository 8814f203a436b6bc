"""
Values as people and programs read them: JSON, a table in a terminal, aligned text in a pipe.

Text from a portal loses its control, escape and bidirectional characters here, wherever it goes.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from db.query import Latest
    from scraper.cli.options import Form
    from scraper.cli.status import PortalRow

_LOUD: Final = {
    **dict.fromkeys(("stale", "frozen", "down"), "bold white on red"),
    "unconfirmed": "yellow",
}


def plain(value: Any) -> Any:
    """A value as JSON has it: ISO times with their offset, ISO dates, objects for dataclasses."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(plain(key)): plain(part) for key, part in value.items()}
    if is_dataclass(value):
        has_words = "__str__" in vars(type(value))  # a problem is told as its sentence
        return printable(str(value)) if has_words else plain(named(value))
    return value


def as_json(value: object) -> None:
    """Print a value as JSON."""
    # Of a damaged database there may be bytes where a text belongs: shown, as a table does.
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2, default=str))


def as_csv(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print CSV that a spreadsheet can be trusted with."""
    import csv  # noqa: PLC0415 - a table does without

    from db.export.spreadsheet import cell as safe  # noqa: PLC0415 - the same

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([safe(_flat(value)) for value in row] for row in (headings, *rows))
    click.echo(text.getvalue(), nl=False)


def _flat(value: object) -> object:
    """A value for one cell."""
    return "; ".join(map(str, value)) if isinstance(value := plain(value), list) else value


def records(rows: Sequence[object], kind: type, form: Form) -> bool:
    """
    Print dataclasses as JSON or CSV.

    Args:
        rows: Of one kind.
        kind: That one.
        form: Where it is ``table``, there is nothing to do.

    Returns:
        Whether they are printed.
    """
    if form == "json":
        as_json(rows)
    elif form == "csv":
        as_csv([one.name for one in fields(kind)], [named(row).values() for row in rows])
    return form != "table"


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[str] = (),
    styles: Sequence[str] = (),
    keys: int = 1,
) -> None:
    """
    Print a table; see ``table.py``.

    Args:
        headings: The columns.
        rows: Their values; None prints as a dash.
        numbers: The columns to set flush right.
        styles: Of each row, as rich knows them.
        keys: How many of the first columns say whose a row is, and begin each further table.
    """
    from scraper.cli.table import print_table  # noqa: PLC0415 - JSON does without rich

    shown = [[cell(value) for value in row] for row in rows]
    print_table(headings, shown, numbers=numbers, styles=styles, keys=keys)


def nothing(told: str) -> None:
    """Say on stderr that there is no row, and of what."""
    click.echo(f"nalssi: {printable(told)}", err=True)


def cell(value: object) -> str:
    """A value in a table: Korean minutes for a time, a dash for nothing."""
    match value:
        case None | "":
            return "–"
        case dt.datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case tuple():
            return "; ".join(map(cell, value)) or "–"
        case _:
            return printable(str(value))


def named(row: Any) -> dict[str, Any]:
    """The values of a dataclass by their names, in its order."""
    return {one.name: getattr(row, one.name) for one in fields(row)}


def latest(rows: Sequence[Latest]) -> None:
    """Print the newest readings; nobody shall take a frozen one for the weather of now."""
    if not rows:
        nothing("no portal has shown a sidebar yet")
        return
    from scraper.cli.table import print_loud  # noqa: PLC0415 - JSON does without rich

    for line in _warnings(rows):
        print_loud(line)
    table(
        ["station", "°C", "sky", "state", "age", "seen from", "seen until", "page date", "portal"],
        (
            (
                f"{row.station} {row.station_en or ''}".strip(),
                row.temperature_c,
                f"{row.label} {row.condition or ''}".strip(),
                row.state if row.state == "live" else row.state.upper(),
                age(row.age_minutes),
                row.seen_from,
                row.seen_until,
                row.page_date,
                row.portal,
            )
            for row in rows
        ),
        numbers=["°C", "age"],
        styles=[_LOUD.get(row.state, "") for row in rows],
    )


def status(rows: Sequence[PortalRow]) -> None:
    """Print how portals are."""
    if not rows:
        nothing("no portal is known: the config names none, or nobody has looked yet")
        return
    table(
        ["portal", "state", "since", "last look", "outcome", "next look", "looks", "failed", "why"],
        (
            (
                row.portal,
                row.state if row.state == "live" else row.state.upper(),
                row.since,
                row.last_look,
                row.last_outcome,
                row.next_look,
                row.looks_last_day,
                row.failures_last_day,
                row.why,
            )
            for row in rows
        ),
        numbers=["looks", "failed"],
        styles=[_LOUD.get(row.state, "") for row in rows],
    )


def _warnings(rows: Sequence[Latest]) -> list[str]:
    """A sentence for each portal whose values are not the weather of now."""
    told: dict[tuple[str, str, dt.datetime, dt.datetime], Latest] = {}
    for row in rows:
        told[row.portal, row.state, row.seen_from, row.seen_until] = row
    warnings = filter(None, map(_warning, told.values()))
    return [f"{warning}. They are not the weather of now." for warning in warnings]


def _warning(row: Latest) -> str | None:
    portal, old = cell(row.portal), age(row.age_minutes)
    match row.state:
        case "frozen":
            since = cell(row.seen_from)
            return f"FROZEN: {portal} has shown the same values for {old}, since {since}"
        case "stale":
            return f"STALE: {portal} shows values that are {old} old: {cell(row.why)}"
        case "down":
            until = cell(row.seen_until)
            seen = f"DOWN: {portal} was not seen to show these values since {until}"
            return f"{seen}; they are {old} old"
        case _:
            return None


def age(minutes: int) -> str:
    """A length of time, such as ``7 min``, ``3 h 05``, ``30 days``."""
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02}"
    return f"{minutes // (24 * 60)} days"
