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
from scraper.sidebar.unseen import blanked, is_hidden

try:
    from stringzilla import find
except ImportError:  # it is an extra, and takes a twentieth of the time
    find = bytes.find

_SIGNS: Final = ("기상청".encode(), "℃".encode(), MARK)
_SIGNS_CP949: Final = ("기상청".encode("cp949"), "℃".encode("cp949"))
"""Neither is valid UTF-8, and those above are not valid CP949."""

_DEGREES: Final = (_SIGNS[1], _SIGNS_CP949[1])

_UTF_8: Final = re.compile(rb"charset\s*=\s*[\"']?utf-?8\b", re.IGNORECASE)
_NO_ASCII: Final = re.compile(rb"(?:utf-?(?:7|16|32)|iso-2022|johab)", re.IGNORECASE)
"""Encodings in which no sign can be searched for."""

_BEFORE: Final = 2000
_AFTER: Final = 3000
"""Bytes around a list: at least as many as ``sidebar`` reads."""

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
    return not signs or any(has(block, sign) for sign in signs) or block.startswith(_MARKS, start)


@functools.lru_cache(maxsize=256)
def _signs_in(content_type: bytes) -> tuple[bytes, ...]:
    """The signs to search for in a page of this type; none if its encoding hides them."""
    if _NO_ASCII.search(content_type):
        return ()
    return _SIGNS if _UTF_8.search(content_type) else _SIGNS + _SIGNS_CP949


def surroundings(block: bytes, start: int) -> tuple[bytes, bytes] | None:
    """
    Return the head of a page, and its first list with the known name, with all around the box.

    A sidebar reads the same from this part, and so does its encoding; copying and decoding the
    whole page would take longer than all else. Both parts begin and end where no character is cut
    in two in any encoding with ASCII in the usual places.

    Returns:
        None if the known name is missing or first stands outside a list; or if the whole page must
        be read: the list is in a comment or hidden, or there are temperatures elsewhere.
    """
    if (at := find(block, MARK, start)) == -1 or block.startswith(_MARKS, start):
        return None
    in_its_tag = block.rfind(b"<ul", max(start, at - TAG_SIZE), at) != -1
    closes = block.find(b"</ul>", at, at + LARGEST)
    if closes == -1 or not in_its_tag:
        return None
    opens = block.rfind(b">", start, max(start, at - _BEFORE)) + 1 or start
    ends = block.find(b"<", closes + _AFTER)
    if not _is_alone(block, start, at, closes, ends if ends != -1 else len(block)):
        return None
    head_ends = block.rfind(b">", start, start + _HEAD) + 1
    return block[start:head_ends], block[opens : ends if ends != -1 else len(block)]


def _is_alone(block: bytes, start: int, at: int, closes: int, ends: int) -> bool:
    """Whether a list is visible, and the page has no sign for degrees before or after it."""
    place = at - start
    seen = blanked(block[start:closes])
    if not seen.startswith(MARK, place) or is_hidden(seen, place, len(seen)):
        return False
    list_at = block.rfind(b"<", start, at)
    return all(
        find(block, sign, start, list_at) == -1 and find(block, sign, ends) == -1
        for sign in _DEGREES
    )


def has(block: bytes, part: bytes) -> bool:
    """Whether some bytes contain a part."""
    return bool(find(block, part) != -1)
