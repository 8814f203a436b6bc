"""
The demo's weather: a season, a day's course, neighbours alike, and one front that passes.

The same moment and city give the same weather every time. It is invented, and coarse: it only needs
to look plausible to people who live there.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.moments import KST
from scraper.demo.portal import CITIES, Entry
from scraper.vocabulary import STATIONS

if TYPE_CHECKING:
    import datetime as dt

    from db.reading import Station

_YEAR_DAYS: Final = 365.25
_COLDEST_DAY: Final = 20.0
"""Late January."""

_MEAN_C, _SWING_C = 12.5, 13.5
"""The annual mean at 36.5 degrees north."""

_PER_DEGREE_C: Final = 1.1
"""The cooling for each degree to the north."""

_DAY_INLAND_C, _DAY_COAST_C = 4.6, 2.6
"""Half of the difference between the warmest and the coldest hour of a clear day."""

_FRONT_KM_H: Final = 35.0
"""From the north-west to the south-east."""

_FRONT_C: Final = 5.5
"""The drop of temperature behind the front."""

_INLAND: Final = frozenset({"동두천", "서울", "대전", "대구", "광주", "보은", "금산", "경주시"})

_DRY_SKIES: Final = (("맑음", "01"), ("구름조금", "02"), ("구름많음", "03"), ("흐림", "04"))
_RAIN, _SNOW = ("비", "08"), ("눈", "11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """
    The weather of some days.

    Attributes:
        front: The time when the front passes Seoul; aware.
        stuck: A city with a stuck instrument, and the moment from which it is stuck.
    """

    front: dt.datetime
    stuck: tuple[str, dt.datetime] | None = None

    def entries(self, at: dt.datetime) -> list[Entry]:
        """The entries that a portal prints at a moment, in its order."""
        return [self._entry(city, at) for city in CITIES]

    def _entry(self, city: str, at: dt.datetime) -> Entry:
        hours = self._behind(STATIONS[city], at)
        celsius = self._celsius(city, at)
        label, icon = _sky(hours, celsius, _noise(city, at))
        if self.stuck and city == self.stuck[0] and at > self.stuck[1]:
            celsius = self._celsius(city, self.stuck[1])
        return Entry(label=label, icon=icon, city=city, temperature=f"{celsius:.1f}")

    def _behind(self, station: Station, at: dt.datetime) -> float:
        """Hours since the front passed a station; negative before."""
        north = (station.latitude or 0.0) - 37.57
        east = (station.longitude or 0.0) - 126.97
        away_km = (east * 88 - north * 111) / math.sqrt(2)
        return (at - self.front).total_seconds() / 3600 - away_km / _FRONT_KM_H

    def _celsius(self, city: str, at: dt.datetime) -> float:
        station, local = STATIONS[city], at.astimezone(KST)
        season = math.cos(2 * math.pi * (local.timetuple().tm_yday - _COLDEST_DAY) / _YEAR_DAYS)
        mean = _MEAN_C - _SWING_C * season - _PER_DEGREE_C * ((station.latitude or 36.5) - 36.5)
        hours = self._behind(station, at)
        cover = math.exp(-((hours / 5) ** 2))
        swing = (_DAY_INLAND_C if city in _INLAND else _DAY_COAST_C) * (1 - 0.7 * cover)
        hour = local.hour + local.minute / 60
        course = swing * math.cos(2 * math.pi * (hour - 15) / 24)
        colder = _FRONT_C / (1 + math.exp(-(hours - 2)))
        return round(mean + course - colder + 0.3 * _noise(city, at), 1) + 0.0  # no -0.0


def _sky(hours: float, celsius: float, noise: float) -> tuple[str, str]:
    """The word and the icon: rain or snow at the front, clouds around it, then clear."""
    if -1.5 <= hours <= 3 and abs(noise) < 0.9:
        return _SNOW if celsius < 1 else _RAIN
    away = abs(hours - 1) + noise
    nth = 3 if away < 5 else 2 if away < 8 else 1 if away < 12 else 0
    return _DRY_SKIES[nth]


def _noise(city: str, at: dt.datetime) -> float:
    """A number from -1 to 1, always the same for a city and hour."""
    digest = hashlib.sha256(f"{city} {at:%Y-%m-%d %H}".encode()).digest()
    return int.from_bytes(digest[:2], "big") / 32767.5 - 1
