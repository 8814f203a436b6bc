"""
The box in its usual form: known words, the date directly above, the credit directly below.

Most pages show it so. Its evidence is enough without being weighed, which takes a quarter of the
time; every other form is weighed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from scraper.sidebar import dates, lines, says
from scraper.sidebar.box import Sidebar

if TYPE_CHECKING:
    from collections.abc import Callable

    from scraper.sidebar.locate import Region
    from scraper.vocabulary import Words

    BoxOf = Callable[[str, str, str, Words], Sidebar | None]

_NEAR: Final = dates.NEAR // 2
"""The most characters from the date to the list, and from its tag to the first line."""

_DATE: Final = re.compile(r'<p class="today_txt">([^<>]*+)</p>\s*+(?:<div\b[^<>]*+>\s*+)?+\Z')
_CREDIT: Final = re.compile(r"\s*+<a [^<>가-힣]*+>기상청 제공(?=</a>)")


def read(region: Region, words: Words, box_of: BoxOf) -> Sidebar | None:
    """The sidebar in a region with the known name; None if anything about it is unusual."""
    credit = _CREDIT.match(region.after)
    if credit is None or region.hidden:
        return None
    return box_of(region.before, region.printed, credit[0], words)


def box(before: str, printed: str, credit: str, words: Words) -> Sidebar | None:
    """The sidebar of a visible list between its date and its credit."""
    dated = _DATE.search(before[-_NEAR:])
    date = dates.PRINTED.fullmatch(dated[1]) if dated else None
    listing = lines.plain(printed, words) if date else None
    if date is None or listing is None or "\ufffd" in printed:
        return None
    opens = printed.find("<li")
    if opens > _NEAR or says.near(before + printed[:opens]):
        return None
    if not all(line.label or line.icon for line in listing.lines):
        return None
    return Sidebar(
        page_date=dates.day(date),
        date_printed=date[0],
        lines=listing.lines,
        fragment=printed + credit,
    )
