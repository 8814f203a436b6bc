"""Inspects the database beside the looks: once a day, and more often while it has a fault."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from db import query
from db.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

EVERY_S: Final = 86_400.0
AGAIN_S: Final = 3600.0
"""The wait after a fault: damage stays, but a file that was only locked is soon found intact."""


class Inspection:
    """
    Reads the whole file from time to time, in a thread.

    A running writer does not detect bytes that flip on the disk: it keeps its pages in memory. With
    a WAL the inspection delays no writer. With a rollback journal no commit can end during a query:
    if that takes long, looks wait in the backlog.

    Args:
        path: The database.

    Attributes:
        faults: The faults found last, a line each.
        damage: The same, but None if unknown, as the file was locked or missing.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._due = path, time.monotonic()
        self._under_way: asyncio.Task[None] | None = None
        self.faults: list[str] = []
        self.damage: list[str] | None = None

    def begin_if_due(self, tell: Callable[[list[str]], Awaitable[None]]) -> None:
        """
        Begin an inspection if it is due and not running.

        Args:
            tell: Called with the new faults, a line each, if there are any; without faults, the
                file is intact again.
        """
        if time.monotonic() >= self._due and (self._under_way is None or self._under_way.done()):
            self._under_way = asyncio.create_task(self._inspect(tell))

    async def _inspect(self, tell: Callable[[list[str]], Awaitable[None]]) -> None:
        faults, self.damage = await asyncio.to_thread(_faults, self._path)
        self._due = time.monotonic() + (AGAIN_S if faults else EVERY_S)
        new = [fault for fault in faults if fault not in self.faults]
        sound_again = bool(self.faults and not faults)
        self.faults = faults
        if new or sound_again:
            await tell(new)


def _faults(path: Path) -> tuple[list[str], list[str] | None]:
    try:
        with query.Database(path) as db:
            faults = db.faults()
            return faults, faults
    except DatabaseError as exc:
        return [str(exc)], [str(exc)] if exc.fault == "damaged" else None
