"""The backlog: looks that cannot be recorded yet, as the file is locked, full or missing."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from db.errors import DatabaseError
from db.moments import stamp
from scraper.collect import ingest
from scraper.collect.report import Report

if TYPE_CHECKING:
    import datetime as dt

    from db.reading import KeptPage
    from db.write.store import Store
    from scraper.collect.ingest import Answered
    from scraper.vocabulary import Words

MOST_WAITING: Final = 1000
"""The most waiting looks; beyond it the oldest are lost, which is recorded when possible."""

MOST_BYTES: Final = 64 * 2**20
"""The limit for all waiting pages together: a single one may take megabytes."""

FILLING: Final = 0.1
"""The backlog that triggers a notice, while there is still time."""

PAUSE_S: Final = 5.0
"""The time for which a file that refused is left alone, so that not every look waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lost:
    """Lost looks whose loss is not recorded yet."""

    looks: int
    first: dt.datetime
    last: dt.datetime


class Backlog:
    """
    Records looks in the order in which they ended; while one cannot be recorded, all wait.

    Used from one thread at a time; other threads may only call ``unkept``, ``refuses``,
    ``refused``, ``problem`` and ``len``.
    """

    def __init__(self) -> None:
        self._waiting: deque[Answered] = deque()
        self._unread: KeptPage | None = None  # of a look that is in the file
        self._page_bytes = 0
        self._ended: list[Report] = []
        self._lost: _Lost | None = None
        self._refused: DatabaseError | None = None
        self._refused_until = 0.0

    def __len__(self) -> int:
        return len(self._waiting) + (self._unread is not None)

    def unkept(self) -> int:
        """The number of looks missing from the file: waiting ones and lost ones."""
        return len(self._waiting) + (self._lost.looks if self._lost else 0)

    @property
    def refused(self) -> DatabaseError | None:
        """Why the file refuses the waiting looks; None if it took all."""
        return self._refused

    def problem(self) -> str | None:
        """A line about a filling backlog or lost looks; None if neither is the case."""
        lost = self._lost
        count, size = len(self._waiting), self._page_bytes
        if not lost and count < FILLING * MOST_WAITING and size < FILLING * MOST_BYTES:
            return None
        waiting = f"{count} looks ({size / 2**20:.1f} MiB) wait to be recorded"
        losses = f", {lost.looks} are lost" if lost else ", without a loss so far"
        return f"{waiting}{losses}; repair the database before you stop nalssi"

    def refuses(self) -> bool:
        """Whether the file refused a moment ago and must be left alone."""
        return self._refused is not None and time.monotonic() < self._refused_until

    def leave_alone(self, refused: DatabaseError) -> None:
        """Leave the file alone for a while."""
        self._refused, self._refused_until = refused, time.monotonic() + PAUSE_S

    def keep(self, store: Store, answered: Answered, words: Words) -> Report:
        """
        Record a look after the waiting ones, and read its page.

        Raises:
            DatabaseError: The look waits now, too.
        """
        self._append(answered)
        if self._refused is not None and self.refuses():
            raise self._refused
        self.catch_up(store, words)
        return self._ended.pop()

    def catch_up(self, store: Store, words: Words) -> None:
        """
        Record all waiting looks, and read their pages.

        Raises:
            DatabaseError: The file still refuses.
        """
        try:
            while self:
                self._take_a_step(store, words)
        except DatabaseError as exc:
            self.leave_alone(exc)
            raise
        self._refused = None
        self._record_losses(store)

    def late(self) -> list[Report]:
        """Return the reports of looks that were recorded late, each once."""
        ended, self._ended = self._ended, []
        return ended

    def _take_a_step(self, store: Store, words: Words) -> None:
        """Read the page that is in the file, else record the oldest waiting look."""
        page, self._unread = self._unread, None
        if page is None:
            self._record_oldest(store)
            return
        try:
            self._ended.append(ingest.read(store, page, words))
        except DatabaseError:
            try:
                if not (self._lost and self._waiting):
                    raise
                # The file accepts other writes, so this page can never be read: it stays there.
                self._record_oldest(store)
            except DatabaseError:
                self._unread = page
                raise

    def _record_oldest(self, store: Store) -> None:
        """Record the oldest look; if the file refuses it, it stays first in the queue."""
        answered = self._take_the_oldest()
        try:
            recorded = ingest.record(store, answered)
        except DatabaseError:
            self._waiting.appendleft(answered)
            self._page_bytes += answered.page_bytes
            raise
        if isinstance(recorded, Report):
            self._ended.append(recorded)
        else:
            self._unread = recorded

    def _append(self, answered: Answered) -> None:
        self._waiting.append(answered)
        self._page_bytes += answered.page_bytes
        while self._overflows():
            self._lose_the_oldest()

    def _overflows(self) -> bool:
        too_much = len(self._waiting) > MOST_WAITING or self._page_bytes > MOST_BYTES
        return too_much and len(self._waiting) > 1

    def _take_the_oldest(self) -> Answered:
        answered = self._waiting.popleft()
        self._page_bytes -= answered.page_bytes
        return answered

    def _lose_the_oldest(self) -> None:
        at = self._take_the_oldest().look.fetched_at
        lost = self._lost or _Lost(looks=0, first=at, last=at)
        self._lost = replace(lost, looks=lost.looks + 1, last=at)

    def _record_losses(self, store: Store) -> None:
        """Record lost looks, at the place in time where they would have been."""
        if self._lost:
            detail = f"{self._lost.looks} looks from {stamp(self._lost.first)} on"
            with contextlib.suppress(DatabaseError):  # it is recorded with the next look
                store.keep_event(self._lost.last, "not kept", detail)
                self._lost = None
