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

from scraper.cli import language
from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_ENDLESS: Final = 2**31
"""The width of a pipe: wide enough that rich cuts no line."""

_LONG: Final = 13
"""Longer words are broken in a narrow terminal: addresses, reasons."""

_LINE: Final = 80
"""The longest line of a pipe, if a column may be folded."""

_BETWEEN: Final = 2
"""Blanks between two columns."""


def print_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Sequence[str],
    styles: Sequence[str],
    keys: int,
    folded: str,
) -> None:
    """
    Print a table, with colours in a terminal; no value is ever cut short.

    A narrow terminal gets long values on several lines, and the columns that do not fit in further
    tables below.

    Args:
        headings: The columns.
        rows: Their cells.
        numbers: The columns to set flush right.
        styles: The style of each row, as rich names it.
        keys: The number of first columns that identify a row, repeated in each further table.
        folded: The column that takes several lines rather than make a line of a pipe longer than 80
            characters; "" = none.
    """
    columns = [
        _Column(
            heading=printable(language.heading(heading)),
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
            grid = _grid(part, styles, widths, lines=True)
            console.print(grid, width=_whole(widths), crop=False)
        return
    console = Console(width=_ENDLESS, highlight=False)
    with console.capture() as captured:
        room = _room(columns, headings.index(folded)) if folded else {}
        console.print(_grid(columns, styles, [room.get(nth) for nth in range(len(columns))]))
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column of a table; ``whole`` if its values must not be broken into lines."""

    heading: str
    values: Sequence[str]
    number: bool
    whole: bool

    @property
    def wide(self) -> int:
        """The width of its widest value."""
        return max(map(cell_len, (self.heading, *self.values)))

    @property
    def narrow(self) -> int:
        """The least width that breaks no short word: a city, a date, a state."""
        words = " ".join((self.heading, *self.values)).split()
        return self.wide if self.whole else min(_LONG, max(map(cell_len, words), default=0))


def _parts(columns: Sequence[_Column], keys: int, room: int) -> list[list[_Column]]:
    """Divide the columns into tables that fit, each with at least one column beside the keys."""
    named = list(columns[:keys])
    parts = [list(named)]
    for column in columns[keys:]:
        needed = _whole([one.narrow for one in (*parts[-1], column)])
        if needed > room and len(parts[-1]) > keys:
            parts.append(list(named))
        parts[-1].append(column)
    return parts


def _widths(columns: Sequence[_Column], room: int) -> list[int]:
    """The width of each column: that of its widest value, as far as there is room."""
    widths = [column.narrow for column in columns]
    for nth, column in enumerate(columns):
        spare = max(0, room - _whole(widths))
        widths[nth] += min(spare, column.wide - column.narrow)
    return widths


def _room(columns: Sequence[_Column], nth: int) -> dict[int, int]:
    """The width of a folded column, by its place; empty where its values need no fold."""
    others = [column.wide for column in (*columns[:nth], *columns[nth + 1 :])]
    room = max(_LINE - _whole([*others, 0]), columns[nth].narrow)
    return {nth: room} if columns[nth].wide > room else {}


def _whole(widths: Sequence[int]) -> int:
    """The width of a table of such columns."""
    return sum(widths) + _BETWEEN * (len(widths) - 1)


def _grid(
    columns: Sequence[_Column],
    styles: Sequence[str],
    widths: Sequence[int | None],
    *,
    lines: bool = False,
) -> Table:
    """A table: for a terminal with lines; for a pipe without. A column without a width has room."""
    box, right = (SIMPLE_HEAD, _BETWEEN - 1) if lines else (None, _BETWEEN)  # a line is one wide
    grid = Table(box=box, padding=(0, right, 0, 0), pad_edge=False, show_edge=False)
    for nth, column in enumerate(columns):
        grid.add_column(
            Text(column.heading),
            justify="right" if column.number else "left",
            no_wrap=widths[nth] is None or column.whole,
            overflow="fold",
            width=widths[nth],
        )
    for nth, row in enumerate(zip(*(column.values for column in columns), strict=True)):
        grid.add_row(*map(Text, row), style=styles[nth] if styles else None)
    return grid


def print_line(line: str, *, style: str = "") -> None:
    """Print a sentence: styled and folded between words in a terminal, unchanged in a pipe."""
    if sys.stdout.isatty():
        Console(highlight=False).print(Text(line, style=style))
    else:
        click.echo(line)
