"""A database that is open for questions, and what every question needs to be asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from db import asked, read
from db.file import connection
from db.read.ask import Ask
from db.reading import PortalMemory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.asked import Part, StationName, When
    from db.read.portals import Portal
    from db.reading import Station


class Opened:
    """A database of nalssi, opened read-only: who is in it, and which part of it is meant."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._conn = connection.open_to_ask(self.path)
        self._ask = Ask(self.path, self._conn)

    def close(self) -> None:
        """Close the file."""
        self._conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def station(self, name: StationName) -> Station:
        """
        The station that is meant.

        Raises:
            UnknownStation: None is, or it was never printed; near names are offered.
        """
        return read.lookup.meant(name, self.stations())

    def stations(self) -> list[Station]:
        """Every station that a portal printed, by KMA id; unknown cities last."""
        return self._ask.read(read.portals.station, read.portals.STATIONS)

    def portals(self) -> list[Portal]:
        """Every portal ever looked at, in the order in which they were added."""
        return self._ask.read(read.portals.portal, read.portals.PORTALS)

    def journal(self) -> str:
        """SQLite's journal of this file, such as ``wal``."""
        return str(self._ask("PRAGMA journal_mode")[0][0])

    def memory(self, portal: str) -> PortalMemory:
        """What the last looks at a portal left for the next; empty for one never looked at."""
        rows = self._ask.read(read.portals.memory, read.portals.MEMORY, {"portal": portal})
        return rows[0] if rows else PortalMemory()

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
        """The part of the history that is asked for, of a portal that is known."""
        read.portals.refuse_unknown(self._ask, portal)
        return asked.part(since, until, portal, now)
