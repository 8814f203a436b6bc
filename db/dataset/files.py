"""The tables of a dataset as files: Parquet by year, and CSV."""

from __future__ import annotations

import contextlib
import gzip
from typing import TYPE_CHECKING, BinaryIO

from db.export import formats, parquet
from db.export.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from db.export.blocks import Slice
    from db.export.formats import Lines
    from db.export.tables import Kind, What


class Years:
    """
    A folder of Parquet files, ``year=2026/NAME.parquet``.

    The rows come in the order of years; each slice is of one month.
    """

    def __init__(
        self, folder: Path, what: What, *, clean: Callable[[str], str], about: Mapping[str, str]
    ) -> None:
        self._folder, self._what, self._clean, self._about = folder, what, clean, about
        self._year: int | None = None
        self._open = contextlib.ExitStack()
        self._file: parquet.Parquet | None = None

    def write(self, some: Slice) -> None:
        """Write some rows of a month."""
        year, _ = some.month or (0, 0)
        if year != self._year or self._file is None:
            self.close()
            self._file, self._year = self._begun(year), year
        self._file.write(some)

    def _begun(self, year: int) -> parquet.Parquet:
        place = self._folder / f"year={year:04}"
        place.mkdir(parents=True)
        stream = self._open.enter_context((place / f"{self._folder.name}.parquet").open("wb"))
        return parquet.Parquet(stream, TABLES[self._what], clean=self._clean, about=self._about)

    def close(self) -> None:
        """Complete the last file."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._open.close()


@contextlib.contextmanager
def zipped(path: Path) -> Iterator[BinaryIO]:
    """Open a gzip file to write into, without a name or time in its header."""
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as stream,
    ):
        yield stream  # type: ignore[misc] # callers only write to it


def csv(stream: BinaryIO, columns: Mapping[str, Kind], clean: Callable[[str], str]) -> Lines:
    """A table as CSV, without the mark, which tools other than spreadsheets do not expect."""
    return formats.csv(stream, columns, clean=clean, mark=False)
