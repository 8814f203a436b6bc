"""The netCDF file of a dataset, by the CF conventions (cfconventions.org), written by xarray."""
# ruff: noqa: PLC0415 - an extra, and large

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from db.dataset.grid import STATES
from db.errors import importing
from db.export.codebook import meaning
from db.moments import HOUR_S
from db.qartod import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from db.dataset.grid import Grid

CONVENTIONS: Final = "CF-1.11"

_PLACES: Final = "station_name kma_id latitude longitude altitude"
_CELSIUS: Final = {"units": "degC", "units_metadata": "temperature: on_scale"}
_TIME: Final = {
    "standard_name": "time",
    "long_name": "full hour; Korean time is 9 hours later",
    "units": "hours since 1970-01-01T00:00:00Z",
    "units_metadata": "leap_seconds: none",
    "calendar": "standard",
    "axis": "T",
    "bounds": "time_bounds",
}
_ANCILLARY: Final = "quality_flag state live_portals agreeing_portals"


def refuse_without() -> None:
    """
    Refuse to run without xarray, h5netcdf and h5py.

    Raises:
        MissingExtra: One is not installed.
    """
    with importing("netcdf", "netCDF needs xarray and h5netcdf"):
        import h5netcdf  # noqa: F401 - a broken installation fails here, not amid a dataset
        import h5py  # noqa: F401 - the same
        import xarray  # noqa: F401 - the same


def write(
    path: Path, grid: Grid, about: Mapping[str, str], *, clean: Callable[[str], str] = str
) -> None:
    """
    Write the grid.

    Args:
        path: The file.
        grid: The hours.
        about: The global attributes.
        clean: Cleans the name of a station, such as of a NUL, which HDF5 refuses.
    """
    import xarray as xr

    dataset = xr.Dataset(
        {"time_bounds": _bounds(grid), **_values(grid)},
        _coordinates(grid, clean),
        {"Conventions": CONVENTIONS, "featureType": "timeSeries", **about},
    )
    small = {"zlib": True, "complevel": 4, "shuffle": True}
    encoding: dict[Any, dict[str, Any]] = {name: dict(small) for name in dataset}
    encoding["wmo_4677"]["_FillValue"] = -1
    dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def _coordinates(grid: Grid, clean: Callable[[str], str]) -> dict[str, Any]:
    import numpy as np

    stations = grid.stations
    numbers = np.array([-1 if one.kma_id is None else one.kma_id for one in stations], "i4")

    def places(attribute: str) -> Any:
        return np.array([getattr(one, attribute) for one in stations], "f8")

    def attributes(name: str, units: str, **more: str) -> dict[str, str]:
        return {"standard_name": name, "long_name": name, "units": units, **more}

    return {
        "time": ("time", np.array(grid.hours, "i8") // HOUR_S, _TIME),
        "station_name": (
            "station",
            np.array([clean(one.name_ko) for one in stations], object),
            {"long_name": "KMA's name of the station", "cf_role": "timeseries_id"},
        ),
        "kma_id": ("station", numbers, {"long_name": "KMA's number of the station; -1: none"}),
        "latitude": ("station", places("latitude"), attributes("latitude", "degrees_north")),
        "longitude": ("station", places("longitude"), attributes("longitude", "degrees_east")),
        "altitude": ("station", places("elevation_m"), attributes("altitude", "m", positive="up")),
    }


def _bounds(grid: Grid) -> Any:
    import numpy as np

    first = np.array(grid.hours, "i8") // HOUR_S
    return ("time", "bounds"), np.stack([first, first + 1], 1)


def _values(grid: Grid) -> dict[str, Any]:
    import numpy as np

    flags = {
        "standard_name": "quality_flag",
        "flag_values": np.array(list(NAMES), "i1"),
        "flag_meanings": " ".join(name.replace(" ", "_") for name in NAMES.values()),
    }
    states = {
        "flag_values": np.arange(len(STATES), dtype="i1"),
        "flag_meanings": " ".join(STATES),
    }
    temperature = {
        "standard_name": "air_temperature",
        **_CELSIUS,
        "ancillary_variables": _ANCILLARY,
    }
    columns: dict[str, tuple[str, dict[str, Any]]] = {
        "temperature": ("temperature_c", {**temperature, "cell_methods": "time: point"}),
        "temperature_mean": ("mean_c", {**temperature, "cell_methods": "time: mean"}),
        "coverage": ("coverage", {"units": "1"}),
        "quality_flag": ("flag", flags),
        "state": ("state", states),
        "live_portals": ("live_portals", {"units": "1"}),
        "agreeing_portals": ("agreeing_portals", {"units": "1"}),
        "wmo_4677": ("wmo_4677", {"units": "1"}),
    }
    return {
        name: (
            ("station", "time"),
            grid.values[column],
            {"long_name": meaning("hours", column).en, **attributes, "coordinates": _PLACES},
        )
        for name, (column, attributes) in columns.items()
    }
