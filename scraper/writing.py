"""Opens the database to write, for the daemon and the passes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from db.write.store import Store
from scraper import lock
from scraper.errors import AnotherPass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scraper.lock import What


@contextlib.contextmanager
def writing(path: Path, *, what: What, journal: str, create: bool) -> Iterator[Store]:
    """
    Open the store in this file, under its lock; a lost database is not replaced by a new file.

    Args:
        path: The file.
        what: The kind of writer.
        journal: The journal of the config.
        create: Whether to make a new file and its folder nevertheless.

    Raises:
        AnotherPass: Another process writes.
        DatabaseError: The file cannot be used, or is gone.
    """
    if not create:
        lock.refuse_lost(path)
    with lock.held(path, what=what, make_folder=create), Store.open(path, journal=journal) as store:
        lock.remember(path)
        yield store


@contextlib.contextmanager
def without_a_daemon(path: Path, *, journal: str | None = None) -> Iterator[Store]:
    """
    Open the store for work that changes rows a daemon remembers, under the lock of the passes.

    Args:
        path: The file.
        journal: As in the config; None = unchanged.

    Raises:
        AnotherPass: Another process writes; the remedy is to stop it.
        DatabaseError: The file cannot be used.
    """
    try:
        with lock.held(path), Store.open(path, journal=journal) as store:
            yield store
    except AnotherPass as exc:
        raise exc.hinting("stop the daemon, and start it again after this") from None


@contextlib.contextmanager
def beside_a_daemon(path: Path, *, journal: str | None, create: bool) -> Iterator[Store]:
    """
    Open the store for work in short commits beside a daemon; one such process at a time.

    The lock of the passes is needed only to make or migrate the file. Beside a daemon the journal
    is not changed, as the daemon chose it.

    Args:
        path: The file.
        journal: As in the config; None = unchanged.
        create: As of ``writing``.

    Raises:
        AnotherPass: Another such process is running, or a pass is making the file.
        DatabaseError: The file cannot be used, or is gone.
    """
    if not create:
        lock.refuse_lost(path)
    with lock.held(path, part=".backfill", make_folder=create):
        try:
            with lock.held(path):
                store = Store.open(path, journal=journal)
                lock.remember(path)
        except AnotherPass:
            if not path.is_file():
                raise
            store = Store.open(path)
        with store:
            yield store
