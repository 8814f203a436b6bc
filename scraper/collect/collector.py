"""One look, and one pass over all portals."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, Self, TypeVar, TypeVarTuple

from db.errors import DatabaseError
from db.moments import KST
from db.reading import Look, PortalMemory
from db.write import drop
from scraper import clock
from scraper.collect import ingest
from scraper.collect.backlog import Backlog
from scraper.collect.ingest import Answered
from scraper.collect.report import PassNotKept, Report
from scraper.errors import FetchError, WrongClock
from scraper.fetch import Fetcher, Page
from scraper.reader import ALL_BOXES
from scraper.vocabulary import KNOWN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from db.reading import KeptPage, Robots
    from db.write.store import Store
    from scraper.config import Config, Portal
    from scraper.vocabulary import Words

AT_ONCE: Final = 32
"""The most looks at the same time, each at another site."""

_Ts = TypeVarTuple("_Ts")
_T = TypeVar("_T")


class Held(NamedTuple):
    """A look whose page is stored but not read yet, as its server's clock is days off ours."""

    page: KeptPage
    asked_at: dt.datetime
    ahead: dt.timedelta


class Collector:
    """
    Polls portals and stores what they show.

    Args:
        fetcher: Fetches the pages.
        store: The database; used from one thread at a time.
        interval_s: Seconds between looks at a portal; later they decide whether it is down.
        clock: Returns the present; aware.
        backlog: Looks that an earlier collector could not store; they come first.
        words: The meanings of printed words.
        kinds: The kind of each portal, by its name; for pages that a killed pass left behind.
    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        *,
        fetcher: Fetcher,
        store: Store,
        interval_s: int,
        clock: Callable[[], dt.datetime],
        backlog: Backlog | None = None,
        words: Words = KNOWN,
        kinds: Mapping[str, str] = ALL_BOXES,
    ) -> None:
        self._fetcher, self._store, self._interval_s = fetcher, store, interval_s
        self._clock, self._words, self._kinds = clock, words, kinds
        self._robots_kept = dict(fetcher.robots)
        self._memories: dict[str, PortalMemory] = {}
        self._backlog = Backlog() if backlog is None else backlog
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._places = asyncio.Semaphore(AT_ONCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.shutdown()

    async def sweep(self, portals: Sequence[Portal]) -> list[Report]:
        """
        Poll each portal once, after reading the pages that a killed pass left behind.

        An error of one look does not stop the others; it is raised when all have ended.

        Returns:
            The reports: first of the pages left behind, then of the looks.

        Raises:
            PassNotKept: A look could not be stored; it has the reports of the rest.
            WrongClock: All portals that answered contradict our clock; their looks are dropped.
        """
        reports: list[Report] = []
        refused: DatabaseError | None = None
        try:
            await self.in_writer(self._begin, portals, reports)
        except DatabaseError as exc:  # the next pass reads them; poll the portals anyway
            self._backlog.leave_alone(refused := exc)
        looks = map(self._look_unless_contradicted, portals)
        ended = await self._settled(await asyncio.gather(*looks, return_exceptions=True))
        late: list[Report] = []
        try:
            late = await self.catch_up()
            if refused is not None:  # the file may accept it by now
                await self.in_writer(self._begin, portals, reports)
                refused = None
        except DatabaseError as exc:
            late, refused = [*late, *await self.in_writer(self._backlog.late)], exc
        for end in ended:
            if isinstance(end, BaseException) and not isinstance(end, DatabaseError):
                raise end
        reports += [*(end for end in ended if isinstance(end, Report)), *late]
        unkept = _unkept(portals, ended, late)
        if refused := refused or next(iter(unkept.values()), None):
            raise PassNotKept(refused, list(unkept), reports)
        return reports

    def _begin(self, portals: Sequence[Portal], reports: list[Report]) -> None:
        """Add the portals to the database, and read the pages that a killed pass left behind."""
        self._store.portals(self._rows(portals))
        reports.extend(ingest.read_leftovers(self._store, self._words, self._kinds))

    async def _look_unless_contradicted(self, portal: Portal) -> Report | Held:
        """Poll once; if its server's clock is a day off, the page is stored but not read yet."""
        answered = await self._ask(portal)
        ahead = clock.server_ahead(answered.answer, answered.look.fetched_at)
        if ahead is None:
            return await self._keep(answered)
        return await self.in_writer(self._hold, answered, ahead)

    def _hold(self, answered: Answered, ahead: dt.timedelta) -> Report | Held:
        """Run only the first transaction of a look; if the file refuses it, the look waits."""
        if not self._backlog:
            try:
                page = ingest.record(self._store, answered)
            except DatabaseError as exc:
                self._backlog.leave_alone(exc)
            else:
                if isinstance(page, Report):
                    return page
                return Held(page=page, asked_at=answered.look.fetched_at, ahead=ahead)
        return self._backlog.keep(self._store, answered, self._words)

    async def _settled(
        self, ended: Sequence[Report | Held | BaseException]
    ) -> list[Report | BaseException]:
        """Read the pages held back, unless all portals that answered contradict the clock."""
        read = await self._each_held(ended, self._unless_it_agrees)
        held = [end for end in read if isinstance(end, Held)]
        if not any(isinstance(end, Report) and end.error is None for end in read):
            try:
                clock.refuse_contradicted(self._clock(), [one.ahead for one in held])
            except WrongClock:
                rows = [one.page.look_id for one in held]
                await self.in_writer(drop.unread, self._store, rows)
                raise
        return await self._each_held(read, self._read)

    async def _each_held(
        self, ended: Sequence[Report | Held | BaseException], then: Callable[[Held], Report | _T]
    ) -> list[Report | _T | BaseException]:
        """The reports of looks; those held back are read or dropped now."""
        held = [self.in_writer(then, end) for end in ended if isinstance(end, Held)]
        done = iter(await asyncio.gather(*held, return_exceptions=True))
        return [next(done) if isinstance(end, Held) else end for end in ended]

    def _unless_it_agrees(self, held: Held) -> Report | Held:
        """Return it if its page is from the day of its server; otherwise read its page."""
        if clock.prints_that_day(held.page, held.asked_at, held.ahead, self._words):
            return held
        return self._read(held)

    def _read(self, held: Held) -> Report:
        return ingest.read(self._store, held.page, self._words)

    async def catch_up(self) -> list[Report]:
        """
        Store the looks that could not be stored when they ended, and return their reports.

        Raises:
            DatabaseError: They still cannot be stored.
        """
        await self.in_writer(self._backlog.catch_up, self._store, self._words)
        return await self.in_writer(self._backlog.late)

    async def look(self, portal: Portal) -> Report:
        """
        Poll a portal once, and report the outcome.

        Raises:
            DatabaseError: The look could not be stored yet; it is stored before the next one.
        """
        return await self._keep(await self._ask(portal))

    def newest_look(self) -> dt.datetime | None:
        """The newest look at any portal, as far as it was recalled."""
        looks = (memory.last_look for memory in self._memories.values())
        return max(filter(None, looks), default=None)

    async def _ask(self, portal: Portal) -> Answered:
        memory = await self.recall(portal)
        asked_at, began = self._clock(), time.monotonic()
        try:
            async with self._fetcher.turn(portal.url), self._places:
                asked_at, began = self._clock(), time.monotonic()
                answer: Page | FetchError = await self._page(portal, memory, asked_at)
        except FetchError as exc:
            answer = exc
        except asyncio.CancelledError:
            given_up = FetchError(portal.url, "given up: stopped")
            await self._keep(self._answered(portal, asked_at, began, given_up))
            raise
        return self._answered(portal, asked_at, began, answer)

    def _answered(
        self, portal: Portal, asked_at: dt.datetime, began: float, answer: Page | FetchError
    ) -> Answered:
        look = Look(
            portal=portal.name,
            fetched_at=asked_at,
            milliseconds=round((time.monotonic() - began) * 1000),
            status=answer.status,
            robots=self._new_robots(),
        )
        if isinstance(answer, Page):
            look = replace(
                look,
                wire_bytes=answer.wire_bytes,
                age_s=answer.age_s,
                server_date=answer.date,
                page_modified=answer.last_modified,
            )
        return Answered(look=look, answer=answer, kind=portal.kind)

    def _new_robots(self) -> tuple[Robots, ...]:
        """The robots.txt files that were read since the last look."""
        new = {
            origin: robots
            for origin, robots in self._fetcher.robots.items()
            if robots != self._robots_kept.get(origin)
        }
        self._robots_kept |= new
        return tuple(new.values())

    async def _keep(self, answered: Answered) -> Report:
        return await self.in_writer(self._backlog.keep, self._store, answered, self._words)

    async def make_known(self, portals: Sequence[Portal]) -> None:
        """Add these portals to the database; if it refuses, they are added with the next look."""
        try:
            await self.in_writer(self._store.portals, self._rows(portals))
        except DatabaseError as exc:
            self._backlog.leave_alone(exc)

    def _rows(self, portals: Sequence[Portal]) -> dict[str, tuple[str, int]]:
        return {portal.name: (portal.url, self._interval_s) for portal in portals}

    async def recall(self, portal: Portal) -> PortalMemory:
        """
        The memory of a portal, or the part known here: a locked database must not stop a look.

        While looks wait it has no validators: "not modified" must refer to the look before.
        """
        memory = self._memories.get(portal.name, PortalMemory())
        if not self._backlog.refuses():
            try:
                memory = await self.in_writer(self._store.memory, portal.name)
                self._memories[portal.name] = memory
            except DatabaseError as exc:
                self._backlog.leave_alone(exc)
        if self._backlog or self._backlog.refuses():
            return replace(memory, etag=None, last_modified=None)
        return memory

    async def _page(self, portal: Portal, memory: PortalMemory, now: dt.datetime) -> Page:
        """The portal's answer, unless it asked for no request before a later time."""
        last, until = memory.last_look, memory.retry_at
        # A look in the future was dated by a wrong clock, and so was its Retry-After.
        if last is not None and until is not None and last <= now < until:
            again = until.astimezone(KST).isoformat()
            reason = f"not polled: the site asked for no request before {again}"
            raise FetchError(portal.url, reason, retry_after_s=(until - now).total_seconds())
        return await self._fetcher.ask(
            portal.url,
            etag=memory.etag,
            last_modified=memory.last_modified,
            ignore_robots=bool(portal.ignore_robots),
        )

    async def in_writer(self, function: Callable[[*_Ts], _T], *args: *_Ts) -> _T:
        """Call a function in the thread of the store; it runs even if the caller is cancelled."""
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._writer, function, *args))


@contextlib.asynccontextmanager
async def collecting(
    config: Config, store: Store, clock: Callable[[], dt.datetime], backlog: Backlog | None = None
) -> AsyncIterator[Collector]:
    """A collector by the config, with its fetcher; for the arguments see ``Collector``."""
    robots = []
    with contextlib.suppress(DatabaseError):  # locked or full: robots.txt is fetched again
        robots = store.robots()
    fetcher = Fetcher(config.fetch, clock=clock, robots=robots)
    with Collector(
        fetcher=fetcher,
        store=store,
        interval_s=config.interval_s,
        clock=clock,
        backlog=backlog,
        words=config.words.known(),
        kinds=config.kinds,
    ) as collector:
        yield collector


def _unkept(
    portals: Sequence[Portal], ended: Sequence[object], late: Sequence[Report]
) -> dict[str, DatabaseError]:
    """The portals whose looks could not be stored, not even late, and why."""
    kept = {report.portal for report in late}
    return {
        portal.name: end
        for portal, end in zip(portals, ended, strict=True)
        if isinstance(end, DatabaseError) and portal.name not in kept
    }
