"""
The vocabulary of a sidebar: KMA's stations and conditions, from the two tables beside this file.

``stations.csv`` has KMA's numbers, names and places. ``conditions.csv`` has KMA's words for the sky
and their icon codes; ``wmo_4677`` is the nearest code of WMO table 4677, for sky words by the usage
of Open-Meteo and DWD; ``basis`` says whether a word was seen in a sidebar, is reported of KMA, or
was inferred from its other words. The config may teach more of both.
"""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING, Final, NamedTuple

from db.reading import Condition, Station
from scraper.errors import UnteachableWord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NO_SKY_REPORTED: Final = "-"
"""Printed with icon 00 if a station reports no sky; it has no meaning for the weather."""

NO_LABEL: Final = ""
"""Printed if the portal has lost the word; it never means clear."""

UNSEEN: Final = re.compile(
    "[\u061c\u200b-\u200f\u202a-\u202c\u2060\u2066-\u2069\ufeff]|(?<=[가-힣])\xad(?=[가-힣])"
)
"""
Invisible characters that editors leave behind: of no width, for a direction, for a line's end.

A soft hyphen before a number may be its minus, and an override of the direction turns digits round:
such a number is not read.
"""


def plain(printed: str) -> str:
    """A printed word with plain forms of its characters and single blanks."""
    return " ".join(UNSEEN.sub("", unicodedata.normalize("NFKC", printed)).split())


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = resources.files("scraper").joinpath(name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def _number(text: str) -> float | None:
    return float(text) if text else None


def _stations() -> dict[str, Station]:
    by_name = {}
    for row in _rows("stations.csv"):
        station = Station(
            kma_id=int(row["kma_id"]),
            name_ko=row["name_ko"],
            name_en=row["name_en"],
            latitude=_number(row["latitude"]),
            longitude=_number(row["longitude"]),
            elevation_m=_number(row["elevation_m"]),
            province=row["province"],
        )
        by_name[row["name_ko"]] = station
        if row["also_printed"]:
            by_name[row["also_printed"]] = station
    return by_name


def _conditions() -> dict[str, Condition]:
    return {
        row["label"]: Condition(
            label=row["label"],
            icon=row["icon"],
            condition=row["condition"] or None,
            label_en=row["label_en"],
            wmo_4677=int(row["wmo_4677"]) if row["wmo_4677"] else None,
        )
        for row in _rows("conditions.csv")
    }


STATIONS: Final = _stations()
"""Every name of exactly one KMA station."""

CONDITIONS: Final = _conditions()
"""Every known label, with its icon code of KMA ("" if unknown)."""

ICONS: Final = {
    condition.icon: condition
    for condition in reversed(CONDITIONS.values())  # the first word of an icon is its name
    if condition.icon
}
"""Every known icon code, with its condition."""

ICON_MEANINGS: Final = {code: drawn.condition or drawn.label_en for code, drawn in ICONS.items()}
"""The same in one word."""


class Words(NamedTuple):
    """
    The meanings of printed words: those of the tables, and taught ones.

    It can be hashed, and sent to other processes.

    Attributes:
        labels: Taught labels, each with our name of its condition.
        cities: Taught cities, each with KMA's number of its station.
    """

    labels: tuple[tuple[str, str], ...] = ()
    cities: tuple[tuple[str, int], ...] = ()

    @property
    def conditions(self) -> Mapping[str, Condition]:
        """Every known label; a taught meaning overrides the table."""
        return _conditions_with(self.labels)

    @property
    def stations(self) -> Mapping[str, Station]:
        """Every name of one station; a taught meaning overrides the table."""
        return _stations_with(self.cities)


KNOWN: Final = Words()
"""Only the words of the tables."""


@functools.lru_cache(maxsize=8)
def _conditions_with(taught: tuple[tuple[str, str], ...]) -> Mapping[str, Condition]:
    """The table with taught labels: each like the first word of its condition, without the icon."""
    first = {known.condition: known for known in reversed(CONDITIONS.values())}
    return CONDITIONS | {
        label: replace(first[condition], label=label, icon="") for label, condition in taught
    }


@functools.lru_cache(maxsize=8)
def _stations_with(taught: tuple[tuple[str, int], ...]) -> Mapping[str, Station]:
    by_id = {station.kma_id: station for station in STATIONS.values()}
    return STATIONS | {city: by_id[kma_id] for city, kma_id in taught}


def taught(labels: Mapping[str, str], cities: Mapping[str, int | str]) -> Words:
    """
    Combine the tables' words with these.

    Args:
        labels: Our name of the condition for each label, such as ``"snow"``.
        cities: The station of each city: its KMA number, or its name in Korean or English.

    Raises:
        UnteachableWord: A label or city is not a word, or its meaning is not in our tables.
    """
    return Words(
        labels=tuple(
            (_teachable("labels", label, means, STATIONS), _condition(label, means))
            for label, means in labels.items()
        ),
        cities=tuple(
            (_teachable("cities", city, means, CONDITIONS), _kma_id(city, means))
            for city, means in cities.items()
        ),
    )


_EXPECTED: Final = {
    "labels": "a printed word for the sky, which is no city",
    "cities": "a printed city, which is no word for the sky",
}


def _teachable(
    table: str, word: str, means: int | str, others: Mapping[str, Condition | Station]
) -> str:
    """The word in its plain form; a word of the other kind, or an empty one, is refused."""
    if (found := plain(word)) in {NO_LABEL, NO_SKY_REPORTED} or found in others:
        raise UnteachableWord(table, word, means, expected=_EXPECTED[table])
    return found


def _condition(label: str, means: str) -> str:
    names = dict.fromkeys(known.condition for known in CONDITIONS.values() if known.condition)
    if means not in names:
        expected = f"one of: {', '.join(names)}"
        raise UnteachableWord("labels", label, means, expected=expected)
    return means


def _kma_id(city: str, means: int | str) -> int:
    means = plain(means) if isinstance(means, str) else means
    for name, station in STATIONS.items():
        if means in {station.kma_id, name, station.name_en} and station.kma_id is not None:
            return station.kma_id
    expected = "the number or name of a station of KMA"
    raise UnteachableWord("cities", city, means, expected=expected)
