"""
Flags: each rule on plain series, compared with the packages of the field.

The tests run ``ioos-qc`` and ``titanlib``. Our series have intervals: a number was seen from one
look to another; their series have exact times.
"""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from ioos_qc import qartod

from db.qartod import FAIL, SUSPECT
from db.truth import flags, runs
from db.truth.flags import Box
from scraper.demo.portal import CITIES
from scraper.vocabulary import STATIONS

if TYPE_CHECKING:
    import numpy.typing as npt

HOUR_S = 3600
BEGIN = 1_715_299_200  # 2024-05-10 09:00 in Korea
LOOK_S = 600

OTHERS = range(1, 9)
"""The other stations of a box; the series is that of station 0."""


def boxes(series: list[int | None], *, every_s: int = HOUR_S) -> list[Box]:
    """Give boxes with a series of station 0, in tenths; the others rise by a degree an hour."""
    return [
        Box(
            seen_from=BEGIN + nth * every_s,
            published_by=BEGIN + nth * every_s,
            first_after=BEGIN + nth * every_s - LOOK_S,
            tenths={row: 100 + 10 * nth + row for row in OTHERS}
            | ({} if tenths is None else {0: tenths}),
        )
        for nth, tenths in enumerate(series)
    ]


def spikes_of(before: Box, box: Box, after: Box) -> dict[int, int]:
    return flags.spikes(before, box, after, flags.jumps(before, box), flags.jumps(box, after))


def steps_of(earlier: Box | None, before: Box, box: Box) -> dict[int, int]:
    return flags.steps(earlier, before, box, flags.jumps(before, box))


def spikes(series: list[int]) -> list[int]:
    """Give our spike flags of a series; 1 = pass."""
    values = boxes(list(series))
    inner = zip(values, values[1:], values[2:], strict=False)
    return [1, *(spikes_of(a, b, c).get(0, 1) for a, b, c in inner), 1]


def steps(series: list[int]) -> list[int]:
    """Give our step flags of a series: each value is compared only with the one before."""
    values = boxes(list(series))
    return [1, *(steps_of(None, a, b).get(0, 1) for a, b in itertools.pairwise(values))]


def flat(series: list[int | None]) -> list[int]:
    """Give our flat-line flags of a series."""
    values, found = boxes(series), dict.fromkeys(range(len(series)), 1)
    for run in runs.runs(values, 0):
        if flag := runs.flat(run):
            found |= {(box.seen_from - BEGIN) // HOUR_S: flag for box in run}
    return list(found.values())


# ---- ioos-qc, in degrees; its series has an hour from one number to the next


def degrees(series: list[int]) -> npt.NDArray[np.float64]:
    return np.array(series) / 10


def hours(series: list[int]) -> npt.NDArray[np.datetime64]:
    return np.datetime64("2024-05-10T00:00") + np.arange(len(series)) * np.timedelta64(1, "h")


def ioos_spikes(series: list[int], suspect: int, fail: int) -> list[int]:
    """Give its flags; the first and the last number, which it does not evaluate, pass."""
    found = qartod.spike_test(
        inp=degrees(series),
        suspect_threshold=(suspect + 0.5) / 10,
        fail_threshold=(fail + 0.5) / 10,
        method="differential",
    )
    return [1, *found.tolist()[1:-1], 1]


def ioos_steps(series: list[int], threshold: float) -> list[int]:
    """Give its flags for changes of more than this many tenths in an hour."""
    found: list[int] = qartod.rate_of_change_test(
        inp=degrees(series), tinp=hours(series), threshold=(threshold + 0.5) / 10 / HOUR_S
    ).tolist()
    return found


def ioos_flat(series: list[int], suspect_h: int, fail_h: int) -> list[int]:
    """Give its flags for numbers that stand this long; with a tolerance of 0 it never flags."""
    found: list[int] = qartod.flat_line_test(
        inp=degrees(series),
        tinp=hours(series),
        suspect_threshold=suspect_h * HOUR_S,
        fail_threshold=fail_h * HOUR_S,
        tolerance=0.05,
    ).tolist()
    return found


def walk(seed: int, hours: int = 400) -> list[int]:
    """Give an hourly random walk with spikes, steps and flat stretches."""
    chance, now, series = random.Random(seed), 150, list[int]()
    while len(series) < hours:
        now += chance.randint(-14, 14) + chance.choice([0] * 40 + [-90, 90])
        standing = chance.choice([1] * 30 + [4, 5, 6, 7, 8, 12])
        series += [now + chance.choice([0] * 30 + [-80, -40, 40, 80])] * standing
    return series[:hours]


@pytest.mark.parametrize("seed", range(5))
def test_spikes_are_those_found_by_ioos_qc(seed):
    """We flag 3.0 and more, ioos-qc more than its threshold: hence ``SPIKE - 1`` tenths."""
    series = walk(seed)
    nalssi, ioos = spikes(series), ioos_spikes(series, flags.SPIKE - 1, flags.SPIKE_FAIL - 1)
    assert [flag > 1 for flag in nalssi] == [flag > 1 for flag in ioos]
    assert SUSPECT in nalssi
    assert FAIL in nalssi


def test_a_spike_on_a_slope_fails_where_its_smaller_side_would_not():
    """
    A value 8 degrees too high while 3 degrees are gained an hour: 11 and 5 above its neighbours.

    ioos-qc takes the smaller difference and flags suspect; we take 8, that to their mean.
    """
    series = [100, 130 + 80, 160]
    assert spikes(series) == [1, FAIL, 1]
    assert ioos_spikes(series, flags.SPIKE - 1, flags.SPIKE_FAIL - 1) == [1, SUSPECT, 1]


@pytest.mark.parametrize("seed", range(5))
def test_steps_are_those_found_by_ioos_qc_in_the_longest_hour(seed):
    """Two hourly sets may be seen up to 70 minutes apart: the limit is 7.0 degrees, not 6.0."""
    series = walk(seed)
    longest_h = (HOUR_S + LOOK_S) / HOUR_S
    nalssi, ioos = steps(series), ioos_steps(series, flags.STEP * longest_h - 1)
    assert nalssi == ioos
    assert SUSPECT in nalssi
    assert all(nalssi[nth] <= flag for nth, flag in enumerate(ioos_steps(series, flags.STEP - 1)))


def test_the_step_back_from_a_spike_is_not_flagged():
    """ioos-qc also flags the hour after a spike, whose value is right; we do not."""
    series = [100, 180, 101]
    assert ioos_steps(series, flags.STEP) == [1, SUSPECT, SUSPECT]
    a, b, c = boxes(list(series))
    assert steps_of(None, a, b) == {0: SUSPECT}
    assert steps_of(a, b, c) == {}


@pytest.mark.parametrize("seed", range(5))
def test_flat_lines_are_those_found_by_ioos_qc_from_their_first_hour_on(seed):
    """ioos-qc looks back and flags a run from its sixth hour on; we flag all of the run."""
    series = walk(seed)
    nalssi, ioos = flat(list(series)), ioos_flat(series, flags.FLAT_SETS - 1, 7)
    expected, nth = list[int](), 0
    while nth < len(series):
        end = nth
        while end < len(series) and series[end] == series[nth]:
            end += 1
        expected += [max(ioos[nth:end])] * (end - nth)
        nth = end
    assert nalssi == expected
    assert {SUSPECT, FAIL} <= set(nalssi)


# ---- flat


def test_a_number_that_is_lost_once_does_not_end_a_run():
    series = [100, 100, 100, None, 100, 100, 100]
    assert flat(series) == [3, 3, 3, 1, 3, 3, 3]
    assert flat([*series[:3], None, *series[3:]]) == [1] * 8


def test_a_calm_night_is_not_flat():
    """All stations change by less than a degree: then one number for six hours is plausible."""
    run = [
        box._replace(tenths=dict.fromkeys(OTHERS, 100 + nth % 2) | {0: 100})
        for nth, box in enumerate(boxes([100] * 8))
    ]
    assert runs.flat(run) == 0


def test_two_copies_in_turn_are_two_sets_and_not_six():
    """Two old sets in turn are two publications, so that no station is flat."""
    run = [
        box._replace(published_by=BEGIN - HOUR_S * (1 + nth % 2))
        for nth, box in enumerate(boxes([100] * 20))
    ]
    assert runs.flat(run) == 0


def test_six_looks_in_an_hour_are_not_six_hourly_sets():
    assert runs.flat(boxes([100] * 8, every_s=600)) == 0


def test_a_run_only_gets_worse_as_it_grows_at_either_end():
    run = boxes([100] * 10)
    grades = [runs.flat(run[:size]) for size in range(11)]
    assert grades == [0, 0, 0, 0, 0, 0, 3, 3, 4, 4, 4]
    assert [runs.flat(run[-size:]) for size in range(1, 11)] == grades[1:]


# ---- values that are not compared


def test_a_set_older_than_the_previous_one_gives_no_step_and_no_spike():
    a, b, c = boxes([100, 190, 100])
    older = b._replace(published_by=a.published_by - HOUR_S)
    assert steps_of(None, a, older) == {}
    assert spikes_of(a, older, c) == {}


def test_an_afternoon_over_hours_without_a_look_is_not_a_spike():
    values = boxes([100, 180, 100], every_s=4 * HOUR_S)
    assert spikes_of(*values) == {}
    assert steps_of(None, *values[:2]) == {}


def test_a_jump_of_the_whole_set_flags_no_station():
    """A front, or a page of another hour from another cache."""
    a, b, c = boxes([100, 180, 100])
    jumped = b._replace(tenths={row: tenths + 80 for row, tenths in a.tenths.items()})
    assert steps_of(None, a, jumped) == {}
    assert spikes_of(a, jumped, c) == {}


# ---- range


@pytest.mark.parametrize(
    ("month", "tenths", "flag"),
    [
        pytest.param(1, -340, 0, id="a record broken by less than the margin"),
        pytest.param(1, -347, 4, id="below the lowest ever"),
        pytest.param(1, 365, 4, id="a summer day in January"),
        pytest.param(8, 365, 0, id="a summer day in August"),
        pytest.param(8, -20, 0, id="within what a summer allows"),
        pytest.param(8, -160, 4, id="a winter morning in August"),
    ],
)
def test_the_range_depends_on_the_half_year(month, tenths, flag):
    begin = BEGIN + (month - 5) * 30 * 24 * HOUR_S
    box = Box(begin, begin, None, {0: tenths, 1: 150 if month == 8 else 0})
    ordered = sorted(box.tenths.values())
    assert flags.out_of_range(box, ordered, set()) == ({0: flag} if flag else {})


def test_a_temperature_too_cold_for_jeju_is_out_of_range():
    begin = BEGIN - 120 * 24 * HOUR_S
    box = Box(begin, begin, None, {0: -120, 1: -120})
    assert flags.out_of_range(box, [-120, -120], {1}) == {1: FAIL}


# ---- neighbours


def places() -> list[tuple[int, float, float, float]]:
    """Give latitude, longitude and elevation of the sixteen cities."""
    stations = [STATIONS[city] for city in CITIES]
    return [
        (row, station.latitude or 0, station.longitude or 0, station.elevation_m or 0)
        for row, station in enumerate(stations)
    ]


def test_near_stations_are_within_reach_and_of_a_height():
    near = flags.near(places())
    named = {CITIES[row]: {CITIES[other] for other, _ in found} for row, found in near.items()}
    assert {"동두천", "강화"} < named["서울"]
    assert "강릉" not in named
    assert "제주" not in named


def test_stations_far_from_their_neighbours_are_those_found_by_titanlib():
    """
    Its buddy check compares a value with the mean of its neighbours, in units of their spread.

    On a feed of similar stations, 3.5 spreads of at least 2 degrees are our 7 degrees, and the same
    values are flagged. If neighbours differ much from each other, titanlib allows more; we take
    their median, which one wrong neighbour does not move, and no spread.
    """
    titanlib = pytest.importorskip("titanlib")
    rows = places()
    near = flags.near(rows)
    at = titanlib.Points(*([place[nth] for place in rows] for nth in (1, 2, 3)))
    chance = random.Random(3)
    differing = flagged = 0
    for _ in range(300):
        tenths = {row: round(150 - 0.065 * up + chance.gauss(0, 8)) for row, *_, up in rows}
        odd = chance.choice(list(near))
        tenths[odd] += chance.choice([-110, 110, 0])
        titan = titanlib.buddy_check(
            at,
            [tenths[row] / 10 for row in sorted(tenths)],
            [1000 * flags.NEAR_KM],
            [flags.FEWEST_NEAR],
            3.5,
            flags.NEAR_M,
            -0.0065,
            2.0,
            2,
        )
        box = Box(BEGIN, BEGIN, None, tenths)
        nalssi = flags.neighbours(box, sorted(tenths.values()), near)
        flagged += len(nalssi)
        differing += {row for row, flag in enumerate(titan) if flag and row in near} != set(nalssi)
    assert flagged > 150
    assert differing <= 3
