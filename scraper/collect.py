"""
One look, and one pass over all portals: the only place that calls the stages in order.

    portal -> fetch -> sidebar -> normalize -> store

Looks at different sites run side by side. Everything that touches the database runs in one thread
of its own, so that a commit which waits for the disk holds up no other look's deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, ParamSpec, Self, TypeVar

from db.backlog import Backlog
from db.errors import DatabaseError
from db.reading import KST, Content, KeptPage, Look, PortalMemory
from scraper import normalize, sidebar
from scraper.errors import FETCH_FAILED, NO_SIDEBAR, FetchError, NoSidebar, RefusedByRobots
from scraper.fetch import Fetcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from db.backlog import Step
    from db.store import Failure, Store
    from scraper.config import Config, Portal
    from scraper.fetch import Page

Outcome = Literal[
    "new", "unchanged", "not_modified", "no_sidebar", "fetch_failed", "refused_by_robots"
]

AT_ONCE: Final = 32
"""Looks under way at the same time, each at another site."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    How one look ended.

    Attributes:
        portal: The portal's name.
        outcome: In a word.
        readings: How many the sidebar gave; 0 where there is none.
        problems: What of it was not understood.
        error: Why there is none, in one line; None where there is.
        milliseconds: How long the portal took.
    """

    portal: str
    outcome: Outcome
    readings: int = 0
    problems: tuple[str, ...] = ()
    error: str | None = None
    milliseconds: int = 0

    @property
    def exit_code(self) -> int:
        """What the command ends with if this is the worst that happened."""
        return {
            "no_sidebar": NO_SIDEBAR,
            "fetch_failed": FETCH_FAILED,
            "refused_by_robots": FETCH_FAILED,
        }.get(self.outcome, 0)


class Collector:
    """
    Looks at portals and keeps what they show.

    Args:
        fetcher: Gets the pages.
        store: Keeps everything; used from one thread at a time.
        interval_s: Between looks at a portal, for whoever judges later whether it is down.
        clock: Says what time it is; aware.
        backlog: What an earlier collector could not keep; it comes first.
    """

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        store: Store,
        interval_s: int,
        clock: Callable[[], dt.datetime],
        backlog: Backlog[Report] | None = None,
    ) -> None:
        self._fetcher, self._store, self._interval_s = fetcher, store, interval_s
        self._clock = clock
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

        Raises:
            DatabaseError: Something could not be kept.
        """
        await self.in_writer(read_leftovers, self._store)
        ended = await asyncio.gather(*map(self.look, portals), return_exceptions=True)
        late = await self.catch_up()
        for end in ended:
            if isinstance(end, BaseException) and not isinstance(end, DatabaseError):
                raise end
        return [*(end for end in ended if isinstance(end, Report)), *late]

    async def catch_up(self) -> list[Report]:
        """
        Keep the looks that could not be kept when they ended; returns how those ended.

        Raises:
            DatabaseError: They still cannot be kept.
        """
        return await self.in_writer(self._backlog.catch_up, self._store)

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
            return await self._keep(portal, _keep_failure, look, exc)
        except asyncio.CancelledError:
            look = _as_look(portal, asked_at, started, None)
            given_up = FetchError(portal.url, "given up: stopped")
            await self._keep(portal, _keep_failure, look, given_up)
            raise
        look = _as_look(portal, asked_at, started, page.status, page.wire_bytes)
        return await self._keep(portal, _keep_answer, look, page)

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
        keep: Callable[[Store, Look, _T], Report | Step[Report]],
        look: Look,
        answer: _T,
    ) -> Report:
        """Keep what came of a look, then what its site says of robots."""

        def first() -> Report | Step[Report]:
            self._make_known(portal)
            return keep(self._store, look, answer)

        report = await self.in_writer(self._backlog.keep, self._store, look.fetched_at, first)
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
    async with Fetcher(
        user_agent=config.fetch.user_agent,
        timeout_s=config.fetch.timeout_s,
        max_bytes=config.fetch.max_bytes,
        clock=clock,
        robots=robots,
    ) as fetcher:
        with Collector(
            fetcher=fetcher,
            store=store,
            interval_s=config.interval_s,
            clock=clock,
            backlog=backlog,
        ) as collector:
            yield collector


def read_leftovers(store: Store) -> list[Report]:
    """Read the pages that a pass kept and was killed before reading; a fatal one is set aside."""
    return [read(store, page) for page in store.unread() if store.begin_again(page)]


def read(store: Store, page: KeptPage) -> Report:
    """Read a page that is kept already, and keep what it says."""
    try:
        seen = sidebar.find(page.body, page.encoding)
    except NoSidebar as exc:
        store.keep_no_sidebar(page, exc.found)
        return Report(portal=page.portal, outcome="no_sidebar", error=str(exc))
    said = normalize.readings(seen)
    content = Content(
        digest=seen.digest, fragment=seen.fragment, readings=said.readings, problems=said.problems
    )
    outcome = store.keep_content(page, content, page_date=seen.page_date, doubt=said.date_doubt)
    return Report(
        portal=page.portal,
        outcome=outcome,
        readings=len(said.readings),
        problems=said.told,
    )


def _keep_answer(store: Store, look: Look, page: Page) -> Report | Step[Report]:
    """Keep a page, to be read in a next step; or that it is still the one read last."""
    if not page.not_modified:
        kept = store.keep_page(
            look,
            KeptPage(
                look_id=0,  # the store gives it one
                portal=look.portal,
                body=page.body,
                encoding=page.encoding,
                etag=page.etag,
                last_modified=page.last_modified,
            ),
        )
        return lambda: replace(read(store, kept), milliseconds=look.milliseconds)
    readings = store.keep_not_modified(look)
    if readings is None:
        return _keep_failure(store, look, FetchError(page.url, "not modified, but since what?"))
    return Report(
        portal=look.portal,
        outcome="not_modified",
        readings=readings,
        milliseconds=look.milliseconds,
    )


def _keep_failure(store: Store, look: Look, error: FetchError) -> Report:
    outcome: Failure = "refused_by_robots" if isinstance(error, RefusedByRobots) else "fetch_failed"
    wait_s = error.retry_after_s
    retry_at = None if wait_s is None else look.fetched_at + dt.timedelta(seconds=wait_s)
    store.keep_failure(look, outcome, str(error), retry_at=retry_at)
    return Report(
        portal=look.portal, outcome=outcome, error=str(error), milliseconds=look.milliseconds
    )


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
