"""The command that runs the daemon."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

import click

from db.errors import DatabaseError
from db.moments import now
from scraper.cli.options import Places, create, with_places
from scraper.daemon.log import log_to_stderr
from scraper.daemon.service import Daemon
from scraper.errors import AnotherPass
from scraper.printable import printable
from scraper.troubles.notifier import Notifier
from scraper.writing import writing


@click.command(epilog="Example: nalssi run")
@create
@with_places
def run(places: Places, *, create: bool) -> None:
    """
    Run the daemon.

    SIGTERM or Ctrl-C stops it; SIGHUP makes it read the config again.
    """
    settings = places.required(portals=True)
    path = places.db or Path(settings.database)
    log = log_to_stderr(utc=settings.log.utc)
    try:
        with writing(path, what="daemon", journal=settings.journal, create=create) as store:
            load = functools.partial(places.required, portals=True)
            asyncio.run(Daemon(load=load, store=store, clock=now, log=log).run())
    except AnotherPass as exc:
        raise exc.hinting("stop it first; `nalssi status` says what it does") from None
    except DatabaseError as exc:
        notifier = Notifier(
            config=settings,
            database=path,
            clock=now,
            complain=lambda line: log.warning("not sent", reason=printable(line)),
        )
        asyncio.run(notifier.notify_pass(exc))
        raise
