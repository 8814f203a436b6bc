"""Headers beside the page: its age, its validators, and when to come again."""

from __future__ import annotations

import datetime as dt
import email.utils
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scraper.http import httpx

_MAX_RETRY_AFTER_S = 7 * 86_400.0
_MAX_AGE_S = 2**31  # RFC 9111, 1.2.2: caches count no further
_MAX_VALIDATOR = 1000  # characters: it is stored, and sent again on every pass


def location(headers: httpx.Headers) -> str | None:
    """Return the target of a redirect, with bytes that are not UTF-8 in percent-encoding."""
    sent = next((value for name, value in headers.raw if name.lower() == b"location"), None)
    if sent is None:
        return None
    try:
        return sent.decode()
    except UnicodeDecodeError:  # such as EUC-KR: httpx reads it as Latin-1, and sends that as UTF-8
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in sent)


def validators(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Return the headers that ask whether the known page is still current."""
    sent = {"If-None-Match": validator(etag), "If-Modified-Since": validator(last_modified)}
    return {name: value for name, value in sent.items() if value}


def validator(value: str | None) -> str | None:
    """Return a portal's ETag or date if it can be sent back unchanged, otherwise None."""
    fits = value and len(value) <= _MAX_VALIDATOR and value.isascii() and value.isprintable()
    return value if fits else None


def age_s(value: str | None) -> int | None:
    """
    Read an Age: the time for which a cache on the way has held the answer.

    Args:
        value: As sent; of several, joined by commas, the first counts (RFC 9111, 5.1).

    Returns:
        Seconds; None if it is not a whole number, or larger than caches can count.
    """
    first = (value or "").partition(",")[0].strip()
    if not (first.isascii() and first.isdigit() and len(first) <= 10):
        return None
    seconds = int(first)
    return seconds if seconds <= _MAX_AGE_S else None


def date(value: str | None) -> str | None:
    """Return a Date as the server sent it, if it is a readable date, otherwise None."""
    sent = validator(value)
    return sent if sent and moment_of(sent) else None


def moment_of(sent: str) -> dt.datetime | None:
    """Read a date; one without an offset is in UTC."""
    try:
        moment = email.utils.parsedate_to_datetime(sent)
    except (ValueError, OverflowError):  # OverflowError: a year or an offset of twenty digits
        return None
    return moment.replace(tzinfo=moment.tzinfo or dt.UTC)


def retry_after_s(value: str | None, now: dt.datetime) -> float | None:
    """
    Read a Retry-After.

    Args:
        value: Seconds or a date, as sent; None if missing.
        now: The present, for a date; aware, UTC.

    Returns:
        Seconds from now, a week at most; None if it is neither, or in the past.
    """
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value), _MAX_RETRY_AFTER_S)
    moment = moment_of(value)
    if moment is None or moment < now:
        return None
    return min((moment - now).total_seconds(), _MAX_RETRY_AFTER_S)
