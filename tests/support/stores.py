"""Databases for tests: opened without fsync, with portals, and dumped without row ids."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from db.write.store import Store
from tests.support.make import INTERVAL_S

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = {
    "portal_id": "(SELECT name FROM portals WHERE id = t.portal_id)",
    "first_portal_id": "(SELECT name FROM portals WHERE id = t.first_portal_id)",
    "look_id": "(SELECT name || fetched_at FROM fetches f JOIN portals p ON p.id = portal_id "
    "WHERE f.id = t.look_id)",
    "sidebar_id": "(SELECT hex(digest) FROM sidebars WHERE id = t.sidebar_id)",
    "from_sidebar_id": "(SELECT hex(digest) FROM sidebars WHERE id = t.from_sidebar_id)",
    "station_id": "(SELECT name_ko FROM stations WHERE id = t.station_id)",
    "condition_id": "(SELECT label || icon FROM conditions WHERE id = t.condition_id)",
}
"""For each column with an id: a value that is the same in every database."""


def opened(path: Path, *portals: str) -> Store:
    """Open a database with these portals, without waiting for the disk."""
    store = Store.open(path)
    stop_syncing(store)
    for portal in portals:
        store.portal(portal, f"https://{portal}.example/", INTERVAL_S)
    return store


def stop_syncing(store: Store) -> None:
    """Do not wait for the disk in later commits."""
    store._conn.execute("PRAGMA synchronous = off")


def contents(path: Path) -> dict[str, list[str]]:
    """Return all rows of all tables, without their ids."""
    with closing(sqlite3.connect(path)) as conn:
        tables = conn.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%sqlite%'"
        )
        return {name: _rows(conn, name) for (name,) in tables.fetchall()}


_BANDS = """
    SELECT group_concat(digest) FROM (
        SELECT band, hex(digest) AS digest FROM bands JOIN sidebars AS s ON s.id = sidebar_id
        ORDER BY band, digest)
    GROUP BY band"""
"""The sidebars of each band; the number of a band depends on the ids of stations."""


def _rows(conn: sqlite3.Connection, table: str) -> list[str]:
    if table == "bands":
        return sorted(map(repr, conn.execute(_BANDS)))
    columns = [name for _, name, *_ in conn.execute(f"PRAGMA table_info({table})")]
    named = [_NAMES.get(name, f"t.{name}") for name in columns if name != "id"]
    counted = "WHERE looks <> 0" if table == "counts" else ""
    return sorted(map(repr, conn.execute(f"SELECT {', '.join(named)} FROM {table} AS t {counted}")))
