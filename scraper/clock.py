"""
The clock of this machine, which dates every look, and when to refuse it.

A board without a battery starts years in the past; one whose clock has Korean time as UTC is nine
hours ahead. A look that a wrong clock dated makes every later answer wrong.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from db.moments import KST, minute, stamp
from scraper import reader
from scraper.errors import NoSidebar, WrongClock
from scraper.fetch import Page
from scraper.fetch.headers import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.reading import KeptPage
    from scraper.errors import FetchError
    from scraper.vocabulary import Words

RELEASED: Final = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
"""The month in which this code was written: a clock before it is wrong."""

SLACK: Final = dt.timedelta(days=1)
"""Servers may be hours off, and a page may print the day of another time zone."""

_FIX: Final = "set the clock; `nalssi drop-looks` drops what a wrong one dated"


def refuse_wrong(now: dt.datetime, newest_look: dt.datetime | None) -> None:
    """
    Refuse a clock that cannot be right.

    Args:
        now: Its time; aware.
        newest_look: The newest look at any portal; None if there was none.

    Raises:
        WrongClock: It is before this code was written, or a day or more behind the newest look.
    """
    if now < RELEASED:
        raise WrongClock(now, f"expected {RELEASED:%Y-%m-%d} or later; set the clock")
    if newest_look is not None and now < newest_look - SLACK:
        raise WrongClock(now, f"a day or more behind the newest look, {stamp(newest_look)}; {_FIX}")


def problem(now: dt.datetime, newest_look: dt.datetime | None) -> str | None:
    """The fault of the clock, as in ``refuse_wrong``; None if it may be right."""
    try:
        refuse_wrong(now, newest_look)
    except WrongClock as exc:
        return str(exc)
    return None


def server_ahead(answer: Page | FetchError, asked_at: dt.datetime) -> dt.timedelta | None:
    """
    Return how far a portal's server is ahead of the clock, by its header Date; negative if behind.

    Args:
        answer: The answer of the portal.
        asked_at: The time of the request, by the clock; aware.

    Returns:
        None if the two agree to a day, or there is no page or no Date.
    """
    if not isinstance(answer, Page) or answer.not_modified or answer.date is None:
        return None
    if (sent := moment_of(answer.date)) is None:
        return None
    ahead = sent - asked_at
    return ahead if abs(ahead) > SLACK else None


def prints_that_day(
    page: KeptPage, asked_at: dt.datetime, ahead: dt.timedelta, words: Words
) -> bool:
    """
    Whether the date above a box agrees with its server's clock rather than with ours.

    Args:
        page: The page; stored already, since a page may kill its reader.
        asked_at: The time of the request, by the clock; aware.
        ahead: The result of ``server_ahead``.
        words: The meanings of printed words.
    """
    try:
        printed = reader.read(page.body, page.encoding, words, kind=page.kind).page_date
    except NoSidebar:
        return False
    if printed is None:
        return False
    days = printed - asked_at.astimezone(KST).date()
    return days > SLACK if ahead > SLACK else days < -SLACK


def refuse_contradicted(now: dt.datetime, aheads: Iterable[dt.timedelta]) -> None:
    """
    Refuse a clock that every portal of a pass contradicts.

    A cached page may be days old, but no page is from tomorrow: if the clock is ahead of the
    portals, two of them must say so.

    Raises:
        WrongClock: They contradict it.
    """
    found = sorted(aheads)
    if found and (found[0] > SLACK or (len(found) > 1 and found[-1] < -SLACK)):
        there = minute(now + found[len(found) // 2])
        many = f"all {len(found)} portals" if len(found) > 1 else "the portal"
        raise WrongClock(now, f"{many} say {there} and print that day; {_FIX}")
