"""Changes of state in the log, and its times."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from db import query
from db.write.store import Store
from scraper.daemon.states import States
from tests.cli.test_cli import BOX, portal
from tests.scraper.test_daemon import add, running
from tests.support.make import START, make_content, make_look, make_reading, see
from tests.support.servers import answer


class Log:
    """A log that keeps its rows."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, dict[str, Any]]] = []

    def info(self, event: str, **more: Any) -> None:
        self.rows.append(("info", event, more))

    def warning(self, event: str, **more: Any) -> None:
        self.rows.append(("warning", event, more))


def test_each_change_of_state_is_logged_once_with_since_when(tmp_path):
    log = Log()
    states = States(log)
    path = tmp_path / "weather.db"
    # Hourly values, then the same for ten hours, then another.
    values = [0.0, 1.0] + [2.0] * 20 + [3.0]
    with Store.open(path) as store, query.Database(path) as db:
        minute = 0
        for value in values:
            for _ in range(3):
                content = make_content(make_reading(temperature_c=value))
                see(store, make_look(minute), content)
                states.follow(db.status(now=START + dt.timedelta(minutes=minute)))
                minute += 10
        states.follow(db.status(now=START + dt.timedelta(minutes=minute + 60)))
        see(store, make_look(minute + 70), make_content(make_reading(temperature_c=4.0)))
        states.follow(db.status(now=START + dt.timedelta(minutes=minute + 70)))
    assert [(level, event) for level, event, _ in log.rows] == [
        ("warning", "froze"),
        ("info", "renewed"),
        ("warning", "down"),
        ("info", "up"),
    ]
    froze, renewed, *_ = (fields for _, _, fields in log.rows)
    assert froze["since"] == "2024-04-28T13:00:00+09:00"
    assert renewed["was_since"] == froze["since"]


def test_the_daemon_logs_a_state_that_began_before_its_start(tmp_path):
    with portal(tmp_path, koya=answer(BOX)), running(tmp_path) as daemon:
        (row,) = daemon.wait("stale")  # the page has a date of 2018
        assert daemon.stop() == 0
    assert (row["portal"], row["level"]) == ("koya", "warning")
    assert "2018-03-20" in row["why"]


@pytest.mark.parametrize(("utc", "offset"), [("false", "+09:00"), ("true", "+00:00")])
def test_the_times_of_the_log_are_korean_unless_utc_is_wanted(tmp_path, utc, offset):
    with portal(tmp_path, koya=answer(BOX)):
        add(tmp_path, f"log.utc = {utc}")
        with running(tmp_path) as daemon:
            (row,) = daemon.wait("look")
            assert daemon.stop() == 0
    assert row["timestamp"].endswith(offset)
