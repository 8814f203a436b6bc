"""Headers that a portal means for our next visit: when to come, and what to ask with."""

from __future__ import annotations

import datetime as dt
import email.utils

_MAX_RETRY_AFTER_S = 7 * 86_400.0
_MAX_VALIDATOR = 1000  # characters: it is kept, and sent again on every pass


def validators(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Give the headers that ask whether the page is still the one that we know."""
    sent = {"If-None-Match": validator(etag), "If-Modified-Since": validator(last_modified)}
    return {name: value for name, value in sent.items() if value}


def validator(value: str | None) -> str | None:
    """Give a portal's ETag or date if it can be sent back as it is, otherwise None."""
    fits = value and len(value) <= _MAX_VALIDATOR and value.isascii() and value.isprintable()
    return value if fits else None


def retry_after_s(value: str | None, now: dt.datetime) -> float | None:
    """
    Read a Retry-After.

    Args:
        value: Seconds or a date, as sent; None where there was none.
        now: What a date is counted from; aware, UTC.

    Returns:
        Seconds from now, a week at most; None where it is neither, or in the past.
    """
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value), _MAX_RETRY_AFTER_S)
    try:
        date = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # OverflowError: a year or an offset of twenty digits
        return None
    seconds = (date.replace(tzinfo=date.tzinfo or dt.UTC) - now).total_seconds()
    return min(seconds, _MAX_RETRY_AFTER_S) if seconds >= 0 else None
