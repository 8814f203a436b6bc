"""The data addresses: the output of the commands with ``--json`` and ``--csv``."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from db import asked as forms
from db.errors import WrongQuestion
from db.measures.hours import Hour
from db.moments import KST
from db.query import Best, Latest, Spell
from db.validity import NOT_OF_NOW
from scraper import records
from scraper.vocabulary import ICON_MEANINGS
from scraper.web.answer import SETTLED, NotThere
from scraper.web.evidence import is_closed, sidebar
from scraper.web.stations import Month, spells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scraper.web.answer import Answer, Asked

GEOJSON: Final = "application/geo+json"

LONGEST: Final = dt.timedelta(days=400)
MOST: Final = 10_000
USUAL: Final = 1_000
"""Limits of ``series``: the longest time, the most rows, and the default number."""

AGEING: Final = frozenset({"age_minutes"})
"""Left out, as an age would make every answer new; ``published_by`` has the same fact."""

SHORT: Final = (
    *("station", "station_en", "kma_id", "temperature_c", "condition", "label", "state", "why"),
    *("flag", "published_by", "valid_until", "portal", "live_portals", "agreeing_portals"),
    "digest",
)
"""The values of the newest reading of one station, in fewer than 500 bytes."""


def _record(row: Any) -> dict[str, Any]:
    """A record without its age."""
    return {name: value for name, value in records.named(row).items() if name not in AGEING}


def names(kind: type) -> list[str]:
    """The names of a record, without its age."""
    return [one.name for one in fields(kind) if one.name not in AGEING]


# ---- the newest


def _latest(asked: Asked) -> tuple[Sequence[Latest], type[Latest]]:
    """The set that counts for each station; or the set of one portal."""
    if portal := asked.query.get("portal"):
        return asked.db.latest(portal=portal, now=asked.now), Latest
    return asked.db.latest_best(now=asked.now), Best


def latest_json(asked: Asked) -> Answer:
    """The newest reading of each station, as a list."""
    rows, _ = _latest(asked)
    return asked.json([_record(row) for row in rows], rows)


def latest_csv(asked: Asked) -> Answer:
    """The same as a table."""
    rows, kind = _latest(asked)
    return asked.csv(names(kind), [_record(row).values() for row in rows], rows)


def latest_geojson(asked: Asked) -> Answer:
    """The same as points (RFC 7946), for stations with a known place."""
    rows, _ = _latest(asked)
    features = [_feature(_record(row)) for row in rows if row.longitude is not None]
    collection = {"type": "FeatureCollection", "features": features}
    return asked.json(collection, rows, media_type=GEOJSON)


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    place = [row.pop("longitude"), row.pop("latitude")]
    return {
        "type": "Feature",
        "id": row["kma_id"],
        "geometry": {"type": "Point", "coordinates": place},
        "properties": row,
    }


def latest_one(asked: Asked) -> Answer:
    """The newest reading of one station, in short."""
    rows = asked.db.latest_best(asked.values["station"], now=asked.now)
    if not rows:
        msg = f"station {asked.values['station']} has no reading yet"
        raise NotThere(msg)
    return asked.json({name: getattr(rows[0], name) for name in SHORT}, rows)


# ---- lists


def stations(asked: Asked) -> Answer:
    """Every station that a portal printed."""
    return asked.json([records.renamed(one, records.STATION) for one in asked.db.stations()])


def portals(asked: Asked) -> Answer:
    """Every portal that was polled."""
    return asked.json([records.renamed(one, records.PORTAL) for one in asked.db.portals()])


def gaps(asked: Asked) -> Answer:
    """The stretches without a successful look; ``until`` is null while one lasts."""
    rows = [_record(one) for one in asked.db.gaps(**_span(asked), now=asked.now)]
    for row in rows:
        row["until"] = row["until"] if row["until"] < asked.now else None
    return asked.json(rows)


def freezes(asked: Asked) -> Answer:
    """The stretches in which a portal showed the same for three hours or more."""
    return asked.json(asked.db.freezes(**_span(asked)))


def _span(asked: Asked) -> dict[str, Any]:
    return {name: asked.query.get(name) or None for name in ("since", "until", "portal")}


def words(asked: Asked) -> Answer:
    """Every printed word and its meaning."""
    return asked.json(asked.db.words(ICON_MEANINGS))


# ---- a station over time


def month_json(asked: Asked) -> Answer:
    """The spells of a station that begin in a Korean month, as a list."""
    found, closed = _month(asked)
    return asked.json(found, closed=closed)


def month_csv(asked: Asked) -> Answer:
    """The same as a table."""
    found, closed = _month(asked)
    return asked.csv(names(Spell), [records.named(one).values() for one in found], closed=closed)


def _month(asked: Asked) -> tuple[list[Spell], bool]:
    known, of = asked.db.station(asked.values["station"]), Month(asked.values["month"])
    return spells(asked, known, of), of.is_closed(asked.now)


def hours(asked: Asked) -> Answer:
    """The full hours of a Korean year, without a gap; empty if no value was live."""
    name, since, until, closed = _year(asked)
    found = asked.db.hours(name, since=since, until=until, now=asked.now)
    return asked.csv(names(Hour), [records.named(one).values() for one in found], closed=closed)


_DAY: Final = (
    *("mean_c", "minimum_c", "minimum_seen", "maximum_c", "maximum_seen", "readings", "coverage"),
    *("longest_gap_s", "suspect", "failed", "agreement", "reason"),
)


def days(asked: Asked) -> Answer:
    """The days of a Korean year: mean, extremes and coverage."""
    name, since, until, closed = _year(asked)
    found = asked.db.stats(name, by="day", since=since, until=until, now=asked.now)
    rows = [(name, one.since.date(), *(getattr(one, of_day) for of_day in _DAY)) for one in found]
    return asked.csv(["station", "day", *_DAY], rows, closed=closed)


def _year(asked: Asked) -> tuple[str, dt.datetime, dt.datetime, bool]:
    """Station, beginning and end of the requested year, and whether it can no longer change."""
    year = asked.values["year"]
    known = asked.db.station(asked.values["station"])
    span = asked.db.span()
    if span is None or not span[0].year <= year <= span[1].year:
        msg = f"no portal was polled in {year}"
        raise NotThere(msg)
    since = dt.datetime(year, 1, 1, tzinfo=KST)
    ends = dt.datetime(year + 1, 1, 1, tzinfo=KST)
    until = min(ends, max(span[1], asked.last_look or span[1]))
    until = max(until, since + dt.timedelta(hours=1))
    return known.name_ko, since, until, ends + SETTLED < asked.now


def series(asked: Asked) -> Answer:
    """The spells of a station in a range of time: some rows, and the address of the next ones."""
    known = asked.db.station(asked.values["station"])
    now = asked.now
    until = forms.moment(asked.query.get("until") or "now", "until", now)
    since = forms.moment(asked.query.get("since") or "7d", "since", now)
    if until - since > LONGEST:
        raise WrongQuestion("range", f"of {(until - since).days} days", expected="at most 400 days")
    after = forms.moment(asked.query["after"], "after", now) if asked.query.get("after") else None
    limit = _limit(asked.query.get("limit", str(USUAL)))
    portal = asked.query.get("portal") or None
    found = asked.db.series(known.name_ko, since=since, until=until, portal=portal)
    left = [one for one in found if after is None or one.seen_from > after]
    shown = _part(left, limit)
    following = None
    if len(shown) < len(left):
        asked_for = {"since": since, "until": until, "portal": portal, "limit": limit}
        following = _address(asked.path, {**asked_for, "after": shown[-1].seen_from})
    return asked.json({"station": known.name_ko, "rows": shown, "next": following})


def _limit(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST:
        return int(text[:9])
    raise WrongQuestion("limit", repr(text), expected=f"a whole number from 1 to {MOST}")


def _part(left: list[Spell], limit: int) -> list[Spell]:
    """About this many rows: spells that begin at the same moment stay together."""
    if len(left) <= limit:
        return left
    following = left[limit].seen_from
    whole = [one for one in left[:limit] if one.seen_from < following]
    return whole or [one for one in left if one.seen_from <= following]


def _address(path: str, values: Mapping[str, Any]) -> str:
    from urllib.parse import urlencode  # noqa: PLC0415 - for the few that go on

    query = {
        name: value.isoformat() if isinstance(value, dt.datetime) else value
        for name, value in values.items()
        if value is not None
    }
    return f"{path}?{urlencode(query)}"


# ---- one value, one sidebar, all of it


def at(asked: Asked) -> Answer:
    """
    The value of a station known at a moment, with its evidence.

    Raises:
        WrongQuestion: No station is named.
    """
    if not (station := asked.query.get("station")):
        raise WrongQuestion("station", "''", expected="a name or a number, such as ?station=108")
    known = asked.db.at(station, asked.query.get("time") or "now", now=asked.now)
    return asked.json(known, [known] if known.at >= asked.now else [])


def evidence(asked: Asked) -> Answer:
    """A sidebar as printed, and the portals that showed it."""
    found = sidebar(asked)
    return asked.json(found, closed=is_closed(found, asked.now))


def health(asked: Asked) -> Answer:
    """The state of the portals; 503 if one is stale, frozen or down, or there is none."""
    names = ("portal", "state", "since", "why", "last_look", "last_success")
    bad = [one for one in asked.status if one.state in NOT_OF_NOW]
    well = bool(asked.status) and not bad
    document = {
        "status": "pass" if well else "fail",
        "portals": [{name: getattr(one, name) for name in names} for one in asked.status],
    }
    return asked.json(document, status=200 if well else 503)
