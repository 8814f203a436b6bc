"""The command that shows one moment, and the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from db import query
from db.moments import now
from db.qartod import NAMES
from scraper.cli import korean, show
from scraper.cli.options import STATION, Places, as_json, only_portal, with_lang, with_places
from scraper.cli.times import Moment

if TYPE_CHECKING:
    import datetime as dt

    from db.measures.evidence import Known
    from db.measures.near import NearLook


@click.command(epilog="Example: nalssi at 서울 2026-11-23T21:30")
@click.argument("words", nargs=-1, required=True, type=STATION, metavar="STATION TIME")
@click.option("--station", type=STATION, help="The station; then TIME is the one argument.")
@only_portal
@with_places
@with_lang
@as_json
def at(
    words: tuple[str, ...],
    station: str | None,
    portal: str | None,
    places: Places,
    *,
    as_json: bool,
) -> None:
    """
    Show the value known at one moment, and its evidence.

    STATION is a Korean or English name, or a KMA number. TIME is ISO 8601 (Korean time), or an age:
    30m, 24h, 7d, 2w.
    """
    named, time = _named(words if station is None else (station, *words))
    with query.Database(places.database()) as asked:
        known = asked.at(named, time, portal=portal, now=now())
    if as_json:
        show.as_json(known)
    else:
        lines = [(korean.heading(name), value) for name, value in _named_values(known)]
        widest = max(korean.width(name) for name, _ in lines)
        for name, value in lines:
            click.echo(f"{name}{' ' * (widest - korean.width(name))}  {value}".rstrip())


def _named(words: tuple[str, ...]) -> tuple[str, dt.datetime]:
    if len(words) != 2:
        msg = f"expected a station and a time, not {len(words)} words: {' '.join(words)}"
        raise click.UsageError(msg)
    return words[0], Moment().convert(words[1], None, click.get_current_context())


def _named_values(known: Known) -> list[tuple[str, str]]:
    """The value known, as lines with names."""
    names = [known.station, known.station_en, known.kma_id and f"(KMA {known.kma_id})"]
    asked = [
        ("station", " ".join(show.cell(name) for name in names if name)),
        ("time", _moment(known.at)),
    ]
    if known.evidence is None:
        return [*asked, ("state", "no portal had shown this station by then")]
    return [
        *asked,
        (
            "temperature",
            "not printed" if known.temperature_c is None else f"{known.temperature_c} °C",
        ),
        ("sky", f"{show.cell(known.label)} {known.condition or 'unknown'}"),
        ("flag", f"{known.flag} {NAMES.get(known.flag or 0, '')}".strip()),
        ("state", known.state),
        ("why", show.cell(known.why)),
        ("portal", f"{show.cell(known.portal)}; {_agreement(known)}"),
        ("changed", f"after {_moment(known.changed_after)}, seen {_moment(known.seen_from)}"),
        ("last seen", _moment(known.seen_until)),
        ("next change", f"seen {_moment(known.next_change)}"),
        *([("observed", _moment(known.observed_at))] if known.observed_at else []),
        ("look before", _look(known.look_before)),
        ("look after", _look(known.look_after)),
        ("sidebar", f"{known.evidence.sidebar_id}, digest {known.evidence.digest}"),
        *(("printed", show.cell(line)) for line in known.evidence.printed),
    ]


def _moment(moment: dt.datetime | None) -> str:
    return "–" if moment is None else moment.isoformat()


def _agreement(known: Known) -> str:
    if not known.live_portals:
        return "no portal was live"
    return f"{known.agreeing_portals} of {known.live_portals} live portals showed this temperature"


def _look(look: NearLook | None) -> str:
    if look is None:
        return "–"
    parts = [_moment(look.at), look.outcome]
    parts += [f"page date {look.page_date}"] if look.page_date else []
    parts += [show.cell(look.reason)] if look.reason else []
    return ", ".join(parts)
