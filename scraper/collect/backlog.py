"""The backlog: what was seen and cannot be kept yet, because the file is locked, full or away."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar

from db.errors import DatabaseError
from db.reading import KST

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from db.write.store import Store

MOST_WAITING: Final = 1000
"""Looks that wait; then the oldest are lost, and that is recorded as soon as anything can be."""

MOST_BYTES: Final = 64 * 2**20
"""Of all pages that are not in the file, for the same reason: one alone may be megabytes."""

PAUSE_S: Final = 5.0
"""A file that refused is left alone for so long: not every look shall wait for it in vain."""

_T = TypeVar("_T")

Step: TypeAlias = "Callable[[], _T | Step[_T]]"
"""
Something to keep; gives how the look ended, or the next step of the same look.

There is a next step only where the file knows of the look, and has its page.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting(Generic[_T]):
    """A look: when it was, what is to be done to keep it, and how large its page is."""

    at: dt.datetime
    step: Step[_T]
    page_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lost:
    """Looks that are lost and not yet recorded as such."""

    looks: int
    first: dt.datetime
    last: dt.datetime


class Backlog(Generic[_T]):
    """
    Keeps looks in the order in which they were seen; all wait while one cannot be kept.

    Used from one thread at a time; only ``unkept`` and ``refuses`` may be asked from others, and
    whether anything waits.
    """

    def __init__(self) -> None:
        self._waiting: deque[_Waiting[_T]] = deque()
        self._begun: Step[_T] | None = None  # of a look that the file has
        self._page_bytes = 0
        self._ended: list[_T] = []
        self._lost: _Lost | None = None
        self._refused: DatabaseError | None = None
        self._refused_until = 0.0

    def __len__(self) -> int:
        return len(self._waiting) + (self._begun is not None)

    def unkept(self) -> int:
        """How many looks the file does not know of: those that wait, and those that are lost."""
        return len(self._waiting) + (self._lost.looks if self._lost else 0)

    def refuses(self) -> bool:
        """Whether the file refused a moment ago, and is left alone."""
        return self._refused is not None and time.monotonic() < self._refused_until

    def leave_alone(self, refused: DatabaseError) -> None:
        """Ask nothing of the file for a while."""
        self._refused, self._refused_until = refused, time.monotonic() + PAUSE_S

    def keep(self, store: Store, at: dt.datetime, step: Step[_T], *, page_bytes: int = 0) -> _T:
        """
        Keep a look of this moment, after those that wait.

        Raises:
            DatabaseError: It waits, too.
        """
        self._waiting.append(_Waiting(at=at, step=step, page_bytes=page_bytes))
        self._page_bytes += page_bytes
        while self._overflows():
            self._lose_the_oldest()
        if self._refused is not None and self.refuses():
            raise DatabaseError(self._refused.path, self._refused.problem)
        self.catch_up(store)
        return self._ended.pop()

    def catch_up(self, store: Store) -> None:
        """
        Keep all that waits.

        Raises:
            DatabaseError: It still cannot be kept.
        """
        while self:
            try:
                result = self._go_on()
            except DatabaseError as exc:
                self.leave_alone(exc)
                raise
            if callable(result):
                self._begun = result
            else:
                self._ended.append(result)
        self._refused = None
        self._own_up(store)

    def late(self) -> list[_T]:
        """How the looks ended that were kept after all; each is told once."""
        ended, self._ended = self._ended, []
        return ended

    def _go_on(self) -> _T | Step[_T]:
        """Take the next step of the oldest look; one that the file refuses is still to be taken."""
        begun, self._begun = self._begun, None
        if begun is None:
            return self._begin_the_oldest()
        try:
            return begun()
        except DatabaseError:
            try:
                if not (self._lost and self._waiting):
                    raise
                # What the file takes now shows that this one never will be read: its page stays.
                return self._begin_the_oldest()
            except DatabaseError:
                self._begun = begun
                raise

    def _begin_the_oldest(self) -> _T | Step[_T]:
        look = self._take_the_oldest()
        try:
            return look.step()
        except DatabaseError:
            self._put_back(look)
            raise

    def _overflows(self) -> bool:
        too_much = len(self._waiting) > MOST_WAITING or self._page_bytes > MOST_BYTES
        return too_much and len(self._waiting) > 1

    def _take_the_oldest(self) -> _Waiting[_T]:
        look = self._waiting.popleft()
        self._page_bytes -= look.page_bytes
        return look

    def _put_back(self, look: _Waiting[_T]) -> None:
        self._waiting.appendleft(look)
        self._page_bytes += look.page_bytes

    def _lose_the_oldest(self) -> None:
        at = self._take_the_oldest().at
        lost = self._lost or _Lost(looks=0, first=at, last=at)
        self._lost = replace(lost, looks=lost.looks + 1, last=at)

    def _own_up(self, store: Store) -> None:
        """Record that looks were lost, where they would have been."""
        if self._lost:
            first = self._lost.first.astimezone(KST).isoformat(timespec="seconds")
            detail = f"{self._lost.looks} looks from {first} on"
            with contextlib.suppress(DatabaseError):  # it is recorded with the next look
                store.keep_event(self._lost.last, "not kept", detail)
                self._lost = None
