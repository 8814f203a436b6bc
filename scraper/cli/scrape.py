"""The command that polls the portals once, as cron runs it."""

from __future__ import annotations

import asyncio
import gc
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from db.errors import DatabaseError
from db.moments import now
from scraper import clock, threads
from scraper.cli import show
from scraper.cli.group import interrupt_on_sigterm
from scraper.cli.options import Places, as_json, chosen, create, with_places
from scraper.collect import PassNotKept, collecting
from scraper.errors import AnotherPass, WrongClock
from scraper.monitor import Monitor
from scraper.printable import printable
from scraper.troubles.notifier import Notifier
from scraper.writing import writing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.write.store import Store
    from scraper.collect import Report
    from scraper.config import Config, Portal


_BESIDE: Final = "`nalssi look-now` asks a daemon for a look, `--if-idle` leaves it to its work"


@click.command(epilog="Example: nalssi scrape -v")
@click.argument("portals", nargs=-1, metavar="[PORTAL]...")
@click.option("-v", "--verbose", is_flag=True, help="Print how each look ended.")
@click.option("--if-idle", is_flag=True, help="Exit silently if a daemon or a pass is running.")
@create
@with_places
@as_json
def scrape(
    portals: tuple[str, ...],
    places: Places,
    *,
    verbose: bool,
    if_idle: bool,
    create: bool,
    as_json: bool,
) -> None:
    """Poll the portals of the config once; for cron."""
    # Imported modules stay; collecting garbage among them every 700 objects takes 5 % of a pass.
    gc.set_threshold(50_000)
    interrupt_on_sigterm()

    settings = places.required(portals=True)
    wanted = chosen(settings, portals)
    path = places.db or Path(settings.database)
    try:
        reports, unkept = _kept(settings, path, wanted, create=create)
    except AnotherPass as exc:
        if if_idle:
            return
        raise exc.hinting(_BESIDE) from None
    if as_json:
        show.as_json(reports)
    for report in reports:
        _print_report(report, verbose=verbose and not as_json)
    if unkept:
        raise unkept  # its exit code is higher than that of any look
    click.get_current_context().exit(max((report.exit_code for report in reports), default=0))


def _kept(
    settings: Config, path: Path, portals: Sequence[Portal], *, create: bool
) -> tuple[list[Report], PassNotKept | None]:
    """Run one pass, and report the troubles of nalssi that it shows."""
    notifier = Notifier(config=settings, database=path, clock=now, complain=_complain)
    try:
        with writing(path, what="pass", journal=settings.journal, create=create) as store:
            return asyncio.run(_swept(settings, store, portals, notifier))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except (DatabaseError, WrongClock) as exc:
        asyncio.run(notifier.notify_pass(exc))
        raise


async def _swept(
    settings: Config, store: Store, portals: Sequence[Portal], notifier: Notifier
) -> tuple[list[Report], PassNotKept | None]:
    """Run one pass over the chosen portals; return the error too if a look was not stored."""
    threads.use_daemon_threads()
    if (task := asyncio.current_task()) is not None:
        # An exception raised in the middle of a look would end it before it records itself.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with collecting(settings, store, now) as collector:
        monitor = Monitor(
            config=settings, collector=collector, store=store, clock=now, complain=_complain
        )
        await monitor.ping("start")
        try:
            last = [store.memory(portal.name).last_look for portal in settings.portals]
            clock.refuse_wrong(now(), max(filter(None, last), default=None))
            reports = await collector.sweep(portals)
        except WrongClock as exc:
            await monitor.ping("fail", str(exc))
            raise
        except PassNotKept as exc:
            await monitor.ping("fail", str(exc))
            await notifier.notify_pass(exc, monitor.channels)
            return exc.reports, exc
        await monitor.after_looks(reports)
        await notifier.notify_pass(None, monitor.channels)
        return reports, None


def _complain(line: str) -> None:
    show.note(f"not sent: {line}")


def _print_report(report: Report, *, verbose: bool) -> None:
    """Print one line on stderr for a failure; with ``verbose`` one on stdout for the rest."""
    if report.error is not None:
        show.note(f"{report.portal}: {report.outcome}: {report.error}")
    elif verbose:
        line = f"{report.portal}: {report.outcome}, {show.counted(report.readings, 'reading')}"
        click.echo(printable(line))
        for problem in report.problems:
            click.echo(printable(f"{report.portal}: {problem}"))
