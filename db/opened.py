"""
A database that is open for questions: its contents, and the needs of every question.

The questions about the weather are in ``db.query``.
"""
# ruff: noqa: PLC0415 - a plain question does not need the imports of the others

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from db import asked, read
from db.errors import DatabaseError, TooSlow
from db.file import connection
from db.moments import moment
from db.read.ask import Ask

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from db.asked import Part, StationName, When
    from db.read.counts import Counts
    from db.read.lost import LostBox
    from db.read.notices import OpenNotice
    from db.read.originals import Kept
    from db.read.portals import Portal
    from db.read.words import Word
    from db.reading import PortalMemory, Station

_HEX: Final = "([0-9a-f]{2})+"


STEPS: Final = 10_000
"""The steps of SQLite, about a millisecond, between two checks of the clock."""


class Opened:
    """A database of nalssi, opened read-only: its stations, portals, and parts of its time."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._conn = connection.open_to_ask(self.path)
        self._ask = Ask(self.path, self._conn)
        self._queries_alone = False

    def close(self) -> None:
        """Close the file."""
        self._conn.close()

    @contextlib.contextmanager
    def within(self, limit_s: float) -> Iterator[None]:
        """
        Answer the questions inside within a time limit, all as of one moment.

        Later writes of others are not visible, and the connection cannot write.

        Raises:
            TooSlow: SQLite was still working at the limit, and was stopped.
        """
        ends = time.monotonic() + limit_s
        if not self._queries_alone:  # only once: afterwards SQLite prepares every statement again
            self._conn.execute("PRAGMA query_only = ON")
            self._queries_alone = True
        self._conn.set_progress_handler(lambda: time.monotonic() > ends, STEPS)
        try:
            with connection.naming(self.path):
                self._conn.execute("BEGIN")
            yield
        except DatabaseError as exc:
            if getattr(exc.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise TooSlow(self.path, limit_s) from exc
            raise
        finally:
            self._conn.set_progress_handler(None, STEPS)
            self._conn.rollback()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def station(self, name: StationName) -> Station:
        """
        The station of a name or number.

        Raises:
            UnknownStation: No printed station has that name; near names are offered.
        """
        return read.lookup.meant(name, self.stations())

    def stations(self) -> list[Station]:
        """Every station that a portal printed, by KMA id; unknown cities last."""
        return self._ask.read(read.portals.station, read.portals.STATIONS)

    def portals(self) -> list[Portal]:
        """Every portal that was polled, in the order in which they were added."""
        return self._ask.read(read.portals.portal, read.portals.PORTALS)

    def span(self) -> tuple[dt.datetime, dt.datetime] | None:
        """The first and the last successful look, including archives; None before any."""
        ((first, last),) = self._ask.whole(read.portals.SPAN, {"portal": None}, present=0)
        return None if first is None or last is None else (moment(first), moment(last))

    def is_shown(self, station: StationName, since: When, until: When) -> bool:
        """Whether any portal began to show a value of a station in ``since <= t < until``."""
        values = {**asked.part(since, until).values, "station": self.station(station).name_ko}
        return bool(self._ask(read.portals.SHOWN, values)[0][0])

    def fragment(self, digest: str) -> str:
        """
        The part of a page that a box was read from.

        Raises:
            DatabaseError: There is no box with this digest, or it is damaged.
        """
        from db.packing import unpacked

        kept = bytes.fromhex(digest) if re.fullmatch(_HEX, digest) else b""
        rows = self._ask("SELECT fragment FROM sidebars WHERE digest = :digest", {"digest": kept})
        if not rows:
            raise DatabaseError(self.path, f"there is no box of the digest {digest}")
        with self._ask.reading():
            return unpacked(rows[0][0])

    def journal(self) -> str:
        """SQLite's journal of this file: ``wal``, or ``delete`` for a rollback journal."""
        return str(self._ask("PRAGMA journal_mode")[0][0])

    def memory(self, portal: str) -> PortalMemory:
        """The memory of the last looks at a portal; empty for a portal never polled."""
        rows = self._ask.read(read.portals.memory, read.portals.MEMORY, {"portal": portal})
        from db.reading import PortalMemory

        return rows[0] if rows else PortalMemory()

    def words(self, icons: Mapping[str, str | None] | None = None) -> list[Word]:
        """Every printed label, icon code (``icons`` has their meanings) and city."""
        from db.read import words

        return words.printed(self._ask, icons or {})

    def kept(self, *, since: When | None = None, portal: str | None = None) -> Kept:
        """The stored pages, to be read again; only those seen since a moment."""
        from db.read.originals import Kept

        return Kept(self._ask, since=self._part(since, portal=portal).since, portal=portal)

    def lost_boxes(self, *, portal: str | None = None) -> list[LostBox]:
        """The portals that had a box, but whose newest page has none."""
        from db.read import lost

        return self._ask.read(lost.read, lost.LOST, self._part(portal=portal).values)

    def counts(self) -> Counts:
        """The numbers of looks and readings ever, including pruned looks."""
        return read.counts.added_up(self._ask.read(dict, read.counts.COUNTS))

    def open_notices(self) -> list[OpenNotice]:
        """The notices that were sent and are not over."""
        return self._ask.read(read.notices.read, read.notices.OPEN_NOTICES)

    def faults(self) -> list[str]:
        """The faults of the file, a line each: damage, or derived rows that differ from looks."""
        from db.read import faults

        return faults.faults(self.path)

    def _names(self, stations: Iterable[StationName]) -> list[str]:
        """The Korean name of each of these stations, once."""
        return list(dict.fromkeys(self.station(name).name_ko for name in stations))

    def _part(
        self,
        since: When | None = None,
        until: When | None = None,
        portal: str | None = None,
        now: When | None = None,
    ) -> Part:
        """The requested part of the history; an unknown portal is refused."""
        read.lookup.refuse_unknown(self._ask, portal)
        return asked.part(since, until, portal, now)
