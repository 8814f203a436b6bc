"""Moments: Korean time, and whole seconds since 1970-01-01 UTC, as in the tables."""

from __future__ import annotations

import datetime as dt

HOUR_S = 60 * 60
DAY_S = 24 * HOUR_S

KST_S = 9 * HOUR_S

KST = dt.timezone(dt.timedelta(seconds=KST_S), "KST")
"""Korean time. Asia/Seoul has been UTC+9 without summer time since October 1988 (tz database)."""

FOREVER = 1 << 62
"""Epoch seconds beyond any moment: an open end."""


def epoch(moment: dt.datetime) -> int:
    """
    Whole seconds since 1970-01-01 UTC.

    Raises:
        ValueError: The moment has no offset.
    """
    if moment.tzinfo is None:
        msg = f"{moment!r} has no offset"
        raise ValueError(msg)
    return int(moment.timestamp())


def moment(seconds: int) -> dt.datetime:
    """The moment so many seconds after 1970-01-01 UTC, in Korean time."""
    return dt.datetime.fromtimestamp(seconds, KST)


def now() -> dt.datetime:
    """The present by this machine's clock, aware, UTC."""
    return dt.datetime.now(dt.UTC)


def minute(at: dt.datetime) -> str:
    """A moment as people read it: Korean time, such as ``2026-03-01 09:00``."""
    return f"{at.astimezone(KST):%Y-%m-%d %H:%M}"


def stamp(at: dt.datetime) -> str:
    """A moment to the second: ISO 8601, Korean time."""
    return at.astimezone(KST).isoformat(timespec="seconds")
