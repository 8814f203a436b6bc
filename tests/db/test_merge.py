"""Merged databases of several collectors equal the database of one that saw all."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import merge, query
from db.moments import moment
from db.read.faults import DERIVED, faults
from db.write import captures, prune
from db.write.store import Store
from tests.support.histories import MINUTE, START, histories, hour_of
from tests.support.keeping import capture_of, content_of, keep_failure, keep_own
from tests.support.make import make_look, make_page, see
from tests.support.stores import contents, opened

if TYPE_CHECKING:
    import datetime as dt

    from tests.support.model import Look

HOUR = 60 * MINUTE

LATE = (("b", 120), ("c", 125))
"""Two portals, and by how many minutes they are late."""

JOINED = (
    *("portals", "stations", "conditions", "sidebars", "readings", "fetches", "captures"),
    *("pages", "events", "robots", "archives", "pruned", "past_gaps"),
)
"""The tables whose rows are joined."""

OWN = ("open_notices", "past_counts")
"""The tables about one collector, which are not joined."""


def merged(into: Path, *others: Path) -> list[merge.Merged]:
    with Store.open(into) as store:
        return [merge.merge(store, other) for other in merge.opened(others, into)]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(merge, "_PAUSE_S", 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def keep(store: Store, look: Look) -> None:
    if look.own:
        proofs = {"age": look.age, "page_date": look.page_date, "hour": look.hour}
        keep_own(store, look.portal, look.at, look.sidebar, **proofs)  # type: ignore[arg-type]
    else:
        capture = capture_of(look.portal, look.at, look.sidebar, page_date=look.page_date)
        captures.keep(store, [capture])


@pytest.mark.slow
@settings(max_examples=25)
@given(histories(), st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=9))
def test_two_merged_collectors_equal_one_collector_with_all_looks(history, who):
    names = [portal.name for portal in history.portals]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        stores = {
            name: opened(folder / f"{name}.db", *names) for name in ("a", "b", "all", "again")
        }
        for nth, look in enumerate(history.looks):
            for name in (*who[nth % len(who)], "all"):
                keep(stores[name], look)
        for store in stores.values():
            store.close()
        a, b, every, again = (folder / f"{name}.db" for name in stores)
        merged(again, a, b)
        merged(a, b, b)
        merged(b, a)
        expected = contents(every)
        for path in (a, b, again):
            assert contents(path) == expected
            with query.Database(path) as db:
                assert db.faults() == []


def test_every_table_is_joined_or_derived_or_of_one_collector_alone(folder):
    opened(folder / "a.db").close()
    assert set(contents(folder / "a.db")) - {"_sqlite_migrations"} == {
        *JOINED,
        *DERIVED,
        *OWN,
    }


def test_a_box_keeps_the_hour_of_its_observation(folder):
    a, b = both(folder, portals=("koya",))
    with a, b:
        shown = replace(content_of(hour_of(0)), observed_at=make_look(0).fetched_at)
        see(b, make_look(10), shown)
    merged_both_ways(folder)
    with query.Database(folder / "a.db") as db:
        assert {spell.observed_at for spell in db.series("서울")} == {shown.observed_at}


# ---- looks of one second


def both(folder: Path, *, portals: tuple[str, ...] = ("a",)) -> tuple[Store, Store]:
    return opened(folder / "a.db", *portals), opened(folder / "b.db", *portals)


def merged_both_ways(folder: Path) -> tuple[list[merge.Merged], dict[str, list[str]]]:
    """Merge each into the other; both must be equal. Gives the results, and the tables."""
    a, b = folder / "a.db", folder / "b.db"
    results = merged(a, b) + merged(b, a)
    tables = [{k: v for k, v in contents(x).items() if k not in OWN} for x in (a, b)]
    assert tables[0] == tables[1]
    for path in (a, b):
        with query.Database(path) as db:
            assert db.faults() == []
    return results, tables[0]


def test_a_successful_look_replaces_a_failed_look_of_the_same_second(folder):
    a, b = both(folder)
    with a, b:
        keep_own(a, "a", START, hour_of(0))
        keep_failure(b, "a", START)
        keep_failure(b, "a", START + HOUR)
        keep_failure(a, "a", START + HOUR)
    results, tables = merged_both_ways(folder)
    assert [look.split(", ")[2] for look in tables["fetches"]] == ["'read'", "'fetch_failed'"]
    assert [result.looks for result in results] == [0, 0]


def test_the_better_evidence_of_two_equal_looks_in_one_second_is_kept(folder):
    a, b = both(folder)
    with a, b:
        keep_own(a, "a", START, hour_of(0))
        keep_own(b, "a", START, hour_of(0), age=5 * HOUR)
        keep_own(a, "a", START + HOUR, hour_of(0), age=7 * HOUR)
        keep_own(b, "a", START + HOUR, hour_of(0))
    _, tables = merged_both_ways(folder)
    assert len(tables["fetches"]) == 2
    with contextlib.closing(sqlite3.connect(folder / "a.db")) as conn:
        assert conn.execute("SELECT existed_by FROM spells").fetchall() == [(START - 6 * HOUR,)]


def test_a_page_comes_with_its_look_until_a_collector_read_it(folder):
    a, b = both(folder)
    with a, b:
        for nth, read in enumerate((None, a, b)):
            for store in (a, b):
                unread = store.keep_page(make_look(nth, portal="a"), make_page(portal="a"))
                if store is read:
                    store.keep_content(unread, content_of(hour_of(nth)), page_date=None)
                elif nth == 2:
                    store.keep_no_sidebar(unread, "no box")
        alone = make_look(5, portal="a"), make_page(portal="a", body=b"alone", encoding="cp949")
        b.keep_page(*alone)
    _, tables = merged_both_ways(folder)
    assert len(tables["pages"]) == 2
    with Store.open(folder / "a.db") as store:
        pages = [(page.body, page.encoding) for page in store.unread()]
    assert pages == [(make_page().body, "utf-8"), (b"alone", "cp949")]


def test_two_boxes_in_one_second_are_reported_and_both_are_kept(folder):
    a, b = both(folder)
    with a, b:
        keep_own(a, "a", START, hour_of(0))
        keep_own(b, "a", START, hour_of(1))
        keep_own(b, "a", START + HOUR, hour_of(2))
    results, tables = merged_both_ways(folder)
    assert [len(tables[name]) for name in ("fetches", "captures", "spells")] == [2, 1, 2]
    (contradiction,) = results[0].contradictions
    assert contradiction == (
        "a at 2024-05-09T20:00:00+09:00: two looks saw different boxes; "
        "one of them is kept as a capture, which does not count"
    )


# ---- portals


def test_a_portal_of_another_name_is_the_same_by_its_address(folder):
    a, b = opened(folder / "a.db", "koya"), opened(folder / "b.db")
    with a, b:
        b.portal("우리문화신문", "https://www.koya.example/news", 600)
        keep_own(a, "koya", START, hour_of(0))
        keep_own(b, "우리문화신문", START + HOUR, hour_of(1))
    (result,) = merged(folder / "a.db", folder / "b.db")
    assert (result.portals, result.looks, result.contents) == (0, 1, 1)
    with query.Database(folder / "a.db") as db:
        (portal,) = db.portals()
        assert (portal.name, portal.url) == ("koya", "https://www.koya.example/news")


def test_an_address_without_a_host_is_compared_as_written(folder):
    a, b = opened(folder / "a.db"), opened(folder / "b.db")
    with a, b:
        for store in (a, b):
            store.portal("koya", "http://[::1/", 600)
        keep_own(b, "koya", START, hour_of(0))
    (result,) = merged(folder / "a.db", folder / "b.db")
    assert (result.looks, result.contradictions) == (1, ())


def test_a_name_with_another_host_is_reported_and_not_joined(folder):
    a, b = opened(folder / "a.db", "koya"), opened(folder / "b.db", "other")
    with a, b:
        b.portal("koya", "https://elsewhere.example/", 600)
        for name in ("koya", "other"):
            keep_own(b, name, START, hour_of(0))
    (result,) = merged(folder / "a.db", folder / "b.db")
    assert result.looks == 1
    (contradiction,) = result.contradictions
    assert contradiction == (
        "portal 'koya' is https://elsewhere.example/ there and https://koya.example/ here; "
        "its looks are not taken: give one of the two another name"
    )


def test_validators_are_those_of_the_newest_page(folder):
    a, b = both(folder)
    with a, b:
        for store, minute in ((a, 0), (b, 10)):
            look = make_look(minute, portal="a")
            see(store, look, content_of(hour_of(minute)), etag=f'"{minute}"')
    merged_both_ways(folder)
    with query.Database(folder / "a.db") as db:
        assert db.memory("a").etag == '"10"'


# ---- pruned databases


def test_gaps_of_pruned_databases_are_those_of_both_together(folder):
    a, b, every = (opened(folder / f"{name}.db", "a") for name in ("a", "b", "all"))
    with a, b, every:
        for tens in range(6 * 30):
            at = START + 10 * tens * MINUTE
            in_first = [] if 20 <= tens < 60 or 100 <= tens < 120 else [a]
            in_second = [] if 50 <= tens < 70 or tens > 110 or tens < 2 else [b]
            for store in [*in_first, *in_second, *([every] if in_first or in_second else [])]:
                keep_own(store, "a", at, hour_of(tens // 6))
    prune.carry_out(a.path, prune.plan(a.path, moment(START + 20 * HOUR)))
    prune.carry_out(b.path, prune.plan(b.path, moment(START + 12 * HOUR)))
    merged_both_ways(folder)
    merged(folder / "a.db", folder / "b.db")
    now = moment(START + 30 * HOUR)
    gaps = []
    for name in ("a", "b", "all"):
        with query.Database(folder / f"{name}.db") as db:
            gaps.append([(gap.since, gap.until) for gap in db.gaps(now=now)])
    assert gaps[0] == gaps[1] == gaps[2]
    assert len(gaps[0]) == 2


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param(range(0, 30 * 60, 10), id="without a gap"),
        pytest.param([0, 10, 20, 60, 120, *range(180, 30 * 60, 10)], id="single looks in a gap"),
        pytest.param([*range(1200, 1400, 10), *range(1500, 30 * 60, 10)], id="after the border"),
    ],
)
def test_a_pruned_database_has_the_same_pauses_in_a_new_one(folder, looks):
    with opened(folder / "pruned.db", "a") as store:
        for minute in looks:
            keep_own(store, "a", START + minute * MINUTE, hour_of(minute // 60))
    prune.carry_out(folder / "pruned.db", prune.plan(folder / "pruned.db", at_hour(24)))
    opened(folder / "new.db").close()
    merged(folder / "new.db", folder / "pruned.db")
    old, new = (contents(folder / f"{name}.db")["pauses"] for name in ("pruned", "new"))
    assert old == new
    assert faults(folder / "new.db") == []
    answers = []
    for name in ("pruned", "new"):
        with query.Database(folder / f"{name}.db") as db:
            answers.append(db.stats("서울", by="hour", now=at_hour(30)))
    assert answers[0] == answers[1]


def at_hour(hour: int) -> dt.datetime:
    return moment(START + hour * HOUR)


def test_a_doubt_that_ends_by_a_merge_ends_at_the_portals_that_repeat_the_set(folder):
    """`b` follows `a`, and `c` repeats its last set; then `b` had shown other sets meanwhile."""

    def at(minute: int) -> int:
        return START + 24 * HOUR + minute * MINUTE

    late = [(name, at(60 * n + lag), hour_of(n)) for n in range(17) for name, lag in LATE]
    ours = [
        *(("b", at(nth - 300), hour_of(90 + nth // 10)) for nth in (0, 10)),
        *(("a", at(60 * n), hour_of(n)) for n in range(16)),
        *late,
        ("b", at(16 * 60 + 110), hour_of(15)),
    ]
    theirs = [
        *(("b", at(60 * n + 140), hour_of(90)) for n in range(2, 16)),
        *(("b", at(60 * n + 150), hour_of(91)) for n in range(2, 16)),
        ("b", at(16 * 60 + 130), hour_of(16)),
    ]
    for name, portals, looks in (("ours.db", "abc", ours), ("theirs.db", "b", theirs)):
        with opened(folder / name, *portals) as store:
            for portal, second, box in sorted(looks, key=lambda look: look[1]):
                keep_own(store, portal, second, box)
    merged(folder / "ours.db", folder / "theirs.db")
    assert faults(folder / "ours.db") == []
