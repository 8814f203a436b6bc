"""Sidebars, their readings, stations and conditions, each stored once."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from db import counts
from db.moments import epoch
from db.packing import unpacked
from db.problems import as_json
from db.rows import TOGETHER, insert
from db.truth import flagging, spells
from db.truth.memory import Memory

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Iterable, Mapping

    from db.reading import Condition, Content, Station


class Sidebars:
    """
    The sidebars of a database.

    Call every method inside a transaction; if that is rolled back, call ``forget``.
    """

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        self.memory = Memory(conn)
        self._ids: dict[tuple[object, ...], int] = {}
        self._meanings: dict[int, str | None] = {}
        self._renumbered = False

    def forget(self) -> None:
        """Forget the ids of rows, some of which may have been rolled back, and the memory."""
        self.memory.forget()
        self._ids.clear()
        self._meanings.clear()
        self._renumbered = False

    def keep(self, content: Content) -> int:
        """
        Store this content, and return its row.

        Of the pages that showed it, the same one is kept in any order: the one with the most icon
        codes, then the shortest packed fragment, then the first in the order of bytes.
        """
        row = self._conn.execute(
            "SELECT id, fragment FROM sidebars WHERE digest = ?", (content.digest,)
        ).fetchone()
        if row is None:
            return self.keep_new([content])[content.digest]
        sidebar_id, fragment = row
        if fragment != content.fragment and _rank(content.icons, content.fragment) < self.rank(
            sidebar_id
        ):
            self.replace(sidebar_id, content)
        return int(sidebar_id)

    def keep_read(
        self, look_id: int, content: Content, *, page_date: dt.date | None, doubt: str | None
    ) -> None:
        """Store the content of the page of a look, and drop the page."""
        self._conn.execute(
            "UPDATE fetches SET outcome = 'read', sidebar_id = ?, page_date = ?, reason = ? "
            "WHERE id = ?",
            (self.keep(content), page_date and page_date.isoformat(), doubt, look_id),
        )
        self._conn.execute("DELETE FROM pages WHERE look_id = ?", (look_id,))

    def replace(self, sidebar_id: int, content: Content) -> None:
        """Put this content into a row, without the digest."""
        self.memory.forget()
        self._conn.execute("DELETE FROM readings WHERE sidebar_id = ?", (sidebar_id,))
        self._conn.execute(
            "UPDATE sidebars SET fragment = ?, problems = nullif(?, ''), reader = ?, "
            "observed_at = nullif(?, 0) WHERE id = ?",
            (*_kept(content), sidebar_id),
        )
        self._keep_readings({sidebar_id: content})

    def keep_new(self, contents: Iterable[Content]) -> dict[bytes, int]:
        """The rows, by digest, of contents that were never seen before."""
        (last,) = self._conn.execute("SELECT coalesce(max(id), 0) FROM sidebars").fetchone()
        rows = dict(enumerate(contents, last + 1))
        # Row by row: to be able to undo itself, a statement for many rows first copies the pages
        # that it changes to a temporary file, and digests are all over their index.
        self._conn.executemany(
            "INSERT INTO sidebars (id, digest, fragment, problems, reader, observed_at) "
            "VALUES (?, ?, ?, nullif(?, ''), ?, nullif(?, 0))",
            [(row, bytearray(one.digest), *_kept(one)) for row, one in rows.items()],
        )
        self._keep_readings(rows)
        return {content.digest: row for row, content in rows.items()}

    def add_look(self, portal_id: int, at: int) -> None:
        """Add a look, whose sidebar is stored, to the spells."""
        spells.add(self._conn, self.memory, portal_id, at, at)

    def drop_unused_conditions(self) -> None:
        """Delete the conditions that no reading has any longer."""
        self._conn.execute(
            "DELETE FROM conditions WHERE id NOT IN (SELECT condition_id FROM readings)"
        )
        self.forget()

    def known(self, digest: bytes) -> int | None:
        """The row of the content with this digest; None if it was never seen."""
        row = self._conn.execute("SELECT id FROM sidebars WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else int(row[0])

    def all_known(self, digests: Iterable[bytes]) -> dict[bytes, int]:
        """The rows, by digest, of the contents that were seen before."""
        found: dict[bytes, int] = {}
        left = iter(digests)
        while some := list(islice(left, TOGETHER)):
            marks = ", ".join("?" * len(some))
            sql = f"SELECT digest, id FROM sidebars WHERE digest IN ({marks})"
            found.update(self._conn.execute(sql, some))
        return found

    def last_read(self, portal: str) -> tuple[Any, ...] | None:
        """Page date, sidebar and reason of a portal's newest look that had a sidebar."""
        row: tuple[Any, ...] | None = self._conn.execute(
            "SELECT page_date, sidebar_id, reason FROM fetches WHERE sidebar_id IS NOT NULL "
            "AND portal_id = (SELECT id FROM portals WHERE name = ?) "
            "ORDER BY fetched_at DESC LIMIT 1",
            (portal,),
        ).fetchone()
        return row

    def count_readings(self, sidebar_id: int) -> int:
        """The number of readings of a sidebar."""
        (count,) = self._conn.execute(
            "SELECT count(*) FROM readings WHERE sidebar_id = ?", (sidebar_id,)
        ).fetchone()
        return int(count)

    def rank(self, sidebar_id: int) -> tuple[int, int, bytes]:
        """The rank of the page of a row; lower is better."""
        icons, fragment = self._conn.execute(
            "SELECT (SELECT count(*) FROM readings AS r JOIN conditions AS c ON c.id = "
            "r.condition_id WHERE r.sidebar_id = s.id AND c.icon <> ''), fragment "
            "FROM sidebars AS s WHERE s.id = ?",
            (sidebar_id,),
        ).fetchone()
        try:
            unpacked(fragment)
        except ValueError:  # damaged: any other is better
            return 1, 0, b""
        return _rank(icons, fragment)

    def _keep_readings(self, contents: Mapping[int, Content]) -> None:
        rows: list[int | None] = []  # the values of all, one after the other
        stations: dict[int, int] = {}  # by identity: many contents share the same few objects
        conditions: dict[int, int] = {}
        for sidebar_id, content in contents.items():
            printed = self.memory.printed[sidebar_id] = {}
            for reading in content.readings:
                if (station := reading.station) is None:
                    continue
                if (station_id := stations.get(id(station))) is None:
                    self._insert(rows)  # a station of theirs may get another row
                    station_id = self._station_id(station)
                    if self._renumbered:
                        stations.clear()
                    stations[id(station)] = station_id
                condition = reading.condition
                if (condition_id := conditions.get(id(condition))) is None:
                    condition_id = conditions[id(condition)] = self._condition_id(condition)
                tenths = None
                if (celsius := reading.temperature_c) is not None:
                    tenths = printed[station_id] = round(celsius * 10)
                rows += sidebar_id, station_id, condition_id, tenths
        self._insert(rows)
        self._derive_again()

    def _insert(self, rows: list[int | None]) -> None:
        """Insert readings; the list is empty after that."""
        if rows:
            into = "INSERT INTO readings (sidebar_id, station_id, condition_id, temperature)"
            insert(self._conn, into, "(?, ?, ?, ?)", rows)
            counts.add_readings(self._conn, len(rows) // 4)
            rows.clear()

    def _derive_again(self) -> None:
        """Derive spells again if a station got another number."""
        if self._renumbered:  # boxes without a common station or band may be one set now
            self.memory.forget()
            spells.rebuild(self._conn)
            flagging.rebuild(self._conn)  # its number gives its place on the map
            self._renumbered = False

    def _station_id(self, station: Station) -> int:
        """The row of this station: by its name, or by its number if KMA renamed it."""
        # A part that identifies it is faster than all of it.
        if (known := self._ids.get(key := (station.kma_id, station.name_ko))) is None:
            self._make_one(station)
            known = self._ids[key] = self._upsert("stations", station)
        return known

    def _make_one(self, station: Station) -> None:
        """
        Merge the rows of a station whose new name was stored as an unknown city before.

        If a sidebar shows both, the reading with the number stays.
        """
        rows = self._conn.execute(
            "SELECT named.id, named.kma_id, numbered.id FROM stations AS named "
            "LEFT JOIN stations AS numbered ON numbered.kma_id = :number "
            "WHERE named.name_ko = :name AND named.kma_id IS NOT :number",
            {"number": station.kma_id, "name": station.name_ko},
        ).fetchone()
        if rows is None:
            return
        self._renumbered = True
        self._ids.clear()
        old, number, new = rows
        if new is None or number is not None:
            return
        for table in ("readings", "portal_stations", "flagged"):
            self._conn.execute(
                f"UPDATE OR IGNORE {table} SET station_id = ? WHERE station_id = ?",
                (new, old),
            )
            self._conn.execute(f"DELETE FROM {table} WHERE station_id = ?", (old,))
        self._conn.execute("DELETE FROM stations WHERE id = ?", (old,))

    def _condition_id(self, condition: Condition) -> int:
        """The row of this label and icon, with its newest meaning."""
        known = self._ids.get(key := (condition.label, condition.icon))
        if known is None or self._meanings[known] != condition.condition:
            known = self._ids[key] = self._upsert("conditions", condition)
            self._meanings[known] = condition.condition
        return known

    def _upsert(self, table: str, one: Station | Condition) -> int:
        """The row of a record, whose fields are the columns of its table."""
        values = asdict(one)
        (row_id,) = self._conn.execute(
            f"INSERT INTO {table} ({', '.join(values)}) "
            f"VALUES ({', '.join(f':{name}' for name in values)}) ON CONFLICT DO UPDATE "
            f"SET {', '.join(f'{name} = excluded.{name}' for name in values)} RETURNING id",
            values,
        ).fetchone()
        return int(row_id)


def _kept(content: Content) -> tuple[bytearray, str, int, int]:
    """
    The values of a content's row beside its digest; ``""`` and 0 stand for NULL.

    For each None and each ``bytes``, Python would first search for an adapter, which takes a
    quarter of the time of the whole row.
    """
    hour = 0 if content.observed_at is None else epoch(content.observed_at)
    return bytearray(content.fragment), as_json(content.problems) or "", content.reader, hour


def _rank(icons: int, fragment: bytes) -> tuple[int, int, bytes]:
    """The rank of a page; lower is better."""
    return -icons, len(fragment), fragment
