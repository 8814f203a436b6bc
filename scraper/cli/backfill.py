"""The command that reads archives."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.util
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from db import query
from db.errors import OutputError
from db.reading import now
from db.write import imports
from db.write.store import Store
from scraper import lock
from scraper.archive import backfill as archive
from scraper.archive import files, portals
from scraper.archive.errors import MissingFastwarc
from scraper.cli import show
from scraper.cli.options import Places, as_json, with_places
from scraper.errors import NO_SIDEBAR, AnotherPass
from scraper.printable import printable
from scraper.vocabulary import KNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from scraper.archive.backfill import Progress, Sink
    from scraper.archive.files import Source
    from scraper.archive.worker import Orders
    from scraper.config import Config

    Known: TypeAlias = dict[str, tuple[str, int]]

_EVERY_S: Final = 10.0

_REMEDIES: Final = {
    "no portal": "--portal says whose they are",
    "no time": "--date says of which day they are",
}
"""What can be done about pages that were rejected, by the reason."""


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--only-portals", is_flag=True, help="Refuse pages of portals not known yet.")
@click.option("--portal", metavar="NAME", help="Whose the pages are that have no address.")
@click.option(
    "--date",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The day of the pages that have neither a time nor a printed date.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="Processes that read, one archive each.  [as many as cores, or files]",
)
@click.option("--again", is_flag=True, help="Read also the files that were read before.")
@click.option("--dry-run", is_flag=True, help="Keep nothing.")
@click.option(
    "--extract",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.ndjson",
    help="Write the readings into this file, and use no database.",
)
@with_places
@as_json
def backfill(
    paths: tuple[str, ...],
    places: Places,
    *,
    only_portals: bool,
    portal: str | None,
    date: dt.datetime | None,
    workers: int | None,
    again: bool,
    dry_run: bool,
    extract: Path | None,
    as_json: bool,
) -> None:
    """
    Keep what saved pages showed: years of history from archives of the web.

    A PATH is a WARC or WET (plain, gzip, or zstd), JSON lines of {"url", "fetched_at", "html" or
    "text"}, a saved page of HTML or text, a folder of any of these, a pattern, or - for standard
    input. What a file is, its first bytes tell.

    A portal is known by its host; www. and m. are the same. A saved page's host is that of a folder
    in its path that is named like one (koya-culture.com/news/1.html), or of the address that the
    page gives as its own (canonical, og:url, "saved from"); else --portal says whose it is.

    The time is that of the capture. A page without one counts for the day that is printed on it,
    or that --date gives. When a file was written is no time of a capture.

    Run it again after an interruption: files that were read to the end are passed over.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if importlib.util.find_spec("fastwarc") is None:
        raise MissingFastwarc
    found = files.sources(paths)
    options = {"only_known": only_portals, "portal": portal, "date": date and date.date()}
    if extract is not None:
        told = _extracted(found, places, extract, options, workers)
    elif dry_run:
        told = _counted(found, places, options, workers)
    else:
        told = _kept(found, places, options, workers, again=again)
    if as_json:
        show.as_json(told)
    else:
        _say(told)
    click.get_current_context().exit(NO_SIDEBAR if told["unreadable"] else 0)


def _kept(
    found: list[Source],
    places: Places,
    options: dict[str, Any],
    workers: int | None,
    *,
    again: bool,
) -> dict[str, Any]:
    path = places.database()
    settings = places.optional()
    # Not the lock of the passes: a daemon may go on, as each commit here is short.
    with contextlib.ExitStack() as stack:
        stack.enter_context(lock.held(path, part=".backfill"))
        store = stack.enter_context(_opened(path, settings.journal if settings else None))
        known = _of_config(settings)
        for name, url in imports.addresses(store).items():
            known.setdefault(name, (url, archive.INTERVAL_S))
        keeper = archive.Keeper(store, known, _how(options), again=again)
        progress = _run(found, _orders(known, options, settings), keeper, workers)
        return _told(progress) | {
            "contents": keeper.contents,
            "looks": keeper.looks,
            "spells_before": keeper.spells_before,
            "spells": keeper.spells,
        }


@contextlib.contextmanager
def _opened(path: Path, journal: str | None) -> Iterator[Any]:
    """
    The store; the lock of the passes is needed only where it is to be made or migrated.

    Beside a daemon its journal stays as it is: that is the other's to choose.
    """
    try:
        with lock.held(path):
            store = Store.open(path, journal=journal)
    except AnotherPass:
        if not path.is_file():
            raise
        store = Store.open(path)
    with store:
        yield store


def _counted(
    found: list[Source], places: Places, options: dict[str, Any], workers: int | None
) -> dict[str, Any]:
    settings = places.optional()
    known = _of_config(settings)
    path = places.database()
    if path.is_file():
        with query.Database(path) as db:
            for one in db.portals():
                known.setdefault(one.name, (one.url, archive.INTERVAL_S))
    counter = archive.Counter()
    progress = _run(found, _orders(known, options, settings), counter, workers)
    return _told(progress) | {"contents": counter.contents, "dry_run": True}


def _extracted(
    found: list[Source],
    places: Places,
    path: Path,
    options: dict[str, Any],
    workers: int | None,
) -> dict[str, Any]:
    if any(source.is_at(path) for source in found):
        raise OutputError(path, "is one of the archives themselves")
    settings = places.optional()
    orders = _orders(_of_config(settings), options, settings, as_json=True)
    with archive.written(path) as extract:
        progress = _run(found, orders, extract, workers)
    return _told(progress) | {"readings": extract.readings}


def _of_config(settings: Config | None) -> Known:
    """The portals of the config, if there is one."""
    if settings is None:
        return {}
    return {one.name: (one.url, settings.interval_s) for one in settings.portals}


def _orders(
    known: Known, options: dict[str, Any], settings: Config | None, *, as_json: bool = False
) -> Orders:
    from scraper.archive.worker import Orders  # noqa: PLC0415 - wants the extra

    names = portals.by_host({name: url for name, (url, _) in known.items()})
    portal = options["portal"]
    if portal is not None and portal not in known:
        host = portals.as_host(portal)
        given = portals.Portals(names, only_known=options["only_known"])
        if host is None or (name := given.name(host)) is None:
            others = [] if options["only_known"] else ["a host such as koya-culture.com"]
            expected = ", ".join([*known, *others]) or "none so far"
            msg = f"no portal {portal!r}, expected one of: {expected}"
            raise click.UsageError(msg)
        portal = name
    return Orders(
        names=names,
        only_known=options["only_known"],
        portal=portal,
        date=options["date"],
        not_after=now() + dt.timedelta(days=1),
        words=settings.words.known() if settings else KNOWN,
        as_json=as_json,
    )


def _how(options: dict[str, Any]) -> str:
    """What else decides what is taken from a file, for whoever asks whether it was read so."""
    given = {name: value for name, value in options.items() if value}
    return "".join(f" {name}={value}" for name, value in given.items())


def _run(found: list[Source], orders: Orders, sink: Sink, workers: int | None) -> Progress:
    from scraper.archive.pool import Crew  # noqa: PLC0415 - wants the extra

    size = workers or min(os.cpu_count() or 1, len(found))
    with _watching() as watch, Crew(orders, max(1, size)) as crew:
        progress = archive.run(found, crew, sink, watch=watch)
    for name, trouble in progress.troubles:
        click.echo(printable(f"nalssi: {name}: {trouble}"), err=True)
    return progress


def _told(progress: Progress) -> dict[str, Any]:
    tally = progress.tally
    return {
        "files": progress.done,
        "files_skipped": progress.skipped,
        "unreadable": progress.unreadable,
        "pages": tally.pages,
        "sidebars": tally.sidebars,
        "rejected": dict(sorted(tally.refused.items())),
        "unknown_words": sorted(tally.words),
    }


def _say(told: dict[str, Any]) -> None:
    """Print what came of it."""
    words = told.pop("unknown_words")
    rejected = told.pop("rejected")
    for name, count in told.items():
        click.echo(f"{name.replace('_', ' '):15} {count}")
    for reason, count in rejected.items():
        remedy = f"; {_REMEDIES[reason]}" if reason in _REMEDIES else ""
        click.echo(printable(f"rejected        {count}: {reason}{remedy}"))
    for word in words:
        click.echo(printable(f"unknown         {word}"))


# ---- how far it is


@contextlib.contextmanager
def _watching() -> Iterator[Callable[[Progress], None]]:
    """Tell how far it is: a bar where a person is looking, else a line every ten seconds."""
    if sys.stderr.isatty():
        with _bar() as watch:
            yield watch
    else:
        yield _lines()


def _lines() -> Callable[[Progress], None]:
    last = time.monotonic()

    def watch(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY_S:
            last = time.monotonic()
            click.echo(f"nalssi: {_line(progress)}", err=True)

    return watch


def _line(progress: Progress) -> str:
    tally = progress.tally
    seconds = max(0.001, time.monotonic() - progress.started)
    return (
        f"{progress.done} of {progress.files} files, {tally.pages} pages, "
        f"{tally.pages / seconds:.0f} pages/s, {tally.sidebars} sidebars, "
        f"{sum(tally.refused.values())} rejected"
    )


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console  # noqa: PLC0415 - only where a person is looking
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def watch(progress: Progress) -> None:
            bar.update(
                task,
                description=_line(progress),
                completed=progress.bytes_read,
                total=progress.bytes or None,
            )

        yield watch
