"""
Whether a page may show a sidebar, told by a search in its bytes: nothing is decoded for it.

Of the pages of an archive few show one, so that this search is most of what an archive costs. A
page that neither names KMA, nor has the known list near its start, nor lists degrees, is passed
over.
"""

from __future__ import annotations

import codecs
import ctypes
import functools
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_MARK: Final = b"weather_slide"
_MARK_WITHIN: Final = 32 * 1024
"""Bytes; the box stands six kilobytes from the start. Farther on, KMA's name alone is a sign."""

_CREDIT_UTF_8: Final = "기상청".encode()
_CREDIT_CP949: Final = "기상청".encode("cp949")

_DEGREES: Final = "℃".encode()
_DEGREES_IN_A_LIST: Final = "℃</li>".encode()
_SHORT: Final = 32 * 1024
"""Bytes in which the sign for degrees alone is looked for: the longer a sign, the quicker."""

_NO_ASCII: Final = re.compile(rb"(?:utf-?(?:7|16|32)|iso-2022|johab)", re.IGNORECASE)
"""Encodings in which neither sign can be searched for."""

_TAG: Final = 300
_LARGEST: Final = 32 * 1024
_BEFORE: Final = 2000
_AFTER: Final = 3000
"""Bytes of a list's tag, of a list, and around it: as much as ``sidebar`` looks at, and more."""

_HEAD: Final = 4096
"""Bytes in which a page declares its encoding."""

_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LETTERS: Final = re.compile(rb"[\x80-\xff]{3,120}")


def may_show(block: bytes, start: int = 0, content_type: bytes = b"") -> bool:
    """
    Whether a page may show a sidebar.

    Args:
        block: The page, perhaps with its headers before it.
        start: Where the page begins.
        content_type: As its headers tell it.
    """
    if contains(block, len(block), _CREDIT_UTF_8) or contains(block, _MARK_WITHIN, _MARK):
        return True
    degrees = _DEGREES if len(block) - start <= _SHORT else _DEGREES_IN_A_LIST
    if contains(block, len(block), degrees):
        return True
    if not _begins_in_utf_8(block, start) and contains(block, len(block), _CREDIT_CP949):
        return True
    return is_no_ascii(block, content_type, start)


def is_no_ascii(block: bytes, content_type: bytes, start: int = 0) -> bool:
    """Whether a page says by its first bytes or its type that its ASCII is not as everywhere."""
    return block.startswith(_MARKS, start) or _names_no_ascii(content_type)


@functools.lru_cache(maxsize=256)
def _names_no_ascii(content_type: bytes) -> bool:
    return _NO_ASCII.search(content_type) is not None


def surroundings(block: bytes, start: int) -> tuple[bytes, bytes] | None:
    """
    The head of a page, and the list where the known name stands first, with all around the box.

    A list that is a sidebar is the same read from this, and its encoding the same told by this: to
    copy and decode the whole page takes longer than all else. Both parts begin and end where no
    character is cut in two in any encoding that has its ASCII in the usual places.

    Returns:
        None where it stands elsewhere first, or nowhere.
    """
    if (at := block.find(_MARK, start)) == -1 or block.startswith(_MARKS, start):
        return None
    in_its_tag = block.rfind(b"<ul", max(start, at - _TAG), at) != -1
    closes = block.find(b"</ul>", at, at + _LARGEST)
    if closes == -1 or not in_its_tag:
        return None
    opens = block.rfind(b">", start, max(start, at - _BEFORE)) + 1 or start
    ends = block.find(b"<", closes + _AFTER)
    head_ends = block.rfind(b">", start, start + _HEAD) + 1
    return block[start:head_ends], block[opens : ends if ends != -1 else len(block)]


def has(block: bytes, part: bytes) -> bool:
    """Whether a part stands anywhere in some bytes."""
    return contains(block, len(block), part)


def _begins_in_utf_8(block: bytes, start: int) -> bool:
    """
    Whether the first letters beyond ASCII are UTF-8, or there are none.

    Korean in CP949 has its first bytes from B0 to C8, none of which begins three bytes of UTF-8.
    """
    letters = _LETTERS.search(block, start)
    if letters is None:
        return True
    try:
        text, _ = codecs.utf_8_decode(letters[0], "strict", False)
    except UnicodeDecodeError:
        return False
    return any(letter >= "\u0800" for letter in text)


def _search() -> Callable[[bytes, int, bytes], bool]:
    """
    The quickest search that there is.

    ``memmem`` of the C library takes a third of the time of ``bytes.find``, and on a page without a
    sidebar there is nothing else to save.
    """
    try:
        memmem = ctypes.PyDLL(None).memmem
    except (AttributeError, OSError, TypeError):
        return lambda block, within, sign: block.find(sign, 0, within) != -1
    memmem.restype = ctypes.c_void_p
    memmem.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]

    def contains(block: bytes, within: int, sign: bytes) -> bool:
        return memmem(block, min(len(block), within), sign, len(sign)) is not None

    return contains


contains: Final = _search()
"""Whether some bytes have others among their first so many; those are one at least."""
