"""
The file: how it is opened, locked and refused, and how its faults are reported.

Only the standard library is imported here, so that asking starts fast.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from typing import TYPE_CHECKING, Final

from db.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.errors import Fault

APPLICATION_ID: Final = 0x6E616C73
"""``nals`` in ASCII, at offset 68 of the file, which identifies our databases."""

MAGIC: Final = b"SQLite format 3\0"
"""The first bytes of every file of SQLite (https://sqlite.org/fileformat2.html)."""

VERSION: Final = 19
"""The version of the tables: the number of migrations."""

BUSY_TIMEOUT_S: Final = 30.0

WRITER_PAGES_KIB: Final = 512
"""The writer's cache: room for all pages that a look touches, more than SQLite's 2 MiB."""

OLDEST: Final = (3, 37)
"""The first SQLite that has STRICT tables."""

TOO_OLD: Final = (
    f"this SQLite, {sqlite3.sqlite_version}, is too old, expected 3.37; give it what "
    "`nalssi export` or `nalssi backup --plain` writes on a newer machine"
)

FOREIGN: Final = "not a database of nalssi; it is left as it is"
NO_FILE: Final = "neither a file nor a link to one"

_NOT_OURS: Final = (TypeError, ValueError, LookupError, OverflowError, AttributeError, OSError)
"""The errors of a value that we cannot have written: a wrong type, or out of range."""


_FAULTS: Final[dict[int, Fault]] = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
}


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """
    Turn any error of SQLite or the file system inside into one that names the file.

    SQLite quotes a damaged schema, and Python cannot decode such a message.
    """
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeDecodeError) as exc:
        foreign = getattr(exc, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB
        raise DatabaseError(path, FOREIGN if foreign else str(exc), fault=_fault(exc)) from exc


def _fault(exc: Exception) -> Fault:
    """The fault behind an error of SQLite or the file system, in a word."""
    if isinstance(exc, OSError):
        return "full" if exc.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    code: int = getattr(exc, "sqlite_errorcode", 0) & 0xFF  # the rest of it names the place
    return _FAULTS.get(code, "")


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Like ``naming``; also, a value or name that we cannot have written counts as damage."""
    with naming(path):
        try:
            yield
        except _NOT_OURS as exc:
            raise DatabaseError(path, f"damaged: {exc}", fault="damaged") from exc


@contextlib.contextmanager
def deriving(path: Path) -> Iterator[None]:
    """
    Like ``naming``, for code that works on many rows: an odd value is damage if SQLite confirms it.

    Otherwise the fault is ours, and is raised unchanged: an intact database is never reported as
    damaged.
    """
    with naming(path):
        try:
            yield
        except _NOT_OURS as exc:
            if (found := damage(path)) is not None:
                raise DatabaseError(path, f"damaged: {found}", fault="damaged") from exc
            raise


def damage(path: Path) -> str | None:
    """The first fault that SQLite finds: a damaged page, row or value; None = no fault."""
    try:
        with contextlib.closing(open_to_read(path)) as conn:
            (found,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as exc:
        return str(exc)
    return None if found == "ok" else str(found)


def beside(path: Path, end: str) -> Path:
    """The file of SQLite with this ending, such as ``-journal``: beside the target of a link."""
    there = path.resolve()
    return there.with_name(f"{there.name}{end}")


def is_sqlite(path: Path) -> bool:
    """Whether this is a file of SQLite, ours or another."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def identity(path: Path) -> tuple[int, int]:
    """The identity of a file under any name: its device and inode."""
    there = path.stat()
    return there.st_dev, there.st_ino


@contextlib.contextmanager
def transaction(conn: sqlite3.Connection) -> Iterator[None]:
    """
    Run all in one commit; without it, the file stays unchanged.

    It takes the write lock at once: a transaction that reads first and writes later would fail
    without waiting if another process wrote in between.
    """
    try:
        conn.execute("BEGIN IMMEDIATE")
        yield
        conn.commit()
    except BaseException:
        conn.rollback()
        raise


def open_to_read(path: Path) -> sqlite3.Connection:
    """
    Open a connection to a database of ours that cannot write.

    An unfinished commit of a killed writer is rolled back first, which writes: a read-only
    connection would refuse to read.
    """
    _refuse_at_a_glance(path)
    try:
        return _ours(_connect(path, "mode=ro"), path)
    except sqlite3.OperationalError as exc:
        _refuse_journal_without_permission(path)
        if exc.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise
    _ours(_connect(path, "mode=rw"), path).close()
    return _ours(_connect(path, "mode=ro"), path)


def _refuse_journal_without_permission(path: Path) -> None:
    """Explain which permissions a reader lacks beside a journal (sqlite.org/wal.html#readonly)."""
    rollback = beside(path, "-journal")
    if rollback.exists() and not os.access(rollback, os.R_OK):
        problem = (
            f"its journal {rollback.name!r} may not be read: give that file the group and the "
            "permissions of the database, or have journal = 'delete'"
        )
        raise DatabaseError(path, problem)
    needed = [rollback.parent, beside(path, "-shm"), beside(path, "-wal")]
    if all(os.access(one, os.R_OK | os.W_OK) for one in needed if one.exists()):
        return
    with path.open("rb") as file:
        versions = file.read(20)[18:]
    if versions == b"\2\2":  # https://sqlite.org/fileformat2.html: read and written by a WAL
        problem = (
            "its journal is a WAL, beside which a reader must be able to write: join the group of "
            f"{str(path.parent)!r} with UMask 0007, read a `nalssi backup`, or have "
            "journal = 'delete'"
        )
        raise DatabaseError(path, problem)


def open_to_ask(path: Path) -> sqlite3.Connection:
    """
    Open a read-only connection to a database of ours with the tables of this version.

    Raises:
        DatabaseError: The file is missing, not ours, or of another version.
    """
    with naming(path):
        if not path.exists():
            problem = "there is no such file; name it by --db, or have `nalssi scrape` make it"
            raise DatabaseError(path, problem, fault="gone")
        conn = open_to_read(path)
        try:
            _refuse_other_versions(conn, path)
        except BaseException:
            conn.close()
            raise
    conn.row_factory = sqlite3.Row
    return conn


def _refuse_other_versions(conn: sqlite3.Connection, path: Path) -> None:
    (version,) = conn.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise DatabaseError(path, "made by a newer nalssi; update")
    if version < VERSION:
        raise DatabaseError(path, "made by an older nalssi; `nalssi rebuild` brings it up to date")


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open a connection to a database of ours, for one thread at a time."""
    _refuse_at_a_glance(path)
    return _ours(open_empty(path), path)


def open_empty(path: Path) -> sqlite3.Connection:
    """Open a connection to a file that will become a database of ours."""
    # One thread at a time uses it, but not always the one that opened it.
    conn = _connect(path, "mode=rw", check_same_thread=False)
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute(f"PRAGMA cache_size = -{WRITER_PAGES_KIB}")
    return conn


def _connect(path: Path, options: str, *, check_same_thread: bool = True) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < OLDEST:
        raise DatabaseError(path, TOO_OLD)
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        check_same_thread=check_same_thread,
    )


def _refuse_at_a_glance(path: Path) -> None:
    """
    Refuse a foreign file by its first page; opening it would replay its journal.

    Without the journal, a file in the middle of a commit looks damaged, which does not matter here.
    """
    if not path.is_file():
        raise DatabaseError(path, NO_FILE)
    try:
        _ours(_connect(path, "mode=ro&immutable=1"), path).close()
    except sqlite3.DatabaseError as exc:
        if exc.sqlite_errorcode != sqlite3.SQLITE_CORRUPT:
            raise


def _ours(conn: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """
    Return the connection if its file is ours; otherwise close it.

    Raises:
        DatabaseError: It is not.
    """
    try:
        (application_id,) = conn.execute("PRAGMA application_id").fetchone()
    except BaseException:
        conn.close()
        raise
    if application_id != APPLICATION_ID:
        conn.close()
        raise DatabaseError(path, FOREIGN)
    return conn
