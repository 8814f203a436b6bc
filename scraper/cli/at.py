"""The command that shows one moment, and the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from db import query
from db.moments import now
from scraper.cli import language, show
from scraper.cli.options import STATION, Places, as_json, only_portal, with_lang, with_places
from scraper.cli.times import OneMoment, note_day

if TYPE_CHECKING:
    import datetime as dt

    from db.measures.evidence import Evidence, Known
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

    STATION is a Korean or English name, or a KMA number. TIME is ISO 8601 (Korean time), an age
    such as 30m, 24h or 7d, or now; a day, such as yesterday, means its midnight.
    """
    named, time = _named(words if station is None else (station, *words))
    with query.Database(places.database()) as asked:
        known = asked.at(named, time, portal=portal, now=now())
    note_day()
    if as_json:
        show.as_json(known)
    else:
        lines = [(language.heading(name), value) for name, value in _named_values(known)]
        widest = max(language.width(name) for name, _ in lines)
        for name, value in lines:
            click.echo(f"{name}{' ' * (widest - language.width(name))}  {value}".rstrip())


def _named(words: tuple[str, ...]) -> tuple[str, dt.datetime]:
    if len(words) != 2:
        msg = f"expected a station and a time, not {len(words)} words: {' '.join(words)}"
        raise click.UsageError(msg)
    return words[0], OneMoment().convert(words[1], None, click.get_current_context())


def _named_values(known: Known) -> list[tuple[str, str]]:
    """The value known, as lines with names."""
    names = [known.station, known.station_en, known.kma_id and f"(KMA {known.kma_id})"]
    asked = [
        ("station", " ".join(show.cell(name) for name in names if name)),
        ("time", _moment(known.at)),
    ]
    if known.evidence is None:
        return [*asked, ("state", language.say("no portal had shown this station by then"))]
    return [
        *asked,
        (
            "temperature",
            language.say("not printed")
            if known.temperature_c is None
            else f"{known.temperature_c} °C",
        ),
        ("sky", _sky(known)),
        ("flag", f"{known.flag} {language.flag_name(known.flag)}".strip()),
        ("state", language.cell("state", known.state)),
        ("why", language.sentence(show.cell(known.why))),
        ("portal", f"{show.cell(known.portal)}; {_agreement(known)}"),
        ("changed", _changed(known)),
        ("last seen", _moment(known.seen_until)),
        ("next change", _next_change(known)),
        *([("observed", _moment(known.observed_at))] if known.observed_at else []),
        ("look before", _look(known.look_before)),
        ("look after", _look(known.look_after)),
        ("box", _box(known.evidence)),
        *(("printed", show.cell(line)) for line in known.evidence.printed),
    ]


def _sky(known: Known) -> str:
    sky = show.condition(known)
    if known.label or sky is None:
        return language.sky(show.cell(known.label), sky or "unknown")
    return language.sky(None, show.cell(sky))


def _moment(moment: dt.datetime | None) -> str:
    return "–" if moment is None else moment.isoformat()


def _agreement(known: Known) -> str:
    if not known.live_portals:
        return language.say("no portal was live")
    line = "{agreeing} of {live} live portals showed this temperature"
    return language.say(line, agreeing=known.agreeing_portals, live=known.live_portals)


def _next_change(known: Known) -> str:
    at = known.next_change
    return "–" if at is None else language.say("seen {at}", at=_moment(at))


def _changed(known: Known) -> str:
    before, seen = _moment(known.changed_after), _moment(known.seen_from)
    if known.changed_after is None:
        return language.say("not seen; first shown {seen}", seen=seen)
    return language.say("after {before}, seen {seen}", before=before, seen=seen)


def _box(evidence: Evidence) -> str:
    line = "{box}, digest {digest}"
    return language.say(line, box=evidence.sidebar_id, digest=evidence.digest)


def _look(look: NearLook | None) -> str:
    if look is None:
        return "–"
    parts = [_moment(look.at), language.cell("outcome", look.outcome)]
    parts += [language.say("page date {day}", day=look.page_date)] if look.page_date else []
    parts += [show.cell(look.reason)] if look.reason else []
    return ", ".join(parts)
