"""The backlog: the looks that cannot be recorded yet, because the file is locked, full or away."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from db.errors import DatabaseError
from db.moments import KST
from scraper.collect import ingest
from scraper.collect.report import Report

if TYPE_CHECKING:
    import datetime as dt

    from db.reading import KeptPage
    from db.write.store import Store
    from scraper.collect.ingest import Answered
    from scraper.vocabulary import Words

MOST_WAITING: Final = 1000
"""Looks that wait; then the oldest are lost, and that is recorded as soon as anything can be."""

MOST_BYTES: Final = 64 * 2**20
"""Of all pages that are not in the file, for the same reason: one alone may be megabytes."""

FILLING: Final = 0.1
"""So full, it is worth a notice: there is still time."""

PAUSE_S: Final = 5.0
"""A file that refused is left alone for so long: not every look shall wait for it in vain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lost:
    """Looks that are lost and not yet recorded as such."""

    looks: int
    first: dt.datetime
    last: dt.datetime


class Backlog:
    """
    Records looks in the order in which they ended; all wait while one cannot be recorded.

    Used from one thread at a time; only ``unkept``, ``refuses``, ``refused`` and ``problem`` may be
    asked from others, and whether anything waits.
    """

    def __init__(self) -> None:
        self._waiting: deque[Answered] = deque()
        self._unread: KeptPage | None = None  # of a look that the file has
        self._page_bytes = 0
        self._ended: list[Report] = []
        self._lost: _Lost | None = None
        self._refused: DatabaseError | None = None
        self._refused_until = 0.0

    def __len__(self) -> int:
        return len(self._waiting) + (self._unread is not None)

    def unkept(self) -> int:
        """How many looks the file does not know of: those that wait, and those that are lost."""
        return len(self._waiting) + (self._lost.looks if self._lost else 0)

    @property
    def refused(self) -> DatabaseError | None:
        """Why the file does not take what waits; None where it took all."""
        return self._refused

    def problem(self) -> str | None:
        """That it fills, or loses looks, in a line; None where it does neither."""
        lost = self._lost
        count, size = len(self._waiting), self._page_bytes
        if not lost and count < FILLING * MOST_WAITING and size < FILLING * MOST_BYTES:
            return None
        waiting = f"{count} looks ({size / 2**20:.1f} MiB) wait to be recorded"
        losses = f", {lost.looks} are lost" if lost else ", and none is lost yet"
        return f"{waiting}{losses}; repair the database before you stop nalssi"

    def refuses(self) -> bool:
        """Whether the file refused a moment ago, and is left alone."""
        return self._refused is not None and time.monotonic() < self._refused_until

    def leave_alone(self, refused: DatabaseError) -> None:
        """Leave the file alone for a while."""
        self._refused, self._refused_until = refused, time.monotonic() + PAUSE_S

    def keep(self, store: Store, answered: Answered, words: Words) -> Report:
        """
        Record a look after those that wait, and read its page.

        Raises:
            DatabaseError: It waits, too.
        """
        self._append(answered)
        if self._refused is not None and self.refuses():
            raise self._refused
        self.catch_up(store, words)
        return self._ended.pop()

    def catch_up(self, store: Store, words: Words) -> None:
        """
        Record all that waits, and read its pages.

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
        """How the looks ended that were recorded after all; each is reported once."""
        ended, self._ended = self._ended, []
        return ended

    def _take_a_step(self, store: Store, words: Words) -> None:
        """Read the page that the file has, else record the oldest look that it does not."""
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
                # What the file takes now shows that this page never will be read: it stays there.
                self._record_oldest(store)
            except DatabaseError:
                self._unread = page
                raise

    def _record_oldest(self, store: Store) -> None:
        """Record the oldest look; one that the file refuses still waits, before all others."""
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
        """Record that looks were lost, where they would have been."""
        if self._lost:
            first = self._lost.first.astimezone(KST).isoformat(timespec="seconds")
            detail = f"{self._lost.looks} looks from {first} on"
            with contextlib.suppress(DatabaseError):  # it is recorded with the next look
                store.keep_event(self._lost.last, "not kept", detail)
                self._lost = None
