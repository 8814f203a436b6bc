"""A response as archived: status line, headers and body -> the body as printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from scraper.archive.page import MOST_BYTES, Refused
from scraper.errors import FetchError
from scraper.fetch.headers import age_s
from scraper.fetch.inflate import inflater

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD_BYTES: Final = 64 * 1024
_OK: Final = re.compile(rb"HTTP/\d(?:\.\d)? 200\b")
_END: Final = re.compile(rb"\n\r?\n")
"""Begins with one certain byte, to which a search skips."""

_HEADERS: Final = re.compile(
    rb"\n(content-(?:type|encoding|length)|transfer-encoding|age)[ \t]*:[ \t]*([^\r\n]*)",
    re.IGNORECASE,
)
_TEXT: Final = re.compile(rb"text/(?:html|plain)|application/xhtml\+xml|$", re.IGNORECASE)
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]{0,200}\r?\n")


class Head(NamedTuple):
    """
    The headers of a response, as far as they describe its body.

    Attributes:
        length: Bytes of status line and headers.
        content_type: As sent; empty if missing.
        content_encoding, transfer_encoding: In lower case; empty if missing.
        content_length: Bytes of the body, as sent; None if missing.
        age_s: Seconds for which a cache had kept it; None if not sent.
    """

    length: int
    content_type: bytes
    content_encoding: str
    transfer_encoding: str
    content_length: int | None = None
    age_s: int | None = None

    def is_cut(self, block: bytes) -> bool:
        """Whether a response is shorter than it was when sent; many archives store it inflated."""
        if self.content_length is None or self.transfer_encoding:
            return False
        return len(block) - self.length < self.content_length


def head(block: bytes) -> Head | None:
    """Return the headers of a response that can be a page; None for any other bytes."""
    if not _OK.match(block) or (end := _END.search(block, 0, HEAD_BYTES)) is None:
        return None
    sent = {name.lower(): value for name, value in _HEADERS.findall(block, 0, end.start())}
    content_type = sent.get(b"content-type", b"")
    if not _TEXT.match(content_type):
        return None
    length = _text(sent, b"content-length")
    return Head(
        end.end(),
        content_type,
        _text(sent, b"content-encoding"),
        _text(sent, b"transfer-encoding"),
        int(length) if length.isdecimal() and length.isascii() and len(length) < 12 else None,
        age_s(_text(sent, b"age")) if b"age" in sent else None,
    )


def _text(sent: Mapping[bytes, bytes], name: bytes) -> str:
    """A header in lower case; empty if missing."""
    return sent[name].decode("latin-1").strip().lower() if name in sent else ""


def is_text(content_type: str) -> bool:
    """Whether a body of this type can be a page."""
    return _TEXT.match(content_type.encode("latin-1", "replace")) is not None


def body(block: bytes, head: Head) -> bytes:
    """
    Return the body as printed.

    Many archives inflate a body but keep its headers; the bytes tell which happened.

    Raises:
        Refused: It cannot be inflated, or is too large.
    """
    rest = block[head.length :]
    if "chunked" in head.transfer_encoding:
        rest = _joined(rest)
    return _inflated(rest, head.content_encoding) if head.content_encoding else rest


def _joined(rest: bytes) -> bytes:
    """
    The chunks of a body in one, or all of it where it is not in chunks.

    Raises:
        Refused: The body ends within a chunk.
    """
    parts, at = [], 0
    while (size := _CHUNK.match(rest, at)) is not None:
        length = int(size[1], 16)
        parts.append(rest[size.end() : size.end() + length])
        at = size.end() + length
        if at > len(rest):
            msg = "cut short"
            raise Refused(msg)
        if not length:
            break
        at += 2 if rest.startswith(b"\r\n", at) else rest.startswith(b"\n", at)
    else:
        if at < len(rest) or not parts:
            return rest
    return b"".join(parts)


def _inflated(rest: bytes, encoding: str) -> bytes:
    if encoding == "br":
        return _unbrotlied(rest)
    if "gzip" in encoding and not rest.startswith(b"\x1f\x8b"):
        return rest
    try:
        inflate = inflater("", encoding)
        whole = inflate.feed(rest, MOST_BYTES)
    except FetchError as exc:
        if encoding == "deflate":
            return rest
        msg = "cannot be inflated"
        raise Refused(msg) from exc
    if len(whole) > MOST_BYTES:
        msg = "too large"
        raise Refused(msg)
    try:
        inflate.finish()
    except FetchError as exc:
        msg = "cut short"
        raise Refused(msg) from exc
    return whole


def _unbrotlied(rest: bytes) -> bytes:
    import io  # noqa: PLC0415 - rare

    from fastwarc.stream_io import BrotliReader  # noqa: PLC0415 - an extra

    try:
        reader, whole = BrotliReader(io.BytesIO(rest)), b""
        while len(whole) <= MOST_BYTES and (piece := reader.read(MOST_BYTES)):
            whole += piece
    except OSError:
        return rest
    if len(whole) > MOST_BYTES:
        msg = "too large"
        raise Refused(msg)
    return whole
