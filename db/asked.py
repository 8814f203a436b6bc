"""
The arguments of a question: the forms of a time, a station, a share and a number.

The command line and Python share these rules. Only the standard library is imported, so that a
question starts fast.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from db.errors import WrongQuestion
from db.moments import KST, epoch

if TYPE_CHECKING:
    from collections.abc import Iterable

When: TypeAlias = dt.datetime | str
"""A moment: aware, or text in one of the forms of ``TIMES``."""

StationName: TypeAlias = str | int
"""A station: its Korean name, its English name in any case, or its KMA number, 108 or "108"."""

MIN_COVERAGE: Final = 0.75
"""Share of a period's time with a value, 0 to 1, below which it has no mean, unless asked."""

TIMES: Final = "such as 2026-03-01, 2026-03-01T09:00, 24h, 7d or yesterday"

_AWARE: Final = "a time with its offset: add tzinfo=nalssi.KST, or give it as text, Korean time"

_KOREAN_DATE: Final = r"(\d{4})([./]) ?(\d{1,2})\2 ?(\d{1,2})\.?(?=[t ]|$)"
"""A date as Koreans write it: 2026.11.25, 2026. 3. 1. or 2026/11/25."""

_CLOCK: Final = r"(\d{1,2}):(\d{2})"
"""A time of today."""

_AGO: Final = r"(\d{1,6})([mhdw]|분|시간|일|주)"
_UNITS: Final = {
    **dict.fromkeys(("m", "분"), "minutes"),
    **dict.fromkeys(("h", "시간"), "hours"),
    **dict.fromkeys(("d", "일"), "days"),
    **dict.fromkeys(("w", "주"), "weeks"),
}

_DAYS_AGO: Final = {"today": 0, "오늘": 0, "yesterday": 1, "어제": 1}
_PRESENT: Final = {"now", "지금"}


class Part(NamedTuple):
    """
    The part of the history that a question is about.

    Attributes:
        since, until: ``since <= t < until``, aware; None = from the first look, to the last.
        portal: Only this portal; None = all.
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
    Make a ``Part`` from arguments, with times in any allowed form.

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
    Read a moment in any allowed form; the result is aware.

    A text is ISO 8601, Korean without an offset, where a date means its midnight and may be written
    ``2026.11.25`` or ``2026/11/25``; or a time of today, such as ``05:00``; or an age, such as
    ``30m``, ``24h``, ``7d``, ``2w`` or ``3일``; or ``yesterday``, ``today``, ``now``, ``어제``,
    ``오늘``, ``지금``, where a day means its Korean midnight.

    Args:
        asked: Aware, or text.
        what: The name of the argument, for the error.
        now: The end of an age such as ``24h``; None = the present.

    Raises:
        WrongQuestion: It is naive, another text, or not in a year from 1 to 9999.
    """
    try:
        parsed = _parsed(asked, now) if isinstance(asked, str) else asked
        if parsed.utcoffset() is None:
            raise WrongQuestion(what, parsed.isoformat(), expected=_AWARE)
        # the years 0 and 10000 do not exist either
        parsed.astimezone(dt.UTC), parsed.astimezone(KST)
    except (AttributeError, ValueError, OverflowError):
        raise WrongQuestion(what, repr(asked), expected=TIMES) from None
    return parsed


def is_day(text: str) -> bool:
    """Whether a text that is a time names a day, without an hour."""
    word = text.strip().casefold()
    plain = not re.search(r"[t: ]", re.sub(r"(?<=[./]) ", "", word))
    return word in _DAYS_AGO or (plain and word not in _PRESENT and not re.fullmatch(_AGO, word))


def _parsed(text: str, now: dt.datetime | None) -> dt.datetime:
    """Read a text; a ValueError or OverflowError if it is not a time."""
    present = (now or dt.datetime.now(KST)).astimezone(KST).replace(microsecond=0)
    word = text.strip().casefold()
    if word in _PRESENT:
        return present
    if (days := _DAYS_AGO.get(word)) is not None:
        midnight = present.replace(hour=0, minute=0, second=0)
        return midnight - dt.timedelta(days=days)
    if clock := re.fullmatch(_CLOCK, word):
        return present.replace(hour=int(clock[1]), minute=int(clock[2]), second=0)
    if ago := re.fullmatch(_AGO, word):
        return present - dt.timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    if day := re.match(_KOREAN_DATE, word):
        text = f"{day[1]}-{day[3]:0>2}-{day[4]:0>2}{word[day.end() :].upper()}"
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=KST)


def refuse_reversed(since: dt.datetime | None, until: dt.datetime | None) -> None:
    """
    Refuse a range of time that ends before it begins.

    Raises:
        WrongQuestion: ``since`` is not before ``until``.
    """
    if since is not None and until is not None and since >= until:
        asked = f"from {since.isoformat()} to {until.isoformat()}"
        raise WrongQuestion("range", asked, expected="one that begins before it ends")


def several(names: StationName | Iterable[StationName]) -> list[StationName]:
    """The names; a single name counts as a list of one."""
    return [names] if isinstance(names, str | int) else list(names)


def share(asked: object, what: str) -> float:
    """
    Check a share from 0 to 1.

    Raises:
        WrongQuestion: It is another value.
    """
    if isinstance(asked, int | float) and 0 <= asked <= 1:
        return asked
    raise WrongQuestion(what, repr(asked), expected="a share from 0 to 1")


def number(asked: object, what: str) -> int:
    """
    Check a whole number from 0 that SQL can store.

    Raises:
        WrongQuestion: It is another value.
    """
    if isinstance(asked, int) and asked >= 0:
        return min(asked, 2**63 - 1)
    raise WrongQuestion(what, repr(asked), expected="a whole number, 0 or more")
