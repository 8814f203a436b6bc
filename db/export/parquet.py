"""
Exports as Parquet, by pyarrow, which is an extra.

Times are instants in Asia/Seoul; temperatures are doubles, the nearest to the printed tenth, so
that every reader can compute with them. The metadata of the schema describes the file and its
credit, the metadata of a field its unit.
"""
# ruff: noqa: PLC0415 - an extra, and large

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from db.errors import importing
from db.export.tables import unit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from db.export.blocks import Slice
    from db.export.tables import Kind

_ROWS_AT_ONCE: Final = 50_000
"""Rows of a row group, which is held in memory as a whole."""


def refuse_without() -> None:
    """
    Refuse to run without pyarrow.

    It is imported as a whole before the draft is made: Python sometimes drops a Ctrl-C during
    imports, and the export would go on.

    Raises:
        MissingExtra: It is not installed.
    """
    with importing("parquet", "parquet needs pyarrow"):
        import pyarrow.parquet  # noqa: F401 - a broken installation fails here, not amid an export


class Parquet:
    """Writes row groups to a file, which stays open."""

    def __init__(
        self,
        stream: BinaryIO,
        columns: Mapping[str, Kind],
        *,
        clean: Callable[[str], str],
        about: Mapping[str, str],
    ) -> None:
        from pyarrow import parquet

        self._schema = schema(columns, about)
        self._kinds, self._clean = list(columns.values()), clean
        self._writer = parquet.ParquetWriter(stream, self._schema)
        self._waiting: list[Any] = []

    def write(self, some: Slice) -> None:
        """Take some rows, and write complete row groups."""
        self._waiting.append(batch(self._schema, self._kinds, some, self._clean))
        if sum(batch.num_rows for batch in self._waiting) >= _ROWS_AT_ONCE:
            self._write_group()

    def _write_group(self) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(self._waiting, schema=self._schema)
        self._waiting = []
        self._writer.write_table(table)

    def close(self) -> None:
        """Write the rest, and the footer of the file."""
        if self._waiting:
            self._write_group()
        self._writer.close()

    def abandon(self) -> None:
        """Stop writing: pyarrow would complete the file when the writer is collected."""
        self._writer.is_open = False


class Folders:
    """
    A folder for each month or year, as ``year=2026/month=03/``, with a Parquet file in it.

    The rows come in the order of months. The file does not repeat the values of its folder's name.

    Args:
        folder: The folder of all.
        form: The path of a file in it, by year and month: ``year={:04}/month={:02}/NAME.parquet``.
        columns: The columns of the table.
        clean: Cleans each text.
        about: The metadata of each file.
    """

    def __init__(
        self,
        folder: Path,
        form: str,
        columns: Mapping[str, Kind],
        *,
        clean: Callable[[str], str],
        about: Mapping[str, str],
    ) -> None:
        self._folder, self._form = folder, form
        self._columns, self._clean, self._about = columns, clean, about
        self._place: Path | None = None
        self._file: Parquet | None = None
        self._stream: BinaryIO | None = None

    def write(self, some: Slice) -> None:
        """Write some rows of a month."""
        place = self._folder / self._form.format(*some.month or (0, 0))
        if place != self._place or self._file is None:
            self.close()
            self._file, self._place = self._begun(place), place
        self._file.write(some)

    def _begun(self, place: Path) -> Parquet:
        place.parent.mkdir(parents=True)
        self._stream = place.open("wb")
        return Parquet(self._stream, self._columns, clean=self._clean, about=self._about)

    def close(self) -> None:
        """Complete the last file."""
        if self._file is not None and self._stream is not None:
            self._file.close()
            self._stream.close()

    def abandon(self) -> None:
        """Stop writing."""
        if self._file is not None and self._stream is not None:
            self._file.abandon()
            self._stream.close()


def batch(schema: Any, kinds: Sequence[Kind], some: Slice, clean: Callable[[str], str]) -> Any:
    """
    Rows as Arrow.

    Args:
        schema: As ``schema`` makes it.
        kinds: The kinds of its columns.
        some: The rows.
        clean: Cleans each text.
    """
    import pyarrow as pa

    kinds_and_types = zip(kinds, schema.types, strict=True)
    arrays: list[Any] = []
    for block in some.blocks:
        of_block = islice(kinds_and_types, len(block.columns))
        values = [
            _array(*of_column, column, clean)
            for of_column, column in zip(of_block, block.columns, strict=True)
        ]
        if block.places is not None:
            places = pa.array(block.places, pa.int32())
            values = [column.take(places) for column in values]
        arrays += values
    return pa.record_batch(arrays, schema=schema)


def schema(columns: Mapping[str, Kind], about: Mapping[str, str]) -> Any:
    """The schema of Arrow for a table, with the unit of each column."""
    import pyarrow as pa

    types: dict[Kind, Any] = {
        "text": pa.string(),
        "integer": pa.int64(),
        "real": pa.float64(),
        "moment": pa.timestamp("ms", tz="Asia/Seoul"),
        "date": pa.date32(),
    }
    fields = [
        pa.field(name, types[kind], metadata={"unit": told} if (told := unit(name)) else None)
        for name, kind in columns.items()
    ]
    return pa.schema(fields, metadata=dict(about))


def _array(kind: Kind, type_: Any, values: Sequence[Any], clean: Callable[[str], str]) -> Any:
    """A column; ``clean`` is called once for each distinct text."""
    import pyarrow as pa

    if kind == "text":
        cleaned = {text: clean(text) for text in set(values) - {None}}
        return pa.array(list(map(cleaned.get, values)), type_)
    if kind == "moment":
        seconds = pa.array(values, pa.timestamp("s", tz="Asia/Seoul"))
        return seconds.cast(type_)
    if kind == "date":
        return pa.array(values, pa.string()).cast(type_)
    return pa.array(values, type_)
