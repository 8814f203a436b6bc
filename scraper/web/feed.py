"""The feed: freezes, downs and their ends, in Atom (RFC 4287)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Final

from scraper.web.front import events
from scraper.web.render import rendered

if TYPE_CHECKING:
    from scraper.web.answer import Answer, Asked
    from scraper.web.front import Event

ATOM: Final = "application/atom+xml"

_REACH: Final = dt.timedelta(days=30)
_MOST: Final = 50

_SPACE: Final = uuid.UUID("6e616c73-7369-5000-8000-6e616c737369")
"""The namespace of the ids of entries; ``nalssi`` in ASCII."""


def feed(asked: Asked) -> Answer:
    """The feed of the last fifty events of the last thirty days."""
    until = asked.last_look or asked.now
    entries = [
        (one.over if ended else one.known, one, ended, _id(one, ended=ended))
        for one in events(asked, until - _REACH)
        for ended in ((True, False) if one.over else (False,))
    ]
    shown = sorted(entries, key=lambda entry: entry[0] or until, reverse=True)[:_MOST]
    newest = shown[0][0] if shown else until
    body = rendered(asked, "feed.xml", entries=shown, newest=newest, own=uuid.uuid5(_SPACE, ""))
    return asked.answer(body, ATOM)


def _id(event: Event, *, ended: bool) -> uuid.UUID:
    """A permanent id, independent of the address of the feed."""
    name = f"{event.portal} {event.kind} {int(event.since.timestamp())} {ended}"
    return uuid.uuid5(_SPACE, name)
