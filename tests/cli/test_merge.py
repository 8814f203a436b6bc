"""``nalssi merge`` as a user meets it: beside a daemon, killed, run again, and refused."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
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
def ours(tmp_path) -> Path:
    return collector(tmp_path / "ours.db", 0)


@pytest.fixture
def theirs(tmp_path) -> Path:
    return collector(tmp_path / "theirs.db", 10)


def count(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        (looks,) = conn.execute("SELECT count(*) FROM fetches").fetchone()
        return int(looks)


def faults(path: Path) -> list[str]:
    with query.Database(path) as db:
        return db.faults()


def in_small_steps(ours: Path, theirs: Path) -> subprocess.Popen[bytes]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("NALSSI_")}
    return subprocess.Popen(
        [sys.executable, "-c", IN_SMALL_STEPS, "merge", str(theirs), "--db", str(ours)],
        cwd=ours.parent,
        env={**env, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )


def test_merge_reports_the_new_rows(ours, theirs):
    run = nalssi("merge", theirs, "--db", ours)
    told = f"{theirs}: new: 0 portals, 60 looks, 0 captures, 0 boxes\n"
    assert (run.returncode, run.stdout, run.stderr) == (0, told, "")
    assert (count(ours), faults(ours)) == (2 * LOOKS, [])


def test_a_new_database_takes_all_of_several(tmp_path, ours, theirs):
    run = nalssi("merge", ours, theirs, "--json", "--db", tmp_path / "new.db")
    assert [(one["database"], one["portals"], one["looks"]) for one in json.loads(run.stdout)] == [
        (str(ours), 1, 60),
        (str(theirs), 0, 60),
    ]


def test_backfill_from_a_database_merges(ours, theirs):
    run = nalssi("backfill", "--from-db", theirs, "--db", ours)
    assert run.stdout == f"{theirs}: new: 0 portals, 60 looks, 0 captures, 0 boxes\n"


def test_killed_in_the_middle_it_goes_on_when_run_again(ours, theirs):
    merging = in_small_steps(ours, theirs)
    while count(ours) == LOOKS:
        assert merging.poll() is None
    merging.send_signal(signal.SIGKILL)
    merging.wait()
    assert LOOKS < count(ours) < 2 * LOOKS
    assert faults(ours) == []
    assert nalssi("merge", theirs, "--db", ours).returncode == 0
    assert (count(ours), faults(ours)) == (2 * LOOKS, [])


@pytest.mark.slow
def test_a_daemon_goes_on_meanwhile(ours, theirs):
    last = START + 20 * LOOKS * MINUTE
    with lock.held(ours), Store.open(ours) as daemon:
        merging, kept = in_small_steps(ours, theirs), 0
        while merging.poll() is None:
            kept += 1
            keep_own(daemon, "koya", last + 10 * kept * MINUTE, hour_of(kept % 100))
    assert merging.returncode == 0
    assert (count(ours), faults(ours)) == (2 * LOOKS + kept, [])


def test_another_site_of_the_same_name_is_reported_and_skipped(tmp_path, ours):
    other = collector(tmp_path / "other.db", 10, host="elsewhere.example")
    run = nalssi("merge", other, "--db", ours)
    assert (run.returncode, count(ours)) == (0, LOOKS)
    assert run.stderr == (
        f"nalssi: {other}: portal 'koya' is https://elsewhere.example/ there and "
        "https://koya.example/ here; its looks are not taken: give one of the two another name\n"
    )


def test_a_database_is_not_merged_with_itself(ours):
    assert "expected another one than --db" in refused(2, "merge", ours, "--db", ours)


def test_an_unreadable_database_stops_the_merge_before_any_change(tmp_path, ours, theirs):
    (tmp_path / "text.db").write_text("no database")
    refused(6, "merge", theirs, tmp_path / "text.db", "--db", ours)
    refused(6, "merge", theirs, tmp_path / "missing.db", "--db", ours)
    assert count(ours) == LOOKS


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["page.html", "--from-db", "x.db"], id="both"),
        pytest.param([], id="neither"),
        pytest.param(["--from-db", "x.db", "--portal", "koya"], id="an option for archives"),
    ],
)
def test_backfill_refuses_what_does_not_go_with_a_database(ours, arguments):
    refused(2, "backfill", *arguments, "--db", ours)
