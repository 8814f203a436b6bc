"""The backlog: what was seen and cannot be kept yet, because the file is locked, full or away."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar

from db.errors import DatabaseError
from db.reading import KST

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from db.store import Store

MOST_WAITING: Final = 1000
"""Looks that wait; then the oldest are lost, and that is recorded as soon as anything can be."""

PAUSE_S: Final = 5.0
"""A file that refused is left alone for so long: not every look shall wait for it in vain."""

_T = TypeVar("_T")

Step: TypeAlias = "Callable[[], _T | Step[_T]]"
"""Something to keep; gives how the look ended, or the next step of the same look."""


class Backlog(Generic[_T]):
    """
    Keeps looks in the order in which they were seen; all wait while one cannot be kept.

    Used from one thread at a time; only its length and ``refuses`` may be asked from others.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[dt.datetime, Step[_T]]] = deque()
        self._lost: list[dt.datetime] = []
        self._refused: DatabaseError | None = None
        self._refused_until = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def refuses(self) -> bool:
        """Whether the file refused a moment ago, and is left alone."""
        return self._refused is not None and time.monotonic() < self._refused_until

    def leave_alone(self, refused: DatabaseError) -> None:
        """Ask nothing of the file for a while."""
        self._refused, self._refused_until = refused, time.monotonic() + PAUSE_S

    def keep(self, store: Store, at: dt.datetime, step: Step[_T]) -> _T:
        """
        Keep a look of this moment, after those that wait.

        Raises:
            DatabaseError: It waits, too.
        """
        self._waiting.append((at, step))
        if len(self._waiting) > MOST_WAITING:
            self._lost.append(self._waiting.popleft()[0])
        if self._refused is not None and self.refuses():
            raise DatabaseError(self._refused.path, self._refused.problem)
        return self.catch_up(store)[-1]

    def catch_up(self, store: Store) -> list[_T]:
        """
        Keep all that waits; returns how each look ended.

        Raises:
            DatabaseError: It still cannot be kept.
        """
        ended: list[_T] = []
        while self._waiting:
            at, step = self._waiting.popleft()
            try:
                result = step()
            except DatabaseError as exc:
                self._waiting.appendleft((at, step))
                self.leave_alone(exc)
                raise
            if callable(result):
                self._waiting.appendleft((at, result))
            else:
                ended.append(result)
        self._refused = None
        self._own_up(store)
        return ended

    def _own_up(self, store: Store) -> None:
        """Record that looks were lost, where they would have been."""
        if self._lost:
            first = self._lost[0].astimezone(KST).isoformat(timespec="seconds")
            with contextlib.suppress(DatabaseError):  # it is recorded with the next look
                store.keep_event(
                    self._lost[-1], "not kept", f"{len(self._lost)} looks from {first} on"
                )
                self._lost.clear()
