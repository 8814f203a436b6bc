"""
After a look: notices, metrics, and the ping of the dead-man switch.

Used by the daemon and by cron passes alike. No failure here may stop or delay a look: a notice that
cannot be sent is reported, and tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from db import query
from db.errors import NalssiError
from scraper import reader
from scraper.attempts import PATIENCE_S, TIMEOUT_S, Complaints

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Awaitable, Callable

    from db.write.store import Store
    from scraper.collect import Collector, Report
    from scraper.config import Config
    from scraper.mqtt import Publisher
    from scraper.notify import Channel, Notice, Signal
    from scraper.troubles.rules import Key

Course: TypeAlias = "Callable[[list[query.PortalStatus]], None]"

LONG_S: Final = 0.5
REST: Final = 20
"""After metrics took long, they are not written again for this many times as long."""


class Monitor:
    """
    Sends notices and pings and writes metrics after each look, as the config says.

    Args:
        config: The channels, and the target of the metrics.
        collector: Lends its thread for calls of the store.
        store: Remembers the open notices.
        clock: Returns the present; aware.
        complain: Takes a line about a failure; the same failure of a channel only once.
        course: Called with the portals' states after each look; None = not called.

    Attributes:
        faults: Troubles of nalssi, a line each: with any, no look counts as a success.
        channels: The last result of each channel, for the troubles of nalssi.
        publisher: A further target of the values of each look, if any.
    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        *,
        config: Config,
        collector: Collector,
        store: Store,
        clock: Callable[[], dt.datetime],
        complain: Callable[[str], None],
        course: Course | None = None,
    ) -> None:
        self._config, self._collector, self._store = config, collector, store
        self._clock, self._course = clock, course
        self._report = Complaints(complain).report
        self.faults: list[str] = []
        self.channels: dict[Key, str | None] = {}
        self.publisher: Publisher | None = None
        # Each thread that queries has its own memory, which the process never gives back.
        self._asking = asyncio.Lock()
        self._last: dict[str, Report] = {}
        self._metrics_due = 0.0
        self._site, self._site_due = asyncio.Lock(), False

    async def after_looks(self, reports: list[Report]) -> None:
        """Send notices and write metrics after these looks; a failing channel raises no error."""
        for report in reports:
            self._last[report.portal] = report
        polled = {report.portal for report in reports}
        if self._course is not None:
            await self._guarded("states", partial(self._follow, self._course, polled))
        await asyncio.gather(
            self._guarded("notices", partial(self._send_notices, polled)),
            self._guarded("metrics", self._write_metrics),
            self._guarded("site", self._write_site),
            self._guarded("mqtt", partial(self._publish, polled)),
        )
        failed = [f"{r.portal}: {r.outcome}: {r.error}" for r in self._last.values() if r.error]
        failed += self.faults
        well = [
            f"{r.portal}: {r.outcome}, {r.readings} readings"
            for r in self._last.values()
            if not r.error
        ]
        await self.ping("fail" if failed else "success", "\n".join([*failed, *well]))

    async def _follow(self, course: Course, polled: set[str]) -> None:
        async with self._asking:
            statuses, *_ = await asyncio.to_thread(self._ask, polled)
        self._report("states", None)
        course(statuses)

    async def ping(self, signal: Signal, body: str = "") -> None:
        """Report to the dead-man switch that a pass began, or how it ended."""
        if self._config.notify.ping:
            from scraper.notify import ping  # noqa: PLC0415 - only where it is wanted

            failure = await ping(self._config.notify.ping, signal, body, timeout_s=TIMEOUT_S)
            self._note_result("ping", failure)

    async def _guarded(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Begin and do this work; a daemon may stop before, and must leave no coroutine behind."""
        try:
            await work()
        except (NalssiError, RuntimeError) as exc:  # RuntimeError: no thread can be started
            self._report(name, str(exc))

    async def _send_notices(self, polled: set[str]) -> None:
        """
        Send by each channel the due notices about the portals that were just polled.

        The state of the other portals is old, perhaps from before a long pause of our own.

        Raises:
            DatabaseError: The due notices cannot be read.
        """
        from scraper.notify import configured  # noqa: PLC0415 - only where it is wanted

        if not (channels := configured(self._config.notify)):
            return
        async with self._asking:
            statuses, notices, drifts = await asyncio.to_thread(self._ask, polled)
        self._report("notices", None)
        await asyncio.gather(
            *(
                self._guarded(
                    channel.name, partial(self._send_due, channel, statuses, notices, drifts)
                )
                for channel in channels
            )
        )

    def _ask(
        self, portals: set[str]
    ) -> tuple[list[query.PortalStatus], list[query.OpenNotice], dict[str, str]]:
        """The state of these portals, all open notices, and the remains of lost boxes."""
        with query.Database(self._store.path) as db:
            statuses = db.status(portals=portals, now=self._clock())
            lost = {one.portal for one in statuses if one.last_outcome == "no_sidebar"}
            return statuses, db.open_notices(), self._drifts(db, lost)

    def _drifts(self, db: query.Database, portals: set[str]) -> dict[str, str]:
        """The remains of the boxes of these portals, in a sentence; a notice works without."""
        drifts = {}
        for portal in sorted(portals):
            with contextlib.suppress(NalssiError):
                for lost in db.lost_boxes(portal=portal):
                    kind = self._config.kinds.get(portal, reader.BOX)
                    found = reader.drifted(lost.fragment, lost.page, lost.encoding, kind=kind)
                    drifts[portal] = str(found)
        return drifts

    async def _send_due(
        self,
        channel: Channel,
        statuses: list[query.PortalStatus],
        notices: list[query.OpenNotice],
        drifts: dict[str, str],
    ) -> None:
        """Send by one channel the notices that it has not accepted yet."""
        from scraper.notify import rules  # noqa: PLC0415 - only where it is wanted

        until = time.monotonic() + PATIENCE_S
        taken = {(one.portal, one.kind): one for one in notices if one.channel == channel.name}
        for notice in rules.due(statuses, taken, self._clock(), drifts):
            if time.monotonic() < until:
                await self._send(channel, notice)

    async def _send(self, channel: Channel, notice: Notice) -> None:
        """Send a notice; a failed one is tried again after the next look."""
        from scraper.notify import deliver  # noqa: PLC0415 - only where it is wanted

        failures = await deliver(notice, [channel], timeout_s=TIMEOUT_S)
        self._note_result(channel.name, next(iter(failures), None))
        if failures:
            return
        about = notice.portal, channel.name, notice.kind
        if notice.well:
            await self._collector.in_writer(self._store.close_notice, *about)
        else:
            await self._collector.in_writer(
                self._store.open_notice, *about, self._clock(), notice.text
            )

    def _note_result(self, channel: str, failure: str | None) -> None:
        """Report the failure of a channel; remember its result for the troubles of nalssi."""
        from scraper.troubles import rules  # noqa: PLC0415 - only where it is wanted

        self._report(channel, failure)
        self.channels["channel", channel] = failure and rules.failing(failure)

    async def _publish(self, polled: set[str]) -> None:
        """Publish the values of the portals that were just polled."""
        if self.publisher is not None:
            async with self._asking:
                readings = await asyncio.to_thread(self._latest)
            known = [one for one in readings if one.portal in polled]
            self.publisher.publish(polled, known)

    def _latest(self) -> list[query.Latest]:
        with query.Database(self._store.path) as db:
            return db.latest(now=self._clock())

    async def _write_metrics(self) -> None:
        """Write the metrics; if that takes long, not after every look."""
        began = time.monotonic()
        if not self._config.metrics.textfile or began < self._metrics_due:
            return
        async with self._asking:
            await asyncio.to_thread(self._write, Path(self._config.metrics.textfile))
        self._report("metrics", None)
        took_s = time.monotonic() - began
        self._metrics_due = began + (REST * took_s if took_s > LONG_S else 0.0)

    def _write(self, path: Path) -> None:
        from scraper import metrics  # noqa: PLC0415 - only where it is wanted

        names = [portal.name for portal in self._config.portals]
        metrics.write(path, metrics.take(self._store.path, self._clock(), names))

    async def _write_site(self) -> None:
        """Write the pages that changed; once more if looks ended meanwhile."""
        self._site_due = bool(self._config.site.folder)
        if self._site.locked():
            return
        async with self._site:
            while self._site_due:
                self._site_due = False
                await asyncio.to_thread(self._freeze)
        self._report("site", None)

    def _freeze(self) -> None:
        from scraper.web.missing import refuse_without_web  # noqa: PLC0415 - only where it is wanted

        refuse_without_web()
        from scraper.web import site  # noqa: PLC0415 - it wants the extra

        wanted = self._config.site
        site.write(
            self._store.path,
            Path(wanted.folder),
            now=self._clock(),
            base_url=wanted.base_url,
            months=wanted.months,
        )
