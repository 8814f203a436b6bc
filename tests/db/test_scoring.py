"""The score of answers: it detects a door that calls everything live, and passes an honest one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from benchmarks.scenarios import Scenario
from benchmarks.scoring import Witness
from tests.support.feeds import DAY_S, HOUR_S, INTERVAL_S, Feed, Garbled, Portal, korean

if TYPE_CHECKING:
    import datetime as dt

    from db import query

BEGIN = korean("2024-04-10 06:00")
FEED = Feed(BEGIN, 2)


@dataclass
class Row:
    """The fields of an answer that the score reads."""

    portal: str
    station: str
    state: str
    temperature_c: float | None


class Door:
    """Answers every question with one state, and with the printed temperature or another."""

    def __init__(self, portal: Portal, state: str, *, off_by: float = 0.0) -> None:
        self._portal, self._state, self._off_by = portal, state, off_by

    def latest(self, *, now: dt.datetime) -> list[Row]:
        page = self._portal.look(int(now.timestamp()) // INTERVAL_S * INTERVAL_S)
        assert page is not None
        return [
            Row("a", city, self._state, None if t is None else t / 10 + self._off_by)
            for city, t in page.printed.items()
        ]

    def at(self, station: str, moment: dt.datetime, **_: Any) -> Row:
        (row,) = (row for row in self.latest(now=moment) if row.station == station)
        return row


def witness(portal: Portal, door: Door) -> Witness:
    """A witness that saw two days of a portal and asked this door every hour."""
    story = Scenario(name="a story", begin=BEGIN, days=2, portals=(portal,))
    seen = Witness(story)
    for at in range(BEGIN, story.end, INTERVAL_S):
        page = portal.look(at)
        assert page is not None
        seen.see("a", page)
        if at % HOUR_S == 0 and at > BEGIN + 2 * HOUR_S:
            seen.ask(cast("query.Database", door), at + 60)
    return seen


def test_a_frozen_feed_called_live_is_counted():
    frozen = Portal(name="a", feed=FEED, frozen=((BEGIN, BEGIN + 2 * DAY_S),))
    score = witness(frozen, Door(frozen, "live")).score
    assert score.stale > 16 * 40
    assert score.stale_live == score.stale
    assert score.best_stale > 40
    assert [met for _, met in score.goals()] == [False, True, True, True, False]


def test_a_frozen_feed_called_frozen_is_right():
    frozen = Portal(name="a", feed=FEED, frozen=((BEGIN, BEGIN + 2 * DAY_S),))
    score = witness(frozen, Door(frozen, "frozen")).score
    assert score.stale_live == score.needless == score.made_up == 0
    assert all(met for _, met in score.goals())


def test_a_healthy_feed_that_is_refused_is_counted():
    healthy = Portal(name="a", feed=FEED)
    score = witness(healthy, Door(healthy, "unconfirmed")).score
    assert (score.needless, score.fresh_live) == (score.fresh, 0)
    assert [met for _, met in score.goals()] == [True, False, True, True, True]


@pytest.mark.parametrize("off_by", [0.1, -5.0])
def test_a_value_that_was_not_printed_is_counted(off_by):
    healthy = Portal(name="a", feed=FEED)
    score = witness(healthy, Door(healthy, "live", off_by=off_by)).score
    assert score.made_up > score.fresh
    assert [met for _, met in score.goals()] == [True, True, False, True, True]


def test_a_lone_laggard_is_stale_and_cannot_be_known():
    late = Portal(name="a", feed=FEED, lag_s=6 * HOUR_S)
    score = witness(late, Door(late, "live")).score
    assert (score.fresh, score.stale_live, score.unknowable) == (0, 0, score.stale)


def test_a_city_that_is_stuck_can_be_known_after_six_sets():
    stuck = Portal(name="a", feed=FEED, garbled=Garbled(stuck=("서울", (BEGIN, BEGIN + DAY_S))))
    score = witness(stuck, Door(stuck, "live")).score
    assert 16 <= score.stale_live <= 17
