"""Access to the database: read-only, one request per connection, a bounded number at once."""

from __future__ import annotations

import asyncio
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
"""The time limit for all queries of one request."""

AT_ONCE: Final = 4
"""The most requests that query at the same time: each thread has its own memory."""

WAITING: Final = 256
"""The most waiting requests; further ones are refused."""


class Busy(NalssiError):
    """Too many requests are waiting."""

    def __init__(self) -> None:
        super().__init__(f"{WAITING} requests wait already, expected fewer; try again in a moment")


class Door:
    """
    Runs requests, each in a thread with a connection; a replaced file is noticed at once.

    Args:
        path: The database.
        limit_s: The time limit for all queries of one request.
    """

    def __init__(self, path: Path, *, limit_s: float = LIMIT_S) -> None:
        self.path, self._limit_s = path, limit_s
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="web")
        self._own = threading.local()
        self._inside = 0

    async def through(self, work: Callable[[Database], T]) -> T:
        """
        Call a function with the database, in a thread.

        Raises:
            Busy: Too many requests wait.
            TooSlow: Its queries took too long.
            DatabaseError: The database cannot be read.
        """
        if self._inside >= AT_ONCE + WAITING:
            raise Busy
        self._inside += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._do, work)
        finally:
            self._inside -= 1

    def _do(self, work: Callable[[Database], T]) -> T:
        """Call it in one of the threads, each of which keeps its connection."""
        with connection.naming(self.path):
            there = connection.identity(self.path)
        if self._own.__dict__.get("file") != there:
            self._own.db, self._own.file = Database(self.path), there
        db: Database = self._own.db
        with db.within(self._limit_s):
            return work(db)
