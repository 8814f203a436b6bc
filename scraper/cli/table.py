"""Tables by rich: with lines and colours in a terminal, aligned text in a pipe."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scraper.cli import korean
from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_ENDLESS: Final = 2**31
"""Columns of a pipe: what does not fit into a line would be cut."""

_LONG: Final = 13
"""Longer words are broken where a terminal is narrow: addresses, reasons."""

_BETWEEN: Final = 2
"""Blanks between two columns."""


def print_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Sequence[str],
    styles: Sequence[str],
    keys: int,
) -> None:
    """
    Print a table, with colours where a person is looking, and never a value cut short.

    A terminal that is too narrow gets the long values on several lines, and the columns for which
    it has no room in further tables below.

    Args:
        headings: The columns.
        rows: Their cells.
        numbers: The columns to set flush right.
        styles: Of each row, as rich knows them.
        keys: How many of the first columns say whose a row is, and begin each further table.
    """
    columns = [
        _Column(
            heading=printable(korean.heading(heading)),
            values=[row[nth] for row in rows],
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
        return max(map(cell_len, (self.heading, *self.values)))

    @property
    def narrow(self) -> int:
        """How wide it must be to break no short word: a city, a date, a state."""
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


def print_line(line: str, *, style: str = "") -> None:
    """Print a sentence: in a terminal in a style and folded between words, in a pipe as it is."""
    if sys.stdout.isatty():
        Console(highlight=False).print(Text(line, style=style))
    else:
        click.echo(line)
