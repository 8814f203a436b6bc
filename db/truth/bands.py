"""
Bands: hashes of three stations and their temperatures, to find sidebars of the same set.

Sixteen stations have five bands, and the four values that may differ cannot break all five. A
temperature is hashed without its sign, since a portal may lose it.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from operator import itemgetter
from struct import Struct
from typing import TYPE_CHECKING, Final, TypeAlias
from zlib import crc32

from db.validity import FEWEST_COMMON

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Temperatures: TypeAlias = Mapping[int, int]
    _Form: TypeAlias = tuple[
        Callable[[Temperatures], tuple[int, ...]],
        Callable[..., bytes],
        list[tuple[int, int, int, int]],
    ]

BAND: Final = 3
"""Stations in a band: two hours with three equal temperatures are rare."""

MOST_BANDS: Final = 16
"""The most bands for a box of all stations."""

FAMILIES: Final = (
    (98, 105, 108, 133, 143, 152, 156, 159, 172, 184, 201, 226, 238, 259, 283),
    (98, 99, 102, 105, 108, 112, 119, 133, 143, 152, 156, 159, 184, 201, 202),
)
"""
KMA's numbers of the stations that all portals of a family print, in threes.

A box of all stations has the bands of the sixteen too, so that the two find each other.
"""

_TRIPLES: Final = tuple(
    family[at : at + BAND] for family in FAMILIES for at in range(0, len(family), BAND)
)


class Bands:
    """Hashes boxes; ``kma_ids`` is KMA's number by station, and unknown cities have none."""

    def __init__(self, kma_ids: Mapping[int, int]) -> None:
        self._kma_ids = kma_ids
        self._forms: dict[tuple[int, ...], _Form] = {}

    def of(self, temperatures: Temperatures) -> list[int]:
        """
        The bands of a box, as 32-bit numbers; empty for too few temperatures.

        Args:
            temperatures: Tenths of a degree by station.
        """
        if len(temperatures) < FEWEST_COMMON:
            return []
        stations = tuple(temperatures)
        if (known := self._forms.get(stations)) is None:
            numbers = tuple(map(self._kma_ids.get, stations))
            known = self._forms[stations] = _form(stations, numbers)
        in_order, packed, places = known
        tenths = tuple(map(abs, in_order(temperatures)))
        data = packed(*tenths)
        # The degrees of the first station lead, so that the bands of one season are on a few pages
        # of the table: a look, or a month of looks, changes less of the file.
        return [
            (tenths[first] // 10 % 64 << 26 | crc32(data[begin:end], group) >> 6) - (1 << 31)
            for first, begin, end, group in places
        ]


@lru_cache(maxsize=1024)  # portals print the same few lists for years
def _form(stations: tuple[int, ...], numbers: tuple[int | None, ...]) -> _Form:
    """
    The form of the bands of a list of stations.

    It is the function that gets their temperatures in the order of the bands, the one that packs
    these, and of each band the first of its stations in that order, its begin and end in the packed
    temperatures, and the checksum of its stations.
    """
    groups = _groups(stations, numbers)
    ordered = list(chain.from_iterable(groups))
    form = Struct(f"<{len(ordered)}q")
    places = [
        (first, 8 * first, 8 * (first + BAND), crc32(repr(group).encode()))
        for first, group in zip(range(0, len(ordered), BAND), groups, strict=True)
    ]
    return itemgetter(*ordered), form.pack, places


def _groups(stations: tuple[int, ...], numbers: tuple[int | None, ...]) -> list[tuple[int, ...]]:
    """The stations of each band of a list."""
    by_kma = {
        number: row for row, number in zip(stations, numbers, strict=True) if number is not None
    }
    groups = [
        tuple(by_kma[number] for number in triple)
        for triple in _TRIPLES
        if all(number in by_kma for number in triple)
    ]
    # The rest are taken in order, so that at least the same list has the same bands: in KMA's, as
    # the rows depend on which station came first.
    known = {row for group in groups for row in group}
    rest = [by_kma[number] for number in sorted(by_kma) if by_kma[number] not in known]
    rest += sorted(set(stations) - known.union(rest))
    groups += [tuple(rest[at : at + BAND]) for at in range(0, len(rest), BAND)]
    return [group for group in groups[:MOST_BANDS] if len(group) > 1]
