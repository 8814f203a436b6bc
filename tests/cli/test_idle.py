"""status and check report whether a daemon or passes poll the portals."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from scraper import lock
from scraper.troubles import memory
from scraper.troubles.rules import Trouble
from tests.cli.test_cli import answered, nalssi
from tests.cli.test_watching import TWO, ago, live_folder  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from pathlib import Path


def kinds(folder: Path, code: int) -> list[str]:
    return [trouble["kind"] for trouble in answered("status", cwd=folder, code=code)["troubles"]]


def checked(folder: Path, code: int) -> dict[str, Any]:
    rows = answered("check", cwd=folder, code=code)
    return {row["check"]: row["told"] for row in rows if not row["ok"]}


def test_a_pass_five_minutes_ago_gives_no_trouble(live_folder):  # noqa: F811 - a fixture
    status = answered("status", cwd=live_folder)
    assert (status["troubles"], status["running"]) == ([], None)
    assert status["portals"][0]["next_look"] is not None


def test_no_daemon_and_no_pass_for_three_intervals_is_reported(live_folder):  # noqa: F811 - a fixture
    config = live_folder / "config.toml"
    config.write_text(f"interval_minutes = 1\n{config.read_text()}")
    status = answered("status", cwd=live_folder, code=7)
    (trouble,) = status["troubles"]
    assert trouble["kind"] == "stuck"
    assert "no daemon runs and no pass came" in trouble["text"]
    assert status["portals"][0]["next_look"] is None
    assert "no daemon runs" in checked(live_folder, 7)["own stuck"]
    first = nalssi("status", cwd=live_folder).stdout.splitlines()[0]
    assert first.startswith("STUCK since ")


def test_a_daemon_that_holds_the_lock_without_polling_is_reported(live_folder):  # noqa: F811 - a fixture
    config = live_folder / "config.toml"
    config.write_text(f"interval_minutes = 1\n{config.read_text()}")
    with lock.held(live_folder / "weather.db", what="daemon"):
        status = answered("status", cwd=live_folder, code=7)
    assert status["running"]["what"] == "daemon"
    assert f"pid {status['running']['pid']}" in status["troubles"][0]["text"]


def test_a_schedule_is_not_late_before_its_moment(live_folder):  # noqa: F811 - a fixture
    config = live_folder / "config.toml"
    yesterday = ago(60 * 24)
    minute, hour = yesterday.astimezone(dt.timezone(9 * dt.timedelta(hours=1))).minute, "*"
    config.write_text(f'schedule = "{(minute - 10) % 60} {hour} * * *"\n{config.read_text()}')
    assert kinds(live_folder, 0) == []


def test_a_remembered_trouble_is_shown_first(live_folder):  # noqa: F811 - a fixture
    text = "12 looks are lost"
    trouble = Trouble(kind="backlog", about="", since=ago(10), text=text)
    assert memory.save(live_folder / "weather.db", [trouble], ago(0))
    assert kinds(live_folder, 7) == ["backlog"]
    assert nalssi("status", cwd=live_folder).stdout.splitlines()[0].endswith(text)
    assert checked(live_folder, 7) == {"own backlog": text}


def test_before_the_first_look_there_is_no_fault(tmp_path):
    (tmp_path / "config.toml").write_text(TWO)
    assert checked(tmp_path, 0) == {}
    assert not (tmp_path / "weather.db").exists()


@pytest.mark.parametrize("command", ["status", "check"])
def test_a_missing_database_is_reported(live_folder, command):  # noqa: F811 - a fixture
    with lock.held(live_folder / "weather.db"):
        pass
    (live_folder / "weather.db").unlink()
    run = nalssi(command, cwd=live_folder)
    assert run.returncode == 7
    assert "missing, though it existed before" in run.stdout
