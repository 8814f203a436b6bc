"""The views: the contract with readers of the file, and the meaning of each state."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from db import contract, query
from db.file import connection, migrations
from db.moments import KST, epoch
from db.reading import Problem
from db.truth import spells
from db.truth.memory import Memory
from db.write.store import Store
from tests.support.make import BUSAN, START, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A = make_content(make_reading(temperature_c=1.0))
B = make_content(make_reading(temperature_c=2.0))
C = make_content(make_reading(temperature_c=3.0))

WEATHER = (
    "station station_en kma_id latitude longitude "
    "seen_from seen_until changed_after published_by valid_until "
    "seen_from_s seen_until_s changed_after_s published_by_s valid_until_s "
    "temperature_c condition wmo_4677 label portal page_date state why digest"
)
OBSERVED = "observed_at observed_at_s"
CONTRACT = {
    "weather": f"{WEATHER} flag {OBSERVED}",
    "latest": f"{WEATHER} age_minutes flag {OBSERVED}",
    "latest_best": f"{WEATHER} age_minutes live_portals agreeing_portals flag {OBSERVED}",
    "hours": "station station_en kma_id latitude longitude hour published_by hour_s published_by_s "
    "temperature_c condition wmo_4677 label portal state why flag",
    "gaps": "portal since until since_s until_s failures cause reason",
    "freezes": "portal since until since_s until_s next_change next_change_s why",
    "flags": "station station_en kma_id seen_from seen_until seen_from_s seen_until_s "
    "temperature_c portal kind flag",
    "looks": "id portal fetched_at outcome status milliseconds bytes page_date sidebar_id reason "
    "problems retry_at precision",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weather.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as opened:
        opened._conn.execute("PRAGMA synchronous = off")
        yield opened


def rows(store: Store, sql: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(store.path)) as conn:
        conn.row_factory = sqlite3.Row
        return [dict(row) for row in conn.execute(sql)]


def latest(store: Store, *, minute: float) -> list[query.Latest]:
    with query.Database(store.path) as db:
        return db.latest(now=START + dt.timedelta(minutes=minute))


def states(store: Store) -> list[str]:
    """The states of all spells, oldest first."""
    return [row["state"] for row in rows(store, "SELECT state FROM weather ORDER BY seen_from")]


@pytest.mark.parametrize("view", CONTRACT)
def test_the_columns_of_the_views_are_a_contract(store, view):
    with closing(store._conn.execute(f"SELECT * FROM {view}")) as cursor:
        assert [column[0] for column in cursor.description] == CONTRACT[view].split()


def test_every_view_is_in_the_contract(store):
    names = rows(store, "SELECT name FROM sqlite_schema WHERE type = 'view'")
    assert {row["name"] for row in names} == set(CONTRACT) == set(contract.VIEWS)


def test_the_version_of_the_queries_is_that_of_the_migrations(store):
    assert store._conn.execute("PRAGMA user_version").fetchone() == (connection.VERSION,)
    assert len(migrations.applied(migrations.MIGRATIONS, store._conn)) == connection.VERSION


def test_the_file_header_has_the_application_id(store):
    header = store.path.read_bytes()[:72]
    assert header[68:72] == b"nals" == connection.APPLICATION_ID.to_bytes(4, "big")


def test_weather_is_in_korean_time_and_whole_degrees_are_real(store):
    see(store, make_look(), A, page_date=dt.date(2024, 4, 28))
    assert rows(store, "SELECT * FROM weather") == [
        {
            "station": "서울",
            "station_en": "Seoul",
            "kma_id": 108,
            "latitude": 37.57142,
            "longitude": 126.9658,
            "seen_from": "2024-04-28T12:00:00+09:00",
            "seen_until": "2024-04-28T12:00:00+09:00",
            "changed_after": None,
            "published_by": "2024-04-28T12:00:00+09:00",
            "valid_until": None,
            "seen_from_s": epoch(START),
            "seen_until_s": epoch(START),
            "changed_after_s": None,
            "published_by_s": epoch(START),
            "valid_until_s": None,
            "temperature_c": 1.0,
            "condition": "overcast",
            "wmo_4677": 3,
            "label": "흐림",
            "portal": "koya",
            "page_date": "2024-04-28",
            "state": "unconfirmed",
            "why": "no look before the first that showed it",
            "digest": A.digest.hex(),
            "flag": 2,
            "observed_at": None,
            "observed_at_s": None,
        }
    ]
    assert rows(store, "SELECT typeof(temperature_c) AS t FROM weather") == [{"t": "real"}]


def test_the_view_latest_agrees_with_the_query(store):
    """The view counts from the present: old looks are down, and their age is large."""
    see(store, make_look(), A)
    (row,) = rows(store, "SELECT * FROM latest")
    with query.Database(store.path) as db:
        (reading,) = db.latest()
    assert row["state"] == reading.state == "down"
    assert 0 <= reading.age_minutes - row["age_minutes"] <= 1
    assert row["age_minutes"] >= (dt.datetime.now(dt.UTC) - START) // dt.timedelta(minutes=1) - 1
    assert dt.datetime.fromisoformat(row["seen_from"]) == reading.seen_from == START


def test_the_view_of_gaps_agrees_with_python(store):
    see(store, make_look(0), A)
    store.keep_failure(make_look(10, status=500), "fetch_failed", "busy")
    see(store, make_look(400), B)
    first = rows(store, "SELECT * FROM gaps")[0]
    with query.Database(store.path) as db:
        gap = db.gaps()[0]
    assert first["since"] == gap.since.isoformat() == START.astimezone(KST).isoformat()
    assert first["until_s"] == epoch(gap.until) == epoch(START) + 24000
    names = ("portal", "failures", "cause", "reason")
    assert {name: first[name] for name in names} == {name: getattr(gap, name) for name in names}
    assert (gap.cause, gap.reason) == ("portal failing, not running", "fetch_failed: busy")


def test_looks_have_their_outcome(store):
    see(store, make_look(0), A)
    see(store, make_look(10), A)
    see(store, make_look(20), make_content(problems=(Problem(kind="unknown city", word="x"),)))
    retry_at = START + dt.timedelta(hours=1)
    store.keep_failure(make_look(30, status=503), "fetch_failed", "busy", retry_at=retry_at)
    looks = rows(store, "SELECT * FROM looks ORDER BY fetched_at")
    assert [row["outcome"] for row in looks] == ["new", "unchanged", "new", "fetch_failed"]
    assert [row["problems"] for row in looks] == [None, None, "unknown city 'x'", None]
    assert (looks[3]["reason"], looks[3]["status"]) == ("busy", 503)
    assert looks[3]["fetched_at"] == "2024-04-28T12:30:00+09:00"
    assert looks[3]["retry_at"] == "2024-04-28T13:00:00+09:00"


# ---- states


def test_the_first_spell_ever_is_unconfirmed_and_one_that_we_saw_begin_is_live(store):
    see(store, make_look(0), A)
    see(store, make_look(10), B)
    assert states(store) == ["unconfirmed", "live"]


@pytest.mark.parametrize(
    ("gap_s", "state"),
    [
        pytest.param(90 * 60, "live", id="exactly 90 minutes"),
        pytest.param(90 * 60 + 1, "unconfirmed", id="a second more"),
    ],
)
def test_a_change_within_a_long_gap_confirms_no_value(store, gap_s, state):
    see(store, make_look(0), A)
    see(store, make_look(gap_s / 60), B)
    assert states(store)[1] == state


@pytest.mark.parametrize(
    ("lasted_s", "state"),
    [
        pytest.param(3 * 3600 - 1, "unconfirmed", id="a second less than 3 hours"),
        pytest.param(3 * 3600, "frozen", id="3 hours"),
    ],
)
def test_a_spell_of_three_hours_is_frozen(store, lasted_s, state):
    see(store, make_look(-10), A)
    for minute in (0, 60, 120, lasted_s / 60):
        see(store, make_look(minute), B)
    assert states(store) == ["unconfirmed", state]
    (now,) = latest(store, minute=lasted_s / 60)
    assert now.state == state


def test_a_value_is_frozen_even_if_its_start_was_not_seen(store):
    see(store, make_look(0), A)
    see(store, make_look(180), A)
    assert states(store) == ["frozen"]


@pytest.mark.parametrize(
    ("since_s", "state"),
    [
        pytest.param(1200, "live", id="exactly two intervals"),
        pytest.param(1201, "unconfirmed", id="a second more"),
        pytest.param(1800, "unconfirmed", id="exactly three intervals"),
        pytest.param(1801, "down", id="a second more than three"),
    ],
)
def test_a_portal_is_down_after_three_intervals_without_a_successful_look(store, since_s, state):
    see(store, make_look(-10), A)
    see(store, make_look(0), B)
    store.keep_failure(make_look(20), "fetch_failed", "timed out")
    (now,) = latest(store, minute=since_s / 60)
    assert now.state == state


def test_down_is_stronger_than_frozen(store):
    see(store, make_look(0), A)
    see(store, make_look(180), A)
    assert [latest(store, minute=at)[0].state for at in (180, 211)] == ["frozen", "down"]


def test_age_counts_from_the_first_look_at_the_values(store):
    see(store, make_look(0), A)
    see(store, make_look(20), A)
    (now,) = latest(store, minute=25.9)
    assert (now.age_minutes, now.seen_until - now.seen_from) == (25, dt.timedelta(minutes=20))


def test_a_station_that_vanished_is_down_while_the_others_are_live(store):
    both = make_content(make_reading(), make_reading(station=BUSAN, temperature_c=9.0))
    see(store, make_look(0), both)
    for nth in range(1, 4):
        see(store, make_look(15 * nth), make_content(make_reading(temperature_c=float(nth))))
    seoul, busan = latest(store, minute=50)
    assert (seoul.station, seoul.state, seoul.temperature_c) == ("서울", "live", 3.0)
    assert (busan.station, busan.state, busan.temperature_c) == ("부산", "down", 9.0)


@pytest.mark.parametrize("source", ["query", "view"])
def test_a_station_missing_from_the_newest_look_is_not_live(store, source):
    """The look before was minutes ago, and its values would otherwise hold for another hour."""
    start = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=25)
    see(store, make_look(fetched_at=start), A)
    both = make_content(make_reading(), make_reading(station=BUSAN, temperature_c=9.0))
    see(store, make_look(fetched_at=start + dt.timedelta(minutes=10)), both)
    see(store, make_look(fetched_at=start + dt.timedelta(minutes=20)), B)
    if source == "view":
        shown = {row["station"]: row["state"] for row in rows(store, "SELECT * FROM latest")}
    else:
        with query.Database(store.path) as db:
            shown = {row.station: row.state for row in db.latest()}
            assert db.at("부산", dt.datetime.now(dt.UTC)).state == shown["부산"]
    assert shown == {"서울": "live", "부산": "down"}


def test_a_month_of_looks_with_new_dates_and_one_sidebar_is_one_frozen_spell(store):
    """The portal's own clock prints the page date; it goes on when the sidebar stops."""
    days = 30
    with store.transaction():
        portal = "INSERT INTO portals (name, url, interval_s) VALUES ('koya', 'x', 600)"
        store._conn.execute(portal)
        sidebar_id = store.sidebars.keep(A)
        for nth in range(days * 144):
            at = START + dt.timedelta(minutes=10 * nth)
            store._conn.execute(
                "INSERT INTO fetches (portal_id, fetched_at, outcome, milliseconds, sidebar_id, "
                "page_date) VALUES (1, ?, 'read', 1, ?, ?)",
                (epoch(at), sidebar_id, at.astimezone(KST).date().isoformat()),
            )
            spells.add(store._conn, Memory(store._conn), 1, epoch(at), epoch(at))
    minute = 10 * (days * 144 - 1)
    (now,) = latest(store, minute=minute)
    assert (now.state, now.seen_from, now.age_minutes) == ("frozen", START, minute)
    assert now.page_date == now.seen_until.date() == dt.date(2024, 5, 28)
    assert rows(store, "SELECT count(*) AS n FROM weather") == [{"n": 1}]


def test_a_changed_value_is_live_after_a_freeze(store):
    for minute in range(0, 200, 20):
        see(store, make_look(minute), A)
    see(store, make_look(200), B)
    assert states(store) == ["frozen", "live"]
    (now,) = latest(store, minute=205)
    assert (now.state, now.temperature_c) == ("live", 2.0)


def test_the_page_date_is_that_of_the_last_look(store):
    for minute, day in ((0, 28), (10, 29)):
        see(store, make_look(minute), A, page_date=dt.date(2024, 4, day))
    assert [row["page_date"] for row in rows(store, "SELECT * FROM weather")] == ["2024-04-29"]
    assert latest(store, minute=10)[0].page_date == dt.date(2024, 4, 29)


def test_each_portal_has_its_own_latest(store):
    see(store, make_look(0), A)
    see(store, make_look(0, portal="busan.com"), B)
    seen = {row.portal: row.temperature_c for row in latest(store, minute=0)}
    assert seen == {"koya": 1.0, "busan.com": 2.0}


def test_a_returning_sidebar_is_a_new_spell(store):
    for minute, content in ((0, A), (10, B), (20, A), (30, C)):
        see(store, make_look(minute), content)
    seen = rows(store, "SELECT seen_from, temperature_c FROM weather ORDER BY seen_from")
    assert [row["temperature_c"] for row in seen] == [1.0, 2.0, 1.0, 3.0]
