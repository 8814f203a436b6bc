"""
Captures: pages of portals that somebody else kept, such as an archive of the web.

They are no looks of ours: they say nothing of how well we watch, but what they show counts for the
spells. In whatever order they come, in one go or in parts, once or twice, the database is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from db import file, spells
from db.reading import epoch

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Iterable

    from db.reading import Content
    from db.sidebars import Sidebars
    from db.store import Store

Precision: TypeAlias = Literal["second", "day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """
    One kept page of a portal that showed a sidebar.

    Attributes:
        portal: The portal's name.
        captured_at: When; aware. Where only the day is known, its midnight in Korea.
        precision: ``day`` joins no question of hours.
        digest: Of the content.
        content: What the sidebar said; None where the database has it for certain.
        page_date: The date printed with it.
    """

    portal: str
    captured_at: dt.datetime
    precision: Precision
    digest: bytes
    content: Content | None
    page_date: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """
    What was new of some captures.

    Attributes:
        looks: Captures that were not in the database.
        contents: Sidebars that were not.
    """

    looks: int
    contents: int


def keep(store: Store, captures: Iterable[Capture]) -> Kept:
    """
    Keep captures, all or none; those of unknown portals are a mistake of the caller.

    Raises:
        DatabaseError: They cannot be kept.
    """
    with store.transaction() as conn, file.reading(store.path):
        keeper = _Keeper(conn, store.sidebars)
        for capture in captures:
            keeper.keep(capture)
        return Kept(looks=keeper.looks, contents=keeper.contents)


def settle(store: Store) -> None:
    """
    Let go of what no capture needs any more, when all have been kept.

    A content that came first without its icons leaves conditions that nothing points to; a second
    in which archives contradict each other may have been a portal's only one with some station.
    """
    with store.transaction() as conn:
        conn.execute("DELETE FROM conditions WHERE id NOT IN (SELECT condition_id FROM readings)")
        spells.derive_stations(conn)
        store.sidebars.forget()


class _Keeper:
    """Keeps captures inside one transaction, and counts what was new."""

    def __init__(self, conn: sqlite3.Connection, sidebars: Sidebars) -> None:
        self._conn, self._sidebars = conn, sidebars
        self._portals: dict[str, int] = dict(conn.execute("SELECT name, id FROM portals"))
        self.looks = self.contents = 0

    def keep(self, capture: Capture) -> None:
        """Keep one capture, unless it is there already."""
        sidebar_id = self._sidebar(capture)
        key = self._portals[capture.portal], epoch(capture.captured_at), sidebar_id
        page_date = None if capture.page_date is None else capture.page_date.isoformat()
        added = self._conn.execute(
            "INSERT INTO captures (portal_id, captured_at, sidebar_id, precision, page_date) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (*key, capture.precision, page_date),
        ).rowcount
        if added:
            self.looks += 1
            if capture.precision == "second":
                self._spell(*key)
        elif page_date is not None:
            self._keep_later_date(key, capture.precision, page_date)

    def _sidebar(self, capture: Capture) -> int:
        known = self._sidebars.known(capture.digest)
        if capture.content is None:
            if known is None:
                msg = f"the content {capture.digest.hex()} was never kept"
                raise LookupError(msg)
            return known
        self.contents += known is None
        return self._sidebars.keep(capture.content)

    def _keep_later_date(
        self, key: tuple[int, int, int], precision: Precision, page_date: str
    ) -> None:
        """Of two pages of one second with one content, the later date, whichever came first."""
        self._conn.execute(
            "UPDATE captures SET page_date = ? WHERE portal_id = ? AND captured_at = ? "
            "AND sidebar_id = ? AND precision = ? AND (page_date IS NULL OR page_date < ?)",
            (page_date, *key, precision, page_date),
        )

    def _spell(self, portal_id: int, captured_at: int, sidebar_id: int) -> None:
        (contents,) = self._conn.execute(
            "SELECT count(*) FROM captures "
            "WHERE portal_id = ? AND captured_at = ? AND precision = 'second'",
            (portal_id, captured_at),
        ).fetchone()
        if contents > 1:
            spells.derive_around(self._conn, portal_id, captured_at)
        else:
            spells.add(self._conn, portal_id, captured_at, sidebar_id)
