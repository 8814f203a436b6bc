"""Looks that are dropped leave no fact behind that was derived from them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from db.moments import moment
from db.query import Database
from db.read.faults import faults
from db.write import drop
from tests.support.histories import START, hour_of
from tests.support.keeping import keep_own
from tests.support.make import make_look, make_page
from tests.support.stores import contents, opened

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3600
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
