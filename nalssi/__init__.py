"""
nalssi (날씨) from Python: the weather that Korean portals showed, and how far to trust it.

::

    import nalssi

    with nalssi.open("weather.db") as db:
        for reading in db.latest("서울"):
            print(reading.station, reading.temperature_c, reading.state)
        frame = nalssi.to_pandas(db.stats("서울", since="7d"))

``open`` gives a ``Database``; its methods are the questions. The records of their answers and all
errors are here, too. Every error of ours is a ``NalssiError``. Each name is imported when it is
first used.
"""
# ruff: noqa: PLC0415 - importing nalssi imports no other module

from __future__ import annotations

import sys
from importlib import import_module, util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # as in _ROOMS
    from db.errors import DatabaseError as DatabaseError
    from db.errors import NalssiError as NalssiError
    from db.errors import UnknownPortal as UnknownPortal
    from db.errors import UnknownStation as UnknownStation
    from db.errors import WrongQuestion as WrongQuestion
    from db.frames import MissingPandas as MissingPandas
    from db.frames import MissingPolars as MissingPolars
    from db.frames import MissingXarray as MissingXarray
    from db.frames import to_pandas as to_pandas
    from db.frames import to_polars as to_polars
    from db.frames import to_xarray as to_xarray
    from db.measures.compare import Comparison as Comparison
    from db.measures.compare import Relation as Relation
    from db.measures.compare import SideBySide as SideBySide
    from db.measures.course import Held as Held
    from db.measures.evidence import Evidence as Evidence
    from db.measures.evidence import Known as Known
    from db.measures.hours import Hour as Hour
    from db.measures.near import NearLook as NearLook
    from db.measures.sidebar import PrintedReading as PrintedReading
    from db.measures.sidebar import Showing as Showing
    from db.measures.sidebar import Sidebar as Sidebar
    from db.measures.stats import Period as Period
    from db.moments import KST as KST
    from db.query import Database as Database
    from db.read.best import Best as Best
    from db.read.flags import Flag as Flag
    from db.read.freezes import Freeze as Freeze
    from db.read.gaps import Gap as Gap
    from db.read.latest import Latest as Latest
    from db.read.looks import PastLook as PastLook
    from db.read.portals import Portal as Portal
    from db.read.series import Spell as Spell
    from db.read.status import PortalStatus as PortalStatus
    from db.read.words import Word as Word
    from db.reading import Station as Station
    from scraper import __version__ as __version__

_ROOMS = {
    "db.errors": "DatabaseError NalssiError UnknownPortal UnknownStation WrongQuestion",
    "db.frames": "MissingPandas MissingPolars MissingXarray to_pandas to_polars to_xarray",
    "db.measures.compare": "Comparison Relation SideBySide",
    "db.measures.course": "Held",
    "db.measures.evidence": "Evidence Known",
    "db.measures.hours": "Hour",
    "db.measures.near": "NearLook",
    "db.measures.sidebar": "PrintedReading Showing Sidebar",
    "db.measures.stats": "Period",
    "db.query": "Database",
    "db.read.best": "Best",
    "db.read.flags": "Flag",
    "db.read.freezes": "Freeze",
    "db.read.gaps": "Gap",
    "db.read.latest": "Latest",
    "db.read.looks": "PastLook",
    "db.read.portals": "Portal",
    "db.read.series": "Spell",
    "db.read.status": "PortalStatus",
    "db.read.words": "Word",
    "db.moments": "KST",
    "db.reading": "Station",
    "scraper": "__version__",
}
"""The module of each name."""

__all__ = [name for names in ("open", *_ROOMS.values()) for name in names.split()]


def open(path: str | Path) -> Database:  # noqa: A001 - read as nalssi.open
    """
    Open a database for questions.

    Raises:
        DatabaseError: There is no such file, it is not ours, or it is damaged.
    """
    from db.query import Database

    return Database(path)


def command() -> None:
    """Run the command line, as ``nalssi`` does."""
    from scraper.cli import main

    main(prog_name="nalssi")


def _hidden() -> str | None:
    """A sentence about a file that hides a package of ours, with the remedy; None if none does."""
    ours = Path(__file__).resolve().parents[1]
    for name in ("db", "scraper"):
        spec = util.find_spec(name)
        places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or [])]
        place = next((Path(place) for place in places if place), None)
        if place is None:
            return f"the package {name!r} of nalssi is missing: install nalssi again"
        if (ours / name) not in (place.resolve(), place.resolve().parent):
            return (
                f"{str(place)!r} hides the package {name!r} of nalssi: rename it, "
                "or take its folder out of the working directory and PYTHONPATH"
            )
    return None


if not TYPE_CHECKING:  # or every name would pass as known

    def __getattr__(name: str) -> object:
        for room, names in _ROOMS.items():
            if name in names.split():
                return getattr(import_module(room), name)
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)


if _PROBLEM := _hidden():
    if Path(sys.argv[0]).name == "nalssi":  # the command, which ends in one line
        sys.exit(f"nalssi: {_PROBLEM}")
    raise ImportError(_PROBLEM)
