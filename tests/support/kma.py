"""KMA's own feed, as we make it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from db.moments import KST
from scraper.vocabulary import STATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HOUR = dt.datetime(2026, 11, 25, 12, tzinfo=KST)


def local(city: str, ta: str, **more: str) -> str:
    """One station, with its number where it is known."""
    station = STATIONS.get(city)
    plain = {"icon": "03", "desc": "구름많음", "ta": ta}
    if station is not None:
        plain["stn_id"] = str(station.kma_id)
    said = " ".join(f'{name}="{value}"' for name, value in (plain | more).items())
    return f"<local {said}>{city}</local>"


def feed(locals_: Iterable[str], hour: dt.datetime = HOUR) -> str:
    """A whole feed."""
    when = f'year="{hour:%Y}" month="{hour:%m}" day="{hour:%d}" hour="{hour:%H}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<current xmlns="current">\n'
        f"<weather {when}>\n{chr(10).join(locals_)}\n</weather>\n</current>\n"
    )


def of(temperatures: Mapping[str, str], hour: dt.datetime = HOUR) -> str:
    """A feed of these stations."""
    return feed((local(city, ta) for city, ta in temperatures.items()), hour)
