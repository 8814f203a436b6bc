"""The saved page: what an archive holds of it, and what is read from it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from db.moments import KST

if TYPE_CHECKING:
    from db.reading import Content
    from db.write.captures import Precision

Time: TypeAlias = "dt.datetime | dt.date | None"
"""When a page was captured: a moment (aware), only a day, or unknown."""

MOST_BYTES: Final = 4 * 2**20
"""Of a page, as it is and inflated; as the config's ``fetch.max_bytes`` by default."""

FIRST_YEAR: Final = 1996
"""Archives of the web begin then; an earlier date is a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """
    A page of an archive that may show a sidebar.

    Attributes:
        url: Its address; None where the archive has none.
        captured_at: When it was captured.
        content_type: Of its HTTP header; None where there is none.
        block: The page as printed, inflated, perhaps with something before it.
        start: Where in that the page begins.
        cut_short: Whether its end is missing.
        age_s: Seconds for which a cache had kept it, where its header Age says so.
    """

    url: str | None
    captured_at: Time
    content_type: str | None
    block: bytes
    start: int = 0
    cut_short: bool = False
    age_s: int | None = None

    @property
    def body(self) -> bytes:
        """The page alone; a copy, which is not to be made in vain."""
        return self.block[self.start :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """
    What a saved page showed.

    Attributes:
        url: Its address, where it is known.
        portal: The portal's name.
        captured_at: When; aware. Where only the day is known, its midnight in Korea.
        precision: ``day`` where only that is known.
        page_date: The date printed with it.
        content: What the sidebar said.
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
    """A page that shows a sidebar, or might, and cannot be taken; it says why in a few words."""


_CLOCK: Final = re.compile(r"[T ]", re.IGNORECASE)
"""Stands between a day and an hour."""


def time_of(printed: str) -> Time:
    """
    Read ``"2018-03-20T00:00:00Z"`` or ``"2018-03-20"``; Korean where it has no offset.

    Returns:
        None where it is neither.
    """
    text = printed.strip()
    try:
        if not _CLOCK.search(text):
            return dt.date.fromisoformat(text)
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=KST)
