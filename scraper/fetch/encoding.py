"""The encoding of a page: the declared ones, checked by decoding."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

if TYPE_CHECKING:
    from collections.abc import Iterator

# Codecs of Python that decode bytes but are not encodings of a page: an ASCII page could name one
# to avoid UTF-8.
_NO_PAGE = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})

# In these, ASCII markup has zero bytes. Without any, the name is wrong, as it always is in a meta
# element that was found by its ASCII bytes.
_WIDE = ("utf-16", "utf-32")

_HANGUL = re.compile("[가-힣]")


def encoding_of(content_type: str | None, body: bytes) -> str:
    """
    Return the codec that reads a page, such as ``"utf-8"`` or ``"cp949"``.

    The header's charset, the byte order mark, the meta declaration, UTF-8 and CP949 (which is
    EUC-KR and more) are tried in this order; the first that decodes the whole body is taken,
    unless the text has no Hangul and that of a later one has: EUC-KR called ISO-8859-1 decodes,
    as ``¼¿ï``, and is no Korean page.

    Returns:
        If no codec gives a whole text with Hangul: one whose text has Hangul when it is read
        with ``errors="replace"``, then the one that loses the fewest characters, then the first.
    """
    tried: dict[str, tuple[bool, int]] = {}
    for codec in _candidates(content_type, body):
        if codec is None or codec in tried or not _fits(codec, body):
            continue
        tried[codec] = faults = _faults(body, codec)
        if faults == (False, 0):
            return codec
    return min(tried, key=tried.__getitem__)


def _faults(body: bytes, codec: str) -> tuple[bool, int]:
    """Whether the text has no Hangul, and how many characters are lost."""
    try:
        text, lost = body.decode(codec), 0
    except UnicodeError:
        text = body.decode(codec, "replace")
        lost = text.count("\ufffd")
    return _HANGUL.search(text) is None, lost


def _candidates(content_type: str | None, body: bytes) -> Iterator[str | None]:
    """By the header, the byte order mark and the page, each read when needed; then the usual."""
    yield _in_header(content_type)
    yield read_bom(body)[0]
    yield html_body_declared_encoding(body)
    yield from ("utf-8", "cp949")


_in_header = functools.lru_cache(maxsize=64)(http_content_type_encoding)


def _fits(codec: str, body: bytes) -> bool:
    """Whether it may be the encoding of this page, and Python has it."""
    if codec.replace("_", "-") in _NO_PAGE:
        return False
    if codec.startswith(_WIDE) and b"\0" not in body and read_bom(body)[0] is None:
        return False
    try:
        b" ".decode(codec, errors="replace")
    except LookupError:
        return False
    return True
