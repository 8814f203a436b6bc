"""Backfill: archives -> captures in the database, or readings in a file."""

from __future__ import annotations

import collections
import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from db.file import atomic
from db.write import captures, imports
from db.write.captures import Capture
from scraper.archive.files import STDIN, jobs
from scraper.archive.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence, Set
    from pathlib import Path
    from typing import TextIO

    from db.write.store import Store
    from scraper.archive.files import Source
    from scraper.archive.pool import Crew
    from scraper.archive.worker import Batch

INTERVAL_S: Final = 3600
"""The interval of a portal that is only in archives: most keep a page an hour at best."""

MOST_ROWS: Final = 4000
MOST_CONTENTS: Final = 1000
EVERY_S: Final = 1.0
"""A batch is committed at this size, or this age."""


@dataclass(slots=True)
class Progress:
    """
    The progress of a backfill.

    Attributes:
        files: The number of files to read.
        bytes: Their size together; a pipe counts as 0.
        tally: The counts so far.
        bytes_read: Bytes of the files that were read.
        done: Files that were read to the end.
        skipped: Files that an earlier run had read.
        troubles: The faults of files, by file.
        unreadable: The number of files without a readable record.
        started: The start, by ``time.monotonic``.
    """

    files: int = 0
    bytes: int = 0
    tally: Tally = field(default_factory=Tally)
    bytes_read: int = 0
    done: int = 0
    skipped: int = 0
    troubles: list[tuple[str, str]] = field(default_factory=list)
    unreadable: int = 0
    started: float = field(default_factory=time.monotonic)

    def add(self, batch: Batch) -> None:
        """Add the counts of one batch."""
        self.tally.add(batch.tally)
        self.bytes_read += batch.bytes_read
        if batch.finished is not None:
            self.done += 1
            self.unreadable += batch.unreadable
            self.troubles += [(batch.finished.name, trouble) for trouble in batch.troubles]


class Sink(Protocol):
    """Takes the results of reading."""

    def has(self, source: Source) -> bool:
        """Whether a file can be skipped."""

    def take(self, batch: Batch) -> None:
        """Take a batch; it may be stored later."""

    def end(self) -> collections.Counter[str]:
        """Store all batches taken so far; return the number of late refusals by reason."""


def run(
    files: Sequence[Source],
    crew: Crew,
    sink: Sink,
    *,
    watch: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """
    Read files and pass their contents to the sink.

    Args:
        files: The files.
        crew: The processes that read them.
        sink: Takes the results.
        watch: Called with the progress, several times a second.
    """
    wanted = [file for file in files if not sink.has(file)]
    progress = Progress(
        files=len(wanted),
        bytes=sum(file.bytes for file in wanted),
        skipped=len(files) - len(wanted),
    )
    for batch in crew.batches(jobs(wanted)):
        sink.take(batch)
        progress.add(batch)
        watch(progress)
    progress.tally.refused.update(sink.end())
    return progress


class Keeper:
    """
    Stores captures in the database, some thousand at once, and then records their files.

    Args:
        store: The database.
        known: The portals to add: address and interval in seconds by name.
        how: The other options that decide what is taken from a file.
        again: Whether to read files that were read before.
    """

    def __init__(
        self, store: Store, known: Mapping[str, tuple[str, int]], how: str, *, again: bool
    ) -> None:
        self._store, self._known, self._how = store, known, how
        self._there = set(imports.addresses(store))
        self._finished: Set[imports.Archive] = set() if again else imports.finished(store)
        self._captures: list[Capture] = []
        self._files: list[imports.Archive] = []
        self._contents, self._since = 0, time.monotonic()
        self._refused: collections.Counter[str] = collections.Counter()
        self.looks = self.contents = 0
        self.spells_before = imports.count_spells(store)

    def has(self, source: Source) -> bool:
        """Whether this file was read to the end with the same options."""
        return self._record(source) in self._finished

    def take(self, batch: Batch) -> None:
        """Take a batch; it is stored soon."""
        for portal, at, precision, digest, content, page_date, age_s in batch.rows:
            self._captures.append(
                Capture(
                    portal=portal,
                    captured_at=at,
                    precision=precision,
                    digest=digest,
                    content=content,
                    page_date=page_date,
                    age_s=age_s,
                )
            )
            self._contents += content is not None
        if batch.finished is not None and batch.finished.path != STDIN and not batch.unreadable:
            self._files.append(self._record(batch.finished))
        full = len(self._captures) >= MOST_ROWS or self._contents >= MOST_CONTENTS
        if full or time.monotonic() - self._since >= EVERY_S:
            self._keep()

    def end(self) -> collections.Counter[str]:
        """Store the rest, and remove contents that turned out to be unused."""
        self._keep()
        captures.settle(self._store)
        return self._refused

    @property
    def spells(self) -> int:
        """The number of spells now."""
        return imports.count_spells(self._store)

    def _keep(self) -> None:
        """Store the batches; a file counts as read only once all its contents are stored."""
        if self._captures:
            for portal in {one.portal for one in self._captures} - self._there:
                self._make_known(portal)
            kept = captures.keep(self._store, self._captures)
            self.looks += kept.looks
            self.contents += kept.contents
            if kept.refused:
                self._refused["other than looks that were pruned"] += kept.refused
        if self._files:
            imports.finish(self._store, self._files)
        self._captures, self._files = [], []
        self._contents, self._since = 0, time.monotonic()

    def _make_known(self, portal: str) -> None:
        url, interval_s = self._known.get(portal, (f"https://{portal.rstrip('_')}/", INTERVAL_S))
        self._store.portal(portal, url, interval_s)
        self._there.add(portal)

    def _record(self, source: Source) -> imports.Archive:
        return source.name + self._how, source.bytes, source.modified


class Counter:
    """Counts what would be stored, and stores no row."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    @property
    def contents(self) -> int:
        """The number of different sidebars."""
        return len(self._digests)

    def has(self, source: Source) -> bool:  # noqa: ARG002 - as every sink
        """Whether a file need not be read: each has to be."""
        return False

    def take(self, batch: Batch) -> None:
        """Count a batch."""
        self._digests.update(digest for _, _, _, digest, *_ in batch.rows)

    def end(self) -> collections.Counter[str]:
        """Return no refusals, as no row was stored."""
        return collections.Counter()


class Extract:
    """Writes readings into a file, as JSON lines in no particular order."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.readings = 0

    def has(self, source: Source) -> bool:  # noqa: ARG002 - as every sink
        """Whether a file need not be read: each has to be."""
        return False

    def take(self, batch: Batch) -> None:
        """Write a batch."""
        self._file.writelines(f"{line}\n" for line in batch.json)
        self.readings += len(batch.json)

    def end(self) -> collections.Counter[str]:
        """Flush the file to the operating system."""
        self._file.flush()
        return collections.Counter()


@contextlib.contextmanager
def written(path: Path) -> Iterator[Extract]:
    """
    Open a file that appears complete, or stays as it was before.

    Raises:
        OutputError: It cannot be written.
    """
    with atomic.of_file(path) as place, place.open("w", encoding="utf-8") as file:
        yield Extract(file)
