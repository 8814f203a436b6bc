"""Where the records of an archive lie in its file: needed only after a fault, and at the end."""

from __future__ import annotations

import io
import os
import re
import zlib
from typing import TYPE_CHECKING, Final

from fastwarc.stream_io import ZstdReader

from scraper.archive import http
from scraper.archive.page import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

GZIP: Final = b"\x1f\x8b\x08"
ZSTD: Final = b"\x28\xb5\x2f\xfd"
WARC: Final = b"WARC/"
_RECORD: Final = re.compile(rb"\n(?=WARC/1\.\d\r?\n)")
_LENGTH: Final = re.compile(rb"\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r?\n", re.IGNORECASE)
_STEP: Final = 2**20
_TAIL: Final = 16
_WHOLE: Final = MOST_BYTES + 2 * http.HEAD_BYTES
_BLANK: Final = b"\r\n\r\n"
_HEAD: Final = 4096
"""Bytes of a gzip member or zstd frame to inflate in search of the beginning of a record."""


class Places:
    """
    Finds the beginnings and ends of records.

    Args:
        stream: The file, which can seek; it is left at another place.
        magic: Its first bytes.
    """

    def __init__(self, stream: BinaryIO, magic: bytes) -> None:
        self._stream, self._magic = stream, magic

    def next_record(self, start: int) -> int | None:
        """The place of the next record from this byte on; None if there is none."""
        kept = b""
        self._stream.seek(start)
        while step := self._stream.read(_STEP):
            window = kept + step
            for at in self._beginnings(window):
                if self._begins(start + at):
                    return start + at
            # A beginning may lie across two steps; it is not found twice.
            kept = window[-_TAIL:]
            start += len(window) - len(kept)
            self._stream.seek(start + len(kept))
        return None

    def _beginnings(self, window: bytes) -> Iterator[int]:
        """The places in a part of the file at which a record may begin."""
        for magic in (GZIP, ZSTD):
            if self._magic.startswith(magic):
                return (found.start() for found in re.finditer(re.escape(magic), window))
        return (found.end() for found in _RECORD.finditer(window))

    def _begins(self, at: int) -> bool:
        """Whether a record begins at this byte."""
        self._stream.seek(at)
        head = self._stream.read(_HEAD)
        try:
            if head.startswith(GZIP):
                head = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, len(WARC))
            elif head.startswith(ZSTD):
                head = ZstdReader(io.BytesIO(head)).read(len(WARC))
        except (zlib.error, OSError):
            return False
        return head.startswith(WARC)

    def is_whole(self, at: int) -> bool:
        """Whether the record at this byte is intact although the bytes after it are damaged."""
        if self._magic.startswith(ZSTD):
            return False
        if self._magic.startswith(GZIP):
            record, end = self._member(at)
            if end is None:
                return False
        else:
            self._stream.seek(at)
            record = self._stream.read(_WHOLE)
        head_ends = record.find(_BLANK) + len(_BLANK)
        if (length := _LENGTH.search(record, 0, head_ends)) is None:
            return False
        return record.startswith(_BLANK, head_ends + int(length[1]))

    def is_padded(self, at: int) -> bool:
        """Whether only zero bytes follow the gzip member at this byte, which are no fault."""
        _, ends = self._member(at) if self._magic.startswith(GZIP) else (b"", None)
        if ends is None:
            return False
        self._stream.seek(ends)
        is_padded = False
        while padding := self._stream.read(_STEP):
            if padding.strip(b"\0"):
                return False
            is_padded = True
        return is_padded

    def is_cut(self, at: int) -> bool:
        """Whether the file ends within the record at this byte, or within a later one."""
        size = self._stream.seek(0, os.SEEK_END)
        if self._magic.startswith(GZIP):
            ends: int | None = at
            while ends is not None and ends < size and self._has_magic(ends):
                _, ends = self._member(ends)
            return ends is None
        if self._magic.startswith(WARC):
            self._stream.seek(max(0, size - len(_BLANK)))
            return self._stream.read(len(_BLANK)) != _BLANK
        return False

    def _has_magic(self, at: int) -> bool:
        """Whether a gzip member begins at this byte, perhaps with only some of its first bytes."""
        self._stream.seek(at)
        return GZIP.startswith(self._stream.read(len(GZIP)))

    def _member(self, at: int) -> tuple[bytes, int | None]:
        """The first bytes of a gzip member, and its end; None if it is damaged."""
        self._stream.seek(at)
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        begins = bytearray()
        try:
            while not member.eof:
                piece = member.unconsumed_tail or self._stream.read(_HEAD)
                if not piece:
                    return bytes(begins), None
                inflated = member.decompress(piece, _STEP)
                begins += inflated[: _WHOLE - len(begins)]
        except zlib.error:
            return bytes(begins), None
        return bytes(begins), self._stream.tell() - len(member.unused_data)
