"""
The main job in a few seconds: two demo portals on loopback, polled over real HTTP.

After more than a day of weather the first portal stands still for a while, as real ones do, and
fails once; the second shows each set four hours later. One station's instrument is stuck. The clock
of the looks is moved forward, so that the last look is now.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db import query
from db.errors import DatabaseError
from db.file import atomic, connection
from db.moments import KST
from db.write.store import Store
from scraper import lock
from scraper.collect import Collector
from scraper.config import Fetch, Portal
from scraper.demo.portal import Loopback, page
from scraper.demo.weather import Weather
from scraper.fetch import Fetcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scraper.collect import Report

STEP_MINUTES: Final = 30
STORY: Final = "aabbcc" + "ddddddd" + "!" + "ee"
"""One sign per look: the hour whose values the portal shows; ``!`` is a failure of its server."""

PORTAL, LATE_PORTAL = "demo", "demo-late"

HOURS_BEFORE: Final = 30
"""The time before the story, polled once an hour."""

LATE_BY: Final = dt.timedelta(hours=4)
"""The delay of the second portal."""

STUCK: Final = "거제"
"""The city with a stuck instrument."""

STUCK_FOR: Final = dt.timedelta(hours=17)
"""The time for which it has been stuck."""

FRONT_BEFORE: Final = dt.timedelta(hours=16)
"""The time since the front passed Seoul."""


def run(path: Path, *, now: dt.datetime, say: Callable[[str], object]) -> None:
    """
    Play the story into a database, in place of that of an earlier demo.

    Args:
        path: The database to make.
        now: The time of the last look; aware.
        say: Takes each line of the story.

    Raises:
        DatabaseError: The path has a file that no demo made.
    """
    with lock.held(path):
        _remove_earlier(path)
        with Store.open(path) as store:
            asyncio.run(_play(store, now, say))


async def _play(store: Store, now: dt.datetime, say: Callable[[str], object]) -> None:
    begin = now - dt.timedelta(minutes=STEP_MINUTES * (len(STORY) - 1))
    clock = _Clock(begin - dt.timedelta(hours=HOURS_BEFORE))
    weather = Weather(front=now - FRONT_BEFORE, stuck=(STUCK, now - STUCK_FOR))
    with Loopback() as first, Loopback() as late:
        say(f"A portal on {first.url}, polled every {STEP_MINUTES} minutes of its time:\n")
        stage = _Stage(weather=weather, begin=begin, first=first, late=late)
        fetcher = Fetcher(Fetch(), clock=clock)
        with Collector(
            fetcher=fetcher, store=store, interval_s=STEP_MINUTES * 60, clock=clock
        ) as collector:
            while clock() < begin:
                stage.show(clock())
                await collector.sweep(stage.portals)
                clock.advance(minutes=60)
            for hour in STORY:
                stage.show(clock(), hour)
                report, _ = await collector.sweep(stage.portals)
                say(_line(clock(), report, _state(store.path, clock())))
                clock.advance(minutes=STEP_MINUTES)
    say("")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """The two portals, and their weather over time."""

    weather: Weather
    begin: dt.datetime
    first: Loopback
    late: Loopback

    @property
    def portals(self) -> list[Portal]:
        """The portals for a config."""
        return [
            Portal(name=PORTAL, url=self.first.url),
            Portal(name=LATE_PORTAL, url=self.late.url),
        ]

    def show(self, now: dt.datetime, hour: str = "") -> None:
        """Set the pages of both portals at a moment; ``hour`` is a sign of the story."""
        failing = hour == "!"
        self.first.show(None if failing else _page(self.weather, self._shown_by_first(now), now))
        self.late.show(_page(self.weather, self._shown_by_first(now - LATE_BY), now))

    def _shown_by_first(self, now: dt.datetime) -> dt.datetime:
        """The moment whose weather the first portal shows: by the story, or the hour."""
        nth = (now - self.begin) // dt.timedelta(minutes=STEP_MINUTES)
        if nth < 0:
            return now
        sign = STORY[nth] if STORY[nth] != "!" else STORY[nth - 1]
        return self.begin + dt.timedelta(minutes=STEP_MINUTES * STORY.index(sign))


class _Clock:
    """A clock that stands still until it is moved forward."""

    def __init__(self, start: dt.datetime) -> None:
        self._now = start

    def __call__(self) -> dt.datetime:
        return self._now

    def advance(self, *, minutes: int) -> None:
        self._now += dt.timedelta(minutes=minutes)


def _page(weather: Weather, at: dt.datetime, now: dt.datetime) -> bytes:
    """A page with the weather of a moment; its date is always that of the present day."""
    local = now.astimezone(KST)
    date = f"{local:%Y.%m.%d} ({'월화수목금토일'[local.weekday()]})"
    return page(weather.entries(at), date, seed=int(at.timestamp())).encode()


def _line(now: dt.datetime, report: Report, state: str) -> str:
    rest = report.error or f"{report.readings} readings"
    return f"{now.astimezone(KST):%m-%d %H:%M}  {report.outcome:<12}  {state:<11}  {rest}"


def _state(path: Path, now: dt.datetime) -> str:
    """The state of the portal at that moment."""
    with query.Database(path) as db:
        return db.latest(portal=PORTAL, now=now)[0].state


def _remove_earlier(path: Path) -> None:
    """Remove an earlier demo's database, and no other file."""
    if not path.exists():
        return
    if not path.is_file():
        raise DatabaseError(path, connection.NO_FILE)
    if not _is_demo(path):
        raise DatabaseError(
            path, "not made by the demo, so it is left unchanged; name another file by --db"
        )
    for end in (*atomic.OF_SQLITE, ""):
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)


def _is_demo(path: Path) -> bool:
    with contextlib.closing(
        sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    ) as conn:
        try:
            names = conn.execute("SELECT name FROM portals").fetchall()
        except sqlite3.Error:
            return False
    return {name for (name,) in names} <= {PORTAL, LATE_PORTAL}  # a killed one may have none
