"""The commands that say how the portals are, and were."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from db import query
from db.file import connection
from db.moments import KST, now
from db.validity import NOT_OF_NOW
from scraper import __version__
from scraper.cli import show
from scraper.cli.options import (
    Form,
    Places,
    only_portal,
    refuse_reversed,
    since,
    until,
    wide,
    with_output,
    with_places,
)
from scraper.errors import STALE
from scraper.printable import printable
from scraper.schedule import next_look

if TYPE_CHECKING:
    import datetime as dt

    from db.query import Database, PortalStatus, State
    from scraper.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalRow:
    """How a portal is now, as in ``PortalStatus``, and when it is polled next."""

    portal: str
    state: State = "down"
    since: dt.datetime | None = None
    why: str = "never looked at"
    last_look: dt.datetime | None = None
    last_outcome: str | None = None
    last_reason: str | None = "never looked at"
    last_success: dt.datetime | None = None
    looks_last_day: int = 0
    failures_last_day: int = 0
    next_look: dt.datetime | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseRow:
    """The file, the room it has, and the nalssi that reads it."""

    path: str
    bytes: int
    free_bytes: int
    journal: str
    version: str = __version__


@click.command(epilog="Example: nalssi status")
@wide
@with_places
@with_output
def status(places: Places, *, wide: bool, form: Form) -> None:
    """Show each portal's state; exit 7 if stale, frozen or down."""
    path, config = places.database(), places.optional(beside_db=False)
    with query.Database(path) as asked:
        portals = _rows(asked, config)
        file = DatabaseRow(
            path=str(path),
            bytes=path.stat().st_size,
            free_bytes=shutil.disk_usage(path.absolute().parent).free,
            journal=asked.journal(),
        )
    if form == "json":
        show.as_json({"portals": portals, "database": file})
    elif not show.records(portals, PortalRow, form):
        show.status(portals, wide=wide)
        click.echo(
            f"{printable(file.path)}: {_mib(file.bytes)}, {_mib(file.free_bytes)} free, "
            f"journal {file.journal}, nalssi {file.version}"
        )
    stale = not portals or any(row.state in NOT_OF_NOW for row in portals)
    click.get_current_context().exit(STALE if stale else 0)


def _rows(asked: Database, config: Config | None) -> list[PortalRow]:
    """How the portals of the config are, in its order; all in the database where there is none."""
    moment = now()
    there = {one.portal: _row(asked, one, config, moment) for one in asked.status(now=moment)}
    if config is None:
        return list(there.values())
    return [there.get(one.name, PortalRow(portal=one.name)) for one in config.portals]


def _row(
    asked: Database, one: PortalStatus, config: Config | None, moment: dt.datetime
) -> PortalRow:
    interval_s = config.interval_s if config else round(one.interval_minutes * 60)
    schedule = config.schedule if config else ""
    with connection.reading(asked.path):  # an interval without end is damage, too
        due = next_look(asked.memory(one.portal), interval_s, moment, schedule=schedule)
    return PortalRow(
        portal=one.portal,
        state=one.state,
        since=one.since,
        why=one.why,
        last_look=one.last_look,
        last_outcome=one.last_outcome,
        last_reason=one.last_reason,
        last_success=one.last_success,
        looks_last_day=one.looks_last_day,
        failures_last_day=one.failures_last_day,
        next_look=due.astimezone(KST),
        problems=tuple(map(str, one.problems)),
    )


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"


@click.command(epilog="Example: nalssi gaps --since 7d")
@since
@until
@only_portal
@with_places
@with_output
def gaps(
    since: dt.datetime | None,
    until: dt.datetime | None,
    portal: str | None,
    places: Places,
    *,
    form: Form,
) -> None:
    """List stretches without a successful look, and their cause."""
    refuse_reversed(since, until)
    path, config = places.database(), places.optional(beside_db=False)
    with query.Database(path) as asked:
        found = asked.gaps(since=since, until=until, portal=portal, now=now())
    if config is not None and portal is None:
        names = {portal.name for portal in config.portals}
        found = [gap for gap in found if gap.portal in names]
    if show.records(found, query.Gap, form):
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
