"""The date printed with the sidebar: before the list or after the credit, with its weekday."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

_WEEKDAYS: Final = "월화수목금토일"

PRINTED: Final = re.compile(
    r"(?P<year>20\d{2})\s?[.년/-]\s?(?P<month>\d{1,2})\s?[.월/-]\s?(?P<day>\d{1,2})\s?[.일]?\s{0,2}"
    r"(?:\((?P<short>[월화수목금토일])(?:요일)?\)|(?P<long>[월화수목금토일])요일)"
)
"""``2024.04.28 (일)`` or ``2025년 08월 27일 수요일``."""

_INDENT: Final = 40
"""Blanks around a date on its line at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDate:
    """
    A date as printed, and whether it can be one.

    Attributes:
        printed: Such as ``"2018.03.20 (화)"``.
        date: None where there is no such day, or it is not that weekday.
    """

    printed: str
    date: dt.date | None


def before(text: str) -> PageDate | None:
    """The last date in a text that stands alone there, or runs up to the text's end."""
    found = None
    for match in PRINTED.finditer(text):
        if _alone(text, match) or not text[match.end() :].strip(" \t\r\n•-"):
            found = match
    return None if found is None else _page_date(found)


def after(text: str) -> PageDate | None:
    """The first date in a text that stands alone there, or that the text begins with."""
    for match in PRINTED.finditer(text):
        if _alone(text, match) or not text[: match.start()].strip():
            return _page_date(match)
    return None


def _alone(text: str, match: re.Match[str]) -> bool:
    """Whether nothing else stands in the element or on the line; an article's date has company."""
    left = text[max(0, match.start() - _INDENT) : match.start()].rstrip(" \t")
    right = text[match.end() : match.end() + _INDENT].lstrip(" \t")
    return (not left or left[-1] in ">\n") and (not right or right[0] in "<\n")


def _page_date(match: re.Match[str]) -> PageDate:
    try:
        day = dt.date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return PageDate(printed=match[0], date=None)
    agrees = _WEEKDAYS[day.weekday()] == (match["short"] or match["long"])
    return PageDate(printed=match[0], date=day if agrees else None)
