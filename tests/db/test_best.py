"""The value that counts: one row for each station, of whichever portal."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from db import query
from db.moments import epoch, moment
from db.write.store import Store
from tests.support.histories import hour_of
from tests.support.keeping import keep_own
from tests.support.make import BUSAN, START, make_content, make_look, make_reading, see
from tests.support.stores import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "weather.db") as store:
        yield store


def show(store: Store, minute: float, celsius: float | None, portal: str = "a") -> None:
    see(store, make_look(minute, portal=portal), make_content(make_reading(temperature_c=celsius)))


def best(store: Store, minute: float, **part: str) -> list[query.Best]:
    with query.Database(store.path) as db:
        return db.latest_best(now=START + dt.timedelta(minutes=minute), **part)


def test_a_station_has_one_row_of_the_set_published_last(store):
    for minute, celsius in ((0, 1.0), (10, 2.0), (20, 2.0)):
        show(store, minute, celsius)
    for minute, celsius in ((5, 1.0), (15, 3.0)):
        show(store, minute, celsius, "b")
    (row,) = best(store, 20)
    assert (row.station, row.temperature_c, row.portal, row.state) == ("서울", 3.0, "b", "live")
    assert (row.live_portals, row.agreeing_portals, row.age_minutes) == (2, 1, 5)


def test_a_lagging_portal_agrees(store):
    """The lagging portal shows the previous value of the portal that counts."""
    for minute, celsius in ((0, 1.0), (10, 2.0), (30, 3.0)):
        show(store, minute, celsius)
    for minute, celsius in ((5, 1.0), (15, 2.0), (30, 2.0)):
        show(store, minute, celsius, "b")
    (row,) = best(store, 31)
    assert (row.temperature_c, row.portal) == (3.0, "a")
    assert (row.live_portals, row.agreeing_portals) == (2, 2)


def test_a_lagging_portal_agrees_with_one_that_prints_a_set_in_several_ways(tmp_path):
    """The portal that counts prints each set in another order in turn; the other is 20 min late."""
    path, begin = tmp_path / "weather.db", epoch(START)
    with opened(path, "a", "late") as store:
        for nth in range(18):
            box = hour_of(nth // 6)
            keep_own(store, "a", begin + 600 * nth, box[::-1] if nth % 2 else box)
            keep_own(store, "late", begin + 600 * nth + 5, hour_of(max(0, nth - 2) // 6))
    hour, at = moment(begin + 2 * 3600), moment(begin + 2 * 3600 + 900)
    with query.Database(path) as db:
        (best,) = db.latest_best("서울", now=at)
        (period,) = db.stats("서울", by="hour", since=hour, now=at)
        full = db.hours("서울", now=at)[-1]
        (alone,) = db.hours("서울", since=hour, now=at)
        known = db.at("서울", at, now=at)
    assert (best.portal, best.live_portals, best.agreeing_portals) == ("a", 2, 2)
    assert (known.portal, known.live_portals, known.agreeing_portals) == ("a", 2, 2)
    assert (full.portal, full.live_portals, full.agreeing_portals) == ("a", 2, 2)
    assert (period.agreement, alone) == (1.0, full)


def test_of_one_set_the_portal_that_showed_it_first_counts(tmp_path):
    """Portals are added as archives are read; the answer is the same in either order."""
    second, found = epoch(START), []
    for names in ("ab", "ba"):
        path = tmp_path / f"{names}.db"
        with Store.open(path) as store:
            for name in names:
                store.portal(name, f"https://{name}.example/", 600)
            for nth in range(12):
                keep_own(store, "a", second + nth * 600, hour_of(nth // 6))
                keep_own(store, "b", second + nth * 600 + 300, hour_of(nth // 6))
        with query.Database(path) as db:
            now = moment(second + 12 * 600)
            (best,) = db.latest_best("서울", now=now)
            (period,) = db.stats("서울", by="all", now=now)
            hours = [(hour.portal, hour.state) for hour in db.hours("서울", now=now)]
            found.append((best.portal, db.at("서울", now, now=now).portal, period.readings, hours))
    assert found[0] == found[1]
    assert found[0][:3] == ("a", "a", 1)


def test_one_portal_or_one_station_can_be_selected(store):
    show(store, 0, 1.0)
    see(store, make_look(1, portal="b"), make_content(make_reading(station=BUSAN)))
    assert [row.station for row in best(store, 2)] == ["서울", "부산"]
    assert [row.station for row in best(store, 2, portal="b")] == ["부산"]
    assert [row.station for row in best(store, 2, stations="108")] == ["서울"]


look = st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.sampled_from([None, 1.0, 2.0, 3.0]))


@example([("a", 0, 1.0), ("a", 1, None), ("a", 4, None)], 7)  # asked before a pause in one spell
@settings(max_examples=60)
@given(st.lists(look, min_size=1, max_size=25), st.integers(0, 300))
def test_at_and_latest_best_give_the_same_answer(tmp_path_factory, looks, minute):
    path = tmp_path_factory.mktemp("best") / "weather.db"
    with closing(Store.open(path)) as store:
        store._conn.execute("PRAGMA synchronous = off")
        for portal, tens in sorted({(portal, tens) for portal, tens, _ in looks}):
            celsius = next(c for p, t, c in looks if (p, t) == (portal, tens))
            show(store, 7 * tens, celsius, portal)
        moment = START + dt.timedelta(minutes=minute)
        with query.Database(path) as db:
            known, rows = db.at("서울", moment), db.latest_best(now=moment)
    names = [name for name in query.Best.__dataclass_fields__ if hasattr(known, name)]
    assert {"state", "temperature_c", "live_portals", "agreeing_portals", "why"} <= set(names)
    values = [[getattr(row, name) for name in names] for row in rows]
    assert values == ([] if known.state == "none" else [[getattr(known, name) for name in names]])
