"""
One job for each portal, and the looks under way.

APScheduler only wakes us. The database decides when a portal is polled next, so that a restart
neither adds requests nor forgets a back-off.
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
from db.moments import minute
from scraper import schedule
from scraper.look_request import APART_S
from scraper.troubles.rules import INTERVALS

if TYPE_CHECKING:
    from collections.abc import Callable

    from scraper.collect import Collector, Report
    from scraper.config import Config, Portal
    from scraper.monitor import Monitor

PATIENCE_S: Final = 5.0
"""A stop waits so long for running looks before it gives them up."""

LONGEST_LOOK_S: Final = 600.0
"""Longer than any look without its wait for a turn: if none ends meanwhile, one hangs."""

JITTER: Final = 0.05
"""A share of the interval, so that looks at many portals do not start in the same second."""


class Timetable:
    """
    One job for each portal, and the running looks.

    Args:
        collector: Polls the portals.
        monitor: Sends notices and writes metrics.
        config: The portals and the interval.
        clock: Returns the present; aware.
        after: Called with the portal's name and the report of each look.
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
        """Begin; a portal that is due, or was never polled, is polled at once."""
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
        Move every job when the clock was set back, so that intervals keep their length.

        When the clock was set forward, jobs that it made due run once, not for each skipped moment.
        """
        back, now = min(by, dt.timedelta()), self._clock()
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=max(job.next_run_time + back, now))

    async def look_now(self, names: list[str]) -> None:
        """Poll these portals now, ignoring a back-off but obeying a Retry-After."""
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
        """Whether looks make progress: all have ended, or one ended recently."""
        return not self._under_way or time.monotonic() - self._went_on < LONGEST_LOOK_S

    def newest_look(self) -> dt.datetime | None:
        """When a portal was polled last."""
        return self._collector.newest_look()

    def hold(self, wanted: bool) -> None:
        """Begin no look while the clock is wrong; then begin those that are due."""
        if wanted and self._scheduler.state == STATE_RUNNING:
            self._scheduler.pause()
        elif not wanted and self._scheduler.state == STATE_PAUSED:
            self._scheduler.resume()

    def stuck(self) -> str | None:
        """A line about missing looks although some are due; None if looks come."""
        longest_s = max(INTERVALS * self._config.interval_s, 2 * self._config.fetch.timeout_s)
        idle_s = time.monotonic() - self._went_on
        if self._scheduler.state != STATE_RUNNING or idle_s < longest_s:
            return None
        due = min((job.next_run_time for job in self._scheduler.get_jobs()), default=None)
        late = due is not None and (self._clock() - due).total_seconds() > longest_s
        if not (self._under_way or late):
            return None
        since = minute(self._clock() - dt.timedelta(seconds=idle_s))
        return f"no look at any portal ended since {since}; start the daemon again"

    def catch_up(self) -> None:
        """Store waiting looks, beside the running ones."""
        if self._late is None or self._late.done():
            self._late = asyncio.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        try:
            reports = await self._collector.catch_up()
        except DatabaseError:
            return  # each of the looks has reported it
        for report in reports:
            self._after(report.portal, report)
            self._report(report)

    async def finish(self) -> None:
        """Begin no more looks; wait a while for the running ones, then give them up."""
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
        """Poll once, report the look, and schedule the next one if this one failed."""
        self._begin_look()
        try:
            report = await self._collector.look(portal)
        except DatabaseError as exc:
            self._after(portal.name, exc)
            return
        self._after(portal.name, report)
        self._report(report)
        if report.outcome == "fetch_failed" and (job := self._scheduler.get_job(portal.name)):
            soonest = self._clock() + dt.timedelta(seconds=self._config.interval_s)
            job.modify(next_run_time=max(await self._due(portal), soonest))

    def _begin_look(self) -> None:
        """
        Count a look as running; the first of a round reports to the dead-man switch.

        Each portal has its own time, so with many portals there is always a running look. A round
        is like a pass of cron: it begins with the first look after an interval.
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
            self._report()

    def _end_look(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        self._went_on = time.monotonic()

    def _report(self, *reports: Report) -> None:
        """Send the reports of looks beside the looks, one batch at a time."""
        self._untold += reports
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._report_all())

    async def _report_all(self) -> None:
        while self._round_untold or self._untold:
            if self._round_untold:
                self._round_untold = False
                await self._monitor.ping("start")
            reports, self._untold = self._untold, []
            if reports:
                await self._monitor.after_looks(reports)

    async def _due(self, portal: Portal) -> dt.datetime:
        """The time of the next look; by a schedule, its first moment after the last look."""
        memory = await self._collector.recall(portal)
        return schedule.next_look(
            memory, self._config.interval_s, self._clock(), schedule=self._config.schedule
        )


def trigger(config: Config) -> BaseTrigger:
    """The trigger of looks, by the config's schedule or its interval."""
    if config.schedule:
        return Cron(config.schedule)
    jitter = int(config.interval_s * JITTER)
    return IntervalTrigger(seconds=config.interval_s, jitter=jitter, timezone=dt.UTC)


class Cron(BaseTrigger):  # type: ignore[misc] # APScheduler has no types
    """The moments of a schedule, for APScheduler: each once, and missed ones as one."""

    def __init__(self, expression: str) -> None:
        self._schedule = expression

    def get_next_fire_time(
        self, previous_fire_time: dt.datetime | None, now: dt.datetime
    ) -> dt.datetime:
        """The first moment that is not past and not the previous one."""
        if previous_fire_time is not None:
            now = max(now, previous_fire_time + dt.timedelta(seconds=1))
        return schedule.scheduled(self._schedule, now)
