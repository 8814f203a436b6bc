"""The way to the database: read-only, for a request at a time, and never too many at once."""

from __future__ import annotations

import asyncio
import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from db.errors import NalssiError
from db.file import connection
from db.query import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

LIMIT_S: Final = 2.0
"""For all questions of one request."""

AT_ONCE: Final = 4
"""So many requests ask at the same time: each thread has memory of its own."""

WAITING: Final = 256
"""So many more may wait for their turn; the next is sent away."""


class Busy(NalssiError):
    """Too many requests wait for their turn."""

    def __init__(self) -> None:
        super().__init__(f"{WAITING} requests wait already, expected fewer; try again in a moment")


class Door:
    """
    Lets requests in, each in a thread with a connection; a file put in its place is seen at once.

    Args:
        path: The database.
        limit_s: For all questions of one request.
    """

    def __init__(self, path: Path, *, limit_s: float = LIMIT_S) -> None:
        self.path, self._limit_s = path, limit_s
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="web")
        self._own = threading.local()
        self._inside = 0

    async def through(self, work: Callable[[Database], T]) -> T:
        """
        What a function makes of the database, in a thread.

        Raises:
            Busy: Too many wait.
            TooSlow: Its questions took too long.
            DatabaseError: The database cannot be read.
        """
        if self._inside >= AT_ONCE + WAITING:
            raise Busy
        self._inside += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, functools.partial(self._do, work))
        finally:
            self._inside -= 1

    def _do(self, work: Callable[[Database], T]) -> T:
        """In one of the threads, each of which keeps its connection."""
        with connection.naming(self.path):
            there = connection.identity(self.path)
        if self._own.__dict__.get("file") != there:
            self._own.db, self._own.file = Database(self.path), there
        db: Database = self._own.db
        with db.within(self._limit_s):
            return work(db)
