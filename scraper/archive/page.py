"""The saved page as an archive holds it, and the result of reading it."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from db.moments import KST

if TYPE_CHECKING:
    from db.reading import Content
    from db.write.captures import Precision

Time: TypeAlias = "dt.datetime | dt.date | None"
"""The time of a capture: a moment (aware), only a day, or unknown."""

MOST_BYTES: Final = 4 * 2**20
"""Maximum size of a page, compressed and inflated; the default of ``fetch.max_bytes``."""

FIRST_YEAR: Final = 1996
"""Web archives begin then; an earlier date is a mistake."""


class SavedPage(NamedTuple):
    """
    A page of an archive that may show a sidebar.

    Attributes:
        url: Its address; None if the archive has none.
        captured_at: The time of the capture.
        content_type: Its HTTP header; None if missing.
        body: The page as printed, inflated.
        cut_short: Whether its end is missing.
        age_s: Seconds for which a cache had kept it, by its header Age.
    """

    url: str | None
    captured_at: Time
    content_type: str | None
    body: bytes
    cut_short: bool = False
    age_s: int | None = None


class Sighting(NamedTuple):
    """
    What a saved page showed.

    Attributes:
        url: Its address, if known.
        portal: The portal's name.
        captured_at: The time of the capture; aware. If only the day is known, its Korean midnight.
        precision: ``day`` if only the day is known.
        page_date: The date printed with it.
        content: The content of the sidebar.
        age_s: As in ``SavedPage``.
    """

    url: str | None
    portal: str
    captured_at: dt.datetime
    precision: Precision
    page_date: dt.date | None
    content: Content
    age_s: int | None = None


class Refused(Exception):
    """A page with a sidebar, perhaps, that cannot be taken; the text says why in a few words."""


_CLOCK: Final = re.compile(r"[T ]", re.IGNORECASE)
"""Stands between a day and an hour."""


def time_of(printed: str) -> Time:
    """
    Read ``"2018-03-20T00:00:00Z"`` or ``"2018-03-20"``; Korean without an offset.

    Returns:
        None for any other text.
    """
    text = printed.strip()
    try:
        if not _CLOCK.search(text):
            return dt.date.fromisoformat(text)
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=KST)
