"""The course of a station: its values in turn, each with its state and span of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from db import query
from db.write.store import Store
from tests.support import month
from tests.support.month import NOW, Portals, korean

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return month.make(tmp_path_factory.mktemp("month") / "weather.db")


def course(
    path: Path, since: dt.datetime, until: dt.datetime, **more: str
) -> list[tuple[str, str, float | None, str]]:
    with query.Database(path) as db:
        held = db.course("서울", since=since, until=until, now=NOW, **more)
    return [(f"{x.start:%H:%M}", f"{x.end:%H:%M}", x.temperature_c, x.state) for x in held]


def test_an_unchanged_value_goes_through_every_state(path):
    assert course(path, korean(2, "00:00"), korean(2, "18:00")) == [
        ("00:00", "00:50", 4.0, "live"),
        ("00:50", "02:20", 5.0, "live"),
        ("02:20", "03:50", 5.0, "unconfirmed"),
        ("03:50", "13:50", 5.0, "frozen"),
        ("13:50", "14:50", 6.0, "live"),
        ("14:50", "16:20", 7.0, "live"),
        ("16:20", "17:50", 7.0, "unconfirmed"),
    ]


def test_a_time_without_a_successful_look_has_no_value(path):
    assert course(path, korean(4, "00:00"), korean(5, "00:00")) == []


def test_the_set_published_last_counts_among_several_live_portals(path):
    assert course(path, korean(5, "06:00"), korean(5, "08:00")) == [
        ("06:00", "06:30", 10.0, "live"),
        ("06:30", "07:00", 10.0, "live"),
        ("07:00", "07:30", 11.0, "live"),
        ("07:30", "08:00", 13.0, "live"),
    ]


def test_a_value_ends_when_its_portal_drops_the_station(path):
    held = course(path, korean(6, "11:00"), korean(6, "12:00"), portal="other")
    assert held[-1] == ("11:10", "11:30", 6.0, "live")


def test_a_live_value_precedes_a_frozen_value_published_later(tmp_path):
    """The other portal shows 9.0 from 11:30 to 16:00; koya changes every hour."""
    path = tmp_path / "weather.db"
    with Store.open(path) as store:
        portals = Portals(store)
        portals.show(korean(1, "10:30"), 8.0, portal="other")
        for hour in range(10, 17):
            portals.show(korean(1, f"{hour}:00"), float(hour))
            portals.show(korean(1, f"{max(hour, 11)}:30"), 9.0, portal="other")
    shown = course(path, korean(1, "15:00"), korean(1, "16:00"))
    assert shown == [("15:00", "16:00", 15.0, "live")]
