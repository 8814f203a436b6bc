"""The database inspected beside the looks: once a day, and more often while it is at fault."""

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
"""After a fault: a damage stays, but a file that was only locked for long is soon found sound."""


class Inspection:
    """
    Reads the whole file from time to time, in a thread.

    A running writer does not notice bytes that flip on the disk: it keeps in memory what it read.
    With a WAL it delays no writer. With a rollback journal no commit ends while a question is being
    answered: where that takes long, looks wait in the backlog.

    Args:
        path: The database.

    Attributes:
        faults: What was found last, a line each.
        damage: The same, but None where it is not known: the file was locked, or gone.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._due = path, time.monotonic()
        self._under_way: asyncio.Task[None] | None = None
        self.faults: list[str] = []
        self.damage: list[str] | None = None

    def begin_if_due(self, tell: Callable[[list[str]], Awaitable[None]]) -> None:
        """
        Begin, unless one is under way.

        Args:
            tell: Told the faults that were not there before, a line each, where there are some;
                none = the file is sound again.
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
