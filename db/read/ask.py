"""Runs a query on the file: SQL and its values, for rows or for records made from them."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar

from db.errors import DatabaseError
from db.file import connection

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

_T = TypeVar("_T")


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
        cursor = self._conn.cursor()
        cursor.row_factory = None
        with self.reading():
            return cursor.execute(sql, values or {}).fetchall()

    def read(
        self,
        read: Callable[[sqlite3.Row], _T],
        sql: str,
        values: Mapping[str, object] | None = None,
    ) -> list[_T]:
        """
        The result, with a record made from each row.

        Raises:
            DatabaseError: The file is damaged: SQLite says so, or a value is none that we wrote.
        """
        with self.reading():
            return [read(row) for row in self._conn.execute(sql, values or {}).fetchall()]

    def read_all(
        self,
        read: Callable[[list[tuple[Any, ...]]], _T],
        sql: str,
        values: Mapping[str, object] | None = None,
    ) -> _T:
        """What is read of all the rows in one go, where they may be very many; errors as above."""
        rows = self(sql, values)
        with self.reading():
            return read(rows)

    def whole(
        self, sql: str, values: Mapping[str, object] | None = None, *, present: int
    ) -> list[tuple[Any, ...]]:
        """
        Rows of whole numbers, of which the first ``present`` columns are never NULL.

        They may be very many: whole columns are checked, not values.

        Raises:
            DatabaseError: The file is damaged: SQLite says so, or a value is none that we wrote.
        """
        rows = self(sql, values)
        for nth, column in enumerate(zip(*rows, strict=True)):
            if not set(map(type, column)) <= ({int} if nth < present else {int, NoneType}):
                raise self.damaged("a value is no whole number")
        return rows

    def damaged(self, problem: str) -> DatabaseError:
        """What to raise where a row is none that we wrote."""
        return DatabaseError(self._path, f"damaged: {problem}")

    def reading(self) -> AbstractContextManager[None]:
        """Where rows are read, and they alone: what goes wrong inside is damage of the file."""
        return connection.reading(self._path)
