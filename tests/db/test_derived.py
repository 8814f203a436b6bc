"""Derived rows: after any events they equal those of ``nalssi rebuild``."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import query
from db.moments import KST, moment
from db.reading import Station
from db.truth import dates, memory
from db.write import captures, prune
from scraper.vocabulary import STATIONS
from tests.support.histories import MINUTE, START, histories, hour_of, moved, without_number
from tests.support.keeping import capture_of, content_of, keep_own
from tests.support.make import make_content, make_look, make_reading, see
from tests.support.stores import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.reading import Content
    from db.write.store import Store
    from tests.support.histories import History
    from tests.support.model import Look, Sidebar

HOUR = 60 * MINUTE
TODAY = dt.datetime.fromtimestamp(START, KST).date()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "weather.db", "a", "b") as store:
        yield store


def faults(store: Store) -> list[str]:
    with query.Database(store.path) as db:
        return db.faults()


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    return store._conn.execute(sql).fetchall()


def keep_look(store: Store, second: int, sidebar: Sidebar, **page: object) -> None:
    keep_own(store, "a", second, sidebar, **page)  # type: ignore[arg-type]


def keep_capture(
    store: Store, second: int, sidebar: Sidebar, *, page_date: dt.date | None = None
) -> None:
    captures.keep(store, [capture_of("a", second, sidebar, page_date=page_date)])


def pruned(store: Store, before: int) -> int:
    return prune.carry_out(store.path, prune.plan(store.path, moment(before)))


# ---- events


Event = tuple[str, int]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["prune", "interval", "contradict", "date", "own", "again", "early"]),
        st.integers(0, 60),
    ),
    max_size=6,
)
"""Events, each with the number of the look that it follows."""


@settings(max_examples=25)
@given(histories(), EVENTS)
def test_a_rebuild_changes_no_row_after_any_events(history, events):
    names = (portal.name for portal in history.portals)
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(Path(folder) / "weather.db", *names) as store,
    ):
        for nth, look in enumerate(history.looks):
            _keep(store, look)
            for event, place in events:
                if place % len(history.looks) == nth:
                    _apply(store, history, event, look)
        assert faults(store) == []


def _keep(store: Store, look: Look) -> None:
    if look.own:
        proofs = {"age": look.age, "page_date": look.page_date, "hour": look.hour}
        keep_own(store, look.portal, look.at, look.sidebar, **proofs)  # type: ignore[arg-type]
    else:
        capture = capture_of(look.portal, look.at, look.sidebar, page_date=look.page_date)
        captures.keep(store, [capture])


def _apply(store: Store, history: History, event: str, look: Look) -> None:
    """Apply an event after a look."""
    archive = replace(look, own=False, sidebar=hour_of(7), page_date=TODAY)
    match event:
        case "prune":
            pruned(store, look.at)
        case "interval":
            store.portal(look.portal, "https://other.example/", 3600)
        case "contradict":
            _keep(store, archive)
        case "date":
            later = look.page_date or TODAY
            _keep(store, replace(look, own=False, page_date=later + dt.timedelta(days=1)))
        case "own":
            keep_own(store, look.portal, look.at, hour_of(2)[:8], page_date=None)
        case "again":
            _keep(store, replace(look, own=False))
        case "early":
            keep_own(store, history.portals[0].name, START - 3 * HOUR, hour_of(9), age=HOUR)


# ---- dates that stand still


def stuck(store: Store) -> list[tuple[object, ...]]:
    return rows(store, "SELECT page_date FROM stuck_dates")


def stand_still(store: Store, sets: int) -> int:
    """Store a capture with a new set every five hours under one date; gives the last second."""
    for nth in range(sets):
        keep_capture(store, START + 5 * nth * HOUR, hour_of(nth), page_date=TODAY)
    return START + 5 * (sets - 1) * HOUR


def test_a_date_is_no_longer_stuck_if_archives_contradict_each_other(store):
    last = stand_still(store, 12)
    assert stuck(store) == [(TODAY.isoformat(),)]
    keep_capture(store, last, hour_of(20))
    assert (stuck(store), faults(store)) == ([], [])


def test_a_date_is_no_longer_stuck_if_our_own_look_printed_another(store):
    last = stand_still(store, 12)
    keep_look(store, last, hour_of(11))
    assert (stuck(store), faults(store)) == ([], [])


def test_a_date_is_no_longer_stuck_if_a_capture_has_a_later_date(store):
    last = stand_still(store, 12)
    keep_capture(store, last, hour_of(11), page_date=TODAY + dt.timedelta(days=2))
    assert (stuck(store), faults(store)) == ([], [])


def test_a_date_is_stuck_if_the_look_on_its_own_day_arrives_last(store):
    for nth in [*range(1, 12), 0]:
        keep_capture(store, START + 5 * nth * HOUR, hour_of(nth), page_date=TODAY)
    assert (stuck(store), faults(store)) == ([(TODAY.isoformat(),)], [])


# ---- stations


def test_stations_of_an_overridden_capture_are_removed(store):
    keep_capture(store, START, hour_of(0))
    keep_look(store, START, hour_of(0)[:8])
    assert rows(store, "SELECT count(*) FROM portal_stations") == [(8,)]
    assert faults(store) == []


# ---- numbers of stations


def unnumbered(content: Content, **changes: object) -> Content:
    """The content as an older reader stored it, which knew no KMA numbers."""
    readings = (
        replace(reading, station=Station(name_ko=reading.station.name_ko))
        for reading in content.readings
        if reading.station is not None
    )
    return make_content(*readings, **changes)


def test_sets_are_found_again_when_a_station_gets_its_number(store):
    see(store, make_look(0), unnumbered(content_of(hour_of(0))))
    see(store, make_look(10), content_of(without_number(hour_of(0), 2)))
    assert rows(store, "SELECT count(*) FROM stations WHERE kma_id IS NULL") == [(0,)]
    assert rows(store, "SELECT count(DISTINCT first_seen) FROM spells") == [(1,)]
    assert faults(store) == []


def test_sets_are_found_again_when_a_station_loses_its_number(store):
    see(store, make_look(0), content_of(hour_of(0)))
    see(store, make_look(10), unnumbered(content_of(hour_of(1))))
    assert STATIONS["서울"].kma_id is not None
    assert rows(store, "SELECT count(*) FROM stations WHERE kma_id IS NOT NULL") == [(0,)]
    assert faults(store) == []


def test_one_batch_may_show_a_station_by_name_and_by_number_in_turn(store):
    """Archives of a renamed station, read by word lists without and with its new name."""
    seoul = STATIONS["서울"]
    named = Station(name_ko="서울(송월)")
    renamed = replace(seoul, name_ko="서울(송월)")
    shown = (seoul, named, named, renamed, named, renamed)
    batch = [
        captures.Capture(
            portal="a",
            captured_at=moment(START + nth * HOUR),
            precision="second",
            digest=content.digest,
            content=content,
            page_date=None,
        )
        for nth, station in enumerate(shown)
        for content in [make_content(make_reading(station=station, temperature_c=float(nth)))]
    ]
    captures.keep(store, batch)
    assert rows(store, "SELECT name_ko, kma_id FROM stations") == [("서울(송월)", 108)]
    assert rows(store, "SELECT temperature FROM readings ORDER BY temperature") == [
        (10 * nth,) for nth in range(6)
    ]
    assert faults(store) == []


# ---- pruning


def test_a_pause_before_our_first_look_survives_pruning(store):
    keep_capture(store, START, hour_of(0))
    keep_look(store, START + 6 * HOUR, hour_of(1))
    pruned(store, START + 9 * HOUR)
    assert rows(store, "SELECT until - since FROM pauses") == [(6 * HOUR,)]
    assert faults(store) == []
    keep_look(store, START - 3 * HOUR, hour_of(2))
    assert faults(store) == []


def test_a_capture_among_pruned_looks_makes_no_pause(store):
    for tens in range(13):
        keep_look(store, START + 10 * tens * MINUTE, hour_of(0))
    keep_look(store, START + 130 * MINUTE, hour_of(1))
    assert pruned(store, START + 140 * MINUTE) == 11
    keep_capture(store, START + 60 * MINUTE, hour_of(0))
    assert rows(store, "SELECT * FROM pauses") == []
    assert faults(store) == []


# ---- pruned proofs


def test_the_strongest_proof_survives_pruning(store):
    for tens, age in enumerate((None, 300, 40_000, 300, None, 41_800, None)):
        keep_look(store, START + 10 * tens * MINUTE, hour_of(0), age=age)
    keep_look(store, START + 70 * MINUTE, hour_of(1))
    assert pruned(store, START + 80 * MINUTE) == 4
    assert rows(store, "SELECT min(existed_by) FROM spells") == [(START + 20 * MINUTE - 40_000,)]
    assert faults(store) == []


def test_a_damaged_date_proves_no_end_of_a_day(store):
    look = (1, START, 1, "2024-05-00", 600)
    assert dates.existed_by(store._conn, [look]) == [START - 600]


def test_few_boxes_are_remembered(store, monkeypatch):
    """The memory lives as long as the daemon, and changes no row."""
    monkeypatch.setattr(memory, "_BOXES", 3)
    for nth in range(9):
        keep_look(store, START + nth * HOUR, hour_of(nth))
        assert len(store.sidebars.memory.printed) <= 3
    assert faults(store) == []


# ---- standing


def test_an_earlier_look_that_arrives_last_extends_an_unchanged_set(store):
    """The full box is the same set as each half, but the halves are not the same as each other."""
    full = hour_of(0)
    shown = [full[:12], moved(full[:8], 0, 1), moved(full[:8], 3, 4), full]
    for tens in (3, 1, 2, 0):
        keep_look(store, START + 10 * tens * MINUTE, shown[tens])
    assert rows(store, "SELECT standing_since FROM spells ORDER BY seen_from")[-1] == (START,)
    assert faults(store) == []


# ---- parts of boxes


def test_the_parts_of_a_box_are_not_written_again_for_each_look(store):
    """A small box stands for half a day, and loses a number at every other look."""
    whole = hour_of(1)[:7]
    written = []
    for nth in range(72):
        before = store._conn.total_changes
        keep_look(store, START + 10 * MINUTE * nth, whole[: 7 - nth % 2])
        written.append(store._conn.total_changes - before)
    assert max(written[2:]) == min(written[2:])
    assert rows(store, "SELECT DISTINCT standing_since, published_by FROM spells") == [
        (START, START)
    ]
    assert faults(store) == []


@pytest.mark.parametrize(
    "cuts",
    [
        pytest.param([(1, 4), (2, 3)], id="one city after three"),
        pytest.param([(1, 4), (2, 3), (1, 3), (2, 3)], id="and another box between"),
        pytest.param([(2, 3), (1, 4), (2, 4), (1, 3)], id="one city at first"),
        pytest.param([(1, 4), (0, 7), (0, 16), (0, 6)], id="and the whole box after them"),
    ],
)
def test_boxes_are_no_longer_parts_if_another_box_comes_before_them(store, cuts):
    """Pages are cut to some cities; the box that they are no part of arrives last."""
    whole = hour_of(0)
    shown = [whole, moved(whole, 2), *(whole[begin:end] for begin, end in cuts)]
    for nth in (2, 0, *range(3, len(shown)), 1):
        keep_look(store, START + 10 * nth * MINUTE, shown[nth])
    assert faults(store) == []
    (third,) = rows(
        store, "SELECT standing_since, published_by FROM spells ORDER BY seen_from LIMIT 1 OFFSET 2"
    )
    assert third == (START + 20 * MINUTE, START + 20 * MINUTE)


@pytest.mark.parametrize("cuts", [(7,), (3, 5), (1,), (2, 2, 6)], ids=str)
@pytest.mark.parametrize(
    ("watched_s", "expected"),
    [
        pytest.param(None, "unconfirmed", id="the first looks of all"),
        pytest.param(5 * HOUR, "unconfirmed", id="after an outage"),
        pytest.param(10 * MINUTE, "live", id="after a look at another box"),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_page_that_is_cut_at_first_does_not_see_its_box_appear(
    store, cuts, watched_s, expected, backwards
):
    looks = [(START - watched_s, hour_of(0))] if watched_s else []
    looks += [(START + 10 * MINUTE * nth, hour_of(1)[:size]) for nth, size in enumerate(cuts)]
    last = START + 10 * MINUTE * len(cuts)
    looks.append((last, hour_of(1)))
    for at, sidebar in looks[::-1] if backwards else looks:
        keep_look(store, at, sidebar)
    assert faults(store) == []
    with query.Database(store.path) as db:
        assert {row.state for row in db.latest(now=moment(last))} == {expected}
    newest = "SELECT changed_after FROM spells ORDER BY seen_from DESC LIMIT 1"
    assert rows(store, newest) == [(START - watched_s if watched_s else None,)]


# ---- followers


def test_a_follower_is_not_alone_if_another_portal_changes_in_the_same_second(store):
    """`b` is two hours late, then alone with new sets; the first look at `c` arrives last."""
    store.portal("c", "https://c.example/", 600)
    for nth in range(16):
        keep_own(store, "a", START + nth * HOUR, hour_of(nth))
    for nth in range(24):
        keep_own(store, "b", START + (nth + 2) * HOUR, hour_of(nth))
    doubts = "SELECT doubt FROM spells ORDER BY seen_from DESC LIMIT 1"
    assert rows(store, doubts) == [("follower",)]
    keep_own(store, "c", START + 25 * HOUR, hour_of(40))
    assert faults(store) == []
