"""The map of the pages: its stations are on its land."""

from __future__ import annotations

import re
from itertools import accumulate

from db import query
from scraper.plot import coast
from scraper.web.draw import draw_map
from tests.web.conftest import NOW

Outline = list[tuple[float, float]]


def outlines(path: str) -> list[Outline]:
    """The points of each closed path; a path has a start and relative steps."""
    found = []
    for left, top, steps in re.findall(r"M(-?\d+),?(-?\d+)l([^z]*)z", path):
        numbers = [int(number) for number in re.findall(r"-?\d+", steps)]
        across = accumulate(numbers[::2], initial=int(left))
        down = accumulate(numbers[1::2], initial=int(top))
        found.append([(float(x), float(y)) for x, y in zip(across, down, strict=True)])
    return found


def within(outline: Outline, x: float, y: float) -> bool:
    """Whether a ray to the right crosses the outline an odd number of times."""
    crossed = 0
    for (x1, y1), (x2, y2) in zip(outline, [*outline[1:], outline[0]], strict=True):
        if (y1 > y) != (y2 > y):
            crossed += x < x1 + (x2 - x1) * (y - y1) / (y2 - y1)
    return crossed % 2 == 1


def test_each_station_of_the_map_is_on_its_land(played):
    with query.Database(played) as db:
        drawn = draw_map(db.latest_best(now=NOW))
    land = outlines(drawn.land)
    assert len(land) == 1 + len(coast.ISLANDS)
    assert len(drawn.marks) == 16
    # A harbour may lie just outside the coarse coast.
    around = [(0, 0), (4, 0), (-4, 0), (0, 4), (0, -4)]
    for mark in drawn.marks:
        assert any(within(outline, mark.x + x, mark.y + y) for outline in land for x, y in around)
