"""
The arguments of a question: how a time, a station, a share and a number may be given.

The command line and Python read a time here, by one rule. Only the standard library is imported,
so that asking starts fast.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from db.errors import WrongQuestion
from db.moments import KST, epoch

if TYPE_CHECKING:
    from collections.abc import Iterable

When: TypeAlias = dt.datetime | str
"""A moment: aware, or as text in one of the forms of ``TIMES``."""

StationName: TypeAlias = str | int
"""A station: its Korean name, its English name in any case, or its KMA number, 108 or "108"."""

TIMES: Final = "such as 2026-03-01, 2026-03-01T09:00, 24h or 7d"

_AWARE: Final = "a time with its offset: add tzinfo=nalssi.KST, or give it as text, Korean time"

_AGO: Final = re.compile(r"(\d{1,6})([mhdw])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

_DAYS_AGO: Final = {"today": 0, "오늘": 0, "yesterday": 1, "어제": 1}
_PRESENT: Final = {"now", "지금"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    The part of the history that a question is about.

    Attributes:
        since, until: ``since <= t < until``, aware; None = from the first look, to the last.
        portal: Only what this one showed; None = all.
        now: The present, aware.
    """

    since: dt.datetime | None
    until: dt.datetime | None
    portal: str | None
    now: dt.datetime

    @property
    def values(self) -> dict[str, object]:
        """The same for SQL: epoch seconds, None for an open end."""
        return {
            "since": None if self.since is None else epoch(self.since),
            "until": None if self.until is None else epoch(self.until),
            "portal": self.portal,
            "now": epoch(self.now),
        }


def part(
    since: When | None = None,
    until: When | None = None,
    portal: str | None = None,
    now: When | None = None,
) -> Part:
    """
    The part that is asked for; as ``Part``, with times as they may be given.

    Raises:
        WrongQuestion: A time cannot be read, or ``since`` is not before ``until``.
    """
    present = dt.datetime.now(dt.UTC) if now is None else moment(now, "now")
    begins = None if since is None else moment(since, "since", present)
    ends = None if until is None else moment(until, "until", present)
    refuse_reversed(begins, ends)
    return Part(since=begins, until=ends, portal=portal, now=present)


def moment(asked: When, what: str = "time", now: dt.datetime | None = None) -> dt.datetime:
    """
    A moment as it may be given, aware.

    A text is ISO 8601, Korean where it has no offset, a date meaning its midnight; so long ago, as
    ``30m``, ``24h``, ``7d`` or ``2w``; or ``yesterday``, ``today``, ``now``, ``어제``, ``오늘``,
    ``지금``, where a day is the Korean one and means its midnight.

    Args:
        asked: Aware, or text.
        what: Which argument it is, for the error.
        now: From when ``24h`` is counted; None = the present.

    Raises:
        WrongQuestion: It is naive, no such text, or in no year from 1 to 9999.
    """
    try:
        told = _told(asked, now) if isinstance(asked, str) else asked
        if told.utcoffset() is None:
            raise WrongQuestion(what, told.isoformat(), expected=_AWARE)
        told.astimezone(dt.UTC), told.astimezone(KST)  # neither has the year 0, nor 10000
    except (AttributeError, ValueError, OverflowError):
        raise WrongQuestion(what, repr(asked), expected=TIMES) from None
    return told


def _told(text: str, now: dt.datetime | None) -> dt.datetime:
    """What a text means; a ValueError or OverflowError where it means no time."""
    present = (now or dt.datetime.now(KST)).astimezone(KST).replace(microsecond=0)
    word = text.strip().casefold()
    if word in _PRESENT:
        return present
    if (days := _DAYS_AGO.get(word)) is not None:
        midnight = present.replace(hour=0, minute=0, second=0)
        return midnight - dt.timedelta(days=days)
    if ago := _AGO.fullmatch(word):
        return present - dt.timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=KST)


def refuse_reversed(since: dt.datetime | None, until: dt.datetime | None) -> None:
    """
    Refuse a stretch of time that is none.

    Raises:
        WrongQuestion: ``since`` is not before ``until``.
    """
    if since is not None and until is not None and since >= until:
        asked = f"from {since.isoformat()} to {until.isoformat()}"
        raise WrongQuestion("range", asked, expected="one that begins before it ends")


def several(names: StationName | Iterable[StationName]) -> list[StationName]:
    """The names, where a single one may stand for a list of one."""
    return [names] if isinstance(names, str | int) else list(names)


def share(asked: object, what: str) -> float:
    """
    A share from 0 to 1.

    Raises:
        WrongQuestion: It is none.
    """
    if isinstance(asked, int | float) and 0 <= asked <= 1:
        return asked
    raise WrongQuestion(what, repr(asked), expected="a share from 0 to 1")


def number(asked: object, what: str) -> int:
    """
    A whole number from 0, as SQL takes it.

    Raises:
        WrongQuestion: It is none.
    """
    if isinstance(asked, int) and asked >= 0:
        return min(asked, 2**63 - 1)
    raise WrongQuestion(what, repr(asked), expected="a whole number, 0 or more")
