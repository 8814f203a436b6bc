"""A portal is due an interval after its last look, or at the moments of a schedule."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.moments import KST
from db.reading import PortalMemory
from scraper import config
from scraper.daemon import scheduler
from scraper.schedule import WrongSchedule, next_look, refuse_wrong_schedule, scheduled

SUNDAY = dt.datetime(2026, 3, 1, tzinfo=KST)
TEN_MINUTES = 600


def at(hour: int, minute: int = 0, second: int = 0) -> dt.datetime:
    return SUNDAY + dt.timedelta(hours=hour, minutes=minute, seconds=second)


def memory_of(last_look: dt.datetime | None, **more: object) -> PortalMemory:
    return PortalMemory(last_look=last_look, **{"failures": 0, "retry_at": None, **more})  # type: ignore[arg-type]


def days(schedule: str, count: int) -> list[dt.date]:
    """The first days with a moment of the schedule."""
    found: list[dt.date] = []
    moment = SUNDAY
    for _ in range(count):
        moment = scheduled(schedule, moment)
        found.append(moment.date())
        moment += dt.timedelta(seconds=1)
    return found


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("0", "sun"),
        ("7", "sun"),
        ("1", "mon"),
        ("1-5", "mon tue wed thu fri"),
        ("0,6", "sun sat"),
        ("*/2", "sun tue thu sat"),
        ("5-7", "sun fri sat"),
        ("1-5/2", "mon wed fri"),
        ("0-7", "sun mon tue wed thu fri sat"),
        ("mon", "mon"),
        ("Fri-Sat,3", "wed fri sat"),
        ("*", "sun mon tue wed thu fri sat"),
    ],
)
def test_a_schedule_counts_weekdays_as_cron_does(field, names):
    mornings = [at(9) + dt.timedelta(days=day) for day in range(7)]
    fires = [moment for moment in mornings if scheduled(f"0 9 * * {field}", moment) == moment]
    assert [f"{moment:%a}".lower() for moment in fires] == names.split()


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param("0 9 10 * 1", ["3-2", "3-9", "3-10", "3-16"], id="either fits"),
        pytest.param("0 9 */10 * 0", ["3-1", "5-31"], id="both must, where one has a star"),
    ],
)
def test_a_day_of_the_month_and_a_weekday_go_together_as_in_debian(schedule, expected):
    """10 March 2026 is a Tuesday; 1 March and 31 May are Sundays."""
    assert [f"{day.month}-{day.day}" for day in days(schedule, len(expected))] == expected


def test_a_schedule_is_in_korean_time():
    assert scheduled("0 9 * * *", SUNDAY.astimezone(dt.UTC)) == at(9)
    assert scheduled("0 9 * * *", SUNDAY.astimezone(dt.UTC)).utcoffset() == dt.timedelta(hours=9)


@given(st.integers(0, 10**9), st.integers(0, 999_999))
def test_the_next_moment_is_never_past_and_at_most_a_step_away(seconds, microseconds):
    moment = SUNDAY + dt.timedelta(seconds=seconds, microseconds=microseconds)
    due = scheduled("*/10 * * * *", moment)
    assert dt.timedelta() <= due - moment < dt.timedelta(minutes=10)
    assert (due.minute % 10, due.second, due.microsecond) == (0, 0, 0)


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("65,25 * * * *", "bad minute"),
        ("0 25 * * *", "bad hour"),
        ("0 9 * 13 *", "bad month"),
        ("0 9 * * 8", "bad day-of-week"),
        ("0 9 * * 1,", "bad day-of-week"),
        ("0 9 * * */0", "bad day-of-week"),
        ("0 9 * * mon-fri-sun", "bad day-of-week"),
        pytest.param("0 9 * * fri-sun", "bad day-of-week", id="backwards, for Debian's cron"),
        ("0 9 * *", "4 fields"),
        pytest.param("0 0 9 * * 1", "6 fields", id="seconds"),
        ("0 0 31 2 *", "bad day-of-month"),
        pytest.param("0 0 */31 * mon#5", "no year", id="the first, as the fifth monday"),
        ("@daily", "1 fields"),
        pytest.param(f"{'1' * 5000} * * * *", "bad number", id="too long"),
        ("", "0 fields"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(schedule, problem):
    with pytest.raises(WrongSchedule, match=problem) as caught:
        refuse_wrong_schedule(schedule)
    assert "expected such as '5,25,45 * * * *'" in str(caught.value)


@pytest.mark.parametrize(
    ("memory", "due"),
    [
        pytest.param(memory_of(None), at(12), id="never polled"),
        pytest.param(memory_of(at(11, 56)), at(12, 15), id="the next moment"),
        pytest.param(memory_of(at(11, 15)), at(12), id="one was missed"),
        pytest.param(memory_of(at(11, 57), failures=2), at(12, 45), id="backing off"),
        pytest.param(memory_of(at(11, 56), retry_at=at(12, 20)), at(12, 20), id="asked to wait"),
        pytest.param(memory_of(at(13)), at(12), id="a wrong clock"),
    ],
)
def test_a_schedule_is_kept_after_the_last_look_and_after_a_back_off(memory, due):
    assert next_look(memory, TEN_MINUTES, at(12), schedule="15,45 * * * *") == due


def test_the_daemon_is_woken_at_each_moment_once():
    trigger = scheduler.trigger(config.Config(schedule="15,45 * * * *"))
    first = trigger.get_next_fire_time(None, at(12))
    assert first == at(12, 15)
    assert trigger.get_next_fire_time(first, at(12, 15)) == at(12, 45)
    assert trigger.get_next_fire_time(first, at(18, 30)) == at(18, 45)
