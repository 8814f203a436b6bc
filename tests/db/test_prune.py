"""prune: the looks that it drops and those that it keeps; every answer stays the same."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import sqlite3
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import query
from db.moments import epoch, now
from db.write import captures, prune
from db.write.captures import Capture
from db.write.store import Store
from tests.cli.test_cli import NALSSI, ROOT, answered, nalssi, refused
from tests.support.faults import Child, FaultPortal, assert_sound, looks, rows, until, write_config
from tests.support.make import (
    INTERVAL_S,
    START,
    URL,
    make_content,
    make_look,
    make_page,
    make_reading,
    see,
)

PORTALS = ("koya", "busan")
CONTENTS = tuple(make_content(make_reading(temperature_c=float(n))) for n in range(3))
LATER = START + dt.timedelta(days=400)


def pruned(path: Path, before: dt.datetime) -> int:
    """Prune, check that the planned looks were dropped, and give their number."""
    planned = prune.plan(path, before)
    dropped = prune.carry_out(path, planned)
    assert dropped == sum(planned.drop.values())
    return dropped


def answers(path: Path) -> dict[str, Any]:
    """The answers that pruning must not change."""
    with query.Database(path) as db:
        return {
            "spells": rows(path, "SELECT * FROM spells ORDER BY portal_id, seen_from"),
            "weather": rows(path, "SELECT * FROM weather ORDER BY portal, seen_from, station"),
            "gaps": db.gaps(now=LATER),
            "gaps of late": db.gaps(now=LATER, since=START + dt.timedelta(minutes=200)),
            "latest": db.latest(now=LATER),
            "memory": [db.memory(name) for name in PORTALS],
            "first": [
                (portal.first_look, portal.last_look, portal.last_success)
                for portal in db.portals()
            ],
        }


# ---- any looks

KINDS = [
    *("seen", "seen", "seen", "cached", "dated", "not_modified"),
    *("failed", "refused", "unreadable", "silence"),
]
RUNS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(CONTENTS), st.integers(1, 6)),
    min_size=2,
    max_size=8,
)
"""The kind of look, its content, and for how many intervals of ten minutes it repeats."""

ARCHIVED = st.tuples(st.sampled_from(PORTALS), st.integers(0, 20), st.sampled_from(CONTENTS))


def keep(store: Store, portal: str, minute: float, kind: str, content: Any) -> None:
    look = make_look(minute, portal=portal)
    match kind:
        case "failed":
            store.keep_failure(look, "fetch_failed", "timed out")
        case "refused":
            store.keep_failure(look, "refused_by_robots", "robots.txt")
        case "unreadable":
            store.keep_no_sidebar(store.keep_page(look, make_page(portal=portal)), "no box")
        case "not_modified":
            store.keep_not_modified(look)
        case "seen":
            see(store, look, content, page_date=look.fetched_at.date())
        case "cached":  # a cached copy from before all looks
            see(store, replace(look, age_s=1500 + 60 * round(minute)), content)
        case "dated":
            see(store, look, content, page_date=look.fetched_at.date() - dt.timedelta(days=1))


@pytest.mark.slow
@settings(max_examples=60)
@given(
    runs=st.tuples(RUNS, RUNS),
    archived=st.lists(ARCHIVED, max_size=6),
    cuts=st.lists(st.integers(0, 480), min_size=1, max_size=2),
    clock=st.booleans(),
)
def test_pruning_changes_no_answer(runs, archived, cuts, clock):
    """The same holds after a rebuild and after a second pruning."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weather.db"
        with Store.open(path) as store:
            store._conn.execute("PRAGMA synchronous = off")
            for portal, acts in zip(PORTALS, runs, strict=True):
                store.portal(portal, URL, INTERVAL_S)
                tens = [(kind, content) for kind, content, times in acts for _ in range(times)]
                for nth, (kind, content) in enumerate(tens):
                    keep(store, portal, 10 * nth, kind, content)
            captures.keep(store, [archive(*arguments) for arguments in archived])
            if clock:
                store.keep_event(START + dt.timedelta(minutes=100), "clock", "set back by 5 s")
            before = answers(path)
            for cut in (*cuts, 480):
                pruned(path, START + dt.timedelta(minutes=cut))
                assert answers(path) == before
            store.rebuild()
        assert answers(path) == before
        assert_sound(path)
        assert pruned(path, START + dt.timedelta(minutes=480)) == 0


def archive(portal: str, tens: int, content: Any) -> Capture:
    """A capture in the second of a look, or between looks."""
    at = START + dt.timedelta(minutes=10 * tens)
    return Capture(
        portal=portal,
        captured_at=at,
        precision="second",
        digest=content.digest,
        content=content,
        page_date=None,
    )


# ---- dropped and kept looks


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weather.db"


@pytest.fixture
def year(path: Path) -> Path:
    """
    A database whose looks are all old enough to prune.

    Two hours with one content each, an hour of failures, and a page that could not be read.
    """
    with Store.open(path) as store:
        for minute in range(0, 120, 10):
            see(store, make_look(minute), CONTENTS[minute // 60])
        for minute in range(120, 180, 10):
            store.keep_failure(make_look(minute), "fetch_failed", "timed out")
        store.keep_no_sidebar(store.keep_page(make_look(180), make_page()), "no box")
        for minute in range(190, 310, 10):
            see(store, make_look(minute), CONTENTS[2])
    return path


def minutes(path: Path) -> list[int]:
    """The minutes of the remaining looks, from the first on."""
    return [
        (at - epoch(START)) // 60
        for (at,) in rows(path, "SELECT fetched_at FROM fetches ORDER BY fetched_at")
    ]


def test_looks_at_the_ends_of_a_spell_and_unread_pages_are_kept(year):
    pruned(year, LATER)
    assert minutes(year) == [0, 50, 60, 110, 180, 190, 300]


def test_younger_looks_are_kept(year):
    pruned(year, START + dt.timedelta(minutes=85))
    assert minutes(year) == [0, 50, 60, *range(80, 310, 10)]


def test_a_gap_keeps_its_cause_after_its_looks_are_pruned(year):
    pruned(year, LATER)
    with query.Database(year) as db:
        gap, _until_now = db.gaps(now=LATER)
    assert (gap.failures, gap.cause) == (7, "portal failing")
    assert gap.reason == "no_sidebar: no box"
    assert rows(year, "SELECT count(*) FROM past_gaps") == [(1,)]


FROZEN_THEN_OTHER = [(minute, CONTENTS[minute >= 300]) for minute in range(0, 400, 10)]


def states_over_time(path: Path) -> list[Any]:
    """The values and states over time, without their evidence."""
    return list(rows(path, "SELECT seen_from, temperature_c, state FROM weather ORDER BY 1"))


@pytest.mark.parametrize(
    ("minute", "content", "stored"),
    [
        pytest.param(150, 2, 0, id="other than the looks around it"),
        pytest.param(155, 2, 0, id="between two looks"),
        pytest.param(150, 0, 1, id="as the looks around it"),
        pytest.param(295, 2, 1, id="between two spells"),
        pytest.param(-60, 2, 1, id="before the first look"),
        pytest.param(500, 2, 1, id="after the last look"),
    ],
)
def test_a_later_capture_cannot_contradict_pruned_looks(path, minute, content, stored):
    """A pruned stretch stays one spell: it still shows that the values were frozen throughout."""
    with Store.open(path) as store:
        for at, shown in FROZEN_THEN_OTHER:
            see(store, make_look(at), shown)
        pruned(path, START + dt.timedelta(minutes=400))
        before = states_over_time(path)
        capture = replace(
            archive("koya", 0, CONTENTS[content]), captured_at=START + dt.timedelta(minutes=minute)
        )
        result = captures.keep(store, [capture])
        captures.settle(store)
        assert (result.looks, result.refused) == (stored, 1 - stored)
        assert (states_over_time(path) == before) is (not stored or content == 0)
        assert len(rows(path, "SELECT * FROM sidebars")) == 2 + (stored and content == 2)
        store.rebuild()
    assert_sound(path)


def test_a_capture_fills_a_gap_among_pruned_looks(path):
    with Store.open(path) as store:
        for at, shown in FROZEN_THEN_OTHER:
            if not 100 < at < 250:
                see(store, make_look(at), shown)
        pruned(path, START + dt.timedelta(minutes=400))
        capture = replace(
            archive("koya", 0, CONTENTS[2]), captured_at=START + dt.timedelta(minutes=180)
        )
        assert captures.keep(store, [capture]).looks == 1


def test_a_page_read_late_gives_the_same_spells_after_pruning(path):
    """Its spell begins after the look just before it, which pruning must keep."""
    with Store.open(path) as store:
        for at, shown in FROZEN_THEN_OTHER:
            if at == 150:
                unread = store.keep_page(make_look(at), make_page())
                store.keep_no_sidebar(unread, "no box")
            else:
                see(store, make_look(at), shown)
    pruned_copy = path.with_name("other.db")
    shutil.copy(path, pruned_copy)
    pruned(pruned_copy, START + dt.timedelta(minutes=400))
    assert {140, 150, 160} < set(minutes(pruned_copy))
    assert rows(pruned_copy, "SELECT * FROM pages") == rows(path, "SELECT * FROM pages") != []
    for database in (path, pruned_copy):
        with contextlib.closing(sqlite3.connect(database)) as conn, conn:
            conn.execute(
                "UPDATE fetches SET sidebar_id = 2, outcome = 'read' "
                "WHERE id IN (SELECT look_id FROM pages)"
            )
            conn.execute("DELETE FROM pages")
        with Store.open(database) as store:
            store.rebuild()
    assert rows(path, "SELECT * FROM spells") == rows(pruned_copy, "SELECT * FROM spells")


def test_a_portal_that_never_succeeded_keeps_its_failures(path):
    with Store.open(path) as store:
        store.portal("koya", URL, INTERVAL_S)
        for minute in range(0, 100, 10):
            store.keep_failure(make_look(minute), "fetch_failed", "timed out")
    assert pruned(path, LATER) == 0


def test_the_newest_id_is_never_given_to_another_look(year):
    with Store.open(year) as store:
        see(store, make_look(25), CONTENTS[0])  # late, and without a new value
        (newest,) = rows(year, "SELECT max(id) FROM fetches")[0]
        pruned(year, LATER)
        see(store, make_look(320), CONTENTS[2])
    assert rows(year, "SELECT max(id) FROM fetches") == [(newest + 1,)]


def test_pruned_looks_stay_counted(year):
    """Prometheus would take a lower counter for a restart."""
    with query.Database(year) as db:
        before = db.counts()
    assert pruned(year, LATER)
    with query.Database(year) as db:
        assert db.counts() == before
        assert db.faults() == []
    with Store.open(year) as store:
        store.rebuild()
    with query.Database(year) as db:
        assert db.counts() == before


# ---- the command


def test_a_dry_run_reports_the_looks_to_drop_and_changes_no_byte(year):
    before = year.read_bytes()
    result = answered("prune", "--dry-run", "--db", year)
    assert (result["looks"], result["dropped"]) == (31, 0)
    assert result["drop"] == {"unchanged": 18, "fetch_failed": 6}
    assert year.read_bytes() == before


def test_prune_prints_its_plan_and_its_result(year):
    intention, deed = nalssi("prune", "--db", year).stdout.splitlines()
    assert intention.startswith("24 of 31 looks are older than ")
    assert intention.endswith(" and show no change: 6 fetch_failed, 18 unchanged")
    assert deed.startswith("24 dropped; ")


def test_vacuum_frees_the_disk_space(path):
    with Store.open(path) as store:
        store.portal("koya", URL, INTERVAL_S)
        for minute in range(400):
            store.keep_failure(make_look(minute), "fetch_failed", "x" * 2000)
        see(store, make_look(400), CONTENTS[0])
    result = answered("prune", "--vacuum", "--db", path)
    assert result["bytes"] < result["bytes_before"] / 4
    assert result["unused_bytes"] == 0


def test_the_file_keeps_its_size_without_vacuum(year):
    result = answered("prune", "--db", year)
    assert result["bytes"] == result["bytes_before"]


@pytest.mark.parametrize("age", ["1h", "2999-01-01"])
def test_the_looks_of_the_last_day_cannot_be_pruned(year, age):
    run = nalssi("prune", "--looks-older-than", age, "--db", year)
    assert (run.returncode, run.stdout) == (2, "")
    assert "expected a day at least" in run.stderr


def test_a_database_of_a_newer_nalssi_is_refused_and_unchanged(year):
    with contextlib.closing(sqlite3.connect(year)) as conn:
        conn.execute("PRAGMA user_version = 99")
    before = year.read_bytes()
    assert "newer nalssi" in refused(6, "prune", "--db", year)
    assert year.read_bytes() == before


# ---- beside a daemon, and killed


def store_old_looks(path: Path, count: int) -> None:
    """Store old unchanged looks, as many as several transactions drop."""
    at = epoch(now() - dt.timedelta(days=400))
    with Store.open(path) as store:
        store.portal("p0", URL, INTERVAL_S)
        see(store, make_look(portal="p0", fetched_at=now() - dt.timedelta(days=401)), CONTENTS[0])
        with store.transaction() as conn:
            conn.executemany(
                "INSERT INTO fetches (portal_id, fetched_at, outcome, milliseconds, sidebar_id) "
                "VALUES (1, ?, 'read', 1, 1)",
                [(at + 60 * nth,) for nth in range(count)],
            )
        store.rebuild()


@pytest.mark.slow
def test_a_daemon_keeps_polling_while_its_database_is_pruned(tmp_path):
    store_old_looks(tmp_path / "weather.db", 20_000)
    with FaultPortal() as portal:
        config = write_config(
            tmp_path, portal.server.url("/", host="127.0.0.1"), database="weather.db"
        )
        with Child(config, interval_s=0.2) as child:
            child.until("look", 2)
            run = nalssi("prune", cwd=tmp_path)
            assert (run.returncode, run.stderr) == (0, "")
            child.until("look", len(child.log("look")) + 2)
            assert child.stop() == 0
    assert looks(tmp_path / "weather.db")["p0"] < 1000
    assert_sound(tmp_path / "weather.db")


def test_a_killed_prune_leaves_an_intact_database_and_the_next_one_completes_it(tmp_path):
    path = tmp_path / "weather.db"
    store_old_looks(path, 20_000)
    with query.Database(path) as db:
        before = db.gaps(now=LATER)
    command = [*NALSSI, "prune", "--db", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        until(lambda: looks(path)["p0"] < 20_000)
        process.kill()
    left = looks(path)["p0"]
    assert_sound(path)
    assert 10 < left < 20_000
    assert nalssi("prune", "--db", path).returncode == 0
    assert looks(path)["p0"] < 10
    with query.Database(path) as db:
        assert db.gaps(now=LATER) == before
