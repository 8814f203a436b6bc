"""The hours as a grid, station by hour: for the netCDF file, and for each station's coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from db import validity
from db.export.tables import TABLES
from db.moments import HOUR_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from db.export.blocks import Slice
    from db.reading import Station

STATES: Final = ("none", *validity.STATES)
"""The file stores a state as its place in this list."""

_NUMBERS: Final = {
    "temperature_c": ("f4", float("nan")),
    "mean_c": ("f4", float("nan")),
    "coverage": ("f4", 0.0),
    "flag": ("i1", 9),
    "live_portals": ("i2", 0),
    "agreeing_portals": ("i2", 0),
    "wmo_4677": ("i1", -1),
}
"""Columns of numbers: numpy's type, and the fill value."""


class Grid:
    """
    Collects the rows of hours.

    Args:
        stations: The stations, in the order of the rows of the grid.
        hours: The first second of each hour, in the order of its columns.

    Attributes:
        values: An array of station by hour for each column of numbers, and for ``state``.
    """

    def __init__(self, stations: Sequence[Station], hours: range) -> None:
        import numpy as np  # noqa: PLC0415 - comes with the extra

        self.stations, self.hours = stations, hours
        self._rows = {one.name_ko: nth for nth, one in enumerate(stations)}
        shape = len(stations), len(hours)
        self.values: Mapping[str, Any] = {
            **{name: np.full(shape, fill, kind) for name, (kind, fill) in _NUMBERS.items()},
            "state": np.zeros(shape, "i1"),
        }

    def take(self, some: Slice) -> None:
        """Take rows of the table ``hours``."""
        columns = dict(zip(TABLES["hours"], some.columns, strict=True))
        place = (
            [self._rows[name] for name in columns["station"]],
            [(second - self.hours.start) // HOUR_S for second in columns["hour_s"]],
        )
        for name, (_, fill) in _NUMBERS.items():
            self.values[name][place] = [fill if x is None else x for x in columns[name]]
        self.values["state"][place] = [STATES.index(state) for state in columns["state"]]

    def coverage(self) -> dict[str, float]:
        """The share of the hours of each station that had a live value."""
        live = (self.values["state"] == STATES.index("live")).mean(axis=1)
        return {
            one.name_ko: round(float(share), 4)
            for one, share in zip(self.stations, live, strict=True)
        }
