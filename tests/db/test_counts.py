"""Counts of looks: kept up for any looks in any order, they equal a count of the rows."""

from __future__ import annotations

import datetime as dt
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import query
from db.counts import BUCKETS_MS
from db.write import captures, prune
from db.write.store import Store
from tests.support.make import (
    INTERVAL_S,
    START,
    URL,
    make_content,
    make_look,
    make_page,
    make_reading,
    see,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

Shown: TypeAlias = Literal["a", "b", "archived a", "archived b", "no sidebar", "failed", "unread"]

CONTENTS = {
    letter: make_content(make_reading(temperature_c=celsius))
    for letter, celsius in (("a", 1.0), ("b", 2.0))
}


class Arrival(NamedTuple):
    """A look or a capture of an archive, and its outcome."""

    portal: str
    minute: int
    shown: Shown
    milliseconds: int


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    """Draw at most one look and one capture for each portal and second."""
    made = draw(
        st.lists(
            st.builds(
                Arrival,
                st.sampled_from(["koya", "other"]),
                st.integers(0, 12),
                st.sampled_from(Shown.__args__),  # type: ignore[attr-defined]
                st.sampled_from([1, 100, 101, 400, 30_000]),
            ),
            max_size=24,
            unique_by=lambda arrival: (
                arrival.portal,
                arrival.minute,
                arrival.shown.startswith("archived"),
            ),
        )
    )
    return draw(st.permutations(made))


def keep(store: Store, arrival: Arrival) -> None:
    look = make_look(arrival.minute, portal=arrival.portal, milliseconds=arrival.milliseconds)
    store.portal(arrival.portal, URL, INTERVAL_S)
    match arrival.shown:
        case "a" | "b":
            see(store, look, CONTENTS[arrival.shown])
        case "failed":
            store.keep_failure(look, "fetch_failed", "HTTP 500")
        case "unread":
            store.keep_page(look, make_page(portal=arrival.portal))
        case "no sidebar":
            store.keep_no_sidebar(store.keep_page(look, make_page(portal=arrival.portal)), "")
        case archived:
            content = CONTENTS[archived[-1]]
            captures.keep(
                store,
                [
                    captures.Capture(
                        portal=arrival.portal,
                        captured_at=look.fetched_at,
                        precision="second",
                        digest=content.digest,
                        content=content,
                        page_date=None,
                    )
                ],
            )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weather.db"


def filled(path: Path, looks: Iterable[Arrival]) -> None:
    with Store.open(path, journal="delete") as store:
        store._conn.execute("PRAGMA synchronous = off")
        for arrival in looks:
            keep(store, arrival)


def counts(path: Path) -> query.Counts:
    """The counts, after ``nalssi check`` found them right."""
    with query.Database(path) as db:
        assert db.faults() == []
        return db.counts()


def by_hand(path: Path) -> dict[tuple[str, str], int]:
    with query.Database(path) as db:
        looks = [look for look in db.looks() if look.outcome != "unread"]
    return Counter((look.portal, look.outcome) for look in looks)


def by_outcome(counts: query.Counts) -> dict[tuple[str, str], int]:
    return {
        (portal, outcome): count
        for portal, counted in counts.portals.items()
        for outcome, count in counted.looks.items()
    }


@pytest.mark.slow
@given(arrivals())
def test_any_order_of_arrival_gives_the_counts_of_a_rebuild(looks):
    with tempfile.TemporaryDirectory() as folder:
        late, in_order = Path(folder, "late.db"), Path(folder, "in-order.db")
        filled(late, looks)
        filled(in_order, sorted(looks))
        kept_up = counts(late)
        assert kept_up == counts(in_order)
        assert by_outcome(kept_up) == by_hand(late)
        with Store.open(late) as store:
            store.rebuild()
        assert counts(late) == kept_up


@pytest.mark.slow
@given(arrivals(), arrivals(), st.integers(0, 12))
def test_pruned_looks_stay_counted(first, second, minute):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "weather.db")
        filled(path, first)
        before = counts(path)
        border = START + dt.timedelta(minutes=minute)
        prune.carry_out(path, prune.plan(path, border))
        assert counts(path) == before
        filled(path, (arrival._replace(minute=arrival.minute + 20) for arrival in second))
        kept_up = counts(path)
        with Store.open(path) as store:
            store.rebuild()
        assert counts(path) == kept_up


@given(st.lists(st.integers(0, 30_000), max_size=9))
def test_a_bucket_holds_every_look_up_to_its_end(durations_ms):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "weather.db")
        filled(path, (Arrival("koya", n, "failed", ms) for n, ms in enumerate(durations_ms)))
        koya = counts(path).portals.get("koya", query.PortalCounts())
    assert koya.milliseconds == sum(durations_ms)
    for nth, end_ms in enumerate(BUCKETS_MS, 1):
        assert sum(koya.durations[:nth]) == sum(ms <= end_ms for ms in durations_ms)
    assert sum(koya.durations) == len(durations_ms)


def test_the_buckets_rise():
    assert all(lower < upper for lower, upper in pairwise(BUCKETS_MS))


def test_a_database_without_looks_has_no_counts(path):
    Store.open(path).close()
    assert counts(path) == query.Counts(portals={}, readings=0)


def test_a_look_is_counted_as_soon_as_it_was_read(path):
    """The outcome of a look is unknown until its page is read."""
    with Store.open(path) as store:
        keep(store, Arrival("koya", 0, "a", 100))
        page = store.keep_page(make_look(10), make_page())
        assert by_outcome(counts(path)) == {("koya", "new"): 1}
        store.keep_content(page, CONTENTS["b"], page_date=None)
        assert by_outcome(counts(path)) == {("koya", "new"): 2}


def test_each_reading_is_counted_once(path):
    counted = []
    story: tuple[Shown, ...] = ("a", "a", "b", "failed", "a")
    for nth, shown in enumerate(story):
        filled(path, [Arrival("koya", nth, shown, 100)])
        counted.append(counts(path).readings)
    assert counted == [1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        pytest.param("UPDATE counts SET looks = looks + 1", "1 counts", id="wrong"),
        pytest.param("DELETE FROM counts", "1 counts missing", id="missing"),
        pytest.param(
            "INSERT INTO counts VALUES (1, 'set_aside', 0, 1, 1)",
            "1 counts too many",
            id="too many",
        ),
        pytest.param("UPDATE totals SET readings = 9", "1 totals", id="readings"),
    ],
)
def test_counts_that_differ_from_the_looks_are_a_fault_until_a_rebuild(path, damage, fault):
    filled(path, [Arrival("koya", 0, "a", 100)])
    before = counts(path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(damage)
        conn.commit()
    with query.Database(path) as db:
        assert any(fault in line and "nalssi rebuild" in line for line in db.faults())
    with Store.open(path) as store:
        store.rebuild()
    assert counts(path) == before
