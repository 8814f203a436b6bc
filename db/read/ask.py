"""Runs a query on the file: SQL and its values, for rows or for records made from them."""

from __future__ import annotations

import contextlib
import json
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from db.errors import DatabaseError
from db.file import connection

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

_T = TypeVar("_T")

_AT_ONCE: Final = 500
"""Rows at once: fewer than the new objects after which Python collects garbage."""

_WHOLE: Final = {int, NoneType}
"""The types of a column of whole numbers that may be NULL."""


def _are_whole(values: Sequence[Any]) -> bool:
    """Whether all are whole numbers: a float makes their sum a float, NULL or text an error."""
    try:
        return type(sum(values)) is int
    except TypeError:
        return False


class Ask:
    """
    Queries an open database.

    Args:
        path: The file, for errors.
        conn: Its rows are ``sqlite3.Row``.
    """

    def __init__(self, path: Path, conn: sqlite3.Connection) -> None:
        self._path, self._conn = path, conn

    def __call__(
        self, sql: str, values: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """
        The result as plain rows, perhaps very many.

        Raises:
            DatabaseError: The file is damaged, and SQLite says so.
        """
        with self.reading():
            return self._plain(sql, values).fetchall()

    def read(
        self,
        read: Callable[[sqlite3.Row], _T],
        sql: str,
        values: Mapping[str, object] | None = None,
    ) -> list[_T]:
        """
        The result, with a record made from each row.

        Raises:
            DatabaseError: The file is damaged: SQLite says so, or we cannot have written a value.
        """
        with self.reading():
            return [read(row) for row in self._conn.execute(sql, values or {}).fetchall()]

    def read_all(
        self,
        read: Callable[[list[tuple[Any, ...]]], _T],
        sql: str,
        values: Mapping[str, object] | None = None,
    ) -> _T:
        """The result of reading all rows at once, for very many of them; errors as of ``read``."""
        rows = self(sql, values)
        with self.reading():
            return read(rows)

    def whole(
        self, sql: str, values: Mapping[str, object], *, present: int
    ) -> list[tuple[Any, ...]]:
        """
        Rows of whole numbers, of which the first ``present`` columns are never NULL.

        They may be very many: whole columns are checked, not values.

        Raises:
            DatabaseError: The file is damaged: SQLite says so, or we cannot have written a value.
        """
        rows = self(sql, values)
        self._refuse_others(zip(*rows, strict=True), present)
        return rows

    def columns(self, sql: str, values: Mapping[str, object] | None = None) -> list[list[Any]]:
        """
        The answer as columns, for very many rows.

        The garbage collector visits each of thousands of rows that are kept, more than once; of
        columns it visits a few.
        """
        with self.reading():
            cursor = self._plain(sql, values)
            columns: list[list[Any]] = [[] for _ in cursor.description]
            while rows := cursor.fetchmany(_AT_ONCE):
                for column, more in zip(columns, zip(*rows, strict=True), strict=True):
                    column.extend(more)
        return columns

    def whole_columns(
        self, sql: str, values: Mapping[str, object], *, present: int
    ) -> list[list[Any]]:
        """The columns of ``whole``."""
        columns = self.columns(sql, values)
        self._refuse_others(columns, present)
        return columns

    def arrays(self, sql: str, values: Mapping[str, object]) -> list[list[Any]]:
        """
        The columns of whole numbers and NULL that are JSON arrays in the only row.

        For very many numbers this takes two thirds of the time of rows; errors as of ``whole``.
        """
        ((*texts,),) = self(sql, values)
        with self.reading():
            columns: list[list[Any]] = list(map(json.loads, texts))
        self._refuse_others(columns, present=0)
        return columns

    def _plain(self, sql: str, values: Mapping[str, object] | None) -> sqlite3.Cursor:
        """The answer, a cursor of plain tuples."""
        cursor = self._conn.cursor()
        cursor.row_factory = None
        return cursor.execute(sql, values or {})

    def _refuse_others(self, columns: Iterable[Sequence[Any]], present: int) -> None:
        for nth, column in enumerate(columns):
            if not (_are_whole(column) if nth < present else set(map(type, column)) <= _WHOLE):
                raise self.damaged("a value is no whole number")

    @contextlib.contextmanager
    def of_one_state(self) -> Iterator[None]:
        """Answer all queries inside from one state of the file, whatever others write."""
        if self._conn.in_transaction:
            yield
            return
        with connection.naming(self._path):
            self._conn.execute("BEGIN")
        try:
            yield
        finally:
            self._conn.rollback()

    def damaged(self, problem: str) -> DatabaseError:
        """The error for a row that we cannot have written."""
        return DatabaseError(self._path, f"damaged: {problem}")

    def reading(self) -> AbstractContextManager[None]:
        """A context that only reads rows: any error inside means that the file is damaged."""
        return connection.reading(self._path)
