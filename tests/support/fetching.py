"""Shared by the tests of fetching: a plain fetcher, one look, and its page or error."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import time
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import trustme

from db.reading import Robots
from scraper.config import Fetch
from scraper.errors import FetchError
from scraper.fetch import Fetcher, Page
from tests.support.servers import Server, answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.servers import Reply

T = TypeVar("T")

NOW = dt.datetime(2024, 4, 28, 3, 0, tzinfo=dt.UTC)
HTML = "<p>서울 4.9℃</p>"
LIMIT_S = 15.0  # the longest that a look with a deadline of a second may take on a slow machine


async def on_loopback(host: str, port: int) -> list[str]:
    """Resolve every name to this machine."""
    return ["127.0.0.1"]


def make_fetcher(**changes: Any) -> Fetcher:
    settings: dict[str, Any] = {
        "user_agent": "nalssi/0.1.0 (+https://nalssi.example)",
        "timeout_s": LIMIT_S,
        "max_bytes": 2**20,
    }
    settings |= {name: changes.pop(name) for name in Fetch.__struct_fields__ if name in changes}
    plain: dict[str, Any] = {"clock": lambda: NOW, "resolve": on_loopback, "backoff_s": 0.001}
    return Fetcher(Fetch(**settings), **(plain | changes))


def get(url: str, *, ignore_robots: bool = True, etag: str | None = None, **changes: Any) -> Page:
    """Look once, with a new fetcher."""
    fetcher = make_fetcher(**changes)
    return asyncio.run(fetcher.get(url, ignore_robots=ignore_robots, etag=etag))


def refusal(url: str, **changes: Any) -> FetchError:
    """Give the error that a look ends with."""
    with pytest.raises(FetchError) as caught:
        get(url, **changes)
    assert "\n" not in str(caught.value)
    return caught.value


def served(reply: Reply | list[Reply], **changes: Any) -> Page:
    """Look once at a portal that has this one page."""
    with Server({"/": reply}) as portal:
        return get(portal.url(), **changes)


def fault(reply: Reply | list[Reply], **changes: Any) -> FetchError:
    """Give the error of one look at a portal that has this one page."""
    with Server({"/": reply}) as portal:
        return refusal(portal.url(), **changes)


def within(limit_s: float, work: Callable[[], T]) -> T:
    began = time.monotonic()
    result = work()
    assert time.monotonic() - began < limit_s
    return result


def certified(*names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Give a server's side and the side of a client who trusts it."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(*names).configure_cert(server)
    authority.configure_trust(client)
    return server, client


def robots_of(portal: Server, text: str, *, age: dt.timedelta) -> Robots:
    return Robots(origin=portal.url("").rstrip("/"), fetched_at=NOW - age, text=text)


def allowing(text: str) -> dict[str, Reply | list[Reply]]:
    return {"/robots.txt": answer(text), "/": answer(HTML)}
