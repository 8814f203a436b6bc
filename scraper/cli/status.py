"""The commands about the state of the portals, now and before."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from db import query
from db.errors import DatabaseError
from db.moments import KST, minute, now
from db.validity import NOT_OF_NOW
from scraper import __version__, lock
from scraper.cli import language, show
from scraper.cli.options import Form, Places, wide, with_output, with_places
from scraper.cli.times import of_a_time
from scraper.errors import STALE
from scraper.printable import printable
from scraper.records import shared
from scraper.troubles import present
from scraper.troubles.present import Polls

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from db.asked import Part
    from db.query import Database, PortalStatus, State
    from scraper.lock import Holder
    from scraper.troubles.rules import Trouble


_NEVER_POLLED: Final = (
    "no gap was found: gaps are between polls, and no portal was polled; "
    "`nalssi stats` has the coverage of archived pages"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalRow:
    """The current state of a portal, as in ``PortalStatus``, and its next look."""

    portal: str
    state: State = "down"
    since: dt.datetime | None = None
    why: str = "never polled"
    last_look: dt.datetime | None = None
    last_outcome: str | None = None
    last_reason: str | None = "never polled"
    last_success: dt.datetime | None = None
    looks_last_day: int = 0
    failures_last_day: int = 0
    next_look: dt.datetime | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseRow:
    """The file, the free space, and the version of nalssi."""

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
    holder, moment = lock.holder(path), now()
    troubles = present.remembered(path, config, moment)
    try:
        with query.Database(path) as asked:
            polls = Polls.read(asked, config, moment)
            file: DatabaseRow | None = _file(asked)
    except DatabaseError as exc:
        if not troubles:
            raise
        polls, file = Polls(portals={}, dues={}, config=config, now=moment), None
        show.note(str(exc))
    stuck = polls.idle(holder)
    troubles = present.with_stuck(troubles, stuck)
    portals = _rows(polls, polled=stuck is None)
    _show(portals, troubles, holder, file, form, wide=wide)
    stale = not portals or any(row.state in NOT_OF_NOW for row in portals)
    click.get_current_context().exit(STALE if stale or troubles else 0)


def _show(
    portals: list[PortalRow],
    troubles: list[Trouble],
    holder: Holder | None,
    file: DatabaseRow | None,
    form: Form,
    *,
    wide: bool,
) -> None:
    rows = [(one.kind, one.since.astimezone(KST), one.text) for one in troubles]
    if form == "json":
        running = holder and {"what": holder.what, "pid": holder.pid, "since": holder.since}
        own = [{"kind": kind, "since": since, "text": text} for kind, since, text in rows]
        document = {"troubles": own, "portals": portals, "database": file, "running": running}
        show.as_json(document)
        return
    for kind, since, text in rows:  # the table of portals has no column for them
        line = f"{kind.upper()} since {minute(since)}: {text}"
        click.echo(printable(line), err=form == "csv")
    if show.records(portals, PortalRow, form):
        return
    _table(portals, wide=wide)
    if file is not None:
        click.echo(_of_file(file))
    if holder is not None:
        click.echo(language.say("running: {holder}", holder=holder))


def _table(rows: Sequence[PortalRow], *, wide: bool) -> None:
    """
    Print the state of portals.

    Args:
        rows: The portals.
        wide: Whether to print all columns, or only those that fit 80 characters; then a line below
            says why a portal is not live.
    """
    if not rows:
        show.note("no portal is known: the config names none, and no portal was polled yet")
        return
    from scraper.cli.table import print_line  # noqa: PLC0415 - JSON does without rich

    cells = [_portal(row, wide=wide) for row in rows]
    show.table(
        list(cells[0]),
        [list(row.values()) for row in cells],
        numbers=["looks", "failures"],
        styles=[show.LOUD.get(row.state, "") for row in rows],
    )
    for row in rows:
        if not wide and row.state != "live":
            print_line(printable(f"{row.portal}: {language.sentence(row.why)}"))


def _portal(row: PortalRow, *, wide: bool) -> dict[str, object]:
    """The cells of a portal, by their headings."""
    seen = {"looks": row.looks_last_day, "failures": row.failures_last_day, "why": row.why}
    return {
        "portal": row.portal,
        "state": language.state(row.state),
        **({"since": row.since} if wide else {}),
        "last look": row.last_look,
        "outcome": row.last_outcome,
        "next look": row.next_look,
        **(seen if wide else {}),
    }


def _file(asked: Database) -> DatabaseRow:
    return DatabaseRow(
        path=str(asked.path),
        bytes=asked.path.stat().st_size,
        free_bytes=shutil.disk_usage(asked.path.absolute().parent).free,
        journal=asked.journal(),
    )


def _rows(polls: Polls, *, polled: bool) -> list[PortalRow]:
    """The portals; without a process that polls, there is no next look."""
    return [
        _row(polls.portals[name], max(polls.dues[name], polls.now) if polled else None)
        if name in polls.portals
        else PortalRow(portal=name)
        for name in polls.names
    ]


def _row(one: PortalStatus, due: dt.datetime | None) -> PortalRow:
    own = {"next_look": due and due.astimezone(KST), "problems": tuple(map(str, one.problems))}
    return PortalRow(**shared(one, PortalRow) | own)


def _of_file(file: DatabaseRow) -> str:
    return language.say(
        "{path}: {size}, {free} free, journal {journal}, nalssi {version}",
        path=printable(file.path),
        size=show.mib(file.bytes),
        free=show.mib(file.free_bytes),
        journal=file.journal,
        version=file.version,
    )


@click.command(epilog="Example: nalssi gaps --since 7d")
@of_a_time
@with_places
@with_output
def gaps(part: Part, places: Places, *, form: Form) -> None:
    """List stretches without a successful look, and their cause."""
    path, config = places.database(), places.optional(beside_db=False)
    with query.Database(path) as asked:
        found = asked.gaps(**part._asdict())
        polled = found or any(portal.looks for portal in asked.portals())
    if config is not None and part.portal is None:
        names = {portal.name for portal in config.portals}
        found = [gap for gap in found if gap.portal in names]
    if show.records(found, query.Gap, form, none="no gap was found" if polled else _NEVER_POLLED):
        return
    show.table(
        ["portal", "since", "until", "length", "failures", "cause", "reason"],
        [
            (
                one.portal,
                one.since,
                one.until,
                language.age(int((one.until - one.since).total_seconds()) // 60),
                one.failures,
                one.cause,
                one.reason,
            )
            for one in found
        ],
        numbers=["length", "failures"],
        keys=2,
    )
