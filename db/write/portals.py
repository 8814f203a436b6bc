"""The portals of the config, and the robots.txt of their sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.moments import epoch, moment
from db.reading import Robots
from db.truth import pauses

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping


class Portals:
    """
    The portals to store, remembered until they are in the file.

    Attributes:
        due: Whether the file may have to be written.
    """

    def __init__(self) -> None:
        self._wanted: dict[str, tuple[str, int]] = {}
        self.due = False

    def want(self, conn: sqlite3.Connection, wanted: Mapping[str, tuple[str, int]]) -> None:
        """Add these portals; those missing or different in the file become due."""
        self._wanted |= wanted
        self.due = True
        rows = conn.execute("SELECT name, url, interval_s FROM portals").fetchall()
        self.due = not self._wanted.items() <= {name: (url, s) for name, url, s in rows}.items()

    def write_due(self, conn: sqlite3.Connection) -> None:
        """Write all of them, if any is due; a new address resets the validators."""
        if not self.due:
            return
        before = conn.execute("SELECT id, name, interval_s FROM portals").fetchall()
        conn.executemany(
            "INSERT INTO portals (name, url, interval_s) VALUES (?, ?, ?) ON CONFLICT (name) "
            "DO UPDATE SET url = excluded.url, interval_s = excluded.interval_s, "
            "etag = CASE WHEN url = excluded.url THEN etag END, "
            "last_modified = CASE WHEN url = excluded.url THEN last_modified END "
            "WHERE (url, interval_s) <> (excluded.url, excluded.interval_s)",
            [(name, *rest) for name, rest in self._wanted.items()],
        )
        for portal_id, name, interval_s in before:
            if name in self._wanted and self._wanted[name][1] != interval_s:
                pauses.derive(conn, portal_id)


def read_robots(conn: sqlite3.Connection) -> list[Robots]:
    """Every robots.txt last seen."""
    rows = conn.execute("SELECT origin, fetched_at, text FROM robots").fetchall()
    return [Robots(origin=o, fetched_at=moment(at), text=text) for o, at, text in rows]


def write_robots(conn: sqlite3.Connection, read: Iterable[Robots]) -> None:
    """Replace each robots.txt by the new one."""
    conn.executemany(
        "INSERT INTO robots (origin, fetched_at, text) VALUES (?, ?, ?) ON CONFLICT (origin) "
        "DO UPDATE SET fetched_at = excluded.fetched_at, text = excluded.text",
        [(robots.origin, epoch(robots.fetched_at), robots.text) for robots in read],
    )
