"""The page of a sidebar: its printed lines, and its portals; its address is its citation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scraper.web.answer import SETTLED, NotThere
from scraper.web.render import page

if TYPE_CHECKING:
    import datetime as dt

    from db.measures.sidebar import Sidebar
    from scraper.web.answer import Answer, Asked


AT: Final = ("station", "time")
"""The parameters of the page of a moment."""


def sidebar(asked: Asked) -> Sidebar:
    """
    The requested sidebar.

    Raises:
        NotThere: No portal showed it.
    """
    digest = asked.values["digest"]
    found = asked.db.sidebar(digest)
    if found is None or found.digest != digest:
        msg = f"no box has the digest {digest!r}"
        raise NotThere(msg)
    return found


def is_closed(shown: Sidebar, now: dt.datetime) -> bool:
    """Whether no portal has shown it for long enough that it counts as final."""
    return all(one.seen_until + SETTLED < now for one in shown.shown)


def evidence(asked: Asked) -> Answer:
    """The page of a sidebar."""
    found = sidebar(asked)
    return page(asked, "evidence.html", [], sidebar=found, closed=is_closed(found, asked.now))


def at(asked: Asked) -> Answer:
    """The page of the value known at a moment."""
    if not asked.query.get("station"):
        return page(asked, "at.html", [], known=None, stations=asked.db.stations())
    known = asked.db.at(asked.query["station"], asked.query.get("time") or "now", now=asked.now)
    current = [known] if known.at >= asked.now else []
    return page(asked, "at.html", current, known=known, stations=asked.db.stations())
