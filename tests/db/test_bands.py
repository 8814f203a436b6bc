"""Bands: which boxes find each other as candidates for the same set."""

from __future__ import annotations

import random

import pytest

from db.truth.bands import Bands
from scraper.demo.portal import CITIES
from scraper.vocabulary import STATIONS

KMA = [STATIONS[city].kma_id or 0 for city in CITIES]


def share(rows: list[int], *, one: list[int], other: list[int]) -> bool:
    """Whether two boxes with some of the numbers of one set share a band; ``rows`` by station."""
    bands = Bands(dict(zip(rows, KMA, strict=True)))
    first, second = (
        bands.of({rows[nth]: 10 * nth for nth in sorted(box, key=rows.__getitem__)})
        for box in (one, other)
    )
    return not set(first).isdisjoint(second)


@pytest.mark.parametrize("lost", range(5))
def test_a_box_with_lost_numbers_finds_the_whole_one(lost):
    chance = random.Random(lost)
    stations = list(range(len(KMA)))
    for _ in range(100):
        left = chance.sample(stations, len(KMA) - lost)
        assert share(stations, one=stations, other=left)


def test_the_order_in_which_stations_were_added_makes_no_difference():
    """Boxes that lost several numbers each share a band or not, whatever rows the stations have."""
    chance = random.Random(0)
    stations = list(range(len(KMA)))
    found = set()
    for _ in range(300):
        one, other = (chance.sample(stations, 12) for _ in range(2))
        shared = share(stations, one=one, other=other)
        shuffled = chance.sample(stations, len(KMA))
        assert share(shuffled, one=one, other=other) is shared
        found.add(shared)
    assert found == {True, False}


def test_the_bands_of_one_season_stand_together():
    """A table in their order then keeps a month on few pages; signs and hashes do not matter."""
    bands = Bands({})
    chance = random.Random(0)

    def month(around: int) -> list[int]:
        hours = [[around + chance.randrange(10) for _ in range(15)] for _ in range(100)]
        return [band for hour in hours for band in bands.of(dict(enumerate(hour)))]

    winter, frost, spring, summer = (month(around) for around in (-50, 40, 120, 280))
    assert max(*winter, *frost) < min(spring)
    assert max(spring) < min(summer)
    assert min(frost) < max(winter)
    assert min(winter) < max(frost)
