"""The pages of the portals: the state of each, its history, and our requests."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Final

from db.errors import UnknownPortal
from db.moments import KST
from scraper.errors import FAILURES
from scraper.web import strip as strips
from scraper.web.front import events
from scraper.web.render import page

if TYPE_CHECKING:
    from scraper.web.answer import Answer, Asked
    from scraper.web.strip import Strip

_WEEK: Final = dt.timedelta(days=7)


def portals(asked: Asked) -> Answer:
    """All portals."""
    known = {one.name: one for one in asked.db.portals()}
    return page(
        asked, "portals.html", [], portals=[(known[one.portal], one) for one in asked.status]
    )


def portal(asked: Asked) -> Answer:
    """
    One portal.

    Raises:
        UnknownPortal: There is no portal of this name.
    """
    known = {one.name: one for one in asked.db.portals()}
    name = asked.values["portal"]
    if name not in known:
        raise UnknownPortal(name, known=list(known))
    (status,) = asked.db.status(portals=[name], now=asked.now)
    until = status.last_look or asked.now
    since = until - dt.timedelta(days=strips.DAYS)
    return page(
        asked,
        "portal.html",
        [],
        portal=known[name],
        status=status,
        next_look=asked.next_look_at(status),
        strip=_strip(asked, name, until),
        events=[one for one in events(asked, since) if one.portal == name][:40],
        days=_requests(asked, name, until),
        failures=asked.db.looks(
            portal=name, since=until - dt.timedelta(days=1), failed=True, last=50
        )[::-1],
    )


def _strip(asked: Asked, name: str, until: dt.datetime) -> Strip | None:
    """The strip of the last ninety days; None if the portal never showed a station."""
    listed = asked.db.latest(portal=name, now=asked.now)
    if not listed:
        return None
    first = until.astimezone(KST).date() - dt.timedelta(days=strips.DAYS - 1)
    since = dt.datetime(first.year, first.month, first.day, tzinfo=KST)
    hours = asked.db.hours(listed[0].station, portal=name, since=since, until=until, now=asked.now)
    return strips.strip(hours, asked.db.gaps(portal=name, since=since, now=asked.now), first)


def _requests(asked: Asked, name: str, until: dt.datetime) -> list[tuple[dt.date, int, int]]:
    """The numbers of looks and failures on each of the last days."""
    looks = asked.db.looks(portal=name, since=until - _WEEK)
    days = [(one.fetched_at.astimezone(KST).date(), one.outcome in FAILURES) for one in looks]
    asked_for, failed = Counter(day for day, _ in days), Counter(day for day, bad in days if bad)
    return [(day, asked_for[day], failed[day]) for day in sorted(asked_for, reverse=True)]
