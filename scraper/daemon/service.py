"""Polls day and night in spite of faults: signals, the config, the clock, and the log."""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from db.errors import DatabaseError, MissingExtra
from scraper import clock, look_request, threads
from scraper.clock import RELEASED
from scraper.collect import collecting, read_leftovers
from scraper.collect.backlog import Backlog
from scraper.daemon import systemd
from scraper.daemon.integrity import Inspection
from scraper.daemon.scheduler import Timetable
from scraper.daemon.states import States
from scraper.daemon.watch import STEP, Watch
from scraper.errors import ConfigError
from scraper.monitor import Monitor
from scraper.printable import printable
from scraper.troubles.notifier import Notifier
from scraper.troubles.seen import of_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    import structlog

    from db.write.store import Event, Store
    from scraper.collect import Collector, Report
    from scraper.config import Config

CHECK_S: Final = 5.0
"""The time between two checks: of the clocks, of waiting looks, of requests."""

BUSY_S: Final = 2.0
"""A look waits so long for a locked file; then it waits in memory, without delaying others."""


class Daemon:
    """
    Polls every portal of a config until it is stopped.

    Args:
        load: Reads the config; called again on SIGHUP.
        store: The database.
        clock: Returns the present; aware.
        log: Takes the events.
    """

    def __init__(
        self,
        *,
        load: Callable[[], Config],
        store: Store,
        clock: Callable[[], dt.datetime],
        log: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self._load, self._store, self._clock, self._log = load, store, clock, log
        self._stop, self._reload = asyncio.Event(), asyncio.Event()
        self._config = load()
        self._logged: dict[str, tuple[str, ...]] = {}
        self._backlog = Backlog()
        self._inspection = Inspection(store.path)
        self._states = States(log)
        self._notifier = Notifier(
            config=self._config, database=store.path, clock=clock, complain=self._complain
        )

    async def run(self) -> None:
        """
        Poll until SIGTERM or SIGINT; then let running looks end, or give them up.

        Raises:
            ConfigError: The config is wrong at the start.
            DatabaseError: The database cannot be used at the start, or looks are lost at the end
                because they could not be stored. In between the daemon goes on, reports the fault
                with each look, and stores them as soon as it can: the file may be back, or have
                room, a minute later.
        """
        threads.use_daemon_threads()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)
        await self._wait_for_valid_clock()
        self._store.keep_event(self._clock(), "started")
        words, kinds = self._config.words.known(), self._config.kinds
        for report in read_leftovers(self._store, words, kinds):
            self._after(report.portal, report)
        self._store.wait_at_most(BUSY_S)
        while not self._stop.is_set():
            await self._poll_until_signal()
        if unkept := self._backlog.unkept():
            problem = f"{unkept} looks could not be kept and are lost"
            raise DatabaseError(self._store.path, problem)
        self._record_event("stopped")
        self._log.info("stopped")

    def _complain(self, line: str) -> None:
        self._log.warning("not sent", reason=printable(line))

    async def _wait_for_valid_clock(self) -> None:
        """Wait for a valid clock: a look must not get a date before this code was written."""
        if self._clock() < RELEASED:
            self._log.error("waiting for the clock to be set", now=self._clock().isoformat())
            await self._notifier.notify(of_clock(clock.problem(self._clock(), None)))
        while self._clock() < RELEASED and not self._stop.is_set():
            await _first_of(CHECK_S, self._stop)

    async def _poll_until_signal(self) -> None:
        """Poll under one config, until a signal."""
        async with AsyncExitStack() as stack:
            collector = await stack.enter_async_context(
                collecting(self._config, self._store, self._clock, self._backlog)
            )
            monitor = Monitor(
                config=self._config,
                collector=collector,
                store=self._store,
                clock=self._clock,
                complain=self._complain,
                course=self._states.follow,
            )
            watch = self._watch(monitor)
            self._serve_metrics(stack)
            self._publish(stack, monitor)
            timetable = Timetable(collector, monitor, self._config, self._clock, self._after)
            await timetable.start()
            self._log.info(
                "looking",
                portals=[portal.name for portal in self._config.portals],
                config=str(self._config.path.absolute()),
                database=str(self._store.path.absolute()),
            )
            systemd.ready()
            await self._run_until_signal(timetable, collector, monitor, watch)
            if self._stop.is_set():
                systemd.stopping()
            await timetable.finish()
            await watch.finish()

    def _watch(self, monitor: Monitor) -> Watch:
        """The watch for troubles of nalssi; known ones are in the next ping."""
        self._notifier.config = self._config
        monitor.faults = self._faults()
        return Watch(
            store=self._store,
            backlog=self._backlog,
            inspection=self._inspection,
            clock=self._clock,
            notifier=self._notifier,
            log=self._log,
        )

    def _faults(self) -> list[str]:
        lasting = [one.text for one in self._notifier.lasting()]
        return [*lasting, *(one for one in self._inspection.faults if one not in lasting)]

    def _serve_metrics(self, stack: AsyncExitStack) -> None:
        """Serve metrics on the port of the config; a port that fails does not stop looks."""
        if not (port := self._config.metrics.port):
            return
        from scraper import metrics  # noqa: PLC0415 - only where it is wanted

        names = [portal.name for portal in self._config.portals]
        try:
            stack.enter_context(
                metrics.Endpoint(port, lambda: metrics.take(self._store.path, self._clock(), names))
            )
        except metrics.MetricsError as exc:
            self._log.error("no metrics", reason=str(exc))

    def _publish(self, stack: AsyncExitStack, monitor: Monitor) -> None:
        """Publish to the broker of the config; a broker that fails does not stop looks."""
        if not self._config.mqtt.broker:
            return
        from scraper import mqtt  # noqa: PLC0415 - only where it is wanted

        try:
            publisher = mqtt.Publisher(
                self._config.mqtt, lambda line: self._log.warning("not sent", reason=line)
            )
        except MissingExtra as exc:
            self._log.error("no mqtt", reason=str(exc))
            return
        monitor.publisher = stack.enter_context(publisher)

    async def _run_until_signal(
        self, timetable: Timetable, collector: Collector, monitor: Monitor, watch: Watch
    ) -> None:
        """Feed the watchdog and watch the clock until the end, or until there is a new config."""
        lead = _lead(self._clock)
        while not self._stop.is_set():
            await _first_of(CHECK_S, self._stop, self._reload)
            if self._reload.is_set() and self._read_config_again():
                return
            timetable.catch_up()
            if requested := look_request.take(self._store.path):
                await timetable.look_now(requested)
            self._inspection.begin_if_due(lambda faults: self._log_faults(monitor, faults))
            watch.tick(timetable, monitor)
            monitor.faults = self._faults()
            if timetable.goes_on():
                systemd.alive()
            step = _lead(self._clock) - lead
            if abs(step) > STEP:
                lead += step
                by_s = round(step.total_seconds())
                self._log.warning("the clock was set", by_s=by_s)
                timetable.shift(step)
                detail = f"set by {by_s} s, or the machine slept"
                await collector.in_writer(self._record_event, "clock", detail)

    async def _log_faults(self, monitor: Monitor, faults: list[str]) -> None:
        monitor.faults = self._faults()
        if faults:
            more = len(faults) - 1  # `nalssi check` lists all of them
            self._log.error("database at fault", fault=printable(faults[0]), more=more)
            await monitor.ping("fail", "\n".join(faults))
        else:
            self._log.info("database sound again")

    def _record_event(self, kind: Event, detail: str | None = None) -> None:
        try:
            self._store.keep_event(self._clock(), kind, detail)
        except DatabaseError as exc:
            self._log.error("not kept", reason=str(exc))

    def _read_config_again(self) -> bool:
        """Read the config again; return whether a new one must be used."""
        self._reload.clear()
        systemd.reloading()
        try:
            config = self._load()
        except ConfigError as exc:
            self._log.error("config refused, the old one stays in use", reason=str(exc))
            systemd.ready()
            return False
        changed = config != self._config
        self._log.info("config read again" if changed else "config read again, unchanged")
        if not changed:
            systemd.ready()
            return False
        if config.database != self._config.database:
            self._log.warning("a change of the database needs a restart", database=config.database)
        self._config = config
        return True

    def _after(self, portal: str, end: Report | DatabaseError) -> None:
        """Log the outcome of a look; its problems once, and again when they change."""
        if isinstance(end, DatabaseError):
            self._log.error("not kept yet", portal=portal, reason=str(end))
            systemd.status(f"{portal}: not kept: {end}")
            return
        say = self._log.info if end.error is None else self._log.warning
        say(
            "look",
            portal=end.portal,
            outcome=end.outcome,
            readings=end.readings,
            milliseconds=end.milliseconds,
            **({} if end.error is None else {"error": printable(end.error)}),
        )
        systemd.status(f"{end.portal}: {end.outcome}")
        if end.error is not None or end.outcome == "not_modified":  # it has no problems to compare
            return
        if self._logged.get(end.portal, ()) != end.problems:
            self._logged[end.portal] = end.problems
            for problem in end.problems or ("none any more",):
                self._log.warning("problem", portal=end.portal, problem=printable(problem))


def _lead(clock: Callable[[], dt.datetime]) -> dt.timedelta:
    """How far the wall clock is ahead of the monotonic clock."""
    return clock() - dt.datetime.fromtimestamp(time.monotonic(), dt.UTC)


async def _first_of(timeout_s: float, *events: asyncio.Event) -> None:
    """Wait for one of the events, or the time limit."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    for one in waiting:
        one.cancel()
