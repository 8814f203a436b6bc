"""Saved page -> sighting: the sidebar, its portal, and the time."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, Final

from db.moments import KST
from scraper import sidebar
from scraper.archive import portals, prefilter
from scraper.archive.page import FIRST_YEAR, Refused, SavedPage, Sighting
from scraper.errors import NoSidebar
from scraper.fetch.encoding import encoding_of
from scraper.reader import PageReader
from scraper.vocabulary import KNOWN

if TYPE_CHECKING:
    from db.write.captures import Precision
    from scraper.archive.portals import Portals
    from scraper.reader import PageContent
    from scraper.vocabulary import Words

_REMEMBERED: Final = 256
"""How many steps and contents to remember: pages captured together show the same."""

_END: Final = 40
_CREDIT: Final = "기상청"


class Reader:
    """
    Reads saved pages.

    Args:
        portals: The names of portals.
        words: The meanings of printed words.
        portal: The portal of pages without an address; None = they are refused.
        date: The day of pages with neither a time nor a date; None = they are refused.
        not_after: The latest possible time of a capture; aware.
    """

    def __init__(
        self,
        portals: Portals,
        words: Words = KNOWN,
        *,
        portal: str | None = None,
        date: dt.date | None = None,
        not_after: dt.datetime | None = None,
    ) -> None:
        self._portals, self._portal, self._date = portals, portal, date
        self._not_after = not_after
        find = functools.partial(sidebar.find, steps=sidebar.Steps.remembering(_REMEMBERED))
        self._reader = PageReader(find, words, remembered=_REMEMBERED)

    def sighting(self, page: SavedPage) -> Sighting | None:
        """
        Return what a page showed; None if it has no sidebar.

        Raises:
            Refused: Its portal or time is unknown, or it must not be taken.
        """
        if (seen := self._read(page)) is None:
            return None
        if page.cut_short and _CREDIT not in seen.fragment[-_END:]:
            msg = "cut short"
            raise Refused(msg)
        portal = self._name(page)
        captured_at, precision = self._time(page, seen)
        return Sighting(
            url=page.url,
            portal=portal,
            captured_at=captured_at,
            precision=precision,
            page_date=seen.page_date,
            content=seen.content,
            age_s=page.age_s,
        )

    def _read(self, page: SavedPage) -> PageContent | None:
        """Read a page, first in the encoding of its head and its box, then of all of it."""
        body, tried = page.body, None
        sample = prefilter.sample(body)
        for part in (sample, body) if sample else (body,):
            encoding = encoding_of(page.content_type, part)
            if encoding == tried:
                break
            try:
                return self._reader.read(body, encoding)
            except NoSidebar:
                tried = encoding
        return None

    def _name(self, page: SavedPage) -> str:
        if (host := portals.host_of(page.url) if page.url else None) is None:
            if self._portal is None:
                msg = "no portal"
                raise Refused(msg)
            return self._portal
        if (name := self._portals.name(host)) is None:
            msg = "other portal"
            raise Refused(msg)
        return name

    def _time(self, page: SavedPage, seen: PageContent) -> tuple[dt.datetime, Precision]:
        when = page.captured_at or seen.page_date or self._date
        if when is None:
            msg = "no time"
            raise Refused(msg)
        precision: Precision = "second"
        if not isinstance(when, dt.datetime):
            when, precision = dt.datetime.combine(when, dt.time(), KST), "day"
        if when.year < FIRST_YEAR or (self._not_after is not None and when > self._not_after):
            msg = "impossible time"
            raise Refused(msg)
        return when, precision


def rows(seen: Sighting) -> list[dict[str, Any]]:
    """Return the readings of a sighting as plain rows."""
    second = seen.precision == "second"
    page = {
        "url": seen.url,
        "portal": seen.portal,
        "fetched_at": seen.captured_at.astimezone(dt.UTC).isoformat() if second else None,
        "page_date": seen.page_date and seen.page_date.isoformat(),
        "precision": seen.precision,
    }
    return [
        {
            **page,
            "station": reading.station.name_ko if reading.station else reading.city,
            "kma_id": reading.station and reading.station.kma_id,
            "label": reading.condition.label,
            "icon": reading.condition.icon or None,
            "condition": reading.condition.condition,
            "temperature_c": reading.temperature_c,
        }
        for reading in seen.content.readings
    ]
