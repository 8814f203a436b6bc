"""Inflates a body piece by piece, never beyond a limit."""

from __future__ import annotations

import re
import zlib
from typing import Protocol

from scraper.errors import FetchError

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS

_MAGIC = b"\x1f\x8b"  # RFC 1952, 2.3.1

# Encodings that change a body: the registry of IANA, and others in use. Some servers send a
# charset here, or "none"; browsers then take the body as it is.
_COMPRESSION = re.compile(
    r"(x-)?(gzip|compress|bzip2)|deflate|br|zstd|dcb|dcz|exi|aes128gcm|pack200-gzip|lzma|xz|lz4"
)

# The rest of a piece is copied for every gzip member in it, and a member may have 20 bytes: small
# pieces keep a body of many members cheap.
_PIECE_BYTES = 4096


class Inflater(Protocol):
    """Inflates a body as it arrives."""

    def feed(self, piece: bytes, room: int) -> bytes:
        """
        Inflate one more piece.

        Args:
            piece: The next bytes as received.
            room: The most bytes to return.

        Returns:
            At most ``room + 1`` bytes: ``room + 1`` means that there was more.

        Raises:
            FetchError: The piece is damaged.
        """

    def finish(self) -> None:
        """
        Mark the end of the body.

        Raises:
            FetchError: The body stops in the middle.
        """


def inflater(url: str, content_encoding: str) -> Inflater:
    """
    Choose the inflater of a body.

    Args:
        url: The address, for errors.
        content_encoding: The header of that name, empty if missing.

    Raises:
        FetchError: It is an encoding that we did not ask for, or several on top of each other.
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
    """
    A sequence of gzip members, as servers make them that compress part by part.

    Other bytes after a member are ignored, as browsers ignore them.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._member = zlib.decompressobj(_GZIP)
        self._head = b""
        self._ended = False

    def feed(self, piece: bytes, room: int) -> bytes:
        if len(self._head) < len(_MAGIC):
            self._head += piece[: len(_MAGIC)]
            if not _MAGIC.startswith(self._head[: len(_MAGIC)]):
                problem = "damaged compression: not gzip, as its Content-Encoding says"
                raise FetchError(self._url, problem)
        inflated = bytearray()
        for start in range(0, len(piece), _PIECE_BYTES):
            rest = self._unread(piece[start : start + _PIECE_BYTES])
            while rest and len(inflated) <= room:
                inflated += _inflated(self._url, self._member, rest, room - len(inflated))
                rest = self._unread(self._member.unused_data)
        return bytes(inflated)

    def _unread(self, rest: bytes) -> bytes:
        """Return the bytes for the current member; begin a new one if the last one ended."""
        if not self._member.eof:
            return rest
        rest = rest.lstrip(b"\0")  # padding between and after members, as gzip itself allows
        if self._ended or not _MAGIC.startswith(rest[: len(_MAGIC)]):
            self._ended = True
            return b""
        if rest:
            self._member = zlib.decompressobj(_GZIP)
        return rest

    def finish(self) -> None:
        if not self._member.eof:
            raise FetchError(self._url, "cut short in the middle of its gzip stream")


class _Deflate:
    """The deflate of the standard (zlib), or raw deflate, which some servers send by that name."""

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
    """Distinguish zlib (RFC 1950: method 8, and a header divisible by 31) from raw deflate."""
    is_zlib = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    return _ZLIB if is_zlib else _RAW


def _inflated(url: str, stream: zlib._Decompress, piece: bytes, room: int) -> bytes:
    try:
        return stream.decompress(piece, room + 1)
    except zlib.error as exc:
        raise FetchError(url, f"damaged compression: {exc}") from exc
