"""The wire: one request on one connection, and its answer."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scraper.errors import FetchError
from scraper.fetch.address import host_of, is_home
from scraper.fetch.connect import Connector
from scraper.fetch.faults import FAULTS, fault, why
from scraper.fetch.inflate import inflater
from scraper.fetch.proxy import at, proxy_for, unused
from scraper.http import httpcore, httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from scraper.fetch.address import Resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    The answer to one request.

    Attributes:
        url: The requested address.
        status: The HTTP status.
        headers: The headers, names in any case.
        body: Inflated; empty unless the status is 200.
        wire_bytes: Bytes of the body as received.
        whole: Whether the body is complete; False if it was cut at the limit.
    """

    url: httpx.URL
    status: int
    headers: httpx.Headers
    body: bytes = b""
    wire_bytes: int = 0
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """
    The limit of a body.

    Attributes:
        max_bytes: On the wire, and again inflated.
        cut: Whether to stop at the limit; otherwise a larger body is an error.
    """

    max_bytes: int
    cut: bool = False


class Wire:
    """
    Requests one URL at a time, each on its own connection.

    Args:
        resolve: Asks DNS.
        verify: Returns the certificates to trust; reading them takes as long as a whole look.
        proxy: Its address, ``proxy.ENVIRONMENT``, or empty.
        step_s: The time limit of one step: connecting, or the next read.
    """

    def __init__(
        self, *, resolve: Resolve, verify: Callable[[], ssl.SSLContext], proxy: str, step_s: float
    ) -> None:
        self._resolve, self._verify, self._proxy = resolve, verify, proxy
        self._steps = dict.fromkeys(("connect", "read", "write"), step_s)

    async def ask(
        self, url: httpx.URL, headers: Mapping[str, str], *, home: bool, bound: Bound
    ) -> Answer:
        """
        Send one GET and read the answer.

        Args:
            url: The address to request.
            headers: The headers to send besides Host.
            home: Whether private addresses are allowed.
            bound: The limit of the body.

        Raises:
            FetchError: There was no answer, or the body is damaged or too large.
        """
        proxy = proxy_for(url, self._proxy, self._verify)
        if proxy and is_home(url) and not home:
            raise FetchError(str(url), f"{host_of(url)!r} is not a public address")
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._verify() if url.scheme == "https" else None,
            proxy=proxy,
            network_backend=self._connector(url, proxy, home=home),
        )
        try:
            async with pool, pool.stream(**self._request(url, headers)) as response:
                return await _read(url, response, bound)
        except (*FAULTS, OSError) as exc:  # OSError: TLS that breaks in the middle
            raise fault(url, exc) from exc

    def _connector(self, url: httpx.URL, proxy: httpcore.Proxy | None, *, home: bool) -> Connector:
        if proxy is None:
            hint = functools.partial(unused, url, self._proxy)
            return Connector(url, self._resolve, home=home, hint=hint)
        # A proxy belongs to the user, and is mostly on the user's network.
        hint = functools.partial(at, proxy)
        return Connector(url, self._resolve, home=True, hint=hint)

    def _request(self, url: httpx.URL, headers: Mapping[str, str]) -> dict[str, Any]:
        sent = {"Host": url.netloc.decode("ascii"), **headers}
        return {
            "method": "GET",
            "url": httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "extensions": {"timeout": self._steps},
        }


async def _read(url: httpx.URL, response: httpcore.Response, bound: Bound) -> Answer:
    answer = Answer(url=url, status=response.status, headers=httpx.Headers(response.headers))
    if answer.status != 200:
        return answer
    announced = int(answer.headers.get("Content-Length", "0"))  # h11 accepts only digits
    if announced > bound.max_bytes and not bound.cut:
        raise _too_large(url, bound)
    try:
        return await _with_body(answer, response, bound)
    except (httpcore.RemoteProtocolError, httpcore.ReadError) as exc:
        raise FetchError(str(url), f"the body was cut short: {why(exc)}") from exc


async def _with_body(answer: Answer, response: httpcore.Response, bound: Bound) -> Answer:
    stream = inflater(str(answer.url), answer.headers.get("Content-Encoding", ""))
    body, wire_bytes = bytearray(), 0
    async for piece in response.aiter_stream():
        wire_bytes += len(piece)
        body += stream.feed(piece, bound.max_bytes - len(body))
        if max(wire_bytes, len(body)) > bound.max_bytes:
            if not bound.cut:
                raise _too_large(answer.url, bound)
            return replace(
                answer, body=bytes(body[: bound.max_bytes]), wire_bytes=wire_bytes, whole=False
            )
    stream.finish()
    return replace(answer, body=bytes(body), wire_bytes=wire_bytes)


def _too_large(url: httpx.URL, bound: Bound) -> FetchError:
    return FetchError(str(url), f"larger than {bound.max_bytes} bytes", status=200)
