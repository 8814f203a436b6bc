"""The command that runs the daemon."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

import click

from db.moments import now
from db.write.store import Store
from scraper import lock
from scraper.cli.options import Places, with_places
from scraper.daemon.log import log_to_stderr
from scraper.daemon.service import Daemon


@click.command(epilog="Example: nalssi run")
@with_places
def run(places: Places) -> None:
    """
    Run the daemon.

    It ends by SIGTERM or Ctrl-C; SIGHUP reads the config again.
    """
    settings = places.required(portals=True)
    path = places.db or Path(settings.database)
    with lock.held(path), Store.open(path, journal=settings.journal) as store:
        load = functools.partial(places.required, portals=True)
        daemon = Daemon(load=load, store=store, clock=now, log=log_to_stderr())
        asyncio.run(daemon.run())
