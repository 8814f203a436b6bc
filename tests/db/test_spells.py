"""Spells: the same for any order of arrival, and equal to those found by hand."""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.moments import epoch
from db.reading import Station
from tests.support.make import (
    START,
    make_content,
    make_look,
    make_page,
    make_reading,
)
from tests.support.stores import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from db.reading import Content
    from db.write.store import Store

PORTALS = ("koya", "other")
FAILED = "-"
NO_SIDEBAR = "?"
NOT_MODIFIED = "="

CITIES = {"A": "서울 부산", "B": "서울", "C": "서울 제주"}


def sidebar(letter: str) -> Content:
    """A sidebar with its own cities; its digest is its letter."""
    readings = (
        make_reading(station=Station(name_ko=city), temperature_c=float(ord(letter)))
        for city in CITIES[letter].split()
    )
    return make_content(*readings, digest=letter.encode())


SIDEBARS = {letter: sidebar(letter) for letter in CITIES}


class Seen(NamedTuple):
    """A look of the model: portal, minute, and the letter or outcome that it saw."""

    portal: str
    minute: int
    shown: str


class Spell(NamedTuple):
    """A spell of the model, in minutes."""

    portal: str
    seen_from: int
    seen_until: int
    changed_after: int | None
    sidebar: str


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "weather.db", *PORTALS) as store:
        yield store


def keep(store: Store, look: Seen) -> None:
    answered = make_look(look.minute, portal=look.portal)
    if look.shown == FAILED:
        store.keep_failure(answered, "fetch_failed", "busy")
    elif look.shown == NOT_MODIFIED:
        store.keep_not_modified(answered)
    else:
        page = store.keep_page(answered, make_page(portal=look.portal))
        if look.shown == NO_SIDEBAR:
            store.keep_no_sidebar(page, "none")
        else:
            store.keep_content(page, SIDEBARS[look.shown], page_date=None)


def stored_spells(store: Store) -> list[Spell]:
    sql = (
        "SELECT p.name, seen_from, seen_until, changed_after, CAST(digest AS TEXT) FROM spells "
        "JOIN portals AS p ON p.id = portal_id JOIN sidebars AS s ON s.id = sidebar_id "
        "ORDER BY p.name, seen_from"
    )
    with closing(sqlite3.connect(store.path)) as conn:
        return [
            Spell._make((name, *(None if x is None else minute(x) for x in times), letter))
            for name, *times, letter in conn.execute(sql)
        ]


def stored_stations(store: Store) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(store.path)) as conn:
        return set(
            conn.execute(
                "SELECT p.name, st.name_ko FROM portal_stations "
                "JOIN portals AS p ON p.id = portal_id JOIN stations AS st ON st.id = station_id"
            )
        )


def stored_looks(store: Store) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(store.path)) as conn:
        return conn.execute("SELECT * FROM fetches ORDER BY id").fetchall()


def minute(seconds: int) -> int:
    return (seconds - epoch(START)) // 60


def as_stored(looks: Iterable[Seen]) -> list[Seen]:
    """The looks as stored: "not modified" becomes the letter of the newest look so far."""
    known: list[Seen] = []
    for look in looks:
        if look.shown == NOT_MODIFIED:
            before = [x for x in known if x.portal == look.portal and x.shown in SIDEBARS]
            if not before:
                continue
            newest = max(before, key=lambda x: x.minute)
            known.append(look._replace(shown=newest.shown))
        else:
            known.append(look)
    return known


def spells_by_hand(looks: Iterable[Seen]) -> list[Spell]:
    """Go through the looks of each portal in order; another sidebar begins a spell."""
    spells: list[Spell] = []
    for look in sorted(looks):
        if look.shown not in SIDEBARS:
            continue
        last = spells[-1] if spells and spells[-1].portal == look.portal else None
        if last is not None and last.sidebar == look.shown:
            spells[-1] = last._replace(seen_until=look.minute)
        else:
            after = None if last is None else last.seen_until
            spells.append(Spell(look.portal, look.minute, look.minute, after, look.shown))
    return spells


LOOKS = st.lists(
    st.builds(
        Seen,
        st.sampled_from(PORTALS),
        st.integers(1, 40),
        st.sampled_from([*"AABBC", FAILED, NO_SIDEBAR, NOT_MODIFIED]),
    ),
    unique_by=lambda look: look[:2],
    max_size=25,
)
"""In any order of arrival."""


@pytest.mark.slow
@settings(max_examples=200)
@given(LOOKS)
def test_any_order_of_arrival_gives_the_spells_found_by_hand(looks):
    known = as_stored(looks)
    stations = {
        (look.portal, city)
        for look in known
        if look.shown in SIDEBARS
        for city in CITIES[look.shown].split()
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(Path(folder) / "weather.db", *PORTALS) as store,
    ):
        for look in looks:
            keep(store, look)
        incremental, shown = stored_spells(store), stored_stations(store)
        before = stored_looks(store)
        assert store.rebuild() == len(incremental)
        rebuilt, shown_rebuilt = stored_spells(store), stored_stations(store)
        assert stored_looks(store) == before
    assert incremental == spells_by_hand(known)
    assert rebuilt == incremental
    assert shown == shown_rebuilt == stations


@pytest.mark.parametrize("order", list(itertools.permutations(range(5))))
def test_every_order_of_five_looks_gives_the_same_spells(store, order):
    looks = [Seen("koya", minute, shown) for minute, shown in enumerate("AABAA", start=1)]
    for nth in order:
        keep(store, looks[nth])
    assert stored_spells(store) == [
        Spell("koya", 1, 2, None, "A"),
        Spell("koya", 3, 3, 2, "B"),
        Spell("koya", 4, 5, 3, "A"),
    ]


def test_failures_in_between_end_no_spell(store):
    for minute, shown in enumerate(["A", FAILED, NO_SIDEBAR, "A", FAILED, "B"], start=1):
        keep(store, Seen("koya", minute, shown))
    assert stored_spells(store) == [Spell("koya", 1, 4, None, "A"), Spell("koya", 6, 6, 4, "B")]


def test_not_modified_is_a_look_at_the_same_sidebar(store):
    for minute, shown in enumerate(["A", NOT_MODIFIED, "B", NOT_MODIFIED], start=1):
        keep(store, Seen("koya", minute, shown))
    assert stored_spells(store) == [Spell("koya", 1, 2, None, "A"), Spell("koya", 3, 4, 2, "B")]


def test_a_page_read_late_falls_into_its_place(store):
    """A killed pass leaves a page unread; the next pass may store another box before that page."""
    keep(store, Seen("koya", 1, "A"))
    late = store.keep_page(make_look(2), make_page())
    keep(store, Seen("koya", 3, "A"))
    store.keep_content(late, SIDEBARS["B"], page_date=None)
    assert stored_spells(store) == [
        Spell("koya", 1, 1, None, "A"),
        Spell("koya", 2, 2, 1, "B"),
        Spell("koya", 3, 3, 2, "A"),
    ]


def test_lost_derived_rows_can_be_rebuilt(store):
    for minute, shown in enumerate("ABBA", start=1):
        for portal in PORTALS:
            keep(store, Seen(portal, minute, shown))
    before = stored_spells(store), stored_stations(store)
    with store.transaction():
        store._conn.execute("UPDATE spells SET seen_until = seen_from, changed_after = NULL")
        store._conn.execute("DELETE FROM portal_stations")
    assert (stored_spells(store), stored_stations(store)) != before
    assert store.rebuild() == 6
    assert (stored_spells(store), stored_stations(store)) == before


def test_without_looks_there_are_no_spells(store):
    assert store.rebuild() == 0
