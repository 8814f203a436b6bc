"""``nalssi merge`` as a user runs it: beside a daemon, killed, run again, and refused."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from db import query
from db.write.store import Store
from scraper import lock
from tests.cli.test_cli import ROOT, nalssi, refused
from tests.support.histories import MINUTE, START, hour_of
from tests.support.keeping import keep_own

if TYPE_CHECKING:
    from pathlib import Path

LOOKS = 60
BETWEEN_LOOKS_S = 0.2
"""A pause of the daemon in which a waiting writer tries again: SQLite tries every 0.1 s."""
IN_SMALL_STEPS = (
    "from db.merge import other; other.LOOKS_AT_ONCE = 4\n"
    "import sys; from scraper.cli import main; main(sys.argv[1:])"
)


def collector(path: Path, first: int, *, host: str = "koya.example") -> Path:
    with Store.open(path) as store:
        store._conn.execute("PRAGMA synchronous = off")
        store.portal("koya", f"https://{host}/", 600)
        for nth in range(LOOKS):
            at = START + (20 * nth + first) * MINUTE
            keep_own(store, "koya", at, hour_of(at // 3600 % 100))
    return path


@pytest.fixture
def target(tmp_path) -> Path:
    return collector(tmp_path / "ours.db", 0)


@pytest.fixture
def source(tmp_path) -> Path:
    return collector(tmp_path / "theirs.db", 10)


def count(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        (looks,) = conn.execute("SELECT count(*) FROM fetches").fetchone()
        return int(looks)


def faults(path: Path) -> list[str]:
    with query.Database(path) as db:
        return db.faults()


def in_small_steps(target: Path, source: Path) -> subprocess.Popen[bytes]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("NALSSI_")}
    return subprocess.Popen(
        [sys.executable, "-c", IN_SMALL_STEPS, "merge", str(source), "--db", str(target)],
        cwd=target.parent,
        env={**env, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )


def test_merge_reports_the_new_rows(target, source):
    run = nalssi("merge", source, "--db", target)
    message = f"{source}: new: 0 portals, 60 looks, 0 captures, 0 boxes\n"
    assert (run.returncode, run.stdout, run.stderr) == (0, message, "")
    assert (count(target), faults(target)) == (2 * LOOKS, [])


def test_a_new_database_merges_several(tmp_path, target, source):
    run = nalssi("merge", target, source, "--json", "--db", tmp_path / "new.db")
    assert [(row["database"], row["portals"], row["looks"]) for row in json.loads(run.stdout)] == [
        (str(target), 1, 60),
        (str(source), 0, 60),
    ]


def test_merge_counts_one_portal_in_the_singular(tmp_path, source):
    run = nalssi("merge", source, "--db", tmp_path / "new.db", "--create")
    assert run.stdout.startswith(f"{source}: new: 1 portal, 60 looks, 0 captures, ")


def test_backfill_from_a_database_merges(target, source):
    run = nalssi("backfill", "--from-db", source, "--db", target)
    assert run.stdout == f"{source}: new: 0 portals, 60 looks, 0 captures, 0 boxes\n"


def test_a_killed_merge_is_completed_by_the_next_run(target, source):
    merging = in_small_steps(target, source)
    while count(target) == LOOKS:
        assert merging.poll() is None
    merging.send_signal(signal.SIGKILL)
    merging.wait()
    assert LOOKS < count(target) < 2 * LOOKS
    assert faults(target) == []
    assert nalssi("merge", source, "--db", target).returncode == 0
    assert (count(target), faults(target)) == (2 * LOOKS, [])


@pytest.mark.slow
def test_a_daemon_stores_looks_during_a_merge(target, source):
    last = START + 20 * LOOKS * MINUTE
    with lock.held(target), Store.open(target) as daemon:
        merging, stored = in_small_steps(target, source), 0
        while merging.poll() is None:
            stored += 1
            keep_own(daemon, "koya", last + 10 * stored * MINUTE, hour_of(stored % 100))
            time.sleep(BETWEEN_LOOKS_S)
    assert merging.returncode == 0
    assert (count(target), faults(target)) == (2 * LOOKS + stored, [])


def test_another_site_of_the_same_name_is_reported_and_skipped(tmp_path, target):
    other = collector(tmp_path / "other.db", 10, host="elsewhere.example")
    run = nalssi("merge", other, "--db", target)
    assert (run.returncode, count(target)) == (0, LOOKS)
    assert run.stderr == (
        f"nalssi: {other}: portal 'koya' is https://elsewhere.example/ there and "
        "https://koya.example/ here; its looks are not taken: give one of the two another name\n"
    )


def test_a_database_is_not_merged_with_itself(target):
    assert "expected another one than --db" in refused(2, "merge", target, "--db", target)


def test_an_unreadable_database_stops_the_merge_before_any_change(tmp_path, target, source):
    (tmp_path / "text.db").write_text("no database")
    refused(6, "merge", source, tmp_path / "text.db", "--db", target)
    refused(6, "merge", source, tmp_path / "missing.db", "--db", target)
    assert count(target) == LOOKS


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["page.html", "--from-db", "x.db"], id="both"),
        pytest.param([], id="neither"),
        pytest.param(["--from-db", "x.db", "--portal", "koya"], id="an option for archives"),
    ],
)
def test_backfill_from_a_database_refuses_files_and_archive_options(target, arguments):
    refused(2, "backfill", *arguments, "--db", target)
