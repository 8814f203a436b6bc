"""The store: it reads back what it wrote, and a failed write changes no row."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import zlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import query
from db.errors import DatabaseError
from db.moments import KST
from db.packing import unpacked
from db.reading import SENTENCES, Condition, PortalMemory, Problem, Reading, Robots, Station
from db.write.replacing import rewriting
from db.write.store import TRIES, Store
from tests.support.make import (
    BUSAN,
    INTERVAL_S,
    OVERCAST,
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
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "weather.db") as opened:
        opened.portal("koya", URL, INTERVAL_S)
        yield opened


def latest(store: Store) -> list[query.Latest]:
    with query.Database(store.path) as db:
        return db.latest(now=START + HOUR)


def looks(store: Store) -> list[query.PastLook]:
    with query.Database(store.path) as db:
        return db.looks()


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(store.path)) as conn:
        return conn.execute(sql).fetchall()


def contents(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    names = [name for (name,) in rows(store, "SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {name: rows(store, f"SELECT * FROM {name}") for name in names}


# ---- round trips

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
CONDITIONS = st.builds(
    Condition, label=WORDS, icon=WORDS, condition=st.none() | WORDS, label_en=st.none() | WORDS
)
OTHER_NAMES = {"108", "Seoul", "159", "Busan"}
CITIES = st.builds(Station, name_ko=WORDS.filter(lambda name: name not in OTHER_NAMES))
SKIES = st.lists(CONDITIONS, unique_by=lambda sky: (sky.label, sky.icon), min_size=1, max_size=4)


@st.composite
def sidebars(draw: st.DrawFn) -> list[Reading]:
    """Draw readings of KMA stations and of unknown cities, each at most once."""
    stations = draw(
        st.lists(st.sampled_from([SEOUL, BUSAN]) | CITIES, unique_by=lambda place: place.name_ko)
    )
    skies = draw(SKIES)
    tenths = st.none() | st.integers(-500, 500)
    return [
        make_reading(
            station=station,
            condition=draw(st.sampled_from(skies)),
            temperature_c=None if (drawn := draw(tenths)) is None else drawn / 10,
        )
        for station in stations
    ]


PROBLEMS = st.builds(Problem, kind=st.sampled_from(list(SENTENCES)), city=WORDS, word=WORDS)


@settings(max_examples=60)
@given(sidebars(), st.none() | st.dates(), st.lists(PROBLEMS))
def test_what_goes_in_comes_out(readings, page_date, problems):
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "w.db") as store:
        content = make_content(*readings, readings=tuple(readings), problems=tuple(problems))
        see(store, make_look(), content, page_date=page_date)
        with query.Database(store.path) as db:
            stored = {row.station: row for row in db.latest(now=START)}
            read_problems = db.looks()[0].problems
            series = {name: db.series(name) for name in stored if name.strip() == name}
    assert set(stored) == {reading.city for reading in readings}
    assert read_problems == tuple(problems)
    for reading in readings:
        row = stored[reading.city]
        assert row.temperature_c == reading.temperature_c
        assert (row.label, row.condition) == (reading.condition.label, reading.condition.condition)
        assert (row.kma_id, row.page_date) == (reading.station.kma_id, page_date)
    for name, (spell,) in series.items():
        assert (spell.temperature_c, spell.label) == (
            stored[name].temperature_c,
            stored[name].label,
        )


def test_every_tenth_of_a_degree_is_read_back_exactly(store):
    readings = [
        make_reading(station=Station(name_ko=str(tenths)), temperature_c=tenths / 10)
        for tenths in range(-500, 501)
    ]
    see(store, make_look(), make_content(*readings))
    assert {row.station: row.temperature_c for row in latest(store)} == {
        reading.city: reading.temperature_c for reading in readings
    }


def test_a_station_is_read_back_unchanged(store):
    see(store, make_look(), make_content())
    with query.Database(store.path) as db:
        assert db.stations() == [SEOUL]


def test_a_line_without_a_station_is_not_stored_and_its_problem_is(store):
    lost = make_reading(city="서울", station=None, temperature_c=None)
    problem = Problem(kind="printed again", city="서울", word="2 times: '흐림' '4.9', '흐림' '5.0'")
    see(store, make_look(), make_content(lost, make_reading(station=BUSAN), problems=(problem,)))
    assert [row.station for row in latest(store)] == ["부산"]
    assert looks(store)[0].problems == (problem,)


def test_the_fragment_is_kept_as_it_was(store):
    fragment = "<ul>\n\t<li>흐림 서울 \0 4.9℃ ☔</ul>"
    see(store, make_look(), make_content(fragment=fragment))
    ((stored,),) = rows(store, "SELECT fragment FROM sidebars")
    assert unpacked(stored) == fragment


def test_the_same_sidebar_on_ten_portals_is_stored_once(store):
    for nth in range(10):
        see(store, make_look(portal=f"portal {nth}"), make_content())
    counted = rows(store, "SELECT (SELECT count(*) FROM sidebars), (SELECT count(*) FROM readings)")
    assert counted == [(1, 1)]
    assert len(latest(store)) == 10


def test_an_unknown_city_that_becomes_known_keeps_its_history(store):
    see(store, make_look(0), make_content(make_reading(station=Station(name_ko="서울"))))
    see(store, make_look(10), make_content(make_reading(temperature_c=5.0)))
    with query.Database(store.path) as db:
        assert db.stations() == [SEOUL]
        assert [spell.temperature_c for spell in db.series("108")] == [4.9, 5.0]


def test_a_station_that_kma_renames_keeps_its_history(store):
    see(store, make_look(0), make_content())
    renamed = replace(SEOUL, name_ko="서울(송월)")
    see(store, make_look(10), make_content(make_reading(station=renamed, temperature_c=5.0)))
    with query.Database(store.path) as db:
        assert db.stations() == [renamed]
        assert [spell.temperature_c for spell in db.series("108")] == [4.9, 5.0]


HOUR = dt.timedelta(hours=1)

NEW_NAME = Station(name_ko="서울(송월)")
RENAMED = replace(SEOUL, name_ko=NEW_NAME.name_ko)


def see_the_new_name(store: Store) -> None:
    """Store looks at the old name, at the new name while it is unknown, and at both."""
    unknown = make_reading(station=NEW_NAME, temperature_c=5.0)
    see(store, make_look(0), make_content(make_reading()))
    see(store, make_look(10), make_content(unknown))
    see(store, make_look(20), make_content(make_reading(temperature_c=6.0), unknown))


def test_a_new_name_seen_before_it_was_known_joins_its_station(store):
    see_the_new_name(store)
    shown = make_content(make_reading(station=RENAMED, temperature_c=7.0))
    assert see(store, make_look(30), shown) == "new"
    with query.Database(store.path) as db:
        assert db.stations() == [RENAMED]
        assert [spell.temperature_c for spell in db.series("108")] == [4.9, 5.0, 6.0, 7.0]
        assert [row.temperature_c for row in db.latest(now=START + HOUR)] == [7.0]
        assert db.faults() == []


def test_a_new_name_may_be_unknown_again(store):
    see_the_new_name(store)
    for minute, station in ((30, RENAMED), (40, NEW_NAME)):
        shown = make_reading(station=station, temperature_c=minute / 10)
        see(store, make_look(minute), make_content(shown))
    with query.Database(store.path) as db:
        assert db.stations() == [NEW_NAME]


def test_a_new_name_joins_its_station_when_it_is_read_again(store):
    see_the_new_name(store)
    with rewriting(store) as (contents, into):
        for old in contents.sidebars():
            readings = [
                replace(reading, station=RENAMED)
                for reading in old.readings
                if reading.station == NEW_NAME
            ]
            if len(old.readings) == 1 and readings:
                into.sidebar(old, make_content(*readings, digest=old.digest))
    with query.Database(store.path) as db:
        assert db.stations() == [RENAMED]
        assert [spell.temperature_c for spell in db.series("108")] == [4.9, 5.0, 6.0]
        assert db.faults() == []


# ---- icons

TEXT_ONLY = make_content(make_reading(condition=Condition(label="-")), digest=b"same")
WITH_ICON = make_content(
    make_reading(condition=replace(OVERCAST, label="-")), digest=b"same", fragment="<i class=04>"
)


@pytest.mark.parametrize(
    "order", [[TEXT_ONLY, WITH_ICON], [WITH_ICON, TEXT_ONLY]], ids=["icon later", "text later"]
)
def test_an_icon_completes_a_sidebar_and_a_text_does_not_undo_it(store, order):
    for nth, content in enumerate(order):
        see(store, make_look(10 * nth), content)
    (row,) = latest(store)
    assert (row.condition, row.label) == ("overcast", "-")
    ((fragment,),) = rows(store, "SELECT fragment FROM sidebars")
    assert unpacked(fragment) == "<i class=04>"


# ---- pages


def test_a_page_is_stored_until_it_is_read(store):
    page = store.keep_page(make_look(), make_page(body="<p>서울".encode("cp949"), encoding="cp949"))
    assert [look.outcome for look in looks(store)] == ["unread"]
    with closing(sqlite3.connect(store.path)) as conn:
        (stored,) = conn.execute("SELECT page FROM pages").fetchone()
    assert zlib.decompress(stored) == page.body
    store.keep_content(page, make_content(), page_date=None)
    assert [look.outcome for look in looks(store)] == ["new"]
    assert rows(store, "SELECT * FROM pages") == []


def test_a_page_without_a_sidebar_stays_for_a_better_reader(store):
    page = store.keep_page(make_look(), make_page(body=b"<html>redesigned"))
    store.keep_no_sidebar(page, "no list of cities")
    ((stored, encoding),) = rows(store, "SELECT page, encoding FROM pages")
    assert (zlib.decompress(stored), encoding) == (b"<html>redesigned", "utf-8")
    (look,) = looks(store)
    assert (look.outcome, look.reason) == ("no_sidebar", "no list of cities")
    assert store.unread() == []


def test_unread_pages_are_listed_oldest_first_with_their_bytes(store):
    bodies = [b"", b"\0\xff" * 1000, "<p>서울".encode("cp949")]
    pages = [
        store.keep_page(make_look(nth), make_page(body=body, encoding="cp949"))
        for nth, body in enumerate(bodies)
    ]
    assert store.unread() == pages
    assert [page.body for page in pages] == bodies


def test_a_page_that_killed_its_readers_is_set_aside_and_kept(store):
    store.keep_page(make_look(), make_page(body=b"deadly"))
    begun = []
    while pages := store.unread():
        begun.append(store.begin_again(pages[0]))
    assert begun == [True] * (TRIES - 1) + [False]
    (look,) = looks(store)
    assert (look.outcome, look.reason) == (
        "set_aside",
        f"reading began {TRIES} times and never finished",
    )
    ((page,),) = rows(store, "SELECT page FROM pages")
    assert zlib.decompress(page) == b"deadly"


def test_a_page_that_cannot_be_unpacked_is_set_aside_and_blocks_no_other(store):
    for nth in range(2):
        store.keep_page(make_look(nth), make_page(body=b"<html>"))
    store._conn.execute("UPDATE pages SET page = x'00' WHERE look_id = 1")
    store._conn.commit()
    assert [page.look_id for page in store.unread()] == [2]
    damaged, _ = looks(store)
    assert damaged.outcome == "set_aside"
    assert (damaged.reason or "").startswith("the kept page is damaged")


# ---- looks


def test_a_second_look_in_the_same_second_is_dated_one_second_later(store):
    for milliseconds in (0, 300, 900):
        look = make_look(fetched_at=START + dt.timedelta(milliseconds=milliseconds))
        store.keep_failure(look, "fetch_failed", "busy")
    seconds = [(look.fetched_at - START).total_seconds() for look in looks(store)]
    assert seconds == [0, 1, 2]


def test_two_portals_may_be_polled_in_the_same_second(store):
    store.portal("other", URL, INTERVAL_S)
    for portal in ("koya", "other"):
        store.keep_failure(make_look(portal=portal), "fetch_failed", "busy")
    assert [look.fetched_at for look in looks(store)] == [START, START]


def test_a_look_is_read_back_unchanged(store):
    look = make_look(milliseconds=17, status=404, wire_bytes=12)
    store.keep_failure(look, "refused_by_robots", "robots.txt")
    assert looks(store) == [
        query.PastLook(
            portal="koya",
            fetched_at=START,
            outcome="refused_by_robots",
            status=404,
            milliseconds=17,
            bytes=12,
            page_date=None,
            reason="robots.txt",
            problems=(),
        )
    ]


def test_a_doubtful_date_is_stored_as_null_with_its_reason(store):
    page = store.keep_page(make_look(), make_page())
    doubt = "date '2024.02.30': no such day"
    assert store.keep_content(page, make_content(), page_date=None, doubt=doubt) == "new"
    (look,) = looks(store)
    assert (look.outcome, look.page_date, look.reason) == ("new", None, doubt)
    assert latest(store)[0].page_date is None


def test_a_look_is_new_if_its_sidebar_differs_from_the_previous_one(store):
    first, second = make_content(), make_content(make_reading(temperature_c=5.0))
    shown = [first, first, second, first]
    seen = [see(store, make_look(10 * nth), content) for nth, content in enumerate(shown)]
    assert seen == ["new", "unchanged", "new", "new"] == [look.outcome for look in looks(store)]


def test_not_modified_repeats_the_last_sidebar(store):
    both = make_content(make_reading(), make_reading(station=BUSAN))
    see(store, make_look(0), make_content(), page_date=dt.date(2024, 4, 27))
    see(store, make_look(10), both, page_date=dt.date(2024, 4, 28))
    store.keep_failure(make_look(20), "fetch_failed", "busy")
    assert store.keep_not_modified(make_look(30, status=304)) == 2
    last = looks(store)[-1]
    assert (last.outcome, last.status, last.page_date) == (
        "not_modified",
        304,
        dt.date(2024, 4, 28),
    )
    assert {row.seen_until for row in latest(store)} == {START + dt.timedelta(minutes=30)}


@pytest.mark.parametrize("portal", ["koya", "nowhere"])
def test_not_modified_without_an_earlier_sidebar_is_not_recorded(store, portal):
    assert store.keep_not_modified(make_look(portal=portal)) is None
    assert looks(store) == []


def test_not_modified_is_about_the_same_portal(store):
    see(store, make_look(portal="other"), make_content())
    assert store.keep_not_modified(make_look(10)) is None


@pytest.mark.parametrize(
    "keep",
    [
        pytest.param(lambda store, look: store.keep_page(look, make_page()), id="page"),
        pytest.param(lambda store, look: store.keep_failure(look, "fetch_failed", "x"), id="none"),
    ],
)
def test_a_look_at_an_unknown_portal_is_refused(store, keep):
    with pytest.raises(DatabaseError, match=r"NOT NULL constraint failed: fetches\.portal_id"):
        keep(store, make_look(portal="nowhere"))
    assert looks(store) == []


def test_a_deleted_look_cannot_be_completed(store):
    with pytest.raises(DatabaseError, match="look 7 is not there any more"):
        store.keep_content(make_page(look_id=7), make_content(), page_date=None)
    assert rows(store, "SELECT * FROM sidebars") == []


def test_a_time_without_an_offset_is_refused(store):
    look = make_look(fetched_at=START.replace(tzinfo=None))
    with pytest.raises(ValueError, match="no offset"):
        store.keep_failure(look, "fetch_failed", "busy")


# ---- the memory for the next look


def test_a_portal_that_was_never_polled_has_an_empty_memory(store):
    assert store.memory("koya") == store.memory("nowhere") == PortalMemory()


def validators(store: Store) -> tuple[str | None, str | None]:
    memory = store.memory("koya")
    return memory.etag, memory.last_modified


def test_validators_are_those_of_the_newest_page(store):
    see(store, make_look(0), make_content(), etag='"1"', last_modified="Sun")
    assert validators(store) == ('"1"', "Sun")
    store.keep_no_sidebar(store.keep_page(make_look(10), make_page(etag='"2"')), "none")
    assert store.memory("koya").etag == '"1"'
    see(store, make_look(20), make_content())
    assert validators(store) == (None, None)


def test_an_older_page_does_not_change_the_validators(store):
    """Validators belong to the newest page, which a 304 repeats."""
    see(store, make_look(10), make_content(), etag='"new"')
    see(store, make_look(0), make_content(), etag='"old"')
    assert store.memory("koya").etag == '"new"'


def test_validators_are_forgotten_with_the_address(store):
    see(store, make_look(), make_content(), etag='"1"', last_modified="Sun")
    store.portal("koya", URL, 60)
    assert validators(store) == ('"1"', "Sun")
    store.portal("koya", "https://other.example/", 60)
    assert validators(store) == (None, None)
    with query.Database(store.path) as db:
        (portal,) = db.portals()
    assert (portal.url, portal.interval_minutes) == ("https://other.example/", 1)


def test_the_retry_time_is_that_of_the_last_look(store):
    later = START + dt.timedelta(hours=2)
    store.keep_failure(make_look(0), "fetch_failed", "busy", retry_at=later)
    assert store.memory("koya").retry_at == later
    assert store.memory("koya").retry_at.utcoffset() is not None
    store.keep_failure(make_look(10), "fetch_failed", "timed out")
    assert store.memory("koya").retry_at is None


def test_a_new_robots_txt_replaces_the_old_one(store):
    first = Robots(origin=URL, fetched_at=START.astimezone(KST), text="")
    other = replace(first, origin="https://other.example")
    see_failure(store, robots=(first, other))
    second = replace(first, text="User-agent: *\nDisallow: /", fetched_at=START)
    see_failure(store, robots=(second,))
    assert sorted(store.robots(), key=lambda robots: robots.origin) == [second, other]


# ---- failed writes


def test_a_failed_transaction_is_rolled_back_and_the_store_continues(store):
    """The store forgets the ids of rolled-back rows, because other rows get those ids."""
    page = store.keep_page(make_look(), make_page())
    before = contents(store)
    unstorable: Any = b"no text"
    broken = make_content(
        make_reading(station=BUSAN),
        make_reading(condition=Condition(label=unstorable)),
    )
    with pytest.raises(DatabaseError, match="cannot store BLOB value in TEXT column"):
        store.keep_content(page, broken, page_date=None)
    assert contents(store) == before
    good = make_content(make_reading(temperature_c=1.0), make_reading(station=BUSAN))
    assert store.keep_content(page, good, page_date=None) == "new"
    assert {row.station: row.temperature_c for row in latest(store)} == {"서울": 1.0, "부산": 4.9}


def test_an_interrupted_transaction_is_rolled_back(store):
    def interrupted_robots() -> Iterator[Robots]:
        yield Robots(origin=URL, fetched_at=START, text="")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        see_failure(store, robots=interrupted_robots())
    assert (looks(store), store.robots()) == ([], [])
    store.keep_failure(make_look(), "fetch_failed", "busy")
    assert len(looks(store)) == 1


def test_several_threads_may_use_the_store_in_turn(store):
    threads = [
        threading.Thread(target=store.keep_failure, args=(make_look(nth), "fetch_failed", "x"))
        for nth in range(3)
    ]
    for thread in threads:
        thread.start()
        thread.join()
    assert len(looks(store)) == 3


# ---- the lock

HOLD = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1])
cursor = conn.execute(sys.argv[2])
cursor.fetchone()  # one row of many: a question that is not at its end
print("held", flush=True)
sys.stdin.readline()
cursor.close()
conn.close()
"""


class Holder:
    """Another process that holds a transaction open until ``release``."""

    def __init__(self, path: Path, sql: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path), sql],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "held\n"

    def release(self) -> None:
        self._process.communicate("\n", timeout=60)
        assert self._process.returncode == 0


WRITES = "BEGIN IMMEDIATE"
READS = "SELECT name FROM sqlite_schema"


@pytest.fixture(params=[("delete", WRITES), ("wal", WRITES), ("delete", READS)], ids=str)
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Holder]]:
    journal, sql = request.param
    with Store.open(tmp_path / "held.db", journal=journal) as store:
        store.portal("koya", URL, INTERVAL_S)
        holder = Holder(store.path, sql)
        try:
            yield store, holder
        finally:
            if holder._process.poll() is None:
                holder.release()


def test_another_transaction_only_delays_a_look(held):
    store, holder = held
    timer = threading.Timer(1.0, holder.release)
    timer.start()
    try:
        see_failure(store)
    finally:
        timer.join()
    assert len(looks(store)) == 1


def test_an_endless_transaction_is_reported_and_no_row_is_written(held):
    store, holder = held
    before = contents(store)
    store._conn.execute("PRAGMA busy_timeout = 50")
    for _ in range(2):
        with pytest.raises(DatabaseError, match="locked") as refused:
            see_failure(store)
        assert refused.value.exit_code == 6
    assert contents(store) == before
    holder.release()
    see_failure(store)
    assert len(looks(store)) == 1


def see_failure(store: Store, **changes: Any) -> None:
    store.keep_failure(make_look(**changes), "fetch_failed", "busy")


def test_a_transaction_may_read_before_it_writes(tmp_path):
    """In WAL mode a transaction that began with a read cannot write after another writer."""
    with Store.open(tmp_path / "weather.db", journal="wal") as store:
        see(store, make_look(), make_content())
        with store.transaction():
            store._conn.execute("SELECT count(*) FROM fetches").fetchone()
            with (
                closing(sqlite3.connect(store.path, timeout=0.05)) as other,
                pytest.raises(sqlite3.OperationalError, match="locked"),
            ):
                other.execute("UPDATE portals SET url = 'x'")
            store._insert_look(make_look(10), "fetch_failed")
        assert len(looks(store)) == 2


def test_a_checkpoint_beside_a_reader_is_not_reported_as_damage(tmp_path):
    """It may leave the file shorter than its header says, since the rest is in the WAL."""
    path = tmp_path / "weather.db"
    shorter = 0
    with Store.open(path, journal="wal") as store:
        reader = sqlite3.connect(path)
        for nth in range(60):
            see(store, make_look(10 * nth), make_content(make_reading(temperature_c=nth / 10)))
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM fetches").fetchone()
            for minute in (5, 7):
                celsius = (nth + minute) / 10
                content = make_content(make_reading(temperature_c=celsius))
                see(store, make_look(10 * nth + minute), content)
                store._conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
                # Not by a file of its own: closing that would drop SQLite's locks.
                pages = int.from_bytes(os.pread(store.place._file, 4, 28))
                shorter += path.stat().st_size < pages * 4096
            reader.rollback()
        reader.close()
    assert shorter > 0


def test_a_cut_file_is_refused_beside_a_wal(tmp_path):
    path = tmp_path / "weather.db"
    with Store.open(path, journal="wal") as store:
        see(store, make_look(0), make_content())
        store._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        see(store, make_look(10), make_content())
        os.truncate(path, path.stat().st_size // 2)
        with pytest.raises(DatabaseError, match="emptied, cut or written over"):
            see(store, make_look(20), make_content())
