"""Errors of a connection, as one error that says whether it may pass."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

from scraper.errors import FetchError, causes
from scraper.fetch.trust import distrust
from scraper.http import httpcore

if TYPE_CHECKING:
    from scraper.http import httpx

FAULTS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
)


def fault(url: httpx.URL, exc: Exception) -> FetchError:
    """Return the error with its reason, and whether it may pass."""
    reason, may_pass = _reason(exc)
    return FetchError(str(url), reason, may_pass=may_pass)


def _reason(exc: Exception) -> tuple[str, bool]:
    if isinstance(exc, httpcore.ConnectTimeout):  # so does a TLS handshake that hangs
        return "no connection in time", True
    if isinstance(exc, httpcore.TimeoutException):
        return "no answer in time", True
    if refused := _tls_reason(exc):
        return refused, False
    if isinstance(exc, httpcore.ProxyError):
        return f"the proxy answers {exc}", str(exc).startswith(("502", "503", "504"))
    if isinstance(exc, httpcore.ConnectError):
        return f"no connection: {why(exc)}", True
    return f"no answer: {why(exc)}", False


def _tls_reason(exc: Exception) -> str | None:
    for cause in causes(exc):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return distrust(cause)
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {cause.reason or cause}"
    return None


def why(exc: Exception) -> str:
    """Return the message of the operating system, if there is one, on one line."""
    numbers = (
        cause.errno
        for cause in causes(exc)
        if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError)
    )
    number = next(filter(None, numbers), None)
    words = os.strerror(number) if number else str(exc) or type(exc).__name__
    return " ".join(words.split())[:200]
