"""Reports our troubles by every channel; needs no database."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from scraper.attempts import PATIENCE_S, TIMEOUT_S, Complaints
from scraper.troubles import memory, rules
from scraper.troubles.seen import of_clock, of_disk, of_error, of_success

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from db.errors import NalssiError
    from scraper.config import Config
    from scraper.notify import Channel
    from scraper.troubles.rules import Key, Seen, Trouble


class Notifier:
    """
    Remembers our troubles and reports them.

    Args:
        config: The channels.
        database: The file beside which they are remembered.
        clock: Returns the present; aware.
        complain: Takes a line about a failure; the same failure of a channel only once.

    Attributes:
        troubles: All known troubles.
    """

    def __init__(
        self,
        *,
        config: Config,
        database: Path,
        clock: Callable[[], dt.datetime],
        complain: Callable[[str], None],
    ) -> None:
        self.config, self._database = config, database
        self._clock, self._report = clock, Complaints(complain).report
        self.troubles = memory.load(database)
        self._saved: list[Trouble] | None = self.troubles

    def has(self, key: Key) -> bool:
        """Whether there is a trouble of this kind now."""
        return any(one.key == key and not one.over for one in self.troubles)

    def lasting(self) -> list[Trouble]:
        """The troubles that have lasted long enough for a notice."""
        now = self._clock()
        return [one for one in self.troubles if rules.lasting(one, now, self.config.interval_s)]

    def shift(self, by: dt.timedelta) -> None:
        """Move the remembered times with a clock that was set, so that no notice is sent twice."""
        self.troubles = [rules.shifted(one, by) for one in self.troubles]

    async def notify(self, seen: Seen, now: dt.datetime | None = None) -> None:
        """
        Update the troubles, send the due notices, and save; no channel can stop it.

        Args:
            seen: The troubles seen now.
            now: The time for all of it; None = the present.
        """
        now, channels = now or self._clock(), self._channels()
        self._take_in(seen, {channel.name for channel in channels}, now)
        results: dict[Key, str | None] = {}
        for failures in await asyncio.gather(*(self._send_due(one, now) for one in channels)):
            results |= failures
        self.troubles = rules.updated(self.troubles, results, now)
        self._save()  # writes a page to the disk, if something changed

    async def notify_pass(
        self, failure: NalssiError | None, channels: Mapping[Key, str | None] | None = None
    ) -> None:
        """
        Do the same after a pass.

        Args:
            failure: The error that kept it from recording its looks; None if they are recorded.
            channels: The results of the channels with the notices of portals.
        """
        least, short = self.config.notify.disk_mib, self.has(("disk", ""))
        found: dict[Key, str | None] = {
            **of_disk(self._database, least_mib=least, short=short),
            **(channels or {}),
        }
        if failure is None:
            found |= {**of_success(), **of_clock(None)}
        else:
            found |= of_error(failure)
        await self.notify(found)

    def _channels(self) -> list[Channel]:
        if not self.config.notify.channels:
            return []
        from scraper.notify import configured  # noqa: PLC0415 - only where it is wanted

        return configured(self.config.notify)

    def _take_in(self, seen: Seen, names: set[str], now: dt.datetime) -> None:
        """Update the troubles, and drop those of channels that left the config."""
        names.add("ping")
        gone: Mapping[Key, str | None] = {
            one.key: None for one in self.troubles if one.about and one.about not in names
        }
        self.troubles = rules.updated(self.troubles, {**seen, **gone}, now)

    async def _send_due(self, channel: Channel, now: dt.datetime) -> dict[Key, str | None]:
        """Send the due notices by one channel, and return its result."""
        from scraper.notify import deliver  # noqa: PLC0415 - only where it is wanted

        until = time.monotonic() + PATIENCE_S
        result: dict[Key, str | None] = {}
        for trouble in list(self.troubles):
            notice = rules.due(trouble, channel.name, now, self.config.interval_s)
            if notice is None or time.monotonic() >= until:
                continue
            failures = await deliver(notice, [channel], timeout_s=TIMEOUT_S)
            failure = next(iter(failures), None)
            self._report(channel.name, failure)
            result = {("channel", channel.name): failure and rules.failing(failure)}
            if failure is None:
                self._mark(trouble.key, channel.name, now)
        return result

    def _mark(self, key: Key, channel: str, now: dt.datetime) -> None:
        """Remember that a channel accepted the notice of a trouble."""
        marked = (
            rules.delivered(one, channel, now) if one.key == key else one for one in self.troubles
        )
        self.troubles = [one for one in marked if one is not None]

    def _save(self) -> None:
        """Save changes; with channels, reserve the space in time."""
        due = self.config.notify.channels and not memory.exists(self._database)
        if due or not _same(self.troubles, self._saved):
            saved = memory.save(self._database, self.troubles, self._clock())
            self._saved = list(self.troubles) if saved else None


def _same(some: list[Trouble], others: list[Trouble] | None) -> bool:
    """Whether they differ only in the numbers of their texts, which are not worth a write."""

    def marks(troubles: list[Trouble]) -> list[object]:
        return [(one.key, one.since, one.over, dict(one.sent)) for one in troubles]

    return others is not None and marks(some) == marks(others)
