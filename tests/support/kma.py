"""Made-up documents in the form of KMA's own XML feed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from db.moments import KST
from scraper.vocabulary import STATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HOUR = dt.datetime(2026, 11, 25, 12, tzinfo=KST)


def local(city: str, ta: str, **more: str) -> str:
    """The element of one station, with its KMA number if we know it."""
    station = STATIONS.get(city)
    plain = {"icon": "03", "desc": "구름많음", "ta": ta}
    if station is not None:
        plain["stn_id"] = str(station.kma_id)
    attributes = " ".join(f'{name}="{value}"' for name, value in (plain | more).items())
    return f"<local {attributes}>{city}</local>"


def feed(locals_: Iterable[str], hour: dt.datetime = HOUR) -> str:
    """A document of these elements."""
    when = f'year="{hour:%Y}" month="{hour:%m}" day="{hour:%d}" hour="{hour:%H}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<current xmlns="current">\n'
        f"<weather {when}>\n{chr(10).join(locals_)}\n</weather>\n</current>\n"
    )


def of(temperatures: Mapping[str, str], hour: dt.datetime = HOUR) -> str:
    """A document with these temperatures, by city."""
    return feed((local(city, ta) for city, ta in temperatures.items()), hour)
