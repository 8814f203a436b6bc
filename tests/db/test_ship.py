"""ship keeps a copy in another database, after kills, changes of the past and damage there."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from db import ship
from db.errors import DatabaseError, MissingExtra
from db.export import codebook
from db.export.manifest import Renewed
from db.export.months import Monthly
from db.export.slices import Selection
from db.export.tables import BY_MONTH, TABLES
from db.moments import KST
from db.reading import Condition
from db.ship.targets import SCHEMA, Target, TargetError, hidden
from db.write import captures
from db.write.store import Store
from tests.cli.test_cli import ROOT, nalssi, refused
from tests.support import postgres
from tests.support.histories import hour_of
from tests.support.keeping import capture_of, keep_failure, keep_own
from tests.support.make import make_content, make_reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.export.blocks import Slice
    from db.export.tables import What

HOUR = 3600
START = int(dt.datetime(2024, 1, 30, 20, tzinfo=KST).timestamp())
DAYS = 64
"""A range until the beginning of April, which touches four months."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if postgres.BIN is None and os.environ.get("REQUIRE_PARTS") != "required":
        pytest.skip("no Postgres: apt-get install postgresql")
    with postgres.running() as uri:
        yield uri


@pytest.fixture(params=["postgres", "duckdb"])
def uri(request, tmp_path) -> Iterator[str]:
    """An empty target of each kind."""
    if request.param == "duckdb":
        yield f"duckdb:{tmp_path / 'target.duckdb'}"
        return
    server = request.getfixturevalue("server")
    target = Target(server)
    with target.transaction():
        target.run(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    target.close()
    yield server


@pytest.fixture
def path(history, tmp_path) -> Path:
    """A copy of the history, for a test to change."""
    path: Path = tmp_path / "weather.db"
    shutil.copy(history, path)
    return path


@pytest.fixture(scope="module")
def history(tmp_path_factory) -> Path:
    """Two portals, a look every four hours, one of them a failure each day."""
    path: Path = tmp_path_factory.mktemp("ship") / "weather.db"
    with Store.open(path) as store:
        store._conn.execute("PRAGMA synchronous = off")
        for portal in ("a", "b"):
            store.portal(portal, f"https://{portal}.example/", 7200)
        for nth in range(DAYS * 6):
            at = START + nth * 4 * HOUR
            keep_own(store, "a", at, hour_of(nth % 200)[:8])
            if nth % 6 == 0:
                keep_failure(store, "b", at)
            else:
                keep_own(store, "b", at + 600, hour_of(nth % 200)[:7])
    return path


def tables(uri: str) -> dict[str, Counter[tuple[Any, ...]]]:
    """All rows of the target, in any order, without the digests in the manifest."""
    target = Target(uri)
    try:
        with target.transaction():
            return {
                name: Counter(target.ask(f"SELECT * FROM {SCHEMA}.{name}"))
                for name in (*BY_MONTH, *ship.WHOLE, "shipped_rows", *ship.VIEWS)
                if name not in {"gaps", "portals"}
            }
    finally:
        target.close()


def shipped(path: Path, uri: str) -> Renewed:
    with Monthly(path) as source:
        return ship.ship(source, uri)


def fresh_load(path: Path, folder: Path) -> dict[str, Counter[tuple[Any, ...]]]:
    """The tables after a load into an empty database."""
    empty = f"duckdb:{folder / f'fresh-{time.monotonic_ns()}.duckdb'}"
    shipped(path, empty)
    return tables(empty)


def run(path: Path, uri: str, statement: str) -> None:
    target = Target(uri)
    with target.transaction():
        target.run(statement)
    target.close()


def test_the_refusal_of_a_transaction_ahead_is_not_lost_by_an_error_of_the_next(uri):
    target = Target(uri)
    with target.transaction(ahead=True):
        target.run("INSERT INTO missing VALUES (1)")
    with pytest.raises(TargetError, match="missing") as caught, target.transaction():
        raise ValueError
    target.close()
    assert caught.value.exit_code == 74


def test_a_target_has_the_rows_of_every_table(path, uri):
    done = shipped(path, uri)
    assert done.months == done.all_months == 4
    found = tables(uri)
    with Monthly(path) as source:
        for what in ("weather", "looks", "stations", "flags"):
            rows = sum(len(part.rows) for part in source.slices(what, Selection()))
            assert found[what].total() == rows
        full_hours = source.whole_hours(Selection())
        hours = [row for part in source.slices("hours", full_hours) for row in part.rows]
    celsius = list(TABLES["hours"]).index("temperature_c")
    assert Counter(row[celsius + 1] for row in found["hours"].elements()) == Counter(
        row[celsius] for row in hours
    )
    assert {row[0] for row in found["hours"]} == {"2024-01", "2024-02", "2024-03", "2024-04"}


def test_unchanged_months_are_not_replaced(path, uri):
    shipped(path, uri)
    before = tables(uri)
    assert shipped(path, uri) == Renewed(months=0, all_months=4, rows=0)
    assert tables(uri) == before


def test_a_page_found_in_an_archive_replaces_its_month(path, uri, tmp_path):
    shipped(path, uri)
    at = START + 40 * 24 * HOUR + 1800
    with Store.open(path) as store:
        captures.keep(store, [capture_of("b", at, hour_of(250)[:8])])
    assert 1 <= shipped(path, uri).months <= 2
    assert tables(uri) == fresh_load(path, tmp_path)


def test_rows_deleted_in_the_target_are_restored(path, uri, tmp_path):
    shipped(path, uri)
    run(path, uri, f"DELETE FROM {SCHEMA}.hours WHERE month = '2024-02' AND kma_id = 108")
    assert shipped(path, uri).months == 1
    assert tables(uri) == fresh_load(path, tmp_path)


def test_a_removed_month_is_removed_from_the_target(path, uri, tmp_path):
    shipped(path, uri)
    run_ = nalssi("drop-looks", "--since", "2024-04-01", "--write", "--db", path)
    assert run_.returncode == 0, run_.stderr
    shipped(path, uri)
    assert tables(uri) == fresh_load(path, tmp_path)
    assert {row[0] for row in tables(uri)["weather"]} == {"2024-01", "2024-02", "2024-03"}


def test_a_new_city_replaces_no_month_before_its_first(path, uri, tmp_path):
    shipped(path, uri)
    with Store.open(path) as store:
        keep_own(store, "a", START + DAYS * 24 * HOUR, hour_of(50)[:9])
    assert shipped(path, uri).months == 1
    assert tables(uri) == fresh_load(path, tmp_path)
    new, month = hour_of(50)[8][0], 0
    assert {row[month] for row in tables(uri)["hours"] if new in row} == {"2024-04"}


def test_a_city_found_in_an_archive_replaces_the_months_after_it(path, uri, tmp_path):
    """From its last value on, its hours say that the portal no longer lists it."""
    shipped(path, uri)
    with Store.open(path) as store:
        at = START + 10 * 24 * HOUR + 1800
        captures.keep(store, [capture_of("b", at, hour_of(250)[:12])])
    assert shipped(path, uri).months == 3
    assert tables(uri) == fresh_load(path, tmp_path)
    new, month = hour_of(50)[11][0], 0
    listed = {row[month] for row in tables(uri)["hours"] if new in row}
    assert listed == {"2024-02", "2024-03", "2024-04"}


def test_another_meaning_of_a_word_replaces_the_months_that_print_it(path, uri, tmp_path):
    with Store.open(path) as store:
        at = START + 40 * 24 * HOUR + 1800
        foggy = make_content(make_reading(condition=Condition(label="안개")))
        capture = replace(capture_of("b", at, hour_of(250)), digest=foggy.digest, content=foggy)
        captures.keep(store, [capture])
    shipped(path, uri)
    with Store.open(path) as store:
        store._conn.execute("UPDATE conditions SET condition = 'fog' WHERE label = '안개'")
        store._conn.commit()
    assert shipped(path, uri).months == 1
    assert tables(uri) == fresh_load(path, tmp_path)


SLOWLY = (
    "import sys, time; from db.ship import _Shipping as s; replace = s._replace\n"
    "def slowly(*a):\n    rows = replace(*a); print('within', flush=True); time.sleep(0.5)\n"
    "    return rows\n"
    "s._replace = slowly\nfrom scraper.cli import main; main(sys.argv[1:])"
)


def test_a_killed_transfer_is_completed_by_the_next_run(path, uri, tmp_path):
    """A kill in the transaction of the second month leaves the first month complete."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("NALSSI_")}
    command = [sys.executable, "-c", SLOWLY, "ship", uri, "--db", str(path)]
    shipping = subprocess.Popen(
        command, cwd=tmp_path, env={**env, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    )
    assert shipping.stdout is not None
    for _ in range(2):
        assert shipping.stdout.readline() == b"within\n"
    shipping.send_signal(signal.SIGKILL)
    shipping.communicate()
    until = time.monotonic() + 30
    while len(months := {row[0] for row in tables(uri)["weather"]}) == 0:
        assert time.monotonic() < until
    assert months == {"2024-01"}
    assert shipped(path, uri).months == 3
    assert tables(uri) == fresh_load(path, tmp_path)


def test_a_source_failure_is_not_reported_as_one_of_the_target(path, uri, monkeypatch, tmp_path):
    """The source is read while the target loads; ADBC alone would report its own error."""

    def damaged(*_: object) -> Iterator[Slice]:
        yield from month(source, "weather", "2024-02")
        raise DatabaseError(path, "malformed")

    shipped(path, uri)
    run(path, uri, f"DELETE FROM {SCHEMA}.weather WHERE month = '2024-02'")
    month = Monthly.month
    with Monthly(path) as source, monkeypatch.context() as patched:
        patched.setattr(source, "month", damaged)
        with pytest.raises(DatabaseError, match="malformed"):
            ship.ship(source, uri)
    assert {row[0] for row in tables(uri)["looks"]} >= {"2024-02"}
    shipped(path, uri)
    assert tables(uri) == fresh_load(path, tmp_path)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ZeroDivisionError])
def test_an_end_while_two_tables_are_on_their_way_changes_no_month(
    path, uri, monkeypatch, tmp_path, failure
):
    def ends(source: Monthly, what: What, name: str) -> Iterator[Slice]:
        yield from month(source, what, name)
        if what == "hours":
            raise failure

    shipped(path, uri)
    run(path, uri, f"DELETE FROM {SCHEMA}.weather WHERE month = '2024-02'")
    before, month = tables(uri), Monthly.month
    with Monthly(path) as source, monkeypatch.context() as patched:
        patched.setattr(Monthly, "month", ends)
        with pytest.raises(failure):
            ship.ship(source, uri)
    assert tables(uri) == before
    shipped(path, uri)
    assert tables(uri) == fresh_load(path, tmp_path)


def test_a_table_that_refuses_its_rows_is_reported_and_no_month_changes(path, server, tmp_path):
    """The error comes while the rows of the next table are made."""
    shipped(path, server)
    run(path, server, f"DELETE FROM {SCHEMA}.looks WHERE month = '2024-02'")
    cold = f"ALTER TABLE {SCHEMA}.weather ADD CONSTRAINT cold CHECK (temperature_c < -90) NOT VALID"
    run(path, server, cold)
    before = tables(server)
    with pytest.raises(TargetError, match='violates check constraint "cold"'):
        shipped(path, server)
    assert tables(server) == before
    run(path, server, f"ALTER TABLE {SCHEMA}.weather DROP CONSTRAINT cold")
    shipped(path, server)
    assert tables(server) == fresh_load(path, tmp_path)


def test_the_months_before_a_damaged_one_are_kept(path, uri, monkeypatch, tmp_path):
    """Their commit may not have ended when the damage is found."""

    def damaged(source: Monthly, what: What, name: str) -> Iterator[Slice]:
        if name == "2024-03":
            raise DatabaseError(path, "malformed")
        return month(source, what, name)

    month = Monthly.month
    with Monthly(path) as source, monkeypatch.context() as patched:
        patched.setattr(Monthly, "month", damaged)
        with pytest.raises(DatabaseError, match="malformed"):
            ship.ship(source, uri)
    assert {row[0] for row in tables(uri)["looks"]} == {"2024-01", "2024-02"}
    assert shipped(path, uri).months == 2
    assert tables(uri) == fresh_load(path, tmp_path)


@pytest.mark.parametrize("table", ["weather", "shipped_rows"])
def test_no_month_is_shipped_after_one_that_the_target_refuses(path, server, tmp_path, table):
    """The error comes while the rows of the next month are made."""
    shipped(path, server)
    run(path, server, f"DELETE FROM {SCHEMA}.looks WHERE month > '2024-01'")
    march = f"ALTER TABLE {SCHEMA}.{table} ADD CONSTRAINT no CHECK (month <> '2024-03') NOT VALID"
    run(path, server, march)
    with pytest.raises(TargetError, match='violates check constraint "no"'):
        shipped(path, server)
    assert {row[0] for row in tables(server)["looks"]} == {"2024-01", "2024-02"}
    run(path, server, f"ALTER TABLE {SCHEMA}.{table} DROP CONSTRAINT no")
    assert shipped(path, server).months == 2
    assert tables(server) == fresh_load(path, tmp_path)


def test_ctrl_c_does_not_wait_for_a_lock_while_rows_are_made(path, server, tmp_path):
    shipped(path, server)
    run(path, server, f"DELETE FROM {SCHEMA}.looks WHERE month = '2024-03'")
    before, locking = tables(server), Target(server)
    with locking.transaction():
        locking.run(f"LOCK TABLE {SCHEMA}.weather IN SHARE MODE")
        assert locking.ask("SELECT 1")
        interrupt = threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT))
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        interrupt.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                shipped(path, server)
        finally:
            signal.signal(signal.SIGINT, handler)
    locking.close()
    assert tables(server) == before
    shipped(path, server)
    assert tables(server) == fresh_load(path, tmp_path)


def test_ctrl_c_ends_a_statement_that_waits(server):
    target = Target(server)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupt = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    try:
        with pytest.raises(KeyboardInterrupt), target.transaction():
            target.run("SELECT pg_sleep(600)")
    finally:
        signal.signal(signal.SIGINT, before)
    with target.transaction():
        assert target.ask("SELECT 1") == [(1,)]
    target.close()


def test_every_table_and_column_of_the_target_is_explained(path, server):
    shipped(path, server)
    target = Target(server)
    sql = (
        "SELECT c.relname, a.attname, col_description(c.oid, a.attnum) FROM pg_class AS c "
        "JOIN pg_attribute AS a ON a.attrelid = c.oid "
        f"WHERE c.relnamespace = '{SCHEMA}'::regnamespace AND a.attnum > 0"
    )
    with target.transaction():
        comments = {(table, column): text for table, column, text in target.ask(sql)}
        (about,) = target.ask(f"SELECT obj_description('{SCHEMA}.latest'::regclass)")
    target.close()
    for what in (*BY_MONTH, *ship.WHOLE):
        for column in TABLES[what]:
            assert comments[what, column] == codebook.meaning(what, column).en
    assert about == (ship.VIEWS["latest"][0],)


@pytest.mark.parametrize(
    ("uri", "code", "message"),
    [
        pytest.param("mysql://h/d", 2, "expected postgresql://HOST/NAME", id="another kind"),
        pytest.param("duckdb:", 2, "a file such as duckdb:weather.duckdb", id="no name"),
        pytest.param("duckdb::memory:", 2, "a file such as", id="memory, which is lost"),
        pytest.param("duckdb:a\nb", 2, "a file such as", id="a name of two lines"),
        pytest.param("duckdb:s3://bucket/x", 74, "No such file", id="no file of this machine"),
        pytest.param(
            "postgresql://u:secret@127.0.0.1:1/d",
            74,
            "'postgresql://u:***@127.0.0.1:1/d'",
            id="away",
        ),
    ],
)
def test_an_invalid_target_is_reported_in_one_line(path, uri, code, message):
    line = refused(code, "ship", uri, "--db", path)
    assert message in line
    assert "secret" not in line


def test_a_history_is_not_shipped_into_a_file_of_sqlite(path):
    before = path.read_bytes()
    assert "a database of SQLite" in refused(74, "ship", f"duckdb:{path}", "--db", path)
    assert path.read_bytes() == before


def test_a_password_is_never_shown():
    assert hidden("postgresql://u:p%40ss@h/d?sslmode=require") == (
        "postgresql://u:***@h/d?sslmode=require"
    )
    assert hidden("postgresql:///d?host=/tmp&password=secret") == (
        "postgresql:///d?host=/tmp&password=***"
    )


def test_without_adbc_the_extra_is_named(monkeypatch, path):
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(MissingExtra, match=r"pip install (?:-e )?\'.*\[ship\]\'"):
        shipped(path, "duckdb:x")
