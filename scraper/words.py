"""
The words that a sidebar is made of: KMA's stations and conditions, from the two tables beside this.

``stations.csv`` has KMA's numbers, names and places. ``conditions.csv`` has KMA's words for the sky
and their icon codes; ``wmo_4677`` is the nearest code of WMO table 4677, for sky words by the usage
of Open-Meteo and DWD; ``basis`` says whether a word was seen in a sidebar, is reported of KMA, or
was inferred from its other words.
"""

from __future__ import annotations

import csv
from importlib import resources
from typing import TYPE_CHECKING, Final

from db.reading import Condition, Station

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_SKY_REPORTED: Final = "-"
"""Printed with icon 00 where a station reports no sky; says nothing of the weather."""

NO_LABEL: Final = ""
"""Printed where the portal has lost the word; it never means clear."""


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
"""Every name that means exactly one station of KMA."""

CONDITIONS: Final = _conditions()
"""Every label that we know, with the icon code that KMA gives it ("" where we know none)."""

ICONS: Final = {
    condition.icon: condition
    for condition in reversed(CONDITIONS.values())  # the first word of an icon is its own name
    if condition.icon
}
"""Every icon code that we know, with the condition that it is drawn for."""
