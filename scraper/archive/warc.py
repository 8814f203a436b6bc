"""
WARC and WET: the pages of an archive that may show a sidebar.

Damaged records are counted and skipped; reading resumes at the next intact record of the file.
Where a record's length disagrees with its bytes, the bytes count.

While a gzip archive is intact, a thread inflates it ahead of its reader, and the places of records
are not known. At the first fault the file is read again without the thread; the records that were
complete are skipped.
"""

from __future__ import annotations

import base64
import hashlib
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

from fastwarc.warc import ArchiveIterator, WarcHeader, WarcRecordType

from scraper.archive import http, prefilter, streams
from scraper.archive.http import Head
from scraper.archive.page import MOST_BYTES, Refused, SavedPage, time_of
from scraper.archive.places import GZIP, WARC, Places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from fastwarc.warc import WarcRecord

    from scraper.archive.tally import Tally

_TYPES: Final = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion
_INSIDE: Final = b"\r\n\r\nWARC/1."
_HEARTBEAT: Final = 128
"""After this many records without a page, None reports progress."""

_MOST_DAMAGES: Final = 1000
"""With this many faults a file no longer counts as an archive."""

_CUT: Final = "cut short"


class Damaged(Exception):
    """The archive cannot be read beyond this place; the text says why in a few words."""


class _TooLarge(Exception):
    """A record is so large that searching for the next one is faster than reading it."""


_INTERRUPTIONS: Final[tuple[type[Exception], ...]] = (Damaged, _TooLarge, *streams.FAULTS)


class Archive:
    """
    An archive that is being read.

    Args:
        stream: The file, or a pipe.
        tally: Gets the counts of pages.

    Attributes:
        troubles: Its faults, a few words each.
        records: The number of records of pages and files so far.
    """

    def __init__(self, stream: BinaryIO, tally: Tally) -> None:
        can_seek = stream.seekable()
        self._stream: Any = stream if can_seek else streams.Pipe(stream)
        self._tally = tally
        self._magic = stream.read(len(WARC)) if can_seek else b""
        self._places = Places(stream, self._magic) if can_seek else None
        self._ahead = streams.CAN_READ_AHEAD and self._magic.startswith(GZIP)
        self._at = self._damages = self._complete = 0
        self._held: SavedPage | None = None
        self._last_trouble = ""
        self.troubles: list[str] = []
        self.records = 0

    def pages(self) -> Iterator[SavedPage | None]:
        """Yield the pages that may show a sidebar, and None now and then while there are none."""
        start: int | None = 0
        while start is not None:
            try:
                yield from self._pages_from(start)
            except (Damaged, _TooLarge) as exc:
                if self._ahead:
                    self._ahead, self._complete = False, self.records
                    continue
                if isinstance(exc, Damaged):
                    self._trouble(str(exc))
                    if self._held is not None and self._places and self._places.is_whole(self._at):
                        yield self._held
                    self._held = None
                start = self._next_record(max(self._at, start) + 1)
            else:
                if self._held is not None:
                    yield self._held
                self._check_end()
                start = None

    def _trouble(self, what: str) -> None:
        self._damages += 1
        self._last_trouble = what
        self._tally.refused[what if what == _CUT else "damaged"] += 1
        if len(self.troubles) < 3:
            where = f"after {self.records} records" if self.records else "at its beginning"
            self.troubles.append(f"{what} {where}")

    def _pages_from(self, start: int) -> Iterator[SavedPage | None]:
        """
        Yield the pages from this byte on, each once the bytes after it are found to be intact.

        Raises:
            Damaged: The archive, or the current record.
            _TooLarge: The current record, and the file can seek.
        """
        if self._places is not None:
            self._stream.seek(start)
        complete, self._complete = self._complete, 0
        opened = streams.inflated_ahead(self._stream) if self._ahead else nullcontext(self._stream)
        try:
            with opened as stream:
                records = ArchiveIterator(stream, record_types=_TYPES, parse_http=False)
                for nth, record in enumerate(records, start=1):
                    self._at = start + record.stream_pos
                    if nth > complete:
                        if self._held is not None:
                            yield self._held
                            self._held = None
                        self._take(record)
                    if nth % _HEARTBEAT == 0:
                        yield None
        except streams.FAULTS as exc:
            if self._places and not self._ahead and self._places.is_padded(self._at):
                return
            msg = "damaged"
            raise Damaged(msg) from exc

    def _take(self, record: WarcRecord) -> None:
        """Hold the page of a record, if it may show a sidebar, and count it."""
        pages = self._tally.pages
        self.records += 1
        try:
            self._held = self._page(record)
        except Refused as exc:
            self._tally.refused[str(exc)] += 1
        except _INTERRUPTIONS:
            if self._ahead:  # the record is read again
                self.records -= 1
                self._tally.pages = pages
            raise

    def _page(self, record: WarcRecord) -> SavedPage | None:
        """
        The page of a record; None if it cannot show a sidebar.

        Raises:
            Refused: It may show one, but cannot be taken.
            Damaged: The record is not as long as it says, or the archive ends in it.
            _TooLarge: It is too large for a page, and the file can seek.
        """
        length = record.content_length
        if length > MOST_BYTES + http.HEAD_BYTES:
            self._skip(record)
            return None
        block = record.reader.read(length)  # room for all of it at once
        if len(block) < length:
            raise Damaged(_CUT)
        head = http.head(block) if block.startswith(b"HTTP/") else _head_of(record)
        if head is None:
            return None
        self._tally.pages += 1
        start, body = head.length, block
        if head.content_encoding or head.transfer_encoding:
            self._check_length(block)
            start, body = 0, http.body(block, head)
        if not prefilter.may_show(body, start, head.content_type):
            return None
        self._check_length(block)
        if head.is_cut(block):
            raise Refused(_CUT)
        if not self._magic.startswith(GZIP):  # which has its own checksums
            _check_digest(record.headers.get(WarcHeader.WARC_BLOCK_DIGEST), block)
        return _as_page(record, body[start:], head)

    def _check_length(self, block: bytes) -> None:
        if prefilter.has(block, _INSIDE):
            msg = "a record with a wrong length"
            raise Damaged(msg)

    def _skip(self, record: WarcRecord) -> None:
        """Skip a record that is, or claims to be, too large for a page."""
        if not self._ahead:
            block = record.reader.read(http.HEAD_BYTES)
            if http.head(block) is not None or _head_of(record) is not None:
                self._tally.pages += 1
                self._tally.refused["too large"] += 1
        if self._places is not None:
            raise _TooLarge

    def _next_record(self, start: int) -> int | None:
        """The place of the next record from this byte on; None if reading ends."""
        if self._places is None or self._damages >= _MOST_DAMAGES:
            return None
        return self._places.next_record(start)

    def _check_end(self) -> None:
        """Report an archive that ends too early; fastwarc takes that for its end."""
        if self._places is None or self._last_trouble == _CUT:
            return
        if not self.records and not self._damages:
            self._trouble("no record" if self._magic else "empty")
            return
        if not self._ahead and self._places.is_cut(self._at):
            self._trouble(_CUT)


def _as_page(record: WarcRecord, body: bytes, head: Head) -> SavedPage:
    if len(body) > MOST_BYTES:
        msg = "too large"
        raise Refused(msg)
    headers = record.headers
    return SavedPage(
        url=(headers.get(WarcHeader.WARC_TARGET_URI) or "").strip("<> ") or None,
        captured_at=time_of(headers.get(WarcHeader.WARC_DATE) or ""),
        content_type=head.content_type.decode("latin-1") or None,
        body=body,
        cut_short=headers.get(WarcHeader.WARC_TRUNCATED) is not None,
        age_s=head.age_s,
    )


def _head_of(record: WarcRecord) -> Head | None:
    """The headers of a record without HTTP headers; None if it cannot be a page."""
    content_type = record.headers.get(WarcHeader.CONTENT_TYPE) or ""
    if not http.is_text(content_type):
        return None
    return Head(0, content_type.encode("latin-1", "replace"), "", "")


def _check_digest(digest: str | None, block: bytes) -> None:
    """Refuse a block whose digest differs; digests of unknown kinds are ignored."""
    kind, _, expected = (digest or "").partition(":")
    if kind.lower() != "sha1":
        return
    found = hashlib.sha1(block, usedforsecurity=False).digest()
    if expected.upper() not in (base64.b32encode(found).decode(), found.hex().upper()):
        msg = "damaged"
        raise Refused(msg)
