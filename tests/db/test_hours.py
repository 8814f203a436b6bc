"""The full hours: one row an hour, without gaps, equal to the answers of the other doors."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import query
from db.errors import WrongQuestion
from db.moments import epoch
from db.qartod import FAIL, MISSING, PASS
from db.write.store import Store
from tests.support.make import BUSAN, make_content, make_look, make_reading, see
from tests.support.month import NOW, Portals, korean, make

if TYPE_CHECKING:
    from pathlib import Path

    from db.measures.hours import Hour

HOUR = dt.timedelta(hours=1)
VALUES = ("published_by", "portal", "state", "why", "live_portals", "agreeing_portals")
PRINTED = ("temperature_c", "condition", "label")


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("hours") / "month.db")


def refuse_differences(db: query.Database, hours: list[Hour]) -> None:
    """Check that each hour equals the answer of ``at``."""
    for hour in hours:
        known = db.at(hour.station, hour.hour)
        values = {name: getattr(hour, name) for name in (*VALUES, *PRINTED, "flag")}
        is_live = known.state == "live"
        printed = {name: getattr(known, name) if is_live else None for name in PRINTED}
        printed["flag"] = known.flag if is_live else MISSING
        assert values == {name: getattr(known, name) for name in VALUES} | printed, hour.hour


def test_each_full_hour_has_a_row(month):
    with query.Database(month) as db:
        hours = [row.hour for row in db.hours("서울", now=NOW)]
    assert hours[0] == korean(29, "22:00", month=2)
    assert {after - before for before, after in pairwise(hours)} == {HOUR}
    assert hours[-1] == korean(7, "13:00")


def test_an_hour_has_only_live_values(month):
    with query.Database(month) as db:
        hours = {row.hour: row for row in db.hours("서울", now=NOW)}
    live, frozen = hours[korean(1, "11:00")], hours[korean(2, "12:00")]
    assert (live.temperature_c, live.condition, live.state) == (2.0, "overcast", "live")
    assert (live.mean_c, live.coverage) == (2.33, 1.0)  # 50 minutes of 2.0, 10 of 4.0
    assert (frozen.temperature_c, frozen.label, frozen.state) == (None, None, "frozen")
    assert frozen.why == "unchanged since 2024-03-02 00:50"


def test_a_temperature_that_fails_is_in_its_hour_but_not_in_the_mean(tmp_path):
    begin = korean(1)
    with Store.open(tmp_path / "weather.db") as store:
        portals = Portals(store)
        for hour, celsius in enumerate((2.0, 45.0, 3.0, 3.5)):
            for minutes in range(0, 60, 10):
                portals.show(begin + hour * HOUR + dt.timedelta(minutes=minutes), celsius)
    with query.Database(tmp_path / "weather.db") as db:
        hours = db.hours("서울", since=begin + HOUR, until=begin + 3 * HOUR)
    assert [(row.temperature_c, row.flag, row.mean_c) for row in hours] == [
        (45.0, FAIL, None),
        (3.0, PASS, 3.0),
    ]


def test_every_hour_agrees_with_at_and_stats(month):
    with query.Database(month) as db:
        hours = db.hours("서울", "부산", now=NOW)
        refuse_differences(db, hours)
        stats = db.stats("서울", by="hour", now=NOW)
    means = {row.hour: (row.mean_c, row.coverage) for row in hours if row.station == "서울"}
    of_stats = {row.since: (row.mean_c, row.coverage) for row in stats}
    assert means.items() <= of_stats.items()


def test_a_part_has_the_rows_of_the_whole(month):
    since, until = korean(5, "04:30"), korean(6, "12:00")
    with query.Database(month) as db:
        expected = [row for row in db.hours("서울", now=NOW) if since <= row.hour < until]
        assert db.hours("서울", since=since, until=until, now=NOW) == expected
        alone = db.hours("서울", since=since, until=until, portal="other", now=NOW)
    assert len(alone) == len(expected)
    assert {row.portal for row in alone} == {None, "other"}


def test_an_hour_that_has_not_begun_has_no_row(month):
    with query.Database(month) as db:
        hours = db.hours("서울", since=korean(1), until=korean(2), now=korean(1, "02:30"))
    assert [row.hour.hour for row in hours] == [0, 1, 2]
    assert hours[-1].coverage == 0.5


def test_too_many_hours_are_refused(month):
    with query.Database(month) as db, pytest.raises(WrongQuestion, match="hours"):
        db.hours("서울", since="0800-01-01")


def test_a_file_without_looks_has_no_hours(tmp_path):
    with Store.open(tmp_path / "weather.db") as store:
        store.portal("koya", "https://koya.example/", 600)
    with query.Database(tmp_path / "weather.db") as db:
        assert db.hours() == []


look = st.tuples(
    st.sampled_from("ab"),
    st.integers(0, 60),
    st.sampled_from([None, 1.0, 2.0, 3.0]),
    st.booleans(),
)


def fill(path: Path, looks: list[tuple[str, int, float | None, bool]]) -> None:
    """Store looks at multiples of 13 minutes; some show only Busan."""
    with Store.open(path) as store:
        store._conn.execute("PRAGMA synchronous = off")
        for (portal, nth), (celsius, is_seoul) in {look[:2]: look[2:] for look in looks}.items():
            station = {} if is_seoul else {"station": BUSAN}
            content = make_content(make_reading(temperature_c=celsius, **station))
            see(store, make_look(13 * nth, portal=portal), content)


@settings(max_examples=40)
@given(st.lists(look, min_size=1, max_size=40))
def test_at_and_the_view_agree_with_any_history(tmp_path_factory, looks):
    path = tmp_path_factory.mktemp("hours") / "weather.db"
    fill(path, looks)
    with query.Database(path) as db, closing(sqlite3.connect(path)) as conn:
        hours = [hour for station in db.stations() for hour in db.hours(station.name_ko)]
        refuse_differences(db, hours)
        names = (
            *("station", "hour_s", "published_by_s", "temperature_c", "label", "state", "why"),
            "flag",
        )
        view = conn.execute(f"SELECT {', '.join(names)} FROM hours").fetchall()
    assert sorted(view, key=_place) == [
        (
            *(row.station, epoch(row.hour), row.published_by and epoch(row.published_by)),
            *(row.temperature_c, row.label, row.state, row.why, row.flag),
        )
        for row in sorted(hours, key=lambda row: (row.station, row.hour))
    ]


@settings(max_examples=40)
@given(st.lists(look, min_size=1, max_size=40))
def test_the_means_of_any_history_are_those_of_stats(tmp_path_factory, looks):
    path = tmp_path_factory.mktemp("means") / "weather.db"
    fill(path, looks)
    with query.Database(path) as db:
        for station in db.stations():
            hours, stats = db.hours(station.name_ko), db.stats(station.name_ko, by="hour")
            means = {row.hour: (row.mean_c, row.coverage) for row in hours}
            assert means.items() <= {row.since: (row.mean_c, row.coverage) for row in stats}.items()


def _place(row: tuple[str, int]) -> tuple[str, int]:
    return row[:2]
