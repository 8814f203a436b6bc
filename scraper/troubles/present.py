"""Our troubles as seen from outside, without the process that polls."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from db.errors import DatabaseError
from db.file import connection
from db.moments import minute
from scraper import lock
from scraper.schedule import next_look
from scraper.troubles import memory
from scraper.troubles.rules import INTERVALS, Trouble, lasting
from scraper.troubles.seen import of_disk, of_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from db.query import Database, PortalStatus
    from scraper.config import Config
    from scraper.lock import Holder


DISK_MIB: Final = 200
"""The least free space without a config."""


def remembered(database: Path, config: Config | None, now: dt.datetime) -> list[Trouble]:
    """The troubles that the daemon or a pass has seen, with the current disk and file."""
    interval_s = config.interval_s if config else 0
    least = config.notify.disk_mib if config else DISK_MIB
    known = {one.key: one for one in memory.load(database) if lasting(one, now, interval_s)}
    seen = {**of_disk(database, least_mib=least), ("gone", ""): None}
    try:
        lock.refuse_lost(database)
    except DatabaseError as exc:
        seen |= of_error(exc)
    for (kind, about), text in seen.items():
        before = known.pop((kind, about), None)
        if text is not None:
            since = before.since if before else now
            known[kind, about] = Trouble(kind=kind, about=about, since=since, text=text)
    return list(known.values())


def with_stuck(known: list[Trouble], stuck: Trouble | None) -> list[Trouble]:
    """The troubles, with the present one of missing looks in place of a remembered one."""
    return known if stuck is None else [*(one for one in known if one.kind != "stuck"), stuck]


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """
    The times of past and future looks.

    Attributes:
        portals: The state of each portal in the database.
        dues: The due time of the next look at each portal, perhaps in the past.
        config: The config; None = all portals of the database count.
        now: The present, aware.
    """

    portals: Mapping[str, PortalStatus]
    dues: Mapping[str, dt.datetime]
    config: Config | None
    now: dt.datetime

    @classmethod
    def read(cls, asked: Database, config: Config | None, now: dt.datetime) -> Self:
        """Read them from a database."""
        portals = {one.portal: one for one in asked.status(now=now)}
        dues = {name: _due(asked, one, config, now) for name, one in portals.items()}
        return cls(portals=portals, dues=dues, config=config, now=now)

    @property
    def names(self) -> list[str]:
        """The portals of the config, in its order; without a config, all in the database."""
        return [one.name for one in self.config.portals] if self.config else list(self.portals)

    def idle(self, holder: Holder | None) -> Trouble | None:
        """The trouble of no look for three intervals although due; None before the first look."""
        polled = [self.portals[name] for name in self.names if name in self.portals]
        looks = {one.portal: one.last_look for one in polled if one.last_look is not None}
        due = max((self.dues[name] for name in looks), default=self.now)
        longest_s = max((one.interval_minutes * 60 for one in polled), default=0)
        interval_s = self.config.interval_s if self.config else longest_s
        if (self.now - due).total_seconds() < INTERVALS * interval_s or not looks:
            return None
        last = minute(max(looks.values()))
        text = f"no look for three intervals, the last {last}: {_cure(holder)}"
        return Trouble(kind="stuck", about="", since=due, text=text)


def _cure(holder: Holder | None) -> str:
    if holder is None:
        return "no daemon runs and no pass came; start `nalssi run`, or see why cron runs no pass"
    return f"{holder} runs and polls no portal; stop it, and start it again"


def _due(
    asked: Database, one: PortalStatus, config: Config | None, now: dt.datetime
) -> dt.datetime:
    """The due time of the next look at a portal, perhaps in the past."""
    interval_s = config.interval_s if config else round(one.interval_minutes * 60)
    schedule = config.schedule if config else ""
    with connection.reading(asked.path):  # an infinite interval is damage, too
        after = one.last_look + dt.timedelta(seconds=1) if one.last_look else now
        return next_look(asked.memory(one.portal), interval_s, after, schedule=schedule)
