"""Questions: stations by any of their names, Korean time, and little work."""

from __future__ import annotations

import datetime as dt
import sqlite3
import sys
import unicodedata
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from db import query
from db.errors import UnknownPortal, UnknownStation
from db.moments import KST
from db.read import latest, looks, lookup, rows, series
from db.reading import Station
from db.write.store import Store
from tests.support.make import (
    BUSAN,
    SEOUL,
    START,
    URL,
    make_content,
    make_look,
    make_page,
    make_reading,
    see,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GYEONGJU = Station(kma_id=283, name_ko="경주시", name_en="Gyeongju-si")
GOCHANG = Station(kma_id=172, name_ko="고창", name_en="Gochang")
GOCHANG_GUN = Station(kma_id=251, name_ko="고창군", name_en="Gochang-gun")
UNKNOWN = Station(name_ko="평양")
STATIONS = [SEOUL, BUSAN, GOCHANG, GOCHANG_GUN, GYEONGJU, UNKNOWN]


def everywhere(celsius: float) -> Any:
    return make_content(
        *(make_reading(station=station, temperature_c=celsius) for station in reversed(STATIONS))
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two portals: koya changes at minutes 0, 10, 30 and 60, and is polled every ten minutes."""
    path = tmp_path / "weather.db"
    with Store.open(path) as store:
        store._conn.execute("PRAGMA synchronous = off")
        for minute, celsius in ((0, 1), (10, 2), (20, 2), (30, 3), (40, 3), (50, 3), (60, 4)):
            see(store, make_look(minute), everywhere(celsius))
        see(store, make_look(0, portal="other"), everywhere(9))
    return path


@pytest.fixture
def db(path: Path) -> Iterator[query.Database]:
    with query.Database(path) as opened:
        yield opened


def at(minute: float) -> dt.datetime:
    return START + dt.timedelta(minutes=minute)


# ---- stations


@pytest.mark.parametrize(
    ("name", "kma_id"),
    [
        ("서울", 108),
        ("Seoul", 108),
        ("seoul", 108),
        ("108", 108),
        (" 서울 ", 108),
        ("고창", 172),
        ("고창군", 251),
        ("GOCHANG", 172),
        ("gochang-gun", 251),
        ("평양", None),
        ("경주", 283),
        ("Gyeongju", 283),
        pytest.param(unicodedata.normalize("NFD", "서울"), 108, id="as macOS writes it"),
    ],
)
def test_a_station_is_found_by_any_of_its_names(db, name, kma_id):
    assert db.station(name).kma_id == kma_id
    (row, _) = db.latest(stations=[name], now=START)
    assert row.kma_id == kma_id


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("경", "경주시 (Gyeongju-si, 283)"),
        ("Seol", "서울 (Seoul, 108)"),
        ("gyeong", "경주시 (Gyeongju-si, 283)"),
        ("서을", "서울 (Seoul, 108)"),
        ("평", "평양"),
    ],
)
def test_near_names_are_offered(db, name, near):
    with pytest.raises(UnknownStation) as unknown:
        db.station(name)
    assert unknown.value.near[0] == near
    assert near in str(unknown.value)
    assert unknown.value.exit_code == 2


@pytest.mark.parametrize("invalid", ["None", "", " ", "Tokyo", "\udc80", "\0", "9" * 500])
def test_an_invalid_name_finds_no_station(db, invalid):
    for ask in (db.station, db.series, lambda name: db.latest(stations=[name])):
        with pytest.raises(UnknownStation, match="unknown station"):
            ask(invalid)


def test_the_error_of_a_database_without_a_box_names_no_other_stations(tmp_path):
    Store.open(tmp_path / "weather.db").close()
    with (
        query.Database(tmp_path / "weather.db") as empty,
        pytest.raises(UnknownStation, match="unknown station '서울': no box was read yet"),
    ):
        empty.stats("서울")


@pytest.mark.parametrize("asked", ["", "10", 112, "Tokyo", "Incheon", "인천"])
def test_the_error_without_near_names_reports_that_no_box_has_the_name(db, asked):
    message = "no box that was read has it; `nalssi stations` lists the known ones"
    with pytest.raises(UnknownStation, match=message):
        db.station(asked)


def test_a_name_without_its_end_must_mean_one_station():
    city, county = (
        Station(name_ko=name, kma_id=nth) for nth, name in enumerate(("가나시", "가나군"))
    )
    assert lookup.meant("가나", [city]) == city
    with pytest.raises(UnknownStation, match="near names: 가나시"):
        lookup.meant("가나", [city, county])
    with pytest.raises(UnknownStation):
        lookup.meant("대", [Station(name_ko="대구", kma_id=143)])


def test_stations_are_in_kmas_order_and_unknown_cities_last(db):
    assert db.stations() == STATIONS


# ---- latest


def test_latest_is_the_newest_of_each_station_and_portal(db):
    rows = db.latest(now=at(60))
    assert [(row.portal, row.station) for row in rows] == [
        (portal, station.name_ko) for portal in ("koya", "other") for station in STATIONS
    ]
    assert {(row.portal, row.temperature_c) for row in rows} == {("koya", 4.0), ("other", 9.0)}


def test_latest_keeps_the_order_of_stations(db):
    rows = db.latest(stations=["Busan", "서울"], now=at(60))
    assert [row.station for row in rows if row.portal == "koya"] == ["서울", "부산"]


def test_latest_of_one_portal_is_its_own(db):
    (row,) = db.latest(stations=["서울"], portal="other", now=at(60))
    assert (row.portal, row.temperature_c) == ("other", 9.0)


def test_latest_without_stations_has_all_stations(db):
    assert db.latest(stations=[], now=START) == db.latest(now=START)


def test_latest_counts_from_the_present_by_default(db):
    age = (dt.datetime.now(dt.UTC) - at(60)) // dt.timedelta(minutes=1)
    assert 0 <= db.latest()[0].age_minutes - age <= 1


# ---- series


@pytest.mark.parametrize(
    ("since", "until", "celsius"),
    [
        pytest.param(None, None, [1, 2, 3, 4], id="all"),
        pytest.param(10, None, [2, 3, 4], id="from the first look of one"),
        pytest.param(20, None, [2, 3, 4], id="from the last look of one"),
        pytest.param(20.5, None, [3, 4], id="from between two"),
        pytest.param(35, None, [3, 4], id="from the middle of one"),
        pytest.param(60, None, [4], id="from the very last look"),
        pytest.param(61, None, [], id="from after all"),
        pytest.param(-99, None, [1, 2, 3, 4], id="from before all"),
        pytest.param(None, 0, [], id="until the very first look, which is no part"),
        pytest.param(None, 10, [1], id="until the first look of one, which is no part"),
        pytest.param(None, 10.5, [1, 2], id="until just after that"),
        pytest.param(12, 18, [2], id="within one"),
        pytest.param(21, 29, [], id="between two"),
    ],
)
def test_series_has_every_spell_that_overlaps_the_range(db, since, until, celsius):
    spells = db.series(
        "서울",
        since=None if since is None else at(since),
        until=None if until is None else at(until),
        portal="koya",
    )
    assert [spell.temperature_c for spell in spells] == celsius


def test_series_is_of_one_portal_or_of_all(db):
    assert [row.portal for row in db.series("서울")] == ["koya", "other", "koya", "koya", "koya"]
    assert [row.portal for row in db.series("서울", portal="other")] == ["other"]


def test_series_has_the_evidence_of_each_value(db):
    assert db.series("서울", since=at(25), until=at(60)) == [
        query.Spell(
            station="서울",
            station_en="Seoul",
            kma_id=108,
            seen_from=at(30),
            seen_until=at(50),
            changed_after=at(20),
            temperature_c=3.0,
            condition="overcast",
            label="흐림",
            portal="koya",
            state="live",
            published_by=at(30),
            valid_until=at(60),
            why="first shown 2024-04-28 12:30",
            flag=1,
            observed_at=None,
            digest=db.latest("서울", now=at(50), portal="koya")[0].digest,
        )
    ]


@pytest.mark.parametrize("offset", [dt.UTC, KST, dt.timezone(dt.timedelta(hours=-11))], ids=str)
def test_a_moment_is_the_same_in_any_offset(db, offset):
    (spell,) = db.series("서울", since=at(60).astimezone(offset), portal="koya")
    assert spell.temperature_c == 4.0


@pytest.mark.parametrize(
    "ask",
    [
        lambda db, portal: db.series("서울", portal=portal),
        lambda db, portal: db.latest(portal=portal),
        lambda db, portal: db.looks(portal=portal),
        lambda db, portal: db.gaps(portal=portal),
    ],
    ids=["series", "latest", "looks", "gaps"],
)
def test_an_unknown_portal_is_reported_with_the_known_ones(db, ask):
    with pytest.raises(UnknownPortal, match="expected one of: koya, other") as unknown:
        ask(db, "Koya")
    assert unknown.value.exit_code == 2
    assert all(row.portal == "other" for row in ask(db, "other"))


# ---- portals and looks


def test_portals_have_their_first_and_last_looks(path):
    with Store.open(path) as store:
        store.keep_failure(make_look(70), "fetch_failed", "busy")
        store.portal("never", URL, 90)
    with query.Database(path) as db:
        koya, other, never = db.portals()
    assert koya == query.Portal(
        name="koya",
        url=URL,
        interval_minutes=10.0,
        first_look=at(0),
        last_look=at(70),
        last_success=at(60),
        looks=8,
    )
    assert (other.name, other.looks) == ("other", 1)
    assert (never.looks, never.first_look, never.last_look, never.last_success) == (0, *[None] * 3)
    assert never.interval_minutes == 1.5


@pytest.fixture
def failing(path: Path) -> Iterator[query.Database]:
    with Store.open(path) as store:
        store.keep_failure(make_look(5), "fetch_failed", "busy")
        store.keep_failure(make_look(65), "refused_by_robots", "robots.txt")
        store.keep_no_sidebar(store.keep_page(make_look(75), make_page()), "none")
    with query.Database(path) as opened:
        yield opened


def test_looks_are_listed_oldest_first(failing):
    times = [look.fetched_at for look in failing.looks()]
    assert times == sorted(times)
    assert len(times) == 11


@pytest.mark.parametrize(
    ("since", "until", "minutes"),
    [(50, None, [50, 60, 65, 75]), (None, 10, [0, 0, 5]), (5, 30, [5, 10, 20]), (76, 90, [])],
)
def test_looks_of_a_range_include_its_start_and_exclude_its_end(failing, since, until, minutes):
    since, until = (None if minute is None else at(minute) for minute in (since, until))
    looks = failing.looks(since=since, until=until)
    assert [look.fetched_at for look in looks] == [at(minute) for minute in minutes]


def test_looks_at_one_portal_are_its_newest(failing):
    (look,) = failing.looks(portal="other", last=1)
    assert (look.portal, look.fetched_at) == ("other", at(0))


def test_failed_looks_are_those_without_a_sidebar(failing):
    assert [(look.outcome, look.reason) for look in failing.looks(failed=True)] == [
        ("fetch_failed", "busy"),
        ("refused_by_robots", "robots.txt"),
        ("no_sidebar", "none"),
    ]


@pytest.mark.parametrize(
    ("last", "outcomes"),
    [
        (0, []),
        (1, ["no_sidebar"]),
        (3, ["new", "refused_by_robots", "no_sidebar"]),
    ],
)
def test_the_last_looks_are_the_newest(failing, last, outcomes):
    assert [look.outcome for look in failing.looks(last=last)] == outcomes


def test_the_last_failed_looks_are_the_newest_of_the_failed(failing):
    assert [look.fetched_at for look in failing.looks(failed=True, last=2)] == [at(65), at(75)]


def test_more_looks_than_there_are_is_all(failing):
    assert failing.looks(last=sys.maxsize + 1) == failing.looks()


def test_every_time_is_in_korean_time(failing):
    times = [
        *(look.fetched_at for look in failing.looks()),
        *(moment for row in failing.latest() for moment in (row.seen_from, row.seen_until)),
        *(row.seen_from for row in failing.series("서울")),
        *(row.changed_after for row in failing.series("서울", since=at(10))),
        *(moment for row in failing.portals() for moment in (row.first_look, row.last_success)),
    ]
    assert {moment.utcoffset() for moment in times} == {dt.timedelta(hours=9)}


# ---- beside a writer


@pytest.mark.parametrize("journal", ["delete", "persist", "wal"])
def test_queries_work_while_a_writer_writes(tmp_path, journal):
    path = tmp_path / "weather.db"
    with Store.open(path, journal=journal) as store:
        see(store, make_look(0), everywhere(1))
        with query.Database(str(path)) as db:
            with store.transaction():
                store._insert_look(make_look(10), "fetch_failed")
                assert len(db.looks()) == 1
            assert len(db.looks()) == 2
            see(store, make_look(20), everywhere(2))
            assert {row.temperature_c for row in db.latest()} == {2.0}


def test_queries_cannot_write(db):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db._conn.execute("DELETE FROM fetches")


def test_an_empty_database_gives_empty_answers(tmp_path):
    path = tmp_path / "weather.db"
    Store.open(path).close()
    with query.Database(path) as db:
        answers = db.latest(), db.stations(), db.portals(), db.looks(), db.looks(failed=True)
        assert answers == ([], [], [], [], [])
        with pytest.raises(UnknownPortal, match="expected one of: none so far"):
            db.series("서울", portal="koya")


# ---- plans and work


def plan(path: Path, sql: str, **values: object) -> list[str]:
    with closing(sqlite3.connect(path)) as conn:
        return [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


def test_no_question_walks_through_all_readings_or_all_looks(path):
    every = dict.fromkeys(("station", "portal", "since", "until"))
    steps = plan(path, series.SERIES, **every) + plan(path, latest.latest(":now"), now=0)
    aliases = ("readings", "r", "t", "fetches", "f", "spells", "sp", "s", "b")
    assert [step for step in steps if step.removeprefix("SCAN ").split()[0] in aliases] == []
    assert "SEARCH sp USING PRIMARY KEY (portal_id=? AND seen_from>? AND seen_from<?)" in steps
    looks = [step for step in steps if step.startswith("SEARCH f ")]
    assert len(looks) == 1
    assert all("(portal_id=? AND fetched_at=?)" in step for step in looks)


QUESTIONS = {
    "all of a station": (lambda db: db.series("서울"), 5.0),
    "an hour of a station": (lambda db: db.series("서울", since=at(300), until=at(360)), 1.5),
    "latest": (lambda db: db.latest(now=START), 1.5),
    "last looks": (lambda db: db.looks(last=5), 1.5),
}


@pytest.mark.parametrize(("ask", "times"), QUESTIONS.values(), ids=QUESTIONS)
def test_a_history_four_times_as_long_is_not_much_more_work(histories, ask, times):
    """Work is the number of instructions of SQLite's virtual machine, which SQLite counts."""
    short, long = (work(path, ask) for path in histories)
    assert 0 < long < times * short + 50


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Databases of 100 and of 400 spells."""
    folder = tmp_path_factory.mktemp("histories")
    for spells in (100, 400):
        with Store.open(folder / str(spells)) as store:
            store._conn.execute("PRAGMA synchronous = off")
            for nth in range(spells):
                see(store, make_look(10 * nth), make_content(make_reading(temperature_c=nth / 10)))
    return [folder / "100", folder / "400"]


def work(path: Path, ask: Callable[[query.Database], object]) -> int:
    """The work of a question, in tens of instructions."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    with query.Database(path) as db:
        db._conn.set_progress_handler(step, 10)
        ask(db)
    return steps


def test_the_last_looks_are_found_without_sorting_all(path):
    sql = f"{looks.LOOKS} ORDER BY {rows.iso('f.fetched_at')} DESC, f.id DESC LIMIT 20"
    steps = plan(path, sql)
    assert "SCAN f USING INDEX fetches_by_time" in steps
    assert not [step for step in steps if "TEMP B-TREE" in step]


def test_values_without_a_look_for_three_hours_are_not_live(tmp_path):
    path = tmp_path / "rare.db"
    with Store.open(path) as store:
        see(store, make_look(0), make_content(digest=b"a"))
        see(store, make_look(85), make_content(digest=b"b"))
        store.portal("koya", URL, 85 * 60)
    with query.Database(path) as db:
        for hours, state in (
            (1.4, "live"),
            (1.6, "unconfirmed"),
            (3.1, "unconfirmed"),
            (6, "down"),
        ):
            now = make_look(85 + hours * 60).fetched_at
            assert {row.state for row in db.latest(now=now)} == {state}
            assert [portal.state for portal in db.status(now=now)] == [state]


def test_a_portal_is_known_by_its_name_without_counting_its_looks(db):
    statements: list[str] = []
    db._conn.set_trace_callback(statements.append)
    db.series("서울", portal="koya")
    assert statements
    assert not [sql for sql in statements if "count(" in sql]
