"""
The evidence for and against a list being the box: each fact with its weight, in one place.

The weights come from 138 pages with a box, of 2018 to 2026: every temperature of a box has one
decimal; at least half of its entries have a label; the credit is a whole element or line; the 200
characters before the box have no word of a forecast. Tables of forecasts in articles print whole
degrees, or have such a word above them; sentences have other words between their numbers.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from scraper.sidebar import runs, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scraper.sidebar.dates import PageDate
    from scraper.sidebar.entries import Listing
    from scraper.vocabulary import Words

ENOUGH: Final = 4
"""The points of a box: labels, decimals and eight stations, without date and credit."""

CLEARLY: Final = 3
"""The lead in points by which a list is the box although another list shows other values."""

_MANY: Final = 8
_FEW: Final = 3
_DECIMAL: Final = re.compile(r"(?:영[하상]|[-–−－‐‑‒﹣+＋])?\s*[0-9０-９]+[.．][0-9０-９]")
_NEVER: Final = -100

_DIVIDED: Final = 300
"""The most characters between two lists below one heading."""

_DATED: Final = "the date"
_HEADED: Final = "a heading of a forecast, or of another day or value"
_CAPTIONED: Final = "a caption below of a forecast, or of another day or value"
_NEAR: Final = "words of a forecast near above"
_OF_HEADING: Final = {_HEADED, _NEAR}
_DIVISION: Final = "a part of a day or of the country as its heading"


class Fact(NamedTuple):
    """
    One fact about a list.

    Attributes:
        points: The weight; below zero, against the box.
        says: The fact, in a few words.
    """

    points: int
    says: str


def weigh(  # noqa: PLR0913
    listing: Listing,
    words: Words,
    *,
    above: str,
    date: PageDate | None,
    marked: bool,
    credited: bool,
    captioned: bool,
) -> list[Fact]:
    """
    Return all relevant facts about a list.

    Args:
        listing: Its lines.
        words: The known words.
        above: The text above its first line.
        date: The date printed with it.
        marked: Whether it has the known name.
        credited: Whether KMA's credit stands before or after it, as a text of its own.
        captioned: Whether the first text below it is a caption of a forecast.
    """
    is_known = bool(marked and credited and date and date.sure)
    return [
        *_of_lines(listing, words, marked=marked),
        *_of_place(date, marked=marked, credited=credited),
        *([Fact(-6, "other words between the entries")] if listing.prose else []),
        *_of_heading(above, date, is_known=is_known),
        *([Fact(_NEVER, _CAPTIONED)] if captioned else []),
    ]


def points(facts: list[Fact]) -> int:
    """The sum of the points."""
    return sum([fact.points for fact in facts])


def below_one_heading(upper: list[Fact], lower: list[Fact]) -> bool:
    """Whether the heading of a forecast above one list is also that of a list below it."""
    refused = any(fact.says in _OF_HEADING for fact in upper)
    return refused and any(fact.says == _DIVISION for fact in lower)


def points_without_heading(facts: list[Fact]) -> int:
    """The sum of the points that a list would have without its heading."""
    return sum(fact.points for fact in facts if fact.says not in _OF_HEADING)


def enough_alone(facts: list[Fact]) -> bool:
    """Whether a list is a box even without the date, which is not part of the stored fragment."""
    return sum(fact.points for fact in facts if not fact.says.startswith(_DATED)) >= ENOUGH


def _of_lines(listing: Listing, words: Words, *, marked: bool) -> Iterator[Fact]:
    """Facts about stations, temperatures and labels."""
    lines, stations = listing.lines, words.stations
    count = len(lines)
    named = [line.temperature for line in lines if line.city in stations]
    known, measured = len(named), any(named)
    numbers = [line.temperature for line in lines if line.temperature]
    labels = len([line for line in lines if line.label or line.icon])
    if known * 2 < count or not known:
        yield Fact(_NEVER, f"{known} of {count} entries name a station")
    elif not (measured or (marked and labels)):
        yield Fact(_NEVER, "no station with a temperature")
    elif known >= _MANY:
        yield Fact(1, f"{known} stations")
    elif known < _FEW:
        yield Fact(-1, f"only {known} stations")
    if known < count and any(says.is_of_others(line.city) for line in lines):
        yield Fact(_NEVER, _HEADED)
    decimals = len(list(filter(_has_one_decimal, numbers)))
    if decimals == len(numbers):
        yield Fact(1, "one decimal everywhere")
    else:
        points = -6 if decimals * 2 < len(numbers) else -1
        yield Fact(points, f"{len(numbers) - decimals} of {len(numbers)} without one decimal")
    enough = labels * 2 >= count
    yield Fact(2 if enough else -2, f"{labels} of {count} with a label")


@functools.lru_cache(maxsize=2048)  # Korea shows fewer than a thousand
def _has_one_decimal(number: str) -> bool:
    return _DECIMAL.fullmatch(number) is not None


def _of_place(date: PageDate | None, *, marked: bool, credited: bool) -> Iterator[Fact]:
    """Facts about the name, date and credit of a list."""
    if marked:
        yield Fact(4, "its list is called weather_slide")
    if date is not None and date.sure:
        yield Fact(2, f"{_DATED} {date.printed!r} at it")
    if credited:
        yield Fact(2, "KMA's credit, a text of its own")


def _of_heading(above: str, date: PageDate | None, *, is_known: bool) -> Iterator[Fact]:
    """Facts about words of a forecast, of another day or of another value above a list."""
    if says.division(runs.SIGN.split(above[-_DIVIDED:])[-1]):
        yield Fact(0, _DIVISION)
    near = says.near(above)
    if not near:
        return
    if says.heads_another_day(near, date.printed if date else None, is_known=is_known):
        yield Fact(_NEVER, _HEADED)
    elif says.forecast(near):
        yield Fact(-3, _NEAR)
