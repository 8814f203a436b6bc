"""The file: created and migrated completely or not at all, and never replaced."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from contextlib import closing, contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlite_utils import Database, Migrations

from db import counts, query
from db.errors import DatabaseError, NalssiError
from db.file import connection, migrations, upgrade
from db.packing import packed_page
from db.write.store import Store
from tests.cli.test_cli import nalssi, refused
from tests.db.test_packing import OF_FORM_1, PRINTED
from tests.support.make import START, make_content, make_look, make_page, make_reading, see

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weather.db"


def fill(path: Path, *, looks: int = 3, journal: str = "delete") -> None:
    with Store.open(path, journal=journal) as store:
        store._conn.execute("PRAGMA synchronous = off")
        for nth in range(looks):
            see(store, make_look(10 * nth), make_content(make_reading(temperature_c=nth / 10)))


def ask_everything(path: Path) -> int:
    """Ask every question; gives the number of looks."""
    with query.Database(path) as db:
        db.latest(now=START)
        db.stations()
        db.portals()
        db.series("서울", since=START)
        return len(db.looks())


def later(change: Callable[[Database], None]) -> Migrations:
    """The current migrations and one more."""
    more = Migrations("nalssi")
    for migration in _todays():
        more(name=migration.name)(migration.fn)
    more(name="9999 more")(change)
    return more


def before(name: str) -> Migrations:
    """The migrations before this one."""
    earlier = Migrations("nalssi")
    for migration in takewhile(lambda migration: migration.name != name, _todays()):
        earlier(name=migration.name)(migration.fn)
    return earlier


def _todays() -> list[Any]:
    """The current migrations, in order."""
    return migrations.MIGRATIONS.pending(Database(memory=True))


def add_column(db: Database) -> None:
    db.execute("ALTER TABLE portals ADD COLUMN motto TEXT")
    db.execute("UPDATE portals SET motto = 'truth'")


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a child process that may kill itself."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
    )


# ---- tables


def test_every_table_is_strict(path):
    fill(path)
    with closing(sqlite3.connect(path)) as conn:
        tables = conn.execute(
            "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND schema = 'main' "
            "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        ).fetchall()
    assert len(tables) == 27
    assert [name for name, strict in tables if not strict] == []


def test_a_text_cannot_be_stored_as_a_temperature(path):
    fill(path)
    with (
        closing(sqlite3.connect(path)) as conn,
        pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT value in INTEGER column"),
    ):
        conn.execute("UPDATE readings SET temperature = '4.9℃'")


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("outcome = 'read', sidebar_id = NULL", id="read, but nothing seen"),
        pytest.param("outcome = 'unread'", id="unread, but a sidebar seen"),
        pytest.param("outcome = 'lost'", id="no such outcome"),
        pytest.param("sidebar_id = 77", id="no such sidebar"),
        pytest.param("portal_id = 77", id="no such portal"),
    ],
)
def test_a_look_cannot_contradict_itself(path, wrong):
    fill(path, looks=1)
    with Store.open(path) as store, pytest.raises(sqlite3.IntegrityError):
        store._conn.execute(f"UPDATE fetches SET {wrong}")


# ---- creation


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_only_the_owner_may_read_the_file_with_any_umask(tmp_path, umask):
    path = tmp_path / "weather.db"
    before = os.umask(umask)
    try:
        fill(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_missing_folder_is_created(tmp_path):
    path = tmp_path / "var" / "lib" / "weather.db"
    fill(path)
    assert ask_everything(path) == 3


@pytest.mark.parametrize(
    "name",
    [
        "날씨 ☔.db",
        "a b.db",
        "what?.db",
        "why?mode=memory",
        "#1.db",
        "100%.db",
        "%41.db",
        "it's; --.db",
    ],
)
def test_a_database_may_have_any_file_name(tmp_path, name):
    folder = tmp_path / name
    fill(folder / name)
    assert ask_everything(folder / name) == 3
    assert [file.name for file in folder.iterdir()] == [name]


KILL_WHILE_MAKING = """
import os, signal, sys
from pathlib import Path
from db.file import migrations, upgrade as schema
after, steps = int(sys.argv[2]), 0
real = migrations._utils
def watched(conn):
    def step():
        global steps
        steps += 1
        if steps > after:
            os.kill(os.getpid(), signal.SIGKILL)
    conn.set_progress_handler(step, 20)
    return real(conn)
migrations._utils = watched
if after < 0:
    schema._put_in_place = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    after = 10**9
schema.open_or_make(Path(sys.argv[1])).close()
"""


@pytest.mark.parametrize("after", [0, 5, 20, 60, -1])
def test_a_kill_while_creating_a_database_leaves_no_file_and_blocks_no_other(path, after):
    """Killed after ``steps`` of SQLite; -1 = after all but the renaming."""
    assert run(KILL_WHILE_MAKING, path, after).returncode == -signal.SIGKILL
    assert not path.exists()
    assert path.with_name("weather.db.new").exists()
    fill(path)
    assert ask_everything(path) == 3
    assert not path.with_name("weather.db.new").exists()


@pytest.mark.parametrize("failure", [KeyboardInterrupt, sqlite3.OperationalError("full")])
def test_a_database_that_cannot_be_made_leaves_no_draft(path, monkeypatch, failure):
    def fails(*_: Any) -> None:
        raise failure

    monkeypatch.setattr(upgrade, "_migrate", fails)
    with pytest.raises((KeyboardInterrupt, DatabaseError)):
        Store.open(path)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("end", ["-journal", "-wal"])
def test_a_journal_without_its_database_is_not_applied_to_a_new_one(path, end):
    left = path.with_name(f"weather.db{end}")
    left.write_bytes(b"of the file before")
    with pytest.raises(DatabaseError, match=f"its 'weather.db{end}' is not"):
        fill(path)
    assert not path.exists()
    assert left.read_bytes() == b"of the file before"


def test_a_finished_journal_without_its_database_blocks_no_new_one(path):
    fill(path, journal="persist")
    path.unlink()
    assert path.with_name("weather.db-journal").stat().st_size > 512
    fill(path, looks=2, journal="persist")
    assert ask_everything(path) == 2


def test_a_large_commit_leaves_a_small_journal(path):
    fill(path)
    with Store.open(path, journal="persist") as store:
        for size in (200_000, 1):  # the second one writes all pages of the first to the journal
            with store.transaction() as conn:
                conn.execute("UPDATE fetches SET reason = hex(zeroblob(?))", (size,))
    assert 0 < path.with_name("weather.db-journal").stat().st_size <= 1 << 18


@pytest.mark.parametrize("name", ["weather.db", "link.db"])
def test_a_journal_gets_the_permissions_of_its_database(path, name):
    path.with_name("link.db").symlink_to(path)
    fill(path, journal="persist")
    path.chmod(0o644)
    group = 65534 if os.getuid() == 0 else -1
    os.chown(path, -1, group)
    Store.open(path.with_name(name)).close()
    journal, file = path.with_name("weather.db-journal").stat(), path.stat()
    assert (journal.st_mode, journal.st_gid) == (file.st_mode, file.st_gid)


def test_a_journal_that_an_earlier_mode_left_does_not_end_a_wal(path):
    fill(path, journal="persist")
    fill(path, journal="wal")
    path.with_name("weather.db-journal").write_bytes(bytes(512))
    assert settings(path, None)[0] == "wal"
    assert ask_everything(path) == 6


def test_a_kept_journal_is_kept_by_a_writer_without_a_config(path):
    fill(path, journal="persist")
    assert settings(path, None)[0] == "persist"
    with Store.open(path) as store:
        see(store, make_look(90), make_content())
    assert path.with_name("weather.db-journal").exists()


def test_a_link_to_an_unmounted_disk_is_not_replaced(path, tmp_path):
    path.symlink_to(tmp_path / "unmounted" / "weather.db")
    with pytest.raises(DatabaseError, match="neither a file nor a link to one"):
        fill(path)
    assert path.is_symlink()


# ---- files of other programs


def other_application(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("CREATE TABLE bookmarks (url TEXT)")


def other_application_with_a_journal(path: Path) -> None:
    """Another program's database after a kill: merely opening it would change it."""
    original = path.with_name("original")
    with closing(sqlite3.connect(original)) as conn:
        conn.execute("PRAGMA journal_mode = wal")
        conn.execute("CREATE TABLE bookmarks (url TEXT)")
        conn.commit()
        for end in ("", "-wal"):
            shutil.copy(f"{original}{end}", f"{path}{end}")


FOREIGN = {
    "another application's": other_application,
    "another application's, with a journal": other_application_with_a_journal,
    "text": lambda path: path.write_text("weather\n" * 1000),
    "empty": lambda path: path.touch(),
    "random bytes": lambda path: path.write_bytes(random.Random(7).randbytes(20_000)),
    "only a header": lambda path: path.write_bytes(b"SQLite format 3\0"),
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
}


def contents_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_file_is_refused_and_not_changed(path, make):
    make(path)
    before = contents_of(path.parent)
    for use in (fill, ask_everything):
        with pytest.raises(DatabaseError, match=r"not a database|neither a file") as refused:
            use(path)
        assert refused.value.exit_code == 6
        assert contents_of(path.parent) == before


def test_a_missing_file_cannot_be_queried(path):
    with pytest.raises(DatabaseError, match="there is no such file") as refused:
        query.Database(path)
    assert refused.value.exit_code == 6
    assert not path.exists()


# ---- damage


def with_flipped_bytes(original: bytes, flipped: range, chance: random.Random) -> bytes:
    damaged = bytearray(original)
    for _ in range(chance.randint(1, 40)):
        damaged[chance.choice(flipped)] = chance.randrange(256)
    return bytes(damaged)


def try_everything(path: Path) -> None:
    """Ask and write; any failure must be an expected error."""
    try:
        with query.Database(path) as db:
            db.latest(now=START)
            db.looks()
            db.portals()
            for station in db.stations():
                db.series(str(station.kma_id), since=START)
    except NalssiError:
        pass
    try:
        with Store.open(path, journal="delete") as store:
            see(store, make_look(500), make_content(make_reading(temperature_c=-1.0)))
            store.memory("koya")
            store.robots()
            store.unread()
            store.rebuild()
    except DatabaseError:
        pass


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "weather.db"
    fill(path, looks=40)
    return path.read_bytes()


@pytest.mark.parametrize("page", ["first", "any"])
@pytest.mark.parametrize("seed", range(60))
def test_flipped_bytes_only_give_expected_errors(path, intact, page, seed):
    flipped = range(4096 if page == "first" else len(intact))
    path.write_bytes(with_flipped_bytes(intact, flipped, random.Random(seed)))
    try_everything(path)


@pytest.mark.parametrize("left", [16, 100, 1000, 4096, 20_000, -4096, -1])
def test_a_truncated_file_is_reported_and_not_repaired(path, intact, left):
    path.write_bytes(intact[:left])
    with pytest.raises(DatabaseError):
        ask_everything(path)
    try_everything(path)


def test_a_broken_schema_is_refused_and_not_changed(path, intact):
    damaged = intact.replace(b"CREATE TABLE portals (", b"CREATE TABBY portals (")
    assert damaged != intact
    path.write_bytes(damaged)
    for use in (fill, ask_everything):
        with pytest.raises(DatabaseError, match="malformed") as refused:
            use(path)
        assert refused.value.exit_code == 6
        assert path.read_bytes() == damaged


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("UPDATE fetches SET page_date = 'yesterday'", id="a date"),
        pytest.param("UPDATE fetches SET fetched_at = 1 << 60", id="a time"),
    ],
)
def test_an_impossible_value_is_reported_as_damage(path, wrong):
    fill(path, looks=1)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(wrong)
    with query.Database(path) as db, pytest.raises(DatabaseError, match="damaged"):
        db.looks()


def test_bytes_in_place_of_a_text_are_reported_or_shown(path):
    """A flipped bit in a row's header can turn a text into bytes or a number."""
    fill(path, looks=1)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')')")
        conn.execute("UPDATE sqlite_schema SET sql = replace(sql, 'name_en TEXT', 'name_en')")
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE stations SET name_en = 7")
        conn.execute("UPDATE portals SET name = x'ff', interval_s = 1 << 50")
    assert "damaged: " in refused(6, "series", "서울", "--db", path)
    assert "damaged: " in refused(6, "status", "--db", path)
    assert "b'" in nalssi("latest", "--json", "--db", path).stdout


def test_a_bug_in_the_rules_is_not_reported_as_damage_of_an_intact_file(path, monkeypatch):
    fill(path, looks=1)
    with Store.open(path) as store:
        with monkeypatch.context() as patch:
            patch.setattr("db.truth.flagging.judge", lambda: None)  # a bug: it takes no argument
            with pytest.raises(TypeError):
                see(store, make_look(60), make_content(make_reading(temperature_c=1.0)))
        assert see(store, make_look(60), make_content(make_reading(temperature_c=1.0)))
    of_spells = "UPDATE sqlite_schema SET sql = {} WHERE name = 'spells'"
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute(of_spells.format("replace(sql, 'STRICT, ', '')"))
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE spells SET seen_until = 'a word'")
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute(of_spells.format("replace(sql, 'WITHOUT', 'STRICT, WITHOUT')"))
    with Store.open(path) as store, pytest.raises(DatabaseError, match="damaged: non-INT"):
        see(store, make_look(120), make_content(make_reading(temperature_c=2.0)))


def test_an_impossible_column_name_is_reported_as_damage(path):
    fill(path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("ALTER TABLE _sqlite_migrations RENAME COLUMN applied_at TO bpplied_at")
        conn.execute("PRAGMA user_version = 0")  # so that the store reads the table of migrations
    with pytest.raises(DatabaseError, match="damaged"):
        Store.open(path)


# ---- permissions


AS_NOBODY = """
import json, os, sys, tempfile, urllib.parse
sys.path.insert(0, os.getcwd())
from pathlib import Path
import tests.db.test_upgrade as t
from db.errors import DatabaseError
with tempfile.TemporaryDirectory() as scratch:  # imports all modules while they are readable
    for use in (t.fill, t.ask_everything):
        use(Path(scratch) / "weather.db")
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
ends = []
for use in (t.fill, t.ask_everything):
    try:
        ends.append(use(Path(sys.argv[1])))
    except DatabaseError as exc:
        ends.append(exc.problem)
print(json.dumps(ends))
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may read, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


def test_a_read_only_user_can_query_but_not_write(open_folder):
    path = open_folder / "weather.db"
    fill(path)
    path.chmod(0o444)
    open_folder.chmod(0o555)
    end = run(AS_NOBODY, path)
    wrote, queried = json.loads(end.stdout)
    assert ("readonly" in wrote, queried) == (True, 3)


@pytest.mark.parametrize("mode", [0o555, 0o000], ids=["read-only", "closed"])
def test_an_unusable_folder_is_reported(open_folder, mode):
    open_folder.chmod(mode)
    end = run(AS_NOBODY, open_folder / "weather.db")
    wrote, queried = json.loads(end.stdout)
    assert "Permission denied" in wrote
    assert "no such file" in queried or "Permission denied" in queried


# ---- versions


def test_a_newer_file_is_refused_and_not_changed(path):
    fill(path)
    upgrade.open_or_make(path, journal="delete", migrations=later(add_column)).close()
    newer = path.read_bytes()
    for use in (fill, ask_everything):
        with pytest.raises(DatabaseError, match="made by a newer nalssi") as refused:
            use(path)
        assert refused.value.exit_code == 6
        assert path.read_bytes() == newer


def test_an_older_file_is_reported_to_readers(path):
    fill(path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA user_version = 0")
    with pytest.raises(DatabaseError, match="made by an older nalssi; `nalssi rebuild`"):
        query.Database(path)


@contextmanager
def made_before(name: str, path: Path) -> Iterator[sqlite3.Connection]:
    """A database of the version before a migration, open to be filled."""
    with closing(sqlite3.connect(":memory:")) as conn:
        version = migrations.apply(before(name), conn)
        yield conn
        conn.execute(f"PRAGMA application_id = {connection.APPLICATION_ID}")
        conn.execute(f"PRAGMA user_version = {version}")
        conn.commit()
        conn.execute("VACUUM INTO ?", (str(path),))


def test_a_file_from_before_the_archives_keeps_all_its_looks(path):
    with made_before("0002 archives", path) as conn:
        conn.execute("INSERT INTO portals VALUES (1, 'koya', 'http://127.0.0.1/', 600, '', '')")
        conn.execute("INSERT INTO sidebars VALUES (1, x'01', x'02', NULL)")
        conn.execute(
            "INSERT INTO fetches (portal_id, fetched_at, outcome, milliseconds, sidebar_id) "
            "VALUES (1, 1714273200, 'read', 120, 1)"
        )
    with Store.open(path) as store:
        assert store.rebuild() == 1
    with query.Database(path) as db:
        assert db.faults() == []
        assert [look.outcome for look in db.looks()] == ["new"]


def test_a_problem_that_was_a_sentence_is_a_record_and_shown_the_same(path):
    sentences = """고창: unknown label '눈보라'
unknown city '북대구'
no temperature printed: 부산, 제주
a word of its own"""
    with made_before("0004 problems", path) as conn:
        conn.execute("INSERT INTO portals VALUES (1, 'koya', 'http://127.0.0.1/', 600, '', '')")
        conn.execute(
            "INSERT INTO sidebars (id, digest, fragment, problems) VALUES (1, x'01', x'02', ?)",
            (sentences,),
        )
        conn.execute(
            "INSERT INTO fetches (portal_id, fetched_at, outcome, milliseconds, sidebar_id) "
            "VALUES (1, 1714273200, 'read', 120, 1)"
        )
    with Store.open(path) as store:
        store.rebuild()
    with query.Database(path) as db:
        (look,) = db.looks()
        (status,) = db.status(now=START)
    assert [str(problem) for problem in look.problems] == sentences.split("\n")
    assert [problem.unknown for problem in status.problems[:2]] == [
        "label '눈보라'",
        "city '북대구'",
    ]
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT problems FROM looks").fetchall() == [(sentences,)]
    assert path.with_name("weather.db.before-4").is_file()


OLD_NOTICES = [("down", "webhook"), ("frozen", "apprise 2"), ("words", "command")]


def test_notices_of_an_older_file_are_known_by_their_channel(path):
    with made_before("0006 channels", path) as conn:
        conn.execute("INSERT INTO portals VALUES (1, 'koya', 'http://127.0.0.1/', 600, '', '')")
        conn.executemany(
            "INSERT INTO notices VALUES (1, ?, 1714273200, 'koya is: not well')",
            [(f"{channel}: {kind}",) for kind, channel in OLD_NOTICES],
        )
    Store.open(path).close()
    with query.Database(path) as db:
        notices = db.open_notices()
    assert [
        (notice.kind, notice.channel) for notice in sorted(notices, key=lambda notice: notice.kind)
    ] == (OLD_NOTICES)
    assert {(notice.portal, notice.sent_at.timestamp(), notice.text) for notice in notices} == {
        ("koya", 1714273200, "koya is: not well")
    }


def test_the_looks_of_an_older_file_are_counted(path):
    with made_before("0005 counts", path) as conn:
        conn.execute("INSERT INTO portals VALUES (1, 'koya', 'http://127.0.0.1/', 600, '', '')")
        conn.execute("INSERT INTO sidebars (id, digest, fragment) VALUES (1, x'01', x'02')")
        conn.executemany(
            "INSERT INTO fetches (portal_id, fetched_at, outcome, milliseconds, sidebar_id) "
            "VALUES (1, ?, ?, 120, ?)",
            [(0, "read", 1), (600, "read", 1), (1200, "fetch_failed", None)],
        )
        conn.execute(
            "INSERT INTO spells (portal_id, seen_from, seen_until, sidebar_id, existed_by, "
            "standing_since, published_by, first_seen, first_portal_id) "
            "VALUES (1, 0, 600, 1, 0, 0, 0, 0, 1)"
        )
    Store.open(path).close()
    with query.Database(path) as db:
        assert db.faults() == []
        (koya,) = db.counts().portals.values()
    assert koya.looks == {"new": 1, "unchanged": 1, "fetch_failed": 1}
    assert koya.milliseconds == 360


@pytest.mark.parametrize("name", ["0002 archives", "0018 pages"])
def test_the_pages_of_an_older_file_stay_readable(path, name):
    """Also where a view of a user names them, or one of an older version a table that is gone."""
    page = packed_page(b"<html>")
    with made_before(name, path) as conn:
        conn.execute("INSERT INTO portals VALUES (1, 'koya', 'http://127.0.0.1/', 600, '', '')")
        conn.executemany(
            "INSERT INTO fetches (portal_id, fetched_at, outcome, milliseconds, page, encoding) "
            "VALUES (1, ?, ?, 120, ?, ?)",
            [
                (1714273200, "no_sidebar", page, "cp949"),
                (1714273800, "fetch_failed", None, None),
                (1714274400, "unread", page, "utf-8"),
            ],
        )
        conn.execute("CREATE VIEW mine AS SELECT page FROM fetches")
        conn.execute("CREATE VIEW broken AS SELECT told_at FROM no_longer")
    with Store.open(path) as store:
        unread = [(left.look_id, left.body, left.encoding) for left in store.unread()]
    assert unread == [(3, b"<html>", "utf-8")]
    with query.Database(path) as db:
        assert db.faults() == []
        kept = [(left.look_id, left.body, left.encoding) for left in db.kept().pages()]
    assert kept == [(1, b"<html>", "cp949")]


def test_the_doubts_of_an_older_file_are_derived_again(path):
    with made_before("0013 doubts", path) as conn:
        conn.execute("INSERT INTO portals VALUES (1, 'koya', 'http://127.0.0.1/', 600, '', '')")
        conn.execute("INSERT INTO sidebars (id, digest, fragment) VALUES (1, x'01', x'02')")
        conn.execute(
            "INSERT INTO fetches (portal_id, fetched_at, outcome, milliseconds, sidebar_id) "
            "VALUES (1, 1714273200, 'read', 120, 1)"
        )
        conn.execute(
            "INSERT INTO spells (portal_id, seen_from, seen_until, sidebar_id, existed_by, "
            "standing_since, published_by, first_seen, first_portal_id, doubt) "
            "VALUES (1, 1714273200, 1714273200, 1, 0, 0, 0, 0, 1, 'burst')"
        )
        counts.rebuild(conn)
    Store.open(path).close()
    with query.Database(path) as db:
        assert db.faults() == []


def test_a_new_reading_in_an_older_file_is_counted_once(path):
    with made_before("0014 totals", path):
        pass
    with Store.open(path) as store:
        see(store, make_look(), make_content())
    with query.Database(path) as db:
        assert db.counts().readings == 1
        assert db.faults() == []


def test_a_file_from_before_fragments_were_packed_again_keeps_all_of_them(path):
    """One fragment of each older form, and a damaged one, which stays unchanged."""
    fragments = zlib.compress(PRINTED.encode()), OF_FORM_1, b"\1damaged"
    with made_before("0007 fragments", path) as conn:
        conn.executemany(
            "INSERT INTO sidebars (digest, fragment) VALUES (?, ?)",
            [(bytes([nth]), fragment) for nth, fragment in enumerate(fragments)],
        )
    with closing(sqlite3.connect(path)) as conn:
        before = list(conn.iterdump())
    Store.open(path).close()
    with query.Database(path) as db:
        first, second, third = db.kept().sidebars()
    assert (first.fragment, second.fragment, third.fragment) == (PRINTED, PRINTED, None)
    assert third.packed == b"\1damaged"
    with closing(sqlite3.connect(path.with_name("weather.db.before-7"))) as aside:
        assert list(aside.iterdump()) == before


@pytest.mark.parametrize("journal", ["delete", "persist", "wal"])
def test_an_older_file_is_brought_up_to_date_after_a_copy(path, journal):
    fill(path, journal=journal)
    before = os.umask(0)
    try:
        conn = upgrade.open_or_make(path, journal=journal, migrations=later(add_column))
    finally:
        os.umask(before)
    with closing(conn):
        assert conn.execute("SELECT motto FROM portals").fetchall() == [("truth",)]
        assert conn.execute("PRAGMA user_version").fetchone() == (connection.VERSION + 1,)
    copy = path.with_name(f"weather.db.before-{connection.VERSION + 1}")
    assert copy.stat().st_mode & 0o777 == 0o640
    assert ask_everything(copy) == 3
    with Store.open(copy) as store, pytest.raises(sqlite3.OperationalError, match="motto"):
        store._conn.execute("SELECT motto FROM portals")


def test_a_failed_migration_leaves_the_file_unchanged(path):
    def fails(db: Database) -> None:
        add_column(db)
        db.execute("DROP TABLE robots")
        raise RuntimeError

    fill(path)
    before = path.read_bytes()
    with pytest.raises(RuntimeError):
        upgrade.open_or_make(path, journal="delete", migrations=later(fails))
    assert path.read_bytes() == before
    fill(path)  # the old version goes on


KILL_WHILE_MIGRATING = """
import os, signal, sys
from pathlib import Path
from db.file import upgrade as schema
from tests.db.test_upgrade import add_column, later
def killed(db):
    db.execute("PRAGMA cache_size = 1")
    db.execute("UPDATE fetches SET reason = hex(zeroblob(2000))")  # more than the cache holds
    add_column(db)
    os.kill(os.getpid(), signal.SIGKILL)
schema.open_or_make(Path(sys.argv[1]), journal=sys.argv[2], migrations=later(killed))
"""


@pytest.mark.parametrize("journal", ["delete", "persist", "wal"])
def test_a_kill_during_a_migration_leaves_the_old_file(path, journal):
    fill(path, journal=journal)
    with query.Database(path) as db:
        before = db.looks()
    assert run(KILL_WHILE_MIGRATING, path, journal).returncode == -signal.SIGKILL
    with query.Database(path) as db:  # the first reader rolls it back
        assert db.looks() == before
    fill(path, journal=journal)
    assert ask_everything(path) == 6


@pytest.mark.parametrize("use", [ask_everything, fill], ids=["ask", "write"])
def test_the_first_page_of_half_a_commit_is_not_reported_as_damage(path, use):
    """Its header counts pages that the file does not have yet; the journal restores it."""
    fill(path)
    half = path.with_name("half.db")
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA cache_size = 1")
        conn.execute("BEGIN")
        conn.execute(f"PRAGMA user_version = {connection.VERSION}")  # it is on the first page
        conn.execute("UPDATE fetches SET reason = hex(zeroblob(5000))")
        shutil.copy(f"{path}-journal", f"{half}-journal")
        torn = bytearray(path.read_bytes())
        torn[28:32] = (9999).to_bytes(4, "big")
        half.write_bytes(torn)
    use(half)
    assert ask_everything(half) == ask_everything(path) + (3 if use is fill else 0)


def test_a_view_of_older_code_is_created_again(path):
    fill(path)
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript("DROP VIEW latest; CREATE VIEW latest AS SELECT 'yesterday' AS station")
    fill(path)
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT station FROM latest").fetchall() == [("서울",)]


def test_opening_an_intact_file_does_not_write(path):
    fill(path)
    before = path.read_bytes()
    Store.open(path, journal="delete").close()
    assert path.read_bytes() == before


# ---- the journal


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 37, 0), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
    ],
)
def test_wal_is_for_versions_that_cannot_lose_commits(version, safe):
    assert upgrade.wal_is_safe(version) is safe


def settings(path: Path, journal: str | None) -> list[object]:
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    with Store.open(path, journal=journal) as store:
        return [store._conn.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]


def test_every_commit_reaches_the_disk(path):
    full, extra = 2, 3
    assert settings(path, "wal") == ["wal", full, 1, 30_000]
    assert settings(path, "persist") == ["persist", full, 1, 30_000]
    assert settings(path, "delete") == ["delete", extra, 1, 30_000]


@pytest.mark.parametrize(
    ("version", "mode"), [((3, 40, 1), "persist"), ((3, 50, 7), "wal")], ids=["3.40.1", "3.50.7"]
)
def test_auto_uses_wal_only_where_it_is_safe(path, monkeypatch, version, mode):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    assert settings(path, "auto")[0] == mode


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 50, 7)], ids=["3.40.1", "3.50.7"])
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_an_unnamed_journal_is_unchanged(path, monkeypatch, version, journal):
    """The same while another process has the file open, so that the journal could not change."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    with Store.open(path, journal=journal) as other:
        see(other, make_look(), make_content())
        expected = settings(path, journal)
        assert settings(path, None) == expected
        see(other, make_look(10), make_content())


@pytest.mark.parametrize(
    ("version", "mode"), [((3, 40, 1), "persist"), ((3, 50, 7), "wal")], ids=["3.40.1", "3.50.7"]
)
def test_a_new_file_has_the_journal_of_auto(path, monkeypatch, version, mode):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    assert settings(path, None)[0] == mode


def test_a_sqlite_without_strict_tables_is_reported(path, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(DatabaseError, match=r"too old, expected 3\.37"):
        Store.open(path)
    assert not path.exists()


def test_acknowledged_looks_survive_a_kill(path):
    """The child reports that a page is stored and is killed at once, while it stores the next."""
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from db.write.store import Store\n"
        "from tests.support.make import *\n"
        "store = Store.open(Path(sys.argv[1]), journal=sys.argv[2])\n"
        "store.portal('koya', URL, 600)\n"
        "store.keep_page(make_look(), make_page(body=b'kept'))\n"
        "store._conn.execute('BEGIN IMMEDIATE')\n"
        "store._insert_look(make_look(10), 'fetch_failed')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    for journal in ("delete", "wal"):
        place = path.with_name(journal)
        assert run(code, place, journal).returncode == -signal.SIGKILL
        with Store.open(place, journal=journal) as store:
            (page,) = store.unread()
        assert page == make_page(look_id=1, body=b"kept")
        assert ask_everything_but_series(place) == 1


def ask_everything_but_series(path: Path) -> int:
    with query.Database(path) as db:
        assert db.latest(now=START) == []
        return len(db.looks())


def test_queries_need_only_the_standard_library():
    code = (
        "import sys\n"
        "import db.query\n"
        "ours = {'db'}\n"
        "tops = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(tops - set(sys.stdlib_module_names) - ours - set(sys.argv)))\n"
    )
    bare = [sys.executable, "-S", "-c", code]
    end = subprocess.run(bare, capture_output=True, text=True, check=True, cwd=ROOT)
    assert end.stdout.strip() == "['__main__']"


def test_opening_a_database_loads_no_module_of_the_scraper():
    code = (
        "import sys\n"
        "import db.query, db.write.store, db.file.upgrade\n"
        "print([name for name in sys.modules if name.startswith('scraper')])\n"
    )
    assert run(code).stdout.strip() == "[]"


def test_the_application_id_is_four_letters():
    assert connection.APPLICATION_ID.to_bytes(4, "big") == b"nals"
