"""The commands that fetch, read and keep. Each imports late what only it needs."""
# ruff: noqa: PLC0415

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from db.reading import now
from scraper.cli import show
from scraper.cli.group import main
from scraper.cli.options import Places, as_json, with_places
from scraper.printable import printable

if TYPE_CHECKING:
    from scraper.collect import PassNotKept, Report
    from scraper.config import Config, Fetch
    from scraper.fetch import Page
    from scraper.sidebar import Candidate
    from scraper.vocabulary import Words


@main.command()
@click.argument("source", default="-", metavar="[FILE|URL|-]")
@click.option("--explain", is_flag=True, help="Show every list of the page, and its evidence.")
@with_places
@as_json
def parse(source: str, places: Places, *, explain: bool, as_json: bool) -> None:
    """Show what the reader sees in a page; touches no database."""
    from scraper import normalize, sidebar
    from scraper.vocabulary import KNOWN

    settings = places.settings_if_any()
    words = settings.words.known() if settings else KNOWN
    page = _page(source, settings)
    lists = _lists(sidebar.candidates(page.body, page.encoding, words)) if explain else []
    if not as_json:
        _say_lists(lists)
    seen = sidebar.find(page.body, page.encoding, words)
    said = normalize.readings(seen, words)
    rows = [
        {
            "city": reading.city,
            "kma_id": _kma_id(reading.city, words),
            "label": reading.condition.label,
            "icon": reading.condition.icon or None,
            "condition": reading.condition.condition,
            "temperature_c": reading.temperature_c,
        }
        for reading in said.readings
    ]
    if as_json:
        told = {"page_date": seen.page_date, "readings": rows, "problems": said.told}
        show.as_json({**told, "lists": lists} if explain else told)
        return
    click.echo(f"page date {show.cell(seen.page_date)}")
    show.table(
        ["city", "KMA id", "label", "icon", "condition", "°C"],
        [list(row.values()) for row in rows],
        numbers=["KMA id", "°C"],
    )
    for problem in said.told:
        click.echo(f"problem: {printable(problem)}")


def _kma_id(city: str, words: Words) -> int | None:
    """The station that a city means, also where its value is in doubt."""
    from scraper import normalize

    station = normalize.station(city, words)
    return None if station is None else station.kma_id


def _lists(found: list[Candidate]) -> list[dict[str, Any]]:
    """The lists of a page that may be its box, each with the facts that count."""
    from scraper import sidebar

    taken = sidebar.chosen(found)
    return [
        {
            "taken": taken is not None and one.region.opens == taken.region.opens,
            "points": one.points,
            "entries": len(one.sidebar.lines),
            "begins": " ".join(_first(one)),
            "byte": one.region.opens,
            "facts": [{"points": fact.points, "says": fact.says} for fact in one.facts],
        }
        for one in found
    ]


def _first(found: Candidate) -> tuple[str, ...]:
    line = found.sidebar.lines[0]
    return tuple(filter(None, (line.label, line.city, line.temperature)))


def _say_lists(lists: list[dict[str, Any]]) -> None:
    from scraper.sidebar.evidence import ENOUGH

    for one in lists:
        taken = "taken" if one["taken"] else "not taken"
        head = f"{one['entries']} entries at byte {one['byte']}, from {one['begins']!r}"
        click.echo(printable(f"list: {head}: {one['points']} points of {ENOUGH}, {taken}"))
        for fact in one["facts"]:
            click.echo(printable(f"  {fact['points']:+} {fact['says']}"))


def _page(source: str, settings: Config | None) -> Page:
    """The page to try the reader on, from standard input, a file, or a portal."""
    from scraper import fetch
    from scraper.config import Fetch

    if source == "-":
        return fetch.read_stream(sys.stdin.buffer, name="-", max_bytes=Fetch().max_bytes)
    if source.lower().startswith(("http://", "https://")):
        return _fetched(source, settings.fetch if settings else Fetch())
    return fetch.read_file(source, max_bytes=Fetch().max_bytes)


def _fetched(url: str, settings: Fetch) -> Page:
    import asyncio

    from scraper.fetch import Fetcher

    async def get() -> Page:
        async with Fetcher(
            user_agent=settings.user_agent,
            timeout_s=settings.timeout_s,
            max_bytes=settings.max_bytes,
            clock=now,
        ) as fetcher:
            return await fetcher.get(url)

    return asyncio.run(get())


@main.command()
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
    """Look once at the portals of the config, or the named; for cron."""
    # Being stopped is to be told like Ctrl-C: the looks under way are given up, each with its row.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from scraper import lock

    settings = places.settings_to_look()
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
    import asyncio

    from db.write.store import Store
    from scraper import threads
    from scraper.collect import PassNotKept, collecting
    from scraper.monitor import Herald

    async def sweep(store: Store) -> tuple[list[Report], PassNotKept | None]:
        threads.let_the_end_wait_for_nothing()
        async with collecting(settings, store, now) as collector:
            herald = Herald(
                config=settings, collector=collector, store=store, clock=now, complain=_complain
            )
            await herald.ping("start")
            try:
                reports = await collector.sweep(settings.chosen(names))
            except PassNotKept as exc:
                await herald.ping("fail", str(exc))
                return exc.reports, exc
            await herald.after_looks(reports)
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


@main.command()
@with_places
@as_json
def rebuild(places: Places, *, as_json: bool) -> None:
    """
    Derive the spells again from the looks.

    Also brings the database of an older nalssi up to date.
    """
    from db.errors import DatabaseError
    from db.write.store import Store
    from scraper import lock

    path, settings = places.database(), places.known()
    if not path.is_file():
        raise DatabaseError(path, "there is no such file")
    journal = settings.journal if settings else None
    with lock.held(path), Store.open(path, journal=journal) as store:
        spells = store.rebuild()
    if as_json:
        show.as_json({"spells": spells})
    else:
        click.echo(f"{spells} spell{'' if spells == 1 else 's'}")


@main.command()
@with_places
@as_json
def demo(places: Places, *, as_json: bool) -> None:
    """Look at a portal of our own on this machine, and show it all."""
    from scraper import demo as story

    # The variable names the real history, which is no place for a demo.
    by_option = (
        click.get_current_context().get_parameter_source("db") == ParameterSource.COMMANDLINE
    )
    path = places.db if places.db and by_option else Path("demo.db")
    story.run(path, now=now(), say=click.echo if not as_json else lambda _: None)
    from db import query

    with query.Database(path) as asked:
        rows = asked.latest(now=now())
    if as_json:
        show.as_json(rows)
        return
    show.latest(rows)
    click.echo(f"\nIt is all in {path}. Next:")
    ourselves = "nalssi" if shutil.which("nalssi") else sys.argv[0]
    for line in ("latest --json", "series 서울", "looks --failed"):
        click.echo(f"  {ourselves} {line} --db {path}")


@main.command()
@with_places
def run(places: Places) -> None:
    """
    Look at the portals day and night.

    It ends by SIGTERM or Ctrl-C; SIGHUP reads the config again.
    """
    import asyncio

    from db.write.store import Store
    from scraper import lock
    from scraper.daemon.log import log_to_stderr
    from scraper.daemon.service import Daemon

    settings = places.settings_to_run()
    path = places.db or Path(settings.database)
    with lock.held(path), Store.open(path, journal=settings.journal) as store:
        daemon = Daemon(load=places.settings_to_run, store=store, clock=now, log=log_to_stderr())
        asyncio.run(daemon.run())
