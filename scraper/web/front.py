"""The front page: the current weather in a sentence, a map and a table; recent faults."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.validity import FROZEN_AFTER_S
from scraper.web import words
from scraper.web.answer import fresh_until
from scraper.web.draw import draw_map
from scraper.web.render import page

if TYPE_CHECKING:
    from scraper.web.answer import Answer, Asked

FROZEN_AFTER: Final = dt.timedelta(seconds=FROZEN_AFTER_S)
LATELY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    A stretch in which a portal did not show the current weather.

    Attributes:
        portal: Its name.
        kind: ``frozen`` or ``down``.
        since, until: As ``nalssi freezes`` and ``gaps`` have them; no ``until`` while it lasts.
        known, over: When each of both could be known, such as three hours after a freeze began, and
            at the first look that showed another set.
        why: The fact, or the cause of a gap.
        detail: The last failure; None if unknown.
    """

    portal: str
    kind: str
    since: dt.datetime
    until: dt.datetime | None
    known: dt.datetime
    over: dt.datetime | None
    why: str
    detail: str | None = None


def events(asked: Asked, since: dt.datetime) -> list[Event]:
    """The freezes and gaps since a moment, the newest first."""
    found = [
        Event(
            portal=one.portal,
            kind="frozen",
            since=one.since,
            until=one.until if one.next_change else None,
            known=one.since + FROZEN_AFTER,
            over=one.next_change,
            why=one.why,
        )
        for one in asked.db.freezes(since=since)
    ]
    found += [
        Event(
            portal=one.portal,
            kind="down",
            since=one.since,
            until=(ended := one.until if one.until < asked.now else None),
            known=one.since,
            over=ended,
            why=one.cause,
            detail=one.reason,
        )
        for one in asked.db.gaps(since=since, now=asked.now)
    ]
    return sorted(found, key=lambda one: one.since, reverse=True)


def front(asked: Asked) -> Answer:
    """The front page."""
    rows = asked.db.latest_best(now=asked.now)
    return page(
        asked,
        "front.html",
        rows,
        rows=rows,
        summary=words.summary([row.state for row in rows], asked.language),
        map=draw_map(rows, asked.language),
        events=events(asked, (asked.last_look or asked.now) - LATELY)[:12],
        until=fresh_until(rows),
    )
