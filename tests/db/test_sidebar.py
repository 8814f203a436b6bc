"""A sidebar by its digest, and the time limit of questions."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from db import query
from db.errors import TooSlow
from db.write.store import Store
from tests.support.make import BUSAN, START, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path) -> Path:
    """One sidebar at two portals, with two spells at the first."""
    shown, other = make_content(make_reading(temperature_c=1.5), make_reading(station=BUSAN)), None
    other = make_content(make_reading(temperature_c=9.0))
    with Store.open(tmp_path / "weather.db") as store:
        for minute, portal, content in (
            *((0, "koya", shown), (10, "koya", shown), (20, "koya", other)),
            *((20, "other", shown), (30, "koya", shown)),
        ):
            page_date = START.date() if minute == 10 else None
            see(store, make_look(minute, portal=portal), content, page_date=page_date)
    made: Path = tmp_path / "weather.db"
    return made


def test_a_sidebar_has_its_portals_and_times(path):
    with query.Database(path) as db:
        (spell, *_) = db.series("서울", portal="koya")
        sidebar = db.sidebar(spell.digest)
    assert sidebar is not None
    assert sidebar.printed == ("흐림 서울 4.9℃",)
    assert [(reading.station, reading.temperature_c) for reading in sidebar.readings] == [
        ("서울", 1.5),
        ("부산", 4.9),
    ]
    shown = [
        (stretch.portal, (stretch.seen_from - START).seconds // 60) for stretch in sidebar.shown
    ]
    assert shown == [("koya", 0), ("other", 20), ("koya", 30)]
    assert [stretch.page_date for stretch in sidebar.shown] == [START.date(), None, None]
    assert [(stretch.seen_until - START).seconds // 60 for stretch in sidebar.shown] == [10, 20, 30]


@pytest.mark.parametrize("digest", ["00" * 16, "", "no digest", "abc"])
def test_a_digest_that_no_portal_showed_has_no_sidebar(path, digest):
    with query.Database(path) as db:
        assert db.sidebar(digest) is None


def test_a_query_ends_at_its_time_limit(path):
    with query.Database(path) as db:
        with pytest.raises(TooSlow, match="took longer than 0 s"), db.within(0):
            db._ask(
                "WITH RECURSIVE n AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n"
            )
        assert db.stations()  # the next question is answered


def test_a_query_with_a_time_limit_cannot_write(path):
    with query.Database(path) as db, db.within(5):
        for statement in ("DELETE FROM readings", "PRAGMA user_version = 1"):
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                db._conn.execute(statement)
