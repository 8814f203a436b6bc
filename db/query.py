"""
Everything that reads: questions to a database of nalssi, over a read-only connection.

The path of the file is all it takes, in a notebook too::

    from db import query

    with query.Database("weather.db") as db:
        for reading in db.latest():
            print(reading.station, reading.temperature_c, reading.state)

Only the standard library is imported here, so that asking starts fast.
"""

from __future__ import annotations

import importlib
import json
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from db.errors import DatabaseError, UnknownPortal
from db.file import connection
from db.measures import Measures
from db.read import counts, gaps, latest, looks, lookup, portals, series, status
from db.read.counts import Mark, Tally
from db.read.gaps import Gap
from db.read.latest import Latest
from db.read.looks import PastLook
from db.read.portals import Portal
from db.read.rows import epoch_or_none, epoch_or_now
from db.read.series import Spell
from db.read.status import PortalStatus, Told
from db.reading import PortalMemory, Station, moment
from db.validity import State

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping

    from db.measures.compare import Comparison, Relation, SideBySide
    from db.measures.evidence import Evidence, Known, NearLook
    from db.measures.stats import Period

__all__ = [
    "Comparison",
    "Database",
    "Evidence",
    "Gap",
    "Known",
    "Latest",
    "Mark",
    "NearLook",
    "PastLook",
    "Period",
    "Portal",
    "PortalStatus",
    "Relation",
    "SideBySide",
    "Spell",
    "State",
    "Tally",
    "Told",
]

_T = TypeVar("_T")

_LATE = {
    "db.measures.compare": {"Comparison", "Relation", "SideBySide"},
    "db.measures.evidence": {"Evidence", "Known", "NearLook"},
    "db.measures.stats": {"Period"},
}
"""The answers of ``Measures``: a plain question does without."""

if not TYPE_CHECKING:  # or every name would pass as known

    def __getattr__(name: str) -> object:
        for module, names in _LATE.items():
            if name in names:
                return getattr(importlib.import_module(module), name)
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)


class Database(Measures):
    """
    A database of nalssi, open for questions only.

    Raises:
        DatabaseError: There is no such file, or it is not ours.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with connection.naming(self.path):
            if not self.path.exists():
                raise DatabaseError(path, "there is no such file; `nalssi scrape` makes one")
            self._conn = connection.open_to_read(self.path)
        self._conn.row_factory = sqlite3.Row
        try:
            self._refuse_other_versions()
        except BaseException:
            self.close()
            raise

    def _refuse_other_versions(self) -> None:
        (version,) = self._ask(lambda row: int(row[0]), "PRAGMA user_version")
        if version > connection.VERSION:
            raise DatabaseError(self.path, "made by a newer nalssi; update")
        if version < connection.VERSION:
            raise DatabaseError(
                self.path, "made by an older nalssi; `nalssi rebuild` brings it up to date"
            )

    def close(self) -> None:
        """Close the file."""
        self._conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(
        self,
        read: Callable[[sqlite3.Row], _T],
        sql: str,
        values: Mapping[str, object] | None = None,
    ) -> list[_T]:
        """
        The answer, each row read.

        Raises:
            DatabaseError: The file is damaged: SQLite says so, or a value is none that we wrote.
        """
        with connection.reading(self.path):
            return [read(row) for row in self._conn.execute(sql, values or {}).fetchall()]

    def _rows(self, sql: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """The answer as plain rows, of which there may be very many."""
        cursor = self._conn.cursor()
        cursor.row_factory = None
        with connection.reading(self.path):
            return cursor.execute(sql, values).fetchall()

    def latest(
        self,
        *,
        stations: list[str] | None = None,
        portal: str | None = None,
        now: dt.datetime | None = None,
    ) -> list[Latest]:
        """
        The newest reading of each station and portal.

        Args:
            stations: Only these, each by Korean name, English name, or KMA id.
            portal: Only what this one showed.
            now: The moment from which ages are counted; None = the present.

        Raises:
            UnknownStation: One of them is not in this database.
            UnknownPortal: There is no portal of this name.
        """
        self._check_portal(portal)
        wanted = {self.station(asked).name_ko for asked in stations or ()}
        with connection.reading(self.path):
            newest = self._rows(latest.latest(":now"), {"now": epoch_or_now(now)})
            found = [latest.read(row) for row in newest if not stations or row[0] in wanted]
        return [one for one in found if portal is None or one.portal == portal]

    def series(
        self,
        station: str,
        *,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        portal: str | None = None,
    ) -> list[Spell]:
        """
        The spells of one station that lie at least partly in ``since <= t < until``, oldest first.

        Args:
            station: By Korean name, English name, or KMA id.
            since: Aware; None = from the first.
            until: Aware; None = to the last.
            portal: Only this one.

        Raises:
            UnknownStation: It is not in this database.
            UnknownPortal: There is no portal of this name.
        """
        self._check_portal(portal)
        values = {
            "station": self.station(station).name_ko,
            "since": epoch_or_none(since),
            "until": epoch_or_none(until),
            "portal": portal,
        }
        with connection.reading(self.path):
            return series.read(self._rows(series.SERIES, values))

    def station(self, asked: str) -> Station:
        """
        The station meant by a Korean name, an English name in any case, or a KMA id.

        Raises:
            UnknownStation: None is, or it was never printed; near names are offered.
        """
        stations = self.stations()
        with connection.reading(self.path):
            return lookup.meant(asked, stations)

    def stations(self) -> list[Station]:
        """Every station that a portal printed, by KMA id; unknown cities last."""
        return self._ask(portals.station, portals.STATIONS)

    def portals(self) -> list[Portal]:
        """Every portal ever looked at, in the order in which they were added."""
        return self._ask(portals.portal, portals.PORTALS)

    def looks(
        self,
        *,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        portal: str | None = None,
        failed: bool = False,
        last: int | None = None,
    ) -> list[PastLook]:
        """
        The looks in ``since <= t < until``, oldest first.

        Args:
            since: Aware; None = from the first.
            until: Aware; None = to the last.
            portal: Only those at this one.
            failed: Only those that saw no sidebar.
            last: Only so many, the newest.

        Raises:
            UnknownPortal: There is no portal of this name.
        """
        self._check_portal(portal)
        values = {
            "since": epoch_or_none(since),
            "until": epoch_or_none(until),
            "portal": portal,
            "failed": failed,
            "last": sys.maxsize if last is None else min(last, sys.maxsize),
        }
        sql = looks.last_looks(since=since is not None, until=until is not None)
        return self._ask(looks.read, sql, values)[::-1]

    def status(
        self, *, portals: Collection[str] | None = None, now: dt.datetime | None = None
    ) -> list[PortalStatus]:
        """
        How every portal is.

        Args:
            portals: Only these, by name.
            now: The moment at which; None = the present.
        """
        values = {
            "portals": None if portals is None else json.dumps(list(portals)),
            "now": epoch_or_now(now),
        }
        return self._ask(status.read, status.STATUS, values)

    def gaps(
        self,
        *,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        portal: str | None = None,
        now: dt.datetime | None = None,
    ) -> list[Gap]:
        """
        Every stretch without a successful look for longer than two intervals, and its cause.

        Args:
            since: Only what lies after this, aware; None = from the first look.
            until: Only what lies before this, aware; None = up to the present.
            portal: Only of this one.
            now: The present, up to which nobody has looked again; None = that of the clock.

        Raises:
            UnknownPortal: There is no portal of this name.
        """
        self._check_portal(portal)
        values = {
            "since": epoch_or_none(since),
            "until": epoch_or_none(until),
            "portal": portal,
            "now": epoch_or_now(now),
        }
        return self._ask(gaps.read, gaps.GAPS, values)

    def tally(self, since: Mark | None = None) -> Tally:
        """
        How many looks and readings there are, but for looks not yet read; the first ones only.

        Args:
            since: Those that come next, after a mark that this gave before.
        """
        return counts.counted(self._ask, since or Mark())

    def told(self) -> dict[tuple[str, str], Told]:
        """The notices that are not over, by portal and kind."""
        rows = self._ask(tuple, status.TOLD)
        return {(portal, kind): Told(at=moment(at), text=text) for portal, kind, at, text in rows}

    def faults(self) -> list[str]:
        """What is wrong with the file, a line each: damage, or derived rows that no look gives."""
        from db.read import faults  # noqa: PLC0415 - a plain question does without

        return faults.faults(self.path)

    def journal(self) -> str:
        """SQLite's journal of this file, such as ``wal``."""
        return self._ask(lambda row: str(row[0]), "PRAGMA journal_mode")[0]

    def memory(self, portal: str) -> PortalMemory:
        """What the last looks at a portal left for the next; empty for one never looked at."""
        found = self._ask(portals.memory, portals.MEMORY, {"portal": portal})
        return found[0] if found else PortalMemory()

    def _check_portal(self, asked: str | None) -> None:
        """Refuse a portal that is not known; None asks for all of them."""
        if asked is None:
            return
        known = self._ask(lambda row: str(row[0]), "SELECT name FROM portals ORDER BY id")
        if asked not in known:
            raise UnknownPortal(asked, known=known)
