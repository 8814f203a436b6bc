"""The commands that say how nalssi and its portals are."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from db.reading import KST, now
from scraper import __version__
from scraper.cli import show
from scraper.cli.group import main
from scraper.cli.options import (
    Places,
    as_json,
    only_portal,
    refuse_reversed,
    since,
    until,
    with_places,
)
from scraper.printable import printable

if TYPE_CHECKING:
    import datetime as dt

    from db.query import Database, PortalStatus
    from scraper.config import Config

STALE: Final = 7


@main.command()
@with_places
@as_json
def status(places: Places, *, as_json: bool) -> None:
    """Say how each portal is; exit 7 where one is frozen or down."""
    import shutil

    from db import query

    path, config = places.database(), places.known()
    with query.Database(path) as asked:
        portals = _statuses(asked, config)
        file = {
            "path": str(path),
            "bytes": path.stat().st_size,
            "free_bytes": shutil.disk_usage(path.absolute().parent).free,
            "journal": asked.journal(),
            "version": __version__,
        }
    if as_json:
        show.as_json({"portals": portals, "database": file})
    else:
        show.status(portals)
        click.echo(
            f"{printable(str(path))}: {_mib(file['bytes'])}, {_mib(file['free_bytes'])} free, "
            f"journal {file['journal']}, nalssi {__version__}"
        )
    stale = not portals or any(one["state"] in ("frozen", "down") for one in portals)
    click.get_current_context().exit(STALE if stale else 0)


def _statuses(asked: Database, config: Config | None) -> list[dict[str, Any]]:
    """How the portals of the config are, in its order; all in the database where there is none."""
    moment = now()
    there = {one.portal: _status(asked, one, config, moment) for one in asked.status(now=moment)}
    if config is None:
        return list(there.values())
    return [there.get(portal.name, _NEVER | {"portal": portal.name}) for portal in config.portals]


def _status(
    asked: Database, one: PortalStatus, config: Config | None, moment: dt.datetime
) -> dict[str, Any]:
    from db.file import connection
    from scraper.schedule import next_look

    interval_s = config.interval_s if config else round(one.interval_minutes * 60)
    with connection.reading(asked.path):  # an interval without end is damage, too
        due = next_look(asked.memory(one.portal), interval_s, moment).astimezone(KST)
    scheduled = config is not None and config.schedule
    return {
        "portal": one.portal,
        "state": one.state,
        "since": one.since,
        "last_look": one.last_look,
        "last_outcome": one.last_outcome,
        "last_reason": one.last_reason,
        "last_success": one.last_success,
        "looks_last_day": one.looks_last_day,
        "failures_last_day": one.failures_last_day,
        "next_look": None if scheduled else due,  # what a schedule means, only the daemon knows
        "problems": one.problems,
    }


_NEVER: Final[dict[str, Any]] = {
    "portal": None,
    "state": "down",
    "since": None,
    "last_look": None,
    "last_outcome": None,
    "last_reason": "never looked at",
    "last_success": None,
    "looks_last_day": 0,
    "failures_last_day": 0,
    "next_look": None,
    "problems": (),
}
"""Of a portal that the config names and the database does not."""


def _mib(size: Any) -> str:
    return f"{int(size) / 2**20:.1f} MiB"


@main.command()
@since
@until
@only_portal
@with_places
@as_json
def gaps(
    since: dt.datetime | None,
    until: dt.datetime | None,
    portal: str | None,
    places: Places,
    *,
    as_json: bool,
) -> None:
    """List the stretches without a successful look, and why."""
    from db import query

    refuse_reversed(since, until)
    path, config = places.database(), places.known()
    with query.Database(path) as asked:
        found = asked.gaps(since=since, until=until, portal=portal, now=now())
    if config is not None and portal is None:
        names = {portal.name for portal in config.portals}
        found = [gap for gap in found if gap.portal in names]
    if as_json:
        show.as_json(found)
        return
    if not found:
        show.nothing("no gap was found")
        return
    show.table(
        ["portal", "since", "until", "length", "failures", "cause", "reason"],
        [
            (
                one.portal,
                one.since,
                one.until,
                show.age(int((one.until - one.since).total_seconds()) // 60),
                one.failures,
                one.cause,
                one.reason,
            )
            for one in found
        ],
        numbers=["length", "failures"],
        keys=2,
    )


@main.command()
@click.option("--live", is_flag=True, help="Look at each portal, too, and store nothing.")
@with_places
@as_json
def check(places: Places, *, live: bool, as_json: bool) -> None:
    """Check config, database, disk, clock and lock; change nothing."""
    from scraper import check as checks
    from scraper import config

    path = places.database()
    settings = places.settings() if live else places.known()
    findings = [
        *([checks.of_config(settings, config.find(places.config))] if settings else []),
        *checks.of_database(path),
        checks.of_disk(path),
        checks.of_clock(path, now()),
        checks.of_lock(path),
        *(checks.of_portals(settings, now) if live and settings else []),
    ]
    if as_json:
        show.as_json([{"check": one.check, "ok": one.well, "told": one.told} for one in findings])
    else:
        show.table(
            ["check", "", "found"],
            [(one.check, "ok" if one.well else "FAULT", one.told) for one in findings],
        )
    click.get_current_context().exit(max(one.exit_code for one in findings))


@main.command()
@click.option("--test", "test", is_flag=True, required=True, help="Send a test through each.")
@with_places
def notify(places: Places, *, test: bool) -> None:  # noqa: ARG001 - it is what the command is for
    """Try the channels of the config with a test notice."""
    import asyncio

    from scraper import config, threads
    from scraper.errors import ConfigError
    from scraper.notify import Notice, configured, deliver, ping

    wanted = places.settings().notify
    where = config.find(places.config)
    channels = configured(wanted)
    if not (count := len(channels) + bool(wanted.ping)):
        raise ConfigError(where, "[notify] names no channel")
    notice = Notice(portal="test", kind="test", well=True, text="nalssi: this is a test")

    async def send() -> list[str]:
        threads.let_the_end_wait_for_nothing()
        failures = await deliver(notice, channels)
        failure = await ping(wanted.ping, "success", notice.text)
        return [*failures, *([failure] if failure else [])]

    if failures := asyncio.run(send()):
        raise ConfigError(where, "; ".join(failures))
    click.echo(f"{count} delivered")
