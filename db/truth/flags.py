"""
Flags: the rules for temperatures that may be wrong within a correct set.

The numbers are those of QARTOD (IOOS): 1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 missing. A
flag never changes a value. Times between two sets are the longest possible ones: a set appeared
after ``first_after`` and existed by ``published_by``. A set that is older than the one before it
(another cache, a roll-back) is not compared with that. ::

    seen from   01:10   02:10   03:10   04:10
    서울         14.1    22.3    14.0    13.8     a spike at 02:10: 8.2 and 8.3 against both
    부산         16.0    16.2    16.1    22.9     a step at 04:10: 6.8 in 70 minutes at the longest

``flagging.py`` updates the flags; ``db/read/flags.py`` answers questions about them.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

from db import records
from db.moments import DAY_S, KST_S
from db.qartod import FAIL, SUSPECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Kind = Literal["flat", "spike", "step", "neighbours", "range"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

HOUR_S: Final = 60 * 60

LATE_S: Final = HOUR_S // 2
"""A portal takes up to half an hour longer to show one hourly set than another (``HOLD_S``)."""

FLAT_SETS: Final = 6
"""
This many sets with one value are suspect; QARTOD's flat line takes 3 for suspect and 5 for fail.

KMA prints tenths: at night one hour in seven repeats the one before; six in a row occur less than
once in a station-year.
"""

FLAT_S: Final = (FLAT_SETS - 1) * HOUR_S - LATE_S
"""From the first to the last of six hourly sets."""

FLAT_FAIL_S: Final = 7 * HOUR_S - LATE_S
"""From the first to the last of eight hourly sets: an instrument stuck for a working day."""

MOVED: Final = 10
"""
Tenths by which more than one station in four (``WHOLE_SET``) changed; else the night was just calm.

Where no more than that change, the box is the same set: it stands still as a whole.
"""

BRIDGED: Final = 1
"""The most sets in a row without a number that do not end a run of equal ones."""

SPIKE: Final = 30
"""Tenths against both neighbours in time; a shower cools by less within the hour and stays cool."""

SPIKE_FAIL: Final = 60
"""Tenths against the mean of both: as far as KMA lets an hour go (``STEP``), there and back."""

SPIKE_WITHIN_S: Final = 4 * HOUR_S
"""Three hourly sets, one perhaps skipped; over a longer time an afternoon would be a spike."""

STEP: Final = 60
"""Tenths in an hour, at least an hour: a front in Korea brings less, a foehn wind seldom more."""

WHOLE_SET: Final = 4
"""If more than one station in this many changes, it is another set."""

NEAR_KM: Final = 150.0
"""Most of the sixteen stations have three others as near as this."""

FEWEST_NEAR: Final = 3

NEAR_M: Final = 300.0
"""Metres of height difference at most (titanlib's ``max_elev_diff``)."""

LAPSE: Final = 0.065
"""Tenths a metre: 6.5 degrees a kilometre, of the standard atmosphere (titanlib's default)."""

NEIGHBOURS: Final = 70
"""Tenths against the median of the near stations, reduced to one height."""

_SURELY_NEAR: Final = NEIGHBOURS - math.ceil(LAPSE * NEAR_M)
"""Tenths; the largest correction for height between two near stations."""

Near = dict[int, tuple[tuple[int, int], ...]]
"""By station: each near station, and the tenths by which it is colder due to its height."""


class Box(NamedTuple):
    """
    The box of a spell, and when its set appeared.

    Attributes:
        seen_from: The first look of the spell.
        published_by: The time by which the set existed.
        first_after: The time after which it appeared; None if no look saw that.
        tenths: The temperature of each station with a number.
    """

    seen_from: int
    published_by: int
    first_after: int | None
    tenths: dict[int, int]


def jumps(before: Box, box: Box) -> dict[int, int]:
    """The changes of stations between two boxes that may be spikes or steps, in tenths."""
    get = before.tenths.get
    return {
        station: change
        for station, tenths in box.tenths.items()
        if not -SPIKE < (change := tenths - get(station, tenths)) < SPIKE
    }


def spikes(
    before: Box, box: Box, after: Box, came: Mapping[int, int], went: Mapping[int, int]
) -> dict[int, int]:
    """
    The flags of stations that differ from the sets before and after, in one direction.

    Args:
        before: The box before.
        box: The box.
        after: The box after.
        came: The jumps from the box before.
        went: The jumps to the box after.
    """
    if (
        before.first_after is None
        or not before.published_by < box.published_by < after.published_by
        or after.published_by - before.first_after > SPIKE_WITHIN_S
    ):
        return {}
    found = {
        station: FAIL if abs(came[station] - went[station]) >= 2 * SPIKE_FAIL else SUSPECT
        for station in came.keys() & went.keys()
        if (came[station] > 0) != (went[station] > 0)
    }
    return _of_stations(found, box)


def steps(earlier: Box | None, before: Box, box: Box, jumped: Mapping[int, int]) -> dict[int, int]:
    """
    The flags of stations that changed faster than the weather can.

    Args:
        earlier: The box before ``before``; a station that returns to its value then is no step.
        before: The box before.
        box: The box.
        jumped: The jumps between the two.
    """
    if before.first_after is None or before.published_by >= box.published_by:
        return {}
    longest_s = max(HOUR_S, box.published_by - before.first_after)
    most = STEP * longest_s / HOUR_S
    old = dict[int, int]() if earlier is None else earlier.tenths
    found = {
        station: SUSPECT
        for station, up in jumped.items()
        if not -most < up < most
        and (station not in old or abs(box.tenths[station] - old[station]) >= SPIKE)
    }
    return _of_stations(found, box)


def _of_stations(found: dict[int, int], box: Box) -> dict[int, int]:
    """The findings, unless the whole set jumped."""
    return found if WHOLE_SET * len(found) <= len(box.tenths) else {}


def neighbours(box: Box, ordered: Sequence[int], near: Near) -> dict[int, int]:
    """
    The flags of stations that are far from the median of those near them.

    Args:
        box: The box.
        ordered: Its temperatures, the lowest first.
        near: The stations near each other.
    """
    tenths = box.tenths
    if len(tenths) <= FEWEST_NEAR:
        return {}
    # A median of three or more lies between the second lowest and the second highest number, so
    # that a station in the middle cannot be far from it; most stations are.
    low, high = ordered[-2] - _SURELY_NEAR, ordered[1] + _SURELY_NEAR
    found: dict[int, int] = {}
    for station, own in tenths.items():
        if low < own < high or station not in near:
            continue
        others = [tenths[other] - own + m for other, m in near[station] if other in tenths]
        if len(others) >= FEWEST_NEAR and not -NEIGHBOURS < _median(others) < NEIGHBOURS:
            found[station] = SUSPECT
    return found


def _median(values: list[int]) -> float:
    values.sort()
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def near(stations: Iterable[tuple[int, float, float, float]]) -> Near:
    """
    Find the stations near each other.

    Args:
        stations: The row, latitude, longitude (degrees) and elevation (metres) of each.
    """
    known = list(stations)
    found = {}
    for row, north, east, up in known:
        others = sorted(
            (km, other, round(LAPSE * (height - up)))
            for other, latitude, longitude, height in known
            if other != row
            and abs(height - up) <= NEAR_M
            and (km := _distance_km(north, east, latitude, longitude)) <= NEAR_KM
        )
        if len(others) >= FEWEST_NEAR:
            found[row] = tuple((other, colder) for _, other, colder in others)
    return found


def _distance_km(north: float, east: float, latitude: float, longitude: float) -> float:
    """The distance on a flat map, which is correct to a kilometre over Korea."""
    middle = math.radians((north + latitude) / 2)
    return 111.2 * math.hypot(latitude - north, (longitude - east) * math.cos(middle))


def out_of_range(box: Box, ordered: Sequence[int], southern: Iterable[int]) -> dict[int, int]:
    """
    The flags of stations beyond KMA's records of the half-year.

    Args:
        box: The box.
        ordered: Its temperatures, the lowest first.
        southern: The stations of Jeju, where it never gets as cold.
    """
    if not ordered:
        return {}
    low, high, southern_low = _bounds((box.published_by + KST_S) // DAY_S)
    found, lowest = {}, ordered[0]
    if lowest < low or ordered[-1] > high:
        found = {row: FAIL for row, tenths in box.tenths.items() if not low <= tenths <= high}
    if lowest < southern_low:
        found |= {row: FAIL for row in southern if box.tenths.get(row, 0) < southern_low}
    return found


@functools.lru_cache(maxsize=1024)
def _bounds(day: int) -> tuple[float, float, float]:
    """Tenths: the lowest and the highest of a day since 1970, and the lowest on Jeju."""
    date = dt.date(1970, 1, 1) + dt.timedelta(days=day)
    low, high = records.bounds(None, date)
    return 10 * low, 10 * high, 10 * records.bounds(0.0, date).low_c
