"""A single portal that is hours late is detected by its daily course; a healthy one is not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from db import query
from db.moments import KST_S, moment
from db.read.faults import faults
from db.truth.lateness import Lag, Set, by_day, lag
from db.write.store import Store
from scraper import check
from scraper.notify import rules
from scraper.vocabulary import STATIONS
from tests.support.feeds import DAY_S, HOUR_S, Weather, korean
from tests.support.keeping import keep_own
from tests.support.make import INTERVAL_S, URL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEGIN = korean("2024-01-01 00:00")
BEGIN_DAY = (BEGIN + KST_S) // DAY_S
SHOWN_AFTER_S = 900
"""The delay of the portal after the full hour."""


def sets(weather: Weather, late_h: int, hours: range) -> list[Set]:
    east = [STATIONS[city].longitude or 0 for city in weather.at(BEGIN)]
    return [
        Set(
            BEGIN + hour * HOUR_S + SHOWN_AFTER_S,
            sum(weather.at(BEGIN + (hour - late_h) * HOUR_S).values()) / len(east),
            sum(east) / len(east),
        )
        for hour in hours
    ]


@pytest.fixture(scope="module", params=range(3))
def year(request: pytest.FixtureRequest) -> Weather:
    return Weather(BEGIN - DAY_S, 24 * 368, seed=request.param)


def weekly_lags(weather: Weather, late_h: int) -> list[Lag | None]:
    """The lag of each week of a year, by the day after the week."""
    days = by_day(sets(weather, late_h, range(24 * 366)))
    return [lag(days, BEGIN_DAY + nth + 7) for nth in range(358)]


@pytest.mark.parametrize("late_h", [0, 1])
def test_no_healthy_portal_is_late_in_a_year(year, late_h):
    found = weekly_lags(year, late_h)
    assert None not in found
    assert not [lag for lag in found if lag and lag.is_late]


@pytest.mark.parametrize("late_h", [6, 12])
def test_a_late_portal_is_found_in_every_season(year, late_h):
    found = weekly_lags(year, late_h)
    assert all(lag and lag.is_late for lag in found)
    assert {round(lag.hours) - late_h for lag in found if lag} <= {-1, 0, 1, 2}


def test_a_portal_twenty_hours_late_is_found_in_most_weeks(year):
    """Its warmest hour seems to come hours early, but no page shows an hour to come."""
    found = [lag for lag in weekly_lags(year, 20) if lag and lag.is_late]
    assert len(found) > 0.5 * 358
    assert all(18 < lag.hours < 24 for lag in found)


def test_days_without_a_course_are_not_judged():
    chance = random.Random(0)
    flat = [Set(BEGIN + hour * HOUR_S, 150 + chance.gauss(0, 2), 127.5) for hour in range(24 * 7)]
    assert lag(by_day(flat), BEGIN_DAY + 7) is None


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(range(4 * 24), id="four days"),
        pytest.param(range(0, 7 * 24, 3), id="every third hour"),
    ],
)
def test_too_few_hours_are_not_judged(count):
    weather = Weather(BEGIN - DAY_S, 24 * 10)
    assert lag(by_day(sets(weather, 6, count)), BEGIN_DAY + 7) is None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "weather.db") as opened:
        opened._conn.execute("PRAGMA synchronous = off")
        opened.portal("alone", URL, INTERVAL_S)
        yield opened


def watch(
    store: Store, late_h: int, hours: list[int], *, portal: str = "alone", after_s: int = 0
) -> None:
    """Store two looks for each of these hours: at the full hour, and when the portal shows it."""
    weather = Weather(BEGIN - 2 * DAY_S, 24 * 14)
    for hour in hours:
        at = BEGIN + hour * HOUR_S + SHOWN_AFTER_S + after_s
        for second, shown in ((at - SHOWN_AFTER_S, hour - 1), (at, hour)):
            keep_own(
                store, portal, second, tuple(weather.at(BEGIN + (shown - late_h) * HOUR_S).items())
            )


def late_days(store: Store) -> list[tuple[int, ...]]:
    return store._conn.execute("SELECT day, hours FROM late_days ORDER BY day").fetchall()


def test_a_portal_six_hours_late_is_reported_within_ten_days(store):
    hours = list(range(24 * 8))
    watch(store, 6, hours)
    now = moment(BEGIN + 24 * 8 * HOUR_S - HOUR_S + SHOWN_AFTER_S + 300)
    with query.Database(store.path) as db:
        (status,) = db.status(now=now)
        latest = db.latest(now=now)
        known = db.at("서울", now)
        hour = db.hours("서울", now=now)[-1]
    assert status.late_hours in (6, 7, 8)
    problem = f"by the course of its days the portal runs {status.late_hours} h late"
    assert {(row.state, row.why) for row in latest} == {("unconfirmed", problem)}
    assert (known.state, known.why) == ("unconfirmed", problem)
    assert (hour.state, hour.why) == ("unconfirmed", problem)
    (notice,) = rules.due([status], {}, now)
    assert (notice.kind, notice.text) == ("late", f"alone: {problem}")
    (finding,) = check.of_lateness(store.path, now)
    assert (finding.check, finding.text, finding.exit_code) == ("portal alone", problem, 7)
    assert faults(store.path) == []


def test_two_portals_of_one_late_feed_do_not_confirm_each_other(store):
    """The second shows each set minutes after the first."""
    store.portal("second", "https://second.example/", INTERVAL_S)
    hours = list(range(24 * 8))
    watch(store, 6, hours)
    watch(store, 6, hours, portal="second", after_s=240)
    now = moment(BEGIN + 24 * 8 * HOUR_S - HOUR_S + SHOWN_AFTER_S + 300)
    with query.Database(store.path) as db:
        latest = db.latest("서울", now=now)
        known = db.at("서울", now)
    assert [(row.portal, row.state) for row in latest] == [
        ("alone", "unconfirmed"),
        ("second", "unconfirmed"),
    ]
    assert {row.why for row in latest} == {known.why}
    assert faults(store.path) == []


def test_a_portal_on_time_stays_live(store):
    watch(store, 0, list(range(24 * 8)))
    now = moment(BEGIN + 24 * 8 * HOUR_S - HOUR_S + SHOWN_AFTER_S + 300)
    with query.Database(store.path) as db:
        assert {row.state for row in db.latest(now=now)} == {"live"}
    assert check.of_lateness(store.path, now) == []


def test_the_order_of_looks_does_not_change_late_days(store):
    hours = list(range(24 * 9))
    random.Random(1).shuffle(hours)
    watch(store, 6, hours)
    found = late_days(store)
    assert found
    store.rebuild()
    assert late_days(store) == found
    assert faults(store.path) == []
