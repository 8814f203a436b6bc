"""
The bytes of a page that a reader of the page does not see.

Comments, scripts, styles, templates and the values of attributes may contain a whole box: the
commented-out box of yesterday, the template of a script. Such a box is not on the page.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from scraper.sidebar.search import find, lower

_NOT_SHOWN: Final = re.compile(
    rb"<(?:!--(?:-?>)?|s(?:cript|tyle)\b|t(?:emplate|extarea|itle)\b"
    rb"|no(?:script|embed|frames)\b|iframe\b|xmp\b)"
)
"""
The beginning of a part that is not shown; ``<!-->`` and ``<!--->`` are whole comments.

Each alternative begins with a letter of its own for speed: most tags begin with another.
"""

_VALUE: Final = re.compile(rb"=\s*+(?:\"[^\"<]*+<|'[^'<]*+<)")
_TAG: Final = re.compile(
    rb"(<[a-z/][a-z0-9]*)(?:[^<>=]++|=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'|(?![\"'])))*+"
    rb"=\s*(?:\"[^\"<]*<[^\"]*(?:\"|\Z)|'[^'<]*<[^']*(?:'|\Z))",
    re.IGNORECASE,
)
"""A tag up to the end of its first value with markup; the values before it end in their quotes."""

_OTHERS: Final = bytes(set(range(256)) - set(b"<\"'"))
"""All bytes except quotes, and those of markup in them."""

_BEGINS: Final = re.compile(rb"</?[a-z]")
_FOLDS: Final = re.compile(rb"<d(?:etails|ialog)\b")
_HIDING: Final = (b"hidden", b"display", b"<details", b"<dialog")
_HINTS: Final = re.compile(rb"\bhidden\b|\bnone\b|" + _FOLDS.pattern)
_MOST_HINTS: Final = 200
_TAG_BYTES: Final = 1000
_VALUES: Final = re.compile(rb"\"[^\"]*\"|'[^']*'")
_HIDDEN: Final = re.compile(rb"\shidden(?=[\s=/]|$)")
_OPEN: Final = re.compile(rb"\sopen(?=[\s=/]|$)")
_STYLE: Final = re.compile(rb"[\s\"']style\s*=\s*(\"[^\"]*|'[^']*|[^\s\"']*)")
_INVISIBLE: Final = re.compile(
    rb"(?<![\w-])(?:display\s*:\s*none|visibility\s*:\s*hidden)(?![\w-])"
)
_NAME: Final = re.compile(rb"<([a-z][a-z0-9]*)")
_NAMES: Final = re.compile(rb"<(/?)([a-z][a-z0-9]*)")
_ENDS_BY_THE_NEXT: Final = {b"li", b"p", b"tr", b"td", b"th", b"dt", b"dd", b"option"}
_NEVER_OPEN: Final = {b"input", b"img", b"br", b"hr", b"meta", b"link", b"source"}


SWALLOWED: Final = "\0"
"""
Replaces markup in the value of an attribute.

``<td class="iw0>흐림</td><td>3℃</td></tr><tr><th>부산</th><td class="iw01">`` is one tag: in a
list, it has swallowed the markup between a city and its number.
"""


def blanked(body: bytes) -> bytes:
    """The page with blanks for invisible parts, so that every other byte keeps its place."""
    parts, at, small = [], 0, lower(body)
    searched = 0
    while match := _NOT_SHOWN.search(small, searched):
        if (ends := _tag_ends(small, searched, match.start())) is not None:
            searched = ends
            continue
        searched = _closes(small, match)
        parts += [body[at : match.start()], b" " * (searched - match.start())]
        at = searched
    seen = b"".join([*parts, body[at:]])
    return _TAG.sub(_swallowed, seen) if _may_swallow(seen) and _VALUE.search(seen) else seen


def _closes(small: bytes, begins: re.Match[bytes]) -> int:
    """The end of a part that is not shown: of the page, if it is not closed."""
    if begins[0].endswith(b">"):
        return begins.end()
    ends = _end_of(begins[0]).search(small, begins.end())
    return len(small) if ends is None else ends.end()


@functools.cache
def _end_of(begins: bytes) -> re.Pattern[bytes]:
    """The end of an element, or of a comment."""
    return re.compile(rb"--!?>" if begins == b"<!--" else rb"</" + begins[1:] + rb"\b[^>]*>")


def _tag_ends(small: bytes, since: int, at: int) -> int | None:
    """
    The end of a tag that is still open at a place; None if every tag is closed.

    ``</l<!--i>`` is one tag with an odd name: no comment begins in it.
    """
    opens = small.rfind(b"<", max(since, at - _TAG_BYTES), at)
    if opens == -1 or small.find(b">", opens, at) != -1 or _BEGINS.match(small, opens) is None:
        return None
    ends = small.find(b">", at)
    return len(small) if ends == -1 else ends + 1


def _may_swallow(seen: bytes) -> bool:
    """Whether markup may be in quotes: somewhere between two tags they are not in pairs."""
    quotes = seen.translate(None, _OTHERS).rstrip(b"\"'")
    if b"'" in quotes:
        quotes = quotes.replace(b"''", b"")
    return quotes.count(b'""') * 2 + quotes.count(b"<") != len(quotes)


def _swallowed(match: re.Match[bytes]) -> bytes:
    """A tag up to the end of a value with markup, with blanks in place of the markup."""
    return match[1] + SWALLOWED.encode() * (len(match[0]) - len(match[1]))


def is_hidden(seen: bytes, opens: int, closes: int) -> bool:
    """
    Whether a part of a page is in a hidden element, or contains one.

    An element is hidden by the attribute ``hidden``, by ``display: none`` or ``visibility: hidden``
    in its own style, or as ``details`` or a ``dialog`` without ``open``; style sheets are not read.

    Args:
        seen: The page, or its beginning.
        opens: The beginning of the part, or its first sign for degrees.
        closes: Its end.
    """
    small = lower(seen[:closes])
    if all(find(small, part) == -1 for part in _HIDING):
        return False
    hidden: dict[int, bytes] = {}  # the names of hidden elements, by the places of their tags
    for hint in list(_HINTS.finditer(small))[-_MOST_HINTS:]:
        tag_at = small.rfind(b"<", max(0, hint.start() - _TAG_BYTES), hint.start() + 1)
        tag_ends = small.find(b">", hint.end(), hint.end() + _TAG_BYTES)
        if tag_at == -1 or tag_ends == -1 or small.find(b">", tag_at, hint.start()) != -1:
            continue
        tag = small[tag_at:tag_ends]
        name = _NAME.match(tag)
        if name is None or name[1] in _NEVER_OPEN or not _hides(tag):
            continue
        if tag_at >= opens:
            return True
        hidden[tag_at] = name[1]
    return bool(hidden) and _is_open(hidden, small, opens)


def _hides(tag: bytes) -> bool:
    names = _VALUES.sub(b" ", tag)
    if _FOLDS.match(tag) and not _OPEN.search(names):
        return True
    style = _STYLE.search(tag)
    return bool(_HIDDEN.search(names) or (style and _INVISIBLE.search(style[1])))


def _is_open(hidden: dict[int, bytes], small: bytes, end: int) -> bool:
    """Whether one of the hidden elements is still open at a place after their tags."""
    opened: dict[bytes, list[int]] = {name: [] for name in hidden.values()}
    for tag in _NAMES.finditer(small, min(hidden), end):
        ends, name = tag.groups()
        if (places := opened.get(name)) is None:
            continue
        if places and (ends or name in _ENDS_BY_THE_NEXT):
            places.pop()
        if not ends:
            places.append(tag.start())
    return any(place in hidden for places in opened.values() for place in places)
