"""
KMA's records of temperature, by half-year and latitude, as limits of possible values.

KMA's codes for a missing value (-50, -99.9, -999) lie beyond them, and are not taken either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import datetime as dt

MARGIN_C: Final = 2.0
"""A record may be broken; but by more than this at once, an error of the page is likelier."""

WARMEST_C: Final = 41.0
"""Hongcheon, 2018-08-01: the highest of any station of KMA."""

COLDEST_C: Final = -32.6
"""Yangpyeong, 1981-01-05: the lowest."""

WARMEST_IN_WINTER_C: Final = 34.0
"""Yeongdeok, 2005-04-28: the highest from November to April (Maeil Shinmun, 2005-04-29)."""

COLDEST_IN_SUMMER_C: Final = -13.0
"""
The lowest accepted value from May to October.

The lowest of a station in October in KMA's notices is -5.1 (Geumsan, 2010-10-27); Daegwallyeong,
650 m higher, is some degrees colder.
"""

COLDEST_ON_JEJU_C: Final = -7.0
"""Seongsan, 1990-01-23: the lowest of the four stations of Jeju (No Cut News, 2016-01-24)."""

JEJU_SOUTH_OF: Final = 34.0
"""Degrees north: the stations of Jeju are at 33.2 to 33.6, all others at 34.3 and more."""

_SUMMER: Final = range(5, 11)


class Bounds(NamedTuple):
    """The accepted degrees Celsius, from the lowest to the highest."""

    low_c: float
    high_c: float


WIDEST: Final = Bounds(COLDEST_C - MARGIN_C, WARMEST_C + MARGIN_C)
"""The bounds if neither place nor day is known."""


def is_summer(day: dt.date | None) -> bool | None:
    """Whether a day is from May to October; None if unknown."""
    return None if day is None else day.month in _SUMMER


def bounds(latitude: float | None, day: dt.date | None) -> Bounds:
    """
    The possible values of a station.

    Args:
        latitude: Degrees north; None if unknown.
        day: The day of the page; None if it prints no date.
    """
    low, high = COLDEST_C, WARMEST_C
    match is_summer(day):
        case True:
            low = COLDEST_IN_SUMMER_C
        case False:
            high = WARMEST_IN_WINTER_C
    if latitude is not None and latitude < JEJU_SOUTH_OF:
        low = max(low, COLDEST_ON_JEJU_C)
    return Bounds(low - MARGIN_C, high + MARGIN_C)
