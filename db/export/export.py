"""Writes one table of a database to a stream, a file or a folder of months."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Literal, TypeAlias

from db.errors import DatabaseError
from db.export import formats, parquet, workbook
from db.export.slices import Selection, Source
from db.export.tables import PUBLISHER, TABLES
from db.file import atomic
from db.file.connection import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from db.export.blocks import Slice
    from db.export.formats import Writer
    from db.export.tables import What

Format: TypeAlias = Literal["csv", "ndjson", "parquet", "xlsx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """
    The export of one table.

    Attributes:
        source: The database.
        what: The table.
        chosen: The selection of its rows.
        clean: Cleans each text.
        progress: Called with the finished share, 0 to 1.
        excel: Whether the moments of CSV have the form that every spreadsheet recognizes.
    """

    source: Source
    what: What
    chosen: Selection = field(default_factory=Selection)
    clean: Callable[[str], str] = str
    progress: Callable[[float], None] = lambda _done: None
    excel: bool = False

    def to_stream(self, stream: BinaryIO, form: Literal["csv", "ndjson"]) -> int:
        """
        Write to an open file, such as a pipe, without the mark by which Excel recognizes UTF-8.

        Returns:
            The number of rows.

        Raises:
            DatabaseError: The database is damaged.
            OSError: It cannot be written.
        """
        return self._written(self._slices(), self._writer(stream, form))

    def to_file(self, path: Path, form: Format) -> int:
        """
        Write a file; an older one is replaced.

        Returns:
            The number of rows.

        Raises:
            DatabaseError: The database is damaged.
            OutputError: The file cannot be written.
            MissingExtra: The library for Parquet, or for Excel, is not installed.
            TooManyRows: A sheet of Excel has no room for them.
        """
        if form == "parquet":
            parquet.refuse_without()
        elif form == "xlsx":
            workbook.refuse_without()
        slices = self._slices()
        with atomic.of_file(path) as place, place.open("wb") as stream:
            return self._written(slices, self._writer(stream, form, mark=True))

    def to_folders(self, path: Path) -> int:
        """
        Write a folder of Parquet files, ``year=2026/month=03/`` for each month.

        Returns:
            The number of rows.

        Raises:
            DatabaseError: The database is damaged.
            OutputError: It cannot be written, or the path exists and is not an empty folder.
            MissingExtra: It is not installed.
        """
        parquet.refuse_without()
        slices = self._slices()
        with atomic.of_folder(path) as place:
            form = f"year={{:04}}/month={{:02}}/{self.what}.parquet"
            folders = parquet.Folders(
                place, form, TABLES[self.what], clean=self.clean, about=self.about()
            )
            return self._written(slices, folders)

    def _writer(self, stream: BinaryIO, form: Format, *, mark: bool = False) -> Writer:
        columns, clean = TABLES[self.what], self.clean
        match form:
            case "csv":
                return formats.csv(stream, columns, clean=clean, mark=mark, excel=self.excel)
            case "ndjson":
                return formats.ndjson(stream, columns, clean=clean)
            case "parquet":
                return parquet.Parquet(stream, columns, clean=clean, about=self.about())
            case "xlsx":
                return workbook.Workbook(stream, self.what, clean=clean, about=self.about())

    def about(self) -> dict[str, str]:
        """The metadata of a file: table, version of the tables, time zone and credit."""
        portals = [self.clean(one.name) for one in self.source.portals()]
        shown = [name for name in portals if self.chosen.portal in (None, name)]
        return {
            "table": self.what,
            "schema_version": str(VERSION),
            "time_zone": "Asia/Seoul",
            "credit": f"{PUBLISHER}, as shown by: {', '.join(shown)}",
        }

    def _slices(self) -> Iterator[Slice]:
        """All rows; a wrong question is refused before the first row is written."""
        return self.source.slices(self.what, self.chosen)

    def _written(self, slices: Iterable[Slice], writer: Writer) -> int:
        rows = 0
        try:
            for some in slices:
                if len(some):
                    self._write(some, writer)
                rows += len(some)
                self.progress(some.done)
            writer.close()
        except BaseException:
            writer.abandon()
            raise
        return rows

    def _write(self, some: Slice, writer: Writer) -> None:
        """Write rows; a value that we cannot have written is damage."""
        try:
            writer.write(some)
        except (TypeError, ValueError, OverflowError) as exc:
            raise DatabaseError(self.source.path, f"damaged: {exc}") from exc
