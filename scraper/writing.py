"""The database as the daemon and the passes open it to write."""

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
    The store in this file, under its lock; one that was there and is not is no new file.

    Args:
        path: The file.
        what: Who writes.
        journal: As in the config.
        create: Whether a new file is made all the same, with its folder.

    Raises:
        AnotherPass: Another process writes.
        DatabaseError: The file cannot be used, or is gone.
    """
    if not create:
        lock.refuse_lost(path)
    with (
        lock.held(path, what=what, make_folder=create),
        Store.open(path, journal=journal) as store,
    ):
        lock.remember(path)
        yield store


@contextlib.contextmanager
def beside_a_daemon(path: Path, *, journal: str | None, create: bool) -> Iterator[Store]:
    """
    The store, for work in short commits that a daemon may go on beside; one such at a time.

    The lock of the passes is needed only where the file is to be made or migrated. Beside a daemon
    the journal stays as it is: that is the other's to choose.

    Args:
        path: The file.
        journal: As in the config; None = as it is.
        create: As of ``writing``.

    Raises:
        AnotherPass: Another such work is going on, or a pass makes the file.
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
