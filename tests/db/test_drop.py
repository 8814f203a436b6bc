"""Looks that are dropped leave no fact behind that was derived from them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from db.moments import moment
from db.query import Database
from db.read.faults import faults
from db.write import drop, prune
from db.write.store import Store
from tests.support.histories import START, hour_of
from tests.support.keeping import keep_own
from tests.support.make import make_look, make_page
from tests.support.stores import contents, opened

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3600
DAY = 24 * HOUR
SPIKE = 12.0
"""Degrees that one station jumps up for an hour."""


def test_dropped_looks_leave_no_flag(tmp_path: Path) -> None:
    path = tmp_path / "weather.db"
    with opened(path, "koya") as store:
        for hour in range(5):
            box = [(city, (tenths or 0) + hour) for city, tenths in hour_of(0)]
            if hour == 2:
                city, tenths = box[3]
                box[3] = city, (tenths or 0) + round(10 * SPIKE)
            for tens in range(6):
                keep_own(store, "koya", START + hour * HOUR + tens * 600, tuple(box))
        with Database(path) as db:
            assert "spike" in {flag.kind for flag in db.flags()}
        spiked = moment(START + 2 * HOUR), moment(START + 3 * HOUR)
        assert drop.carry_out(store, since=spiked[0], until=spiked[1], portal=None) == 6
    with Database(path) as db:
        assert not [flag for flag in db.flags() if flag.kind == "spike"]
    assert faults(path) == []


def test_dropped_looks_leave_no_page(tmp_path: Path) -> None:
    path = tmp_path / "weather.db"
    with opened(path, "koya") as store:
        first, second, third = (store.keep_page(make_look(nth), make_page()) for nth in range(3))
        store.keep_no_sidebar(second, "no box")
        drop.unread(store, [first.look_id, second.look_id])
        assert store.unread() == [third]
        assert len(contents(path)["pages"]) == 2
        assert drop.carry_out(store, since=None, until=None, portal=None) == 2
        store.keep_page(make_look(), make_page())
    with closing(sqlite3.connect(path)) as conn, conn:  # by hand, without PRAGMA foreign_keys
        conn.execute("DELETE FROM fetches")
    assert contents(path)["pages"] == []
    assert faults(path) == []


def answers(path: Path) -> dict[str, Any]:
    """Answers that rest on the times of the looks."""
    with Database(path) as db, closing(sqlite3.connect(path)) as conn:
        now = moment(START + 3 * DAY)
        return {
            "gaps": [(gap.since, gap.until, gap.cause) for gap in db.gaps(now=now)],
            "pauses": conn.execute("SELECT * FROM pauses ORDER BY since").fetchall(),
            "hours": db.hours("서울", until=now, now=now),
            "coverage": [row.coverage for row in db.stats("서울", by="hour", now=now)],
        }


@pytest.mark.parametrize(
    ("since", "until"),
    [
        pytest.param(12, 14, id="among pruned looks"),
        pytest.param(12, 30, id="over a gap"),
        pytest.param(22, 30, id="from within a gap"),
        pytest.param(12, 21, id="to within a gap"),
        pytest.param(12, 60, id="over the border of pruning"),
        pytest.param(48, 60, id="from the border"),
        pytest.param(12, None, id="to the end"),
        pytest.param(None, 30, id="from the beginning"),
        pytest.param(None, 60, id="from the beginning to after the border"),
        pytest.param(None, None, id="all"),
        pytest.param(60, 62, id="after the border"),
    ],
)
def test_dropped_looks_leave_the_same_gap_if_others_were_pruned(
    tmp_path: Path, since: int | None, until: int | None
) -> None:
    whole, pruned = tmp_path / "whole.db", tmp_path / "pruned.db"
    with opened(whole, "koya") as store:
        for minute in [*range(0, 20 * 60, 10), *range(24 * 60, 72 * 60, 10)]:
            keep_own(store, "koya", START + minute * 60, hour_of(minute // 60))
    shutil.copy(whole, pruned)
    assert prune.carry_out(pruned, prune.plan(pruned, moment(START + 2 * DAY))) > 100
    begin, end = (None if hour is None else moment(START + hour * HOUR) for hour in (since, until))
    for path in (whole, pruned):
        with Store.open(path) as store:
            drop.carry_out(store, since=begin, until=end, portal=None)
    assert answers(pruned) == answers(whole)
    assert faults(pruned) == []
