"""The encoding of a page: what it declares, held against what decodes."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Codecs of Python that take bytes for text but are no encoding of a page: with them any ASCII
# page could name its way past UTF-8.
_NO_PAGE = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})


def encoding_of(content_type: str | None, body: bytes) -> str:
    """
    Find the codec that reads a page, such as ``"utf-8"`` or ``"cp949"``.

    The header's charset, the byte order mark, the meta declaration, UTF-8 and CP949 (which is
    EUC-KR and more) are tried in this order; the first that decodes the whole body is taken.

    Returns:
        Where none does, the one with which the fewest characters are lost when it is read with
        ``errors="replace"``.
    """
    tried = []
    for codec in itertools.chain(_declared(content_type, body), ("utf-8", "cp949")):
        if _decodes(body, codec):
            return codec
        tried.append(codec)
    return min(filter(_is_text, tried), key=lambda codec: _lost(body, codec))


def _declared(content_type: str | None, body: bytes) -> Iterator[str]:
    """What the header, the byte order mark and the page itself say, each read when it is wanted."""
    tellers: tuple[Callable[[], str | None], ...] = (
        lambda: _in_header(content_type),
        lambda: read_bom(body)[0],
        lambda: html_body_declared_encoding(body),
    )
    for tell in tellers:
        codec = tell()
        if codec is not None and codec.replace("_", "-") not in _NO_PAGE:
            yield codec


_in_header = functools.lru_cache(maxsize=64)(http_content_type_encoding)


def _decodes(body: bytes, codec: str) -> bool:
    try:
        body.decode(codec)
    except (UnicodeError, LookupError):  # LookupError: "base64" and the like are not for text
        return False
    return True


def _lost(body: bytes, codec: str) -> int:
    return body.decode(codec, "replace").count("\ufffd")


def _is_text(codec: str) -> bool:
    try:
        b" ".decode(codec, errors="replace")
    except LookupError:
        return False
    return True
