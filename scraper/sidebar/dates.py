"""The date printed with the sidebar: before the list or after the credit, with its weekday."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, NamedTuple

_WEEKDAYS: Final = "월화수목금토일"

PRINTED: Final = re.compile(
    r"(?P<year>20\d{2})\s?[.년/-]\s?(?P<month>\d{1,2})\s?[.월/-]\s?(?P<day>\d{1,2})\s?[.일]?\s{0,2}"
    r"(?:\((?P<short>[월화수목금토일])(?:요일)?\)|(?P<long>[월화수목금토일])요일)"
)
"""``2024.04.28 (일)`` or ``2025년 08월 27일 수요일``."""

NEAR: Final = 400
"""The most characters between the list or its credit and its date."""

_INDENT: Final = 40
"""The most blanks around a date on its line."""


_INLINE_BEFORE: Final = re.compile(r"<(?:em|span|b|i|strong|time|font)\b[^<>]*>\s*$")
_INLINE_AFTER: Final = re.compile(r"^\s*</(?:em|span|b|i|strong|time|font)>")
"""Elements within a line."""

_BLANK: Final = re.compile(r"(?:<[^<>]*>|[\s•-])*+")
_LIST_ENDS: Final = re.compile(r"</(?:li|ul|ol|tr|table|dl)\b", re.IGNORECASE)
_LIST_OPENS: Final = re.compile(r"<(?:li|ul|ol|tr|table|dl)\b", re.IGNORECASE)
_TODAY: Final = re.compile(r"<[^<>]*\btoday[^<>]*>\s*")
"""On every portal seen so far the element of the date has the class ``today_txt``."""


class PageDate(NamedTuple):
    """
    A date as printed, and whether it is possible.

    Attributes:
        printed: Such as ``"2018.03.20 (화)"``.
        date: None if there is no such day, or its weekday is another.
        sure: How surely it belongs to the box: 2 by the class of its element, 1 if next to it, 0 if
            near it.
    """

    printed: str
    date: dt.date | None
    sure: int


def of_the_box(before: PageDate | None, after: PageDate | None) -> PageDate | None:
    """The surer of two dates; if they differ and neither is surer, a date that is refused."""
    if before is None or after is None or before.sure > after.sure:
        return before or after
    if after.sure > before.sure or before.date == after.date:
        return after
    return PageDate(printed=f"{before.printed}, {after.printed}", date=None, sure=0)


def before(text: str) -> PageDate | None:
    """The surest, then the last date of the text before a box."""
    found = None
    for match in PRINTED.finditer(text):
        between = text[match.end() :]
        runs_into_it = not between.strip(" \t\r\n•-")
        if _LIST_ENDS.search(between) or not (_alone(text, match) or runs_into_it):
            continue
        tag_at = max(0, text.rfind("<", 0, match.start()))
        if _TODAY.fullmatch(text, tag_at, match.start()):
            sure = 2
        else:
            sure = int(runs_into_it or _BLANK.fullmatch(between) is not None)
        date = _page_date(match, sure)
        if found is None or date.sure >= found.sure:
            found = date
    return found


def after(text: str) -> PageDate | None:
    """The first date of the text after a box."""
    for match in PRINTED.finditer(text):
        between = text[: match.start()]
        runs_out_of_it = not between.strip()
        if _LIST_OPENS.search(between):
            return None
        if _alone(text, match) or runs_out_of_it:
            sure = runs_out_of_it or _BLANK.fullmatch(between) is not None
            return _page_date(match, int(sure))
    return None


def _alone(text: str, match: re.Match[str]) -> bool:
    """Whether the date is the whole element or line, unlike the date of an article."""
    left = _INLINE_BEFORE.sub("", text[max(0, match.start() - _INDENT) : match.start()])
    right = _INLINE_AFTER.sub("", text[match.end() : match.end() + _INDENT])
    left, right = left.rstrip(" \t"), right.lstrip(" \t")
    return (not left or left[-1] in ">\n") and (not right or right[0] in "<\n")


def _page_date(match: re.Match[str], sure: int) -> PageDate:
    return PageDate(printed=match[0], date=day(match), sure=sure)


def day(match: re.Match[str]) -> dt.date | None:
    """The day of a printed date; None if there is no such day, or its weekday is another."""
    try:
        found = dt.date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    agrees = _WEEKDAYS[found.weekday()] == (match["short"] or match["long"])
    return found if agrees else None
