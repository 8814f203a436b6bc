"""The model alone: histories with answers known by hand, and properties of any looks."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.moments import KST
from tests.support.histories import MINUTE, PRINTED, START, histories, hour_of, moved
from tests.support.model import Look, Portal, World, same

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.model import Best, Sidebar, Value

PORTALS = (Portal(name="a"), Portal(name="b"))
TODAY = dt.datetime.fromtimestamp(START, KST).date()
SEOUL = 2
"""The position of Seoul in the box."""


def at(minute: float) -> int:
    return START + round(minute * MINUTE)


def showing(
    sidebar: Sidebar, since: int, until: int, *, portal: str = "a", every: int = 10, **more: Any
) -> list[Look]:
    """Looks that see one sidebar, from one minute to another."""
    return [
        Look(portal=portal, at=at(minute), sidebar=sidebar, **more)
        for minute in range(since, until + 1, every)
    ]


def hourly(hours: Iterable[int], *, late: int = 0, **more: Any) -> list[Look]:
    """Looks at a portal that shows the set of each hour for that hour."""
    return [
        look
        for nth in hours
        for look in showing(hour_of(nth), nth * 60 + late, nth * 60 + late + 50, **more)
    ]


def value(looks: Iterable[Look], minute: float, *, portal: str = "a") -> Value:
    shown = World(PORTALS, looks).value("서울", portal, at(minute))
    assert shown is not None
    return shown


def state(looks: Iterable[Look], minute: float, *, portal: str = "a") -> str:
    return value(looks, minute, portal=portal).state


def best(looks: Iterable[Look], minute: float) -> Best:
    counts = World(PORTALS, looks).best("서울", at(minute))
    assert counts is not None
    return counts


def seoul(nth: int) -> int | None:
    return hour_of(nth)[SEOUL][1]


# ---- which sets are the same


OTHERS = {"seven cities", "three cities", "one city", "seven numbers", "five odd"}


@pytest.mark.parametrize("printed", PRINTED)
def test_a_set_with_at_least_eight_cities_and_at_most_four_changes_is_the_same(printed):
    assert same(hour_of(1), PRINTED[printed](hour_of(1))) is (printed not in OTHERS)


def test_sameness_is_not_chained():
    plain = hour_of(1)
    first, last = moved(plain, 0, 1, 2, 3), moved(plain, 12, 13, 14, 15)
    assert same(first, plain)
    assert same(plain, last)
    assert not same(first, last)


# ---- one portal


@pytest.mark.parametrize(
    ("minute", "expected"),
    [
        pytest.param(5, "unconfirmed", id="the first set: its beginning was not seen"),
        pytest.param(60, "live", id="the second, at its first look"),
        pytest.param(119, "live", id="the second, at its last minute"),
        pytest.param(190, "live", id="two intervals after the last look"),
        pytest.param(191, "unconfirmed", id="longer after that"),
        pytest.param(200, "unconfirmed", id="three intervals"),
        pytest.param(201, "down", id="longer than that"),
    ],
)
def test_a_healthy_portal_is_live_from_its_second_set_on(minute, expected):
    assert state(hourly(range(3)), minute) == expected


@pytest.mark.parametrize(
    ("minute", "expected"),
    [
        pytest.param(60, "live", id="its first look"),
        pytest.param(149, "live", id="89 minutes"),
        pytest.param(150, "unconfirmed", id="90 minutes"),
        pytest.param(239, "unconfirmed", id="179 minutes"),
        pytest.param(240, "frozen", id="three hours"),
        pytest.param(720, "frozen", id="eleven hours"),
    ],
)
def test_a_set_that_stands_still_is_frozen(minute, expected):
    looks = [*hourly([0]), *showing(hour_of(1), 60, 720)]
    assert state(looks, minute) == expected


def test_an_unseen_stretch_does_not_count_as_standing():
    a_day = (Portal(name="a", interval_s=86400),)
    looks = [*showing(hour_of(0), 0, 0), *showing(hour_of(1), 60, 60)]
    shown = World(a_day, looks).value("서울", "a", at(400))
    assert shown is not None
    assert shown.state == "unconfirmed"


def test_the_same_set_in_another_order_is_frozen():
    turns = [hour_of(1), hour_of(1)[::-1]]
    looks = [look for nth in range(40) for look in showing(turns[nth % 2], nth * 10, nth * 10)]
    assert state(looks, 390) == "frozen"


def test_a_set_with_one_changing_station_of_sixteen_is_frozen():
    looks = [
        look
        for nth in range(12)
        for look in showing(
            tuple((c, nth if c == "서울" else t) for c, t in hour_of(0)), nth * 60, nth * 60 + 50
        )
    ]
    assert state(looks, 665) == "frozen"


def test_a_slow_night_ties_no_hour_to_the_next():
    """Three of sixteen change each hour: hours in a row are one set, hours far apart are not."""
    night = [hour_of(0)]
    for nth in range(8):
        night.append(moved(night[-1], *(place % 16 for place in range(nth * 3, nth * 3 + 3))))
    assert all(same(first, second) for first, second in pairwise(night))
    assert not same(night[0], night[4])


def test_an_old_set_is_stale_again_after_one_odd_look():
    looks = [
        *hourly([0]),
        *showing(hour_of(1), 60, 480),
        *showing(hour_of(5), 490, 490),
        *showing(hour_of(1), 500, 520),
    ]
    assert [state(looks, minute) for minute in (480, 495, 505)] == ["frozen", "live", "stale"]
    assert value(looks, 505).published_by == at(60)


@pytest.mark.parametrize("cut", ["one city", "three cities", "seven cities", "seven numbers"])
def test_a_cut_page_shows_no_newer_set(cut):
    """A frozen box is cut and whole again; then so is an old set that comes back."""
    plain = hour_of(1)
    looks = [
        *hourly([0]),
        *showing(plain, 60, 480),
        *showing(PRINTED[cut](plain), 490, 490),
        *showing(plain, 500, 520),
        *showing(hour_of(0), 530, 530),
        *showing(PRINTED[cut](hour_of(0)), 540, 540),
        *showing(PRINTED[cut](hour_of(5)), 550, 550),
        *showing(hour_of(5), 560, 560),
    ]
    minutes = (480, 490, 500, 530, 540, 550, 560)
    found = [state(looks, minute) for minute in minutes]
    assert found == ["frozen", "frozen", "frozen", "stale", "stale", "live", "live"]
    assert value(looks, 490).published_by == at(60)


@pytest.mark.parametrize("printed", ["one city", "three cities"])
def test_pages_that_are_cut_at_their_first_look_are_no_burst(printed):
    """Each hour begins with a cut page: eight boxes in three hours are four sets."""
    cut = PRINTED[printed]
    looks = [
        *showing(hour_of(9), -40, -40),
        *(
            look
            for nth in range(4)
            for look in (
                *showing(cut(hour_of(nth)), nth * 55, nth * 55),
                *showing(hour_of(nth), nth * 55 + 10, nth * 55 + 50),
            )
        ),
    ]
    assert {state(looks, nth * 55 + late) for nth in range(4) for late in (0, 10)} == {"live"}


def test_a_portal_of_one_city_is_live_with_each_new_number():
    looks = hourly([])
    for nth in range(4):
        looks += showing(PRINTED["one city"](hour_of(nth)), nth * 60, nth * 60 + 50)
    assert [state(looks, nth * 60 + 5) for nth in (1, 2, 3)] == ["live"] * 3


def test_two_stopped_copies_in_turn_are_stale():
    turns = [hour_of(1), hour_of(2)]
    looks = [look for nth in range(40) for look in showing(turns[nth % 2], nth * 10, nth * 10)]
    assert state(looks, 391) == "stale"


def test_a_roll_back_is_stale():
    looks = [*hourly(range(11)), *showing(hour_of(1), 660, 670)]
    assert [state(looks, minute) for minute in (655, 665)] == ["live", "stale"]


def test_a_small_box_is_the_same_only_within_its_own_spell():
    small, other = hour_of(1)[:5], hour_of(2)[:5]
    looks = [*showing(other, 0, 50), *showing(small, 60, 110), *showing(other, 400, 410)]
    assert value(looks, 405).published_by == at(400)


def test_a_crawl_of_cached_pages_is_doubted():
    crawl = [look for nth in range(8) for look in showing(hour_of(nth + 1), *[60 + nth * 10] * 2)]
    looks = [*hourly([0]), *crawl]
    assert [value(looks, minute).doubt for minute in (85, 95)] == [None, "burst"]
    assert [state(looks, minute) for minute in (85, 95)] == ["live", "unconfirmed"]


# ---- pages and their evidence


def test_a_cached_page_is_as_old_as_its_age_says():
    looks = hourly(range(3), age=40000)
    assert value(looks, 125).published_by == at(120) - 40000
    assert state(looks, 125) == "stale"


@pytest.mark.parametrize("age", [0, -5])
def test_an_age_of_zero_or_less_is_no_evidence(age):
    assert state(hourly(range(3), age=age), 125) == "live"


def test_a_page_of_a_day_that_ended_31_hours_before_is_stale():
    old = TODAY - dt.timedelta(days=2)
    looks = hourly(range(12), page_date=old)
    assert state(looks, 665) == "stale"


def test_a_page_of_yesterday_was_published_before_midnight():
    """START is four hours before midnight."""
    looks = hourly(range(12), page_date=TODAY)
    assert [state(looks, minute) for minute in (235, 305, 425)] == ["live", "live", "stale"]
    assert value(looks, 305).published_by == at(240)


def test_a_date_line_stuck_for_two_days_over_changing_sets_is_no_evidence():
    hours = 50
    looks = hourly(range(hours), page_date=TODAY - dt.timedelta(days=2))
    assert state(looks[: 48 * 6], 48 * 60 - 5) == "stale"
    assert state(looks, hours * 60 - 5) == "live"


# ---- stations


def test_a_station_that_the_box_no_longer_lists_is_down():
    without = tuple(pair for pair in hour_of(1) if pair[0] != "서울")
    looks = [*hourly([0]), *showing(without, 60, 110)]
    assert (state(looks, 65), value(looks, 65).tenths) == ("down", seoul(0))
    assert World(PORTALS, looks).value("평양", "a", at(65)) is None
    assert World(PORTALS, looks).value("서울", "b", at(65)) is None


def test_a_missing_number_is_live_as_missing():
    looks = [*hourly([0]), *showing(PRINTED["a number lost"](hour_of(1)), 60, 110)]
    assert (state(looks, 65), value(looks, 65).tenths) == ("live", None)
    assert best(looks, 65).live_portals == 0


# ---- several portals


def test_a_portal_six_hours_late_is_stale():
    looks = [*hourly(range(12)), *hourly(range(12), late=360, portal="b")]
    assert [state(looks, 665, portal=portal) for portal in "ab"] == ["live", "stale"]
    counts = best(looks, 665)
    assert (counts.value.tenths, counts.live_portals, counts.agreeing_portals) == (seoul(11), 1, 1)


def test_a_lagging_portal_that_is_ahead_once_is_a_follower():
    looks = [*hourly(range(14)), *hourly(range(18), late=120, portal="b")]
    assert value(looks, 16 * 60 + 130, portal="b").doubt == "follower"
    assert value(looks, 16 * 60 + 130, portal="b").state == "unconfirmed"


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        pytest.param(30, "unconfirmed", id="most of a day alone"),
        pytest.param(178, "unconfirmed", id="a week alone"),
        pytest.param(179, "live", id="longer: the course of its days decides"),
    ],
)
def test_a_follower_stays_one_while_the_other_is_silent(hour, expected):
    portals = [Portal(name=name, interval_s=3600) for name in "ab"]
    looks = [
        *(showing(hour_of(nth), nth * 60, nth * 60)[0] for nth in range(14)),
        *(
            showing(hour_of(nth), nth * 60 + 120, nth * 60 + 120, portal="b")[0]
            for nth in range(hour + 1)
        ),
    ]
    shown = World(portals, looks).value("서울", "b", at(hour * 60 + 125))
    assert shown is not None
    assert shown.state == expected


def test_a_second_lagging_portal_does_not_confirm_the_first():
    """The sets of ``b`` come back minutes later from ``c``, which is as late: both follow ``a``."""
    lags = [*hourly(range(18), late=120, portal="b"), *hourly(range(18), late=125, portal="c")]
    world = World([*PORTALS, Portal(name="c")], [*hourly(range(14)), *lags])
    for portal in "bc":
        shown = world.value("서울", portal, at(16 * 60 + 130))
        assert shown is not None
        assert (shown.state, shown.doubt) == ("unconfirmed", "follower")


def test_a_healthy_portal_confirms_what_a_lagging_one_showed_first():
    lags = hourly(range(18), late=120, portal="b")
    looks = [*hourly(range(14)), *lags, *showing(hour_of(15), 14 * 60, 17 * 60)]
    looks += showing(hour_of(16), 18 * 60 + 5, 18 * 60 + 25)
    assert state(looks, 18 * 60 + 15, portal="b") == "unconfirmed"
    assert state(looks, 18 * 60 + 15, portal="a") == "live"


def test_a_crawl_of_cached_pages_is_doubted_under_two_names():
    """The portals show the same pages in turn: each is the first at half of them."""
    crawl = [
        Look(portal=portal, at=at(60 + nth * 20 + 5 * after), sidebar=hour_of(nth + 1))
        for nth in range(8)
        for after, portal in enumerate("ab" if nth % 2 else "ba")
    ]
    looks = [*hourly([0]), *hourly([0], portal="b"), *crawl]
    assert [state(looks, 60 + 7 * 20 + 6, portal=portal) for portal in "ab"] == ["unconfirmed"] * 2


def test_a_portal_with_a_short_lag_agrees():
    looks = [*hourly(range(5)), *hourly(range(5), late=30, portal="b")]
    counts = best(looks, 4 * 60 + 20)
    assert (counts.value.tenths, counts.live_portals, counts.agreeing_portals) == (seoul(4), 2, 2)


def test_a_portal_with_another_value_disagrees():
    looks = hourly(range(5))
    looks += [replace(x, portal="b", sidebar=moved(x.sidebar, SEOUL)) for x in hourly(range(5))]
    counts = best(looks, 4 * 60 + 20)
    assert (counts.live_portals, counts.agreeing_portals) == (2, 1)


def test_a_set_is_confirmed_if_another_portal_showed_its_beginning():
    """The second portal is polled a day later; the first portal showed the beginning of the set."""
    looks = [*hourly(range(3)), *showing(hour_of(2), 130, 150, portal="b")]
    assert value(looks, 135, portal="b").confirmed
    assert state(looks, 135, portal="b") == "live"
    assert not value(looks[6 * 3 :], 135, portal="b").confirmed


def test_a_look_in_the_future_is_ignored():
    looks = [*hourly(range(3)), *showing(hour_of(2), 3000, 3000, age=200_000)]
    shown = World(PORTALS, looks, now=at(125)).value("서울", "a", at(125))
    assert shown is not None
    assert (shown.state, shown.published_by) == ("live", at(120))


def test_our_own_look_overrides_contradicting_archives_of_the_same_second():
    first, second = hour_of(1), hour_of(2)
    archived = [*showing(first, 0, 0, own=False), *showing(second, 0, 0, own=False)]
    world = World(PORTALS, [*archived, *showing(hour_of(3), 10, 10)])
    assert [spell.sidebar for spell in world.spells["a"]] == [hour_of(3)]
    world = World(PORTALS, [*archived, *showing(hour_of(3), 0, 0)])
    assert [spell.sidebar for spell in world.spells["a"]] == [hour_of(3)]


# ---- any looks


def facts(world: World) -> list[tuple[object, ...]]:
    return [
        (
            *(portal.name, spell.seen_from, spell.seen_until, spell.sidebar),
            *(world.published_by(spell), world.is_confirmed(spell)),
            *(world.standing_since(spell), world.doubt(spell)),
        )
        for portal in world.portals
        for spell in world.spells[portal.name]
    ]


@pytest.mark.slow
@settings(max_examples=60)
@given(histories())
def test_the_order_of_arrival_makes_no_difference(history):
    in_time = sorted(history.looks, key=lambda look: (look.at, look.portal, repr(look)))
    assert facts(World(history.portals, history.looks)) == facts(World(history.portals, in_time))


@settings(max_examples=60)
@given(histories(), st.randoms(use_true_random=False))
def test_with_more_looks_a_set_only_becomes_older(history, random):
    """Without dates, hours and archives: a longer history may prove that a date stands still."""
    plain = [replace(look, page_date=None, own=True, hour=None) for look in history.looks]
    looks = list({(look.portal, look.at): look for look in plain}.values())
    fewer = World(history.portals, [look for look in looks if random.random() < 0.5])
    every = World(history.portals, looks)
    for spells in fewer.spells.values():
        for spell in spells:
            later = [x for x in every.spells[spell.portal.name] if spell.looks[0] in x.looks]
            for better_known in later:
                assert every.published_by(better_known) <= fewer.published_by(spell)


@pytest.mark.slow
@settings(max_examples=60)
@given(histories())
def test_a_live_value_is_young_and_its_beginning_was_seen_or_its_hour_printed(history):
    world = World(history.portals, history.looks)
    for portal in history.portals:
        for spell in world.spells[portal.name]:
            shown = world.value("서울", portal.name, spell.seen_from)
            if shown is not None and shown.state == "live":
                assert spell.seen_from - shown.published_by < 90 * MINUTE
                assert shown.confirmed or shown.observed_at is not None
                assert shown.valid_until is not None
                assert shown.valid_until > spell.seen_from
