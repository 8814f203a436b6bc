"""Periods: the hours, days, weeks, months and years of Korea, and their limits."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from db.errors import WrongQuestion
from db.moments import DAY_S, HOUR_S, KST, KST_S, epoch, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

By: TypeAlias = Literal["hour", "day", "week", "month", "year", "all"]

LENGTHS: Final[tuple[By, ...]] = get_args(By)
"""Weeks are those of ISO 8601, from Monday; ``all`` is the whole range as one period."""

MOST: Final = 100_000
"""The most periods in one answer: more than eleven years of hours."""

_STEPS_S: Final = {"hour": HOUR_S, "day": DAY_S, "week": 7 * DAY_S}
_MONDAY_S: Final = 4 * DAY_S
"""The first Monday of 1970 was the fifth of January."""


def known(by: By) -> By:
    """
    Check the length of a period.

    Raises:
        WrongQuestion: It is not one of these.
    """
    if by not in LENGTHS:
        raise WrongQuestion("period", repr(by), expected=f"one of: {', '.join(LENGTHS)}")
    return by


def borders(first: int, last: int, by: By) -> list[int]:
    """
    The first second of each period that overlaps ``first <= t <= last``, and their end.

    Args:
        first: Epoch seconds.
        last: The same.
        by: The length of a period.

    Raises:
        WrongQuestion: There are too many.
    """
    if by == "all":
        return [first, last + 1]
    if step := _STEPS_S.get(by):
        zero = (_MONDAY_S if by == "week" else 0) - KST_S
        begin = (first - zero) // step * step + zero
        refuse_many("periods", (last - begin) // step + 1)
        return list(range(begin, last + 1 + step, step))
    return list(_months(first, last, 1 if by == "month" else 12))


def refuse_many(what: str, count: int) -> None:
    """
    Refuse more hours or periods than one answer holds.

    Raises:
        WrongQuestion: There are more than ``MOST``.
    """
    if count > MOST:
        expected = f"at most {MOST} in one answer; ask in parts, with since and until"
        raise WrongQuestion(what, count, expected=expected)


def _months(first: int, last: int, step: int) -> Iterator[int]:
    """The borders of periods of a number of months that divides a year."""
    begin = moment(first)
    nth = (begin.year * 12 + begin.month - 1) // step * step
    while (border := epoch(dt.datetime(nth // 12, nth % 12 + 1, 1, tzinfo=KST))) <= last:
        yield border
        nth += step
    yield border
