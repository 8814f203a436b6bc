"""The command that checks what nalssi needs."""

from __future__ import annotations

import click

from db.moments import now
from scraper import check as checks
from scraper.cli import show
from scraper.cli.options import Places, as_json, with_lang, with_places
from scraper.troubles import present


@click.command(epilog="Example: nalssi check --live")
@click.option("--live", is_flag=True, help="Also poll each portal, without storing the looks.")
@with_places
@with_lang
@as_json
def check(places: Places, *, live: bool, as_json: bool) -> None:
    """Check config, database, disk, clock and lock."""
    path = places.database()
    settings = places.required() if live else places.optional(beside_db=False)
    least = settings.notify.disk_mib if settings else present.DISK_MIB
    findings = [
        *([checks.of_config(settings), *checks.of_settings(settings)] if settings else []),
        *checks.of_troubles(path, settings, now()),
        *checks.of_database(path, expected=settings is None),
        *checks.of_lateness(path, now()),
        checks.of_disk(path, least=least * 2**20),
        checks.of_clock(path, now()),
        checks.of_lock(path),
        *(checks.of_portals(settings, now) if live and settings else []),
    ]
    if as_json:
        show.as_json([{"check": one.check, "ok": one.well, "told": one.text} for one in findings])
    else:
        show.table(
            ["check", "", "found"],
            [(one.check, "ok" if one.well else "FAULT", one.text) for one in findings],
        )
    click.get_current_context().exit(max(one.exit_code for one in findings))
