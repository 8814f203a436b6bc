"""The states of portals, and gaps with their causes, in hand-made histories."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from db import query
from db.reading import PortalMemory, Problem
from db.write import captures
from db.write.captures import Capture
from db.write.store import Store
from scraper import schedule
from tests.support.make import INTERVAL_S, START, URL, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

DAY = 24 * 60
REASON = "https://koya.example/: HTTP 500"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "weather.db") as opened:
        opened._conn.execute("PRAGMA synchronous = off")
        opened.portal("koya", URL, INTERVAL_S)
        yield opened


def at(minute: float) -> dt.datetime:
    return START + dt.timedelta(minutes=minute)


def shown(celsius: float, *unknown: str):
    """Give a sidebar with these unknown cities."""
    return make_content(make_reading(temperature_c=celsius), problems=problems(*unknown))


def problems(*unknown: str) -> tuple[Problem, ...]:
    return tuple(Problem(kind="unknown city", word=city) for city in unknown)


def seen(store: Store, minutes: Iterable[float], *, portal: str = "koya") -> None:
    """Store successful looks with new values each hour."""
    for minute in minutes:
        look = make_look(minute, portal=portal)
        see(store, look, shown(minute // 60), page_date=look.fetched_at.date())


def failing(store: Store, minutes: Iterable[float], *, portal: str = "koya") -> None:
    for minute in minutes:
        store.keep_failure(make_look(minute, portal=portal), "fetch_failed", REASON)


def gaps(
    store: Store, *, now: float, since: float | None = None, until: float | None = None
) -> list[query.Gap]:
    first, last = (None if minute is None else at(minute) for minute in (since, until))
    with query.Database(store.path) as db:
        return db.gaps(now=at(now), since=first, until=last)


def summary(gap: query.Gap) -> tuple[float | str | None, ...]:
    """A gap: its minutes after the start, and its failures, cause and reason."""
    minutes = [(moment - START) / dt.timedelta(minutes=1) for moment in (gap.since, gap.until)]
    return (*minutes, gap.failures, gap.cause, gap.reason)


def status(store: Store, *, now: float, portal: str = "koya") -> query.PortalStatus:
    with query.Database(store.path) as db:
        (found,) = db.status(portals=[portal], now=at(now))
        assert found in db.status(now=at(now))
        return found


# ---- gaps


@pytest.mark.parametrize("length", [10, 20, pytest.param(20.0, id="exactly two intervals")])
def test_two_intervals_are_not_a_gap(store, length):
    seen(store, [0, length])
    assert gaps(store, now=length) == []


def test_more_than_two_intervals_are_a_gap(store):
    seen(store, [0, 20 + 1 / 60])
    assert len(gaps(store, now=21)) == 1


def test_a_gap_without_looks_has_the_cause_not_running(store):
    seen(store, [0, 10, 130, 140])
    assert [summary(gap) for gap in gaps(store, now=140)] == [(10, 130, 0, "not running", None)]


def test_failures_are_counted_and_the_last_is_quoted(store):
    seen(store, [0])
    store.keep_failure(make_look(10), "refused_by_robots", "no")
    failing(store, [20, 40])
    seen(store, [80])
    (gap,) = gaps(store, now=80)
    assert summary(gap) == (0, 80, 3, "portal failing", f"fetch_failed: {REASON}")


def test_a_back_off_is_not_a_pause_of_nalssi(store):
    minutes = [0.0, 10.0]
    while minutes[-1] < 10 * 60:
        memory = PortalMemory(last_look=at(minutes[-1]), failures=len(minutes) - 1)
        due = schedule.next_look(memory, INTERVAL_S, at(minutes[-1]))
        minutes.append((due - START) / dt.timedelta(minutes=1))
    seen(store, [0])
    failing(store, minutes[1:])
    (gap,) = gaps(store, now=minutes[-1])
    assert gap.cause == "portal failing"


def test_a_retry_after_is_not_a_pause_of_nalssi(store):
    seen(store, [0])
    store.keep_failure(make_look(10), "fetch_failed", "busy", retry_at=at(10 * 60))
    seen(store, [10 * 60])
    (gap,) = gaps(store, now=10 * 60)
    assert summary(gap) == (0, 600, 1, "portal failing", "fetch_failed: busy")


def test_a_pause_after_failures_has_two_causes(store):
    seen(store, [0])
    failing(store, [10, 30])
    seen(store, [12 * 60])
    (gap,) = gaps(store, now=12 * 60)
    assert summary(gap)[2:4] == (2, "portal failing, not running")


@pytest.mark.parametrize(
    ("kind", "detail"),
    [("clock", "set by 7200 s, or the machine slept"), ("not kept", "disk full")],
)
def test_an_event_explains_a_pause(store, kind, detail):
    seen(store, [0, 10])
    store.keep_event(at(130), kind, detail)
    seen(store, [130])
    assert [summary(gap) for gap in gaps(store, now=130)] == [(10, 130, 0, kind, detail)]


def test_an_event_outside_a_pause_does_not_explain_it(store):
    store.keep_event(at(-5), "clock", "set by 60 s, or the machine slept")
    store.keep_event(at(50), "started")
    seen(store, [0, 60])
    (gap,) = gaps(store, now=60)
    assert gap.cause == "not running"


def test_a_portal_that_never_succeeded_is_a_gap_since_its_first_look(store):
    failing(store, [0, 10, 30])
    assert [summary(gap)[:4] for gap in gaps(store, now=35)] == [(0, 35, 3, "portal failing")]
    failing(store, [70])
    seen(store, [130])
    assert [summary(gap)[:4] for gap in gaps(store, now=130)] == [(0, 130, 4, "portal failing")]


def test_a_single_first_failure_is_a_failure(store):
    failing(store, [0])
    assert [summary(gap)[2:4] for gap in gaps(store, now=25)] == [(1, "portal failing")]


def test_a_gap_may_be_open_up_to_now(store):
    seen(store, [0])
    assert gaps(store, now=20) == []
    assert [summary(gap)[:2] for gap in gaps(store, now=300)] == [(0, 300)]


def test_since_cuts_a_gap_and_excludes_earlier_gaps(store):
    seen(store, [0, 60, 70, 200])
    assert [summary(gap)[:2] for gap in gaps(store, now=200)] == [(0, 60), (70, 200)]
    assert [summary(gap)[:2] for gap in gaps(store, now=200, since=60)] == [(70, 200)]
    assert [summary(gap)[:2] for gap in gaps(store, now=200, since=100)] == [(100, 200)]
    assert gaps(store, now=200, since=200) == []


def test_until_cuts_a_gap_and_excludes_later_gaps(store):
    seen(store, [0, 40, 50, 60, 70])
    assert [summary(gap)[:2] for gap in gaps(store, now=200, until=80)] == [(0, 40), (70, 80)]
    assert [summary(gap)[:2] for gap in gaps(store, now=200, since=10, until=20)] == [(10, 20)]
    assert [summary(gap)[:2] for gap in gaps(store, now=200, until=70)] == [(0, 40)]
    assert [summary(gap)[:2] for gap in gaps(store, now=200, until=999)][-1] == (70, 200)


def test_each_portal_has_its_own_gaps(store):
    seen(store, range(0, 130, 10))
    seen(store, [0, 120], portal="slow")
    store.portal("slow", URL, 3600)
    seen(store, [0, 60], portal="other")
    assert [(gap.portal, *summary(gap)[:2]) for gap in gaps(store, now=120)] == [
        ("other", 0, 60),
        ("other", 60, 120),
    ]


def test_a_page_date_makes_no_gap(store):
    for minute in range(0, 60, 10):
        see(store, make_look(minute), shown(1), page_date=dt.date(2018, 1, 1))
    assert gaps(store, now=60) == []


def test_without_looks_there_is_no_gap(store):
    assert gaps(store, now=1000) == []


# ---- status


def test_a_portal_whose_start_was_seen_is_live(store):
    seen(store, [0, 60])
    now = status(store, now=65)
    assert (now.state, now.since, now.last_success, now.last_outcome) == (
        "live",
        at(60),
        at(60),
        "new",
    )


def test_a_portal_whose_start_was_not_seen_is_unconfirmed(store):
    seen(store, [0, 10])
    now = status(store, now=10)
    assert (now.state, now.since, now.last_outcome) == ("unconfirmed", at(0), "unchanged")


def test_a_portal_is_frozen_since_it_showed_the_values_first(store):
    seen(store, [0])
    for minute in range(60, 240 + 1, 10):
        see(store, make_look(minute), shown(1))
        assert (status(store, now=minute).state == "frozen") == (minute == 240)
    assert status(store, now=240).since == at(60)


def test_a_portal_is_down_since_its_last_success(store):
    seen(store, [0])
    failing(store, [10, 20])
    assert status(store, now=30).state == "unconfirmed"
    now = status(store, now=30 + 1 / 60)
    assert (now.state, now.since, now.last_reason) == ("down", at(0), REASON)
    assert (now.last_look, now.last_outcome) == (at(20), "fetch_failed")


def test_a_portal_that_never_succeeded_is_down_without_a_start(store):
    assert (status(store, now=0).state, status(store, now=0).last_look) == ("down", None)
    failing(store, [0])
    assert (status(store, now=0).state, status(store, now=0).since) == ("down", None)


def test_looks_and_failures_of_the_last_day_are_counted(store):
    seen(store, [0, 10])
    failing(store, [5, DAY, DAY + 10])
    seen(store, [DAY + 20])  # later than the question, and not counted
    now = status(store, now=DAY + 10)
    assert (now.looks_last_day, now.failures_last_day, now.last_failure) == (2, 2, at(DAY + 10))


def test_problems_include_those_of_the_last_day(store):
    see(store, make_look(0), shown(1, "x", "y"))
    see(store, make_look(60), shown(2, "x"))
    see(store, make_look(120), shown(3))
    now = status(store, now=121)
    assert (now.problems, now.recent_problems) == ((), problems("x", "y"))
    assert status(store, now=DAY + 1).recent_problems == problems("x")
    assert status(store, now=DAY + 61).recent_problems == ()


def test_a_portal_known_only_from_archives_is_omitted_from_the_status(store):
    seen(store, [0])
    store.portal("elsewhere", URL, INTERVAL_S)
    content = make_content()
    capture = Capture(
        portal="elsewhere",
        captured_at=at(0),
        precision="second",
        digest=content.digest,
        content=content,
        page_date=None,
    )
    captures.keep(store, [capture])
    with query.Database(store.path) as db:
        assert [row.portal for row in db.status(now=at(5))] == ["koya"]
        (archived,) = db.status(portals=["elsewhere"], now=at(DAY))
    assert (archived.state, archived.last_look, archived.last_outcome) == ("down", None, None)


# ---- notices


def test_a_notice_is_open_for_its_channel_until_it_is_closed(store):
    store.open_notice("koya", "webhook", "down", at(0), "koya is down")
    store.open_notice("koya", "command", "down", at(0), "koya is down")
    store.open_notice("koya", "webhook", "down", at(9), "koya is down still")
    store.close_notice("koya", "command", "down")
    with query.Database(store.path) as db:
        assert db.open_notices() == [
            query.OpenNotice(
                portal="koya",
                channel="webhook",
                kind="down",
                sent_at=at(9),
                text="koya is down still",
            )
        ]
        store.close_notice("koya", "webhook", "down")
        assert db.open_notices() == []
