"""Watches the needs of the daemon itself: disk, file, clock, channels, and regular looks."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from typing import TYPE_CHECKING, Any, Final

from db.errors import DatabaseError
from db.moments import minute, stamp
from scraper import clock as clocks
from scraper.troubles import seen as see
from scraper.troubles.rules import INTERVALS

if TYPE_CHECKING:
    from collections.abc import Callable

    from db.write.store import Store
    from scraper.collect.backlog import Backlog
    from scraper.daemon.integrity import Inspection
    from scraper.daemon.scheduler import Timetable
    from scraper.monitor import Monitor
    from scraper.troubles.notifier import Notifier
    from scraper.troubles.rules import Key

STEP: Final = dt.timedelta(seconds=30)
"""A difference between the two clocks of the machine that is not drift."""


class Watch:
    """
    Detects troubles of nalssi itself and reports them, beside the looks.

    Args:
        store: The database.
        backlog: Looks that could not be recorded.
        inspection: Damage of the file.
        clock: Returns the present; aware.
        notifier: Sends the notices.
        log: Takes the beginnings and ends.
    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        *,
        store: Store,
        backlog: Backlog,
        inspection: Inspection,
        clock: Callable[[], dt.datetime],
        notifier: Notifier,
        log: Any,
    ) -> None:
        self._store, self._backlog, self._inspection = store, backlog, inspection
        self._clock, self.notifier, self._log = clock, notifier, log
        self._ticked = time.monotonic()
        self._lead, self._stepped, self._stepped_at = _lead(clock), "", 0.0
        self._stood: str | None = None
        self._under_way: asyncio.Task[None] | None = None

    def tick(self, timetable: Timetable, monitor: Monitor) -> None:
        """
        Check everything, unless a check is running; called every few seconds.

        Args:
            timetable: The timetable of the looks.
            monitor: The monitor of the portals, with the results of its channels and the ping.
        """
        self._check_pause()
        if self._under_way is None or self._under_way.done():
            self._check_clock()  # not within a round, whose times use one clock
            self._under_way = asyncio.create_task(self._check_in_thread(timetable, monitor))

    async def finish(self) -> None:
        """Give up a running check."""
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)

    async def _check_in_thread(self, timetable: Timetable, monitor: Monitor) -> None:
        try:
            await self._check(timetable, monitor)
        except RuntimeError as exc:  # no thread can be started; the next round may succeed
            self._log.warning("troubles not looked for", reason=str(exc))

    async def _check(self, timetable: Timetable, monitor: Monitor) -> None:
        now = self._clock()
        wrong_clock = clocks.problem(now, timetable.newest_look())
        timetable.hold(wrong_clock is not None)
        seen: dict[Key, str | None] = {
            **see.of_clock(wrong_clock or self._stepped or None),
            **await asyncio.to_thread(self._of_file),
            **self._of_backlog(),
            ("stuck", ""): self._stood or timetable.stuck(),
            **monitor.channels,
        }
        self._stood = None
        before = {one.key for one in self.notifier.lasting()}
        await self.notifier.notify(seen, now)
        if new := self._log_changes(before):
            await monitor.ping("fail", "\n".join(new))

    def _log_changes(self, before: set[Key]) -> list[str]:
        """Log which troubles began and ended; return those that began, a line each."""
        now = {one.key: one for one in self.notifier.lasting()}
        for key in now.keys() - before:
            self._log.error("trouble", kind=key[0], reason=now[key].text)
        for key in before - now.keys():
            self._log.info("trouble over", kind=key[0])
        return [now[key].text for key in now.keys() - before]

    def _of_file(self) -> dict[Key, str | None]:
        """The disk and the file, with the last error of SQLite."""
        least = self.notifier.config.notify.disk_mib
        short = self.notifier.has(("disk", ""))
        seen = {**see.of_success()}
        if refused := self._backlog.refused:
            seen |= see.of_error(refused)
        seen |= {**see.of_disk(self._store.path, least_mib=least, short=short), **seen}
        try:
            self._store.place.refuse_moved()
        except DatabaseError as exc:
            seen |= see.of_error(exc)
        return {**self._of_inspection(), **seen}

    def _of_inspection(self) -> dict[Key, str | None]:
        damage = self._inspection.damage
        return {} if damage is None else {("damaged", ""): next(iter(damage), None)}

    def _of_backlog(self) -> dict[Key, str | None]:
        """The backlog; while the file refuses, its trouble is not over."""
        problem = self._backlog.problem()
        return {("backlog", ""): problem} if problem or not self._backlog.refused else {}

    def _check_clock(self) -> None:
        """A clock step is a trouble for three intervals; sleep of the machine is not a step."""
        step = _lead(self._clock) - self._lead
        interval_s = self.notifier.config.interval_s
        if abs(step) > STEP:
            self._lead += step
            self.notifier.shift(step)
            self._stepped_at = time.monotonic()
            self._stepped = (
                f"the clock was set by {round(step.total_seconds())} s, to {stamp(self._clock())}; "
                "if that is not right, set it; `nalssi drop-looks` drops what a wrong one dated"
            )
        elif self._stepped and time.monotonic() - self._stepped_at > INTERVALS * interval_s:
            self._stepped = ""

    def _check_pause(self) -> None:
        """A process that was stopped, or hung, detects it when it resumes."""
        now = time.monotonic()
        pause_s, self._ticked = now - self._ticked, now
        if pause_s >= INTERVALS * self.notifier.config.interval_s:
            since = self._clock() - dt.timedelta(seconds=pause_s)
            self._stood = (
                f"no look at any portal since {minute(since)}: this process "
                "stood still; see what stopped it"
            )


def _lead(clock: Callable[[], dt.datetime]) -> dt.timedelta:
    """How far the wall clock is ahead of the clock that is never set and counts sleep, too."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return clock() - dt.datetime.fromtimestamp(time.clock_gettime(boot), dt.UTC)
