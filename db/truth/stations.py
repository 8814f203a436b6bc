"""Stations: which ones each portal ever showed, in the derived table ``portal_stations``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping


def derive_all(conn: sqlite3.Connection) -> None:
    """Derive the stations that each portal ever showed again."""
    conn.execute("DELETE FROM portal_stations")
    conn.execute(
        "INSERT INTO portal_stations SELECT DISTINCT sp.portal_id, r.station_id "
        "FROM spells AS sp JOIN readings AS r USING (sidebar_id)"
    )


def add(conn: sqlite3.Connection, portal_id: int, sidebars: Iterable[int]) -> None:
    """Add the stations of sidebars that a portal showed."""
    conn.execute(
        "INSERT OR IGNORE INTO portal_stations SELECT ?, station_id FROM (SELECT DISTINCT "
        "station_id FROM readings WHERE sidebar_id IN (SELECT value FROM json_each(?)))",
        (portal_id, json.dumps(list(sidebars))),
    )


def drop(conn: sqlite3.Connection, stretch: Mapping[str, object], gone: set[int]) -> None:
    """
    Drop the stations that a portal showed only in sidebars that left a stretch of time.

    Args:
        conn: Inside a transaction.
        stretch: The ``portal``, and the ``first`` and ``last`` second.
        gone: The sidebars.
    """
    if gone:
        conn.execute(_DROP, {**stretch, "gone": json.dumps(list(gone))})


_DROP: Final = """
    DELETE FROM portal_stations WHERE portal_id = :portal AND station_id IN (
        SELECT station_id FROM readings WHERE sidebar_id IN (SELECT value FROM json_each(:gone))
        EXCEPT
        SELECT r.station_id FROM spells AS sp JOIN readings AS r USING (sidebar_id)
        WHERE sp.portal_id = :portal AND sp.seen_from BETWEEN :first AND :last)
    AND NOT EXISTS (
        SELECT 1 FROM spells AS sp JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
            AND r.station_id = portal_stations.station_id
        WHERE sp.portal_id = :portal)"""
"""The spells of the stretch are read first; all others only after a change of stations."""
