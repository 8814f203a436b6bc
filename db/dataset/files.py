"""The text tables of a dataset as files."""

from __future__ import annotations

import contextlib
import gzip
from typing import TYPE_CHECKING, BinaryIO

from db.export import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from db.export.formats import Lines
    from db.export.tables import Kind


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
