"""The database of another collector, with the facts to join."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from db.merge import meanings
from db.merge.looks import LOOKS
from db.moments import FOREVER
from db.opened import Opened
from db.problems import from_json
from db.read.originals import reading
from db.read.rows import moment_or_none
from db.reading import Content

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from db.merge.meanings import Meanings
    from db.read.rows import Row

LOOKS_AT_ONCE: Final = 2000
"""Two weeks of one portal, for which deriving takes about a second."""

_LOOKS: Final = f"""
    {LOOKS} WHERE f.portal_id = :portal_id AND f.fetched_at > :fetched_at
    ORDER BY f.fetched_at LIMIT :most"""

_CAPTURES: Final = """
    SELECT k.*, s.digest FROM captures AS k JOIN sidebars AS s ON s.id = k.sidebar_id
    WHERE k.portal_id = :portal_id
        AND (k.captured_at, k.sidebar_id, k.precision) > (:captured_at, :sidebar_id, :precision)
    ORDER BY k.captured_at, k.sidebar_id, k.precision LIMIT :most"""

_SIDEBAR: Final = "SELECT * FROM sidebars WHERE digest = :digest"

_READINGS: Final = """
    SELECT temperature, station_id, condition_id FROM readings WHERE sidebar_id = :sidebar"""


class Other(Opened):
    """Another database, open for reading; each part is read at once, and the file released."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self._meanings = self.meanings()

    def read_as(self, joined: Meanings) -> None:
        """Use these meanings for its words from now on."""
        self._meanings = joined

    def rows(self, sql: str, **values: object) -> list[Row]:
        """An answer, each row by the names of its columns."""
        return self._ask.read(dict, sql, values)

    def meanings(self) -> Meanings:
        """The meanings of its words."""
        return meanings.of(self.rows)

    def looks(self, portal_id: int) -> Iterator[tuple[list[Row], list[Content]]]:
        """The looks at a portal in the order of time, in parts, with their contents."""
        return self._parts(_LOOKS, portal_id=portal_id, fetched_at=-FOREVER)

    def captures(self, portal_id: int) -> Iterator[tuple[list[Row], list[Content]]]:
        """The captures of a portal in the order of time, in parts, with their contents."""
        first = {"captured_at": -FOREVER, "sidebar_id": 0, "precision": ""}
        return self._parts(_CAPTURES, portal_id=portal_id, **first)

    def _parts(self, sql: str, **after: object) -> Iterator[tuple[list[Row], list[Content]]]:
        """The rows after the one with these values, and their contents, each part of one state."""
        while True:
            with self._ask.of_one_state():
                rows = self.rows(sql, **after, most=LOOKS_AT_ONCE)
                contents = self._contents(rows)
            if not rows:
                return
            yield rows, contents
            after = {name: rows[-1][name] for name in after}

    def _contents(self, rows: Sequence[Row]) -> list[Content]:
        digests = dict.fromkeys(row["digest"] for row in rows if row["digest"] is not None)
        return [self._content(digest) for digest in digests]

    def _content(self, digest: bytes) -> Content:
        known, (sidebar,) = self._meanings, self.rows(_SIDEBAR, digest=digest)
        readings = self._ask(_READINGS, {"sidebar": sidebar["id"]})
        with self._ask.reading():
            return Content(
                digest=digest,
                fragment=sidebar["fragment"],
                readings=tuple(
                    reading(known.stations[station], known.conditions[condition], tenths)
                    for tenths, station, condition in readings
                ),
                problems=from_json(sidebar["problems"]),
                reader=sidebar["reader"],
                observed_at=moment_or_none(sidebar["observed_at"]),
            )
