"""One look, and one pass over all portals."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final, ParamSpec, Self, TypeVar

from db.errors import DatabaseError
from db.reading import KST, Look, PortalMemory
from scraper.collect import ingest
from scraper.collect.backlog import Backlog
from scraper.collect.report import PassNotKept, Report
from scraper.errors import FetchError
from scraper.fetch import Fetcher
from scraper.vocabulary import KNOWN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import AsyncIterator, Callable, Sequence

    from db.write.store import Store
    from scraper.collect.backlog import Step
    from scraper.config import Config, Portal
    from scraper.fetch import Page
    from scraper.vocabulary import Words

AT_ONCE: Final = 32
"""Looks under way at the same time, each at another site."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Collector:
    """
    Looks at portals and keeps what they show.

    Args:
        fetcher: Gets the pages.
        store: Keeps everything; used from one thread at a time.
        interval_s: Between looks at a portal, for whoever judges later whether it is down.
        clock: Says what time it is; aware.
        backlog: What an earlier collector could not keep; it comes first.
        words: What printed words mean.
    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        *,
        fetcher: Fetcher,
        store: Store,
        interval_s: int,
        clock: Callable[[], dt.datetime],
        backlog: Backlog[Report] | None = None,
        words: Words = KNOWN,
    ) -> None:
        self._fetcher, self._store, self._interval_s = fetcher, store, interval_s
        self._clock, self._words = clock, words
        self._robots_kept = dict(fetcher.robots)
        self._memories: dict[str, PortalMemory] = {}
        self._backlog = Backlog[Report]() if backlog is None else backlog
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._places = asyncio.Semaphore(AT_ONCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.shutdown()

    async def sweep(self, portals: Sequence[Portal]) -> list[Report]:
        """
        Look at each portal once, after reading what a killed pass left unread.

        Whatever stops one look stops no other, and is raised when all have ended.

        Returns:
            How each ended: first the pages that were left, then the looks.

        Raises:
            PassNotKept: Something could not be kept; it has the reports of the rest.
        """
        reports: list[Report] = []
        refused: DatabaseError | None = None
        try:
            await self.in_writer(reports.extend, ingest.read_leftovers(self._store, self._words))
        except DatabaseError as exc:  # the next pass reads them; the portals are worth a look
            self._backlog.leave_alone(refused := exc)
        ended = await asyncio.gather(*map(self.look, portals), return_exceptions=True)
        try:
            late = await self.catch_up()
        except DatabaseError as exc:
            late, refused = await self.in_writer(self._backlog.late), exc
        for end in ended:
            if isinstance(end, BaseException) and not isinstance(end, DatabaseError):
                raise end
        reports += [*(end for end in ended if isinstance(end, Report)), *late]
        unkept = _unkept(portals, ended, late)
        if refused := refused or next(iter(unkept.values()), None):
            raise PassNotKept(refused, list(unkept), reports)
        return reports

    async def catch_up(self) -> list[Report]:
        """
        Keep the looks that could not be kept when they ended; returns how those ended.

        Raises:
            DatabaseError: They still cannot be kept.
        """
        await self.in_writer(self._backlog.catch_up, self._store)
        return await self.in_writer(self._backlog.late)

    async def look(self, portal: Portal) -> Report:
        """
        One look, however it ends.

        Raises:
            DatabaseError: It could not be kept yet; it will be before the next look is.
        """
        memory = await self.recall(portal)
        asked_at, started = self._clock(), time.monotonic()
        try:
            async with self._fetcher.turn(portal.url), self._places:
                asked_at, started = self._clock(), time.monotonic()
                page = await self._page(portal, memory, asked_at)
        except FetchError as exc:
            look = _as_look(portal, asked_at, started, exc.status)
            return await self._keep(portal, ingest.failure, look, exc)
        except asyncio.CancelledError:
            look = _as_look(portal, asked_at, started, None)
            given_up = FetchError(portal.url, "given up: stopped")
            await self._keep(portal, ingest.failure, look, given_up)
            raise
        look = _as_look(portal, asked_at, started, page.status, page.wire_bytes)
        answer = functools.partial(ingest.answer, words=self._words)
        return await self._keep(portal, answer, look, page, page_bytes=len(page.body))

    async def memory(self, portal: Portal) -> PortalMemory:
        """
        What the last looks at a portal left, which is made known to the database if it is new.

        Raises:
            DatabaseError: The database cannot be asked.
        """
        await self.in_writer(self._make_known, portal)
        memory = await self.in_writer(self._store.memory, portal.name)
        self._memories[portal.name] = memory
        return memory

    async def recall(self, portal: Portal) -> PortalMemory:
        """
        The memory, or what is left of it: a locked database shall not keep us from looking.

        While looks wait it has no validators: "not modified" must be about the look before.
        """
        memory = self._memories.get(portal.name, PortalMemory())
        if not self._backlog.refuses():
            try:
                memory = await self.memory(portal)
            except DatabaseError as exc:
                self._backlog.leave_alone(exc)
        if self._backlog or self._backlog.refuses():
            return replace(memory, etag=None, last_modified=None)
        return memory

    async def _page(self, portal: Portal, memory: PortalMemory, now: dt.datetime) -> Page:
        """The portal's answer, unless it asked not to be asked before a later time."""
        last, until = memory.last_look, memory.retry_at
        # A look in the future was dated by a clock that was wrong, and so was its wish.
        if last is not None and until is not None and last <= now < until:
            told = f"not asked: it wants no look before {until.astimezone(KST).isoformat()}"
            raise FetchError(portal.url, told, retry_after_s=(until - now).total_seconds())
        return await self._fetcher.ask(
            portal.url,
            etag=memory.etag,
            last_modified=memory.last_modified,
            ignore_robots=bool(portal.ignore_robots),
        )

    async def _keep(
        self,
        portal: Portal,
        how: Callable[[Store, Look, _T], Report | Step[Report]],
        look: Look,
        answer: _T,
        *,
        page_bytes: int = 0,
    ) -> Report:
        """Keep what came of a look, then what its site says of robots."""

        def first() -> Report | Step[Report]:
            self._make_known(portal)
            return how(self._store, look, answer)

        report = await self.in_writer(
            self._backlog.keep, self._store, look.fetched_at, first, page_bytes=page_bytes
        )
        new = {
            origin: robots
            for origin, robots in self._fetcher.robots.items()
            if robots != self._robots_kept.get(origin)
        }
        if new:
            with contextlib.suppress(DatabaseError):  # they are kept with the next look
                await self.in_writer(self._store.keep_robots, list(new.values()))
                self._robots_kept |= new
        return report

    def _make_known(self, portal: Portal) -> None:
        self._store.portal(portal.name, portal.url, self._interval_s)

    async def in_writer(
        self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Call what uses the store in the one thread that may; cancelled or not, it is called."""
        loop = asyncio.get_running_loop()
        call = functools.partial(function, *args, **kwargs)
        return await asyncio.shield(loop.run_in_executor(self._writer, call))


@contextlib.asynccontextmanager
async def collecting(
    config: Config,
    store: Store,
    clock: Callable[[], dt.datetime],
    backlog: Backlog[Report] | None = None,
) -> AsyncIterator[Collector]:
    """A collector as the config wants it, with its fetcher; what it is given is told there."""
    robots = []
    with contextlib.suppress(DatabaseError):  # locked or full: the sites are asked again
        robots = store.robots()
    async with Fetcher(config.fetch, clock=clock, robots=robots) as fetcher:
        with Collector(
            fetcher=fetcher,
            store=store,
            interval_s=config.interval_s,
            clock=clock,
            backlog=backlog,
            words=config.words.known(),
        ) as collector:
            yield collector


def _unkept(
    portals: Sequence[Portal], ended: Sequence[object], late: Sequence[Report]
) -> dict[str, DatabaseError]:
    """The portals whose looks are not kept, not even late, and why."""
    kept = {report.portal for report in late}
    return {
        portal.name: end
        for portal, end in zip(portals, ended, strict=True)
        if isinstance(end, DatabaseError) and portal.name not in kept
    }


def _as_look(
    portal: Portal,
    asked_at: dt.datetime,
    started: float,
    status: int | None,
    wire_bytes: int | None = None,
) -> Look:
    return Look(
        portal=portal.name,
        fetched_at=asked_at,
        milliseconds=round((time.monotonic() - started) * 1000),
        status=status,
        wire_bytes=wire_bytes,
    )
