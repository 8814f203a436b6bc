"""
The forms of an export that are lines of text: CSV and newline-delimited JSON.

A value is written as text and encoded once for all rows that have it: in a day of looks, thousands
share one. ``csv.writer`` quotes a cell that needs it; to write whole rows by it takes longer, so
the rows are put together here.
"""

from __future__ import annotations

import io
import json
import re
from csv import writer
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

from db.export.spreadsheet import cell
from db.moments import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from db.export.blocks import Block, Slice
    from db.export.tables import Kind

_MOST_KNOWN: Final = 10_000
_LINES_AT_ONCE: Final = 1000
_MARK: Final = "\ufeff"

_ROW_END: Final = "\r\n"
"""Makes ``csv.writer`` quote both signs; until Python 3.13 a lone ``\\r`` had no quotes."""

_SPECIAL: Final = re.compile('[",\r\n]')
"""The characters for which ``csv.writer`` quotes a cell."""


class Writer(Protocol):
    """Writes rows in one form, until it is closed."""

    def write(self, some: Slice) -> None:
        """Write some rows, one at least."""

    def close(self) -> None:
        """Write the rows that wait, and complete the file."""

    def abandon(self) -> None:
        """Stop writing; the draft will be removed."""


class Lines:
    """
    Writes a line for each row.

    Args:
        stream: The file; it stays open.
        cells: The text of each column's values, by its name.
        piece: Makes, for the names of some columns, the function that joins their texts.
        line: Joins such pieces to a row.
    """

    def __init__(
        self,
        stream: BinaryIO,
        cells: Mapping[str, Mapping[Any, bytes]],
        *,
        piece: Callable[[Sequence[str]], Callable[[Iterable[bytes]], bytes]],
        line: Callable[[Iterable[bytes]], bytes],
    ) -> None:
        self._stream, self._cells, self._piece, self._line = stream, cells, piece, line

    def write(self, some: Slice) -> None:
        """Write some rows, one at least."""
        names = iter(self._cells)
        pieces = [self._pieces(block, names) for block in some.blocks]
        lines = map(self._line, zip(*pieces, strict=True))
        while chunk := list(islice(lines, _LINES_AT_ONCE)):
            self._stream.write(b"\n".join([*chunk, b""]))

    def _pieces(self, block: Block, names: Iterator[str]) -> Iterable[bytes]:
        """The texts of some columns, joined once for all rows that share them."""
        chosen = list(islice(names, len(block.columns)))
        told = [
            map(self._cells[name].__getitem__, column)
            for name, column in zip(chosen, block.columns, strict=True)
        ]
        pieces = map(self._piece(chosen), zip(*told, strict=True))
        if block.places is None:
            return pieces
        return map(list(pieces).__getitem__, block.places)

    def close(self) -> None:
        """Needed by other forms: here each row is written at once."""

    def abandon(self) -> None:
        """Needed by other forms: here each row is written at once."""


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
        stream: The file; it stays open.
        columns: Their names and kinds.
        clean: Cleans each text.
        mark: Whether it begins with the mark by which Excel recognizes UTF-8.
        excel: Whether moments have the form that every spreadsheet recognizes, not ISO 8601.
    """
    stream.write(f"{_MARK if mark else ''}{','.join(columns)}\n".encode())
    cells = _cells(
        columns,
        {
            "text": lambda text: _quoted(str(cell(clean(text)))),
            "moment": _for_spreadsheets if excel else _iso,
        },
        otherwise=str,
        missing="",
    )
    return Lines(stream, cells, piece=lambda _: b",".join, line=b",".join)


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
        missing="null",
    )
    pairs = {name: f"{json.dumps(name)}: %b".encode() for name in columns}
    return Lines(
        stream,
        cells,
        piece=lambda names: b", ".join([pairs[name] for name in names]).__mod__,
        line=lambda pieces: b"{%b}" % b", ".join(pieces),
    )


class CellText(dict[Any, bytes]):
    """The text of values in UTF-8, each made once as long as they are few."""

    def __init__(self, tell: Callable[[Any], str], missing: str) -> None:
        self._tell, self._missing = tell, missing

    def __missing__(self, value: Any) -> bytes:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        text = self._missing if value is None else self._tell(value)
        cell = self[value] = text.encode()
        return cell


def _cells(
    columns: Mapping[str, Kind],
    tell: Mapping[Kind, Callable[[Any], str]],
    *,
    otherwise: Callable[[Any], str],
    missing: str,
) -> dict[str, CellText]:
    """The text of each column's values; columns of one kind share their texts."""
    known = {kind: CellText(tell.get(kind, otherwise), missing) for kind in columns.values()}
    return {name: known[kind] for name, kind in columns.items()}


def _quoted(text: str) -> str:
    """A text as a cell of CSV (RFC 4180)."""
    if not _SPECIAL.search(text):
        return text
    row = io.StringIO()
    writer(row, lineterminator=_ROW_END).writerow([text, ""])  # alone, an empty text has quotes
    return row.getvalue().removesuffix(f",{_ROW_END}")


def _for_spreadsheets(seconds: int) -> str:
    """Korean time without its offset, which every spreadsheet recognizes as a time."""
    return _iso(seconds)[:19].replace("T", " ")


def _iso(seconds: int) -> str:
    try:
        return moment(seconds).isoformat()
    except OSError as exc:  # the C library refuses such a year
        raise ValueError(exc.strerror) from exc
