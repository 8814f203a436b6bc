"""Runs of signs for degrees in a page, divided into lists."""

from __future__ import annotations

import functools
import heapq
import itertools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from scraper.sidebar import credit, dates, says
from scraper.sidebar.entries import BULLETS, entry, line, names_a_station
from scraper.sidebar.labels import is_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scraper.vocabulary import Words

_SIGNS: Final = (
    *("℃", r"°\s?(?:C|Ｃ)", r"º\s?(?:C|Ｃ)", r"˚\s?(?:C|Ｃ)", "&#8451;", "&#x2103;"),
    *(r"&deg;\s?C", r"&#176;\s?C", r"&#xb0;\s?C"),
)
"""Each begins with its own bytes, so that a search can skip all others: seven times as fast."""

GAP: Final = 1000
"""The most bytes between two signs of a list; usually 80, but more if some entries have no sign."""

AROUND: Final = 2500
"""The bytes around the signs that must contain the list's beginning, date and credit."""

_LONGEST: Final = 128 * 1024
"""The most bytes of a run of signs: several lists, and an article between."""

_MOST: Final = 8
"""The most runs of signs, and lists in them, to read: those with the most signs."""

_LONGEST_WORD: Final = 10
"""The most characters of a label or city that the tables lack."""

_MOST_UNKNOWN: Final = 2
"""The most unknown words before a number: a new label and a new city."""

_LETTER: Final = re.compile(r"[^\W\d_]")
_TAG: Final = re.compile(rb"<[^<>]*>")
_LIST_TAG: Final = re.compile(rb"</?(?:ul|ol|table|dl|select)\b", re.IGNORECASE)


class Part(NamedTuple):
    """
    The signs of one list in a run of them.

    Attributes:
        start, end: The beginning of its first sign, and the end of its last one.
        signs: The number of signs.
        low, high: The limits of the list: the list before, and the next.
    """

    start: int
    end: int
    signs: int
    low: int
    high: int


def longest(seen: bytes, encoding: str, words: Words) -> list[Part]:
    """The lists with the most signs."""
    runs = [
        run for run in _runs(any_sign(encoding), seen) if run[2] > 1 and run[1] - run[0] <= _LONGEST
    ]
    most = heapq.nlargest(_MOST, runs, key=lambda run: run[2])
    parts = [part for run in most for part in _divided(seen, encoding, run, words)]
    return heapq.nlargest(_MOST, parts, key=lambda part: part.signs)


def most_signs(body: bytes, encoding: str) -> tuple[int, int, int] | None:
    """Start, end and count of the longest run of signs; None if there are none."""
    runs = itertools.islice(_runs(any_sign(encoding), body), 1000)
    return max(runs, key=lambda run: run[2], default=None)


@functools.cache
def any_sign(encoding: str) -> re.Pattern[bytes]:
    """Any sign for degrees Celsius in the bytes of a page."""
    return re.compile("|".join(_SIGNS).encode(encoding))


def pieces(part: bytes, encoding: str) -> str:
    """A part of a page as text, with a newline for every tag."""
    return _TAG.sub(b"\n", part).decode(encoding, "replace")


def _runs(sign: re.Pattern[bytes], body: bytes) -> Iterator[tuple[int, int, int]]:
    """Start, end and count of every run of nearby signs."""
    start = end = count = 0
    for match in sign.finditer(body):
        if count and match.start() - end > GAP:
            yield start, end, count
            count = 0
        if not count:
            start = match.start()
        end, count = match.end(), count + 1
    if count:
        yield start, end, count


def _divided(seen: bytes, encoding: str, run: tuple[int, int, int], words: Words) -> Iterator[Part]:
    """The lists in a run of signs, separated by a heading, a date, a credit or a sentence."""
    signs = list(any_sign(encoding).finditer(seen, run[0], run[1]))
    bounds = [0]
    cities: set[str] = set()
    for n, (sign, following) in enumerate(itertools.pairwise(signs), 1):
        between = pieces(seen[sign.end() : following.start()], encoding)
        changes = _LIST_TAG.search(seen, sign.end(), following.start()) is not None
        if _ends_list(between, cities, words, changes=changes):
            bounds.append(n)
            cities = set()
    lists = [signs[a:b] for a, b in itertools.pairwise([*bounds, len(signs)]) if b - a > 1]
    for n, own in enumerate(lists):
        low = lists[n - 1][-1].end() if n else max(0, run[0] - AROUND)
        high = lists[n + 1][0].start() if n + 1 < len(lists) else run[1] + AROUND
        yield Part(own[0].start(), own[-1].end(), len(own), low, high)


def _ends_list(between: str, cities: set[str], words: Words, *, changes: bool) -> bool:
    """
    Whether a list ends between two signs, and another begins.

    Args:
        between: The visible text between them, with newlines between elements.
        cities: The cities of the list; the city of the next entry is added.
        words: The known words.
        changes: Whether a list's tag is between them.
    """
    pieces = [piece for row in between.split("\n") if (piece := row.strip(BULLETS + "|-"))]
    if not pieces:
        return False
    if any(_is_foreign(piece, words) for piece in pieces[:-1]):
        return True
    city = next((line(one, words).city for one in pieces if names_a_station(one, words)), "")
    if changes and city and city in cities:
        return True
    cities.add(city)
    return _is_sentence(pieces[-1], words) or says.forecast(pieces[-1]) or _is_dated(pieces[-1])


def _is_sentence(piece: str, words: Words) -> bool:
    """Whether a text before a number has more unknown words than a city may have."""
    unknown = [
        word
        for word in piece.split()
        if _LETTER.search(word) and not (is_label(word, words) or names_a_station(word, words))
    ]
    return len(unknown) > _MOST_UNKNOWN


def _is_foreign(piece: str, words: Words) -> bool:
    """Whether a text between two entries belongs to neither."""
    if is_label(piece, words) or names_a_station(entry(piece), words):
        return False
    return len(piece) > _LONGEST_WORD or " " in piece or says.day(piece) or _is_dated(piece)


def _is_dated(piece: str) -> bool:
    return bool(dates.PRINTED.search(piece) or credit.NAMED.search(piece))
