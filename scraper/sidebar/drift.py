"""Drift: the entries of a former box on a page that no longer has a box."""

from __future__ import annotations

import difflib
import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scraper.sidebar import locate, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scraper.sidebar.entries import Line

_BORDER: Final = re.compile(
    r"(?=<(?:li|tr|p|div|dt|option|ul|ol|dl|table|section|article|h[1-6]|local)\b)"
    r"|</(?:li|tr|p|div|table|h[1-6])>|[\r\n]+(?=\s*[^\s<])",
    re.IGNORECASE,
)
"""The beginning or end of an element that may contain an entry; cells and spans are inside one."""

_TAG: Final = re.compile(r"<[^<>]*>?|\0+")
_DIGIT: Final = re.compile(r"[0-9]")
_LONGEST: Final = 160
"""The most characters of an entry; a longer text is a sentence that names a city."""

_MOST: Final = 50
"""The most rows with the name of one city to compare."""

_PAGE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """
    An entry of the former box, and the nearest row of the current page.

    Attributes:
        city: As printed then.
        before: The visible text of the entry.
        after: The visible row with the name of the city; None if the page does not name it.
        markup_before, markup_after: The same with markup.
    """

    city: str
    before: str
    after: str | None
    markup_before: str
    markup_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The former entries; as text, the number that are left, with one of them before and after."""

    survivors: tuple[Survivor, ...]

    def __str__(self) -> str:
        left = [one for one in self.survivors if one.after is not None]
        if not left:
            return f"all of its {len(self.survivors)} entries are gone"
        told = f"{len(left)} of its {len(self.survivors)} entries are left"
        return f"{told}, such as {left[0].before!r}, now {left[0].after!r}"


def between(lines: Sequence[Line], fragment: str, page: bytes, encoding: str) -> Drift:
    """
    Compare the entries of a box with the current page.

    Args:
        lines: The entries of the former box.
        fragment: The part of the old page with the box.
        page: The current page.
        encoding: Python's name of the encoding of the current page.
    """
    body, codec = locate.ascii_based(page[:_PAGE_BYTES], encoding)
    then = _rows(fragment)
    now = _rows(locate.text(unseen.blanked(body), codec))
    return Drift(survivors=tuple(_survivor(line, then, now) for line in lines if line.city))


def _survivor(line: Line, then: list[_Row], now: list[_Row]) -> Survivor:
    printed = " ".join(filter(None, (line.label, line.city, f"{line.temperature}℃")))
    was = _nearest(printed, line.city, then) or (printed, printed)
    left = _nearest(printed, line.city, now) or (None, None)
    return Survivor(
        city=line.city,
        before=was[0],
        after=left[0],
        markup_before=was[1],
        markup_after=left[1],
    )


_Row = tuple[str, str]
"""A row of a page: its visible text, and its markup."""


def _rows(page: str) -> list[_Row]:
    """The short rows of a page; a row without a digit is joined to the next."""
    rows = [row for row in _short(page) if row[0]]
    for nth, (text, markup) in enumerate(rows[:-1]):
        after = rows[nth + 1]
        if not _DIGIT.search(text) and _DIGIT.search(after[0]) and len(after[0]) < _LONGEST // 4:
            rows[nth] = f"{text} {after[0]}", f"{markup} {after[1]}"
    return rows


def _short(page: str) -> Iterator[_Row]:
    for part in _BORDER.split(page):
        text = " ".join(html.unescape(_TAG.sub(" ", part)).split())
        if len(text) <= _LONGEST:
            yield text, " ".join(part.split())[: 2 * _LONGEST]


def _nearest(printed: str, city: str, rows: list[_Row]) -> _Row | None:
    """The row with the name of a city that is most like its entry."""
    named = [row for row in rows if city in row[0]][:_MOST]
    match = difflib.SequenceMatcher(None, "", printed)

    def likeness(row: _Row) -> float:
        match.set_seq1(row[0])
        return match.ratio()

    return max(named, key=likeness, default=None)
