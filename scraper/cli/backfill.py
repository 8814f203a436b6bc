"""The command that reads archives."""

from __future__ import annotations

import datetime as dt
import importlib.util
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click
from click.core import ParameterSource

from db import query
from db.errors import OutputError
from db.moments import now
from db.write import imports
from scraper import lock, writing
from scraper.archive import backfill as archive
from scraper.archive import files, portals
from scraper.archive.errors import MissingFastwarc
from scraper.cli import progress as progress_bars
from scraper.cli import show
from scraper.cli.group import File, interrupt_on_sigterm
from scraper.cli.options import Places, as_json, create, with_places
from scraper.errors import NO_SIDEBAR
from scraper.printable import printable
from scraper.vocabulary import KNOWN

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TypeAlias

    from scraper.archive.backfill import Progress, Sink
    from scraper.archive.files import Source
    from scraper.archive.worker import Orders
    from scraper.config import Config

    Known: TypeAlias = dict[str, tuple[str, int]]
    Counts: TypeAlias = dict[str, object]

_REMEDIES: Final = {
    "no portal": "name their portal by --portal",
    "no time": "give their day by --date",
}
"""The remedy for rejected pages, by the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    How to read archives.

    Attributes:
        only_known: Whether to refuse pages of unknown portals.
        portal: The portal of pages without an address.
        date: The day of pages with neither a time nor a printed date.
        workers: Processes that read; None = as many as cores, or files.
    """

    only_known: bool
    portal: str | None
    date: dt.date | None
    workers: int | None

    @property
    def name(self) -> str:
        """The options that decide which pages of a file are taken, to detect a second run."""
        given = {"only_known": self.only_known, "portal": self.portal, "date": self.date}
        return "".join(f" {name}={value}" for name, value in given.items() if value)


@click.command(epilog="Example: nalssi backfill crawl/*.warc.gz --db history.db")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option(
    "--from-db",
    "databases",
    type=File(dir_okay=False),
    multiple=True,
    help="Join the database of another collector instead, as `nalssi merge` does.",
)
@click.option("--only-portals", is_flag=True, help="Refuse pages of unknown portals.")
@click.option("--portal", metavar="NAME", help="The portal of pages without an address.")
@click.option(
    "--date",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The day of pages without a time and without a printed date.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="Processes that read, one archive each.  [as many as cores, or files]",
)
@click.option("--again", is_flag=True, help="Also read files that were read before.")
@click.option("--dry-run", is_flag=True, help="Count only; store no row.")
@click.option(
    "--extract",
    type=File(dir_okay=False),
    metavar="FILE.ndjson",
    help="Write the readings into this file, not into a database.",
)
@create
@with_places
@as_json
def backfill(
    paths: tuple[str, ...],
    databases: tuple[Path, ...],
    places: Places,
    *,
    only_portals: bool,
    portal: str | None,
    date: dt.datetime | None,
    workers: int | None,
    again: bool,
    dry_run: bool,
    extract: Path | None,
    create: bool,
    as_json: bool,
) -> None:
    """
    Read years of history from archives of the web.

    A PATH is a WARC or WET file (plain, gzip, or zstd), JSON lines of {"url", "fetched_at", "html"
    or "text"}, a saved page of HTML or text, a folder of any of these, a pattern, or - for standard
    input. The first bytes of a file decide its kind.

    The host of a page names its portal; www. and m. are the same. A saved page gets its host from
    a folder that is named like a host (koya-culture.com/news/1.html), or from the address that the
    page gives as its own (canonical, og:url, "saved from"); otherwise --portal names its portal.

    The time of a page is the time of its capture. A page without one counts for the day printed on
    it, or for the day of --date. The time of the file itself is not used.

    After an interruption, run it again: files that were read to the end are skipped.
    """
    interrupt_on_sigterm()
    if bool(paths) == bool(databases):
        raise click.UsageError("expected either PATH... or --from-db")
    if databases:
        _refuse_other_options()
        from scraper.cli import merge  # noqa: PLC0415 - another door to the same

        merge.join(databases, places, create=create, as_json=as_json)
        return
    if importlib.util.find_spec("fastwarc") is None:
        raise MissingFastwarc
    found = files.sources(paths)
    wish = Wish(only_known=only_portals, portal=portal, date=date and date.date(), workers=workers)
    if extract is not None:
        progress, counts = _extracted(found, places, extract, wish)
    elif dry_run:
        progress, counts = _counted(found, places, wish)
    else:
        progress, counts = _kept(found, places, wish, again=again, create=create)
    outcome = _outcome(progress) | counts
    if as_json:
        show.as_json(outcome)
    else:
        _print_outcome(progress, outcome)
    click.get_current_context().exit(NO_SIDEBAR if progress.unreadable else 0)


def _refuse_other_options() -> None:
    """Refuse the options for archives, which do not apply to a database."""
    context = click.get_current_context()
    fitting = {"paths", "databases", "config", "db", "as_json", "create"}
    for one in context.command.params:
        name = str(one.name)
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if name not in fitting and given:
            msg = f"{one.opts[-1]} is for archives, not for --from-db"
            raise click.UsageError(msg)


def _kept(
    found: list[Source], places: Places, wish: Wish, *, again: bool, create: bool
) -> tuple[Progress, Counts]:
    """Store the archives, and count new contents and looks, and the spells."""
    path = places.database()
    settings = places.optional()
    journal = settings.journal if settings else None
    with writing.beside_a_daemon(path, journal=journal, create=create) as store:
        known = _of_config(settings)
        for name, url in imports.addresses(store).items():
            known.setdefault(name, (url, archive.INTERVAL_S))
        keeper = archive.Keeper(store, known, wish.name, again=again)
        progress = _run(found, _orders(known, wish, settings), keeper, wish)
        names = ("contents", "looks", "spells_before", "spells")
        return progress, {name: getattr(keeper, name) for name in names}


def _counted(found: list[Source], places: Places, wish: Wish) -> tuple[Progress, Counts]:
    """Count the contents of a dry run."""
    settings = places.optional()
    known = _of_config(settings)
    path = places.database()
    if lock.is_there(path):
        with query.Database(path) as db:
            for one in db.portals():
                known.setdefault(one.name, (one.url, archive.INTERVAL_S))
    counter = archive.Counter()
    progress = _run(found, _orders(known, wish, settings), counter, wish)
    return progress, {"contents": counter.contents, "dry_run": True}


def _extracted(
    found: list[Source], places: Places, path: Path, wish: Wish
) -> tuple[Progress, Counts]:
    """Write the readings into a file, and count them."""
    if any(source.is_at(path) for source in found):
        raise OutputError(path, "is one of the archives themselves")
    settings = places.optional()
    orders = _orders(_of_config(settings), wish, settings, as_json=True)
    with archive.written(path) as extract:
        progress = _run(found, orders, extract, wish)
    return progress, {"readings": extract.readings}


def _of_config(settings: Config | None) -> Known:
    """The portals of the config, if there is one."""
    if settings is None:
        return {}
    return {one.name: (one.url, settings.interval_s) for one in settings.portals}


def _orders(known: Known, wish: Wish, settings: Config | None, *, as_json: bool = False) -> Orders:
    from scraper.archive.worker import Orders  # noqa: PLC0415 - wants the extra

    names = portals.by_host({name: url for name, (url, _) in known.items()})
    portal = wish.portal
    if portal is not None and portal not in known:
        host = portals.as_host(portal)
        given = portals.Portals(names, only_known=wish.only_known)
        if host is None or (name := given.name(host)) is None:
            others = [] if wish.only_known else ["a host such as koya-culture.com"]
            expected = ", ".join([*known, *others]) or "none so far"
            msg = f"no portal {portal!r}, expected one of: {expected}"
            raise click.UsageError(msg)
        portal = name
    return Orders(
        names=names,
        only_known=wish.only_known,
        portal=portal,
        date=wish.date,
        not_after=now() + dt.timedelta(days=1),
        words=settings.words.known() if settings else KNOWN,
        as_json=as_json,
    )


def _run(found: list[Source], orders: Orders, sink: Sink, wish: Wish) -> Progress:
    from scraper.archive.pool import Crew  # noqa: PLC0415 - wants the extra

    size = wish.workers or min(os.cpu_count() or 1, len(found))
    with progress_bars.of_archives() as watch, Crew(orders, max(1, size)) as crew:
        progress = archive.run(found, crew, sink, watch=watch)
    for name, trouble in progress.troubles:
        show.note(f"{name}: {trouble}")
    return progress


def _outcome(progress: Progress) -> dict[str, object]:
    """The values of every outcome: files, pages and boxes, rejected pages, unknown words."""
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


_SHOWN: Final = {"sidebars": "boxes"}
"""The headings that differ from the keys of the JSON."""


def _print_outcome(progress: Progress, outcome: dict[str, object]) -> None:
    """Print the outcome."""
    tally = progress.tally
    for name, count in outcome.items():
        if name not in ("rejected", "unknown_words"):
            click.echo(f"{_SHOWN.get(name, name.replace('_', ' ')):15} {count}")
    for reason, number in sorted(tally.refused.items()):
        remedy = f"; {_REMEDIES[reason]}" if reason in _REMEDIES else ""
        click.echo(printable(f"rejected        {number}: {reason}{remedy}"))
    for word in sorted(tally.words):
        click.echo(printable(f"unknown         {word}"))
    if tally.pages and not (tally.sidebars or tally.refused):
        show.note("no page has a weather box; `nalssi parse FILE` describes a saved page")
