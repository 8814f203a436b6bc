"""Flags: the same rows for any order of arrival, and equal to those that ``check`` derives."""

from __future__ import annotations

import datetime as dt
import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import query
from db.moments import KST, moment
from db.qartod import FAIL
from db.truth import flagging
from db.truth.flags import MOVED
from db.validity import NOT_OF_NOW
from db.write import captures
from db.write.captures import Capture
from db.write.store import Store
from scraper.demo.portal import CITIES
from scraper.vocabulary import STATIONS
from tests.support.make import make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from db.reading import Content
    from db.truth.flags import Box

BEGIN = 1_700_000_000
HOURS = 30

ROWS = """
    SELECT p.name, f.seen_from, s.name_ko, f.kind, f.flag FROM flagged AS f
    JOIN portals AS p ON p.id = f.portal_id JOIN stations AS s ON s.id = f.station_id
    ORDER BY 1, 2, 3, 4"""


def box(values: Sequence[int | None]) -> Content:
    """Give a box of the sixteen cities, from tenths of a degree."""
    return make_content(
        *(
            make_reading(
                city=city,
                station=STATIONS[city],
                temperature_c=None if tenths is None else tenths / 10,
            )
            for city, tenths in zip(CITIES, values, strict=True)
        )
    )


def hours(chance: random.Random) -> list[list[int | None]]:
    """Give the values of a feed hour by hour, with spikes, lost numbers and stuck stations."""
    now = [chance.uniform(50, 200) for _ in CITIES]
    stuck: dict[int, tuple[int, int]] = {}
    printed: list[list[int | None]] = []
    for hour in range(HOURS):
        values: list[int | None] = []
        for nth in range(len(CITIES)):
            now[nth] += chance.choice([-12, 0, 12, chance.uniform(-25, 25)])
            if hour >= stuck.get(nth, (0, 0))[1]:
                stuck[nth] = round(now[nth]), hour + chance.choice([0] * 30 + [6, 9, 16])
            is_stuck = hour < stuck[nth][1]
            tenths = stuck[nth][0] if is_stuck else round(now[nth])
            kind = chance.random()
            values.append(None if kind < 0.04 else tenths + 80 if kind > 0.98 else tenths)
        printed.append(values)
    return printed


def story(chance: random.Random) -> list[Capture]:
    """Give captures of two portals of a feed, at uneven times, with old sets in between."""
    printed = hours(chance)
    return [
        Capture(
            portal=f"p{portal}",
            captured_at=moment(
                BEGIN + 3600 * hour + 400 * portal + 600 * nth + chance.randrange(300)
            ),
            precision="second",
            digest=content.digest,
            content=content,
            page_date=None,
        )
        for portal in range(2)
        for hour in range(HOURS)
        for content in [box(printed[hour if chance.random() > 0.05 else chance.randrange(HOURS)])]
        for nth in range(chance.randint(0, 3))
    ]


def flags_of(path: Path, parts: Sequence[Sequence[Capture]]) -> list[tuple[object, ...]]:
    """Store captures in batches; gives the flags, after ``check`` found them right."""
    with Store.open(path) as store:
        store._conn.execute("PRAGMA synchronous = off")
        for portal in range(2):
            store.portal(f"p{portal}", f"https://p{portal}.example/", 600)
        for part in parts:
            captures.keep(store, part)
        rows: list[tuple[object, ...]] = store._conn.execute(ROWS).fetchall()
    with query.Database(path) as db:
        assert db.faults() == []
    return rows


@pytest.mark.parametrize("seed", range(3))
def test_stories_have_flags_of_each_kind_in_time(seed):
    with tempfile.TemporaryDirectory() as folder:
        rows = flags_of(Path(folder) / "w.db", [story(random.Random(seed))])
    assert {"flat", "spike"} <= {kind for *_, kind, _ in rows}


@pytest.mark.slow
@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), size=st.sampled_from([1, 5, 40]), backwards=st.booleans())
def test_the_order_of_arrival_makes_no_difference_to_flags(seed, size, backwards):
    chance = random.Random(seed)
    seen = sorted(story(chance), key=lambda capture: capture.captured_at)
    shuffled = seen[::-1] if backwards else chance.sample(seen, len(seen))
    parts = [shuffled[at : at + size] for at in range(0, len(shuffled), size)]
    with tempfile.TemporaryDirectory() as folder:
        at_once = flags_of(Path(folder) / "whole.db", [seen])
        single = flags_of(Path(folder) / "single.db", [[capture] for capture in seen])
        assert at_once == single
        assert flags_of(Path(folder) / "parts.db", parts) == at_once


# ---- stories


def hourly(path: Path, printed: Sequence[Sequence[int | None]], *, own: bool = False) -> None:
    """Store a feed, each hour seen six times: at 00:10, 00:20, ... 01:00."""
    seen = [
        (MIDNIGHT + dt.timedelta(hours=hour, minutes=10 * nth), box(values))
        for hour, values in enumerate(printed)
        for nth in range(1, 7)
    ]
    with Store.open(path) as store:
        store._conn.execute("PRAGMA synchronous = off")
        store.portal("koya", "https://koya.example/", 600)
        if own:
            for at, content in seen:
                see(store, make_look(fetched_at=at), content)
            return
        for begin in range(0, len(seen), 50):
            captures.keep(
                store,
                [
                    Capture(
                        portal="koya",
                        captured_at=at,
                        precision="second",
                        digest=content.digest,
                        content=content,
                        page_date=None,
                    )
                    for at, content in seen[begin : begin + 50]
                ],
            )


MIDNIGHT = dt.datetime(2026, 4, 10, tzinfo=KST)


def days(count: int) -> list[list[int | None]]:
    """Give a feed whose cities warm by half a degree an hour until noon, then cool."""
    chance = random.Random(1)
    return [
        [100 + 5 * (12 - abs(hour % 24 - 12)) + chance.randrange(13) for _ in CITIES]
        for hour in range(24 * count)
    ]


SEOUL = CITIES.index("서울")


@pytest.fixture(scope="module")
def stuck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a database in which Seoul shows 9.7 for three days, after a day that changes."""
    printed = days(5)
    for hour in range(24, 96):
        printed[hour][SEOUL] = 97
    path: Path = tmp_path_factory.mktemp("stuck") / "weather.db"
    hourly(path, printed)
    return path


def test_a_station_unchanged_for_days_is_flat_and_has_no_mean(stuck):
    with query.Database(stuck) as db:
        (flag,) = [flag for flag in db.flags("서울") if flag.kind == "flat"]
        days = db.stats("서울", now=MIDNIGHT + dt.timedelta(days=5))
        others = db.stats("부산", now=MIDNIGHT + dt.timedelta(days=5))
    assert (flag.flag, flag.temperature_c, flag.sets) == (4, 9.7, 72)
    assert flag.seen_from == MIDNIGHT + dt.timedelta(days=1, minutes=10)
    assert flag.seen_until == MIDNIGHT + dt.timedelta(days=4)
    assert [day.mean_c is None for day in days] == [False, True, True, True, False]
    assert all(day.mean_c is not None for day in others)
    assert (days[2].failed, days[2].coverage, days[2].minimum_c) == (1.0, 0.0, None)
    assert days[2].reason == "no live temperature passes: 100% is flagged 4"


@pytest.mark.parametrize("standing", range(1, 16))
def test_stations_that_stand_for_days_are_flat_or_the_box_is_frozen(tmp_path, standing):
    """Some stations stand, the others go on: no number of them makes the old values count."""
    printed = days(2)
    for values in printed[4:]:
        values[:standing] = printed[4][:standing]
    hourly(tmp_path / "w.db", printed)
    at = MIDNIGHT + dt.timedelta(hours=40)
    with query.Database(tmp_path / "w.db") as db:
        old = [row for row in db.latest(now=at) if row.station in CITIES[:standing]]
        (_, day) = db.stats(CITIES[0], now=MIDNIGHT + dt.timedelta(days=2))
    assert {row.flag == FAIL or row.state in NOT_OF_NOW for row in old} == {True}
    assert day.mean_c is None


def test_each_query_shows_the_flag(stuck):
    at = MIDNIGHT + dt.timedelta(days=2, hours=12, minutes=5)
    with query.Database(stuck) as db:
        assert db.at("서울", at).flag == 4
        assert db.at("부산", at).flag == 1
        assert [row.flag for row in db.latest("서울", now=at)] == [4]
        assert {row.flag for row in db.series("서울", since=at, until=at.replace(hour=13))} == {4}


def test_a_day_with_a_hole_of_five_hours_has_a_mean_and_no_extremes(tmp_path):
    """From 19:10 the box stands still; its values hold until 20:40, so 3 h 20 min are missing."""
    printed = days(2)
    printed[20:24] = [printed[19]] * 4
    hourly(tmp_path / "w.db", printed)
    with query.Database(tmp_path / "w.db") as db:
        first, second = db.stats("서울", now=MIDNIGHT + dt.timedelta(days=2))
    assert first.mean_c is not None
    assert (first.minimum_c, first.maximum_c, first.longest_gap_s) == (None, None, 12000)
    assert first.reason == "no extremes: no value for 3 h 20 min"
    assert second.minimum_c is not None


@pytest.mark.parametrize("own", [False, True], ids=["of an archive", "of our own"])
def test_a_closed_station_is_flat_for_days_or_weeks(tmp_path, own):
    """Two weeks at 30.2: each look continues the flag of the look before."""
    printed = days(4 if own else 14)
    for values in printed:
        values[SEOUL] = 302
    hourly(tmp_path / "w.db", printed, own=own)
    with query.Database(tmp_path / "w.db") as db:
        assert db.faults() == []
        (flat,) = [flag for flag in db.flags() if flag.kind == "flat"]
        assert (flat.station, flat.flag, flat.sets) == ("서울", 4, len(printed))


# ---- runs that continue from look to look


def standing_stations(chance: random.Random) -> tuple[list[Capture], list[Capture]]:
    """
    Give the captures of a portal, and two odd boxes.

    Six of the sixteen stations change every hour, by too little to call the others flat; the others
    change only from a later hour on. The odd boxes are the first box with four others changed.
    """
    first = values = [chance.randrange(50, 200) for _ in CITIES]
    moves = [chance.choice([15, 20, 40]) for _ in CITIES[6:]]
    shown = []
    for hour in range(HOURS):
        calm = [number + chance.randrange(MOVED) for number in first[:6]]
        values = calm + [
            number + 12 * (hour >= begin) for number, begin in zip(values[6:], moves, strict=True)
        ]
        printed = [None if chance.random() < 0.03 else number for number in values]
        shown.append(_shown(3600 * hour + chance.randrange(600), printed))
    others = [number + 15 * (6 <= nth < 10) for nth, number in enumerate(first)]
    odd = [_shown(3600 * hour + 1800, others) for hour in (13, 2)]
    return shown, odd


def _shown(second: int, printed: Sequence[int | None]) -> Capture:
    content = box(printed)
    return Capture(
        portal="p0",
        captured_at=moment(BEGIN + second),
        precision="second",
        digest=content.digest,
        content=content,
        page_date=None,
    )


@settings(max_examples=8)
@given(st.integers(0, 10_000))
def test_runs_that_are_remembered_give_the_flags_of_runs_that_are_followed(seed):
    """The odd boxes arrive late; a second writer stores some of the captures."""
    chance = random.Random(seed)
    printed, odd = standing_stations(chance)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.db"
        writers = [Store.open(path) for _ in range(2)]
        writers[0].portal("p0", "https://p0.example/", 600)
        for writer in writers:
            writer._conn.execute("PRAGMA synchronous = off")
        for nth, look in enumerate(printed):
            captures.keep(writers[chance.random() < 0.1], [look])
            if nth in (4, 19):
                captures.keep(writers[chance.random() < 0.5], [odd.pop()])
        with query.Database(path) as db:
            assert db.faults() == []
        for writer in writers:
            writer.close()


@pytest.mark.parametrize(
    ("moving", "by"), [(1, 300), (6, MOVED)], ids=["one moves", "six move a little"]
)
def test_sets_of_a_frozen_feed_are_not_read_again_for_each_new_set(
    tmp_path, monkeypatch, moving, by
):
    """Neither if all sets are the same set, nor if they differ but the stations move too little."""
    read: list[int] = []
    reading = flagging._Judge._read

    def counted(judge: flagging._Judge, sql: str, which: Mapping[str, int]) -> list[Box]:
        boxes = reading(judge, sql, which)
        read.append(len(boxes))
        return boxes

    monkeypatch.setattr(flagging._Judge, "_read", counted)
    printed = [
        [(7 * hour + nth) % by if nth < moving else 100 for nth in range(16)] for hour in range(60)
    ]
    hourly(tmp_path / "w.db", printed, own=True)
    assert sum(read) <= (1 + flagging.AROUND) * len(printed)
