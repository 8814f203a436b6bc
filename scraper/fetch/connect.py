"""Connects to a host by its checked addresses, all of them raced."""

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
_ALL_BEGUN_S = 0.9  # for any number of addresses


class Connector(httpcore.AsyncNetworkBackend):
    """
    Connects for one request, in the form that httpcore needs.

    Args:
        url: The requested address, for errors.
        resolve: Asks DNS.
        home: Whether private addresses are allowed.
        hint: Returns what to add to the error of a failed connection.
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
        Connect to the first address that accepts the connection.

        Raises:
            FetchError: The host has no allowed address, or none accepts the connection.
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
    Return the first connection that succeeds, and give up the others (RFC 8305, 5).

    The next attempt begins when the one before has failed, or after a delay, which is shorter with
    more addresses: ten dead addresses and then a good one cost 0.8 seconds.

    Raises:
        httpcore.ConnectError: All failed; the error of the last one.
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
    """Cancel running attempts, and close connections that succeeded too late."""
    for attempt in attempts:
        attempt.cancel()
    for stream in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(stream, httpcore.AsyncNetworkStream):
            await stream.aclose()
