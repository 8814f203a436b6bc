"""Our own troubles, one after the other, and all again every two days."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.soak.stories import BEGIN, CYCLE_S
from db.write.store import Store
from tests.support.feeds import HOUR_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scraper.notify.notice import Kind
    from tests.support.feeds import Span

MINUTE_S: Final = 60


class Trouble(NamedTuple):
    """A trouble: its name, first hour within two days, minutes, and notices."""

    name: str
    after_h: int
    minutes: int
    kinds: frozenset[Kind]

    def spans(self, until: int) -> Iterator[Span]:
        """Its spans in epoch seconds, if they begin before ``until``."""
        for begin in range(BEGIN + self.after_h * HOUR_S, until, CYCLE_S):
            yield begin, begin + self.minutes * MINUTE_S

    def lasts(self, now: int) -> bool:
        """Whether it lasts at this second."""
        return any(begin <= now < end for begin, end in self.spans(now + 1))


TROUBLES: Final = (
    Trouble("clock", 3, 30, frozenset({"clock"})),
    Trouble("locked", 6, 60, frozenset({"locked", "backlog"})),
    Trouble("gone", 9, 40, frozenset({"gone"})),
    Trouble("replaced", 12, 40, frozenset({"replaced"})),
    Trouble("full", 15, 40, frozenset({"disk"})),
    Trouble("webhook", 17, 30 * 60, frozenset({"channel"})),
)


class OwnTroubles:
    """
    Causes the troubles, for an open database.

    Args:
        store: The store of the daemon.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._path = store, store.path
        self._under_way: dict[str, contextlib.ExitStack] = {}

    @property
    def names(self) -> set[str]:
        """The names of the present troubles."""
        return set(self._under_way)

    @property
    def of_file(self) -> bool:
        """Whether the database refuses writes."""
        return not self.names <= {"webhook", "clock"}

    def turn(self, now: int) -> bool:
        """Begin and end troubles at this second; gives whether one of the file ended."""
        was_of_file = self.of_file
        for trouble in TROUBLES:
            lasts = trouble.lasts(now)
            if lasts and trouble.name not in self._under_way:
                self._under_way[trouble.name] = stack = contextlib.ExitStack()
                stack.enter_context(self._context(trouble.name))
            elif not lasts and trouble.name in self._under_way:
                self._under_way.pop(trouble.name).close()
        return was_of_file and not self.of_file

    def end(self) -> bool:
        """End all troubles; gives whether one of the file ended."""
        was_of_file = self.of_file
        while self._under_way:
            self._under_way.popitem()[1].close()
        return was_of_file

    def _context(self, name: str) -> contextlib.AbstractContextManager[None]:
        makers: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
            "locked": self._locked,
            "gone": self._gone,
            "replaced": self._replaced,
            "full": self._full,
        }
        return makers.get(name, contextlib.nullcontext)()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with contextlib.closing(sqlite3.connect(self._path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield

    @contextlib.contextmanager
    def _gone(self) -> Iterator[None]:
        away = self._path.parent / "away"
        away.mkdir(exist_ok=True)
        moved = [file for file in self._files() if file.rename(away / file.name)]
        yield
        for file in moved:
            (away / file.name).rename(file)

    @contextlib.contextmanager
    def _replaced(self) -> Iterator[None]:
        with self._gone():
            Store.open(self._path).close()
            yield
            for file in self._files():
                file.unlink()

    def _files(self) -> list[Path]:
        """The database and the files of SQLite beside it."""
        names = (f"{self._path.name}{ending}" for ending in ("", "-wal", "-shm"))
        return [file for name in names if (file := self._path.with_name(name)).exists()]

    @contextlib.contextmanager
    def _full(self) -> Iterator[None]:
        conn = self._store._conn  # noqa: SLF001 - as if the disk ended where the file does
        (most,) = conn.execute("PRAGMA max_page_count").fetchone()
        conn.execute("PRAGMA max_page_count = 1")  # SQLite raises it to the present number of pages
        yield
        conn.execute(f"PRAGMA max_page_count = {most}")
