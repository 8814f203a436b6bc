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
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from db.errors import DatabaseError
from db.reading import KST
from scraper import schedule
from scraper.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scraper.collect import Collector, Report
    from scraper.config import Config, Portal
    from scraper.herald import Herald

PATIENCE_S: Final = 5.0
"""How long a stop waits for the looks under way before it gives them up."""

LONGEST_LOOK_S: Final = 600.0
"""Longer than any look with its wait for its turn and the database; beyond it something hangs."""

JITTER: Final = 0.05
"""Of the interval: looks at many portals shall not start in the same second for ever."""


class Timetable:
    """
    One job for each portal, and the looks under way.

    Args:
        collector: Looks.
        herald: Tells of it.
        config: Which portals, and how often.
        clock: Says what time it is; aware.
        after: Told the portal's name and how each look at it ended.
    """

    def __init__(
        self,
        collector: Collector,
        herald: Herald,
        config: Config,
        clock: Callable[[], dt.datetime],
        after: Callable[[str, Report | DatabaseError], None],
    ) -> None:
        self._collector, self._herald, self._config = collector, herald, config
        self._clock, self._after = clock, after
        self._under_way: dict[asyncio.Task[Any], float] = {}
        self._telling: asyncio.Task[None] | None = None
        self._untold: list[Report] = []
        self._late: asyncio.Task[None] | None = None
        self._scheduler = AsyncIOScheduler(
            timezone=dt.UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    async def start(self) -> None:
        """Begin; a portal that is due, or was never looked at, is looked at once."""
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
        """Move every job, as the clock was moved: an interval stays as long as it is."""
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=job.next_run_time + by)

    def goes_on(self) -> bool:
        """Whether no look has been under way for longer than any look can be."""
        oldest = min(self._under_way.values(), default=time.monotonic())
        return time.monotonic() - oldest < LONGEST_LOOK_S

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
        task = asyncio.current_task()
        if task is not None:
            self._under_way[task] = time.monotonic()
            task.add_done_callback(lambda done: self._under_way.pop(done, None))
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

    def _tell(self, report: Report) -> None:
        """Tell of a look beside the looks, one telling at a time."""
        self._untold.append(report)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_all())

    async def _tell_all(self) -> None:
        while self._untold:
            reports, self._untold = self._untold, []
            await self._herald.after_looks(reports)

    async def _due(self, portal: Portal) -> dt.datetime:
        """When the next look is due; by a schedule, at one of its moments after the last look."""
        memory, now = await self._collector.recall(portal), self._clock()
        due = schedule.next_look(memory, self._config.interval_s, now)
        if not self._config.schedule or memory.last_look is None or memory.last_look > now:
            return due
        after = due if memory.failures else memory.last_look + dt.timedelta(seconds=1)
        scheduled: dt.datetime = trigger(self._config).get_next_fire_time(None, after)
        return max(scheduled, memory.retry_at or now, now)


def trigger(config: Config) -> IntervalTrigger | CronTrigger:
    """
    When looks are due, by the config's schedule or its interval.

    Raises:
        ConfigError: The schedule is no cron expression.
    """
    if config.schedule:
        try:
            return CronTrigger.from_crontab(config.schedule, timezone=KST)
        except ValueError as exc:
            problem = f"{config.schedule!r}: {exc}, expected such as '5,25,45 * * * *'"
            raise ConfigError("schedule", problem) from exc
    jitter = int(config.interval_s * JITTER)
    return IntervalTrigger(seconds=config.interval_s, jitter=jitter, timezone=dt.UTC)
