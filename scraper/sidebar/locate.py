"""The possible places of a sidebar in the bytes of a page: lists, signs for degrees, the credit."""

from __future__ import annotations

import codecs
import io
import itertools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from scraper.sidebar import credit, rows, runs
from scraper.sidebar.entries import BULLETS, entry, names_a_station
from scraper.sidebar.labels import is_label
from scraper.sidebar.search import find
from scraper.sidebar.unseen import SWALLOWED, blanked, is_hidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scraper.vocabulary import Words

    AsText = Callable[[bytes, str], str]

MARK: Final = b"weather_slide"
"""Part of the class and id of the list on every portal seen so far; a hint, not a condition."""

_CREDIT: Final = "기상청"

LARGEST: Final = 32 * 1024
"""The most bytes of a list: sixteen cities take 1.2 KB, the longest known list (97) under 10 KB."""


TAG_SIZE: Final = 300
"""Bytes of a list's tag, before the known name in it."""

_BEFORE: Final = 1500
_AFTER: Final = 2500
"""The bytes around a list that must contain its beginning, its date and its credit."""

_MOST_REGIONS: Final = 8
"""The most regions of a page to read, those with the most signs."""

_ASCII_BASED: Final = {"utf-8", "cp949", "euc_kr"}
_TAG: Final = re.compile(rb"<[a-zA-Z/!]")
_LIST_TAG: Final = re.compile(rb"<(/?)(?:ul|ol|table|dl|select)\b[^<>]{0,300}>?", re.IGNORECASE)
_UL: Final = re.compile(rb"<(/?)ul\b[^<>]{0,300}>?", re.IGNORECASE)
_LIST_ENDS: Final = re.compile(rb"</(?:ul|ol|table|dl|select|body|html)\b", re.IGNORECASE)
_SWALLOWED: Final = re.compile(rf"(<[a-zA-Z/0-9]+){SWALLOWED}[^<>]*>?")
_CUT_TAG: Final = re.compile(r"<[^<>]*$")
_ROW_ENDS: Final = re.compile(rb"[\n<]")
_END_TAG: Final = len("</select>")
_NEWLINES: Final = io.IncrementalNewlineDecoder(None, translate=True)


class Region(NamedTuple):
    """
    A place in a page where a sidebar may be.

    Attributes:
        before: The part before the list, back to the list before.
        printed: The list.
        after: The part after it, up to the next list.
        html: Whether the list has markup.
        marked: Whether the list has the known name.
        opens, closes: The bytes of the page at which the list begins and ends.
        cut: Whether the page ends within the list.
        hidden: Whether it is in a hidden element, or contains one.
    """

    before: str
    printed: str
    after: str
    html: bool
    marked: bool
    opens: int
    closes: int
    cut: bool
    hidden: bool = False


def ascii_based(page: bytes | str, encoding: str) -> tuple[bytes, str]:
    """The page in an encoding in which a search for ASCII markup in the bytes finds markup only."""
    if isinstance(page, str):
        return page.encode("utf-8", "replace"), "utf-8"
    try:
        name = codecs.lookup(encoding).name
        if name in _ASCII_BASED:
            return page, name
        return page.decode(name, "replace").encode("utf-8", "replace"), "utf-8"
    except (LookupError, ValueError):  # not an encoding, or not one of text
        return page, "utf-8"


def marked(body: bytes, encoding: str, as_text: AsText) -> Iterator[Region]:
    """The visible lists with the known name in their tag."""
    at, lists = find(body, MARK), 0
    while at != -1 and lists < _MOST_REGIONS:
        opens = body.rfind(b"<", max(0, at - TAG_SIZE), at)
        closes = -1
        if opens != -1 and body[opens : opens + 3].lower() == b"<ul":
            lists += 1
            closes = _list_ends(body, at)
        if closes != -1:
            page = blanked(body[: closes + _AFTER])
            if page[opens : opens + 1] == b"<":
                yield _region(page, encoding, (opens, closes), as_text)
        at = find(body, MARK, max(at, closes) + 1)


def _list_ends(body: bytes, at: int) -> int:
    """The end of a list; the end of the page, if it cuts the list; else -1."""
    depth = 1
    for one in _UL.finditer(body, at, at + LARGEST):
        depth += -1 if one[1] else 1
        if not depth:
            return one.end()
    if (tag := _LIST_TAG.search(body, body.find(b">", at) + 1, at + LARGEST)) is not None:
        return tag.end() if tag[1] else tag.start()
    return len(body) if len(body) - at < LARGEST else -1


def has_more(body: bytes, encoding: str, region: Region) -> bool:
    """Whether a page has KMA's sign outside of a region."""
    sign = "℃".encode(encoding)
    for start, end in ((0, region.opens), (region.closes, len(body))):
        # Searching for its first byte is ten times as fast, and that byte is rare.
        if body.find(sign[:1], start, end) != -1 and body.find(sign, start, end) != -1:
            return True
    return False


def unmarked(seen: bytes, encoding: str, words: Words) -> Iterator[list[Region]]:
    """The regions of the longest runs of signs."""
    for part in runs.longest(seen, encoding, words):
        if part.end - part.start <= LARGEST:
            yield _at(seen, encoding, part, words)


def _at(seen: bytes, encoding: str, part: runs.Part, words: Words) -> list[Region]:
    """The region of a run of signs: its longest list, or else all around it."""
    if _TAG.search(seen, part.start, part.end) is None:
        return [_text_region(seen, encoding, part, words)]
    around = _around(seen, encoding, part)
    longest = _longest_list(seen, encoding, part, around, words)
    return [
        _region(seen, encoding, place, text, part) for place in dict.fromkeys((longest, around))
    ]


def _around(seen: bytes, encoding: str, part: runs.Part) -> tuple[int, int]:
    """The beginning and end of the markup around a run of signs, with the tags of its lists."""
    start, end = part.start, part.end
    first = max(part.low, start - _BEFORE)
    opens = max(first, seen.find(b"<", first, start))
    for tag in _LIST_TAG.finditer(seen, first, start):
        opens = tag.end() if tag[1] else tag.start()
    tag_after = _LIST_TAG.search(seen, end, min(part.high, end + _AFTER))
    if tag_after and tag_after[1]:
        return opens, tag_after.end()
    closes = min(end + runs.GAP, part.high, tag_after.start() if tag_after else len(seen))
    credit_at = seen.find(_CREDIT.encode(encoding), end, closes)
    return opens, closes if credit_at == -1 else credit_at


def _longest_list(
    seen: bytes, encoding: str, part: runs.Part, around: tuple[int, int], words: Words
) -> tuple[int, int]:
    """The list with the most signs of a run; a nearby article may have some."""
    chains: list[tuple[int, int, int]] = []
    first, last = max(part.low, part.start - _BEFORE), min(part.high, part.end + _AFTER)
    for opens, closes in _lists(seen, encoding, first, last, around[1]):
        count = sum(1 for _ in runs.signs(seen, encoding, opens, closes))
        if not count and not names_a_station(runs.pieces(seen[opens:closes], encoding), words):
            continue
        if chains and not runs.TAG.sub(b"", seen[chains[-1][1] : opens]).strip():
            begins, _, before = chains.pop()
            chains.append((begins, closes, before + count))
        else:
            chains.append((opens, closes, count))
    opens, closes, count = max(chains, key=lambda chain: chain[2], default=(*around, 0))
    return (opens, closes) if count else around


def _lists(
    body: bytes, encoding: str, start: int, end: int, ends: int
) -> Iterator[tuple[int, int]]:
    """
    The lists in a part of the page, each up to where it closes, or else the next opens.

    A list that is never closed extends to its credit; the last one at most to ``ends``.
    """
    credit = _CREDIT.encode(encoding)
    tags = list(_LIST_TAG.finditer(body, start, end))
    for tag, following in itertools.zip_longest(tags, tags[1:]):
        if tag[1]:
            continue
        if following is not None and following[1]:
            yield tag.start(), following.end()
        else:
            closes = max(tag.end(), ends) if following is None else following.start()
            credit_at = body.find(credit, tag.end(), closes)
            yield tag.start(), closes if credit_at == -1 else credit_at


def _text_region(seen: bytes, encoding: str, part: runs.Part, words: Words) -> Region:
    """The region of plain text around a run of signs: whole rows, and all up to the credit."""
    first = max(part.low, part.start - _BEFORE)
    before = text(seen[first : part.start], encoding)
    after = text(seen[part.end : min(part.high, part.end + _AFTER)], encoding)
    opens = max(before.rfind("\n"), before.rfind(">")) + 1
    while (above := before[:opens].rstrip()) and not above.endswith(">"):
        row_opens = above.rfind("\n") + 1
        if not rows.may_begin(above[row_opens:], words):
            break
        opens = row_opens
    closes = _text_ends(after, words)
    if not names_a_station(entry(before[opens:]), words):
        closes += rows.left_over(after[closes : closes + runs.GAP], words)
    printed = text(seen[part.start : part.end], encoding)
    length = len(after[:closes].encode(encoding, "replace"))
    return Region(
        before=before[:opens],
        printed=before[opens:] + printed + after[:closes],
        after=after[closes:],
        html=False,
        marked=False,
        opens=first + len(before[:opens].encode(encoding, "replace")),
        closes=part.end + length,
        cut=not credit.NAMED.search(after) and not _ROW_ENDS.search(seen, part.end + length - 1),
    )


def _text_ends(after: str, words: Words) -> int:
    """The end of a list of plain text after its last sign: before its credit, or after its rows."""
    markup = after.find("<")
    limit = min(runs.GAP, len(after) if markup == -1 else markup)
    if (closes := after.find(_CREDIT, 0, limit)) != -1:
        return closes
    ends = at = min(after.find("\n", 0, limit) % (limit + 1), limit)
    label_above = False
    for row in after[at + 1 : limit].split("\n"):
        at += 1 + len(row)
        if rows.goes_on(row, words, label_above=label_above):
            ends = at
        elif row.strip(BULLETS):
            break
        label_above = is_label(row.strip(BULLETS), words)
    return min(ends + 1, limit)


def _region(
    seen: bytes,
    encoding: str,
    place: tuple[int, int],
    as_text: AsText,
    part: runs.Part | None = None,
) -> Region:
    """The region at a place: with the known name, or that of a run of signs."""
    opens, closes = place
    low, high, shows = (part.low, part.high, part.start) if part else (0, len(seen), opens)
    after = text(seen[closes : max(closes, min(high, closes + _AFTER))], encoding)
    cut = _is_cut(seen, opens, closes) and not credit.NAMED.search(after)
    printed = as_text(seen[opens:closes], encoding)
    if SWALLOWED in printed:
        printed = _SWALLOWED.sub("\\1>\ufffd", printed)
    return Region(
        before=as_text(seen[max(0, low, opens - _BEFORE) : opens], encoding),
        printed=_CUT_TAG.sub("", printed) if cut else printed,
        after=after,
        html=True,
        marked=part is None,
        opens=opens,
        closes=closes,
        cut=cut,
        hidden=is_hidden(seen, shows, closes),
    )


def _is_cut(seen: bytes, opens: int, closes: int) -> bool:
    """Whether the page ends with a list that has no end tag."""
    if _LIST_ENDS.search(seen, max(opens, closes - _END_TAG)) is not None:
        return False
    return not runs.TAG.sub(b"", seen[closes : closes + _AFTER]).strip()


def text(part: bytes, encoding: str) -> str:
    """A part of the page as text, with every line's end the same."""
    return _NEWLINES.decode(part.decode(encoding, "replace"), final=True)
