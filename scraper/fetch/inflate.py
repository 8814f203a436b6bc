"""Inflating a body piece by piece, never beyond a bound."""

from __future__ import annotations

import re
import zlib
from typing import Protocol

from scraper.errors import FetchError

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS

# What changes a body: the registry of IANA, and what is in use beside it. Some servers name a
# charset there, or "none"; browsers take the body as it is.
_COMPRESSION = re.compile(
    r"(x-)?(gzip|compress|bzip2)|deflate|br|zstd|dcb|dcz|exi|aes128gcm|pack200-gzip|lzma|xz|lz4"
)

# What is left of a piece is copied for every gzip member in it, and a member may have 20 bytes:
# small pieces keep a body of nothing but members cheap.
_PIECE_BYTES = 4096


class Inflater(Protocol):
    """Takes a body as it comes off the wire."""

    def feed(self, piece: bytes, room: int) -> bytes:
        """
        Inflate one more piece.

        Args:
            piece: The next bytes off the wire.
            room: Bytes that may still come of it.

        Returns:
            At most ``room + 1`` bytes: one more than ``room`` says that there was more.

        Raises:
            FetchError: The piece is damaged.
        """

    def finish(self) -> None:
        """
        Say that nothing more will come.

        Raises:
            FetchError: The body stops in the middle.
        """


def inflater(url: str, content_encoding: str) -> Inflater:
    """
    Choose how to read a body.

    Args:
        url: Whose body it is, for errors.
        content_encoding: The header of that name, empty where there was none.

    Raises:
        FetchError: An encoding that we did not ask for, or several, one on the other.
    """
    layers = [name.strip().lower() for name in content_encoding.split(",")]
    match [name for name in layers if _COMPRESSION.fullmatch(name)]:
        case []:
            return _Identity()
        case ["gzip" | "x-gzip"]:
            return _Gzip(url)
        case ["deflate"]:
            return _Deflate(url)
        case _:
            problem = f"Content-Encoding {content_encoding[:80]!r}, expected gzip or deflate"
            raise FetchError(url, problem)


class _Identity:
    def feed(self, piece: bytes, room: int) -> bytes:
        return piece[: room + 1]

    def finish(self) -> None:
        pass


class _Gzip:
    """Members one after the other, as a server makes them that compresses part by part."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._member = zlib.decompressobj(_GZIP)

    def feed(self, piece: bytes, room: int) -> bytes:
        inflated = bytearray()
        for start in range(0, len(piece), _PIECE_BYTES):
            rest = self._unread(piece[start : start + _PIECE_BYTES])
            while rest and len(inflated) <= room:
                inflated += _inflated(self._url, self._member, rest, room - len(inflated))
                rest = self._unread(self._member.unused_data)
        return bytes(inflated)

    def _unread(self, rest: bytes) -> bytes:
        """Give what the current member has to read, beginning a new one where the last ended."""
        if not self._member.eof:
            return rest
        rest = rest.lstrip(b"\0")  # padding between and after members, as gzip itself allows
        if rest:
            self._member = zlib.decompressobj(_GZIP)
        return rest

    def finish(self) -> None:
        if not self._member.eof:
            raise FetchError(self._url, "cut short in the middle of its gzip stream")


class _Deflate:
    """What the standard calls deflate (zlib), or what some servers send by that name (raw)."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._head = b""
        self._stream: zlib._Decompress | None = None

    def feed(self, piece: bytes, room: int) -> bytes:
        if self._stream is None:
            self._head += piece
            if len(self._head) < 2:
                return b""
            self._stream, piece = zlib.decompressobj(_wbits(self._head)), self._head
        return _inflated(self._url, self._stream, piece, room)

    def finish(self) -> None:
        if self._stream is None or not self._stream.eof:
            raise FetchError(self._url, "cut short in the middle of its deflate stream")


def _wbits(head: bytes) -> int:
    """Tell zlib (RFC 1950: method 8, and a header divisible by 31) from raw deflate."""
    is_zlib = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    return _ZLIB if is_zlib else _RAW


def _inflated(url: str, stream: zlib._Decompress, piece: bytes, room: int) -> bytes:
    try:
        return stream.decompress(piece, room + 1)
    except zlib.error as exc:
        raise FetchError(url, f"damaged compression: {exc}") from exc
