"""
Archive: pages that somebody else saved, and the readings in them.

    file -> saved pages -> those that may show a sidebar -> sidebar -> normalize -> captures

| file | knows |
|---|---|
| page.py | what an archive holds of a page |
| signs.py | whether a page may show a sidebar, by a search in its bytes |
| http.py | a response as it was sent: headers, chunks, compression |
| warc.py | WARC and WET, whole and damaged |
| lines.py | JSON lines |
| files.py | which files there are, and which kind each is; saved pages |
| portals.py | whose page it is |
| extract.py | what a page showed |
| tally.py | what is counted |
| work.py | a process that reads archives |
| crew.py | such processes, side by side |
| backfill.py | all of it: archives -> database or file |
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from scraper.archive import extract, prefilter
from scraper.archive.page import Refused, SavedPage, time_of
from scraper.archive.portals import Portals

__all__ = ["readings_of"]


def readings_of(
    page: bytes, url: str, fetched_at: dt.datetime | dt.date | str | None
) -> list[dict[str, Any]]:
    """
    The readings of one saved page, for Spark and the like; without a database or a network.

    Args:
        page: The page's bytes, in any encoding that it declares.
        url: Its address; its host names the portal.
        fetched_at: When it was captured: aware, or a text in ISO 8601, Korean where it has no
            offset. A day alone or None takes the readings for some time of that day, or of the
            printed one.

    Returns:
        A row for each reading, with the keys ``url``, ``portal``, ``fetched_at`` (ISO, UTC; None
        where only the day is known), ``page_date``, ``precision`` (``second`` or ``day``),
        ``station``, ``kma_id``, ``label``, ``icon``, ``condition`` and ``temperature_c``. None at
        all where the page has no sidebar, or nothing says when or whose it was.

    Raises:
        ValueError: The time is a ``datetime`` without an offset, which is ambiguous.
    """
    if isinstance(fetched_at, dt.datetime) and fetched_at.tzinfo is None:
        msg = f"fetched_at is {fetched_at}, expected a time with its offset, or text"
        raise ValueError(msg)
    if not prefilter.may_show(page):
        return []
    at = time_of(fetched_at) if isinstance(fetched_at, str) else fetched_at
    saved = SavedPage(url=url, captured_at=at, content_type=None, block=page)
    try:
        seen = extract.Reader(Portals({})).sighting(saved)
    except Refused:
        return []
    return [] if seen is None else extract.rows(seen)
