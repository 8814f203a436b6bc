"""One writer at a time: a kernel lock beside the database, gone with the process that holds it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import filelock

from db.errors import DatabaseError
from db.file import connection
from scraper.errors import AnotherPass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.write.store import Store

PATIENCE_S: Final = 0.2
"""Longer than `nalssi check` holds it, who only wants to know whether anybody does."""


@contextlib.contextmanager
def held(database: Path, *, part: str = "") -> Iterator[None]:
    """
    Hold ``weather.db.lock`` beside ``weather.db``; its folder is made if missing.

    Args:
        database: The database.
        part: Of the work that the lock is for, such as ``.backfill``; "" = all passes.

    Raises:
        AnotherPass: Another process holds it.
        DatabaseError: The lock's file cannot be made, or this can be no database.
    """
    if not database.name:
        raise DatabaseError(database, connection.NO_FILE)
    path = database.with_name(f"{database.name}{part}.lock")
    lock = filelock.FileLock(path, timeout=PATIENCE_S, mode=0o640)
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout as exc:
        raise AnotherPass(path) from exc
    except OSError as exc:
        raise DatabaseError(database, f"cannot be locked: {exc}") from exc
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def beside_a_daemon(database: Path, *, journal: str | None) -> Iterator[Store]:
    """
    The store, for work in short commits that a daemon may go on beside; one such at a time.

    The lock of the passes is needed only where the file is to be made or migrated. Beside a daemon
    the journal stays as it is: that is the other's to choose.

    Raises:
        AnotherPass: Another such work is going on, or a pass makes the file.
        DatabaseError: The file cannot be used.
    """
    from db.write.store import Store  # noqa: PLC0415 - a plain lock does without

    with held(database, part=".backfill"):
        try:
            with held(database):
                store = Store.open(database, journal=journal)
        except AnotherPass:
            if not database.is_file():
                raise
            store = Store.open(database)
        with store:
            yield store
