"""
Rewriting: replaces the readings of stored pages by new ones.

The digest of its content identifies the row of a sidebar, and a better reader may change it. Two
rows may then become one: their looks and captures move to the one that stays, and spells are
derived again. All of it is one commit.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from db.file import connection
from db.read.ask import Ask
from db.read.originals import Kept
from db.truth import flagging, spells

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Iterator

    from db.read.originals import KeptSidebar, UnreadPage
    from db.reading import Content
    from db.write.store import Store


class Rewriting:
    """Replaces old readings by new ones, inside one transaction."""

    def __init__(self, conn: sqlite3.Connection, store: Store) -> None:
        self._conn, self._sidebars = conn, store.sidebars
        # A digest may belong to a row whose digest is still to change: such rows wait for the end.
        conn.execute("CREATE TEMP TABLE waiting (sidebar_id INTEGER PRIMARY KEY, digest BLOB)")
        conn.execute("CREATE TEMP TABLE moved (old INTEGER PRIMARY KEY, new INTEGER)")

    def sidebar(self, old: KeptSidebar, content: Content) -> None:
        """Replace the content of a fragment by this one."""
        self._sidebars.replace(old.sidebar_id, content)
        if content.digest != old.digest:
            row = {"id": old.sidebar_id, "digest": content.digest}
            self._conn.execute("INSERT INTO waiting VALUES (:id, :digest)", row)
            row["digest"] = f"waiting {old.sidebar_id}".encode()
            self._conn.execute("UPDATE sidebars SET digest = :digest WHERE id = :id", row)

    def page(
        self, page: UnreadPage, content: Content, *, page_date: dt.date | None, doubt: str | None
    ) -> None:
        """Store the content of a page that could not be read before."""
        self._sidebars.keep_read(page.look_id, content, page_date=page_date, doubt=doubt)
        # "Not modified" would otherwise refer to a page that was not the last one read.
        self._conn.execute(
            "UPDATE portals SET etag = NULL, last_modified = NULL WHERE name = ?", (page.portal,)
        )

    def finish(self) -> None:
        """Give each content its row, derive spells again, and delete unused rows."""
        waiting = self._conn.execute("SELECT sidebar_id, digest FROM waiting ORDER BY 1").fetchall()
        for sidebar_id, digest in waiting:
            if (other := self._sidebars.known(digest)) is None:
                self._conn.execute(
                    "UPDATE sidebars SET digest = ? WHERE id = ?", (digest, sidebar_id)
                )
            else:
                self._merge(sidebar_id, other)
        self._move()
        spells.rebuild(self._conn)
        flagging.rebuild(self._conn)
        self._sidebars.drop_unused_conditions()
        self._conn.execute(
            "DELETE FROM stations WHERE kma_id IS NULL "
            "AND id NOT IN (SELECT station_id FROM readings)"
        )
        self._conn.execute("DROP TABLE waiting")
        self._conn.execute("DROP TABLE moved")
        self._sidebars.forget()

    def _merge(self, old: int, new: int) -> None:
        """Merge two rows with one content; the better page stays."""
        rows = {"old": old, "new": new}
        if self._sidebars.rank(old) < self._sidebars.rank(new):
            self._conn.execute("DELETE FROM readings WHERE sidebar_id = :new", rows)
            self._conn.execute(
                "UPDATE readings SET sidebar_id = :new WHERE sidebar_id = :old", rows
            )
            self._conn.execute(
                "UPDATE sidebars SET (fragment, problems, reader, observed_at) = (SELECT fragment, "
                "problems, reader, observed_at FROM sidebars WHERE id = :old) WHERE id = :new",
                rows,
            )
        self._conn.execute("DELETE FROM readings WHERE sidebar_id = :old", rows)
        self._conn.execute("INSERT INTO moved VALUES (:old, :new)", rows)

    def _move(self) -> None:
        """Make looks and captures point to the rows that stay, and delete the others."""
        if self._conn.execute("SELECT 1 FROM moved").fetchone() is None:
            return
        self._conn.execute("DELETE FROM spells")
        self._conn.execute("DELETE FROM bands")
        self._conn.execute("DELETE FROM short_spells")
        self._conn.execute("DELETE FROM learned_labels")
        self._conn.execute(
            "UPDATE fetches SET sidebar_id = (SELECT new FROM moved WHERE old = sidebar_id) "
            "WHERE sidebar_id IN (SELECT old FROM moved)"
        )
        self._conn.execute(
            "INSERT INTO captures (portal_id, captured_at, sidebar_id, precision, page_date, age) "
            "SELECT portal_id, captured_at, new, precision, page_date, age "
            "FROM captures JOIN moved ON old = sidebar_id WHERE true ON CONFLICT DO UPDATE "
            "SET page_date = nullif(max(coalesce(page_date, ''), "
            "coalesce(excluded.page_date, '')), ''), "
            "age = nullif(max(coalesce(age, -1), coalesce(excluded.age, -1)), -1)"
        )
        self._conn.execute("DELETE FROM captures WHERE sidebar_id IN (SELECT old FROM moved)")
        # Without these, each deleted row takes a search of all looks for references.
        for table in ("fetches", "captures"):
            self._conn.execute(f"CREATE INDEX {table}_moved ON {table} (sidebar_id)")
        self._conn.execute("DELETE FROM sidebars WHERE id IN (SELECT old FROM moved)")
        for table in ("fetches", "captures"):
            self._conn.execute(f"DROP INDEX {table}_moved")


@contextlib.contextmanager
def rewriting(
    store: Store, *, since: dt.datetime | None = None, portal: str | None = None
) -> Iterator[tuple[Kept, Rewriting]]:
    """
    The stored pages, and a way to replace their readings: all of it, or none after an error.

    Raises:
        DatabaseError: It cannot be read or written.
    """
    with store.transaction() as conn:
        rewriting = Rewriting(conn, store)
        yield Kept(Ask(store.path, conn), since=since, portal=portal), rewriting
        with connection.deriving(store.path):
            rewriting.finish()
