"""
The file: its tables, how it is made, opened, and brought up to date.

Facts are appended; ``spells`` and ``portal_stations`` are derived from them. Everything is STRICT,
so that no text ever sits where a number belongs.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

from sqlite_utils import Database, Migrations

from db import file
from db.errors import DatabaseError
from db.views import APPLICATION_ID, VIEWS

if TYPE_CHECKING:
    from pathlib import Path

MIGRATIONS = Migrations("nalssi")

_TABLES = """
CREATE TABLE portals (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    interval_s INTEGER NOT NULL,  -- between looks
    etag TEXT,                    -- of the page last read
    last_modified TEXT
) STRICT;

CREATE TABLE stations (
    id INTEGER PRIMARY KEY,
    kma_id INTEGER UNIQUE,        -- NULL: a city that we do not know
    name_ko TEXT NOT NULL UNIQUE,
    name_en TEXT,
    latitude REAL,
    longitude REAL,
    elevation_m REAL,
    province TEXT
) STRICT;

CREATE TABLE conditions (
    id INTEGER PRIMARY KEY,
    label TEXT NOT NULL,          -- as printed
    icon TEXT NOT NULL,           -- KMA's code, '' where the markup had none
    condition TEXT,               -- NULL: unknown
    label_en TEXT,
    wmo_4677 INTEGER,
    UNIQUE (label, icon)
) STRICT;

CREATE TABLE sidebars (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    fragment BLOB NOT NULL,       -- UTF-8, zlib
    problems TEXT                 -- a line each; NULL: none
) STRICT;

CREATE TABLE readings (
    sidebar_id INTEGER NOT NULL REFERENCES sidebars (id),
    station_id INTEGER NOT NULL REFERENCES stations (id),
    condition_id INTEGER NOT NULL REFERENCES conditions (id),
    temperature INTEGER,          -- tenths of a degree C; NULL: no number printed
    PRIMARY KEY (sidebar_id, station_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE fetches (
    id INTEGER PRIMARY KEY,
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    fetched_at INTEGER NOT NULL,  -- epoch seconds UTC
    outcome TEXT NOT NULL CHECK (outcome IN ('unread', 'read', 'not_modified', 'no_sidebar',
        'set_aside', 'fetch_failed', 'refused_by_robots')),
    status INTEGER,               -- HTTP
    milliseconds INTEGER NOT NULL,
    bytes INTEGER,                -- of the body, as received
    page_date TEXT,               -- ISO, as printed
    sidebar_id INTEGER REFERENCES sidebars (id),
    reason TEXT,                  -- why there is no sidebar, or no page_date
    retry_at INTEGER,             -- before this the portal does not want us
    page BLOB,                    -- zlib; while it is unread or could not be read
    encoding TEXT,                -- of the page
    tries INTEGER NOT NULL DEFAULT 0,
    UNIQUE (portal_id, fetched_at),
    CHECK ((sidebar_id IS NOT NULL) = (outcome IN ('read', 'not_modified')))
) STRICT;

CREATE INDEX fetches_by_time ON fetches (fetched_at);

CREATE INDEX fetches_unread ON fetches (id) WHERE outcome = 'unread';

CREATE TABLE spells (
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    seen_from INTEGER NOT NULL,
    seen_until INTEGER NOT NULL,
    changed_after INTEGER,        -- the last look at the one before; NULL: none
    sidebar_id INTEGER NOT NULL REFERENCES sidebars (id),
    PRIMARY KEY (portal_id, seen_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE portal_stations (
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    station_id INTEGER NOT NULL REFERENCES stations (id),
    PRIMARY KEY (portal_id, station_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,          -- epoch seconds UTC
    kind TEXT NOT NULL CHECK (kind IN ('started', 'stopped', 'clock', 'not kept')),
    detail TEXT
) STRICT;

CREATE INDEX events_by_time ON events (at);

CREATE TABLE notices (            -- what was told and is not over yet
    portal_id INTEGER NOT NULL REFERENCES portals (id),
    kind TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (portal_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE robots (
    origin TEXT PRIMARY KEY,
    fetched_at INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

_VIEWS = {name: f"CREATE VIEW {name} AS {select}" for name, select in VIEWS.items()}
"""As SQLite keeps them in its own table: that is how a view of yesterday's code is told."""


@MIGRATIONS(name="0001 tables")
def _tables(db: Database) -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)


def open_for_writing(
    path: Path, *, journal: str = "auto", migrations: Migrations = MIGRATIONS
) -> sqlite3.Connection:
    """
    The database at this path, made if there is none, and brought up to date.

    The caller holds the lock beside the file: nobody else may be making it.

    Args:
        path: The file. Its folder is made if missing.
        journal: ``auto``, ``wal`` or ``delete``.
        migrations: What brings a file up to date.

    Raises:
        DatabaseError: The file is not ours, damaged, of a newer nalssi, or cannot be written.
    """
    with file.naming(path):
        if not (path.exists() or path.is_symlink()):
            _make(path, migrations)
        conn = file.open_to_write(path)
        try:
            _bring_up_to_date(conn, path, migrations)
            _choose_journal(conn, journal)
        except BaseException:
            conn.close()
            raise
        return conn


def _make(path: Path, migrations: Migrations) -> None:
    """Make the file complete under another name first: a crash leaves all of it or nothing."""
    if sqlite3.sqlite_version_info < (3, 37):
        raise DatabaseError(path, f"SQLite {sqlite3.sqlite_version} is too old, expected 3.37")
    path.parent.mkdir(parents=True, exist_ok=True)
    for journal in (path.with_name(f"{path.name}{end}") for end in ("-journal", "-wal")):
        if journal.exists():  # SQLite would write it into the new file
            raise DatabaseError(path, f"gone, but its {journal.name!r} is not; move that away")
    draft = _empty_draft(path)
    with contextlib.closing(file.open_empty(draft)) as conn:
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        _migrate(conn, migrations)
    _put_in_place(draft, path)


def _empty_draft(path: Path) -> Path:
    """An empty file beside the one it will replace, readable by nobody who may not read that."""
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


def _bring_up_to_date(conn: sqlite3.Connection, path: Path, migrations: Migrations) -> None:
    with file.reading(path):
        applied = {migration.name for migration in migrations.applied(_utils(conn))}
    with contextlib.closing(sqlite3.connect(":memory:")) as empty:
        known = {migration.name for migration in migrations.pending(_utils(empty))}
    if unknown := sorted(applied - known):
        raise DatabaseError(path, f"made by a newer nalssi (it has {', '.join(unknown)}); update")
    if known - applied:
        _copy_beside(conn, path, len(applied))
        _migrate(conn, migrations)
    elif not _VIEWS.items() <= dict(conn.execute("SELECT name, sql FROM sqlite_schema")).items():
        with file.transaction(conn):
            _make_views(conn)


def _migrate(conn: sqlite3.Connection, migrations: Migrations) -> None:
    db = _utils(conn)
    with file.transaction(conn):
        migrations.apply(db)
        _make_views(conn)
        conn.execute(f"PRAGMA user_version = {len(migrations.applied(db))}")


def _make_views(conn: sqlite3.Connection) -> None:
    """Make the views, which hold no data, as today's code defines them."""
    for name, create in _VIEWS.items():
        conn.execute(f"DROP VIEW IF EXISTS {name}")
        conn.execute(create)


def _utils(conn: sqlite3.Connection) -> Database:
    return Database(conn, execute_plugins=False, strict=True)


def _copy_beside(conn: sqlite3.Connection, path: Path, version: int) -> None:
    """Keep the file as it was before a migration, as ``weather.db.before-2`` or the like."""
    copy = path.with_name(f"{path.name}.before-{version + 1}")
    draft = _empty_draft(copy)
    with contextlib.closing(sqlite3.connect(draft)) as target:
        conn.backup(target)
    _put_in_place(draft, copy)


def _choose_journal(conn: sqlite3.Connection, journal: str) -> None:
    """
    WAL where this SQLite has it right, else a rollback journal; every commit reaches the disk.

    A rollback journal is ended by deleting it, so there the folder must be synced as well: EXTRA.
    """
    wal = journal == "wal" or (journal == "auto" and wal_is_safe(sqlite3.sqlite_version_info))
    # Not every file system can do WAL: what counts is what it became.
    (mode,) = conn.execute(f"PRAGMA journal_mode = {'wal' if wal else 'delete'}").fetchone()
    conn.execute(f"PRAGMA synchronous = {'full' if mode == 'wal' else 'extra'}")


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """
    Whether this SQLite cannot lose commits when two connections checkpoint a WAL at once.

    Mended in 3.51.3, and in 3.50.7 and 3.44.6 of the older branches (sqlite.org/wal.html).
    """
    branches = ((3, 44, 6), (3, 45)), ((3, 50, 7), (3, 51)), ((3, 51, 3), (4,))
    return any(first <= version < end for first, end in branches)
