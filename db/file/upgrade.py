"""
The file: how it is made, opened and upgraded.

The migrations are imported only if there is one to apply: their library is as large as all else in
a pass.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

from db.contract import VIEWS
from db.errors import DatabaseError
from db.file import connection

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Migrations

_VIEWS = {name: f"CREATE VIEW {name} AS {select}" for name, select in VIEWS.items()}
"""The SQL as SQLite stores it, by which views of older code are recognized."""

_KEPT_JOURNAL_BYTES = 1 << 18
"""The journal that stays between commits: eight times that of a look."""


def open_or_make(
    path: Path, *, journal: str | None = None, migrations: Migrations | None = None
) -> sqlite3.Connection:
    """
    Open the database at this path; make it if missing, and upgrade it.

    The caller holds the lock beside the file, so that no other process makes it.

    Args:
        path: The file. Its folder is made if missing.
        journal: As in the config; None = unchanged, and ``auto`` for a new file.
        migrations: The migrations to apply; None = the current ones.

    Raises:
        DatabaseError: The file is not ours, damaged, of a newer nalssi, or cannot be written.
    """
    with connection.naming(path):
        if not (path.exists() or path.is_symlink()):
            _make(path, migrations)
            journal = journal or "auto"
        conn = connection.open_to_write(path)
        try:
            if migrations or not _is_up_to_date(conn, path):
                _bring_up_to_date(conn, path, migrations)
            _choose_journal(conn, path, journal)
            _share_journal(path)
        except BaseException:
            conn.close()
            raise
        return conn


def _make(path: Path, migrations: Migrations | None) -> None:
    """Make the file under another name first, so that after a crash it is complete or missing."""
    if sqlite3.sqlite_version_info < connection.OLDEST:
        raise DatabaseError(path, connection.TOO_OLD)
    path.parent.mkdir(parents=True, exist_ok=True)
    for journal in (path.with_name(f"{path.name}{end}") for end in ("-journal", "-wal")):
        if _is_unfinished(journal):  # SQLite would write it into the new file
            raise DatabaseError(path, f"gone, but its {journal.name!r} is not; move that away")
    draft = _empty_draft(path)
    try:
        with contextlib.closing(connection.open_empty(draft)) as conn:
            # An unfinished draft is dropped, not undone.
            conn.execute("PRAGMA journal_mode = memory")
            _migrate(conn, migrations)
        _put_in_place(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _is_unfinished(journal: Path) -> bool:
    """Whether SQLite would apply this journal; a finished one is empty or begins with a zero."""
    try:
        with journal.open("rb") as file:
            return file.read(1) not in {b"", b"\0"}
    except FileNotFoundError:
        return False


def _empty_draft(path: Path) -> Path:
    """Make an empty file beside the one to replace, with the same permissions."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    draft.chmod(0o640)
    return draft


def _put_in_place(draft: Path, path: Path) -> None:
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _is_up_to_date(conn: sqlite3.Connection, path: Path) -> bool:
    """Whether no migration is needed; odd files are left to the migrations."""
    with connection.reading(path):
        (version,) = conn.execute("PRAGMA user_version").fetchone()
        return bool(version == connection.VERSION) and _has_todays_views(conn)


def _bring_up_to_date(conn: sqlite3.Connection, path: Path, migrations: Migrations | None) -> None:
    from db.file import migrations as ours  # noqa: PLC0415 - only where there is something to apply

    migrations = migrations or ours.MIGRATIONS
    known = ours.known(migrations)
    with connection.reading(path):
        applied = ours.applied(migrations, conn)
    if unknown := sorted(applied - known):
        raise DatabaseError(path, f"made by a newer nalssi (it has {', '.join(unknown)}); update")
    if known - applied:
        _copy_beside(conn, path, len(applied))
        _migrate(conn, migrations)
    elif not _has_todays_views(conn):
        with connection.transaction(conn):
            _make_views(conn)


def _migrate(conn: sqlite3.Connection, migrations: Migrations | None) -> None:
    from db.file import migrations as ours  # noqa: PLC0415 - only where there is something to apply

    with connection.transaction(conn):
        conn.execute(f"PRAGMA application_id = {connection.APPLICATION_ID}")
        version = ours.apply(migrations or ours.MIGRATIONS, conn)
        _make_views(conn)
        conn.execute(f"PRAGMA user_version = {version}")


def _has_todays_views(conn: sqlite3.Connection) -> bool:
    return _VIEWS.items() <= dict(conn.execute("SELECT name, sql FROM sqlite_schema")).items()


def _make_views(conn: sqlite3.Connection) -> None:
    """Make the views, which hold no data, as the current code defines them."""
    for name, create in _VIEWS.items():
        conn.execute(f"DROP VIEW IF EXISTS {name}")
        conn.execute(create)


def _copy_beside(conn: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy the file before a migration, to ``weather.db.before-2`` or the like."""
    copy = path.with_name(f"{path.name}.before-{version + 1}")
    draft = _empty_draft(copy)
    with contextlib.closing(sqlite3.connect(draft)) as target:
        conn.backup(target)
    _put_in_place(draft, copy)


def _choose_journal(conn: sqlite3.Connection, path: Path, journal: str | None) -> None:
    """
    With ``auto``, choose WAL on a fixed SQLite, else a rollback journal that stays beside the file.

    With each, every commit reaches the disk. Where a rollback journal ends by being deleted, its
    folder must be synced as well: EXTRA. Where its header is overwritten instead, a commit takes a
    third less time, because no file is made, extended and deleted.
    """
    if journal == "auto":
        journal = "wal" if wal_is_safe(sqlite3.sqlite_version_info) else "persist"
    wanted = "" if journal is None else f" = {journal}"
    # Not every file system can do WAL: the resulting journal counts.
    (mode,) = conn.execute(f"PRAGMA journal_mode{wanted}").fetchone()
    has_journal = connection.beside(path, "-journal").exists()
    if journal is None and mode == "delete" and has_journal:
        (mode,) = conn.execute("PRAGMA journal_mode = persist").fetchone()
    conn.execute(f"PRAGMA synchronous = {'extra' if mode == 'delete' else 'full'}")
    if mode == "persist":
        conn.execute(f"PRAGMA journal_size_limit = {_KEPT_JOURNAL_BYTES}")


def _share_journal(path: Path) -> None:
    """Let those who may read the file read the journal beside it, as SQLite does for a new one."""
    journal = connection.beside(path, "-journal")
    with contextlib.suppress(OSError):  # there is no journal, or it is another user's
        permissions = path.stat()
        journal.chmod(permissions.st_mode & 0o777)
        os.chown(journal, -1, permissions.st_gid)


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """
    Whether this SQLite is safe when two connections checkpoint a WAL at once.

    Fixed in 3.51.3, and in 3.50.7 and 3.44.6 of the older branches (sqlite.org/wal.html).
    """
    branches = ((3, 44, 6), (3, 45)), ((3, 50, 7), (3, 51)), ((3, 51, 3), (4,))
    return any(first <= version < end for first, end in branches)
