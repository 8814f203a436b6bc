"""Short lists: boxes of eight to eleven cities, which bands alone would miss."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import query
from db.moments import moment
from db.truth.short import FEWEST_WHOLE, NEAR_S
from db.validity import FEWEST_COMMON
from db.write import captures
from tests.support.histories import MINUTE, START, hour_of
from tests.support.keeping import capture_of, keep_own
from tests.support.stores import contents, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from db.write.store import Store
    from tests.support.model import Sidebar

HOUR = 60 * MINUTE
DAY = 24 * HOUR
LISTS = [
    random.Random(nth).sample(range(16), size)
    for nth in range(8)
    for size in range(FEWEST_COMMON, FEWEST_WHOLE)
]
"""The places of some cities, as portals choose them."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "weather.db", "a", "b") as store:
        yield store


def some(nth: int, places: Sequence[int]) -> Sidebar:
    """The values of an hour for some cities."""
    return tuple(hour_of(nth)[place] for place in places)


def states(store: Store, portal: str, at: int) -> set[str]:
    """The states of the stations in the newest box of a portal."""
    with query.Database(store.path) as db:
        shown = [row for row in db.latest(now=moment(at)) if row.portal == portal]
    newest = max(row.seen_from for row in shown)
    return {row.state for row in shown if row.seen_from == newest}


@pytest.mark.parametrize("places", LISTS, ids=lambda places: "-".join(map(str, places)))
@pytest.mark.parametrize("late", ["short", "whole"])
def test_a_late_portal_is_stale_whichever_list_is_short(store, places, late):
    """One portal shows the hours at once, the other four hours later."""
    ours = {"short": places, "whole": range(16)}
    for nth in range(7):
        for name, list_ in ours.items():
            portal, behind = ("a", 4) if name == late else ("b", 0)
            at = START + nth * HOUR + (portal == "a")
            keep_own(store, portal, at, some(10 + nth - behind, list_))
    assert states(store, "a", START + 6 * HOUR + 60) == {"stale"}
    assert states(store, "b", START + 6 * HOUR + 60) == {"live"}


@pytest.mark.parametrize("places", LISTS, ids=lambda places: "-".join(map(str, places)))
def test_a_cut_page_is_as_frozen_as_the_box_before_it(store, places):
    """The box stands for longer than other portals would be searched."""
    for minute in range(0, NEAR_S // MINUTE + 1440, 90):
        keep_own(store, "a", START + minute * MINUTE, hour_of(1))
    at = START + NEAR_S + DAY
    keep_own(store, "a", at, some(1, places))
    assert states(store, "a", at + 60) == {"frozen"}


@pytest.mark.parametrize("places", LISTS[:4], ids=lambda places: "-".join(map(str, places)))
def test_cut_pages_are_no_burst_of_new_sets(store, places):
    for nth in range(24):
        at = START + nth * 10 * MINUTE
        whole = hour_of(nth // 6)
        keep_own(store, "a", at, whole if nth % 2 else some(nth // 6, places))
    assert states(store, "a", START + 4 * HOUR - 60) == {"live"}


def test_a_healthy_short_list_is_live(store):
    for nth in range(6):
        keep_own(store, "a", START + nth * HOUR, some(nth, LISTS[0]))
    assert states(store, "a", START + 5 * HOUR + 60) == {"live"}


# ---- the order of arrival


@pytest.mark.parametrize("places", LISTS[:4], ids=lambda places: "-".join(map(str, places)))
def test_the_last_short_list_that_is_refuted_leaves_no_proof(tmp_path, places):
    """Two captures of one second contradict each other, so that neither counts."""
    path = tmp_path / "weather.db"
    with opened(path, "a", "b") as store:
        for portal, at, sidebar in [
            ("a", START + HOUR, hour_of(1)),
            ("b", START, some(1, places)),
            ("b", START, hour_of(2)),
        ]:
            captures.keep(store, [capture_of(portal, at, sidebar)])
        captures.settle(store)
        found = contents(path)
        store.rebuild()
    assert found == contents(path)


LOOK = st.tuples(
    st.sampled_from("ab"),
    st.one_of(st.integers(0, 6), st.integers(0, 6 * 24)),  # the hour of the look
    st.integers(0, 2),  # the set
    st.sampled_from([range(16), range(16), range(12), range(3), *LISTS[:6]]),
)


@settings(max_examples=25)
@given(st.lists(LOOK, min_size=2, max_size=14, unique_by=lambda look: look[:2]), st.randoms())
def test_the_order_of_arrival_changes_no_row(looks, chance):
    """Short lists are compared by time: what is near must not depend on what came first."""
    given_looks = [
        capture_of(portal, START + hour * HOUR, some(nth, places))
        for portal, hour, nth, places in looks
    ]
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for name in ("shuffled", "at once", "rebuilt"):
            path = Path(folder) / f"{name}.db"
            with opened(path, "a", "b") as store:
                batches = [[one] for one in chance.sample(given_looks, len(given_looks))]
                for batch in [given_looks] if name == "at once" else batches:
                    captures.keep(store, batch)
                captures.settle(store)
                if name == "rebuilt":
                    store.rebuild()
            found.append(contents(path))
    assert found[0] == found[2]
    assert found[1] == found[2]
