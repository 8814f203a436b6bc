"""backup: a consistent copy beside writers, checked before it gets its name."""

from __future__ import annotations

import contextlib
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from db import backup, query
from db.errors import DatabaseError, OutputExists
from db.write.store import Store
from tests.cli.test_cli import NALSSI, ROOT, answered, nalssi, refused
from tests.db.test_prune import store_old_looks
from tests.support.faults import assert_sound, looks, rows, until
from tests.support.make import make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRITING = """
import datetime, pathlib, sys
from db.write.store import Store
from tests.support.make import make_content, make_look, make_reading, see
with Store.open(pathlib.Path(sys.argv[1]), journal=sys.argv[2]) as store:
    for nth in range(1_000_000):
        content = make_content(make_reading(temperature_c=nth % 400 / 10))
        see(store, make_look(portal="p1", fetched_at=datetime.datetime.now(datetime.UTC)), content)
"""
"""A process that stores looks without a pause."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "weather.db"
    with Store.open(path, journal="delete") as store:
        for minute in range(0, 200, 10):
            content = make_content(make_reading(temperature_c=float(minute // 40)))
            see(store, make_look(minute), content)
    return path


def test_a_backup_never_gets_the_name_of_a_journal(path, tmp_path):
    for end in ("-wal", "-journal"):
        error = refused(74, "backup", f"{path}{end}", "--db", path)
        assert "is a database, or belongs to one" in error
    assert [file.name for file in tmp_path.iterdir()] == ["weather.db"]


@contextlib.contextmanager
def written_to(path: Path, journal: str) -> Iterator[None]:
    """Have a real process write to the database as fast as it can."""
    with subprocess.Popen([sys.executable, "-c", WRITING, str(path), journal], cwd=ROOT) as process:
        try:
            until(lambda: looks(path)["p1"] > 5)
            yield
            assert process.poll() is None
        finally:
            process.kill()


def test_a_backup_is_the_same_database(path, tmp_path):
    result = answered("backup", tmp_path / "copy.db", "--db", path)
    assert result["bytes"] == (tmp_path / "copy.db").stat().st_size
    assert (result["verified"], result["rows"]["fetches"], result["rows"]["spells"]) == (
        True,
        20,
        5,
    )
    everything = "SELECT * FROM weather"
    assert rows(tmp_path / "copy.db", everything) == rows(path, everything)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "weather.db"]


def test_size_and_verification_are_printed(path, tmp_path):
    run = nalssi("backup", tmp_path / "copy.db", "--db", path)
    assert run.stdout.startswith(f"{tmp_path / 'copy.db'}: 0.2 MiB, ")
    assert "verified" in run.stdout


@pytest.mark.parametrize("journal", ["wal", "persist", "delete"])
def test_a_backup_beside_a_busy_writer_is_intact_and_a_single_file(tmp_path, journal):
    """A copy that restarts after each write would never end."""
    path, copy = tmp_path / "weather.db", tmp_path / "copy.db"
    store_old_looks(path, 50_000)
    with written_to(path, journal):
        result = answered("backup", copy, "--db", path)
    assert result["rows"]["fetches"] > 50_000
    assert not [*tmp_path.glob("*copy.db-*"), *tmp_path.glob(".copy.db*")]
    assert rows(copy, "PRAGMA journal_mode") == [("delete",)]
    assert_sound(copy)
    assert_sound(path)


def kill_backups(tmp_path: Path, times: int) -> None:
    """Kill backups at random moments, beside a process that writes."""
    path, copy = tmp_path / "weather.db", tmp_path / "copy.db"
    store_old_looks(path, 50_000)
    began = time.monotonic()
    answered("backup", tmp_path / "first.db", "--db", path)
    took_s, chance = time.monotonic() - began, random.Random(times)
    with written_to(path, "auto"):
        for _ in range(times):
            with subprocess.Popen(
                [*NALSSI, "backup", str(copy), "--db", str(path)],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
            ) as process:
                time.sleep(took_s * chance.uniform(0.1, 0.9))
                process.kill()
            if copy.exists():  # the kill came after its end
                assert_sound(copy)
                copy.unlink()
    assert_sound(path)
    assert nalssi("backup", copy, "--db", path).returncode == 0
    assert_sound(copy)
    assert not list(tmp_path.glob(".copy.db*"))


def test_a_killed_backup_leaves_the_database_intact_and_no_backup_file(tmp_path):
    kill_backups(tmp_path, 3)


@pytest.mark.slow
def test_twenty_killed_backups_leave_the_database_intact(tmp_path):
    kill_backups(tmp_path, 20)


# ---- refused


def test_an_existing_file_is_not_overwritten(path, tmp_path):
    (tmp_path / "copy.db").write_text("mine")
    assert "expected a new name" in refused(2, "backup", tmp_path / "copy.db", "--db", path)
    assert (tmp_path / "copy.db").read_text() == "mine"
    assert "expected a new name" in refused(2, "backup", path, "--db", path)


def test_a_missing_folder_is_reported(path, tmp_path):
    error = refused(74, "backup", tmp_path / "no" / "copy.db", "--db", path)
    assert "there is no such folder" in error


def test_a_full_disk_leaves_no_file_and_prints_one_line(path, tmp_path):
    run = subprocess.run(
        [*NALSSI, "backup", "copy.db", "--db", str(path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stdout) == (74, "")
    assert run.stderr == "nalssi: output 'copy.db': disk I/O error\n"
    assert [file.name for file in tmp_path.iterdir()] == ["weather.db"]


def test_the_first_complete_backup_wins(path, tmp_path):
    copy = tmp_path / "copy.db"
    made: list[backup.Backup] = []

    def another(_done: float) -> None:
        if not made:
            made.append(backup.make(path, copy))
            assert_sound(copy)

    with pytest.raises(OutputExists):
        backup.make(path, copy, progress=another)
    assert_sound(copy)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "weather.db"]


def test_a_copy_with_a_fault_gets_no_name(path, tmp_path):
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("DELETE FROM spells WHERE seen_from = (SELECT min(seen_from) FROM spells)")
        conn.commit()
    with pytest.raises(DatabaseError, match="1 spells missing"):
        backup.make(path, tmp_path / "copy.db")
    assert [file.name for file in tmp_path.iterdir()] == ["weather.db"]


@pytest.mark.parametrize("command", ["backup", "export"])
def test_a_database_of_a_newer_nalssi_is_reported(path, tmp_path, command):
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA user_version = 99")
    arguments: list[Any] = [tmp_path / "new"] if command == "backup" else ["-o", tmp_path / "new"]
    assert "newer nalssi" in refused(6, command, *arguments, "--db", path)
    assert [file.name for file in tmp_path.iterdir()] == ["weather.db"]


def test_a_restored_backup_is_a_working_database(path, tmp_path):
    nalssi("backup", tmp_path / "copy.db", "--db", path)
    path.unlink()
    shutil.move(tmp_path / "copy.db", path)
    with Store.open(path) as store:
        see(store, make_look(200), make_content())
    assert_sound(path)
    with query.Database(path) as db:
        assert len(db.looks()) == 21
