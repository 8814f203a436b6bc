"""Where in a page a sidebar may be, told from its bytes: lists, signs for degrees, KMA's credit."""

from __future__ import annotations

import codecs
import functools
import heapq
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scraper.sidebar import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scraper.vocabulary import Words

    AsText = Callable[[bytes, str], str]

MARK: Final = b"weather_slide"
"""In the class and the id of the list on every portal seen so far; a hint, not a condition."""

_SIGN: Final = "℃"
_OTHER_SIGNS: Final = r"℃|[°º˚]\s?[CＣ]|&#(?:8451|x2103);|&deg;\s?C|&#(?:176|xb0);\s?C"
_CREDIT: Final = "기상청"
_GAP: Final = 1000
"""Bytes from one sign to the next in one list; about 80, but more where some have no sign."""

LARGEST: Final = 32 * 1024
"""Bytes of a list: sixteen cities are 1.2 KB, the longest list known (97) is under 10 KB."""

TAG_SIZE: Final = 300
"""Bytes of a list's tag, before the known name in it."""

_BEFORE: Final = 1500
_AFTER: Final = 2500
"""Bytes around a list in which its beginning, its date and its credit must stand."""

_MOST_REGIONS: Final = 8
"""So many regions of a page are read at most, those with the most signs."""

_ASCII_BASED: Final = {"utf-8", "cp949", "euc_kr"}
_TAG: Final = re.compile(rb"<[a-zA-Z/!]")
_LIST_TAG: Final = re.compile(rb"<(/?)(?:ul|ol|table|dl|select)\b[^<>]{0,300}>?", re.IGNORECASE)
_ANY_TAG: Final = re.compile(rb"<[^<>]*>")
_TITLE: Final = re.compile(rb"<title[^>]{0,200}>([^<]{0,200})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """
    A place in a page where a sidebar may be.

    Attributes:
        before: What stands before the list.
        printed: The list.
        after: What stands after it.
        html: Whether there is markup in the list.
        marked: Whether the list has the known name.
    """

    before: str
    printed: str
    after: str
    html: bool
    marked: bool


def ascii_based(page: bytes | str, encoding: str) -> tuple[bytes, str]:
    """The page in an encoding in which a search for ASCII markup in the bytes finds markup only."""
    if isinstance(page, str):
        return page.encode("utf-8", "replace"), "utf-8"
    try:
        name = codecs.lookup(encoding).name
        if name in _ASCII_BASED:
            return page, name
        return page.decode(name, "replace").encode("utf-8", "replace"), "utf-8"
    except (LookupError, ValueError):  # no encoding, or none of text
        return page, "utf-8"


def marked(body: bytes, encoding: str, as_text: AsText) -> Iterator[Region]:
    """The lists that have the known name in their tag."""
    at, lists = body.find(MARK), 0
    while at != -1 and lists < _MOST_REGIONS:
        opens = body.rfind(b"<", max(0, at - TAG_SIZE), at)
        closes = -1
        if opens != -1 and body.startswith(b"<ul", opens):
            lists += 1
            closes = body.find(b"</ul>", at, at + LARGEST)
        if closes != -1:
            end = closes + len(b"</ul>")
            yield _region(body, encoding, (opens, end), as_text, marked=True)
        at = body.find(MARK, max(at, closes) + 1)


def unmarked(body: bytes, encoding: str, words: Words) -> Iterator[list[Region]]:
    """What the longest runs of signs may belong to: of KMA's own sign, then of any."""
    credit = _CREDIT.encode(encoding)
    longest = []
    for signs in (_SIGN, _OTHER_SIGNS):
        likely = (
            run
            for run in _runs(re.compile(_in(signs, encoding)), body)
            if run[2] > 1
            and run[1] - run[0] <= LARGEST
            and (run[2] >= 8 or body.find(credit, max(0, run[0] - _BEFORE), run[1] + _AFTER) != -1)
        )
        longest += heapq.nlargest(_MOST_REGIONS, likely, key=lambda run: run[2])
    for start, end, _ in dict.fromkeys(longest):
        yield _at(body, encoding, start, end, words)


@functools.cache
def _any_sign(encoding: str) -> re.Pattern[bytes]:
    return re.compile(_in(_OTHER_SIGNS, encoding))


def _in(pattern: str, encoding: str) -> bytes:
    """A pattern of text as a pattern of bytes, with its classes of characters as alternatives."""
    alternatives = pattern.replace("[°º˚]", "(?:°|º|˚)").replace("[CＣ]", "(?:C|Ｃ)")
    return alternatives.encode(encoding)


def _runs(sign: re.Pattern[bytes], body: bytes) -> Iterator[tuple[int, int, int]]:
    """Start, end and count of every run of signs that stand close to each other."""
    start = end = count = 0
    for match in sign.finditer(body):
        if count and match.start() - end > _GAP:
            yield start, end, count
            count = 0
        if not count:
            start = match.start()
        end, count = match.end(), count + 1
    if count:
        yield start, end, count


def _at(body: bytes, encoding: str, start: int, end: int, words: Words) -> list[Region]:
    """What a run of signs may belong to: its longest list alone, or else all around it."""
    if _TAG.search(body, start, end) is None:
        return [_text_region(body, encoding, start, end, words)]
    around = _around(body, encoding, start, end)
    longest = _longest_list(body, encoding, (start, end), around, words)
    return [_region(body, encoding, part, text, marked=False) for part in (longest, around)]


def _around(body: bytes, encoding: str, start: int, end: int) -> tuple[int, int]:
    """Where the markup around a run of signs opens and closes, with the tags of its lists."""
    first = max(0, start - _BEFORE)
    opens = max(first, body.find(b"<", first, start))
    for tag in _LIST_TAG.finditer(body, first, start):
        opens = tag.end() if tag[1] else tag.start()
    tag_after = _LIST_TAG.search(body, end, end + _AFTER)
    if tag_after and tag_after[1]:
        return opens, tag_after.end()
    closes = min(end + _GAP, tag_after.start() if tag_after else len(body))
    credit_at = body.find(_CREDIT.encode(encoding), end, closes)
    return opens, closes if credit_at == -1 else credit_at


def _longest_list(
    body: bytes, encoding: str, run: tuple[int, int], around: tuple[int, int], words: Words
) -> tuple[int, int]:
    """Of the lists at a run of signs that with the most; an article near by may have some."""
    start, end = run
    sign = _any_sign(encoding)
    chains: list[tuple[int, int, int]] = []
    for opens, closes in _lists(body, encoding, max(0, start - _BEFORE), end + _AFTER, around[1]):
        count = len(sign.findall(body, opens, closes))
        if not count and not lines.names_a_station(_pieces(body[opens:closes], encoding), words):
            continue
        if chains and not _ANY_TAG.sub(b"", body[chains[-1][1] : opens]).strip():
            first, _, before = chains.pop()
            chains.append((first, closes, before + count))
        else:
            chains.append((opens, closes, count))
    opens, closes, count = max(chains, key=lambda chain: chain[2], default=(*around, 0))
    return (opens, closes) if count else around


def _lists(
    body: bytes, encoding: str, start: int, end: int, ends: int
) -> Iterator[tuple[int, int]]:
    """
    The lists in a part of the page, each up to where it closes, or else the next opens.

    One that is never closed goes on to its credit; the last of all, at most to ``ends``.
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


def _pieces(part: bytes, encoding: str) -> str:
    return _ANY_TAG.sub(b"\n", part).decode(encoding, "replace")


def _text_region(body: bytes, encoding: str, start: int, end: int, words: Words) -> Region:
    """The region of plain text around a run of signs: whole rows, and all up to the credit."""
    before = text(body[max(0, start - _BEFORE) : start], encoding)
    after = text(body[end : end + _AFTER], encoding)
    opens = before.rfind("\n") + 1
    while above := before[:opens].rstrip():
        row_opens = above.rfind("\n") + 1
        if not lines.may_begin(above[row_opens:], words):
            break
        opens = row_opens
    closes = after.find(_CREDIT, 0, _GAP)
    if closes == -1:
        closes = after.find("\n") if "\n" in after else len(after)
    return Region(
        before=before[:opens],
        printed=before[opens:] + text(body[start:end], encoding) + after[:closes],
        after=after[closes:],
        html=False,
        marked=False,
    )


def _region(
    body: bytes, encoding: str, part: tuple[int, int], as_text: AsText, *, marked: bool
) -> Region:
    opens, closes = part
    return Region(
        before=as_text(body[max(0, opens - _BEFORE) : opens], encoding),
        printed=as_text(body[opens:closes], encoding),
        after=text(body[closes : closes + _AFTER], encoding),
        html=True,
        marked=marked,
    )


def text(part: bytes, encoding: str) -> str:
    """A part of the page as text, with every line's end the same."""
    printed = "\n".join(part.decode(encoding, "replace").split("\r\n"))  # quicker than to replace
    return printed.replace("\r", "\n")


def what_is_there(body: bytes, encoding: str) -> str:
    """One line on a page without a sidebar, for whoever has to find out what changed."""
    title = _TITLE.search(body, 0, LARGEST)
    name = "no title" if title is None else f"title {_words(title[1], encoding)!r}"
    credit = "기상청".encode(encoding) in body
    runs = list(itertools.islice(_runs(_any_sign(encoding), body), 1000))
    if not runs:
        near = "no ℃ on the page"
    else:
        start, end, count = max(runs, key=lambda run: run[2])
        place = _words(body[max(0, start - 60) : end][:200], encoding)
        near = f"nearest: {count} ℃ together, {place!r}"
    box = "a list weather_slide, " if MARK in body else ""
    return f"{name}, {box}{'KMA is named' if credit else 'KMA is not named'}, {near}"


def _words(part: bytes, encoding: str) -> str:
    return " ".join(re.sub(r"<[^>]*>?", " ", part.decode(encoding, "ignore")).split())[:80]
