"""Connecting to a host by the addresses that were checked before: all of them, raced."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING

from scraper.errors import FetchError
from scraper.fetch.address import public_addresses
from scraper.fetch.faults import FAULTS, fault
from scraper.fetch.heads import LenientStream
from scraper.http import httpcore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from scraper.fetch.address import Resolve
    from scraper.http import httpx

    Attempt = Callable[[], Awaitable[httpcore.AsyncNetworkStream]]

_DELAY_S = 0.25  # RFC 8305, 5: the recommended delay between two attempts
_ALL_BEGUN_S = 0.9  # however many there are


class Connector(httpcore.AsyncNetworkBackend):
    """
    What connects for one request, as httpcore wants it.

    Args:
        url: What is asked for, for errors.
        resolve: Asks DNS.
        home: Whether addresses that are not public are welcome.
        hint: Gives what to add to an error where no connection comes about.
    """

    def __init__(
        self, url: httpx.URL, resolve: Resolve, *, home: bool, hint: Callable[[], str]
    ) -> None:
        self._url, self._resolve, self._home, self._hint = url, resolve, home, hint
        self._tcp = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's word
        *_: object,
        **__: object,
    ) -> httpcore.AsyncNetworkStream:
        """
        Connect to the first address that takes the connection.

        Raises:
            FetchError: The host has no address that we may ask, or none takes the connection.
        """
        try:
            return LenientStream(await self._connected(host, port, timeout))
        except FAULTS as exc:
            error = fault(self._url, exc)
        except FetchError as exc:
            error = exc
        raise FetchError(error.url, f"{error.reason}{self._hint()}", may_pass=error.may_pass)

    async def _connected(
        self, host: str, port: int, limit_s: float | None
    ) -> httpcore.AsyncNetworkStream:
        ips = await public_addresses(self._url, host, port, self._resolve, home=self._home)
        attempts = [functools.partial(self._tcp.connect_tcp, ip, port) for ip in ips]
        try:
            async with asyncio.timeout(limit_s):
                return await first_connected(attempts)
        except TimeoutError as exc:
            raise httpcore.ConnectTimeout from exc


async def first_connected(attempts: Sequence[Attempt]) -> httpcore.AsyncNetworkStream:
    """
    Give the connection that comes about first, and give up the others (RFC 8305, 5).

    The next attempt begins when the one before has failed, or after a delay that becomes shorter
    the more there are: ten dead addresses and then a good one cost 0.8 seconds.

    Raises:
        httpcore.ConnectError: They failed all; as the last did.
    """
    delay_s = min(_DELAY_S, _ALL_BEGUN_S / len(attempts))
    waiting, running = list(attempts), set[asyncio.Future[httpcore.AsyncNetworkStream]]()
    ended = set[asyncio.Future[httpcore.AsyncNetworkStream]]()
    failure: BaseException | None = None
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.ensure_future(waiting.pop(0)()))
            ended, running = await asyncio.wait(
                running,
                timeout=delay_s if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            while ended:
                attempt = ended.pop()
                failure = attempt.exception()
                if failure is None:
                    return attempt.result()
    finally:
        await _give_up(ended | running)
    raise failure or httpcore.ConnectError("no address")


async def _give_up(attempts: Iterable[asyncio.Future[httpcore.AsyncNetworkStream]]) -> None:
    """End what is under way, and close what came about too late."""
    for attempt in attempts:
        attempt.cancel()
    for stream in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(stream, httpcore.AsyncNetworkStream):
            await stream.aclose()
