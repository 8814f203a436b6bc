"""
One job for each portal, and the looks under way.

APScheduler only wakes us. What decides when a portal is looked at next is in the database, so that
a restart neither adds requests nor forgets a back-off.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from typing import TYPE_CHECKING, Any, Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.schedulers.base import STATE_PAUSED, STATE_RUNNING
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from db.errors import DatabaseError
from db.moments import KST
from scraper import schedule
from scraper.troubles.rules import INTERVALS
from scraper.wish import APART_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from scraper.collect import Collector, Report
    from scraper.config import Config, Portal
    from scraper.monitor import Monitor

PATIENCE_S: Final = 5.0
"""How long a stop waits for the looks under way before it gives them up."""

LONGEST_LOOK_S: Final = 600.0
"""Longer than any look without the wait for its turn: where none ends meanwhile, one hangs."""

JITTER: Final = 0.05
"""Of the interval: looks at many portals shall not start in the same second for ever."""


class Timetable:
    """
    One job for each portal, and the looks under way.

    Args:
        collector: Looks.
        monitor: Sends notices and writes metrics of it.
        config: Which portals, and how often.
        clock: Says what time it is; aware.
        after: Told the portal's name and how each look at it ended.
    """

    def __init__(
        self,
        collector: Collector,
        monitor: Monitor,
        config: Config,
        clock: Callable[[], dt.datetime],
        after: Callable[[str, Report | DatabaseError], None],
    ) -> None:
        self._collector, self._monitor, self._config = collector, monitor, config
        self._clock, self._after = clock, after
        self._under_way: set[asyncio.Task[Any]] = set()
        self._went_on = time.monotonic()
        self._round_ends = 0.0
        self._round_untold = False
        self._telling: asyncio.Task[None] | None = None
        self._untold: list[Report] = []
        self._late: asyncio.Task[None] | None = None
        self._scheduler = AsyncIOScheduler(
            timezone=dt.UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    async def start(self) -> None:
        """Begin; a portal that is due, or was never looked at, is looked at once."""
        await self._collector.make_known(self._config.portals)
        for portal in self._config.portals:
            self._scheduler.add_job(
                self._look,
                trigger(self._config),
                args=[portal],
                id=portal.name,
                next_run_time=await self._due(portal),
            )
        self._scheduler.start()

    def shift(self, by: dt.timedelta) -> None:
        """
        Move every job with a clock that went back: an interval stays as long as it is.

        What a clock that went on made due is due now, and not at each moment that it left out.
        """
        back, now = min(by, dt.timedelta()), self._clock()
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=max(job.next_run_time + back, now))

    async def look_now(self, names: list[str]) -> None:
        """Have these portals polled now, as far as manners allow; a back-off is none."""
        now = self._clock()
        for portal in self._config.portals:
            job = self._scheduler.get_job(portal.name)
            if portal.name not in names or job is None:
                continue
            memory = await self._collector.recall(portal)
            recent = memory.last_look is not None and (
                0 <= (now - memory.last_look).total_seconds() < APART_S
            )
            if not recent and (memory.retry_at is None or memory.retry_at <= now):
                job.modify(next_run_time=now)

    def goes_on(self) -> bool:
        """Whether a look ended not long ago, if any is under way; many may wait for one site."""
        return not self._under_way or time.monotonic() - self._went_on < LONGEST_LOOK_S

    @property
    def interval_s(self) -> int:
        """Seconds from one look at a portal to the next."""
        return self._config.interval_s

    def newest_look(self) -> dt.datetime | None:
        """When a portal was polled last."""
        return self._collector.newest_look()

    def hold(self, wanted: bool) -> None:
        """Begin no look while the clock would date it wrongly; those that are due then begin."""
        if wanted and self._scheduler.state == STATE_RUNNING:
            self._scheduler.pause()
        elif not wanted and self._scheduler.state == STATE_PAUSED:
            self._scheduler.resume()

    def stuck(self) -> str | None:
        """That no look comes though some are due, in a line; None where they come."""
        longest_s = max(INTERVALS * self.interval_s, 2 * self._config.fetch.timeout_s)
        idle_s = time.monotonic() - self._went_on
        if self._scheduler.state != STATE_RUNNING or idle_s < longest_s:
            return None
        due = min((job.next_run_time for job in self._scheduler.get_jobs()), default=None)
        late = due is not None and (self._clock() - due).total_seconds() > longest_s
        if not (self._under_way or late):
            return None
        since = (self._clock() - dt.timedelta(seconds=idle_s)).astimezone(KST)
        return f"no look at any portal ended since {since:%Y-%m-%d %H:%M}; start the daemon again"

    def catch_up(self) -> None:
        """Keep, beside the looks, what could not be kept when it was seen."""
        if self._late is None or self._late.done():
            self._late = asyncio.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        try:
            reports = await self._collector.catch_up()
        except DatabaseError:
            return  # each of the looks has said so
        for report in reports:
            self._after(report.portal, report)
            self._tell(report)

    async def finish(self) -> None:
        """Begin no more looks; wait a while for those under way, then give them up."""
        self._scheduler.pause()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=PATIENCE_S)
        for look in self._under_way:
            look.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._catch_up()
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        self._scheduler.shutdown()

    async def _look(self, portal: Portal) -> None:
        """One look, told of, and when the next is due if this one failed."""
        self._begin_look()
        try:
            report = await self._collector.look(portal)
        except DatabaseError as exc:
            self._after(portal.name, exc)
            return
        self._after(portal.name, report)
        self._tell(report)
        if report.outcome == "fetch_failed" and (job := self._scheduler.get_job(portal.name)):
            soonest = self._clock() + dt.timedelta(seconds=self._config.interval_s)
            job.modify(next_run_time=max(await self._due(portal), soonest))

    def _begin_look(self) -> None:
        """
        Count a look as under way; with the first of a round, have the dead-man switch told so.

        Each portal has a time of its own, so that with many there is no moment without a look. A
        round is what a pass is to cron: one begins with the first look after an interval.
        """
        now = time.monotonic()
        if not self._under_way:
            self._went_on = now
        if (task := asyncio.current_task()) is not None:
            self._under_way.add(task)
            task.add_done_callback(self._end_look)
        if now >= self._round_ends:
            self._round_ends = now + self._config.interval_s * (1 - 2 * JITTER)
            self._round_untold = True
            self._tell()

    def _end_look(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        self._went_on = time.monotonic()

    def _tell(self, *reports: Report) -> None:
        """Tell of looks beside the looks, one telling at a time."""
        self._untold += reports
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_all())

    async def _tell_all(self) -> None:
        while self._round_untold or self._untold:
            if self._round_untold:
                self._round_untold = False
                await self._monitor.ping("start")
            reports, self._untold = self._untold, []
            if reports:
                await self._monitor.after_looks(reports)

    async def _due(self, portal: Portal) -> dt.datetime:
        """When the next look is due; by a schedule, at one of its moments after the last look."""
        memory = await self._collector.recall(portal)
        return schedule.next_look(
            memory, self._config.interval_s, self._clock(), schedule=self._config.schedule
        )


def trigger(config: Config) -> BaseTrigger:
    """When looks are due, by the config's schedule or its interval."""
    if config.schedule:
        return Cron(config.schedule)
    jitter = int(config.interval_s * JITTER)
    return IntervalTrigger(seconds=config.interval_s, jitter=jitter, timezone=dt.UTC)


class Cron(BaseTrigger):  # type: ignore[misc] # APScheduler has no types
    """The moments of a schedule, for APScheduler: each once, and those that were missed as one."""

    def __init__(self, expression: str) -> None:
        self._schedule = expression

    def get_next_fire_time(
        self, previous_fire_time: dt.datetime | None, now: dt.datetime
    ) -> dt.datetime:
        """The first moment that is neither past nor the one before."""
        if previous_fire_time is not None:
            now = max(now, previous_fire_time + dt.timedelta(seconds=1))
        return schedule.scheduled(self._schedule, now)
