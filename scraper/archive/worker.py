"""A process that reads archives: files in, batches of sightings out."""

from __future__ import annotations

import gc
import gzip
import json
import os
import signal
import time
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from scraper.archive import files, jsonl, portals, prefilter, warc
from scraper.archive.extract import Reader, rows
from scraper.archive.page import MOST_BYTES, Refused, SavedPage
from scraper.archive.places import GZIP, ZSTD
from scraper.archive.portals import Portals
from scraper.archive.tally import Tally

if TYPE_CHECKING:
    import datetime as dt
    import io
    from collections.abc import Iterator, Mapping
    from multiprocessing.connection import Connection

    from db.reading import Content
    from db.write.captures import Precision
    from scraper.archive.files import Source
    from scraper.archive.page import Sighting
    from scraper.vocabulary import Words

MOST_ROWS: Final = 1000
MOST_BATCH_BYTES: Final = 2**20
EVERY_S: Final = 0.25
"""A batch is sent at this size, or this age."""

_MOST_HELD: Final = 8
_MOST_HELD_BYTES: Final = 2**19
"""So many pages are read one after another: the processor then keeps the code that reads them."""

_MOST_SENT: Final = 100_000
_HEAD: Final = 2048
_CONTENT_BYTES: Final = 4096
_LONGEST_WORD: Final = 80

Row = tuple[
    str, "dt.datetime", "Precision", bytes, "Content | None", "dt.date | None", "int | None"
]
"""A capture: portal, time, precision, digest, content unless sent before, page date, Age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """
    The settings for all processes.

    Attributes:
        names: The names of known portals, by host.
        only_known: Whether pages of other portals are refused.
        portal: The portal of pages without an address.
        date: The day of pages with neither time nor date.
        not_after: The latest possible time of a capture; aware.
        words: The meanings of printed words.
        as_json: Whether to return readings as JSON lines instead of captures.
    """

    names: Mapping[str, str]
    only_known: bool
    portal: str | None
    date: dt.date | None
    not_after: dt.datetime
    words: Words
    as_json: bool


@dataclass(slots=True)
class Batch:
    """
    The results since the last batch.

    Attributes:
        rows: Captures.
        json: Readings as JSON lines.
        tally: The counts.
        bytes_read: Bytes of the files as stored on the disk.
        finished: A file that was read to its end.
        troubles: The faults of that file.
        unreadable: Whether that file has no readable record.
    """

    rows: list[Row] = field(default_factory=list)
    json: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    bytes_read: int = 0
    finished: Source | None = None
    troubles: list[str] = field(default_factory=list)
    unreadable: bool = False


def run(connection: Connection, orders: Orders, stdin: Any) -> None:
    """Read the files that come through the connection, until None comes or it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent process
    worker = Worker(orders, stdin)
    _make_lasting()
    try:
        while (job := connection.recv()) is not None:
            for source in job:
                for batch in worker.read(source):
                    connection.send(batch)
    except (EOFError, OSError):  # the parent process has ended
        os._exit(1)


def _make_lasting() -> None:
    """Keep modules from the collector, and freed memory from the system, for page after page."""
    gc.freeze()
    bytes(MOST_BYTES)  # glibc keeps up to twice the largest block that was freed


class Worker:
    """
    Reads one file after another.

    Args:
        orders: The settings.
        stdin: Standard input, as ``multiprocessing`` passes it on.
    """

    def __init__(self, orders: Orders, stdin: Any = None) -> None:
        self._orders, self._stdin = orders, stdin
        self._reader = Reader(
            Portals(orders.names, only_known=orders.only_known),
            orders.words,
            portal=orders.portal,
            date=orders.date,
            not_after=orders.not_after,
        )
        self._sent: set[tuple[bytes, int]] = set()
        self._tally = Tally()
        self._held: list[SavedPage] = []
        self._held_bytes = 0
        self._batch, self._weight, self._since = Batch(), 0, time.monotonic()

    def read(self, source: Source) -> Iterator[Batch]:
        """
        Yield the contents of a file in batches; the last one names it as finished.

        The last batch also has the faults of the file.
        """
        troubles: list[str] = []
        pages = at = 0
        try:
            with self._opened(source) as stream:
                for page in self._pages(source, stream, troubles):
                    self._hold(page)
                    if self._is_due():
                        at = self._count_bytes(stream, at)
                        pages += self._tally.pages
                        yield self._sendable()
                self._count_bytes(stream, at)
        except (OSError, EOFError, zlib.error) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else None
            troubles.append(reason or "damaged")
            self._tally.refused["damaged"] += reason is None
        self._take_held()
        pages += self._tally.pages
        self._batch.finished, self._batch.troubles = source, troubles
        self._batch.unreadable = bool(troubles) and not pages
        yield self._sendable()

    # ---- pages

    @contextmanager
    def _opened(self, source: Source) -> Iterator[io.BufferedReader]:
        if source.path != files.STDIN:
            with Path(source.path).open("rb") as opened:
                yield opened
        else:
            with open(self._stdin.detach(), "rb") as opened:  # noqa: PTH123 - it has no path
                yield opened

    def _pages(
        self, source: Source, stream: io.BufferedReader, troubles: list[str]
    ) -> Iterator[SavedPage | None]:
        """Yield the pages of a file that may show a sidebar, and None now and then."""
        head = stream.peek(_HEAD)
        packed = head.startswith(GZIP)
        if packed:
            head = _inflated(head)
        kind = "warc" if head.startswith(ZSTD) else files.kind(source.path, head)
        if kind == "warc":
            archive = warc.Archive(stream, self._tally)
            yield from archive.pages()
            troubles += archive.troubles
            return
        inflated = cast("BinaryIO", gzip.GzipFile(fileobj=stream)) if packed else stream
        if kind == "lines":
            yield from jsonl.pages(inflated, self._tally, troubles)
        elif kind == "page":
            yield self._page(source, inflated.read(MOST_BYTES + 1))
        elif source.named:
            troubles.append("neither an archive nor a page" if head else "empty")

    def _page(self, source: Source, body: bytes) -> SavedPage | None:
        """Return a file as a page of unknown time: the time of the file is another."""
        tally = self._tally
        tally.pages += 1
        if len(body) > MOST_BYTES:
            tally.refused["too large"] += 1
            return None
        if not prefilter.may_show(body):
            return None
        url = portals.address_by_folder(Path(source.name)) or portals.address_in(body)
        return SavedPage(url=url, captured_at=None, content_type=None, body=body)

    def _hold(self, page: SavedPage | None) -> None:
        """Hold a page until some can be read together; None, for no page, reads those that wait."""
        if page is not None:
            self._held.append(page)
            self._held_bytes += len(page.body)
            if len(self._held) < _MOST_HELD and self._held_bytes < _MOST_HELD_BYTES:
                return
        self._take_held()

    def _take_held(self) -> None:
        for page in self._held:
            self._take(page)
        self._held.clear()
        self._held_bytes = 0

    def _take(self, page: SavedPage) -> None:
        """Read a page, and add the result to the batch."""
        tally = self._tally
        try:
            seen = self._reader.sighting(page)
        except Refused as exc:
            tally.refused[str(exc)] += 1
            return
        if seen is None:
            return
        tally.sidebars += 1
        if self._orders.as_json:
            lines = [json.dumps(row, ensure_ascii=False) for row in rows(seen)]
            self._batch.json += lines
            self._weight += sum(map(len, lines))
        else:
            self._batch.rows.append(self._row(seen))

    def _row(self, seen: Sighting) -> Row:
        """
        Return a capture; its content is added once, and again if a page printed it differently.

        The database keeps the same page of each content in any order, so it has to see all of them.
        """
        content: Content | None = seen.content
        key = seen.content.digest, hash(seen.content.fragment)
        if key in self._sent:
            content = None
        else:
            if len(self._sent) >= _MOST_SENT:
                self._sent.clear()
            self._sent.add(key)
            self._tally.words.update(words(seen.content))
            self._weight += len(seen.content.fragment) + _CONTENT_BYTES
        when = seen.captured_at, seen.precision
        return seen.portal, *when, seen.content.digest, content, seen.page_date, seen.age_s

    # ---- batches

    def _is_due(self) -> bool:
        return (
            len(self._batch.rows) >= MOST_ROWS
            or self._weight >= MOST_BATCH_BYTES
            or time.monotonic() - self._since >= EVERY_S
        )

    def _sendable(self) -> Batch:
        batch = self._batch
        batch.tally = self._tally.taken()
        self._batch, self._weight, self._since = Batch(), 0, time.monotonic()
        return batch

    def _count_bytes(self, stream: io.BufferedReader, at: int) -> int:
        """Count the bytes read since a place in a file; return the new place."""
        now = stream.tell() if stream.seekable() else at
        self._batch.bytes_read += max(0, now - at)
        return max(now, at)


def words(content: Content) -> set[str]:
    """The unknown words of a content, each with its kind."""
    return {
        problem.unknown
        for problem in content.problems
        if problem.unknown and len(problem.word) <= _LONGEST_WORD
    }


def _inflated(head: bytes) -> bytes:
    """Inflate the beginning of a gzip file; empty if it is damaged."""
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, _HEAD)
    except zlib.error:
        return b""
