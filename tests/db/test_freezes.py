"""Freezes: the spans in which a portal stood still, even if it reprinted its set."""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from db import query
from db.moments import epoch
from db.reading import Station
from db.write.store import Store
from scraper.demo.portal import page
from tests.cli.test_cli import nalssi
from tests.support.make import START, make_content, make_look, make_reading, see
from tests.support.pages import SIGHTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.reading import Content
    from tests.support.pages import Sighting

DAY = 24 * 60
"""Minutes."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "weather.db") as opened:
        opened._conn.execute("PRAGMA synchronous = off")
        yield opened


def box(first_c: float, *, cities: int = 16, **change: float | None) -> Content:
    """Give a box in which each city is a degree warmer than the one before, with some changes."""
    return make_content(
        *(
            make_reading(
                station=Station(kma_id=nth, name_ko=f"city{nth}"),
                temperature_c=change.get(f"city{nth}", first_c + nth),
            )
            for nth in range(cities)
        )
    )


def show(store: Store, minutes: list[float], content: Content, portal: str = "koya") -> None:
    for minute in minutes:
        see(store, make_look(minute, portal=portal), content)


def freezes(store: Store, **part: object) -> list[tuple[object, ...]]:
    """Each freeze: portal, and the minutes of since, until and next change."""
    with query.Database(store.path) as db:
        return [
            (
                *(freeze.portal, minute(freeze.since), minute(freeze.until)),
                freeze.next_change and minute(freeze.next_change),
            )
            for freeze in db.freezes(**part)  # type: ignore[arg-type]
        ]


def minute(moment: dt.datetime) -> float:
    return (moment - START) / dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("last", "found"),
    [
        pytest.param(179, [], id="a minute less than 3 hours"),
        pytest.param(180, [("koya", 0, 180, 190)], id="3 hours"),
    ],
)
def test_a_freeze_lasts_three_hours_at_least(store, last, found):
    show(store, [0, 90, last], box(1.0))
    show(store, [190], box(2.0))
    assert freezes(store) == found


def test_a_set_printed_in_another_form_stays_frozen(store):
    show(store, [0, 60], box(1.0))
    show(store, [120], box(1.0, city3=None, city5=-6.0))
    show(store, [180, 240], box(1.0, cities=12))
    assert freezes(store) == [("koya", 0, 240, None)]


def test_another_set_in_between_ends_a_freeze(store):
    show(store, [0, 100, 200], box(1.0))
    show(store, [210], box(9.5))
    show(store, [220, 300, 400], box(1.0))
    assert freezes(store) == [("koya", 0, 200, 210), ("koya", 220, 400, None)]


def test_portals_of_one_feed_freeze_while_another_portal_changes(store):
    """As in spring 2024, when the portals of one feed showed a winter morning for weeks."""
    for portal, days in (("a", (0, 22, 28)), ("b", (22, 26, 27))):
        show(store, [day * DAY for day in days], box(1.0), portal)
        show(store, [50 * DAY], box(14.2), portal)
    for day in (0, 26, 51):
        show(store, [day * DAY], box(float(day)), "c")
    show(store, [22 * DAY], box(1.0), "once")
    assert freezes(store) == [
        ("a", 0, 28 * DAY, 50 * DAY),
        ("b", 22 * DAY, 27 * DAY, 50 * DAY),
    ]
    assert [row[0] for row in freezes(store, until=START + dt.timedelta(days=20))] == ["a"]
    assert [row[0] for row in freezes(store, since=START + dt.timedelta(days=27, hours=1))] == ["a"]
    assert [row[0] for row in freezes(store, portal="b")] == ["b"]


def test_real_pages_of_one_feed_were_frozen_in_spring_2024_and_summer_2025(tmp_path):
    """A portal with one look in that time is not among them, but its values are stale."""
    path = tmp_path / "real.jsonl"
    path.write_text("\n".join(map(line_of, SIGHTINGS.values())), encoding="utf-8")
    database = ["--db", tmp_path / "weather.db"]
    assert nalssi("backfill", path, *database, "--create", cwd=tmp_path).returncode == 0
    found = json.loads(nalssi("freezes", "--json", *database, cwd=tmp_path).stdout)
    assert [tuple(freeze.values()) for freeze in found] == [
        (portal, *(f"{day}T12:00:00+09:00" for day in days), f"unchanged since {days[0]} 12:00")
        for portal, *days in (
            ("koya-culture.com", "2024-03-29", "2024-04-26", "2025-09-03"),
            ("m-economynews.com", "2024-04-20", "2024-04-25", "2025-08-27"),
            ("kgnews.co.kr", "2025-08-26", "2025-09-09", "2025-12-20"),
        )
    ]
    asked = ["서울", "2025-09-10T12:00", "--portal", "hangyo.com"]
    known = nalssi("at", *asked, "--json", *database, cwd=tmp_path)
    once = json.loads(known.stdout)
    assert (once["state"], once["why"]) == ("stale", "first shown by kgnews.co.kr 2025-08-26 12:00")


def line_of(seen: Sighting) -> str:
    """The page of a sighting at noon of its day, as a line of an archive."""
    year, month, day = re.findall(r"[0-9]+", seen.page_date)
    return json.dumps(
        {
            "url": f"https://{seen.source}/",
            "fetched_at": f"{year}-{month}-{day}T12:00:00+09:00",
            "html": page(seen.entries, seen.page_date),
        }
    )


def test_the_view_of_freezes_agrees_with_python(store):
    show(store, [0, 180], box(1.0))
    show(store, [190], box(2.0))
    with closing(sqlite3.connect(store.path)) as conn, query.Database(store.path) as db:
        (row,) = conn.execute("SELECT * FROM freezes").fetchall()
        (freeze,) = db.freezes()
    assert freeze.next_change is not None
    times = [freeze.since, freeze.until]
    assert row == (
        *("koya", *(time.isoformat() for time in times), *map(epoch, times)),
        *(freeze.next_change.isoformat(), epoch(freeze.next_change)),
        "unchanged since 2024-04-28 12:00",
    )
    assert freeze.why == row[-1]


def test_freezes_are_found_without_a_walk_through_all_spells(store):
    show(store, [10 * nth for nth in range(5)], box(1.0))
    with query.Database(store.path) as db:
        plan = db._conn.execute("EXPLAIN QUERY PLAN SELECT * FROM freezes").fetchall()
    assert any("spells_frozen" in row[3] for row in plan)
