"""Flags: the same rows in whatever order looks arrive, and kept up as ``check`` derives them."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import query
from db.reading import moment
from db.write import captures
from db.write.captures import Capture
from db.write.store import Store
from scraper.demo.portal import CITIES
from scraper.vocabulary import STATIONS
from tests.support.make import make_content, make_reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.reading import Content

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
    """Give what a feed prints hour by hour, with spikes, lost numbers and stations that stand."""
    now = [chance.uniform(50, 200) for _ in CITIES]
    stuck: dict[int, tuple[int, int]] = {}
    told: list[list[int | None]] = []
    for hour in range(HOURS):
        values: list[int | None] = []
        for nth in range(len(CITIES)):
            now[nth] += chance.choice([-12, 0, 12, chance.uniform(-25, 25)])
            if hour >= stuck.get(nth, (0, 0))[1]:
                stuck[nth] = round(now[nth]), hour + chance.choice([0] * 30 + [6, 9, 16])
            is_stuck = hour < stuck[nth][1]
            tenths = stuck[nth][0] if is_stuck else round(now[nth])
            odd = chance.random()
            values.append(None if odd < 0.04 else tenths + 80 if odd > 0.98 else tenths)
        told.append(values)
    return told


def story(chance: random.Random) -> list[Capture]:
    """Give what two portals showed of a feed: looks at uneven times, and old sets in between."""
    told = hours(chance)
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
        for content in [box(told[hour if chance.random() > 0.05 else chance.randrange(HOURS)])]
        for nth in range(chance.randint(0, 3))
    ]


def kept(path: Path, parts: Sequence[Sequence[Capture]]) -> list[tuple[object, ...]]:
    """Keep captures part by part; gives the flags, which ``check`` has found to be right."""
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
        rows = kept(Path(folder) / "w.db", [story(random.Random(seed))])
    assert {"flat", "spike"} <= {kind for *_, kind, _ in rows}


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), size=st.sampled_from([1, 5, 40]), backwards=st.booleans())
def test_the_order_of_arrival_makes_no_difference_to_flags(seed, size, backwards):
    chance = random.Random(seed)
    seen = sorted(story(chance), key=lambda capture: capture.captured_at)
    other = seen[::-1] if backwards else chance.sample(seen, len(seen))
    parts = [other[at : at + size] for at in range(0, len(other), size)]
    with tempfile.TemporaryDirectory() as folder:
        whole = kept(Path(folder) / "whole.db", [seen])
        single = kept(Path(folder) / "single.db", [[capture] for capture in seen])
        assert whole == single
        assert kept(Path(folder) / "parts.db", parts) == whole
