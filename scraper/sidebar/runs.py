"""Runs of signs for degrees in a page, divided into lists."""

from __future__ import annotations

import functools
import heapq
import html
import itertools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from scraper.sidebar import credit, dates, says
from scraper.sidebar.entries import BULLETS, entry, names_a_station, of_a_station
from scraper.sidebar.labels import PROVINCES, is_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scraper.vocabulary import Words

_C: Final = r"(?:\s|</?[a-zA-Z][^<>]{0,60}>){0,4}+(?:C|Ｃ)"
_SIGNS: Final = (
    *("℃", r"&#0*+8451\b;?", r"&#[xX]0*+2103\b;?"),
    *(f"°{_C}", f"º{_C}", f"˚{_C}", f"&deg;?{_C}", f"&ordm;?{_C}"),
    *(rf"&#0*+1[78]6\b;?{_C}", rf"&#[xX]0*+[bB][0aA]\b;?{_C}"),
)
"""
Each begins with its own bytes, so that a search can skip all others: seven times as fast.

``°`` and ``C`` may be in elements of their own.
"""

SIGN: Final = re.compile("|".join(_SIGNS))
"""Any sign for degrees Celsius in markup."""

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

_HEAD: Final = 200
"""The most bytes before the first sign of a run that contain its city."""

_SEVERAL: Final = 3
"""The cities that begin a list again; one or two may come twice in a list."""

_LIST: Final = 100
"""The most entries of a list to look for them; the longest known list has 97."""

_NUMBER: Final = "0123456789."
_LETTER: Final = re.compile(r"[^\W\d_]")
_TAG_BYTES: Final = 1000
"""The most bytes of a tag before a sign in it, and after."""

TAG: Final = re.compile(rb"<(?:[^<>\"']++|\"[^<\"]*+\"|'[^<']*+')++>|<[^<>]*+>")
"""A tag with its quoted values, which may have a ``>``; if no quote ends, up to the first one."""

_NAME: Final = re.compile(rb"<([a-zA-Z]+)")
_LIST_TAG: Final = re.compile(rb"<(/?)(ul|ol|table|dl|select)\b", re.IGNORECASE)


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
    runs = [run for run in _runs(seen, encoding) if run[2] > 1 and run[1] - run[0] <= _LONGEST]
    most = heapq.nlargest(_MOST, runs, key=lambda run: run[2])
    parts = [part for run in most for part in _divided(seen, encoding, run, words)]
    return heapq.nlargest(_MOST, parts, key=lambda part: part.signs)


def most_signs(body: bytes, encoding: str) -> tuple[int, int, int] | None:
    """Start, end and count of the longest run of signs; None if there are none."""
    runs = itertools.islice(_runs(body, encoding), 1000)
    return max(runs, key=lambda run: run[2], default=None)


@functools.cache
def any_sign(encoding: str) -> re.Pattern[bytes]:
    """Any sign for degrees Celsius in the bytes of a page."""
    return re.compile("|".join(_SIGNS).encode(encoding))


def pieces(part: bytes, encoding: str) -> str:
    """A part of a page as text, with a newline for every tag."""
    return html.unescape(TAG.sub(b"\n", part).decode(encoding, "replace"))


def signs(
    seen: bytes, encoding: str, start: int = 0, end: int | None = None
) -> Iterator[re.Match[bytes]]:
    """The visible signs in a part of a page: not those in a tag, such as in its ``title``."""
    for sign in any_sign(encoding).finditer(seen, start, len(seen) if end is None else end):
        at = sign.start()
        opens = seen.rfind(b"<", max(0, at - _TAG_BYTES), at)
        tag = None if opens == -1 else TAG.match(seen, opens, at + _TAG_BYTES)
        if tag is None or tag.end() <= at:
            yield sign


def _runs(body: bytes, encoding: str) -> Iterator[tuple[int, int, int]]:
    """Start, end and count of every run of nearby signs."""
    start = end = count = 0
    for match in signs(body, encoding):
        if count and match.start() - end > GAP:
            yield start, end, count
            count = 0
        if not count:
            start = match.start()
        end, count = match.end(), count + 1
    if count:
        yield start, end, count


def _divided(seen: bytes, encoding: str, run: tuple[int, int, int], words: Words) -> Iterator[Part]:
    """The lists in a run of signs: a heading, a date, a credit or a sentence separates them."""
    found = list(signs(seen, encoding, run[0], run[1]))
    heads = list(_heads(seen, encoding, found, words))
    bounds = [0]
    shown: dict[str, str] = {}
    for n, head in enumerate(heads):
        if n and (
            head.other
            or _ends_list(head.rows, words)
            or _begins_again(shown, heads[n : n + _LIST], words)
            or _is_unlike(heads[max(bounds[-1], n - _LIST) : n], heads[n : n + _LIST])
        ):
            bounds.append(n)
            shown = {}
        if head.city:
            shown.setdefault(head.city, head.number)
    lists = [(a, b) for a, b in itertools.pairwise([*bounds, len(found)]) if b - a > 1]
    lows = [max(0, run[0] - AROUND), *(found[end - 1].end() for _, end in lists)]
    highs = [*(_begins(seen, encoding, heads[a], words) for a, _ in lists), run[1] + AROUND]
    for (a, b), low, high in zip(lists, lows, highs[1:], strict=False):
        yield Part(found[a].start(), found[b - 1].end(), b - a, low, high)


class _Head(NamedTuple):
    """
    The visible text between a sign and the one before.

    Attributes:
        start, end: Its bytes.
        rows: Its rows, one for each element.
        city, number: Of the entry that ends with the sign; empty if missing.
        changes: Whether a list's tag is in it.
        other: Whether a list of another kind begins, such as a table below a ``<ul>``.
        labelled: Whether a label is among the rows.
        tags: The names of its tags.
    """

    start: int
    end: int
    rows: list[str]
    city: str
    number: str
    changes: bool
    other: bool
    labelled: bool
    tags: frozenset[bytes]


def _heads(
    seen: bytes, encoding: str, found: list[re.Match[bytes]], words: Words
) -> Iterator[_Head]:
    start = max(0, found[0].start() - _HEAD)
    for sign in found:
        end = sign.start()
        between = pieces(seen[start:end], encoding).split("\n")
        rows = [piece for row in between if (piece := row.strip(BULLETS + "|-"))]
        entries = map(entry, rows[::-1] if sign is found[0] else rows)
        named = next(filter(None, (of_a_station(one, words) for one in entries)), None)
        labelled = bool(named and named.label) or any(is_label(row, words) for row in rows)
        number = rows[-1][len(rows[-1].rstrip(_NUMBER)) :] if rows else ""
        lists = _LIST_TAG.findall(seen, start, end)
        yield _Head(
            start,
            end,
            rows,
            named.city if named else "",
            number,
            changes=bool(lists),
            other=_is_other(lists),
            labelled=labelled,
            tags=frozenset(_NAME.findall(seen, start, end)),
        )
        start = sign.end()


def _is_unlike(before: list[_Head], following: list[_Head]) -> bool:
    """Whether a list with labels in elements begins below one without, such as an article's."""
    if not following[0].changes:
        return False
    above = [head for head in before[1:] if not head.changes]
    below = list(itertools.takewhile(lambda head: not head.changes, following[1:]))
    if any(head.labelled for head in above) or sum(head.labelled for head in below) * 2 < len(
        below
    ):
        return False
    tags = [frozenset().union(*(head.tags for head in part)) for part in (above, below)]
    return bool(above and below) and tags[0] != tags[1]


def _is_other(tags: list[tuple[bytes, bytes]]) -> bool:
    """Whether one list ends and one of another kind begins, by the tags between two entries."""
    if not tags or not tags[0][0] or tags[-1][0]:
        return False
    return tags[0][1].lower() != tags[-1][1].lower()


def _heading(rows: list[str], words: Words) -> str:
    """The first row above an entry that is neither a label nor a city; empty without such a row."""
    return next((row for row in rows[:-1] if not _is_of_entry(row, words)), "")


def _begins(seen: bytes, encoding: str, head: _Head, words: Words) -> int:
    """The place of the heading of a list that begins, or else of its first sign."""
    heading = _heading(head.rows, words).encode(encoding, "replace")
    at = seen.find(heading, head.start, head.end) if heading else -1
    return head.end if at == -1 else at


def _begins_again(shown: dict[str, str], following: list[_Head], words: Words) -> bool:
    """Whether a list begins again: with a city below a tag or above several, or with several."""
    first, *others = following
    if first.changes:
        rest = itertools.takewhile(lambda head: not head.changes, others)
        if first.city in shown or sum(head.city in shown for head in rest) >= _SEVERAL:
            return True
    following = following[:_SEVERAL]
    if len(following) < _SEVERAL or not all(head.city in shown for head in following):
        return False
    differ = all(shown[head.city] != head.number for head in following)
    return differ or bool(_heading(first.rows, words))


def _ends_list(rows: list[str], words: Words) -> bool:
    """Whether a list ends between two signs, by the rows between them."""
    if not rows:
        return False
    if any(_is_foreign(row, words) for row in rows[:-1]):
        return True
    return _is_sentence(rows[-1], words) or says.forecast(rows[-1]) or _is_dated(rows[-1])


def _is_sentence(piece: str, words: Words) -> bool:
    """Whether a text before a number has more unknown words than a city may have."""
    unknown = [
        word
        for word in piece.split()
        if _LETTER.search(word) and not (is_label(word, words) or names_a_station(word, words))
    ]
    return len(unknown) > _MOST_UNKNOWN


def _is_of_entry(piece: str, words: Words) -> bool:
    return is_label(piece, words) or names_a_station(entry(piece), words)


def _is_foreign(piece: str, words: Words) -> bool:
    """Whether a text between two entries belongs to neither."""
    if _is_of_entry(piece, words):
        return False
    first, *others = piece.split()
    apart = len(others) > 1 or (others and first not in PROVINCES)  # unlike 경기 광주
    return bool(len(piece) > _LONGEST_WORD or apart or says.day(piece) or _is_dated(piece))


def _is_dated(piece: str) -> bool:
    return bool(dates.PRINTED.search(piece) or credit.NAMED.search(piece))
