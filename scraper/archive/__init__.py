"""
Archives: pages that others saved, and the readings in them.

    file -> saved pages -> those that may show a sidebar -> sidebar -> normalize -> captures

| file | knows |
|---|---|
| page.py | a page as an archive holds it |
| prefilter.py | whether a page may show a sidebar, by a search in its bytes |
| http.py | a response as sent: headers, chunks, compression |
| warc.py | WARC and WET, whole and damaged |
| places.py | where the records of an archive lie in its file |
| streams.py | the bytes of an archive, inflated by a thread |
| jsonl.py | JSON lines |
| files.py | the files to read, and the kind of each; saved pages |
| portals.py | the portal of a page |
| extract.py | the content of a page |
| tally.py | the counts |
| worker.py | a process that reads archives |
| pool.py | such processes, side by side |
| errors.py | the errors of archives as a whole |
| backfill.py | the whole way: archives -> database or file |
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
    Return the readings of one saved page, for Spark and the like; without database or network.

    Args:
        page: The page's bytes, in any encoding that it declares.
        url: Its address; its host names the portal.
        fetched_at: The time of its capture: aware, or ISO 8601 text, Korean without an offset.
            With only a day, the readings count for that day; with None, for the printed day.

    Returns:
        A row for each reading, with the keys ``url``, ``portal``, ``fetched_at`` (ISO, UTC; None
        if only the day is known), ``page_date``, ``precision`` (``second`` or ``day``),
        ``station``, ``kma_id``, ``label``, ``icon``, ``condition`` and ``temperature_c``. The list
        is empty if the page has no sidebar, or its time or portal is unknown.

    Raises:
        ValueError: The time is a ``datetime`` without an offset, which is ambiguous.
    """
    if isinstance(fetched_at, dt.datetime) and fetched_at.tzinfo is None:
        msg = f"fetched_at is {fetched_at}, expected a time with its offset, or text"
        raise ValueError(msg)
    if not prefilter.may_show(page):
        return []
    at = time_of(fetched_at) if isinstance(fetched_at, str) else fetched_at
    saved = SavedPage(url=url, captured_at=at, content_type=None, body=page)
    try:
        seen = extract.Reader(Portals({})).sighting(saved)
    except Refused:
        return []
    return [] if seen is None else extract.rows(seen)
