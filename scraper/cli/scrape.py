"""The command that polls the portals once, as cron runs it."""

from __future__ import annotations

import asyncio
import gc
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from db.moments import now
from db.write.store import Store
from scraper import clock, lock, threads
from scraper.cli import show
from scraper.cli.options import Places, as_json, with_places
from scraper.collect import PassNotKept, collecting
from scraper.errors import WrongClock
from scraper.monitor import Monitor
from scraper.printable import printable

if TYPE_CHECKING:
    from scraper.collect import Report
    from scraper.config import Config


@click.command(epilog="Example: nalssi scrape -v")
@click.argument("portals", nargs=-1, metavar="[PORTAL]...")
@click.option("-v", "--verbose", is_flag=True, help="Say how each look ended.")
@with_places
@as_json
def scrape(
    portals: tuple[str, ...],
    places: Places,
    *,
    verbose: bool,
    as_json: bool,
) -> None:
    """Poll the portals of the config once; for cron."""
    # What a pass imports stays; to walk it again and again, every 700 objects, takes 5 % of a pass.
    gc.set_threshold(50_000)
    # Being stopped is to be told like Ctrl-C: the looks under way are given up, each with its row.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    settings = places.required(portals=True)
    known = [portal.name for portal in settings.portals]
    if unknown := [name for name in portals if name not in known]:
        msg = f"no portal {unknown[0]!r} in the config, expected one of: {', '.join(known)}"
        raise click.UsageError(msg)
    path = places.db or Path(settings.database)
    with lock.held(path):
        reports, unkept = _swept(settings, path, portals)
    if as_json:
        show.as_json([_report(report) for report in reports])
    for report in reports:
        _say(report, verbose=verbose and not as_json)
    if unkept:
        raise unkept  # with an exit code higher than that of any look
    click.get_current_context().exit(max((report.exit_code for report in reports), default=0))


def _swept(
    settings: Config, path: Path, names: tuple[str, ...]
) -> tuple[list[Report], PassNotKept | None]:
    """One pass over the chosen portals; the second tells whether something could not be kept."""

    async def sweep(store: Store) -> tuple[list[Report], PassNotKept | None]:
        threads.let_the_end_wait_for_nothing()
        async with collecting(settings, store, now) as collector:
            monitor = Monitor(
                config=settings, collector=collector, store=store, clock=now, complain=_complain
            )
            await monitor.ping("start")
            try:
                last = [store.memory(portal.name).last_look for portal in settings.portals]
                clock.refuse_wrong(now(), max(filter(None, last), default=None))
                reports = await collector.sweep(settings.chosen(names))
            except WrongClock as exc:
                await monitor.ping("fail", str(exc))
                raise
            except PassNotKept as exc:
                await monitor.ping("fail", str(exc))
                return exc.reports, exc
            await monitor.after_looks(reports)
            return reports, None

    with Store.open(path, journal=settings.journal) as store:
        return asyncio.run(sweep(store))


def _complain(line: str) -> None:
    click.echo(printable(f"nalssi: not told: {line}"), err=True)


def _report(report: Report) -> dict[str, object]:
    return {
        "portal": report.portal,
        "outcome": report.outcome,
        "readings": report.readings,
        "problems": report.problems,
        "error": report.error,
        "milliseconds": report.milliseconds,
    }


def _say(report: Report, *, verbose: bool) -> None:
    """One line on stderr for a failure; with ``verbose`` one on stdout for the rest."""
    if report.error is not None:
        line = f"nalssi: {report.portal}: {report.outcome}: {report.error}"
        click.echo(printable(line), err=True)
    elif verbose:
        line = f"{report.portal}: {report.outcome}, {report.readings} readings"
        click.echo(printable(line))
        for problem in report.problems:
            click.echo(printable(f"{report.portal}: {problem}"))
