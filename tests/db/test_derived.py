"""What is derived: kept up through whatever happens, it is what ``nalssi rebuild`` gives."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from db import query
from db.reading import KST, Station, moment
from db.write import captures, prune
from db.write.store import Store
from scraper.vocabulary import STATIONS
from tests.support.histories import MINUTE, START, hour_of, moved, without_number
from tests.support.keeping import capture_of, content_of, keep_own
from tests.support.make import make_content, make_look, see

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.reading import Content
    from tests.support.model import Sidebar

HOUR = 60 * MINUTE
TODAY = dt.datetime.fromtimestamp(START, KST).date()


@contextlib.contextmanager
def opened(*portals: str) -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "weather.db") as store:
        store._conn.execute("PRAGMA synchronous = off")
        for portal in portals:
            store.portal(portal, f"https://{portal}.example/", 600)
        yield store


@pytest.fixture
def store() -> Iterator[Store]:
    with opened("a", "b") as store:
        yield store


def faults(store: Store) -> list[str]:
    with query.Database(store.path) as db:
        return db.faults()


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    return store._conn.execute(sql).fetchall()


def own(store: Store, second: int, sidebar: Sidebar, **page: object) -> None:
    keep_own(store, "a", second, sidebar, **page)  # type: ignore[arg-type]


def archived(
    store: Store, second: int, sidebar: Sidebar, *, page_date: dt.date | None = None
) -> None:
    captures.keep(store, [capture_of("a", second, sidebar, page_date=page_date)])


def pruned(store: Store, before: int) -> int:
    return prune.carry_out(store.path, prune.plan(store.path, moment(before)))


# ---- numbers of stations


def unnumbered(content: Content, **changes: object) -> Content:
    """The same printed by an older reader, which knew no number of any city."""
    readings = (
        replace(one, station=Station(name_ko=one.station.name_ko))
        for one in content.readings
        if one.station is not None
    )
    return make_content(*readings, **changes)


def test_sets_are_found_again_when_a_station_gets_its_number(store):
    see(store, make_look(0), unnumbered(content_of(hour_of(0))))
    see(store, make_look(10), content_of(without_number(hour_of(0), 2)))
    assert rows(store, "SELECT count(*) FROM stations WHERE kma_id IS NULL") == [(0,)]
    assert rows(store, "SELECT count(DISTINCT first_seen) FROM spells") == [(1,)]
    assert faults(store) == []


def test_sets_are_found_again_when_a_station_loses_its_number(store):
    see(store, make_look(0), content_of(hour_of(0)))
    see(store, make_look(10), unnumbered(content_of(hour_of(1))))
    assert STATIONS["서울"].kma_id is not None
    assert rows(store, "SELECT count(*) FROM stations WHERE kma_id IS NOT NULL") == [(0,)]
    assert faults(store) == []


# ---- pruned proofs


def test_the_look_that_proves_the_most_outlives_pruning(store):
    for tens, age in enumerate((None, 300, 40_000, 300, None, 41_800, None)):
        own(store, START + 10 * tens * MINUTE, hour_of(0), age=age)
    own(store, START + 70 * MINUTE, hour_of(1))
    assert pruned(store, START + 80 * MINUTE) == 4
    assert rows(store, "SELECT min(existed_by) FROM spells") == [(START + 20 * MINUTE - 40_000,)]
    assert faults(store) == []


# ---- standing


def test_a_set_stands_over_others_that_differ_when_an_earlier_look_comes_last(store):
    """The whole box is the same set as each of two halves, which are not the same as each other."""
    whole = hour_of(0)
    shown = [whole[:12], moved(whole[:8], 0, 1), moved(whole[:8], 3, 4), whole]
    for tens in (3, 1, 2, 0):
        own(store, START + 10 * tens * MINUTE, shown[tens])
    assert rows(store, "SELECT standing_since FROM spells ORDER BY seen_from")[-1] == (START,)
    assert faults(store) == []
