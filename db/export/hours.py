"""The rows of ``hours``: hour by hour, and in each the stations."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from db.export.blocks import Block
from db.measures.hours import PLACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from db.measures.hours import Hours
    from db.reading import Station

_T = TypeVar("_T")


def blocks(stations: Sequence[Station], found: Hours) -> list[Block]:
    """
    The rows of all hours.

    Args:
        stations: At least one.
        found: Their hours.
    """
    of_stations = [found.of(station) for station in stations]
    shared = list(dict.fromkeys(one.counting for one in of_stations))
    hours = list(found.hours)
    of_shared = {one: range(n * len(hours), (n + 1) * len(hours)) for n, one in enumerate(shared)}
    counted = _by_hour(of_shared[one.counting] for one in of_stations)
    times: list[list[Any]] = [hours * len(shared), _joined(one.published_by for one in shared)]
    facts = [_joined(of) for of in zip(*((x.portal, x.state, x.why) for x in shared), strict=True)]
    celsius, skies, *numbers = map(_by_hour, zip(*(one[1:] for one in of_stations), strict=True))
    places = list(zip(*map(PLACE, stations), strict=True))
    return [
        Block(places, list(range(len(stations))) * len(hours)),
        Block(times * 2, counted),
        Block([celsius]),
        Block(found.skies, skies),
        Block(facts, counted),
        Block(numbers),
    ]


def _by_hour(columns: Iterable[Iterable[_T]]) -> list[_T]:
    """The values of each station by hour, as one column: hour by hour, and in each the stations."""
    return _joined(zip(*columns, strict=True))


def _joined(columns: Iterable[Iterable[_T]]) -> list[_T]:
    return list(chain.from_iterable(columns))
