"""
Values as people and programs read them: JSON, a table in a terminal, aligned text in a pipe.

Text from a portal loses its control, escape and bidirectional characters here, wherever it goes.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from db.reading import Problem
from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

    from db.query import Latest

_ENDLESS: Final = 2**31
"""Columns of a pipe: what does not fit into a line would be cut."""

_LONG: Final = 13
"""Longer words are broken where a terminal is narrow: addresses, reasons."""

_BETWEEN: Final = 2
"""Blanks between two columns."""

_LOUD: Final = {"frozen": "bold white on red", "down": "bold white on red", "unconfirmed": "yellow"}


def plain(value: Any) -> Any:
    """A value as JSON has it: ISO times with their offset, ISO dates, objects for dataclasses."""
    if isinstance(value, (str, Problem)):
        return printable(str(value))
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(plain(key)): plain(part) for key, part in value.items()}
    if is_dataclass(value):
        return plain(named(value))
    return value


def as_json(value: object) -> None:
    """Print a value as JSON."""
    # Of a damaged database there may be bytes where a text belongs: shown, as a table does.
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2, default=str))


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[str] = (),
    styles: Sequence[str] = (),
    keys: int = 1,
) -> None:
    """
    Print a table, with colours where a person is looking, and never a value cut short.

    A terminal that is too narrow gets the long values on several lines, and the columns for which
    it has no room in further tables below.

    Args:
        headings: The columns.
        rows: Their values; None prints as a dash.
        numbers: The columns to set flush right.
        styles: Of each row, as rich knows them.
        keys: How many of the first columns say whose a row is, and begin each further table.
    """
    from rich.console import Console  # noqa: PLC0415 - JSON does without it

    shown = [[cell(value) for value in row] for row in rows]
    columns = [
        _Column(
            heading=printable(heading),
            values=[row[nth] for row in shown],
            number=heading in numbers,
            whole=heading in (*numbers, "state"),
        )
        for nth, heading in enumerate(headings)
    ]
    if sys.stdout.isatty():
        console = Console(highlight=False)
        for nth, part in enumerate(_parts(columns, keys, console.width)):
            if nth:
                console.print()
            widths = _widths(part, console.width)
            grid = _grid(part, styles, widths)
            console.print(grid, width=_whole(widths), crop=False)
        return
    console = Console(width=_ENDLESS, highlight=False)
    with console.capture() as captured:
        console.print(_grid(columns, styles))
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column of a table; ``whole`` where none of its values may be broken into lines."""

    heading: str
    values: Sequence[str]
    number: bool
    whole: bool

    @property
    def wide(self) -> int:
        """How wide its widest value is."""
        from rich.cells import cell_len  # noqa: PLC0415 - JSON does without it

        return max(map(cell_len, (self.heading, *self.values)))

    @property
    def narrow(self) -> int:
        """How wide it must be to break no short word: a city, a date, a state."""
        from rich.cells import cell_len  # noqa: PLC0415 - JSON does without it

        words = " ".join((self.heading, *self.values)).split()
        return self.wide if self.whole else min(_LONG, max(map(cell_len, words), default=0))


def _parts(columns: Sequence[_Column], keys: int, room: int) -> list[list[_Column]]:
    """The columns of each table, so that it has room, or but one beside the keys."""
    named = list(columns[:keys])
    parts = [list(named)]
    for column in columns[keys:]:
        needed = _whole([one.narrow for one in (*parts[-1], column)])
        if needed > room and len(parts[-1]) > keys:
            parts.append(list(named))
        parts[-1].append(column)
    return parts


def _widths(columns: Sequence[_Column], room: int) -> list[int]:
    """How wide each column is: as its widest value, as long as there is room."""
    widths = [column.narrow for column in columns]
    for nth, column in enumerate(columns):
        spare = max(0, room - _whole(widths))
        widths[nth] += min(spare, column.wide - column.narrow)
    return widths


def _whole(widths: Sequence[int]) -> int:
    """How wide a table of such columns is."""
    return sum(widths) + _BETWEEN * (len(widths) - 1)


def _grid(
    columns: Sequence[_Column], styles: Sequence[str], widths: Sequence[int] | None = None
) -> Table:
    """A table for a terminal, with lines and widths; or for a pipe, which is wide enough."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - JSON does without it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    box, right = (SIMPLE_HEAD, _BETWEEN - 1) if widths else (None, _BETWEEN)  # a line is one wide
    grid = Table(box=box, padding=(0, right, 0, 0), pad_edge=False, show_edge=False)
    for nth, column in enumerate(columns):
        grid.add_column(
            Text(column.heading),
            justify="right" if column.number else "left",
            no_wrap=not widths or column.whole,
            overflow="fold",
            width=widths[nth] if widths else None,
        )
    for nth, row in enumerate(zip(*(column.values for column in columns), strict=True)):
        grid.add_row(*map(Text, row), style=styles[nth] if styles else None)
    return grid


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
    for line in _warnings(rows):
        _loud(line)
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


def _loud(line: str) -> None:
    """A line in red, unless NO_COLOR or a pipe wants none."""
    from rich.console import Console  # noqa: PLC0415 - JSON does without it
    from rich.text import Text  # noqa: PLC0415

    if sys.stdout.isatty():
        Console().print(Text(line, style="bold red"))
    else:
        click.echo(line)


def status(rows: Sequence[dict[str, Any]]) -> None:
    """Print how portals are."""
    if not rows:
        nothing("no portal is known: the config names none, or nobody has looked yet")
        return
    table(
        ["portal", "state", "since", "last look", "outcome", "next look", "looks", "failed"],
        (
            (
                row["portal"],
                row["state"] if row["state"] == "live" else row["state"].upper(),
                row["since"],
                row["last_look"],
                row["last_outcome"],
                row["next_look"],
                row["looks_last_day"],
                row["failures_last_day"],
            )
            for row in rows
        ),
        numbers=["looks", "failed"],
        styles=[_LOUD.get(row["state"], "") for row in rows],
    )


def _warnings(rows: Sequence[Latest]) -> list[str]:
    """A sentence for each portal whose values are not the weather of now."""
    told: dict[tuple[str, str, dt.datetime, dt.datetime], int] = {}
    for row in rows:
        if row.state in ("frozen", "down"):
            told[row.portal, row.state, row.seen_from, row.seen_until] = row.age_minutes
    return [
        f"FROZEN: {cell(portal)} has shown the same values for {age(minutes)}, "
        f"since {cell(since)}. They are not the weather of now."
        if state == "frozen"
        else f"DOWN: {cell(portal)} was not seen to show these values since {cell(until)}; "
        f"they are {age(minutes)} old. They are not the weather of now."
        for (portal, state, since, until), minutes in told.items()
    ]


def age(minutes: int) -> str:
    """A length of time, such as ``7 min``, ``3 h 05``, ``30 days``."""
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02}"
    return f"{minutes // (24 * 60)} days"
