"""
Telling what was seen of the portals: notices, metrics, and the dead-man switch.

Used by the daemon and by cron passes alike. Nothing here may stop or hold up a look: what cannot be
told is complained of, and tried again.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from db import query
from db.errors import NalssiError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from db.store import Store
    from scraper.collect import Collector, Report
    from scraper.config import Config
    from scraper.notify import Channels, Notice, Signal


class Herald:
    """
    Tells what the config wants told.

    Args:
        config: Whom to tell, and where the metrics go.
        collector: Lends its thread for what uses the store.
        store: Remembers what was told.
        clock: Says what time it is; aware.
        complain: Takes a line on what could not be told.
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

    async def after_looks(self, reports: list[Report]) -> None:
        """Tell what these looks changed; never raises for anything that a channel does."""
        try:
            await self.notices()
            await self._metrics()
        except NalssiError as exc:
            self._complain(str(exc))
        failed = [f"{r.portal}: {r.outcome}: {r.error}" for r in reports if r.error is not None]
        well = [f"{r.portal}: {r.outcome}, {r.readings} readings" for r in reports if not r.error]
        await self.ping("fail" if failed else "success", "\n".join([*failed, *well]))

    async def ping(self, signal: Signal, body: str = "") -> None:
        """Tell the dead-man switch that a pass began, or how it ended."""
        if self._config.notify.ping:
            from scraper.notify import ping  # noqa: PLC0415 - only where it is wanted

            failure = await asyncio.to_thread(ping, self._config.notify.ping, signal, body)
            if failure is not None:
                self._complain(f"ping: {failure}")

    async def notices(self) -> None:
        """
        Deliver the notices that are due.

        Raises:
            DatabaseError: It cannot be asked what is due.
        """
        wanted = self._config.notify
        if not (wanted.command or wanted.webhook or wanted.apprise):
            return
        from scraper import notices  # noqa: PLC0415 - only where it is wanted
        from scraper.notify import Channels  # noqa: PLC0415

        channels = Channels(command=wanted.command, webhook=wanted.webhook, apprise=wanted.apprise)
        told = await self._collector.in_writer(self._store.told)
        statuses = await asyncio.to_thread(self._statuses)
        for notice in notices.due(statuses, told, self._clock()):
            await self._deliver(notice, channels)

    def _statuses(self) -> list[query.PortalStatus]:
        known = {portal.name for portal in self._config.portals}
        with query.Database(self._store.path) as db:
            return [one for one in db.status(now=self._clock()) if one.portal in known]

    async def _deliver(self, notice: Notice, channels: Channels) -> None:
        """Deliver a notice; one that reached nobody is tried again after the next look."""
        from scraper.notify import deliver  # noqa: PLC0415

        failures = await asyncio.to_thread(deliver, notice, channels)
        for failure in failures:
            self._complain(f"notice: {failure}")
        if len(failures) == bool(channels.command) + bool(channels.webhook) + len(channels.apprise):
            return
        if notice.well:
            await self._collector.in_writer(self._store.forget_told, notice.portal, notice.kind)
        else:
            await self._collector.in_writer(
                self._store.keep_told, notice.portal, notice.kind, self._clock(), notice.text
            )

    async def _metrics(self) -> None:
        if self._config.metrics.textfile:
            from scraper import metrics  # noqa: PLC0415 - only where it is wanted

            path = Path(self._config.metrics.textfile)
            snapshot = await asyncio.to_thread(metrics.taken, self._store.path, self._clock())
            await asyncio.to_thread(metrics.write, path, snapshot)
