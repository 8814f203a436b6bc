"""Our own troubles: the notices of each channel, the answers of status and check, no lost look."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import signal
import sqlite3
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from scraper.config import Config, Notify
from scraper.troubles import memory, rules
from scraper.troubles.notifier import Notifier
from scraper.troubles.rules import Trouble
from tests.cli.test_cli import BOX, nalssi, portal
from tests.support import faults
from tests.support.faults import Child, FaultPortal, holding, until
from tests.support.servers import answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.inbox import Inbox

NOW = dt.datetime(2026, 12, 1, 3, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
FULL: rules.Key = ("disk", "")


# ---- the rules


def story(*steps: tuple[dt.timedelta, rules.Seen], channel: str = "webhook") -> list[str]:
    """The notices of a working channel; a step is the time since the start and what is seen."""
    troubles: list[Trouble] = []
    kinds = []
    for after, seen in steps:
        troubles = rules.updated(troubles, seen, NOW + after)
        for trouble in list(troubles):
            if notice := rules.due(trouble, channel, NOW + after, 600):
                kinds.append(f"{'no ' * notice.well}{notice.kind}")
                remaining = rules.delivered(trouble, channel, NOW + after)
                troubles = [
                    open_trouble for open_trouble in troubles if open_trouble.key != trouble.key
                ]
                troubles += [remaining] if remaining else []
    return kinds


def test_a_trouble_is_reported_once_daily_while_it_lasts_and_once_when_it_is_over():
    lasting: list[tuple[dt.timedelta, rules.Seen]] = [
        (n * HOUR, {FULL: f"{n} MiB"}) for n in range(50)
    ]
    assert story(*lasting, (51 * HOUR, {FULL: None}), (52 * HOUR, {FULL: None})) == [
        *("disk", "disk", "disk", "no disk"),
    ]


def test_an_unknown_trouble_is_neither_new_nor_over():
    assert story((0 * HOUR, {FULL: "x"}), (HOUR, {}), (2 * HOUR, {FULL: "x"})) == ["disk"]


def test_a_lock_is_a_trouble_after_three_intervals():
    held: rules.Seen = {("locked", ""): "locked"}
    minutes = dt.timedelta(minutes=1)
    assert story(*((n * minutes, held) for n in range(0, 30, 5))) == []
    assert story(*((n * minutes, held) for n in range(0, 31, 5))) == ["locked"]
    assert story((0 * minutes, held), (29 * minutes, {("locked", ""): None})) == []


def test_a_channel_that_fails_is_a_trouble_after_a_day():
    fails: rules.Seen = {("channel", "webhook"): "webhook: refused"}
    steps = [(n * HOUR, fails) for n in range(25)]
    assert story(*steps[:24], channel="command") == []
    assert story(*steps, channel="command") == ["channel"]


def test_a_clock_that_goes_back_does_not_silence_a_notice():
    seen: rules.Seen = {FULL: "x"}
    assert story((0 * HOUR, seen), (-400 * DAY, seen), (-399.9 * DAY, seen)) == ["disk", "disk"]


def test_a_new_channel_gets_lasting_troubles_and_no_unknown_end():
    trouble = Trouble(kind="disk", about="", since=NOW, text="x", sent={"webhook": NOW})
    assert rules.due(trouble, "webhook", NOW + HOUR, 600) is None
    assert rules.due(trouble, "command", NOW + HOUR, 600) is not None
    (over,) = rules.updated([trouble], {FULL: None}, NOW + HOUR)
    assert rules.due(over, "command", NOW + HOUR, 600) is None
    assert rules.due(over, "webhook", NOW + HOUR, 600) is not None
    assert rules.delivered(over, "webhook", NOW + HOUR) is None


# ---- the file


def make_trouble(**changes: Any) -> Trouble:
    plain: dict[str, Any] = {"kind": "disk", "about": "", "since": NOW, "text": "꽉 찼다"}
    return Trouble(**(plain | changes))


def test_troubles_are_read_back_unchanged(tmp_path):
    saved = [make_trouble(sent={"webhook": NOW}), make_trouble(kind="clock", over=True)]
    assert memory.save(tmp_path / "weather.db", saved, NOW)
    assert memory.load(tmp_path / "weather.db") == saved


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b'{"written": 1, "troubles": [{}]}', b"\xff"),
        pytest.param(
            b'{"written": 1, "troubles": [{"kind": "disk", "about": "", "since": 1, "text": "",'
            b' "over": false, "sent": []}]}',
            id="a list of channels",
        ),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_a_damaged_memory_is_read_as_empty(tmp_path, body):
    (tmp_path / "weather.db.troubles").write_bytes(body)
    assert memory.load(tmp_path / "weather.db") == []


def test_without_its_folder_the_memory_is_in_the_state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    missing = tmp_path / "disk" / "weather.db"
    assert memory.save(missing, [make_trouble()], NOW)
    assert memory.load(missing) == [make_trouble()]
    assert not missing.parent.exists()
    assert memory.load(tmp_path / "disk" / "other.db") == []


# ---- the daemon, with real faults


def sent(box: Inbox, path: str = "/hook") -> list[str]:
    """The notices of our own troubles that a webhook got, in order."""
    notices = [json.loads(body) for where, body in box.posts if where == path]
    return [
        f"{'no ' * notice['well']}{notice['kind']}"
        for notice in notices
        if notice["portal"] == "nalssi"
    ]


class Installation:
    """A portal, a config with a webhook and a command, and the path of a database."""

    def __init__(self, folder: Path, feed: FaultPortal, box: Inbox, database: str) -> None:
        self.box, self.database, self.feed = box, folder / database, feed
        self.command_log = folder / "command.log"
        self.config = faults.write_config(
            folder, feed.server.url(host="127.0.0.1"), database=database
        )
        more = (
            f'[notify]\nwebhook = "{box.url}/hook"\nping = "{box.url}/ping"\ndisk_mib = 1\n'
            f'command = ["sh", "-c", "echo $NALSSI_KIND $NALSSI_WELL >> \'{self.command_log}\'"]\n'
        )
        head, portals = self.config.read_text().split("[[portals]]", 1)
        self.config.write_text(f"{head}{more}[[portals]]{portals}")

    def by_command(self) -> list[str]:
        own = [line.split() for line in self.command_log.read_text().splitlines()]
        return [f"{'no ' * (well == '1')}{kind}" for kind, well in own if kind in rules.KINDS]

    def until_sent(self, kind: str, child: Child) -> None:
        until(lambda: kind in sent(self.box) and kind in self.by_command(), child=child)

    def status(self) -> tuple[int, list[str]]:
        run = nalssi("status", "--json", cwd=self.config.parent)
        return run.returncode, [trouble["kind"] for trouble in json.loads(run.stdout)["troubles"]]

    def faults(self) -> set[str]:
        run = nalssi("check", "--json", cwd=self.config.parent)
        return {row["check"] for row in json.loads(run.stdout) if not row["ok"]}


@pytest.fixture
def installation(tmp_path: Path, inbox: Inbox) -> Iterator[Installation]:
    with FaultPortal() as feed:
        yield Installation(tmp_path, feed, inbox, "weather.db")


def with_journal(config: Path, journal: str) -> None:
    config.write_text(f'journal = "{journal}"\n{config.read_text()}')


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_filling_disk_is_reported_before_when_full_and_with_room_again(
    tmp_path,
    inbox,
):
    disk = tmp_path / "disk"
    with FaultPortal() as feed, small_disk(disk):
        installation = Installation(tmp_path, feed, inbox, "disk/weather.db")
        with Child(installation.config) as child:
            child.until("look")
            assert installation.status()[1] == []
            with (disk / "ballast").open("wb", buffering=0) as ballast:
                with contextlib.suppress(OSError):
                    while True:
                        ballast.write(bytes(512))
                child.until("not kept yet", 2)
                installation.until_sent("disk", child)
                assert installation.status() == (7, ["disk"])
                assert "disk" in installation.faults()
            (disk / "ballast").unlink()
            installation.until_sent("no disk", child)
            assert child.stop() == 0
        assert installation.status()[1] == []
        assert sent(inbox) == installation.by_command() == ["disk", "no disk"]
        faults.assert_in_order(installation.database, feed)
        faults.assert_sound(installation.database)


@pytest.mark.parametrize("journal", ["wal", "persist", "delete"])
def test_a_moved_database_and_its_return_are_reported(installation, journal):
    with_journal(installation.config, journal)
    aside = installation.database.with_name("aside.db")
    with Child(installation.config) as child:
        child.until("look")
        installation.database.rename(aside)
        child.until("not kept yet", 2)
        installation.until_sent("gone", child)
        assert installation.status() == (7, ["gone"])
        assert "own gone" in installation.faults()
        assert not installation.database.exists()
        aside.rename(installation.database)
        installation.until_sent("no gone", child)
        assert child.stop() == 0
    assert sent(installation.box) == installation.by_command() == ["gone", "no gone"]
    assert "/ping/fail" in {path for path, _ in installation.box.pings()}
    faults.assert_in_order(installation.database, installation.feed)


def test_another_file_in_its_place_is_reported(installation):
    aside = installation.database.with_name("aside.db")
    with Child(installation.config) as child:
        child.until("look")
        installation.database.rename(aside)
        installation.database.write_bytes(aside.read_bytes())
        installation.until_sent("replaced", child)
        aside.rename(installation.database)
        installation.until_sent("no replaced", child)
        assert child.stop() == 0
    faults.assert_in_order(installation.database, installation.feed)


@pytest.mark.parametrize("journal", ["wal", "persist", "delete"])
def test_an_emptied_file_is_reported_and_no_look_is_acknowledged(installation, journal):
    with_journal(installation.config, journal)
    with Child(installation.config) as child:
        child.until("look")
        child.send(signal.SIGSTOP)
        installation.database.write_bytes(b"")
        child.send(signal.SIGCONT)
        child.until("not kept yet", 2)
        installation.until_sent("damaged", child)
        assert child.stop() == 6
        assert "could not be kept and are lost" in child.output


def test_a_lock_of_three_intervals_is_reported(installation):
    with Child(installation.config) as child:
        child.until("look")
        with holding(installation.database, "BEGIN IMMEDIATE"):
            installation.until_sent("locked", child)
        installation.until_sent("no locked", child)
        assert child.stop() == 0
    assert sent(installation.box) == installation.by_command() == ["locked", "no locked"]
    faults.assert_in_order(installation.database, installation.feed)


@pytest.mark.slow
def test_a_full_backlog_with_losses_is_reported(installation):
    with Child(installation.config, most_waiting=12) as child:
        child.until("look")
        with holding(installation.database, "BEGIN IMMEDIATE"):
            installation.until_sent("backlog", child)
            child.until("not kept yet", 15)
        installation.until_sent("no backlog", child)
        assert child.stop() == 0
    assert sent(installation.box).count("backlog") == 1
    assert faults.rows(
        installation.database, "SELECT count(*) FROM events WHERE kind = 'not kept'"
    ) == [(1,)]


def test_a_clock_set_back_for_years_is_reported_and_dates_no_look(installation):
    ahead = installation.config.with_name("ahead_s")
    with Child(installation.config) as child:
        child.until("look", 2)
        ahead.write_text(str(-6 * 365 * 86400))
        installation.until_sent("clock", child)
        child.until("trouble")
        seen = len(child.log("look"))
        ahead.write_text("0")
        child.until("look", seen + 2)
        installation.until_sent("no clock", child)
        assert child.stop() == 0
    years = {
        at for at, *_ in faults.rows(installation.database) if at < NOW.timestamp() - 60 * 86400
    }
    assert len(years) <= 1  # one look may have begun before the change of the clock was noticed
    assert sent(installation.box) == installation.by_command() == ["clock", "no clock"]


def test_a_stopped_process_reports_the_stop_when_resumed(installation):
    with Child(installation.config) as child:
        child.until("look", 2)
        child.send(signal.SIGSTOP)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(4.0)
        child.send(signal.SIGCONT)
        installation.until_sent("no stuck", child)
        assert child.stop() == 0
    assert sent(installation.box) == installation.by_command() == ["stuck", "no stuck"]


def test_a_restart_reports_no_trouble_twice(installation):
    aside = installation.database.with_name("aside.db")
    with Child(installation.config) as child:
        child.until("look")
        installation.database.rename(aside)
        until(
            lambda: (
                len(memory.load(installation.database)[0].sent) == 2
                if memory.load(installation.database)
                else 0
            )
        )
        child.kill()
    for _ in range(2):
        assert nalssi("scrape", cwd=installation.config.parent).returncode == 6
        assert nalssi("run", cwd=installation.config.parent).returncode == 6
    aside.rename(installation.database)
    assert nalssi("scrape", cwd=installation.config.parent).returncode == 0
    assert nalssi("scrape", cwd=installation.config.parent).returncode == 0
    assert sent(installation.box) == installation.by_command() == ["gone", "no gone"]


# ---- passes


def test_a_pass_reports_a_clock_that_was_never_set(installation, tmp_path, monkeypatch):
    from scraper import clock  # noqa: PLC0415 - to change its constant

    config = Config(notify=Notify(webhook=f"{installation.box.url}/hook"))
    wrong = clock.problem(dt.datetime(2020, 1, 1, tzinfo=dt.UTC), None)
    assert wrong is not None
    assert "set the clock" in wrong
    notifier = Notifier(
        config=config, database=installation.database, clock=lambda: NOW, complain=print
    )
    import asyncio  # noqa: PLC0415 - only this test uses it

    asyncio.run(notifier.notify({("clock", ""): wrong}))
    assert sent(installation.box) == ["clock"]


def test_passes_on_a_full_disk_report_the_trouble_once(
    tmp_path,
    inbox,
):
    disk = tmp_path / "disk"
    with FaultPortal() as feed, small_disk(disk):
        installation = Installation(tmp_path, feed, inbox, "disk/weather.db")
        with_journal(installation.config, "delete")  # one that is there already needs no room
        assert nalssi("scrape", cwd=tmp_path).returncode == 0
        with (
            (disk / "ballast").open("wb", buffering=0) as ballast,
            contextlib.suppress(OSError),
        ):
            while True:
                ballast.write(bytes(512))
        for _ in range(3):
            assert nalssi("scrape", cwd=tmp_path).returncode == 6
        assert sent(inbox) == installation.by_command() == ["disk"]
        (disk / "ballast").unlink()
        assert nalssi("scrape", cwd=tmp_path).returncode == 0
        assert sent(inbox) == installation.by_command() == ["disk", "no disk"]


def test_without_channels_a_pass_leaves_no_file_of_troubles(tmp_path):
    with portal(tmp_path, koya=answer(BOX)):
        assert nalssi("scrape", cwd=tmp_path).returncode == 0
    assert not list(tmp_path.glob("*.troubles"))


def test_a_database_that_sqlite_finds_damaged_is_named_so(tmp_path):
    from db.errors import DatabaseError  # noqa: PLC0415 - only this test uses it
    from db.file import connection  # noqa: PLC0415 - only this test uses it

    path = tmp_path / "weather.db"
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(DatabaseError) as caught, connection.naming(path):
        sqlite3.connect(path).execute("SELECT 1 FROM sqlite_schema")
    assert caught.value.fault == "damaged"
