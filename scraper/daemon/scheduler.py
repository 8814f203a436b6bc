"""
One job for each portal, and the looks under way.

APScheduler only wakes us. What decides when a portal is looked at next is in the database, so that
a restart neither adds requests nor forgets a back-off.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
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
    from pathlib import Path

    from scraper.collect import Collector, Report
    from scraper.config import Config, Portal
    from scraper.monitor import Monitor

PATIENCE_S: Final = 5.0
"""How long a stop waits for the looks under way before it gives them up."""

LONGEST_LOOK_S: Final = 600.0
"""Longer than any look without the wait for its turn: where none ends meanwhile, one hangs."""

JITTER: Final = 0.05
"""Of the interval: looks at many portals shall not start in the same second for ever."""

_FIELDS: Final = ("minute", "hour", "day", "month", "day_of_week")
"""Of a cron expression, in its order, as the library calls them."""

_WEEK: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""As cron counts, from 0."""

_DAY: Final = f"[0-7]|{'|'.join(_WEEK)}"
_DAYS: Final = re.compile(
    rf"(?:\*|(?P<first>{_DAY})-(?P<last>{_DAY}))(?:/(?P<step>[1-7]))?|(?P<one>{_DAY})",
    re.IGNORECASE,
)


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
        """Whether a look ended not long ago, if any is under way; many may wait for one site."""
        return not self._under_way or time.monotonic() - self._went_on < LONGEST_LOOK_S

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
        memory, now = await self._collector.recall(portal), self._clock()
        due = schedule.next_look(memory, self._config.interval_s, now)
        if not self._config.schedule or memory.last_look is None or memory.last_look > now:
            return due
        after = due if memory.failures else memory.last_look + dt.timedelta(seconds=1)
        scheduled: dt.datetime = trigger(self._config).get_next_fire_time(None, after)
        return max(scheduled, memory.retry_at or now, now)


def refuse_wrong_schedule(config: Config, where: Path) -> None:
    """
    Refuse a config whose schedule nobody can keep to.

    Args:
        config: The config.
        where: The file that it stands in.

    Raises:
        ConfigError: The schedule is no cron expression, or has no moment that we can tell.
    """
    try:
        trigger(config)
    except ValueError as exc:
        problem = f"schedule {config.schedule!r}: {exc}, expected such as '5,25,45 * * * *'"
        raise ConfigError(where, problem) from exc


def trigger(config: Config) -> IntervalTrigger | CronTrigger:
    """
    When looks are due, by the config's schedule or its interval.

    Raises:
        ValueError: The schedule is no cron expression, or has no moment that we can tell.
    """
    if config.schedule:
        return _by_cron(config.schedule)
    jitter = int(config.interval_s * JITTER)
    return IntervalTrigger(seconds=config.interval_s, jitter=jitter, timezone=dt.UTC)


def _by_cron(schedule: str) -> CronTrigger:
    """
    The moments of a cron expression, in Korean time.

    Raises:
        ValueError: It is none, or has no moment that we can tell.
    """
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        msg = f"{len(fields)} fields in place of {len(_FIELDS)}"
        raise ValueError(msg)
    by_name = dict(zip(_FIELDS, fields, strict=True))
    if by_name["day"] != "*" and by_name["day_of_week"] != "*":
        # Cron takes the days that fit either, the library those that fit both.
        msg = "a day of the month and a weekday, of which only one may be other than '*'"
        raise ValueError(msg)
    by_name["day_of_week"] = _weekdays(by_name["day_of_week"])
    made = CronTrigger(**by_name, timezone=KST)
    if made.get_next_fire_time(None, dt.datetime.now(KST)) is None:
        msg = "no year has such a day"
        raise ValueError(msg)
    return made


def _weekdays(field: str) -> str:
    """
    Weekdays as cron counts them, by name: to the library 0 is monday.

    Raises:
        ValueError: They are none.
    """
    names: list[str] = []
    for part in field.split(","):
        read = _DAYS.fullmatch(part)
        if read is None:
            msg = f"{part!r} is no weekday"
            raise ValueError(msg)
        first = _nth(read["first"] or read["one"] or "sun")
        last = _nth(read["last"] or read["one"] or "sat")
        last += 7 if last < first else 0
        names += [_WEEK[day % 7] for day in range(first, last + 1, int(read["step"] or 1))]
    return ",".join(names)


def _nth(day: str) -> int:
    return int(day) if day.isdigit() else _WEEK.index(day.lower())
