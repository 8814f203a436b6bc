"""Captures of archives: the same database for any order and batches of arrival."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import query
from db.moments import epoch
from db.reading import Condition
from db.write import captures
from db.write.captures import Capture, Kept
from tests.support.make import (
    OVERCAST,
    START,
    make_content,
    make_look,
    make_reading,
    see,
)
from tests.support.stores import contents, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from db.reading import Content
    from db.write.store import Store

PORTALS = ("koya", "other")


def sidebar(celsius: int, *, icon: str = "", page: str = "a") -> Content:
    """A content with this one temperature."""
    reading = make_reading(
        temperature_c=float(celsius), condition=Condition(label="흐림", icon=icon)
    )
    return make_content(reading, digest=bytes([celsius]), fragment=f"{celsius}{icon}{page}")


def make_capture(minute: float, content: Content, **changes: Any) -> Capture:
    plain: dict[str, Any] = {
        "portal": "koya",
        "captured_at": START + dt.timedelta(minutes=minute),
        "precision": "second",
        "digest": content.digest,
        "content": content,
        "page_date": None,
    }
    return Capture(**(plain | changes))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "weather.db", *PORTALS) as store:
        yield store


def spells(store: Store) -> list[tuple[int, int, int]]:
    """Each spell as its first and last minute, and its temperature."""
    with query.Database(store.path) as db:
        return [
            (
                (epoch(spell.seen_from) - epoch(START)) // 60,
                (epoch(spell.seen_until) - epoch(START)) // 60,
                int(spell.temperature_c or 0),
            )
            for spell in db.series("서울")
        ]


CAPTURES = st.lists(
    st.builds(
        make_capture,
        st.integers(0, 8),
        st.builds(sidebar, st.integers(1, 3), icon=st.sampled_from(["", "04"]), page=st.text("ab")),
        portal=st.sampled_from(PORTALS),
        precision=st.sampled_from(["second", "second", "day"]),
        page_date=st.none() | st.dates(dt.date(2024, 4, 28), dt.date(2024, 4, 29)),
        age_s=st.none() | st.sampled_from((600, 7200)),
    ),
    max_size=20,
)


def stored_in_parts(folder: Path, parts: Iterable[Sequence[Capture]]) -> dict[str, Any]:
    with opened(folder / "weather.db", *PORTALS) as store:
        for part in parts:
            captures.keep(store, part)
        captures.settle(store)
        with query.Database(store.path) as db:
            assert db.faults() == []
        return contents(store.path)


@pytest.mark.slow
@settings(max_examples=150)
@given(CAPTURES, st.randoms(use_true_random=False), st.integers(1, 6))
def test_order_parts_and_repetition_make_no_difference(seen, random, size):
    shuffled = random.sample(seen, len(seen)) + seen[:3]
    parts = [shuffled[at : at + size] for at in range(0, len(shuffled), size)]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        assert stored_in_parts(Path(first), [seen]) == stored_in_parts(Path(second), parts)


def test_captures_make_spells(store):
    seen = [make_capture(at, sidebar(celsius)) for at, celsius in ((0, 1), (10, 1), (60, 2))]
    assert captures.keep(store, seen) == Kept(looks=3, contents=2)
    assert spells(store) == [(0, 10, 1), (60, 60, 2)]


def test_the_same_captures_again_add_no_row(store):
    seen = [make_capture(at, sidebar(1)) for at in range(3)]
    captures.keep(store, seen)
    assert captures.keep(store, seen) == Kept(looks=0, contents=0)


def test_a_day_makes_no_spell(store):
    captures.keep(store, [make_capture(0, sidebar(1), precision="day")])
    with query.Database(store.path) as db:
        assert db._ask("SELECT * FROM spells") == []
        assert db._ask("SELECT outcome, precision FROM looks") == [("archived", "day")]


def test_contradicting_archives_do_not_count_for_that_second(store):
    seen = [make_capture(at, sidebar(celsius)) for at, celsius in ((0, 1), (5, 1), (5, 2), (9, 1))]
    captures.keep(store, seen)
    assert spells(store) == [(0, 9, 1)]
    captures.keep(store, [make_capture(5, sidebar(3))])
    assert spells(store) == [(0, 9, 1)]


@pytest.mark.parametrize("own_first", [True, False])
def test_our_own_look_overrides_a_capture_of_the_same_second(store, own_first):
    def look() -> None:
        see(store, make_look(5), sidebar(1))

    if own_first:
        look()
    captures.keep(store, [make_capture(5, sidebar(2))])
    if not own_first:
        look()
    assert spells(store) == [(5, 5, 1)]


def test_an_archive_fills_the_time_before_our_own_looks(store):
    see(store, make_look(60), sidebar(3))
    captures.keep(store, [make_capture(0, sidebar(1)), make_capture(50, sidebar(2))])
    assert spells(store) == [(0, 0, 1), (50, 50, 2), (60, 60, 3)]
    with query.Database(store.path) as db:
        assert [spell.state for spell in db.series("서울")] == ["unconfirmed", "live", "live"]
        assert db.portals()[0].looks == 1  # captures of archives are not counted


def test_the_page_date_of_a_capture_is_returned_with_its_values(store):
    captures.keep(store, [make_capture(0, sidebar(1), page_date=dt.date(2024, 4, 27))])
    with query.Database(store.path) as db:
        assert db.latest()[0].page_date == dt.date(2024, 4, 27)


def test_an_unknown_content_is_refused_with_its_batch(store):
    good = make_capture(0, sidebar(1))
    with pytest.raises(LookupError, match="the content 02 was never kept"):
        captures.keep(store, [good, replace(make_capture(1, sidebar(2)), content=None)])
    assert contents(store.path)["captures"] == []
    captures.keep(store, [good])
    assert captures.keep(store, [replace(make_capture(1, sidebar(1)), content=None)]).looks == 1


def test_settling_removes_only_unused_rows(store):
    captures.keep(store, [make_capture(0, make_content(make_reading(condition=OVERCAST)))])
    before = contents(store.path)
    captures.settle(store)
    assert contents(store.path) == before
