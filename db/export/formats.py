"""
The forms of an export that are lines of text: CSV and newline-delimited JSON.

A value is turned into text once for all rows that have it: in a day of looks, thousands have one.
``csv.writer`` quotes the cells, each once. Whole rows written by it make an export 1.25 times as
long, so these are put together here.
"""

from __future__ import annotations

import io
import json
import re
from csv import writer
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

from db.export.spreadsheet import cell
from db.moments import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from db.export.slices import Slice
    from db.export.tables import Kind

_MOST_KNOWN: Final = 10_000
_MARK: Final = "\ufeff"

_ROW_END: Final = "\r\n"
"""By which ``csv.writer`` quotes either sign; until Python 3.13 a lone ``\\r`` had no quotes."""


_SPECIAL: Final = re.compile('[",\r\n]')
"""The characters for which ``csv.writer`` quotes a cell."""


class Writer(Protocol):
    """Takes rows until it is closed."""

    def write(self, some: Slice) -> None:
        """Write some rows, one at least."""

    def close(self) -> None:
        """Write what is still held back."""

    def abandon(self) -> None:
        """Stop writing; the draft will be removed."""


class Lines:
    """
    Writes a line for each row.

    Args:
        stream: Where to; it stays open.
        line: Joins the texts of a row.
        cells: The text of each column's values.
    """

    def __init__(
        self,
        stream: BinaryIO,
        line: Callable[[tuple[str, ...]], str],
        cells: Sequence[Mapping[Any, str]],
    ) -> None:
        self._stream, self._line, self._cells = stream, line, cells

    def write(self, some: Slice) -> None:
        """Write some rows, one at least."""
        columns = zip(*some.rows, strict=True)
        told = [
            map(how.__getitem__, column) for column, how in zip(columns, self._cells, strict=True)
        ]
        lines = map(self._line, zip(*told, strict=True))
        self._stream.write("\n".join([*lines, ""]).encode())

    def close(self) -> None:
        """Nothing is held back."""

    def abandon(self) -> None:
        """Nothing is held back."""


def csv(
    stream: BinaryIO,
    columns: Mapping[str, Kind],
    *,
    clean: Callable[[str], str],
    mark: bool,
    excel: bool = False,
) -> Lines:
    """
    Write CSV in UTF-8, with a line of headings; an empty cell is a missing value or an empty text.

    Args:
        stream: Where to.
        columns: Their names and kinds.
        clean: What a text is to lose.
        mark: Whether it begins with the mark by which Excel knows UTF-8.
        excel: Whether moments are as every spreadsheet knows them, and not ISO 8601.
    """
    stream.write(f"{_MARK if mark else ''}{','.join(columns)}\n".encode())
    cells = _cells(
        columns,
        {
            "text": lambda text: _quoted(str(cell(clean(text)))),
            "moment": _for_spreadsheets if excel else _iso,
        },
        otherwise=str,
        nothing="",
    )
    return Lines(stream, ",".join, cells)


def ndjson(stream: BinaryIO, columns: Mapping[str, Kind], *, clean: Callable[[str], str]) -> Lines:
    """Write a JSON object for each row; its keys are the columns; a missing value is null."""
    cells = _cells(
        columns,
        {
            "text": lambda text: json.dumps(clean(text), ensure_ascii=False),
            "moment": lambda seconds: f'"{_iso(seconds)}"',
            "date": json.dumps,
        },
        otherwise=repr,
        nothing="null",
    )
    line = f"{{{', '.join(f'{json.dumps(name)}: %s' for name in columns)}}}"
    return Lines(stream, line.__mod__, cells)


class CellText(dict[Any, str]):
    """The text of values, each made once as long as they are few."""

    def __init__(self, tell: Callable[[Any], str], nothing: str) -> None:
        self._tell, self._nothing = tell, nothing

    def __missing__(self, value: Any) -> str:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        told = self[value] = self._nothing if value is None else self._tell(value)
        return told


def _cells(
    columns: Mapping[str, Kind],
    tell: Mapping[Kind, Callable[[Any], str]],
    *,
    otherwise: Callable[[Any], str],
    nothing: str,
) -> list[CellText]:
    """The text of each column's values; columns of one kind share what is known."""
    known = {kind: CellText(tell.get(kind, otherwise), nothing) for kind in columns.values()}
    return [known[kind] for kind in columns.values()]


def _quoted(text: str) -> str:
    """A text as a cell of CSV (RFC 4180)."""
    if not _SPECIAL.search(text):
        return text
    row = io.StringIO()
    writer(row, lineterminator=_ROW_END).writerow([text, ""])  # alone, an empty text has quotes
    return row.getvalue().removesuffix(f",{_ROW_END}")


def _for_spreadsheets(seconds: int) -> str:
    """Korean time without its offset, as a spreadsheet shows a time that it knows."""
    return _iso(seconds)[:19].replace("T", " ")


def _iso(seconds: int) -> str:
    try:
        return moment(seconds).isoformat()
    except OSError as exc:  # how the C library says that there is no such year
        raise ValueError(exc.strerror) from exc
