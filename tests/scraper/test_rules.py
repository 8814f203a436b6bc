"""Notices of a portal's trouble: at first, daily while it lasts, and when it is over."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from db.read.notices import OpenNotice
from db.read.status import PortalStatus
from db.reading import SENTENCES, Problem
from scraper.notify import rules
from scraper.printable import printable
from tests.support.make import START

DAY = dt.timedelta(days=1)
INTERVAL = dt.timedelta(minutes=10)


def make_status(**changes: Any) -> PortalStatus:
    """Give the status of a healthy portal."""
    plain: dict[str, Any] = {
        "portal": "koya",
        "state": "live",
        "since": START,
        "why": "first shown 2024-04-28 12:00",
        "interval_minutes": 10.0,
        "last_look": START,
        "last_outcome": "unchanged",
        "last_reason": None,
        "last_success": START,
        "changed": START,
        "looks_last_day": 144,
        "failures_last_day": 0,
        "last_failure": None,
        "problems": (),
        "recent_problems": (),
    }
    return PortalStatus(**(plain | changes))


DOWN = make_status(
    state="down", last_outcome="fetch_failed", last_reason="HTTP 500", last_failure=START
)
FROZEN = make_status(state="frozen")
STALE = make_status(state="stale", why="first shown by other 2024-04-28 06:00", last_stale=START)
LAYOUT = make_status(
    last_outcome="no_sidebar", last_reason="page titled '공사 중'", last_failure=START
)
WORDS = make_status(
    recent_problems=(
        Problem(kind="unknown label", city="서울", word="눈보라"),
        Problem(kind="unknown city", word="북대구"),
        Problem(kind="no temperature", city="부산"),
    )
)
TROUBLES = {"down": DOWN, "frozen": FROZEN, "stale": STALE, "layout": LAYOUT, "words": WORDS}


def due(
    status: PortalStatus,
    *,
    open_kind: str | None = None,
    at: dt.datetime = START,
    ago: dt.timedelta = DAY,
) -> list[tuple[str, bool]]:
    """The kinds that are due, and whether each is over; ``open_kind`` was sent ``ago``."""
    before = {("koya", open_kind): open_notice(open_kind, at - ago)} if open_kind else {}
    return [(notice.kind, notice.well) for notice in rules.due([status], before, at)]


def open_notice(kind: str, at: dt.datetime) -> OpenNotice:
    return OpenNotice(portal="koya", channel="webhook", kind=kind, sent_at=at, text=first(kind))


def first(kind: str) -> str:
    """The text of the first notice of a trouble."""
    (notice,) = rules.due([TROUBLES[kind]], {}, START)
    return notice.text


def test_a_healthy_portal_gives_no_notice():
    assert due(make_status()) == []
    assert due(make_status(state="unconfirmed")) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            "down",
            "koya is down: no weather box seen since 2024-04-28 12:00; fetch_failed: HTTP 500",
        ),
        ("frozen", "koya is frozen: the same values since 2024-04-28 12:00"),
        ("layout", "koya shows no weather box that we can read: page titled '공사 중'"),
        ("words", "koya prints unknown words: unknown label '눈보라'; unknown city '북대구'"),
    ],
)
def test_a_fault_is_described_in_words(kind, text):
    assert due(TROUBLES[kind]) == [(kind, False)]
    assert first(kind) == text


@pytest.mark.parametrize(
    ("outcome", "last"),
    [
        pytest.param("unchanged", "unchanged", id="kept late"),
        pytest.param(None, "never polled", id="no look"),
    ],
)
def test_a_down_notice_without_a_reason_has_the_last_outcome(outcome, last):
    down = make_status(state="down", last_outcome=outcome)
    (notice,) = rules.due([down], {}, START)
    assert notice.text == f"koya is down: no weather box seen since 2024-04-28 12:00; {last}"


@pytest.mark.parametrize("kind", TROUBLES)
def test_a_fault_is_reported_once_a_day(kind):
    assert due(TROUBLES[kind], open_kind=kind, ago=INTERVAL) == []
    assert due(TROUBLES[kind], open_kind=kind, ago=DAY - dt.timedelta(seconds=1)) == []
    assert due(TROUBLES[kind], open_kind=kind, ago=DAY) == [(kind, False)]


@pytest.mark.parametrize("kind", TROUBLES)
def test_the_end_of_a_reported_fault_is_reported(kind):
    assert due(make_status(), open_kind=kind, ago=INTERVAL) == [(kind, True)]


def test_a_notice_dated_in_the_future_is_sent_again():
    assert due(FROZEN, open_kind="frozen", ago=-DAY) == [("frozen", False)]


@pytest.mark.parametrize("kind", ["frozen", "layout", "words"])
def test_an_outage_hides_a_trouble_and_does_not_end_it(kind):
    assert (kind, True) not in due(DOWN, open_kind=kind, ago=INTERVAL)


@pytest.mark.parametrize("kind", ["down", "layout"])
def test_a_portal_is_healthy_after_three_intervals_without_a_failure(kind):
    back = make_status(last_failure=START)
    assert due(back, open_kind=kind, at=START + 2 * INTERVAL, ago=INTERVAL) == []
    assert due(back, open_kind=kind, at=START + 3 * INTERVAL, ago=INTERVAL) == [(kind, True)]


def test_a_failure_does_not_hide_the_end_of_a_freeze():
    assert due(make_status(last_failure=START), open_kind="frozen", ago=INTERVAL) == [
        ("frozen", True)
    ]


@pytest.mark.parametrize("outcome", ["unread", "fetch_failed", "refused_by_robots"])
def test_an_unread_page_does_not_end_a_layout_fault(outcome):
    hidden = make_status(last_outcome=outcome, last_failure=START)
    assert due(hidden, open_kind="layout", ago=INTERVAL) == []


def test_another_word_waits_for_the_notice_of_the_next_day():
    """Otherwise a portal with another word at each look would cause a notice at each."""
    icon = Problem(kind="unknown icon code", city="부산", word="99")
    another = make_status(recent_problems=(*WORDS.recent_problems, icon))
    assert due(another, open_kind="words", ago=INTERVAL) == []
    assert due(another, open_kind="words", ago=DAY) == [("words", False)]
    (notice,) = rules.due([another], {}, START)
    assert "unknown icon code '99'" in notice.text


def test_a_new_word_at_each_look_gives_one_notice_a_day():
    open_notices: dict[tuple[str, str], OpenNotice] = {}
    sent = 0
    for nth in range(2 * 144):
        words = tuple(
            Problem(kind="unknown city", city=f"새도시{chr(0xAC00 + n)}")
            for n in range(max(0, nth - 143), nth + 1)
        )
        at = START + nth * INTERVAL
        for notice in rules.due([make_status(recent_problems=words)], open_notices, at):
            sent += 1
            open_notices["koya", notice.kind] = open_notice(notice.kind, at)
    assert sent == 2


def test_only_unknown_words_give_a_notice_of_words():
    others = [Problem(kind=kind, city="부산", word="unknown label 'x'") for kind in SENTENCES]
    assert due(make_status(recent_problems=tuple(o for o in others if not o.unknown))) == []


def test_faults_of_one_portal_are_distinct():
    both = make_status(state="frozen", recent_problems=WORDS.recent_problems)
    assert due(both) == [("frozen", False), ("words", False)]


def test_portal_text_in_a_notice_is_safe_for_a_terminal():
    hostile = "\x1b[31m\u202e흐림\x9b"
    notices = rules.due(
        [
            make_status(last_outcome="no_sidebar", last_reason=hostile),
            make_status(recent_problems=(Problem(kind="unknown label", word=hostile),)),
            make_status(state="down", last_outcome="fetch_failed", last_reason=hostile),
        ],
        {},
        START,
    )
    assert len(notices) == 3
    assert all(notice.text == printable(notice.text) for notice in notices)


def test_a_notice_of_stale_sets_has_the_reason():
    (notice,) = rules.due([STALE], {}, START)
    assert notice.text == "koya shows a stale set: first shown by other 2024-04-28 06:00"


@pytest.mark.parametrize(("intervals", "over"), [(1, False), (2, False), (3, True)])
def test_a_portal_with_alternating_caches_is_healthy_after_three_intervals(intervals, over):
    """One of two caches is stale: only at every other look the values are live."""
    live = make_status(last_stale=START)
    now = START + intervals * INTERVAL
    assert due(live, open_kind="stale", at=now) == ([("stale", True)] if over else [])


@pytest.mark.parametrize(("minutes", "over"), [(30, False), (80, False), (90, True)])
def test_a_lagging_portal_is_not_healthy_before_its_next_set_is_stale(minutes, over):
    """Each hour it shows a set that is older than 90 minutes and soon stale."""
    lagging = make_status(state="unconfirmed", last_stale=START)
    now = START + dt.timedelta(minutes=minutes)
    assert due(lagging, open_kind="stale", at=now) == ([("stale", True)] if over else [])
