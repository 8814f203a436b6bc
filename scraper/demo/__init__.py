"""
The main job in a few seconds: a portal of our own on loopback, looked at over real HTTP.

The portal lives seven hours in which it changes hourly, stands still for a while as real ones do,
and once fails; the clock of the looks is moved along, so that the last one is now.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import sqlite3
from typing import TYPE_CHECKING, Final

from db import query
from db.errors import DatabaseError
from db.file import atomic, connection
from db.moments import KST
from db.write.store import Store
from scraper import lock
from scraper.collect import Collector
from scraper.config import Fetch, Portal
from scraper.demo.portal import CITIES, Entry, Loopback, page
from scraper.fetch import Fetcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scraper.collect import Report

STEP_MINUTES: Final = 30
STORY: Final = "aabbcc" + "ddddddd" + "!" + "ee"
"""One sign a look: which hour's values the portal shows; ``!`` is a failure of its server."""

_SKIES: Final = (("맑음", "01"), ("구름조금", "02"), ("구름많음", "03"), ("흐림", "04"))


def run(path: Path, *, now: dt.datetime, say: Callable[[str], object]) -> None:
    """
    Play the story into a database, in place of an earlier demo's.

    Args:
        path: The database to make.
        now: When the last look is; aware.
        say: Takes each line of what happens.

    Raises:
        DatabaseError: Something that is no demo's stands at the path.
    """
    with lock.held(path):
        _remove_earlier(path)
        with Store.open(path) as store:
            asyncio.run(_play(store, now, say))


async def _play(store: Store, now: dt.datetime, say: Callable[[str], object]) -> None:
    clock = _Clock(now - dt.timedelta(minutes=STEP_MINUTES * (len(STORY) - 1)))
    with Loopback() as loopback:
        portal = Portal(name="demo", url=loopback.url)
        say(f"A portal on {loopback.url}, looked at every {STEP_MINUTES} minutes of its time:\n")
        fetcher = Fetcher(Fetch(), clock=clock)
        with Collector(
            fetcher=fetcher, store=store, interval_s=STEP_MINUTES * 60, clock=clock
        ) as collector:
            for hour in STORY:
                loopback.show(None if hour == "!" else _page(hour, clock()))
                (report,) = await collector.sweep([portal])
                say(_line(clock(), report, _state(store.path, clock())))
                clock.advance(minutes=STEP_MINUTES)
    say("")


class _Clock:
    """A clock that stands until it is moved on."""

    def __init__(self, start: dt.datetime) -> None:
        self._now = start

    def __call__(self) -> dt.datetime:
        return self._now

    def advance(self, *, minutes: int) -> None:
        self._now += dt.timedelta(minutes=minutes)


def _page(hour: str, now: dt.datetime) -> bytes:
    """The portal's page with the values of an hour; its date is the day's, whatever it shows."""
    nth = ord(hour)
    entries = []
    for place, city in enumerate(CITIES):
        label, icon = _SKIES[(nth + place) % len(_SKIES)]
        temperature = f"{(nth * 7 + place * 13) % 120 / 10 - 3:.1f}"
        entries.append(Entry(label=label, icon=icon, city=city, temperature=temperature))
    local = now.astimezone(KST)
    date = f"{local:%Y.%m.%d} ({'월화수목금토일'[local.weekday()]})"
    return page(entries, date, seed=nth).encode()


def _line(now: dt.datetime, report: Report, state: str) -> str:
    rest = report.error or f"{report.readings} readings"
    return f"{now.astimezone(KST):%m-%d %H:%M}  {report.outcome:<12}  {state:<11}  {rest}"


def _state(path: Path, now: dt.datetime) -> str:
    """What one would be told of the portal at that moment."""
    with query.Database(path) as db:
        return db.latest(now=now)[0].state


def _remove_earlier(path: Path) -> None:
    """Remove an earlier demo's database, and nothing else."""
    if not path.exists():
        return
    if not path.is_file():
        raise DatabaseError(path, connection.NO_FILE)
    if not _is_demo(path):
        raise DatabaseError(path, "not made by the demo; it is left as it is, name another by --db")
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
    return names in ([("demo",)], [])  # one that was killed may have made its file only
