"""The simulated weather is plausible, and its portals have the faults that they claim."""

from __future__ import annotations

from statistics import mean

import pytest

from tests.support.feeds import DAY_S, HOUR_S, Feed, Garbled, Portal, Weather, day_of, korean
from tests.support.model import same

BEGIN = korean("2024-04-10 06:00")


@pytest.fixture(scope="module")
def weather() -> Weather:
    return Weather(korean("2024-01-01 00:00"), 366 * 24)


@pytest.fixture(scope="module")
def feed() -> Feed:
    return Feed(BEGIN, 3)


def hours(since: str, days: int) -> range:
    begin = korean(since)
    return range(begin, begin + days * DAY_S, HOUR_S)


@pytest.mark.parametrize("since", ["2024-01-05", "2024-04-05", "2024-07-05", "2024-10-05"])
def test_it_is_coldest_near_dawn_and_warmest_in_the_afternoon(weather, since):
    course = [
        mean(weather.at(hour)["대전"] for hour in hours(since, 30)[of_day::24])
        for of_day in range(24)
    ]
    assert 3 <= course.index(min(course)) <= 7
    assert 13 <= course.index(max(course)) <= 16


def test_neighbours_are_alike_and_seasons_are_not(weather):
    year = [weather.at(hour) for hour in hours("2024-01-01", 366)]
    near = mean(abs(now["서울"] - now["강화"]) for now in year)
    far = mean(abs(now["서울"] - now["제주"]) for now in year)
    assert near < far / 2
    winter, summer = (
        mean(weather.at(hour)["서울"] for hour in hours(since, 31))
        for since in ("2024-01-05", "2024-07-20")
    )
    assert -80 < winter < 0
    assert 200 < summer < 300


def test_no_hour_of_a_week_is_the_same_set_as_another(weather):
    sets = [tuple(weather.at(hour).items()) for hour in hours("2024-02-05", 7)]
    assert not any(same(first, second) for n, first in enumerate(sets) for second in sets[:n])


def test_the_same_seed_gives_the_same_weather(feed):
    assert Feed(BEGIN, 3).published == feed.published
    assert Feed(BEGIN, 3).weather.at(BEGIN) == feed.weather.at(BEGIN)
    assert Feed(BEGIN, 3, seed=1).weather.at(BEGIN) != feed.weather.at(BEGIN)


def shown(portal: Portal, at: int) -> int:
    page = portal.look(at)
    assert page is not None
    return page.main


def test_a_portal_is_frozen_late_or_rolled_back_by_the_configured_amount(feed):
    at = BEGIN + 20 * HOUR_S
    frozen = ((BEGIN + 10 * HOUR_S, BEGIN + 30 * HOUR_S),)
    assert shown(Portal(name="a", feed=feed), at) == feed.newest(at)
    assert shown(Portal(name="a", feed=feed, frozen=frozen), at) == feed.newest(frozen[0][0])
    assert shown(Portal(name="a", feed=feed, lag_s=6 * HOUR_S), at) == feed.newest(at - 6 * HOUR_S)
    back = (((at, at + 1), 10 * HOUR_S),)
    assert shown(Portal(name="a", feed=feed, back=back), at) == feed.newest(at - 10 * HOUR_S)


def test_a_portal_lists_its_own_cities(feed):
    page = Portal(name="a", feed=feed, cities=("제주", "서울")).look(BEGIN + HOUR_S)
    assert page is not None
    assert tuple(page.printed) == ("제주", "서울")


def test_a_cached_page_has_the_set_and_the_date_of_the_moment_it_was_made(feed):
    span = (BEGIN + 10 * HOUR_S, BEGIN + 40 * HOUR_S)
    at = span[0] + 15 * HOUR_S
    page = Portal(name="a", feed=feed, cached=(span, 12 * HOUR_S), tells_age=True).look(at)
    assert page is not None
    made = span[0] + 12 * HOUR_S
    assert (page.age, page.page_date) == (3 * HOUR_S, day_of(made))
    assert page.main == feed.newest(made)


def test_two_copies_take_turns(feed):
    copies = ((BEGIN, BEGIN + DAY_S), (BEGIN - 3 * HOUR_S, 0))
    portal = Portal(name="a", feed=feed, copies=copies)
    assert {shown(portal, BEGIN + 5 * HOUR_S + turn) for turn in (1800, 2400)} == {
        feed.newest(BEGIN - 3 * HOUR_S),
        feed.newest(BEGIN + 5 * HOUR_S + 1800),
    }


def test_an_outage_gives_no_page(feed):
    assert Portal(name="a", feed=feed, down=((BEGIN, BEGIN + 600),)).look(BEGIN) is None


def test_garbled_values_are_the_configured_ones(feed):
    at = BEGIN + 20 * HOUR_S
    stuck = ("서울", (BEGIN, BEGIN + DAY_S))
    plain, spiked, lost, still = (
        Portal(name="a", feed=feed, garbled=garbled).look(at)
        for garbled in (Garbled(), Garbled(spikes=1.0), Garbled(missing=1.0), Garbled(stuck=stuck))
    )
    assert plain is not None
    assert spiked is not None
    assert lost is not None
    assert still is not None
    assert [spiked.printed[c] for c in plain.printed] == [
        t + 80 for t in plain.printed.values() if t is not None
    ]
    assert set(lost.printed.values()) == {None}
    assert still.printed["서울"] == feed.weather.at(feed.newest(BEGIN))["서울"]
    assert still.hours["부산"] == feed.newest(at)
