"""The temperatures of sidebars, read once for all rules that need them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

_TENTHS: Final = """
    SELECT station_id, temperature FROM readings
    WHERE sidebar_id = ? AND temperature IS NOT NULL"""

_OF_ALL: Final = """
    SELECT sidebar_id, station_id, temperature FROM readings
    WHERE sidebar_id IN (SELECT value FROM json_each(?)) AND temperature IS NOT NULL"""

_OF_SOME: Final = f"{_OF_ALL} AND station_id <= ?"


class Printed(dict[int, dict[int, int]]):
    """
    The temperatures of sidebars, by their rows: tenths of a degree C by station.

    A sidebar is read from the file when it is first needed, and remembered. So this lives no longer
    than the readings stay unchanged.
    """

    def __init__(self, conn: sqlite3.Connection) -> None:
        super().__init__()
        self._conn = conn

    def __missing__(self, sidebar_id: int) -> dict[int, int]:
        printed = self[sidebar_id] = dict(self._conn.execute(_TENTHS, (sidebar_id,)))
        return printed

    def read(self, sidebars: Iterable[int]) -> None:
        """Read many at once, which takes two thirds of the time."""
        if not (missing := sorted(set(sidebars) - self.keys())):
            return
        self.update(_by_sidebar(missing, self._conn.execute(_OF_ALL, (json.dumps(missing),))))

    def some(self, sidebars: Collection[int], last: int) -> dict[int, dict[int, int]]:
        """The temperatures of the stations up to a row, read from the file and not remembered."""
        asked = json.dumps(sorted(sidebars)), last
        return _by_sidebar(sidebars, self._conn.execute(_OF_SOME, asked))


def _by_sidebar(
    sidebars: Iterable[int], rows: Iterable[tuple[int, int, int]]
) -> dict[int, dict[int, int]]:
    """The temperatures of rows of readings, by sidebar and station."""
    found: dict[int, dict[int, int]] = {sidebar_id: {} for sidebar_id in sidebars}
    for sidebar_id, station_id, tenths in rows:
        found[sidebar_id][station_id] = tenths
    return found
