"""One POST with a deadline, without redirects or a proxy; only the status is read."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit, urlunsplit

from scraper import __version__
from scraper.errors import causes
from scraper.http import httpx
from scraper.notify.notice import NotDelivered
from scraper.urls import is_http

if TYPE_CHECKING:
    from scraper.notify.notice import Notice

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"

_NO_ADDRESS = "not an http:// or https:// address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """
    The channel that posts JSON.

    Attributes:
        url: The address; http or https.
    """

    name: ClassVar[str] = "webhook"

    url: str = field(repr=False)

    async def send(self, notice: Notice, *, timeout_s: float) -> None:
        """
        Post a notice.

        Raises:
            NotDelivered: With a reason without any part of the address.
        """
        body = json.dumps(asdict(notice), ensure_ascii=False).encode()
        await post(self.url, body, kind=JSON, timeout_s=timeout_s)


async def post(url: str, body: bytes, *, under: str = "", kind: str, timeout_s: float) -> None:
    """
    Post the body to an address; any 2xx status counts as delivered.

    Args:
        url: The address; http or https.
        body: The body.
        under: A suffix for the path of the address.
        kind: Its Content-Type.
        timeout_s: The time limit from the DNS lookup to the status line and headers.

    Raises:
        NotDelivered: With a reason without any part of the address.
    """
    target = _target(url, under)
    try:
        async with asyncio.timeout(timeout_s):
            status = await _status(target, body, kind)
    except TimeoutError as exc:
        raise NotDelivered("too late", f"no answer within {timeout_s:g} s") from exc
    except httpx.InvalidURL as exc:
        raise NotDelivered(_NO_ADDRESS) from exc
    except (httpx.TransportError, OSError) as exc:
        raise NotDelivered(_reason(exc)) from exc
    if not 200 <= status < 300:
        redirect = ", a redirect, which is not followed" if 300 <= status < 400 else ""
        raise NotDelivered("refused", f"it answered {status}{redirect}")


def _target(url: str, under: str) -> str:
    """Return the whole address. httpx alone would ask DNS for hosts such as ``"[x"``."""
    if not is_http(url, user=True):
        raise NotDelivered(_NO_ADDRESS)
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + under)) if under else url


async def _status(url: str, body: bytes, kind: str) -> int:
    headers = {"Content-Type": kind, "User-Agent": f"nalssi/{__version__}", "Connection": "close"}
    async with (
        # The caller has the only deadline.
        httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=None) as client,
        client.stream("POST", url, content=body, headers=headers) as response,
    ):
        return response.status_code


def _reason(error: BaseException) -> str:
    """
    The error on the wire, in the words of the system.

    The messages of the libraries are left out, as some quote the address.
    """
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is refused: {cause.verify_message.partition(',')[0]}"
        if isinstance(cause, ssl.SSLError):
            return f"no TLS: {cause.reason}"
        if isinstance(cause, socket.gaierror):
            return f"cannot be found: {cause.strerror}"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno)
    if isinstance(error, httpx.RemoteProtocolError):
        return "no whole HTTP answer"
    return "cannot connect" if isinstance(error, httpx.ConnectError) else type(error).__name__
