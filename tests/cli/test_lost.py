"""A missing database, and the lock, which remembers the database and belongs to the file."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from db.errors import DatabaseError
from db.file import connection
from db.write.store import Store
from scraper import lock
from scraper.errors import AnotherPass
from tests.cli.test_cli import BOX, NALSSI, ROOT, nalssi, portal, refused
from tests.scraper.test_daemon import running
from tests.support.make import make_content, make_look, see
from tests.support.servers import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def scraped(folder: Path, database: str = "weather.db") -> Iterator[Path]:
    """A portal, a config and a database with one look; gives the path of the database."""
    with portal(folder, koya=answer(BOX)):
        config = folder / "config.toml"
        config.write_text(f'database = "{database}"\n{config.read_text()}')
        assert nalssi("scrape", cwd=folder).returncode == 0
        yield folder / database


@pytest.mark.parametrize("command", ["scrape", "run"])
def test_a_moved_database_is_not_created_again(tmp_path, command):
    with scraped(tmp_path) as database:
        database.rename(tmp_path / "moved.db")
        error = refused(6, command, cwd=tmp_path)
        assert not database.exists()
        for cure in ("put it back", "--create"):
            assert cure in error
        (tmp_path / "moved.db").rename(database)
        assert nalssi("scrape", cwd=tmp_path).returncode == 0
        assert len(nalssi("looks", cwd=tmp_path).stdout.splitlines()) == 3


@pytest.mark.parametrize("command", [["merge"], ["backfill", "--from-db"]])
def test_another_file_does_not_replace_a_moved_database(tmp_path, command):
    with scraped(tmp_path) as database:
        shutil.copy(database, tmp_path / "other.db")
        database.unlink()
        error = refused(6, *command, "other.db", cwd=tmp_path)
        assert "put it back" in error
        assert not database.exists()
        assert nalssi(*command, "other.db", "--create", cwd=tmp_path).returncode == 0
        assert len(nalssi("looks", cwd=tmp_path).stdout.splitlines()) == 2


def test_a_new_database_needs_create(tmp_path):
    with scraped(tmp_path) as database:
        database.unlink()
        assert nalssi("scrape", "--create", cwd=tmp_path).returncode == 0
        assert nalssi("scrape", cwd=tmp_path).returncode == 0
        assert database.exists()


@pytest.mark.parametrize("command", ["scrape", "run"])
def test_a_missing_folder_is_reported_as_a_missing_disk(tmp_path, command):
    with portal(tmp_path, koya=answer(BOX)):
        error = refused(6, command, "--db", "disk/weather.db", cwd=tmp_path)
        assert "mount its disk" in error
        assert "--create" in error
        assert not (tmp_path / "disk").exists()
        place = ("--db", "disk/weather.db")
        assert nalssi("scrape", "--create", *place, cwd=tmp_path).returncode == 0
        assert nalssi("scrape", *place, cwd=tmp_path).returncode == 0


LONG = "w" * 300 + ".db"


@pytest.mark.parametrize(
    "command",
    [["scrape"], ["run"], ["rebuild"], ["backfill", "config.toml"]],
    ids=lambda words: words[0],
)
def test_a_database_that_cannot_be_examined_is_named(tmp_path, command):
    """It is an error of the database, not of the output."""
    with portal(tmp_path, koya=answer(BOX)):
        error = refused(6, *command, "--db", LONG, cwd=tmp_path)
    assert "database" in error
    assert "cannot be examined: File name too long" in error


def test_a_check_of_a_database_that_cannot_be_examined_goes_on(tmp_path):
    with portal(tmp_path, koya=answer(BOX)):
        run = nalssi("check", "--config", "config.toml", "--db", LONG, cwd=tmp_path)
    assert (run.returncode, run.stderr) == (7, "")
    assert "cannot be examined" in run.stdout
    assert re.search(r"^clock +ok", run.stdout, re.MULTILINE)


def test_the_folder_of_a_database_that_may_not_be_entered_is_reported():
    if os.getuid():
        pytest.skip("only root may become another user")
    with readable_by_all("delete") as (path, store):
        store.close()
        path.parent.chmod(0o700)
        error = _error_of_nobody(path, lock.refuse_lost)
    assert re.search(r"cannot be examined by user '\w+': Permission denied", error)


def test_an_archive_that_cannot_be_examined_is_named(tmp_path):
    error = refused(2, "backfill", LONG, "--db", "new.db", "--create", cwd=tmp_path)
    assert "File name too long" in error


def test_an_unmounted_disk_is_reported(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a disk")
    try:
        with scraped(tmp_path, "disk/w.db"):
            pass
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    disk.rmdir()
    with portal(tmp_path, koya=answer(BOX)):
        assert "mount its disk" in refused(6, "scrape", "--db", "disk/w.db", cwd=tmp_path)


def test_a_pass_killed_before_making_a_database_does_not_block_a_new_one(tmp_path):
    (tmp_path / "weather.db.lock").write_text("")
    with scraped(tmp_path) as database:
        assert database.exists()


@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["symlink", "hard link"])
def test_the_lock_belongs_to_the_file_and_not_to_a_name(tmp_path, link):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with scraped(tmp_path, "a/weather.db") as database:
        linked = tmp_path / "b" / "other.db"
        link(database, linked)
        with lock.held(database):
            error = refused(75, "scrape", "--db", "b/other.db", cwd=tmp_path)
            assert "another pass is running" in error
        assert nalssi("scrape", "--db", "b/other.db", cwd=tmp_path).returncode == 0


def test_a_new_link_finds_the_lock_of_a_running_writer(tmp_path):
    with scraped(tmp_path) as database, lock.held(database):
        os.link(database, tmp_path / "late.db")
        with pytest.raises(AnotherPass), lock.held(tmp_path / "late.db"):
            pass


def test_a_pass_beside_a_daemon_reports_the_pid_of_the_daemon(tmp_path):
    with portal(tmp_path, koya=answer(BOX)), running(tmp_path) as daemon:
        daemon.wait("look")
        error = refused(75, "scrape", cwd=tmp_path)
        assert re.search(rf"a daemon \(pid {daemon.process.pid}, since 20\d\d-", error)
        quiet = nalssi("scrape", "--if-idle", cwd=tmp_path)
        assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
        assert daemon.stop() == 0
        assert nalssi("scrape", "--if-idle", cwd=tmp_path).returncode == 0


def test_a_free_lock_has_no_holder(tmp_path):
    path = tmp_path / "weather.db"
    assert lock.holder(path) is None
    with lock.held(path, what="daemon"):
        holder = lock.holder(path)
        assert holder is not None
        assert (holder.what, holder.pid) == ("daemon", os.getpid())
    assert lock.holder(path) is None


@pytest.mark.parametrize("running", [False, True], ids=["no writer", "beside a writer"])
def test_a_reader_without_write_access_beside_a_wal_gets_the_remedy(running):
    if os.getuid():
        pytest.skip("only root may become another user")
    with readable_by_all("wal") as (path, store):
        if not running:
            store.close()
        error = _error_of_nobody(path)
        if running:
            store.close()
    assert "its journal is a WAL" in error
    assert "journal = 'delete'" in error


def test_a_reader_that_may_not_read_the_journal_gets_the_remedy():
    if os.getuid():
        pytest.skip("only root may become another user")
    with readable_by_all("persist") as (path, store):
        error = _error_of_nobody(path)
        store.close()
        Store.open(path, journal="persist").close()  # gives it the permissions of the database
        assert _error_of_nobody(path) == ""
    assert "its journal 'weather.db-journal' may not be read: give that file the group" in error


@contextlib.contextmanager
def readable_by_all(journal: str) -> Iterator[tuple[Path, Store]]:
    """A database, readable by every user since the last commit, and its open store."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weather.db"
        path.parent.chmod(0o755)
        store = Store.open(path, journal=journal)
        see(store, make_look(), make_content())
        path.chmod(0o644)
        yield path, store


def _error_of_nobody(path: Path, does: Callable[[Path], object] = connection.open_to_ask) -> str:
    """The error of another user who opens the database, or an empty text."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        _as_nobody(path, does, writer)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        error = pipe.read()
    os.waitpid(child, 0)
    return error


def _as_nobody(path: Path, does: Callable[[Path], object], writer: int) -> None:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    try:
        does(path)
    except DatabaseError as exc:
        os.write(writer, str(exc).encode())
    finally:
        os._exit(0)


def test_a_plain_backup_has_every_row_and_no_strict_table(tmp_path):
    with scraped(tmp_path) as database:
        plain = tmp_path / "plain.db"
        assert nalssi("backup", "--plain", plain, cwd=tmp_path).returncode == 0
        with contextlib.closing(sqlite3.connect(plain)) as copy:
            (strict,) = copy.execute("SELECT sum(strict) FROM pragma_table_list").fetchone()
            assert strict == 0
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            (count,) = copy.execute("SELECT count(*) FROM weather").fetchone()
        with contextlib.closing(sqlite3.connect(database)) as original:
            assert original.execute("SELECT count(*) FROM weather").fetchone() == (count,)
        assert "not a database of nalssi" in refused(6, "stations", "--db", plain, cwd=tmp_path)


@pytest.mark.parametrize(("command", "code"), [("stations", 74), ("scrape", 0)])
def test_a_closed_output_is_an_error_if_there_is_output(tmp_path, command, code):
    with scraped(tmp_path):
        shell = f"{shlex.join([*NALSSI, command])} >&-"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        run = subprocess.run(
            ["sh", "-c", shell], cwd=tmp_path, capture_output=True, check=False, env=environment
        )
        assert (run.returncode, b"closed" in run.stderr) == (code, code == 74)


def test_a_daemon_that_makes_its_database_does_not_load_pandas(tmp_path):
    code = (
        "import sys, pathlib; from db.write.store import Store\n"
        "Store.open(pathlib.Path('weather.db')).close()\n"
        "print(sorted({'pandas', 'numpy', 'pyarrow'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert run.stdout == "[]\n"
