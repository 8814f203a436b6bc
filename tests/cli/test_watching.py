"""status, gaps, check and notify as processes: findings, output and exit codes."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from db.moments import KST
from db.write.store import Store
from scraper import check, lock
from tests.cli.test_cli import BOX, ROOT, answered, nalssi, portal, refused
from tests.support.make import make_content, make_look, make_reading, see
from tests.support.servers import Server, answer, refusing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.inbox import Inbox

NOW = dt.datetime.now(dt.UTC)
TWO = '[[portals]]\nname = "koya"\nurl = "http://127.0.0.1:1/"\n[[portals]]\nname = "b"\nurl = "http://127.0.0.1:1/"\n'


def ago(minutes: float) -> dt.datetime:
    return NOW - dt.timedelta(minutes=minutes)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins now, because a test run may take longer than a value is live."""
    monkeypatch.setattr(
        sys.modules[__name__], "NOW", dt.datetime.now(dt.UTC).replace(microsecond=0)
    )


@pytest.fixture
def live_folder(tmp_path: Path) -> Path:
    """A folder with a config of one portal and a database in which the portal is live."""
    (tmp_path / "config.toml").write_text(TWO.partition('[[portals]]\nname = "b"')[0])
    with Store.open(tmp_path / "weather.db") as store:
        for minutes in (60, 50, 5):
            look = make_look(fetched_at=ago(minutes))
            see(store, look, make_content(make_reading(temperature_c=float(minutes))))
    return tmp_path


def status(folder: Path, *arguments: str | Path, code: int, **env: str) -> dict[str, Any]:
    """The state of each portal."""
    result = answered("status", *arguments, cwd=folder, code=code, **env)
    return {row["portal"]: row["state"] for row in result["portals"]}


# ---- status


def test_status_has_its_keys(live_folder):
    result = answered("status", cwd=live_folder)
    (row,) = result["portals"]
    due = dt.datetime.fromisoformat(row.pop("next_look"))
    assert due >= ago(-5)  # or now, if the tests were slow
    assert row == {
        "portal": "koya",
        "state": "live",
        "since": ago(5).astimezone(KST).isoformat(),
        "last_look": ago(5).astimezone(KST).isoformat(),
        "last_outcome": "new",
        "last_reason": None,
        "last_success": ago(5).astimezone(KST).isoformat(),
        "looks_last_day": 3,
        "failures_last_day": 0,
        "problems": [],
        "why": f"first shown {ago(5).astimezone(KST):%Y-%m-%d %H:%M}",
    }
    assert set(result["database"]) == {"path", "bytes", "free_bytes", "journal", "version"}
    assert result["database"]["bytes"] == (live_folder / "weather.db").stat().st_size


def test_status_in_a_pipe_is_a_line_a_portal_and_one_of_the_file(live_folder):
    heading, row, file = nalssi("status", cwd=live_folder).stdout.splitlines()
    assert heading.split()[:3] == ["portal", "state", "last"]
    assert row.split()[:2] == ["koya", "live"]
    assert "weather.db" in file
    assert "free" in file


def test_a_configured_portal_that_was_never_polled_is_down(live_folder):
    (live_folder / "config.toml").write_text(TWO)
    assert status(live_folder, code=7) == {"koya": "live", "b": "down"}
    assert "never polled" in str(answered("status", cwd=live_folder, code=7))
    assert status(live_folder, "--db", live_folder / "weather.db", code=0) == {"koya": "live"}
    variables = {"NALSSI_DB": "weather.db", "NALSSI_CONFIG": "config.toml"}
    assert status(live_folder, code=7, **variables) == {"koya": "live", "b": "down"}


def test_a_portal_removed_from_the_config_raises_no_alarm(live_folder):
    with Store.open(live_folder / "weather.db") as store:
        see(store, make_look(portal="gone"), make_content())
    assert status(live_folder, code=0) == {"koya": "live"}
    assert status(live_folder, "--db", live_folder / "weather.db", code=7) == {
        "koya": "live",
        "gone": "down",
    }


@pytest.mark.parametrize(
    ("minutes", "state", "code"),
    [
        ([5], "unconfirmed", 0),
        ([200, 5], "frozen", 7),
        ([60], "down", 7),
        ([], "down", 7),
    ],
)
def test_the_exit_code_is_fit_for_a_health_check(live_folder, minutes, state, code):
    (live_folder / "weather.db").unlink()
    with Store.open(live_folder / "weather.db") as store:
        for minute in minutes:
            see(store, make_look(fetched_at=ago(minute)), make_content())
    assert status(live_folder, code=code) == {"koya": state}
    if not minutes:
        assert status(live_folder, "--db", live_folder / "weather.db", code=7) == {}


def test_status_reports_a_missing_database(tmp_path):
    assert "no such file" in refused(6, "status", "--db", tmp_path / "none.db")


def test_status_shows_the_next_look_of_a_schedule(live_folder):
    config, far = live_folder / "config.toml", dt.datetime.now(KST) + dt.timedelta(hours=12)
    config.write_text(f'schedule = "{far.minute} {far.hour} * * *"\n' + config.read_text())
    due = far.replace(second=0, microsecond=0)
    assert answered("status", cwd=live_folder)["portals"][0]["next_look"] == due.isoformat()


def test_status_answers_during_a_write(live_folder):
    with Store.open(live_folder / "weather.db") as store, store.transaction():
        store._conn.execute("UPDATE portals SET etag = 'x'")
        assert status(live_folder, code=0) == {"koya": "live"}


@pytest.mark.parametrize("command", ["status", "gaps"])
def test_status_loads_no_heavy_module(live_folder, command):
    code = (
        "import sys\nfrom scraper.cli import main\n"
        f"sys.argv = ['nalssi', '{command}', '--json']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'httpx', 'apscheduler', 'sqlite_utils', 'selectolax', 'asyncio', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    env = {"PATH": "", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=live_folder, env=env, capture_output=True, check=True
    )
    assert run.stderr == b"[]\n"


# ---- gaps


def test_gaps_have_their_cause(live_folder):
    (gap,) = answered("gaps", cwd=live_folder)
    assert gap == {
        "portal": "koya",
        "since": ago(50).astimezone(KST).isoformat(),
        "until": ago(5).astimezone(KST).isoformat(),
        "failures": 0,
        "cause": "not running",
        "reason": None,
    }
    _, row = nalssi("gaps", cwd=live_folder).stdout.splitlines()
    assert "45 min" in row
    assert "not running" in row
    assert answered("gaps", "--since", "1m", cwd=live_folder) == []


def test_gaps_say_that_archives_have_none(tmp_path):
    (tmp_path / "a.jsonl").write_text("")
    nalssi("backfill", "a.jsonl", "--db", "a.db", cwd=tmp_path)
    run = nalssi("gaps", "--db", "a.db", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (0, "")
    assert "no portal was polled; `nalssi stats` has the coverage of archived" in run.stderr


def test_gaps_of_a_portal_removed_from_the_config_need_the_db_option(live_folder):
    with Store.open(live_folder / "weather.db") as store:
        see(store, make_look(portal="gone", fetched_at=ago(60)), make_content())
    assert [gap["portal"] for gap in answered("gaps", cwd=live_folder)] == ["koya"]
    by_database = answered("gaps", "--db", live_folder / "weather.db", cwd=live_folder)
    assert {gap["portal"] for gap in by_database} == {"koya", "gone"}


# ---- latest


def test_all_columns_include_the_agreeing_portals_and_the_reason(tmp_path):
    with Store.open(tmp_path / "weather.db") as store:
        for name, celsius in (("koya", 9.0), ("other", 9.0), ("third", 3.0)):
            for minutes, shown in ((20, 5.0), (5, celsius)):
                look = make_look(portal=name, fetched_at=ago(minutes))
                see(store, look, make_content(make_reading(temperature_c=shown)))
    for best, agree in ((["--best"], ["agree"]), ([], [])):
        run = nalssi("latest", *best, "--wide", "--db", "weather.db", cwd=tmp_path)
        heading, row, *_ = run.stdout.splitlines()
        assert heading.split()[-3 - len(agree) :] == ["portal", *agree, "flag", "why"]
        assert ("of 3" in row) == bool(agree), row
        assert "first shown" in row


# ---- check


def found(folder: Path, *arguments: str | Path, code: int) -> dict[str, str]:
    """The message of each check that found a fault."""
    rows = answered("check", *arguments, cwd=folder, code=code)
    return {row["check"]: row["told"] for row in rows if not row["ok"]}


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_check_finds_no_fault_and_changes_no_file(live_folder):
    before = bytes_of(live_folder)
    assert found(live_folder, code=0) == {}
    assert bytes_of(live_folder) == before
    lines = nalssi("check", cwd=live_folder).stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        [name, "ok"] for name in ("config", "database", "disk", "clock", "lock")
    ]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("UPDATE spells SET seen_until = seen_until + 1", "spells"),
        ("DELETE FROM spells", "missing"),
        ("UPDATE fetches SET sidebar_id = 99", "'fetches' points to a missing one of 'sidebars'"),
    ],
)
def test_changed_derived_rows_are_detected(live_folder, sql, message):
    with contextlib.closing(sqlite3.connect(live_folder / "weather.db")) as conn:
        conn.execute(sql)
        conn.commit()
    before = bytes_of(live_folder)
    rows = answered("check", cwd=live_folder, code=6)
    assert message in " ".join(row["told"] for row in rows if row["check"] == "database")
    assert bytes_of(live_folder) == before


def test_a_damaged_database_is_detected_and_not_changed(live_folder):
    path = live_folder / "weather.db"
    intact = path.read_bytes()
    path.write_bytes(intact[:8192] + bytes(len(intact) - 8192))
    before = bytes_of(live_folder)
    assert "database" in found(live_folder, code=6)
    assert bytes_of(live_folder) == before


def test_a_clock_behind_the_last_look_is_detected(live_folder):
    with Store.open(live_folder / "weather.db") as store:
        see(store, make_look(fetched_at=ago(-60)), make_content())
    assert "behind the last look" in found(live_folder, code=6)["clock"]


def test_a_clock_that_was_never_set_is_detected(tmp_path):
    assert not check.of_clock(tmp_path / "none.db", dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).well


def test_a_nearly_full_disk_is_detected(tmp_path):
    assert check.of_disk(tmp_path / "none" / "weather.db").well
    fault = check.of_disk(tmp_path / "weather.db", least=2**62)
    assert (fault.well, fault.exit_code) == (False, 6)


def test_the_lock_is_reported_and_not_changed(live_folder):
    def finding() -> str:
        (row,) = [row for row in answered("check", cwd=live_folder) if row["check"] == "lock"]
        return str(row["told"])

    assert finding().startswith("free")
    assert not (live_folder / "weather.db.lock").exists()
    with lock.held(live_folder / "weather.db"):
        assert finding().startswith("held")
    assert finding().startswith("free")


def test_check_does_not_make_a_database(tmp_path):
    assert "no such file" in found(tmp_path, "--db", tmp_path / "none.db", code=6)["database"]
    assert not list(tmp_path.iterdir())


def test_check_reports_a_missing_folder_once(live_folder):
    (live_folder / "config.toml").write_text(f'database = "/nowhere/weather.db"\n{TWO}')
    rows = [row for row in answered("check", cwd=live_folder, code=7) if "/nowhere" in row["told"]]
    assert [(row["check"], row["ok"]) for row in rows] == [("own gone", False)]


def test_check_finds_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    (finding,) = check.of_database(tmp_path / "weather.db", expected=False)
    assert "cannot write in" in finding.text
    assert finding.exit_code == 6


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('[notify]\ncommand = ["nosuchprog", "-x"]', "notify.command: no program 'nosuchprog'"),
        ('[metrics]\ntextfile = "no/x.prom"', "metrics.textfile: there is no folder"),
        ('[site]\nfolder = "config.toml/site"', "site.folder: there is no folder"),
        ("interval_minutes = 100", "interval_minutes = 100: above 90 every value stays"),
    ],
)
def test_check_finds_settings_that_would_fail_later(live_folder, settings, message):
    config = live_folder / "config.toml"
    config.write_text(f"{settings}\n{config.read_text()}")
    assert message in found(live_folder, code=3)["config"]


def test_check_takes_settings_that_work(live_folder):
    config = live_folder / "config.toml"
    tables = '[notify]\ncommand = ["sh"]\n[metrics]\ntextfile = "x.prom"\n[site]\nfolder = "a/b"\n'
    config.write_text(f"interval_minutes = 90\n{tables}{config.read_text()}")
    assert found(live_folder, code=0) == {}


@pytest.mark.parametrize("wrong", ["interval = 10\n", 'schedule = "every now and then"\n'])
def test_check_reports_a_wrong_config(live_folder, wrong):
    config = live_folder / "config.toml"
    config.write_text(wrong + config.read_text())
    error = refused(3, "check", cwd=live_folder)
    assert wrong.partition(" ")[0] in error


@pytest.mark.parametrize(
    ("reply", "code", "message"),
    [
        (answer(BOX), 0, "2 readings, page date 2018-03-20; no temperature printed: 부산"),
        (answer("<title>공사 중</title>"), 5, "공사 중"),
        (answer(status="404 Not Found"), 4, "HTTP 404"),
    ],
)
def test_check_live_polls_and_stores_no_look(live_folder, reply, code, message):
    with portal(live_folder, koya=reply):
        before = bytes_of(live_folder)
        rows = answered("check", "--live", cwd=live_folder, code=code)
        assert bytes_of(live_folder) == before
    assert message in {row["check"]: row["told"] for row in rows}["portal koya"]


def test_check_live_names_a_portal_that_cannot_be_reached(live_folder):
    config = live_folder / "config.toml"
    config.write_text(f'[[portals]]\nname = "koya"\nurl = "http://127.0.0.1:{refusing()}/"\n')
    assert "no connection" in found(live_folder, "--live", code=4)["portal koya"]


# ---- notify


def with_notify(folder: Path, *lines: str) -> Path:
    (folder / "config.toml").write_text("\n".join(["[notify]", *lines]))
    return folder


def test_a_test_is_delivered_by_every_channel(tmp_path):
    cat, output = shutil.which("cat"), tmp_path / "output"
    with Server({"/hook": answer(), "/ping": answer()}) as server:
        with_notify(
            tmp_path,
            f'command = ["sh", "-c", "{cat} > {output}"]',
            f'webhook = "{server.url("/hook", host="127.0.0.1")}"',
            f'ping = "{server.url("/ping", host="127.0.0.1")}"',
        )
        run = nalssi("notify", cwd=tmp_path)
        assert (run.returncode, run.stdout) == (0, "3 delivered\n")
        assert sorted(server.paths) == ["/hook", "/ping"]
    assert output.read_text() == "nalssi: this is a test\n"


def test_a_failing_channel_is_reported_without_its_secret(tmp_path):
    secret = f"http://127.0.0.1:{refusing()}/s3cr3t"
    with_notify(tmp_path, f'webhook = "{secret}"', f'ping = "{secret}"', 'command = ["false"]')
    error = refused(3, "notify", "--test", cwd=tmp_path)
    assert "s3cr3t" not in error
    for part in ("webhook: Connection refused", "; ping: Connection", "command: exit code 1"):
        assert part in error


def test_a_test_without_a_channel_is_refused(tmp_path):
    assert "no channel" in refused(3, "notify", cwd=with_notify(tmp_path))


# ---- the ping of a pass


def test_a_pass_from_cron_sends_notices_and_pings(tmp_path, inbox):
    with portal(tmp_path, koya=answer(status="404 Not Found")):
        with_notify_before(tmp_path, inbox)
        for _ in range(2):
            assert nalssi("scrape", cwd=tmp_path).returncode == 4
    assert inbox.notices() == [("koya", "down", False)]
    assert [path for path, _ in inbox.pings()] == ["/ping/start", "/ping/fail"] * 2
    assert "HTTP 404" in inbox.pings()[-1][1]
    with portal(tmp_path, koya=answer(BOX)):
        with_notify_before(tmp_path, inbox)
        assert nalssi("scrape", cwd=tmp_path).returncode == 0
    assert inbox.pings()[-1] == ("/ping", "koya: new, 2 readings")


def test_a_pass_that_cannot_store_its_looks_pings_fail(live_folder, inbox):
    with contextlib.closing(sqlite3.connect(live_folder / "weather.db")) as conn:
        conn.execute("DROP TABLE readings")
        conn.commit()
    with portal(live_folder, koya=answer(BOX)):
        with_notify_before(live_folder, inbox)
        assert nalssi("scrape", cwd=live_folder).returncode == 6
    assert [path for path, _ in inbox.pings()] == ["/ping/start", "/ping/fail"]
    assert "readings" in inbox.pings()[-1][1]


def with_notify_before(folder: Path, inbox: Inbox) -> None:
    config = folder / "config.toml"
    table = f'[notify]\nwebhook = "{inbox.url}/hook"\nping = "{inbox.url}/ping"\n'
    config.write_text(table + config.read_text())
