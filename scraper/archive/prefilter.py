"""
Whether a page may show a sidebar, by searches in its bytes, without decoding.

Few pages of an archive show one, so these searches are most of the cost of an archive. A page with
neither KMA's name, nor the sign for degrees, nor the known list, is skipped.
"""

from __future__ import annotations

import codecs
import functools
import re
from typing import Final

from scraper.sidebar.locate import LARGEST, MARK, TAG_SIZE
from scraper.sidebar.search import find

_SIGNS: Final = ("기상청".encode(), "℃".encode(), MARK)
_SIGNS_CP949: Final = ("기상청".encode("cp949"), "℃".encode("cp949"))
"""Neither is valid UTF-8, and those above are not valid CP949."""

_DEGREES: Final = ((_SIGNS[1], b"\xe2"), (_SIGNS_CP949[1], b"\xc9"))
"""The signs for degrees, each with its byte that is rare in a page: one byte is found faster."""

_UTF_8: Final = re.compile(rb"charset\s*=\s*[\"']?utf-?8\b", re.IGNORECASE)
_NO_ASCII: Final = re.compile(rb"(?:utf-?(?:7|16|32)|iso-2022|johab)", re.IGNORECASE)
"""Encodings in which no sign can be searched for."""

_BEFORE: Final = 2000
_AFTER: Final = 3000
"""Bytes around a list that tell the encoding, with all that ``sidebar`` reads of them."""

_HEAD: Final = 4096
"""Bytes in which a page declares its encoding."""

_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def may_show(block: bytes, start: int = 0, content_type: bytes = b"") -> bool:
    """
    Whether a page may show a sidebar.

    Args:
        block: The page, perhaps with its headers before it.
        start: Where the page begins.
        content_type: The header of that name.
    """
    signs = _signs_in(content_type)
    for sign in signs:
        if find(block, sign) != -1:
            return True
    return not signs or block.startswith(_MARKS, start)


@functools.lru_cache(maxsize=256)
def _signs_in(content_type: bytes) -> tuple[bytes, ...]:
    """The signs to search for in a page of this type; none if its encoding hides them."""
    if _NO_ASCII.search(content_type):
        return ()
    return _SIGNS if _UTF_8.search(content_type) else _SIGNS + _SIGNS_CP949


def sample(page: bytes) -> bytes | None:
    """
    Return enough of a page to tell its encoding: its head, and the first list with the known name.

    Decoding the whole page would take longer than all else. The parts begin and end where no
    character is cut in two in any encoding with ASCII in the usual places.

    Returns:
        None if the whole page must be read: it has no such list, or temperatures elsewhere.
    """
    if (at := find(page, MARK)) == -1 or page.startswith(_MARKS):
        return None
    list_at = page.rfind(b"<ul", max(0, at - TAG_SIZE), at)
    closes = find(page, b"</ul>", at, at + LARGEST)
    if list_at == -1 or closes == -1:
        return None
    opens = page.rfind(b">", 0, max(0, at - _BEFORE)) + 1
    ends = page.find(b"<", closes + _AFTER) % (len(page) + 1)
    if _has_degrees(page, 0, list_at) or _has_degrees(page, ends, len(page)):
        return None
    return page[: page.rfind(b">", 0, _HEAD) + 1] + page[opens:ends]


def _has_degrees(page: bytes, start: int, end: int) -> bool:
    for sign, rare in _DEGREES:
        if page.find(rare, start, end) != -1 and find(page, sign, start, end) != -1:
            return True
    return False


def has(block: bytes, part: bytes) -> bool:
    """Whether some bytes contain a part."""
    return bool(find(block, part) != -1)
