"""Everything that writes; a call that returned without an error is on the disk."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from db import counts
from db.errors import DatabaseError
from db.file import connection, upgrade
from db.file.place import Place
from db.moments import epoch
from db.packing import packed_page, unpacked_page
from db.read import portals
from db.read.rows import dicts
from db.reading import Content, KeptPage, Look, PortalMemory, Robots
from db.truth import flagging, spells
from db.write.portals import Portals, read_robots, write_robots
from db.write.sidebars import Sidebars

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TRIES: Final = 2
"""A page is set aside after this many readings that never ended."""

Failure = Literal["fetch_failed", "refused_by_robots"]
Seen = Literal["new", "unchanged"]
Event = Literal["started", "stopped", "clock", "not kept"]


class Store:
    """The one writer; a look takes two transactions, one with its page, one with the content."""

    def __init__(self, conn: sqlite3.Connection, path: Path) -> None:
        self._conn, self.path = conn, path
        self.sidebars = Sidebars(conn)
        self._portals = Portals()
        with connection.naming(path):
            self.place = Place(path)
            self._version = self._data_version()

    @classmethod
    def open(cls, path: Path, *, journal: str | None = None) -> Store:
        """
        Open the store in this file; make it if missing.

        The caller holds the lock beside it if the file is missing, or ``journal`` is given.

        Args:
            path: The file.
            journal: As in the config; None = unchanged, and ``auto`` for a new file.

        Raises:
            DatabaseError: The file cannot be used; it is not changed.
        """
        return cls(upgrade.open_or_make(path, journal=journal), path)

    def wait_at_most(self, seconds: float) -> None:
        """Wait at most this long, and not half a minute, while another process has the file."""
        with connection.naming(self.path):
            self._conn.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")

    def close(self) -> None:
        """Close the file."""
        self._conn.close()
        self.place.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One commit for all writes inside, or no change."""
        try:
            with self.place.writing(), connection.transaction(self._conn):
                self.place.refuse_another()
                self._forget_what_others_changed()
                self._portals.write_due(self._conn)
                yield self._conn
                self.place.refuse_another()
            self._portals.due = False
        except BaseException:
            self.sidebars.forget()
            raise

    def _forget_what_others_changed(self) -> None:
        """Forget our row ids, which are wrong after another file was copied over ours."""
        if (version := self._data_version()) != self._version:
            self.sidebars.forget()
            self._version, self._portals.due = version, True

    def _data_version(self) -> int:
        return int(self._conn.execute("PRAGMA data_version").fetchone()[0])

    # ---- portals, and the facts for the next look at them

    def portal(self, name: str, url: str, interval_s: int) -> None:
        """Make one portal known; see ``portals``."""
        self.portals({name: (url, interval_s)})

    def portals(self, wanted: Mapping[str, tuple[str, int]]) -> None:
        """
        Add portals, or update their addresses and intervals.

        If the file refuses, or is replaced later, they are written in the transaction of the next
        look: no look needs a further one for its portal.

        Args:
            wanted: By name, each portal's address and the seconds between looks at it.
        """
        with self.place.reading():
            self._portals.want(self._conn, wanted)
        self._settle_portals()

    def _settle_portals(self) -> None:
        if self._portals.due:
            with self.transaction():
                pass  # each writes the portals that are due

    def memory(self, portal: str) -> PortalMemory:
        """The memory of the last looks; empty for a portal that was never polled."""
        self._settle_portals()  # the validators may be those of another address
        with self.place.reading():
            cursor = self._conn.execute(portals.MEMORY, {"portal": portal})
            cursor.row_factory = sqlite3.Row
            row = cursor.fetchone()
            return PortalMemory() if row is None else portals.memory(row)

    def robots(self) -> list[Robots]:
        """Every robots.txt last seen."""
        with self.place.reading():
            return read_robots(self._conn)

    def keep_failure(
        self, look: Look, outcome: Failure, reason: str, *, retry_at: dt.datetime | None = None
    ) -> None:
        """Record a look without a page, and the reason."""
        with self.transaction():
            later = retry_at and epoch(retry_at)
            self._insert_look(look, outcome, reason=reason, retry_at=later)

    def keep_page(self, look: Look, page: KeptPage) -> KeptPage:
        """Record a look with its unread page; return the page with the row of the look."""
        with self.transaction():
            look_id = self._insert_look(look, "unread")
            self._conn.execute(
                "INSERT INTO pages (look_id, page, encoding, tries) VALUES (?, ?, ?, ?)",
                (look_id, packed_page(page.body), page.encoding, page.tries),
            )
        return replace(page, look_id=look_id, milliseconds=look.milliseconds)

    def keep_not_modified(self, look: Look) -> int | None:
        """
        Record a look whose server said that the page has not changed.

        Returns:
            The number of readings of that page; None without such a page, and then no look is
            recorded.
        """
        with self.transaction():
            if (last := self.sidebars.last_read(look.portal)) is None:
                return None
            look_id = self._insert_look(
                look, "not_modified", page_date=last[0], sidebar_id=last[1], reason=last[2]
            )
            with connection.deriving(self.path):
                self.sidebars.add_look(*self._place(look_id))
            return self.sidebars.count_readings(last[1])

    def readings_last_shown(self, portal: str) -> int:
        """The number of readings of a portal's newest sidebar; 0 without one."""
        with self.place.reading():
            last = self.sidebars.last_read(portal)
            return self.sidebars.count_readings(last[1]) if last else 0

    def keep_content(
        self,
        page: KeptPage,
        content: Content,
        *,
        page_date: dt.date | None,
        doubt: str | None = None,
    ) -> Seen:
        """
        Record the content of a stored page, and drop the page.

        Args:
            page: The page.
            content: The sidebar in it.
            page_date: The date printed with that.
            doubt: Why a printed page date is not taken.

        Returns:
            Whether a new spell begins with this look.
        """
        with self.transaction():
            self.sidebars.keep_read(page.look_id, content, page_date=page_date, doubt=doubt)
            place = self._place(page.look_id)
            with connection.deriving(self.path):
                self.sidebars.add_look(*place)
            self._remember(page, *place)
            began = "SELECT 1 FROM spells WHERE portal_id = ? AND seen_from = ?"
            return "new" if self._conn.execute(began, place).fetchone() else "unchanged"

    def _remember(self, page: KeptPage, portal_id: int, fetched_at: int) -> None:
        """Keep the validators of a page, unless a newer one was read before it."""
        self._conn.execute(
            "UPDATE portals SET etag = ?, last_modified = ? WHERE id = ? AND ? = (SELECT "
            "seen_until FROM spells WHERE portal_id = id ORDER BY seen_from DESC LIMIT 1)",
            (page.etag, page.last_modified, portal_id, fetched_at),
        )

    def keep_no_sidebar(self, page: KeptPage, reason: str) -> None:
        """Record that a stored page has no sidebar; the page stays, for a better reader."""
        with self.transaction():
            self._conn.execute(
                "UPDATE fetches SET outcome = 'no_sidebar', reason = ? WHERE id = ?",
                (reason, page.look_id),
            )

    # ---- pages left unread by a pass that was killed

    def unread(self) -> list[KeptPage]:
        """The unread pages, oldest first; a page that cannot be unpacked is set aside."""
        with self.place.reading():
            rows = dicts(
                self._conn,
                "SELECT look_id, p.name AS portal, page AS body, encoding, milliseconds, tries "
                "FROM fetches AS f CROSS JOIN pages ON look_id = f.id "
                "JOIN portals AS p ON p.id = f.portal_id WHERE f.outcome = 'unread' ORDER BY f.id",
            )
            return list(filter(None, map(self._unpacked, rows)))

    def _unpacked(self, row: dict[str, Any]) -> KeptPage | None:
        try:
            return KeptPage(**(row | {"body": unpacked_page(row["body"])}))
        except ValueError as exc:
            with self.transaction():
                self._set_aside(row["look_id"], f"the kept page is damaged: {exc}")
            return None

    def begin_again(self, page: KeptPage) -> bool:
        """
        Record that the page is about to be read again.

        Returns:
            False if that failed too often: the page is then set aside.
        """
        with self.transaction():
            if page.tries < TRIES:
                self._conn.execute(
                    "UPDATE pages SET tries = tries + 1 WHERE look_id = ?", (page.look_id,)
                )
                return True
            self._set_aside(page.look_id, f"reading began {page.tries} times and never finished")
            return False

    def _set_aside(self, look_id: int, reason: str) -> None:
        self._conn.execute(
            "UPDATE fetches SET outcome = 'set_aside', reason = ? WHERE id = ?", (reason, look_id)
        )

    def rebuild(self) -> int:
        """Derive spells, flags and counts again from the looks; return the number of spells."""
        with self.transaction():
            return self.derive()

    def derive(self) -> int:
        """The same, inside a transaction."""
        counts.rebuild(self._conn)
        self.sidebars.forget()
        count = spells.rebuild(self._conn)
        flagging.rebuild(self._conn)
        return count

    # ---- events of nalssi itself, and sent notices

    def keep_event(self, at: dt.datetime, kind: Event, detail: str | None = None) -> None:
        """Record what may explain a gap."""
        with self.transaction():
            self._conn.execute(
                "INSERT INTO events (at, kind, detail) VALUES (?, ?, ?)", (epoch(at), kind, detail)
            )

    def open_notice(self, portal: str, channel: str, kind: str, at: dt.datetime, text: str) -> None:
        """Record that a channel accepted a notice."""
        with self.transaction():
            self._conn.execute(
                "INSERT INTO open_notices (portal_id, channel, kind, sent_at, text) "
                "VALUES ((SELECT id FROM portals WHERE name = ?), ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET sent_at = excluded.sent_at, text = excluded.text",
                (portal, channel, kind, epoch(at), text),
            )

    def close_notice(self, portal: str, channel: str, kind: str) -> None:
        """Record that a channel accepted the notice that a fault is over."""
        with self.transaction():
            self._conn.execute(
                "DELETE FROM open_notices WHERE channel = ? AND kind = ? "
                "AND portal_id = (SELECT id FROM portals WHERE name = ?)",
                (channel, kind, portal),
            )

    def _insert_look(self, look: Look, outcome: str, **more: object) -> int:
        """Insert a look at its second, or at the next free one of this portal."""
        row: dict[str, Any] = {
            "fetched_at": epoch(look.fetched_at),
            "outcome": outcome,
            "status": look.status,
            "milliseconds": look.milliseconds,
            "bytes": look.wire_bytes,
            "age": look.age_s,
            "server_date": look.server_date,
            "page_modified": look.page_modified,
            **more,
        }
        insert = (
            f"INSERT INTO fetches (portal_id, {', '.join(row)}) "
            "VALUES ((SELECT id FROM portals WHERE name = :portal), "
            f"{', '.join(f':{name}' for name in row)}) "
            "ON CONFLICT (portal_id, fetched_at) DO NOTHING RETURNING id"
        )
        row["portal"] = look.portal
        while (new := self._conn.execute(insert, row).fetchone()) is None:
            row["fetched_at"] += 1
        write_robots(self._conn, look.robots)
        return int(new[0])

    def _place(self, look_id: int) -> tuple[int, int]:
        """The portal's id and the second of a look."""
        row = self._conn.execute(
            "SELECT portal_id, fetched_at FROM fetches WHERE id = ?", (look_id,)
        ).fetchone()
        if row is None:
            raise DatabaseError(self.path, f"look {look_id} is not there any more")
        return int(row[0]), int(row[1])
