"""The command that cites one value, and checks such a citation."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from db import query
from db.errors import DatabaseError
from db.export.tables import PUBLISHER
from db.moments import KST, now
from scraper import __version__
from scraper.cli import language, show
from scraper.cli.options import STATION, Places, as_json, only_portal, with_lang, with_places
from scraper.cli.times import OneMoment, note_day
from scraper.printable import printable
from scraper.records import shared

if TYPE_CHECKING:
    import datetime as dt

    from db.measures.evidence import Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """
    One value, with all that a reader needs to find and check it.

    Attributes:
        portal, url: The source; None, like the following, if the station was unknown.
        digest: The digest of its box.
        publisher: The publisher of the value.
        version: The version of nalssi.
        accessed: The day of the citation, Korean time.
        checked: Whether the stored box was read again, and gave this digest.

    The other attributes are those of ``Known``.
    """

    station: str
    station_en: str | None
    kma_id: int | None
    at: dt.datetime
    temperature_c: float | None
    condition: str | None
    label: str | None
    state: str
    why: str | None
    flag: int | None
    portal: str | None
    url: str | None
    seen_from: dt.datetime | None
    seen_until: dt.datetime | None
    published_by: dt.datetime | None
    digest: str | None
    publisher: str
    version: str
    accessed: dt.date
    checked: bool


@click.command(epilog="Example: nalssi cite 서울 2026-11-23T20:00")
@click.argument("station", type=STATION)
@click.argument("time", type=OneMoment())
@only_portal
@click.option("--check", "digest", metavar="DIGEST", help="Check a citation with this digest.")
@with_places
@with_lang
@as_json
def cite(
    station: str,
    time: dt.datetime,
    portal: str | None,
    digest: str | None,
    places: Places,
    *,
    as_json: bool,
) -> None:
    """
    Cite one value, with its state, source and a line to check it.

    TIME is as for `nalssi at`; a day means its midnight.

    With --check the stored box is read again. Exit code 6: the box is missing, gives another
    digest, or is not the box of this station and time.
    """
    with query.Database(places.database()) as asked:
        known = asked.at(station, time, portal=portal, now=now())
        addresses = {one.name: one.url for one in asked.portals()}
        if digest is not None:
            _check(asked, known, digest.lower(), places)
    note_day()
    citation = _citation(known, addresses, checked=digest is not None)
    if as_json:
        show.as_json(citation)
    else:
        click.echo(_text(citation, asked.path.name))


def _citation(known: Known, addresses: dict[str, str], *, checked: bool) -> Citation:
    return Citation(
        **shared(known, Citation),
        url=addresses.get(known.portal or ""),
        digest=known.evidence.digest if known.evidence else None,
        publisher=PUBLISHER,
        version=__version__,
        accessed=now().astimezone(KST).date(),
        checked=checked,
    )


def _check(asked: query.Database, known: Known, digest: str, places: Places) -> None:
    """
    Read the box of this moment again and compare.

    Raises:
        DatabaseError: It is another box, or no longer gives this digest.
    """
    shown = known.evidence and known.evidence.digest
    if shown != digest:
        there = "no box" if shown is None else f"the box {shown}"
        raise DatabaseError(asked.path, f"shows {there} at that time, not {digest}")
    from scraper import reader  # noqa: PLC0415 - a citation alone needs none

    settings = places.optional(beside_db=False)
    kind = settings.kinds.get(known.portal or "", reader.BOX) if settings else reader.BOX
    again = reader.read(asked.fragment(digest), kind=kind).content.digest.hex()
    if again != digest:
        problem = f"the box {digest} reads as {again}; `nalssi reparse` shows what differs"
        raise DatabaseError(asked.path, problem)


def _text(one: Citation, database: str) -> str:
    """A citation as text, one fact per line; names the database without its folder."""
    names = ", ".join(map(str, filter(None, [one.station_en, one.kma_id and f"KMA {one.kma_id}"])))
    place = f"{one.station} ({names})" if names else one.station
    if one.portal is None:
        line = "{place}, {at}: no portal had shown this station by then."
        return printable(language.say(line, place=place, at=_moment(one.at)))
    again = ["nalssi", "cite", str(one.kma_id or one.station), one.at.isoformat()]
    again += ["--portal", one.portal, "--check", str(one.digest), "--db", database]
    checked = "Box: digest {digest}; checked." if one.checked else "Box: digest {digest}."
    lines = [
        f"{place}, {_moment(one.at)}: {_degrees(one)}, {_sky(one)}.",
        language.say(
            "State: {state}: {why}; flag {flag} ({name}).",
            state=language.state(one.state),
            why=language.sentence(one.why or "–"),
            flag=one.flag,
            name=language.flag_name(one.flag),
        ),
        language.say(
            "Source: {publisher}, as shown by {portal}, {url}, from {since} to {until}.",
            publisher=language.say(one.publisher),
            portal=one.portal,
            url=one.url,
            since=_moment(one.seen_from),
            until=_moment(one.seen_until),
        ),
        language.say(checked, digest=one.digest),
        language.say("Check: {command}", command=shlex.join(again)),
        language.say(
            "Recorded with nalssi {version}, cited on {day}.", version=one.version, day=one.accessed
        ),
    ]
    return "\n".join(map(printable, lines))


def _degrees(one: Citation) -> str:
    if one.temperature_c is None:
        return language.say("no temperature")
    return f"{one.temperature_c} °C"


def _sky(one: Citation) -> str:
    if language.chosen() == "ko":
        return language.sky(one.label, one.condition) or "–"
    return f"{one.label or '–'} ({one.condition or 'unknown'})"


def _moment(at: dt.datetime | None) -> str:
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M:%S} KST"
