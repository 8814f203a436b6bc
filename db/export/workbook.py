"""
Exports as a workbook of Excel, by XlsxWriter, which is an extra.

One sheet has the rows, with real times (Korean), a frozen heading and a filter; another has the
codebook. Text stays text: it never becomes a formula, a number or a link.
"""
# ruff: noqa: PLC0415 - an extra

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from db.errors import NalssiError, importing
from db.export import codebook
from db.export.tables import TABLES, unit
from db.moments import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from db.export.blocks import Slice
    from db.export.tables import Kind, What

MOST_ROWS: Final = 1_048_576
"""The most rows of a sheet, with the heading."""

_MOMENT: Final = "yyyy-mm-dd hh:mm:ss"
_DATE: Final = "yyyy-mm-dd"
_WIDE: Final[Mapping[Kind, int]] = {"moment": 19, "date": 11, "text": 14, "real": 10, "integer": 10}
_PLAIN: Final = {
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


class TooManyRows(NalssiError):
    """A sheet has no room for so many rows."""

    exit_code = 2

    def __init__(self) -> None:
        super().__init__(
            f"a sheet of Excel has room for {MOST_ROWS - 1} rows; "
            "choose fewer with --since, --until or --station, or write CSV or Parquet"
        )


def refuse_without() -> None:
    """
    Refuse to run without XlsxWriter.

    Raises:
        MissingExtra: It is not installed.
    """
    with importing("xlsx", "xlsx needs XlsxWriter"):
        import xlsxwriter  # noqa: F401


class _Draft:
    """
    The file of a workbook, for ``ZipFile``, which writes a last time when it is dropped.

    Once the draft is unwanted, it takes and drops what comes: the disk is full, or the file closed.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._at, self.wanted = stream, stream.tell(), True

    def tell(self) -> int:
        return self._at

    def seek(self, place: int) -> int:
        if self.wanted:
            self._stream.seek(place)
        self._at = place
        return place

    def write(self, some: bytes) -> int:
        if self.wanted:
            self._stream.write(some)
        self._at += len(some)
        return len(some)

    def flush(self) -> None:
        if self.wanted:
            self._stream.flush()


class Workbook:
    """Writes a workbook to a file, which stays open."""

    def __init__(
        self,
        stream: BinaryIO,
        what: What,
        *,
        clean: Callable[[str], str],
        about: Mapping[str, str],
    ) -> None:
        import xlsxwriter

        self._draft, self._parts = _Draft(stream), tempfile.TemporaryDirectory(prefix="nalssi-")
        options = {"constant_memory": True, "tmpdir": self._parts.name, **_PLAIN}
        self._book = xlsxwriter.Workbook(self._draft, options)
        self._columns, self._clean, self._rows = TABLES[what], clean, 0
        self._tried = False
        self._bold = self._book.add_format({"bold": True})
        self._formats = {
            "moment": self._book.add_format({"num_format": _MOMENT}),
            "date": self._book.add_format({"num_format": _DATE}),
        }
        self._sheet = self._begun(what)
        self._codebook(what, about)

    def _codebook(self, what: What, about: Mapping[str, str]) -> None:
        sheet = self._book.add_worksheet("codebook")
        rows: list[tuple[str, ...]] = [("column", "unit", "meaning", "뜻")]
        for name in self._columns:
            meaning = codebook.meaning(what, name)
            rows.append((name, unit(name) or "", meaning.en, meaning.ko))
        rows += [(), *about.items(), ("times", "Korean, UTC+9")]
        for nth, row in enumerate(rows):
            sheet.write_row(nth, 0, row, None if nth else self._bold)
        sheet.set_column(0, 1, 18)
        sheet.set_column(2, 3, 60)

    def _begun(self, what: What) -> Any:
        sheet = self._book.add_worksheet(what)
        for nth, kind in enumerate(self._columns.values()):
            sheet.set_column(nth, nth, _WIDE[kind])
        sheet.write_row(0, 0, list(self._columns), self._bold)
        sheet.freeze_panes(1, 0)
        return sheet

    def write(self, some: Slice) -> None:
        """Write some rows, at least one."""
        for row in some.rows:
            self._rows += 1
            if self._rows >= MOST_ROWS:
                raise TooManyRows
            for nth, (kind, value) in enumerate(zip(self._columns.values(), row, strict=True)):
                if value is not None:
                    self._write(nth, kind, value)

    def _write(self, nth: int, kind: Kind, value: Any) -> None:
        match kind:
            case "text":
                self._sheet.write_string(self._rows, nth, self._clean(value))
            case "moment":
                korean = moment(value).replace(tzinfo=None)
                self._sheet.write_datetime(self._rows, nth, korean, self._formats[kind])
            case "date":
                day = dt.date.fromisoformat(value)
                self._sheet.write_datetime(self._rows, nth, day, self._formats[kind])
            case _:
                self._sheet.write_number(self._rows, nth, value)

    def close(self) -> None:
        """
        Complete the workbook.

        Raises:
            OSError: It cannot be written.
        """
        import xlsxwriter

        self._sheet.autofilter(0, 0, self._rows, len(self._columns) - 1)
        self._tried = True
        try:
            self._book.close()
        except xlsxwriter.exceptions.FileCreateError as exc:
            raise exc.args[0] from None
        self._parts.cleanup()

    def abandon(self) -> None:
        """Remove the temporary files of the rows; the stream is discarded."""
        import xlsxwriter

        self._draft.wanted = False
        if not self._tried:
            with contextlib.suppress(OSError, xlsxwriter.exceptions.XlsxWriterException):
                self._book.close()
        self._parts.cleanup()
