"""The sidebar of a page: cities with numbers in a list, with KMA's credit and a date."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from scraper.errors import NoSidebar
from scraper.sidebar import dates, lines, locate
from scraper.vocabulary import KNOWN, NO_LABEL

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

    from scraper.sidebar.dates import PageDate
    from scraper.sidebar.lines import Line
    from scraper.sidebar.locate import Region
    from scraper.vocabulary import Words

_MOST_TAGS: Final = 4096
"""Tags of a list; an HTML parser takes quadratic time for tags nested in each other."""

_DATE_NEAR: Final = 400
"""Characters from the list or its credit to its date at most."""

_LABEL_NEAR: Final = 100
"""Characters from a label to its city at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidebar:
    """
    The box as printed.

    Attributes:
        page_date: The date printed with it; None where there is none, or it cannot be.
        date_printed: The same as printed, whether or not it can be; None where there is none.
        lines: In printed order.
        fragment: The region of the page that holds the list and its credit; reading that again
            gives the same lines.
    """

    page_date: dt.date | None
    date_printed: str | None
    lines: tuple[Line, ...]
    fragment: str

    @property
    def digest(self) -> bytes:
        """Sixteen bytes that are the same whenever labels, cities and temperatures are."""
        printed = ((line.label, line.city, line.temperature) for line in self.lines)
        text = "\x1e".join("\x1f".join(parts) for parts in printed)
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def _lines(printed: str, html: bool, words: Words) -> tuple[Line, ...]:
    return tuple((lines.from_html if html else lines.from_text)(printed, words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """
    The steps that take the longest, and often have the same to do on the next page.

    Attributes:
        text: The bytes of a list or of what stands before it as text.
        lines: The lines of a list.
        date_before: The date in the text before the lines.
    """

    text: Callable[[bytes, str], str] = locate.text
    lines: Callable[[str, bool, Words], tuple[Line, ...]] = _lines
    date_before: Callable[[str], PageDate | None] = dates.before

    @classmethod
    def remembering(cls, most: int) -> Steps:
        """Steps that remember their last so many answers each."""
        remember = functools.lru_cache(most)
        return cls(
            text=remember(locate.text),
            lines=remember(_lines),
            date_before=remember(dates.before),
        )


_STEPS: Final = Steps()


def find(
    page: bytes | str,
    encoding: str = "utf-8",
    words: Words = KNOWN,
    *,
    steps: Steps = _STEPS,
) -> Sidebar:
    """
    The sidebar of a page of HTML or plain text.

    Args:
        page: The whole page, or any part of it that holds the sidebar.
        encoding: Python's name of the encoding, where the page is bytes.
        words: The labels and cities that are known; they tell a label from a city.
        steps: For who reads many pages: steps that remember.

    Raises:
        NoSidebar: There is none; the message says what was there instead.
    """
    body, encoding = locate.ascii_based(page, encoding)
    found = _found(body, encoding, words, steps)
    if found is None:
        raise NoSidebar(locate.what_is_there(body, encoding))
    sidebar, region = found
    if region.marked:
        return sidebar
    for fragment in (sidebar.fragment, region.before + region.printed + region.after):
        again = _found(fragment.encode("utf-8", "replace"), "utf-8", words, steps)
        if again is not None and again[0].lines == sidebar.lines:
            return replace(sidebar, fragment=fragment)
    raise NoSidebar("a list that reads otherwise alone, " + locate.what_is_there(body, encoding))


def _found(body: bytes, encoding: str, words: Words, steps: Steps) -> tuple[Sidebar, Region] | None:
    """The likeliest sidebar of a page, and the region that it was read from."""
    if (found := _first(locate.marked(body, encoding, steps.text), words, steps)) is not None:
        return found
    unmarked = locate.unmarked(body, encoding, words)
    read = (_first(regions, words, steps) for regions in unmarked)
    return max(filter(None, read), key=lambda found: _known(found[0].lines, words), default=None)


def _first(regions: Iterable[Region], words: Words, steps: Steps) -> tuple[Sidebar, Region] | None:
    """The first sidebar in any of these regions."""
    read = ((_read(one, words, steps), one) for one in regions)
    return next(((sidebar, one) for sidebar, one in read if sidebar), None)


def _read(region: Region, words: Words, steps: Steps) -> Sidebar | None:
    """The sidebar in a region; None where it is no sidebar."""
    if region.printed.count("<") > _MOST_TAGS:
        return None
    found = steps.lines(region.printed, region.html, words)
    credit = lines.CREDIT.search(region.after)
    credited_before = None if credit else lines.CREDIT.search(region.before)
    credited = credit or credited_before or lines.CREDIT.search(region.printed)
    if not _is_sidebar(found, words, marked=region.marked, credited=credited is not None):
        return None
    opens = credited_before.start() if credited_before else len(region.before)
    closes = credit.end() if credit else 0
    date = _date(region, found[0], closes, steps)
    return Sidebar(
        page_date=date.date if date else None,
        date_printed=date.printed if date else None,
        lines=found,
        fragment=region.before[opens:] + region.printed + region.after[:closes],
    )


def _date(region: Region, first: Line, credit_ends: int, steps: Steps) -> PageDate | None:
    """The date before the first line, in the list, or after that or its credit."""
    head = region.before[-_DATE_NEAR:] + region.printed
    city_at = max(0, head.find(first.city, len(head) - len(region.printed)))
    label_at = head.rfind(first.label, max(0, city_at - _LABEL_NEAR), city_at)
    begins = city_at if label_at == -1 else label_at
    inside = dates.after(region.printed)
    return dates.of_the_box(
        steps.date_before(head[max(0, begins - _DATE_NEAR) : begins]),
        inside or dates.after(region.after[credit_ends : credit_ends + _DATE_NEAR]),
    )


def _is_sidebar(found: tuple[Line, ...], words: Words, *, marked: bool, credited: bool) -> bool:
    """Whether these lines are a sidebar, and not the temperatures of an article."""
    known = _known(found, words)
    if marked:
        return known > 0 or (
            any(line.temperature for line in found)
            and not any("\ufffd" in line.city for line in found)
        )
    told = sum(line.label != NO_LABEL or line.icon != "" for line in found)
    if known * 2 < len(found):
        return False
    if credited:
        return known >= 8 or (known >= 2 and told * 4 >= len(found))
    return known >= 8 and told * 2 >= len(found)


def _known(found: tuple[Line, ...], words: Words) -> int:
    stations = words.stations
    return sum(line.city in stations for line in found)
