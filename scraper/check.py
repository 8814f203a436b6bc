"""Checks of all that nalssi needs; they change no row and no file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from db import query
from db.errors import DatabaseError
from db.moments import minute, stamp
from db.read.why import DOUBTS
from db.validity import HOLD_S
from scraper import lock, reader
from scraper.clock import RELEASED
from scraper.config import NO_PORTALS
from scraper.errors import STALE, ConfigError, FetchError, NoSidebar
from scraper.fetch import Fetcher
from scraper.troubles import present

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from db.errors import NalssiError
    from scraper.config import Config, Portal
    from scraper.vocabulary import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    The finding of one check.

    Attributes:
        check: The name of the check.
        text: The finding, in one line.
        exit_code: The exit code of the command, if something is wrong.
    """

    check: str
    text: str
    exit_code: int = 0

    @classmethod
    def of(cls, check: str, error: NalssiError) -> Self:
        """The finding of a check that ended with an error."""
        return cls(check=check, text=str(error), exit_code=error.exit_code)

    @property
    def well(self) -> bool:
        """Whether the check found no fault."""
        return self.exit_code == 0


def of_config(config: Config) -> Finding:
    """Check a config that could be read: it needs a portal."""
    if not config.portals:
        return Finding(check="config", text=NO_PORTALS, exit_code=ConfigError.exit_code)
    count = len(config.portals)
    return Finding(check="config", text=f"{count} portal{'s' * (count != 1)}, no fault")


def of_settings(config: Config) -> list[Finding]:
    """Check the programs, folders and times of a config that would fail only in use."""
    code = ConfigError.exit_code
    return [Finding(check="config", text=text, exit_code=code) for text in _wrong(config)]


def _wrong(config: Config) -> Iterator[str]:
    command, textfile, site = config.notify.command, config.metrics.textfile, config.site.folder
    if command and shutil.which(command[0]) is None:
        yield f"notify.command: no program {command[0]!r}"
    if textfile and (fault := _of_folder(Path(textfile).absolute().parent)):
        yield f"metrics.textfile: {fault}"
    if site and (fault := _of_folder(_existing(Path(site)))):
        yield f"site.folder: {fault}"
    if config.interval_s > HOLD_S and not config.schedule:
        minutes = f"interval_minutes = {config.interval_minutes:g}"
        yield f"{minutes}: above {HOLD_S // 60} every value stays unconfirmed"


def _of_folder(folder: Path) -> str:
    """Why no file can be made in a folder; empty if one can."""
    if not folder.is_dir():
        return f"there is no folder {str(folder)!r}"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{lock.this_user()} cannot write in {str(folder)!r}"
    return ""


def _existing(path: Path) -> Path:
    """The path, or the first folder above it that exists."""
    whole = path.absolute()
    # os.path: a path that cannot be examined counts as missing.
    return next(one for one in (whole, *whole.parents) if os.path.exists(one))  # noqa: PTH110


def of_database(path: Path, *, expected: bool) -> list[Finding]:
    """
    Check the integrity, the foreign keys, and the spells and counts against the looks.

    Args:
        path: The file; if it is lost, ``of_troubles`` reports that.
        expected: Whether it must exist; before the first look it need not.
    """
    try:
        lock.refuse_lost(path)
    except DatabaseError:
        return []
    if not (expected or lock.is_there(path)):
        if fault := _of_folder(path.resolve().parent):
            code = DatabaseError.exit_code
            return [Finding(check="database", text=f"{path}: missing; {fault}", exit_code=code)]
        return [Finding(check="database", text=f"{path}: missing; the first look makes it")]
    try:
        with query.Database(path) as db:
            faults = db.faults()
            journal = db.journal()
    except DatabaseError as exc:
        return [Finding.of("database", exc)]
    if faults:
        code = DatabaseError.exit_code
        return [Finding(check="database", text=fault, exit_code=code) for fault in faults]
    size = path.stat().st_size
    return [Finding(check="database", text=f"{path}: {size} bytes, journal {journal}, no fault")]


def of_lateness(path: Path, now: dt.datetime) -> list[Finding]:
    """Find portals that are up but run hours late, by the course of their days."""
    try:
        with query.Database(path) as db:
            statuses = db.status(now=now)
    except DatabaseError:
        return []  # reported with the database
    late = {one.portal: one.late_hours for one in statuses if one.late_hours is not None}
    return [
        Finding(check=f"portal {name}", text=DOUBTS["late"].format(hours), exit_code=STALE)
        for name, hours in late.items()
    ]


def of_disk(path: Path, *, least: int = present.DISK_MIB * 2**20) -> Finding:
    """Check that the database has room to grow: at least this many bytes."""
    free = shutil.disk_usage(_existing(path.absolute().parent)).free
    if free >= least:
        return Finding(check="disk", text=f"{free // 2**20} MiB free")
    finding = f"{free // 2**20} MiB free, expected {least // 2**20} at least"
    return Finding(check="disk", text=finding, exit_code=DatabaseError.exit_code)


def of_clock(path: Path, now: dt.datetime) -> Finding:
    """Check that the clock was set, and is not behind the looks that it dated."""
    last, finding = _last_look(path), stamp(now)
    if now < RELEASED:
        finding += ": it was never set"
    elif last is not None and last > now:
        finding += f": behind the last look, {last.isoformat()}"
    else:
        return Finding(check="clock", text=finding)
    return Finding(check="clock", text=finding, exit_code=DatabaseError.exit_code)


def _last_look(path: Path) -> dt.datetime | None:
    try:
        with query.Database(path) as db:
            return max((p.last_look for p in db.portals() if p.last_look), default=None)
    except DatabaseError:
        return None


def of_lock(path: Path) -> Finding:
    """Report whether another process is writing; both answers are fine."""
    try:
        holder = lock.holder(path)
    except DatabaseError as exc:
        return Finding.of("lock", exc)
    free = "free: neither a pass nor a daemon is running"
    return Finding(check="lock", text=f"held by {holder}" if holder else free)


def of_troubles(path: Path, config: Config | None, now: dt.datetime) -> list[Finding]:
    """Report troubles of nalssi itself, and a missing poller; the disk has its own line."""
    known = present.remembered(path, config, now)
    with contextlib.suppress(DatabaseError), query.Database(path) as asked:
        stuck = present.Polls.read(asked, config, now).idle(lock.holder(path))
        known = present.with_stuck(known, stuck)
    return [
        Finding(check=f"own {one.kind}", text=one.text, exit_code=STALE)
        for one in known
        if one.kind != "disk"
    ]


def of_portals(config: Config, clock: Callable[[], dt.datetime]) -> list[Finding]:
    """Poll each portal once, without storing the looks."""

    async def look_at_all() -> list[Finding]:
        fetcher, words = Fetcher(config.fetch, clock=clock), config.words.known()
        findings = (_of_portal(fetcher, one, words) for one in config.portals)
        return list(await asyncio.gather(*findings))

    return asyncio.run(look_at_all())


async def _of_portal(fetcher: Fetcher, portal: Portal, words: Words) -> Finding:
    check = f"portal {portal.name}"
    try:
        page = await fetcher.get(portal.url, ignore_robots=bool(portal.ignore_robots))
        said = reader.read(page.body, page.encoding, words, kind=portal.kind)
    except (FetchError, NoSidebar) as exc:
        return Finding.of(check, exc)
    problems = "; ".join(said.sentences)
    finding = f"{len(said.content.readings)} readings, page date {said.page_date or 'none'}"
    if (hour := said.content.observed_at) is not None:
        finding += f", observed {minute(hour)}"
    return Finding(check=check, text=f"{finding}; {problems}" if problems else finding)
