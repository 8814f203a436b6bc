"""The command that asks a running daemon for a look at once."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from db import query
from db.moments import KST, now
from scraper import lock, look_request
from scraper.cli import show
from scraper.cli.options import Places, chosen, with_places
from scraper.errors import FAILURES, STALE, NoDaemon
from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scraper.config import Config

TAKEN_WITHIN_S: Final = 20.0
"""The daemon sees a request within five seconds; the look itself takes longer."""


@click.command(name="look-now", epilog="Example: nalssi look-now koya-culture")
@click.argument("portals", nargs=-1, metavar="[PORTAL]...")
@with_places
def look_now(portals: tuple[str, ...], places: Places) -> None:
    """
    Ask the running daemon for a look at once.

    Use it after a repair: the daemon skips the rest of a back-off, but obeys a Retry-After. A
    portal is polled at most once a minute.
    """
    settings = places.required(portals=True)
    names = [portal.name for portal in chosen(settings, portals)]
    path = places.db or Path(settings.database)
    holder = lock.holder(path)
    if holder is None or holder.what != "daemon":
        raise NoDaemon(path)
    asked_at = now()
    with query.Database(path) as db:
        requested = [name for name in names if not _refused(db, name, asked_at)]
    code = STALE if len(requested) < len(names) else 0
    if requested:
        look_request.leave(path, requested)
        code = max(code, _followed(path, settings, requested, asked_at))
    click.get_current_context().exit(code)


def _refused(db: query.Database, name: str, asked_at: dt.datetime) -> bool:
    """Whether politeness forbids a look now; then it is reported."""
    memory = db.memory(name)
    if memory.retry_at is not None and asked_at < memory.retry_at:
        until = f"{memory.retry_at.astimezone(KST):%Y-%m-%d %H:%M:%S}"
        show.note(f"{name}: not polled: the site asked for no request before {until}")
        return True
    last = memory.last_look
    since_s = -1.0 if last is None else (asked_at - last).total_seconds()
    if 0 <= since_s < look_request.APART_S:
        show.note(
            f"{name}: not polled: the last look was {since_s:.0f} s ago, expected a minute or more"
        )
        return True
    return False


def _followed(path: Path, settings: Config, requested: Sequence[str], asked_at: dt.datetime) -> int:
    """Wait for the looks, print how they ended, and return the exit code."""
    end = time.monotonic() + TAKEN_WITHIN_S + settings.fetch.timeout_s
    since, missing, code = asked_at.replace(microsecond=0), list(requested), 0
    while missing and time.monotonic() < end:
        time.sleep(0.2)
        with query.Database(path) as db:
            for one in db.status(portals=set(missing), now=now() + dt.timedelta(seconds=1)):
                late = one.last_look is not None and one.last_look >= since
                if late and one.last_outcome not in (None, "unread"):
                    missing.remove(one.portal)
                    code = max(code, FAILURES.get(one.last_outcome, 0))
                    said = ": ".join(filter(None, (one.last_outcome, one.last_reason)))
                    click.echo(printable(f"{one.portal}: {said}"))
    for name in missing:
        show.note(f"{name}: no look was recorded; see the log of the daemon")
    return STALE if missing else code
