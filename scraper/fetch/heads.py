"""
Heads of answers as servers send them, repaired as far as browsers repair them.

h11 refuses a whole answer for one odd line of its head. A line that cannot change the meaning of
the answer is repaired or dropped:

    HTTP/1.1 200 OK             HTTP/1.1 200 OK
    X-Cache : MISS              X-Cache: MISS
    X Powered By: PHP
    "X-Frame-Options: DENY"
    Transfer-Encoding: chunked  Transfer-Encoding: chunked
    Transfer-Encoding: chunked

Lines that may change it are left for h11 to refuse: control characters, contradictory lengths,
unknown transfer encodings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scraper.http import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

_MAX_BYTES = 100 * 1024  # the limit that httpcore sets for h11
_END = re.compile(rb"\n\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")  # RFC 9112, 5.2: a value that continues in the next line
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:(.*)", re.DOTALL)  # RFC 9110, 5.1
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_INTERIM = re.compile(rb"HTTP/1\.[01] 1\d\d\b")
_TRANSFER = b"transfer-encoding"


class LenientStream(httpcore.AsyncNetworkStream):
    """A connection that repairs the head of its answer."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream, self._heads = stream, Heads()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Return the next bytes; empty at the end."""
        while True:
            piece = await self._stream.read(max_bytes, timeout)
            if mended := self._heads.feed(piece):
                return mended
            if not piece:
                return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Send all of it."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> LenientStream:
        """Return the same connection under TLS, with its own answer."""
        try:
            secured = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:  # httpcore closes a failed handshake, but not a cancelled one
            await self.aclose()
            raise
        return LenientStream(secured)

    def get_extra_info(self, info: str) -> Any:
        """Return information about the connection."""
        return self._stream.get_extra_info(info)


class Heads:
    """The bytes of one answer; its head is held back until it is complete."""

    def __init__(self) -> None:
        self._head, self._whole = bytearray(), False

    def feed(self, piece: bytes) -> bytes:
        """
        Take the next bytes off the wire.

        Args:
            piece: The bytes; empty at the end.

        Returns:
            The bytes that h11 may read now.
        """
        if self._whole:
            return piece
        mended = b"".join(self._ended(piece))
        self._whole = self._whole or not piece or len(self._head) > _MAX_BYTES
        if self._whole:
            mended += self._head
            self._head.clear()
        return mended

    def _ended(self, piece: bytes) -> Iterator[bytes]:
        """Yield each head that ends within the piece, up to that of the answer itself."""
        start = max(0, len(self._head) - 3)  # the end may have begun in the piece before
        self._head += piece
        while not self._whole:
            if start == 0 and self._head[:1] in b"\r\n":
                self._head = self._head.lstrip(b"\r\n")
            end = _END.search(self._head, start)
            if end is None:
                return
            head = bytes(self._head[: end.start()])
            del self._head[: end.end()]
            self._whole, start = not _INTERIM.match(head), 0
            yield mended(head)


def mended(head: bytes) -> bytes:
    """Return a head that h11 accepts, with the empty line at its end; ``head`` has none."""
    first, *lines = (line.removesuffix(b"\r") for line in _FOLD.sub(b" ", head).split(b"\n"))
    return b"\r\n".join([first, *_one_transfer_encoding(list(_fields(lines))), b"", b""])


def _fields(lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        if field := _FIELD.fullmatch(line):
            yield b"%b:%b" % field.groups()
        elif _CONTROL.search(line):
            yield line  # h11 refuses it


def _one_transfer_encoding(fields: list[bytes]) -> Iterator[bytes]:
    """Return the fields with ``chunked`` once, and without ``identity`` (RFC 2616)."""
    own = [field for field in fields if field.partition(b":")[0].lower() == _TRANSFER]
    values = b",".join(field.partition(b":")[2] for field in own).lower().split(b",")
    codings = {value.strip() for value in values} - {b"", b"identity"}
    if codings - {b"chunked"}:
        yield from fields
        return
    yield from (field for field in fields if field not in own)
    if codings:
        yield b"Transfer-Encoding: chunked"
