"""`nalssi run` as a process: its looks, log, memory, and messages to systemd."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from db import query
from db.reading import PortalMemory
from db.write.store import Store
from scraper import attempts, config, lock
from scraper.collect import Report
from scraper.daemon import scheduler
from scraper.daemon.service import Daemon
from scraper.printable import printable
from tests.cli.test_cli import BOX, HOSTILE, NALSSI, ROOT, portal, refused
from tests.support.make import make_content, make_look, see
from tests.support.servers import answer, refusing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_T = TypeVar("_T")

PATIENCE_S = 60.0
MOST_BYTES = 80 * 2**20
"""Resident memory; 50 to 60 MB is usual."""


class DaemonProcess:
    """A daemon and its log on stderr."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self._log = process, log

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """The lines of its log, or only those of one event."""
        complete = self._log.read_text().rpartition("\n")[0]
        rows: list[dict[str, Any]] = [json.loads(line) for line in complete.splitlines()]
        return [row for row in rows if event in ("", row["event"])]

    def wait(self, event: str, *, count: int = 1) -> list[dict[str, Any]]:
        return until(lambda: self.lines(event), lambda rows: len(rows) >= count)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


def until(ask: Callable[[], _T], wanted: Callable[[_T], bool]) -> _T:
    """Ask until the answer is as wanted, for a bounded time."""
    end = time.monotonic() + PATIENCE_S
    while not wanted(answer := ask()):
        assert time.monotonic() < end, answer
        time.sleep(0.02)
    return answer


@contextlib.contextmanager
def running(folder: Path, **env: str) -> Iterator[DaemonProcess]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("NALSSI_")}
    path = folder / "log"
    with path.open("wb") as log:
        process = subprocess.Popen(
            [*NALSSI, "run"],
            cwd=folder,
            env={**clean, "PYTHONPATH": str(ROOT), **env},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        yield DaemonProcess(process, path)
    finally:
        process.kill()
        process.wait()


def add(folder: Path, *lines: str) -> None:
    """Insert lines before the portals of a config."""
    config = folder / "config.toml"
    config.write_text("\n".join([*lines, config.read_text()]))


def looks(folder: Path) -> list[query.PastLook]:
    with query.Database(folder / "weather.db") as db:
        return db.looks()


def test_the_daemon_polls_at_once_and_logs_each_look(tmp_path):
    pages = portal(tmp_path, koya=answer(BOX), none=answer("<title>공사 중</title>"))
    with pages, running(tmp_path) as daemon:
        rows = daemon.wait("look", count=2)
        assert daemon.stop() == 0
    koya, none = sorted(rows, key=lambda row: str(row["portal"]))
    assert koya["milliseconds"] >= 0
    assert {key: koya[key] for key in ("level", "portal", "outcome", "readings")} == {
        "level": "info",
        "portal": "koya",
        "outcome": "new",
        "readings": 2,
    }
    assert dt.datetime.fromisoformat(koya["timestamp"])
    assert (none["level"], none["outcome"]) == ("warning", "no_sidebar")
    assert "공사 중" in none["error"]
    assert [row["problem"] for row in daemon.lines("problem")] == ["no temperature printed: 부산"]
    assert daemon.lines()[-1]["event"] == "stopped"
    assert len(looks(tmp_path)) == 2


def test_an_unwritable_log_delays_no_look(tmp_path):
    with portal(tmp_path, koya=answer(BOX)), Path("/dev/full").open("wb") as full:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen([*NALSSI, "run"], cwd=tmp_path, env=environment, stderr=full)
        until((tmp_path / "weather.db").exists, bool)
        until(lambda: looks(tmp_path), bool)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def test_the_daemon_waits_for_the_interval(tmp_path):
    with portal(tmp_path, koya=answer(BOX), new=answer(BOX)) as server:
        with Store.open(tmp_path / "weather.db") as store:
            see(store, make_look(fetched_at=dt.datetime.now(dt.UTC)), make_content())
        with running(tmp_path) as daemon:
            daemon.wait("look")
            daemon.wait("looking")
            assert daemon.stop() == 0
        assert "/koya" not in server.paths


def shown_in_a_terminal(folder: Path, **env: str) -> str:
    """Run the daemon in a terminal until its first look; gives what the terminal got."""
    our_end, child_end = pty.openpty()
    with os.fdopen(child_end, "wb") as terminal:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", **env}
        process = subprocess.Popen([*NALSSI, "run"], cwd=folder, env=environment, stderr=terminal)
    shown = b""
    with os.fdopen(our_end, "rb", buffering=0) as stream:
        while b"no_sidebar" not in shown and select.select([stream], [], [], PATIENCE_S)[0]:
            shown += stream.read(65536)
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    return shown.decode()


def test_a_terminal_log_is_readable_and_has_no_control_character_of_a_page(tmp_path):
    with portal(tmp_path, koya=answer(f"<title>{HOSTILE}</title>")):
        shown = shown_in_a_terminal(tmp_path, NO_COLOR="")
    assert "\x1b[" in shown
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown)  # the log's own colours
    assert "portal=koya" in text
    assert "{" not in text
    for character in ("\x1b", "\x07", "\u202e", "\u2066", "\x9b"):
        assert character not in text


def test_no_color_disables_colours(tmp_path):
    with portal(tmp_path, koya=answer("<title>공사 중</title>")):
        shown = shown_in_a_terminal(tmp_path, NO_COLOR="1")
    assert "portal=koya" in shown
    assert "\x1b" not in shown


def test_no_control_character_is_in_the_log(tmp_path):
    with portal(tmp_path, koya=answer(f"<title>{HOSTILE}</title>")), running(tmp_path) as daemon:
        (row,) = daemon.wait("look")
        assert printable(row["error"]) == row["error"]
        daemon.stop()


def test_no_secret_is_in_the_log(tmp_path):
    secret = f"http://127.0.0.1:{refusing()}/s3cr3t"
    with portal(tmp_path, koya=answer(status="500 Oops")):
        add(
            tmp_path,
            f'notify.webhook = "{secret}"',
            f'notify.ping = "{secret}"',
            'notify.apprise = ["nonsense://s3cr3t"]',
        )
        with running(tmp_path) as daemon:
            daemon.wait("not sent", count=3)
            config = tmp_path / "config.toml"
            config.write_text(config.read_text().replace('["nonsense://s3cr3t"]', '"s3cr3t"'))
            daemon.process.send_signal(signal.SIGHUP)
            (refusal,) = daemon.wait("config refused, the old one stays in use")
            daemon.stop()
    assert "notify.apprise" in refusal["reason"]
    assert "s3cr3t" not in (tmp_path / "log").read_text()


def test_notices_and_pings_are_sent(tmp_path, inbox):
    with portal(tmp_path, koya=answer(status="404 Not Found")):
        add(
            tmp_path,
            f'notify.webhook = "{inbox.url}/hook"',
            f'notify.ping = "{inbox.url}/ping"',
            'metrics.textfile = "nalssi.prom"',
        )
        with running(tmp_path) as daemon:
            until(inbox.pings, lambda pings: any(path == "/ping/fail" for path, _ in pings))
            daemon.stop()
    assert inbox.notices() == [("koya", "down", False)]
    assert "HTTP 404" in next(body for path, body in inbox.pings() if path == "/ping/fail")
    assert inbox.pings()[0] == ("/ping/start", "")
    assert 'nalssi_portal_state{portal="koya",state="down"} 1.0' in (
        (tmp_path / "nalssi.prom").read_text()
    )


def test_one_start_is_pinged_for_many_portals(tmp_path, inbox):
    names = ("a", "b", "c", "d")
    with portal(tmp_path, **dict.fromkeys(names, answer(BOX))):
        add(tmp_path, f'notify.ping = "{inbox.url}/ping"')
        with running(tmp_path) as daemon:
            until(inbox.pings, lambda pings: pings and all(name in pings[-1][1] for name in names))
            daemon.stop()
    first, *others = [path for path, _ in inbox.pings()]
    assert first == "/ping/start"
    assert set(others) == {"/ping"}


def test_a_hanging_channel_delays_no_look(tmp_path, inbox):
    inbox.hangs.set()
    with portal(tmp_path, a=answer(status="404 No"), b=answer(status="404 No"), c=answer(BOX)):
        add(tmp_path, f'notify.webhook = "{inbox.url}/hook"')
        with running(tmp_path) as daemon:
            daemon.wait("look", count=3)
            began = time.monotonic()
            assert daemon.stop() == 0
            assert time.monotonic() - began < attempts.TIMEOUT_S


def test_metrics_are_served_on_the_configured_port(tmp_path):
    port = refusing()
    with portal(tmp_path, koya=answer(BOX)):
        add(tmp_path, f"metrics.port = {port}")
        with running(tmp_path) as daemon:
            daemon.wait("look")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as got:
                metrics = got.read().decode()
            assert daemon.stop() == 0
    for line in (
        'nalssi_looks_total{outcome="new",portal="koya"} 1.0',
        'nalssi_portal_state{portal="koya",state="stale"} 1.0',
        "nalssi_readings_total 2.0",
    ):
        assert line in metrics


def test_a_metrics_port_in_use_stops_no_look(tmp_path):
    with portal(tmp_path, koya=answer(BOX), b=answer(BOX)), socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        add(tmp_path, f"metrics.port = {listener.getsockname()[1]}")
        with running(tmp_path) as daemon:
            (refusal,) = daemon.wait("no metrics")
            daemon.wait("look", count=2)
            path = tmp_path / "config.toml"
            path.write_text(f"interval_minutes = 11\n{path.read_text()}")
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait("no metrics", count=2)
            daemon.wait("looking", count=2)
            assert daemon.stop() == 0
    assert (refusal["level"], "cannot be listened on" in refusal["reason"]) == ("error", True)


def test_the_log_names_config_and_database_and_each_reading_of_the_config(tmp_path):
    with portal(tmp_path, koya=answer(BOX)), running(tmp_path) as daemon:
        (first,) = daemon.wait("looking")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait("config read again, unchanged")
        path = tmp_path / "config.toml"
        path.write_text(f"interval_minutes = 11\n{path.read_text()}")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait("config read again")
        daemon.wait("looking", count=2)
        assert daemon.stop() == 0
    assert first["config"] == str(tmp_path / "config.toml")
    assert first["database"] == str(tmp_path / "weather.db")


def test_a_portal_removed_from_the_config_is_only_counted(tmp_path):
    port = refusing()
    with portal(tmp_path, koya=answer(BOX), gone=answer(BOX)):
        add(tmp_path, f"metrics.port = {port}")
        path = tmp_path / "config.toml"
        with running(tmp_path) as daemon:
            daemon.wait("look", count=2)
            path.write_text(path.read_text().partition('[[portals]]\nname = "gone"')[0])
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait("looking", count=2)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as got:
                metrics = got.read().decode()
            assert daemon.stop() == 0
    assert 'nalssi_portal_state{portal="koya",state="stale"} 1.0' in metrics
    assert 'nalssi_portal_state{portal="gone"' not in metrics
    assert 'nalssi_looks_total{outcome="new",portal="gone"} 1.0' in metrics


def test_a_message_of_a_library_is_a_line_of_the_log():
    run = subprocess.run(
        [sys.executable, "-c", LIBRARIES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    skipped, failed = [json.loads(line) for line in run.stderr.splitlines()]
    assert "maximum number of running instances reached" in skipped["event"]
    assert (skipped["level"], skipped["logger"]) == ("warning", "apscheduler.scheduler")
    assert dt.datetime.fromisoformat(skipped["timestamp"])
    assert (failed["level"], failed["event"]) == ("error", "odd")
    assert failed["traceback"].splitlines()[-1] == "ValueError: odder"


LIBRARIES = """
import asyncio, logging
from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from scraper.daemon.log import log_to_stderr

async def main():
    skipped = asyncio.Event()
    scheduler = AsyncIOScheduler()
    def skip(_):
        scheduler.pause()
        skipped.set()
    scheduler.add_listener(skip, EVENT_JOB_MAX_INSTANCES)
    scheduler.add_job(skipped.wait, "interval", seconds=0.05)
    scheduler.start()
    await asyncio.wait_for(skipped.wait(), 60)

log_to_stderr()
asyncio.run(main())
try:
    raise ValueError("odd\x9ber\u202e")
except ValueError:
    logging.getLogger("other").exception("o\u2066dd")
"""
"""A program that logs a job that is due while it runs, and an error with its traceback."""


def test_problems_are_logged_when_they_change(tmp_path):
    (tmp_path / "config.toml").touch()
    log = Log()
    with Store.open(tmp_path / "weather.db") as store:
        daemon = Daemon(
            load=lambda: config.load(tmp_path / "config.toml"),
            store=store,
            clock=lambda: dt.datetime.now(dt.UTC),
            log=log,  # type: ignore[arg-type] # a fake with the used part
        )
        for problems in [("a",), ("a",), None, ("a",), ("b", "c"), (), ()]:
            daemon._after("koya", make_report(problems))
            daemon._after("koya", Report(portal="koya", outcome="not_modified"))
    logged = [row["problem"] for row in log.rows if row["event"] == "problem"]
    assert logged == ["a", "b", "c", "none any more"]
    assert len([row for row in log.rows if row["event"] == "look"]) == 14


class Log:
    """A log that keeps its rows."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def info(self, event: str, **more: Any) -> None:
        self.rows.append({"event": event, **more})

    warning = info


def make_report(problems: tuple[str, ...] | None) -> Report:
    """Give the report of a look with these problems; None = of a failed look."""
    if problems is None:
        return Report(portal="koya", outcome="fetch_failed", error="HTTP 500")
    return Report(portal="koya", outcome="unchanged", problems=problems)


@contextlib.contextmanager
def systemd(folder: Path) -> Iterator[tuple[str, Callable[[], list[str]]]]:
    """A socket like systemd's; gives its path, and a function for the messages so far."""
    path = folder / "notify"
    received: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.setblocking(False)

        def messages() -> list[str]:
            with contextlib.suppress(BlockingIOError):
                while True:
                    received.extend(listener.recv(65536).decode().splitlines())
            return received

        yield str(path), messages


def test_systemd_is_notified_of_start_looks_reload_and_end(tmp_path):
    with portal(tmp_path, koya=answer(BOX)), systemd(tmp_path) as (path, messages):
        with running(tmp_path, NOTIFY_SOCKET=path) as daemon:
            until(messages, lambda states: {"READY=1", "STATUS=koya: new"} <= set(states))
            until(messages, lambda states: "WATCHDOG=1" in states)
            assert "STOPPING=1" not in messages()
            daemon.process.send_signal(signal.SIGHUP)
            until(messages, lambda states: states.count("READY=1") == 2 and "RELOADING=1" in states)
            assert daemon.stop() == 0
        assert "STOPPING=1" in messages()


def test_an_endless_look_counts_as_hanging_and_a_waiting_look_does_not(monkeypatch):
    """Fifteen looks of 0.1 s in turn exceed the limit for one look, which is a second."""
    monkeypatch.setattr(scheduler, "LONGEST_LOOK_S", 1.0)
    assert asyncio.run(fed_while_looking(ends=True)) == {True}
    assert asyncio.run(fed_while_looking(ends=False)) == {True, False}


async def fed_while_looking(*, ends: bool) -> set[bool]:
    """Give each answer of ``goes_on`` during 1.3 seconds."""
    turn, never = asyncio.Lock(), asyncio.Event()

    class OneByOne:
        async def make_known(self, _: object) -> None: ...

        async def recall(self, _: config.Portal) -> PortalMemory:
            return PortalMemory()

        async def catch_up(self) -> list[Report]:
            return []

        async def look(self, portal: config.Portal) -> Report:
            async with turn:
                await (asyncio.sleep(0.1) if ends else never.wait())
                return Report(portal=portal.name, outcome="unchanged")

    class Silent:
        async def ping(self, *_: object) -> None: ...

        async def after_looks(self, *_: object) -> None: ...

    portals = tuple(config.Portal(name=f"p{n}", url="http://127.0.0.1/") for n in range(15))
    looks = scheduler.Timetable(
        OneByOne(),  # type: ignore[arg-type] # a fake with the used part
        Silent(),  # type: ignore[arg-type] # likewise
        config.Config(portals=portals),
        lambda: dt.datetime.now(dt.UTC),
        lambda *_: None,
    )
    await looks.start()
    fed = set()
    for _ in range(65):
        await asyncio.sleep(0.02)
        fed.add(looks.goes_on())
    looks._scheduler.shutdown()
    for task in looks._under_way:
        task.cancel()
    return fed


def test_testing_the_lock_does_not_block_a_start(tmp_path):
    path, begun = tmp_path / "weather.db", threading.Event()

    def look() -> None:
        with lock.held(path):
            begun.set()
            time.sleep(0.02)

    thread = threading.Thread(target=look)
    thread.start()
    assert begun.wait(PATIENCE_S)
    with lock.held(path):
        thread.join(PATIENCE_S)


def test_a_schedule_is_a_cron_expression(tmp_path):
    with portal(tmp_path, koya=answer(BOX)):
        add(tmp_path, 'schedule = "5,25,45 * * * *"')
        with running(tmp_path) as daemon:
            daemon.wait("look")
            assert daemon.stop() == 0
        config = tmp_path / "config.toml"
        config.write_text(config.read_text().replace("5,25", "65,25"))
        assert "'65,25,45 * * * *'" in refused(3, "run", cwd=tmp_path)


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_schedule_without_a_moment_is_reported_in_one_line(tmp_path, command):
    with portal(tmp_path, koya=answer(BOX)):
        add(tmp_path, 'schedule = "0 0 31 2 *"')
        assert "config 'config.toml': schedule '0 0 31 2 *'" in refused(3, command, cwd=tmp_path)
        assert not (tmp_path / "weather.db").exists()


def test_a_wrong_config_is_refused(tmp_path):
    (tmp_path / "config.toml").write_text("interval_minutes = 0")
    assert "interval_minutes" in refused(3, "run", cwd=tmp_path)


def test_the_daemon_needs_little_memory(tmp_path):
    Store.open(tmp_path / "weather.db").close()  # to create it would load a large library
    with portal(tmp_path, koya=answer(BOX)), running(tmp_path) as daemon:
        daemon.wait("look")
        status = Path(f"/proc/{daemon.process.pid}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        assert int(resident.split()[1]) * 1024 < MOST_BYTES
        daemon.stop()
