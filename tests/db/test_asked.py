"""The arguments of a question: each valid form, and each kind of error."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from db import asked, query
from db.errors import DatabaseError, NalssiError, UnknownStation, WrongQuestion
from db.moments import KST
from db.write.store import Store
from tests.support.make import BUSAN, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = dt.datetime(2026, 3, 1, 0, 30, 15, 999, tzinfo=dt.UTC)  # 09:30:15 in Korea
NAIVE = dt.datetime(2026, 3, 1, 9)  # noqa: DTZ001 - the fault in question


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-02-01", dt.datetime(2026, 2, 1, tzinfo=KST)),
        ("2026-02-01T09:00", dt.datetime(2026, 2, 1, 9, tzinfo=KST)),
        pytest.param("2026-02-01T09:00Z", dt.datetime(2026, 2, 1, 9, tzinfo=dt.UTC), id="offset"),
        ("2026.02.01", dt.datetime(2026, 2, 1, tzinfo=KST)),
        ("2026/02/01", dt.datetime(2026, 2, 1, tzinfo=KST)),
        ("2026. 2. 1.", dt.datetime(2026, 2, 1, tzinfo=KST)),
        ("2026.2.1 09:00", dt.datetime(2026, 2, 1, 9, tzinfo=KST)),
        ("2026/02/01T09:00Z", dt.datetime(2026, 2, 1, 9, tzinfo=dt.UTC)),
        ("24h", dt.datetime(2026, 2, 28, 9, 30, 15, tzinfo=KST)),
        ("7d", dt.datetime(2026, 2, 22, 9, 30, 15, tzinfo=KST)),
        ("7일", dt.datetime(2026, 2, 22, 9, 30, 15, tzinfo=KST)),
        ("24시간", dt.datetime(2026, 2, 28, 9, 30, 15, tzinfo=KST)),
        ("now", dt.datetime(2026, 3, 1, 9, 30, 15, tzinfo=KST)),
        ("지금", dt.datetime(2026, 3, 1, 9, 30, 15, tzinfo=KST)),
        ("today", dt.datetime(2026, 3, 1, tzinfo=KST)),
        ("오늘", dt.datetime(2026, 3, 1, tzinfo=KST)),
        ("yesterday", dt.datetime(2026, 2, 28, tzinfo=KST)),
        ("05:00", dt.datetime(2026, 3, 1, 5, tzinfo=KST)),
        pytest.param("5:07", dt.datetime(2026, 3, 1, 5, 7, tzinfo=KST), id="a short hour"),
        pytest.param(" 어제 ", dt.datetime(2026, 2, 28, tzinfo=KST), id="with blanks"),
    ],
)
def test_a_time_may_be_given_as_text(text, moment):
    assert asked.moment(text, now=NOW) == moment


def test_today_is_the_day_in_korea():
    evening = dt.datetime(2026, 2, 28, 15, 30, tzinfo=dt.UTC)
    assert asked.moment("today", now=evening) == dt.datetime(2026, 3, 1, tzinfo=KST)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "24:00",
        "05:60",
        "2026-02-30",
        "2026.02.30",
        "2026.02/01",
        "01.02.2026",
        "2026.02.011",
        "999999w",
        "7y",
        "0001-01-01",
        "9999-12-31T23:00-09:00",
        "\ud800",
    ],
)
def test_an_invalid_time_is_refused_with_the_forms(text):
    with pytest.raises(WrongQuestion, match="expected such as 2026-03-01, "):
        asked.moment(text, "since")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[query.Database]:
    path = tmp_path / "weather.db"
    with Store.open(path) as store:
        see(store, make_look(), make_content(make_reading(), make_reading(station=BUSAN)))
    with query.Database(path) as db:
        yield db


@pytest.mark.parametrize("station", ["서울", "Seoul", "seoul", "108", 108])
@pytest.mark.parametrize(
    "ask",
    [
        lambda db, station: db.series(station),
        lambda db, station: db.latest(station, now=NOW),
        lambda db, station: db.latest(stations=station, now=NOW),
        lambda db, station: db.latest(stations=[station], now=NOW),
        lambda db, station: db.stats(station, now="2024-04-29"),
        lambda db, station: [db.at(station, "2024-04-28T12:30")],
        lambda db, station: [db.station(station)],
    ],
    ids=["series", "latest", "one", "stations", "stats", "at", "station"],
)
def test_every_query_accepts_a_station_by_name_or_number(db, ask, station):
    answer = ask(db, station)
    assert answer
    assert answer == ask(db, "서울")


@pytest.mark.parametrize("station", [999, 108.5, None, "", ("서울",), "\x00"])
def test_an_invalid_station_is_unknown(db, station):
    with pytest.raises(UnknownStation):
        db.series(station)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (lambda db: db.series("서울", since=NAIVE), "since 2026-03-01T09:00:00: .*tzinfo="),
        (lambda db: db.looks(until=NAIVE), "until .*tzinfo="),
        (lambda db: db.gaps(now=NAIVE), "now .*tzinfo="),
        (lambda db: db.latest(now=NAIVE), "now .*tzinfo="),
        (lambda db: db.status(now=NAIVE), "now .*tzinfo="),
        (lambda db: db.stats("서울", since=NAIVE), "since .*tzinfo="),
        (lambda db: db.compare("서울", "부산", until=NAIVE), "until .*tzinfo="),
        (lambda db: db.at("서울", NAIVE), "time .*tzinfo="),
        (lambda db: db.series("서울", since=NAIVE.date()), "since .*expected such as"),
        (lambda db: db.looks(since="today", until="yesterday"), "begins before it ends"),
        (lambda db: db.series("서울", since="오늘", until="today"), "begins before it ends"),
        (lambda db: db.gaps(since="now", until="7d"), "begins before it ends"),
        (lambda db: db.series("서울", since="now", until="7d"), "begins before it ends"),
        (lambda db: db.stats("서울", since="now", until="7d"), "begins before it ends"),
        (lambda db: db.compare("서울", "부산", min_coverage="a"), "coverage 'a': .*from 0 to 1"),
        (lambda db: db.stats("서울", min_coverage=float("nan")), "coverage nan: .*from 0 to 1"),
        (lambda db: db.stats("서울", min_coverage=None), "coverage None: .*from 0 to 1"),
        (
            lambda db: db.stats("서울", by="fortnight"),
            "period 'fortnight': expected one of: hour, day",
        ),
        (lambda db: db.stats(by=[]), "period .*: expected one of: hour, day"),
        (lambda db: db.looks(last=-1), "last -1: expected a whole number"),
        (lambda db: db.looks(last="3"), "last '3': expected a whole number"),
        (lambda db: db.at("서울", "2999-01-01"), "expected one that has passed"),
    ],
)
def test_an_invalid_argument_raises_wrong_question(db, question, message):
    with pytest.raises(WrongQuestion, match=message):
        question(db)


def test_an_invalid_portal_is_unknown(db):
    with pytest.raises(NalssiError, match="unknown portal 5, expected one of: "):
        db.looks(portal=5)


@pytest.mark.parametrize(
    ("room", "question"),
    [
        ("db.measures.stats.of", lambda db: db.stats("서울")),
        ("db.measures.compare.of", lambda db: db.compare("서울", "부산")),
        ("db.measures.evidence.at", lambda db: db.at("서울", "2024-04-28T12:30")),
        ("db.read.words.printed", lambda db: db.words()),
    ],
    ids=["stats", "compare", "at", "words"],
)
@pytest.mark.parametrize("fault", [TypeError, ValueError, KeyError])
def test_a_bug_is_not_reported_as_damage(db, monkeypatch, room, question, fault):
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(room, fail)
    with pytest.raises(fault):
        question(db)


@pytest.mark.parametrize(
    ("table", "value"),
    [
        ("spells", "seen_until = 'x'"),
        ("spells", "published_by = NULL"),
        ("spells", "published_by = 1e300"),
        ("readings", "temperature = 'x'"),
        ("portals", "interval_s = 'x'"),
        ("sidebars", "fragment = 'x'"),
        ("readings", "condition_id = 9"),
    ],
)
def test_an_impossible_value_is_reported_as_damage(db, table, value):
    with closing(sqlite3.connect(db.path)) as conn, conn:
        conn.execute("PRAGMA writable_schema = on")
        conn.execute(
            "UPDATE sqlite_schema SET sql = replace(replace(sql, 'STRICT, ', ''), ' STRICT', '')"
        )
        conn.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') WHERE name = 'spells'"
        )
        conn.execute("PRAGMA writable_schema = reset")
        conn.execute(f"UPDATE {table} SET {value}")
    with query.Database(db.path) as damaged, pytest.raises(DatabaseError, match="damaged"):
        _ = (
            damaged.stats("서울", now="2024-04-29", everything=True),
            damaged.at("서울", "2024-04-28T12:30"),
        )


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *[(text, True) for text in ("2026-02-01", "2026. 2. 1.", "20260201", "어제", "Today ")],
        *[(text, False) for text in ("2026-02-01T09:00", "2026.2.1 09:00", "24h", "now", "지금")],
    ],
)
def test_a_day_is_distinguished_from_a_moment(text, day):
    assert asked.is_day(text) is day
