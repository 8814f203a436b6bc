"""The looks at a portal around a moment: the last up to it, and the first after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.read.looks import OUTCOME
from db.read.rows import values

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3

    from db.read.ask import Ask


def _nearest(side: str, order: str) -> str:
    """The look or capture nearest to a moment on one side of it."""
    return f"""
    SELECT * FROM (
        SELECT * FROM (SELECT fetched_at AS at, {OUTCOME} AS outcome, f.page_date, f.reason
            FROM fetches AS f WHERE f.portal_id = :portal AND f.fetched_at {side} :at
            ORDER BY f.fetched_at {order} LIMIT 1)
        UNION ALL
        SELECT * FROM (SELECT captured_at, 'archived', page_date, NULL FROM captures
            WHERE portal_id = :portal AND captured_at {side} :at AND precision = 'second'
            ORDER BY captured_at {order} LIMIT 1))
    ORDER BY at {order} LIMIT 1"""


LOOK_BEFORE: Final = _nearest("<=", "DESC")
LOOK_AFTER: Final = _nearest(">", "ASC")


@dataclass(frozen=True, slots=True, kw_only=True)
class NearLook:
    """
    The last look at a portal before a moment, or the first one after it.

    Attributes:
        at: Its time; Korean.
        outcome: As in ``PastLook``; ``archived`` for a page of an archive.
        page_date: As printed.
        reason: Why it saw no sidebar, or why there is no page date.
    """

    at: dt.datetime
    outcome: str
    page_date: dt.date | None
    reason: str | None


def look(ask: Ask, side: str, portal_id: int, second: int) -> NearLook | None:
    """The look or capture at a portal nearest to a moment, by ``LOOK_BEFORE`` or ``LOOK_AFTER``."""
    return next(iter(ask.read(_read, side, {"portal": portal_id, "at": second})), None)


def _read(row: sqlite3.Row) -> NearLook:
    return NearLook(**values(row, "at"))
