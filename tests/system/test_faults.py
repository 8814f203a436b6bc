"""After any fault, acknowledged looks are in the file, no look is lost, and polling goes on."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from db import query
from db.errors import DatabaseError
from db.reading import PortalMemory
from db.write.store import Store
from scraper.schedule import next_look
from tests.support import faults
from tests.support.faults import (
    NO_ROBOTS,
    Child,
    FaultPortal,
    box,
    holding,
    looks,
    rows,
    until,
    write_config,
)
from tests.support.make import make_look
from tests.support.servers import answer, dripping, silent, unaccepting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.servers import Reply, Request


@pytest.fixture
def portal() -> Iterator[FaultPortal]:
    with FaultPortal() as portal:
        yield portal


@pytest.fixture
def config(tmp_path: Path, portal: FaultPortal) -> Path:
    """The config file with the one portal."""
    return write_config(tmp_path, portal.server.url())


@pytest.fixture
def database(config: Path) -> Path:
    """The future path of the database."""
    return config.with_name("weather.db")


# ---- kill -9


def killed_at_random(folder: Path, portal: FaultPortal, kills: int, *, seed: int = 20) -> None:
    """Kill processes during their looks; check the database after each kill."""
    chance = random.Random(seed)
    database = folder / "weather.db"
    before: Counter[str] = Counter()
    for nth in range(kills):
        urls = [portal.server.url(host=f"p{n}.localhost") for n in range(4)]
        config = write_config(folder, *urls, journal=["delete", "wal"][nth % 2])
        with Child(config, "sweeps") as child:
            child.until("look")
            time.sleep(chance.random() / 5)
            child.kill()
            acknowledged = Counter(look["portal"] for look in child.log("look"))
        faults.assert_sound(database)
        counts = looks(database)
        assert before + acknowledged <= counts
        before = counts
    with Child(config, "sweeps", sweeps=1) as child:
        assert child.wait() == 0
    assert looks(database).total() == before.total() + 4
    assert not rows(database, "SELECT 1 FROM fetches WHERE outcome = 'unread'")


def test_acknowledged_looks_survive_every_kill(tmp_path, portal):
    killed_at_random(tmp_path, portal, 20)


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("db.write.store:Store.portals", []),
        ("db.write.store:Store.keep_page", []),
        ("db.write.sidebars:Sidebars.keep", ["unread"]),
        ("db.truth.spells:add", ["unread"]),
        ("db.write.store:Store._remember", ["unread"]),
        ("db.write.store:write_robots", []),
    ],
)
def test_a_kill_at_this_point_leaves_a_complete_look_or_no_look(config, database, point, left):
    with Child(config, "sweeps", sweeps=1, die=point) as child:
        assert child.wait() == -signal.SIGKILL
    assert [outcome for _, outcome, _ in rows(database)] == left
    with Child(config, "sweeps", sweeps=1) as child:
        assert child.wait() == 0
    assert {outcome for _, outcome, _ in rows(database)} == {"read"}
    faults.assert_sound(database)


KILL_WHILE_COPYING = """
import os, signal, sys
from pathlib import Path
from db.file import upgrade as schema
from tests.db.test_upgrade import add_column, later
schema._put_in_place = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
schema.open_or_make(Path(sys.argv[1]), migrations=later(add_column))
"""


def test_a_kill_while_copying_for_a_migration_leaves_the_old_file(tmp_path):
    path = tmp_path / "weather.db"
    with Store.open(path) as store:
        store.portal("koya", "http://koya.example/", 600)
        store.keep_failure(make_look(), "fetch_failed", "x")
    before = path.read_bytes()
    run = subprocess.run(
        [sys.executable, "-c", KILL_WHILE_COPYING, path], cwd=faults.ROOT, check=False, timeout=60
    )
    assert run.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert not list(path.parent.glob("weather.db.before-?"))
    with Store.open(path) as store:
        store.keep_failure(make_look(10), "fetch_failed", "x")
    faults.assert_sound(path)


# ---- a full disk


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a disk of two megabytes: the file, its WAL and a few looks fit into it."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_disk(folder: Path) -> None:
    with (folder / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while True:
            ballast.write(bytes(512))


@pytest.mark.parametrize(
    ("how", "journal"),
    [
        ("disk", "delete"),
        pytest.param("limit", "wal", marks=pytest.mark.slow),
        pytest.param("disk", "wal", marks=pytest.mark.slow),
        pytest.param("limit", "delete", marks=pytest.mark.slow),
    ],
)
def test_looks_during_a_full_disk_are_stored_later(tmp_path, portal, how, journal):
    folder = tmp_path / "small"
    folder.mkdir()
    database = folder / "weather.db"
    config = write_config(tmp_path, portal.server.url(), database=str(database), journal=journal)
    with small_disk(folder) if how == "disk" else contextlib.nullcontext(), Child(config) as child:
        child.until("look")
        process = child.process.pid
        if how == "disk":
            fill_disk(folder)
        else:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        child.until("not kept yet", 2)
        if how == "disk":
            (folder / "ballast").unlink()
        else:
            everything = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(process, resource.RLIMIT_FSIZE, everything)
        seen = len(child.log("look"))
        child.until("look", seen + 2)
        assert child.stop() == 0
        faults.assert_in_order(database, portal)
        faults.assert_sound(database)


# ---- the file itself


def scramble(path: Path) -> None:
    """Flip bits on every page but the first."""
    chance = random.Random(1)
    content = bytearray(path.read_bytes())
    for place in range(4096, len(content), 3):
        content[place] ^= chance.randrange(1, 256)
    with path.open("r+b") as file:
        file.write(content)


def another_database(path: Path) -> None:
    other = path.with_name("other.db")
    with Store.open(other, journal="delete") as store:
        store.keep_event(dt.datetime.now(dt.UTC), "started")
    other.replace(path)


def foreign_file(path: Path) -> None:
    other = path.with_name("other.db")
    other.write_text("a letter", encoding="utf-8")
    other.replace(path)


MOVED: dict[str, Callable[[Path], None]] = {
    "deleted": Path.unlink,
    "another of ours": another_database,
    "foreign": foreign_file,
}


@pytest.mark.parametrize(
    ("how", "journal"),
    [
        ("deleted", "wal"),
        pytest.param("another of ours", "delete", marks=pytest.mark.slow),
        pytest.param("deleted", "delete", marks=pytest.mark.slow),
        pytest.param("another of ours", "wal", marks=pytest.mark.slow),
        pytest.param("foreign", "delete", marks=pytest.mark.slow),
        pytest.param("foreign", "wal", marks=pytest.mark.slow),
    ],
)
def test_a_missing_or_replaced_file_is_reported_and_used_once_it_is_back(
    config, database, portal, how, journal
):
    """The daemon keeps running: after a restart it would create a file or use the wrong one."""
    write_config(config.parent, portal.server.url(), journal=journal)
    aside = database.with_name("aside.db")
    with Child(config) as child:
        child.until("look")
        os.link(database, aside)
        MOVED[how](database)
        replaced = database.read_bytes() if database.exists() else None
        refusals = child.until("not kept yet", 2)
        assert "gone" in refusals[-1]["reason"] or "another file" in refusals[-1]["reason"]
        assert (database.read_bytes() if database.exists() else None) == replaced
        aside.replace(database)
        child.until("look", len(child.log("look")) + 2)
        assert child.stop() == 0
    faults.assert_in_order(database, portal)
    faults.assert_sound(database)


@pytest.mark.parametrize(
    "how",
    [
        "truncated",
        pytest.param("emptied", marks=pytest.mark.slow),
        pytest.param("written over", marks=pytest.mark.slow),
    ],
)
def test_a_damaged_file_is_reported_with_each_look_and_never_replaced(config, database, how):
    write_config(config.parent, rows_url(config), journal="delete")
    with Child(config) as child:
        child.until("look")
        child.send(signal.SIGSTOP)
        intact = database.read_bytes()
        if how == "written over":
            database.write_bytes(b"a letter" * 1000)
        else:
            os.truncate(database, 0 if how == "emptied" else len(intact) // 2)
        child.send(signal.SIGCONT)
        child.until("not kept yet", 2)
        assert child.stop() == 6
        assert "could not be kept and are lost" in child.output
    with Child(config) as again:
        assert again.wait() == 6


def test_flipped_bytes_under_a_running_daemon_are_reported_once(config, database, inbox):
    """SQLite has no checksums, and reads a page again only after a change by another process."""
    settings = config.read_text(encoding="utf-8")
    config.write_text(f'notify.ping = "{inbox.url}/ping"\n{settings}', encoding="utf-8")
    with Child(config, inspect_s=0.2) as child:
        child.until("look", 2)
        assert not child.log("database at fault")
        scramble(database)
        child.until("database at fault")
        until(lambda: any(path == "/ping/fail" for path, _ in inbox.pings()), child=child)
        before = len(child.log())
        # Wait for more looks and inspections.
        until(lambda: len(child.log()) >= before + 2, child=child)
        after = [path for path, _ in inbox.pings()]
        assert "/ping" not in after[after.index("/ping/fail") :]  # no ping of success any more
        assert child.stop() in {0, 6}
    found = [line["fault"] for line in child.log("database at fault")]
    assert len(found) == len(set(found))
    with (
        contextlib.suppress(DatabaseError),
        query.Database(database) as db,
    ):  # too damaged for a question
        assert db.faults()
    with Child(config) as again:
        until(lambda: again.process.poll() == 6 or again.log("not kept yet"), child=again)


def test_a_file_that_an_inspection_missed_is_reported_intact_again(config, database):
    with Child(config, inspect_s=0.2) as child:
        child.until("look")
        database.rename(database.with_name("aside.db"))
        child.until("database at fault")
        database.with_name("aside.db").rename(database)
        child.until("database sound again")
        assert child.stop() == 0


def named_rows(path: Path) -> list[tuple[str, str, str]]:
    """Give portal, outcome and reason of each look."""
    sql = "SELECT name, outcome, reason FROM fetches f JOIN portals p ON p.id = portal_id"
    return sorted(rows(path, sql))


def rows_url(config: Path) -> str:
    """The address of the portal in a config."""
    return config.read_text(encoding="utf-8").split('url = "')[1].split('"')[0]


@pytest.mark.slow
def test_a_read_only_file_is_reported_and_written_once_allowed(config, database, portal):
    with Child(config) as child:
        child.until("look")
        if subprocess.run(["chattr", "+i", database], check=False, capture_output=True).returncode:
            pytest.skip("this file system, or this user, cannot make a file immutable")
        try:
            child.until("not kept yet", 2)
        finally:
            subprocess.run(["chattr", "-i", database], check=True)
        child.until("look", len(child.log("look")) + 2)
        assert child.stop() == 0
    faults.assert_in_order(database, portal)
    faults.assert_sound(database)


def test_another_database_copied_over_ours_gets_no_wrong_stations(config, database, portal):
    """The remembered ids belong to other rows in that file."""
    write_config(config.parent, portal.server.url(), journal="delete")
    other = database.with_name("other.db")
    with Store.open(other, journal="delete") as store:
        store.portal("p0", portal.server.url(), 1)
        for nth in range(10):
            store.keep_event(dt.datetime.now(dt.UTC), "started", str(nth))
        store._conn.execute("INSERT INTO stations (id, name_ko) VALUES (1, '서울'), (2, '강릉')")
        store._conn.commit()
    with Child(config) as child:
        child.until("look")
        child.send(signal.SIGSTOP)
        shutil.copyfile(other, database)
        child.send(signal.SIGCONT)
        child.until("look", len(child.log("look")) + 2)
        assert child.stop() == 0
    faults.assert_sound(database)
    # On each page every city is a tenth of a degree warmer than on the page before.
    wrong = rows(
        database,
        "SELECT 1 FROM readings a JOIN readings b USING (sidebar_id) JOIN stations s ON "
        "s.id = a.station_id JOIN stations t ON t.id = b.station_id WHERE s.name_ko = '동두천' "
        "AND t.name_ko = '강릉' AND b.temperature - a.temperature NOT IN (1, -399)",
    )
    assert not wrong
    assert len(rows(database, "SELECT DISTINCT sidebar_id FROM readings")) >= 2


# ---- the lock


@pytest.mark.parametrize(
    ("journal", "sql"),
    [
        ("delete", "BEGIN EXCLUSIVE"),
        pytest.param("wal", "BEGIN EXCLUSIVE", marks=pytest.mark.slow),
        pytest.param("delete", "SELECT name FROM sqlite_schema", marks=pytest.mark.slow),
        pytest.param("wal", "SELECT name FROM sqlite_schema", marks=pytest.mark.slow),
    ],
)
def test_a_locked_file_loses_no_look(config, database, portal, journal, sql):
    write_config(config.parent, portal.server.url(), journal=journal)
    with Child(config) as child:
        child.until("look")
        with holding(database, sql):  # longer than the daemon's wait of 0.3 s
            before = portal.asked
            until(lambda: portal.asked >= before + 2, child=child)
        child.until("look", len(child.log("look")) + 2)
        assert child.stop() == 0
        noticed = (journal, sql) != ("wal", "SELECT name FROM sqlite_schema")
        assert bool(child.log("not kept yet")) is noticed
    assert {outcome for _, outcome, _ in rows(database)} == {"read"}
    assert looks(database)["p0"] == portal.asked
    faults.assert_in_order(database, portal)
    faults.assert_sound(database)


@pytest.mark.slow
@pytest.mark.parametrize(
    "bound",
    [{"most_waiting": 2}, {"most_bytes": 20_000}],
    ids=str,
)
def test_the_backlog_is_bounded_and_the_loss_of_the_oldest_is_recorded(
    config, database, portal, bound
):
    """
    A page has nine kilobytes: only two of them may wait.

    Looks are two seconds apart, so that no two share a second.
    """
    with Child(config, interval_s=2, **bound) as child:
        child.until("look")
        with holding(database, "BEGIN EXCLUSIVE"):
            child.until("not kept yet", 5)
        child.until("look", len(child.log("look")) + 2)
        assert child.stop() == 0
    ((at, detail),) = rows(database, "SELECT at, detail FROM events WHERE kind = 'not kept'")
    lost = int(detail.removesuffix(detail[detail.index(" ") :]))
    assert lost >= 3
    assert looks(database)["p0"] == portal.asked - lost
    first = dt.datetime.fromisoformat(detail.split()[3])
    assert not [when for when, *_ in rows(database) if first.timestamp() <= when <= at]
    faults.assert_sound(database)


# ---- the portal


def misbehaving(chance: random.Random) -> Callable[[Request], Iterator[bytes]]:
    """Answer each request with a random fault, or sometimes with a right page."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    bomb = (
        shutil.which("gzip")
        and subprocess.run(
            ["gzip", "-9c"], input=bytes(20_000_000), capture_output=True, check=True
        ).stdout
    )

    def reply(request: Request) -> Iterator[bytes]:
        code = chance.choice([204, 301, 400, 403, 404, 410, 418, 429, 500, 502, 503, 504, 599, 999])
        replies: list[Reply] = [
            answer(box(chance.randrange(400))),
            answer(status=f"{code} Oops"),
            answer(status="503 Busy", headers={"Retry-After": chance.choice(["1", "x", "9" * 40])}),
            answer(box(), headers={"Content-Length": "99999"}),
            answer(chance.randbytes(chance.randrange(9000))),
            chance.randbytes(200),
            answer(bomb or b"", headers={"Content-Encoding": "gzip"}),
            answer(b"no gzip", headers={"Content-Encoding": "gzip"}),
            dripping(head + b"\r\n", b"x", every_s=0.05),
            answer(box(1), headers={"Content-Type": "text/html; charset=utf-16"}),
            answer(
                box(1).decode().encode("cp949"),
                headers={"Content-Type": "text/html; charset=x"},
            ),
            answer(b""),
            b"",
            silent,
            answer(status="302 Found", headers={"Location": "http://192.0.2.1/"}),
            answer(status="302 Found", headers={"Location": "/"}),
            answer(status="304 Not Modified"),
        ]
        chosen = chance.choice(replies)
        yield from [chosen] if isinstance(chosen, bytes) else chosen(request)

    return reply


def poll_misbehaving(folder: Path, sweeps: int) -> None:
    """Poll ten sites of a misbehaving portal; each look is a row, and no resource leaks."""
    chance = random.Random(sweeps)
    with FaultPortal() as portal:
        portal.reply = misbehaving(chance)

        def robots(request: Request) -> Iterator[bytes]:
            robots_reply = [NO_ROBOTS] * 6 + [
                answer("User-agent: *\nDisallow: /"),
                answer(status="500 Oops"),
            ]
            yield chance.choice(robots_reply)

        portal.robots = robots
        urls = [portal.server.url(host=f"p{n}.localhost") for n in range(10)]
        config = write_config(folder, *urls)
        with Child(config, "sweeps", sweeps=sweeps, timeout_s=0.4, day_by_day=8) as child:
            child.process.wait(max(faults.PATIENCE_S, sweeps * 3))
            assert child.process.returncode == 0, child.output
            held = child.log("sweep")
    database = config.with_name("weather.db")
    assert looks(database) == {f"p{n}": sweeps for n in range(10)}
    assert not rows(database, "SELECT 1 FROM fetches WHERE sidebar_id IS NULL AND reason IS NULL")
    assert len(rows(database, "SELECT DISTINCT outcome FROM fetches")) >= 4
    faults.assert_sound(database)
    first, last = held[sweeps // 10], held[-1]
    assert last["threads"] <= first["threads"] + 10  # DNS has its own pool of threads
    # Some connections of ten looks may still be closing; a leak would add up over the sweeps.
    assert min(sweep["descriptors"] for sweep in held[-3:]) <= first["descriptors"] + 10
    assert last["mib"] <= first["mib"] + 40


def test_a_hundred_looks_at_a_portal_that_misbehaves_are_a_hundred_rows(tmp_path):
    poll_misbehaving(tmp_path, 10)


# ---- stop signals

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
STAGES: dict[str, Reply] = {
    "headers": silent,
    "body": dripping(HEAD, b"x", every_s=0.1),
    "backoff": answer(status="503 Busy", headers={"Retry-After": "9"}),
}


def assert_given_up(child: Child, database: Path) -> None:
    assert child.wait() == 0, child.output
    _, outcome, reason = rows(database)[-1]  # on a slow machine earlier looks may have timed out
    assert outcome == "fetch_failed"
    assert "given up" in reason
    faults.assert_sound(database)


@pytest.mark.parametrize("stage", [*STAGES, "robots"])
def test_a_stop_at_this_stage_leaves_a_row_for_the_look(config, database, portal, stage):
    if stage == "robots":
        portal.robots = silent
    else:
        portal.reply = STAGES[stage]
    with Child(config) as child:
        until(lambda: portal.server.paths[-1:] == ["/robots.txt" if stage == "robots" else "/"])
        child.send(signal.SIGTERM)
        assert_given_up(child, database)


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM] * 2], ids=["INT", "twice"])
def test_other_stop_signals_do_the_same(config, database, portal, signals):
    portal.reply = silent
    with Child(config) as child:
        until(lambda: portal.asked)
        for number in signals:
            child.send(number)
            time.sleep(0.1)
        assert_given_up(child, database)


def test_a_stop_while_connecting_leaves_a_row_for_the_look(tmp_path):
    with unaccepting() as port, Child(write_config(tmp_path, f"http://127.0.0.1:{port}/")) as child:
        child.until("looking")
        time.sleep(0.3)
        child.send(signal.SIGTERM)
        assert_given_up(child, tmp_path / "weather.db")


@pytest.mark.slow
def test_a_stop_with_the_usual_patience_takes_less_than_ten_seconds(config, database, portal):
    portal.reply = silent
    with Child(config, patience_s=5.0) as child:
        until(lambda: portal.asked)
        started = time.monotonic()
        child.send(signal.SIGTERM)
        assert_given_up(child, database)
        assert time.monotonic() - started < 10


def test_a_stop_during_a_lock_reports_the_lost_looks(config, database, portal):
    with Child(config) as child:
        child.until("look")
        with holding(database, "BEGIN EXCLUSIVE"):
            child.until("not kept yet", 2)
            assert child.stop() == 6
        assert "could not be kept and are lost" in child.output
    faults.assert_sound(database)


@pytest.mark.slow
def test_a_stop_just_before_the_file_is_free_loses_no_look(config, database):
    with Child(config) as child:
        child.until("look")
        with holding(database, "BEGIN EXCLUSIVE"):
            child.until("not kept yet")
            child.send(signal.SIGSTOP)
            child.send(signal.SIGTERM)
        child.send(signal.SIGCONT)
        assert child.wait() == 0
    faults.assert_sound(database)


def test_a_stop_during_a_write_stores_the_look(config, database, portal):
    held = threading.Event()

    def delayed(_: Request) -> Iterator[bytes]:
        held.wait(faults.PATIENCE_S)
        yield answer(box(1))

    portal.reply = delayed
    with Child(config, busy_s=faults.PATIENCE_S, patience_s=faults.PATIENCE_S) as child:
        until(lambda: portal.asked, child=child)
        with holding(database, "BEGIN EXCLUSIVE"):
            held.set()  # the page arrives, and no process may write
            time.sleep(0.5)
            child.send(signal.SIGTERM)
            time.sleep(0.2)
        assert child.wait() == 0, child.output
    assert {outcome for _, outcome, _ in rows(database)} == {"read"}
    assert not child.log("not kept yet")
    faults.assert_sound(database)


def test_a_stop_waits_neither_for_dns_nor_for_a_channel_that_hangs(config, database, portal):
    reachable, hanging = portal.server.url(), portal.server.url(host=faults.HANGS)
    channels = {"notify.ping": f"{hanging}ping", "notify.webhook": f"{hanging}hook"}
    write_config(config.parent, reachable, hanging, **channels)
    with Child(config, patience_s=5.0) as child:
        child.until("look")
        child.send(signal.SIGTERM)
        assert child.wait() == 0, child.output  # within a third of the time for which DNS hangs
    assert {(name, outcome) for name, outcome, _ in named_rows(database)} == {
        ("p0", "read"),
        ("p1", "fetch_failed"),
    }
    assert "given up" in named_rows(database)[-1][2]
    faults.assert_sound(database)


# ---- a new config


def test_a_new_config_is_used_and_a_wrong_one_is_reported_once(config, database, portal):
    with Child(config) as child:
        child.until("look")
        write_config(config.parent, portal.server.url(), portal.server.url(host="p1.localhost"))
        for _ in range(20):
            child.send(signal.SIGHUP)
        until(lambda: looks(database)["p1"], child=child)
        config.write_text("interval_minutes = 'often'", encoding="utf-8")
        child.send(signal.SIGHUP)
        child.until("config refused, the old one stays in use")
        before = looks(database)
        until(
            lambda: all(looks(database)[name] > before[name] for name in ("p0", "p1")), child=child
        )
        assert len(child.log("config refused, the old one stays in use")) == 1
        assert child.stop() == 0
    assert {reason for _, _, reason in rows(database)} == {None}


@pytest.mark.slow
def test_a_new_config_during_a_lock_loses_no_look(config, database, portal):
    with Child(config) as child:
        child.until("look")
        with holding(database, "BEGIN EXCLUSIVE"):
            child.until("not kept yet")
            write_config(config.parent, portal.server.url(), portal.server.url(host="p1.localhost"))
            child.send(signal.SIGHUP)
            child.until("looking", 2)
            until(lambda: any(line["portal"] == "p1" for line in child.log("not kept yet")))
        until(lambda: looks(database)["p1"] >= 2, child=child)
        assert child.stop() == 0
    assert looks(database).total() == portal.asked
    faults.assert_sound(database)


# ---- several daemons


def test_one_of_several_daemons_runs_and_the_next_starts_after_its_kill(config, database):
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(Child(config)) for _ in range(3)]
        children.append(stack.enter_context(Child(config, "sweeps")))
        until(lambda: sum(child.process.poll() == 75 for child in children) == 3)
        (alive,) = [child for child in children if child.process.poll() is None]
        alive.until("look")
        alive.kill()
        following = stack.enter_context(Child(config))
        following.until("looking")
        assert following.stop() == 0
    faults.assert_sound(database)


# ---- time


@pytest.mark.slow
def test_a_long_stop_is_followed_by_one_late_look_and_no_burst(config, database, portal):
    with Child(config) as child:
        child.until("look")
        child.send(signal.SIGSTOP)
        time.sleep(2.5)
        before = portal.asked
        child.send(signal.SIGCONT)
        until(lambda: portal.asked > before, child=child)
        time.sleep(0.5)
        assert portal.asked - before <= 2
        assert child.stop() == 0
    faults.assert_sound(database)


def set_clock(config: Path, ahead_s: int) -> None:
    """Set the clock of the daemon: at once, since it may read the file at any time."""
    draft = config.with_name("ahead_s.new")
    draft.write_text(str(ahead_s))
    draft.replace(config.with_name("ahead_s"))


@pytest.mark.parametrize(
    ("ahead_s", "works"),
    [
        pytest.param(-3600, False, id="back, while the portal fails"),
        pytest.param(86_400, True, id="forward", marks=pytest.mark.slow),
        pytest.param(-3600, True, id="back", marks=pytest.mark.slow),
    ],
)
def test_a_clock_that_is_set_makes_no_burst_and_no_pause(config, database, portal, ahead_s, works):
    with Child(config) as child:
        child.until("look")
        if not works:
            portal.reply = answer(status="500 Oops")
        set_clock(config, ahead_s)
        child.until("the clock was set")
        before, started = portal.asked, time.monotonic()
        until(lambda: portal.asked >= before + 3, child=child)
        assert time.monotonic() - started > 1.2
        assert child.stop() == 0
        now = time.time() + max(ahead_s, 0)
        assert len(child.log("the clock was set")) == 1
    # A second look in one second is dated to the next second.
    assert all(at <= now + 1 for at, *_ in rows(database))
    assert rows(database, "SELECT count(*) FROM events WHERE kind = 'clock'") == [(1,)]
    faults.assert_sound(database)


def test_a_clock_that_was_never_set_is_waited_for(config, database, portal):
    set_clock(config, -50 * 365 * 86_400)
    with Child(config) as child:
        child.until("waiting for the clock to be set")
        time.sleep(0.5)
        assert not portal.asked
        set_clock(config, 0)
        child.until("look")
        assert child.stop() == 0
    faults.assert_sound(database)


# ---- restarts and back-off


def test_restarts_add_no_requests(config, portal):
    for _ in range(5):
        with Child(config, interval_s=600) as child:
            child.until("looking")
            until(lambda: portal.asked, child=child)
            assert child.stop() == 0
    assert portal.asked == 1


@pytest.mark.slow
def test_restarts_add_no_requests_to_a_schedule(config, portal):
    """Also if the schedule is rarer than the interval."""
    text = f'schedule = "0 0 1 1 *"\n{config.read_text(encoding="utf-8")}'
    config.write_text(text, encoding="utf-8")
    for _ in range(2):
        with Child(config, interval_s=1) as child:
            child.until("looking")
            until(lambda: portal.asked, child=child)
            time.sleep(1.2)
            assert child.stop() == 0
    assert portal.asked == 1


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3600"}], ids=["back-off", "Retry-After"])
def test_a_back_off_survives_a_restart(config, database, portal, headers):
    status = "429 Slow down" if headers else "500 Oops"
    portal.reply = answer(status=status, headers=headers)
    for _ in range(2):
        with Child(config, interval_s=2 if headers else 300) as child:
            child.until("looking")
            until(lambda: rows(database), child=child)
            time.sleep(0.3)
            assert child.stop() == 0
    assert portal.asked == 1


def test_the_first_success_after_a_back_off_restores_the_interval(config, database, portal):
    oops, turns = answer(status="500 Oops"), itertools.count()
    portal.reply = lambda _: iter([oops if next(turns) < 2 else answer(box(1))])
    with Child(config) as child:
        child.until("look", 5)
        assert child.stop() == 0
    times = [at for at, *_ in rows(database)]
    waits_s = [b - a for a, b in itertools.pairwise(times)]
    assert waits_s[1] >= 3  # doubled twice
    assert max(waits_s[2:]) < 6  # and not once more


NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 10), (1, 20), (2, 40), (3, 60), (4, 60), (10_000, 60)],
)
def test_each_failure_doubles_the_wait_up_to_an_hour(failures, minutes):
    memory = PortalMemory(last_look=NOW, failures=failures)
    assert next_look(memory, 600, NOW) == NOW + dt.timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("memory", "minutes"),
    [
        pytest.param(PortalMemory(), 0, id="never polled"),
        pytest.param(PortalMemory(last_look=NOW - dt.timedelta(days=1)), 0, id="long ago"),
        pytest.param(PortalMemory(last_look=NOW + dt.timedelta(hours=1)), 0, id="in the future"),
        pytest.param(
            PortalMemory(last_look=NOW, failures=1, retry_at=NOW + dt.timedelta(hours=5)),
            300,
            id="the portal's own wish",
        ),
        pytest.param(
            PortalMemory(
                last_look=NOW + dt.timedelta(hours=1),
                failures=1,
                retry_at=NOW + dt.timedelta(hours=5),
            ),
            0,
            id="a wish dated by a wrong clock",
        ),
    ],
)
def test_the_next_look_is_due_after_the_expected_minutes(memory, minutes):
    assert next_look(memory, 600, NOW) == NOW + dt.timedelta(minutes=minutes)


def test_an_interval_longer_than_the_longest_back_off_stays():
    memory = PortalMemory(last_look=NOW, failures=3)
    assert next_look(memory, 7200, NOW) == NOW + dt.timedelta(hours=2)
