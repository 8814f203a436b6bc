"""Records archives that were read to the end, to skip them in later runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from db.file import connection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.write.store import Store

Archive: TypeAlias = "tuple[str, int, int]"
"""A file's name, its bytes, and the time of its last change, in nanoseconds since 1970."""


def finished(store: Store) -> set[Archive]:
    """
    The files that were read to the end.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    with connection.reading(store.path), store.transaction() as conn:
        return set(conn.execute("SELECT name, bytes, modified FROM archives"))


def finish(store: Store, archives: Iterable[Archive]) -> None:
    """
    Record files that were read to the end, once their contents are stored.

    Raises:
        DatabaseError: They cannot be recorded.
    """
    with store.transaction() as conn:
        conn.executemany(
            "INSERT INTO archives (name, bytes, modified) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            archives,
        )


def addresses(store: Store) -> dict[str, str]:
    """
    The address of each portal by its name, the oldest first.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    with connection.reading(store.path), store.transaction() as conn:
        return dict(conn.execute("SELECT name, url FROM portals ORDER BY id").fetchall())


def count_spells(store: Store) -> int:
    """
    The number of spells.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    with connection.reading(store.path), store.transaction() as conn:
        (count,) = conn.execute("SELECT count(*) FROM spells").fetchone()
        return int(count)
