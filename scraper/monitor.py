"""
Telling what was seen of the portals: notices, metrics, and the dead-man switch.

Used by the daemon and by cron passes alike. Nothing here may stop or hold up a look: what cannot be
told is complained of, and tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from db import query
from db.errors import NalssiError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Awaitable, Callable, Iterator

    from db.write.store import Store
    from scraper.collect import Collector, Report
    from scraper.config import Config, Notify
    from scraper.notify import Channels, Notice, Signal

_T = TypeVar("_T")

Told: TypeAlias = "dict[tuple[str, str], query.Told]"

TIMEOUT_S: Final = 10.0
"""For one notice by one channel."""

LONG_S: Final = 0.5
REST: Final = 20
"""Metrics that took longer than that are not written again for so many times as long."""

PATIENCE_S: Final = 30.0
"""For all notices of one round by one channel; what is left is told after the next look."""


class Herald:
    """
    Tells what the config wants told.

    Args:
        config: Whom to tell, and where the metrics go.
        collector: Lends its thread for what uses the store.
        store: Remembers what was told.
        clock: Says what time it is; aware.
        complain: Takes a line on what could not be told; the same of one channel only once.

    Attributes:
        faults: Of the database, a line each: while there are some, no look is a success.
    """

    def __init__(
        self,
        *,
        config: Config,
        collector: Collector,
        store: Store,
        clock: Callable[[], dt.datetime],
        complain: Callable[[str], None],
    ) -> None:
        self._config, self._collector, self._store = config, collector, store
        self._clock, self._complain = clock, complain
        self.faults: list[str] = []
        # Each thread that asks has memory of its own, which the process never gives back.
        self._asking = asyncio.Lock()
        self._complained: dict[str, str] = {}
        self._last: dict[str, Report] = {}
        self._metrics_again = 0.0

    async def after_looks(self, reports: list[Report]) -> None:
        """Tell what these looks changed; never raises for anything that a channel does."""
        for report in reports:
            self._last[report.portal] = report
        looked_at = {report.portal for report in reports}
        await asyncio.gather(
            self._trying("notices", self._notices(looked_at)),
            self._trying("metrics", self._metrics()),
        )
        failed = [f"{r.portal}: {r.outcome}: {r.error}" for r in self._last.values() if r.error]
        failed += self.faults
        well = [
            f"{r.portal}: {r.outcome}, {r.readings} readings"
            for r in self._last.values()
            if not r.error
        ]
        await self.ping("fail" if failed else "success", "\n".join([*failed, *well]))

    async def ping(self, signal: Signal, body: str = "") -> None:
        """Tell the dead-man switch that a pass began, or how it ended."""
        if self._config.notify.ping:
            from scraper.notify import ping  # noqa: PLC0415 - only where it is wanted

            failure = await _aside(partial(ping, self._config.notify.ping, signal, body))
            self._note("ping", failure)

    async def _trying(self, name: str, telling: Awaitable[None]) -> None:
        try:
            await telling
        except NalssiError as exc:
            self._note(name, str(exc))

    async def _notices(self, looked_at: set[str]) -> None:
        """
        Deliver by each channel what is due of the portals that were just looked at.

        Of the others we only know what was before, perhaps before a long pause of our own.

        Raises:
            DatabaseError: It cannot be asked what is due.
        """
        channels = list(_each(self._config.notify))
        if not channels:
            return
        async with self._asking:
            statuses, told = await asyncio.to_thread(self._asked, looked_at)
        self._note("notices", None)
        await asyncio.gather(
            *(
                self._trying(name, self._tell(name, channel, statuses, told))
                for name, channel in channels
            )
        )

    def _asked(self, portals: set[str]) -> tuple[list[query.PortalStatus], Told]:
        """How these portals are, and what all channels were told."""
        with query.Database(self._store.path) as db:
            return db.status(portals=portals, now=self._clock()), db.told()

    async def _tell(
        self, name: str, channel: Channels, statuses: list[query.PortalStatus], told: Told
    ) -> None:
        """Deliver by one channel what it was not told yet."""
        from scraper.notify import rules  # noqa: PLC0415 - only where it is wanted

        until = time.monotonic() + PATIENCE_S
        told_it = {
            (portal, kind.removeprefix(f"{name}: ")): once
            for (portal, kind), once in told.items()
            if kind.startswith(f"{name}: ")
        }
        for notice in rules.due(statuses, told_it, self._clock()):
            if time.monotonic() < until:
                await self._deliver(name, channel, notice)

    async def _deliver(self, name: str, channel: Channels, notice: Notice) -> None:
        """Deliver a notice; one that did not arrive is tried again after the next look."""
        from scraper.notify import deliver  # noqa: PLC0415

        failures = await _aside(partial(deliver, notice, channel, timeout_s=TIMEOUT_S))
        if failures:
            self._note(name, f"{name}: {failures[0].partition(': ')[2]}")
            return
        self._note(name, None)
        kind = f"{name}: {notice.kind}"
        if notice.well:
            await self._collector.in_writer(self._store.forget_told, notice.portal, kind)
        else:
            await self._collector.in_writer(
                self._store.keep_told, notice.portal, kind, self._clock(), notice.text
            )

    def _note(self, name: str, failure: str | None) -> None:
        """Complain of a failure where it is news."""
        if failure is None:
            self._complained.pop(name, None)
        elif self._complained.get(name) != failure:
            self._complained[name] = failure
            self._complain(failure)

    async def _metrics(self) -> None:
        """Write the metrics; where that takes long, not after every look."""
        began = time.monotonic()
        if self._config.metrics.textfile and began >= self._metrics_again:
            from scraper import metrics  # noqa: PLC0415 - only where it is wanted

            path = Path(self._config.metrics.textfile)
            names = [portal.name for portal in self._config.portals]

            def write() -> None:
                metrics.write(path, metrics.take(self._store.path, self._clock(), names))

            async with self._asking:
                await asyncio.to_thread(write)
            self._note("metrics", None)
            took_s = time.monotonic() - began
            self._metrics_again = began + (REST * took_s if took_s > LONG_S else 0.0)


async def _aside(work: Callable[[], _T]) -> _T:
    """Do what cannot fail in a thread of its own; the end of the process does not wait for it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T) -> None:
        if not done.done():
            done.set_result(result)

    def run() -> None:
        result = work()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=run, name="nalssi-herald", daemon=True).start()
    return await done


def _each(notify: Notify) -> Iterator[tuple[str, Channels]]:
    """Each channel alone, by the name under which it is remembered what it was told."""
    from scraper.notify import Channels  # noqa: PLC0415 - only where it is wanted

    if notify.command:
        yield "command", Channels(command=notify.command)
    if notify.webhook:
        yield "webhook", Channels(webhook=notify.webhook)
    for nth, address in enumerate(notify.apprise, 1):
        yield f"apprise {nth}", Channels(apprise=(address,))
