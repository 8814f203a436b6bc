"""The pages of a station: its last week, and a month of it."""

from __future__ import annotations

import datetime as dt
from itertools import groupby, islice
from typing import TYPE_CHECKING, Final

from db.moments import KST
from scraper.plot.chart import Chart, Track
from scraper.web.answer import SETTLED, NotThere, fresh_until
from scraper.web.draw import draw_chart
from scraper.web.render import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.measures.stats import Period
    from db.query import Spell
    from db.reading import Station
    from scraper.web.answer import Answer, Asked
    from scraper.web.draw import Picture

WEEK: Final = dt.timedelta(days=7)

LINKED: Final = 12
"""The number of months on the page of a station."""


def station(asked: Asked) -> Answer:
    """The page of a station: its value, the last week, and the value at each portal."""
    known = asked.db.station(asked.values["station"])
    rows = asked.db.latest_best(known.name_ko, now=asked.now)
    until = asked.last_look or asked.now
    return page(
        asked,
        "station.html",
        rows,
        station=known,
        best=rows[0] if rows else None,
        portals=asked.db.latest(known.name_ko, now=asked.now),
        chart=week(asked, known),
        days=_days(asked, known, _midnight(until - dt.timedelta(days=6)), until)[::-1],
        months=list(islice(_shown_months(asked, known, until), asked.months)),
        until=fresh_until(rows),
    )


def week(asked: Asked, known: Station) -> Picture | None:
    """The chart of the week up to the last look; None if no look showed the station in it."""
    until = asked.last_look or asked.now
    shown = asked.db.course(known.name_ko, since=until - WEEK, until=until, now=asked.now)
    if not shown:
        return None
    track = Track(station=known, stretches=tuple(shown))
    since = max(until - WEEK, min(one.start for one in shown))
    if until - since < dt.timedelta(hours=1):
        since = until - dt.timedelta(hours=1)
    return draw_chart(Chart(since=since, until=until, tracks=(track,)), asked.language)


def _days(asked: Asked, known: Station, since: dt.datetime, until: dt.datetime) -> list[Period]:
    if since >= until:
        return []
    found = asked.db.stats(known.name_ko, by="day", since=since, until=until, now=asked.now)
    return [day for day in found if day.readings or day.coverage]


def _midnight(at: dt.datetime) -> dt.datetime:
    return at.astimezone(KST).replace(hour=0, minute=0, second=0, microsecond=0)


def months(asked: Asked, until: dt.datetime) -> list[dt.date]:
    """The first days of the Korean months in which portals were polled, the newest first."""
    first, last = asked.db.span() or (until, until)
    month, found = max(until, last).astimezone(KST).date().replace(day=1), []
    while month >= first.astimezone(KST).date().replace(day=1):
        found.append(month)
        month = (month - dt.timedelta(days=1)).replace(day=1)
    return found


def _shown_months(asked: Asked, known: Station, until: dt.datetime) -> Iterator[dt.date]:
    """The months of a station with a value."""
    for first in months(asked, until):
        month = Month(f"{first:%Y-%m}")
        if asked.db.is_shown(known.name_ko, month.since, month.until):
            yield first


class Month:
    """
    A Korean month.

    Args:
        text: Such as ``2026-03``.

    Raises:
        NotThere: It is not a month.
    """

    def __init__(self, text: str) -> None:
        try:
            self.first = dt.date.fromisoformat(f"{text}-01")
            last = (self.first + dt.timedelta(days=32)).replace(day=1)
            self.since, self.until = (
                dt.datetime(day.year, day.month, 1, tzinfo=KST) for day in (self.first, last)
            )
            self.since.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            msg = f"month {text!r}: expected such as 2026-03"
            raise NotThere(msg) from None

    def is_closed(self, now: dt.datetime) -> bool:
        """Whether it can no longer change."""
        return self.until + SETTLED < now


def spells(asked: Asked, known: Station, month: Month) -> list[Spell]:
    """The spells of a month, by their first look."""
    found = asked.db.series(known.name_ko, since=month.since, until=month.until)
    return [one for one in found if one.seen_from >= month.since]


def month(asked: Asked) -> Answer:
    """A month of a station, each value with its evidence."""
    known, of = asked.db.station(asked.values["station"]), Month(asked.values["month"])
    found = spells(asked, known, of)
    if not found:
        msg = f"station {known.name_ko!r} has no value in {asked.values['month']}"
        raise NotThere(msg)
    until = min(of.until, asked.last_look or asked.now)
    days = {one.since.date(): one for one in _days(asked, known, of.since, until)}
    return page(
        asked,
        "month.html",
        [],
        station=known,
        of=of.first,
        days=[(day, days.get(day), list(values)) for day, values in groupby(found, _first_day)],
        portals=sorted({one.portal for one in found}),
        closed=of.is_closed(asked.now),
    )


def _first_day(spell: Spell) -> dt.date:
    return spell.seen_from.astimezone(KST).date()
