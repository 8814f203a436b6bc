"""Portals that answer, but not with the present weather: alternating caches, a wrong clock."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from db import query
from db.moments import now
from db.write.store import Store
from scraper.notify import rules
from tests.cli.test_cli import nalssi
from tests.support.make import INTERVAL_S, URL, make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.reading import Content

TEN_MINUTES = dt.timedelta(minutes=10)
CITIES = ("서울", "부산", "대구", "인천", "광주", "대전", "울산", "제주")


def box(celsius: float) -> Content:
    """Eight stations, enough to recognize another page with these temperatures as the same set."""
    from db.reading import Station  # noqa: PLC0415

    stations = [Station(name_ko=city) for city in CITIES]
    return make_content(
        *(
            make_reading(station=station, temperature_c=celsius + nth)
            for nth, station in enumerate(stations)
        )
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "weather.db") as opened:
        opened._conn.execute("PRAGMA synchronous = off")
        opened.portal("koya", URL, INTERVAL_S)
        yield opened


def test_a_feed_behind_two_stale_caches_exits_with_7(store):
    present = now().replace(microsecond=0)
    for nth in range(30, -1, -1):
        look = make_look(fetched_at=present - nth * TEN_MINUTES)
        see(store, look, box(nth % 2 * 8.0))
    run = nalssi("status", "--db", store.path, "--json")
    (row,) = json.loads(run.stdout)["portals"]
    assert (run.returncode, row["state"]) == (7, "stale")
    assert row["why"].startswith("first shown ")
    with query.Database(store.path) as db:
        (notice,) = rules.due(db.status(now=present), {}, present)
    assert (notice.kind, row["why"] in notice.text) == ("stale", True)
    table = nalssi("status", "--db", store.path)
    assert (table.returncode, "STALE" in table.stdout) == (7, True)
    assert "STALE: koya" in nalssi("latest", "--db", store.path).stdout


def test_a_look_in_the_future_is_ignored(store):
    """One look was dated by a clock 9 h ahead; later looks were live, and then failed."""
    present = now().replace(microsecond=0)
    start = present - dt.timedelta(hours=2)
    see(store, make_look(fetched_at=present + dt.timedelta(hours=9)), box(40.0))
    for nth in range(8):
        see(store, make_look(fetched_at=start + nth * TEN_MINUTES), box(nth // 4))
    with query.Database(store.path) as db:
        live = {row.state for row in db.latest(now=start + 7 * TEN_MINUTES)}
    for nth in range(8, 13):
        failed = make_look(fetched_at=start + nth * TEN_MINUTES, status=500)
        store.keep_failure(failed, "fetch_failed", "HTTP 500")
    store.keep_failure(make_look(fetched_at=present + dt.timedelta(hours=1)), "fetch_failed", "no")
    with query.Database(store.path) as db:
        (status,) = db.status(now=present)
        latest = db.latest(now=present)
    assert live == {"live"}
    assert (status.state, status.looks_last_day, status.failures_last_day) == ("down", 13, 5)
    assert status.last_failure == present
    assert {(row.state, row.seen_until) for row in latest} == {("down", start + 7 * TEN_MINUTES)}
    assert nalssi("status", "--db", store.path).returncode == 7


def test_an_unfinished_year_prints_the_option_for_its_mean_so_far(store):
    see(store, make_look(fetched_at=now() - TEN_MINUTES), box(1.0))
    asked = ("stats", "서울", "--by", "year", "--wide", "--db", store.path)
    assert "so far: --until now" in nalssi(*asked).stdout
    assert "so far" not in nalssi(*asked, "--until", "now").stdout
