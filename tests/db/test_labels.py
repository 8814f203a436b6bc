"""Labels that one portal lost and another printed for the same set, in any order of arrival."""

from __future__ import annotations

import datetime as dt
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import query
from db.read.faults import faults
from db.reading import Station
from db.write import captures
from db.write.captures import Capture
from tests.cli.test_cli import nalssi
from tests.support.make import START, make_content, make_look, make_reading, see
from tests.support.month import CLEAR, DASH, LOST, OVERCAST
from tests.support.stores import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.reading import Condition, Content
    from db.write.store import Store

CITIES = ("서울", "부산", "대구", "인천", "광주", "대전", "울산", "제주")
PORTALS = ("full", "other", "losing")
NOW = START + dt.timedelta(hours=1)


def box(hour: int, first: Condition = CLEAR, *, celsius: float | None = None) -> Content:
    """A set of eight stations for each hour; ``first`` and ``celsius`` belong to station 0."""
    tens = [hour * 10.0 + nth for nth in range(len(CITIES))]
    if celsius is not None:
        tens[0] = celsius
    return make_content(
        *(
            make_reading(
                station=Station(name_ko=city),
                temperature_c=tenths,
                condition=CLEAR if nth else first,
            )
            for nth, (city, tenths) in enumerate(zip(CITIES, tens, strict=True))
        )
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "weather.db", *PORTALS) as store:
        yield store


def show(store: Store, portal: str, minute: int, content: Content) -> None:
    see(store, make_look(minute, portal=portal), content)


def learned(store: Store, portal: str = "losing") -> tuple[Any, ...]:
    """The printed and the learned label of Seoul at a portal; all doors must agree."""
    with query.Database(store.path) as db:
        (row,) = [
            reading
            for reading in db.latest(now=NOW)
            if (reading.portal, reading.station) == (portal, "서울")
        ]
        spell = db.series("서울", portal=portal)[-1]
        known = db.at("서울", NOW, portal=portal)
    doors = {
        (answer.label, answer.condition, answer.learned_condition, answer.learned_from)
        for answer in (row, spell, known)
    }
    (answer,) = doors
    return answer


@pytest.mark.parametrize("losing_first", [False, True])
def test_a_lost_label_is_learned_and_the_printed_one_stays(store, losing_first):
    shows = [("full", 0, box(1)), ("losing", 10, box(1, LOST))]
    for portal, minute, content in reversed(shows) if losing_first else shows:
        show(store, portal, minute, content)
    assert learned(store) == ("", None, "clear", "full")
    assert learned(store, "full") == ("맑음", "clear", None, None)
    assert faults(store.path) == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(box(2), id="another hour"),
        pytest.param(box(1, LOST, celsius=10.0), id="lost there, too"),
        pytest.param(box(1, DASH), id="no sky reported"),
        pytest.param(box(1, celsius=50.0), id="another number of this station"),
    ],
)
def test_a_label_is_not_learned_from_another_value(store, other):
    show(store, "full", 0, other)
    show(store, "losing", 10, box(1, LOST))
    assert learned(store) == ("", None, None, None)


def test_the_portal_that_printed_the_word_first_is_the_source(store):
    show(store, "losing", 10, box(1, LOST))
    show(store, "other", 9, box(1, OVERCAST))
    show(store, "full", 5, box(1))
    assert learned(store) == ("", None, "clear", "full")


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(["latest", "서울", "--portal", "losing"], id="latest"),
        pytest.param(["series", "서울", "--portal", "losing"], id="series"),
        pytest.param(["at", "서울", NOW.isoformat(), "--portal", "losing"], id="at"),
    ],
)
def test_a_table_names_a_learned_sky_and_its_source(store, asked):
    show(store, "full", 0, box(1))
    show(store, "losing", 10, box(1, LOST))
    assert "clear (full)" in nalssi(*asked, "--db", store.path).stdout
    assert "맑음 (full)" in nalssi(*asked, "--db", store.path, "--lang", "ko").stdout


LOOKS = st.lists(
    st.tuples(
        st.sampled_from(PORTALS),
        st.integers(0, 12),
        st.sampled_from([1, 2]),
        st.sampled_from([CLEAR, OVERCAST, LOST, DASH]),
        st.booleans(),
    ),
    unique_by=lambda look: (look[0], look[1]),
    max_size=8,
)


@pytest.mark.slow
@settings(max_examples=40)
@given(LOOKS, st.randoms(use_true_random=False))
def test_the_order_of_looks_and_captures_makes_no_difference(looks, random):
    def stored_readings(order: list[Any]) -> list[tuple[object, ...]]:
        with (
            tempfile.TemporaryDirectory() as folder,
            opened(Path(folder) / "weather.db", *PORTALS) as store,
        ):
            for portal, tens, hour, sky, own in order:
                content = box(hour, sky)
                if own:
                    show(store, portal, 10 * tens, content)
                else:
                    at = START + dt.timedelta(minutes=10 * tens)
                    plain = Capture(
                        portal=portal,
                        captured_at=at,
                        precision="second",
                        digest=content.digest,
                        content=content,
                        page_date=None,
                    )
                    captures.keep(store, [replace(plain, age_s=tens)])
            assert faults(store.path) == []
            with closing(sqlite3.connect(store.path)) as conn:
                return conn.execute(
                    "SELECT hex(s.digest), station_id, hex(f.digest), p.name "
                    "FROM learned_labels JOIN sidebars AS s ON s.id = sidebar_id "
                    "JOIN sidebars AS f ON f.id = from_sidebar_id "
                    "JOIN portals AS p ON p.id = portal_id "
                    "JOIN stations AS t ON t.id = station_id ORDER BY 1, t.name_ko"
                ).fetchall()

    def by_name(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
        return [(row[0], row[2], row[3]) for row in rows]

    shuffled = looks.copy()
    random.shuffle(shuffled)
    assert by_name(stored_readings(looks)) == by_name(stored_readings(shuffled))
