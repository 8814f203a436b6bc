"""
nalssi (날씨) from Python: what Korean portals showed of the weather, and how far to trust it.

::

    import nalssi

    with nalssi.open("weather.db") as db:
        for reading in db.latest("서울"):
            print(reading.station, reading.temperature_c, reading.state)
        frame = nalssi.to_pandas(db.stats("서울", since="7d"))

``open`` gives a ``Database``; its methods are the questions. What they answer with, and each error,
stands here too. Every error of ours is a ``NalssiError``. Nothing is imported before it is asked
for.
"""
# ruff: noqa: PLC0415 - importing nalssi imports nothing else

from __future__ import annotations

import sys
from importlib import import_module, util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.errors import (
        DatabaseError,
        NalssiError,
        UnknownPortal,
        UnknownStation,
        WrongQuestion,
    )
    from db.frames import (
        MissingPandas,
        MissingPolars,
        MissingXarray,
        to_pandas,
        to_polars,
        to_xarray,
    )
    from db.measures.compare import Comparison, Relation, SideBySide
    from db.measures.course import Held
    from db.measures.evidence import Evidence, Known
    from db.measures.hours import Hour
    from db.measures.near import NearLook
    from db.measures.sidebar import PrintedReading, Showing, Sidebar
    from db.measures.stats import Period
    from db.moments import KST
    from db.query import Database
    from db.read.best import Best
    from db.read.flags import Flag
    from db.read.freezes import Freeze
    from db.read.gaps import Gap
    from db.read.latest import Latest
    from db.read.looks import PastLook
    from db.read.portals import Portal
    from db.read.series import Spell
    from db.read.status import PortalStatus
    from db.read.words import Word
    from db.reading import Station
    from scraper import __version__

__all__ = [
    "KST",
    "Best",
    "Comparison",
    "Database",
    "DatabaseError",
    "Evidence",
    "Flag",
    "Freeze",
    "Gap",
    "Held",
    "Hour",
    "Known",
    "Latest",
    "MissingPandas",
    "MissingPolars",
    "MissingXarray",
    "NalssiError",
    "NearLook",
    "PastLook",
    "Period",
    "Portal",
    "PortalStatus",
    "PrintedReading",
    "Relation",
    "Showing",
    "SideBySide",
    "Sidebar",
    "Spell",
    "Station",
    "UnknownPortal",
    "UnknownStation",
    "Word",
    "WrongQuestion",
    "__version__",
    "open",
    "to_pandas",
    "to_polars",
    "to_xarray",
]

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
"""Where each name comes from."""


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
    """Which file hides a package of ours and what to do; None where none does."""
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
