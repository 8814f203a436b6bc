"""
Backups: a verified copy of a database at one moment, made while others write.

The copy is made under one read transaction, so that a writer cannot make it start again. With a
WAL, writers go on meanwhile; otherwise their commits wait for the copy, but not for the
verification.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.errors import DatabaseError, OutputError
from db.file import atomic, connection
from db.read.faults import faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_PAGES_AT_ONCE: Final = 1000
_OUTPUT_FAULTS: Final = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
}
"""The message of SQLite about a file that it writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """
    A finished backup.

    Attributes:
        path: Its file.
        bytes: Its size.
        rows: The number of rows of each table, equal to the original at that moment.
    """

    path: Path
    bytes: int
    rows: Mapping[str, int]


def make(
    database: Path,
    path: Path,
    *,
    plain: bool = False,
    progress: Callable[[float], None] = lambda _done: None,
) -> Backup:
    """
    Make a backup in a new file.

    It gets its name once it is complete, on the disk and verified.

    Args:
        database: The database to copy.
        path: The new file.
        plain: Whether it is for programs with a SQLite before 3.37: its tables are not STRICT, and
            nalssi itself does not accept it as its database.
        progress: Called with the copied share, 0 to 1.

    Raises:
        OutputExists: The file exists.
        OutputError: It cannot be written.
        DatabaseError: The database cannot be read, or the copy has a fault.
    """
    with (
        contextlib.closing(connection.open_to_ask(database)) as original,
        atomic.of_file(path, mode=0o640, replace=False) as place,
    ):
        with connection.naming(database), _naming_copy(path):
            rows = _copy(original, place, progress)
            _verify(database, place, rows)
            if plain:
                _make_plain(place)
        size = place.stat().st_size
    return Backup(path=path, bytes=size, rows=rows)


def _copy(
    original: sqlite3.Connection, place: Path, progress: Callable[[float], None]
) -> dict[str, int]:
    """Copy a database into an empty file, and return its rows at that moment."""

    def tell(_status: int, remaining: int, total: int) -> None:
        progress(1 - remaining / total if total else 1.0)

    with contextlib.closing(sqlite3.connect(place, isolation_level=None)) as copy:
        copy.execute("PRAGMA synchronous = off")  # synced as a whole later
        original.execute("BEGIN")
        try:
            rows = _rows(original)
            original.backup(copy, pages=_PAGES_AT_ONCE, progress=tell)
        finally:
            original.rollback()
        copy.execute("PRAGMA journal_mode = delete")  # a backup is one file
    return rows


def _rows(conn: sqlite3.Connection) -> dict[str, int]:
    """The number of rows of each table."""
    tables = conn.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "ORDER BY name"
    ).fetchall()
    counts = [conn.execute(f'SELECT count(*) FROM "{name}"').fetchone() for (name,) in tables]
    return {name: count for (name,), (count,) in zip(tables, counts, strict=True)}


def _make_plain(place: Path) -> None:
    """
    Remove STRICT from every table, which changes no row.

    https://sqlite.org/stricttables.html: rows of STRICT tables are stored as those of others.
    """
    with contextlib.closing(sqlite3.connect(place, isolation_level=None)) as copy:
        (version,) = copy.execute("PRAGMA schema_version").fetchone()
        copy.execute("PRAGMA writable_schema = ON")
        copy.execute("BEGIN")
        copy.execute(
            "UPDATE sqlite_schema SET sql = replace(replace(sql, ') STRICT, WITHOUT ROWID', "
            "') WITHOUT ROWID'), ') STRICT', ')') WHERE type = 'table'"
        )
        copy.execute(f"PRAGMA schema_version = {version + 1}")
        copy.execute("PRAGMA application_id = 0")
        copy.execute("COMMIT")


@contextlib.contextmanager
def _naming_copy(path: Path) -> Iterator[None]:
    """Turn an error of SQLite about the copy into one that names the copy."""
    try:
        yield
    except sqlite3.Error as exc:
        if getattr(exc, "sqlite_errorcode", None) in _OUTPUT_FAULTS:
            raise OutputError(path, str(exc)) from exc
        raise


def _verify(database: Path, place: Path, rows: Mapping[str, int]) -> None:
    with connection.naming(database), contextlib.closing(connection.open_to_ask(place)) as copy:
        found = faults(place)
        if not found and _rows(copy) != rows:
            found = ["the copy has other rows"]
    if found:
        raise DatabaseError(database, f"its copy has a fault: {found[0]}")
