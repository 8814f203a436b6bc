"""The wire: one request on one connection, and its answer."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scraper.errors import FetchError
from scraper.fetch.connect import Connector
from scraper.fetch.inflate import inflater
from scraper.http import httpcore, httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scraper.fetch.address import Resolve

_FAULTS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What came back for one request.

    Attributes:
        url: What was asked for.
        status: The HTTP status.
        headers: Of the answer, names in any case.
        body: Inflated; empty unless the status is 200.
        wire_bytes: Bytes of the body as received.
        whole: Whether the body is all there is; False where it was cut at the bound.
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
    How much of a body we take.

    Attributes:
        max_bytes: On the wire, and again inflated.
        cut: Whether to stop there with what we have; otherwise a larger body is an error.
    """

    max_bytes: int
    cut: bool = False


class Wire:
    """
    Asks for one URL at a time, on a connection of its own.

    Args:
        resolve: Asks DNS.
        verify: Whose certificates to trust.
        step_s: What one step may take: connecting, or reading on.
    """

    def __init__(self, *, resolve: Resolve, verify: ssl.SSLContext | None, step_s: float) -> None:
        self._resolve, self._verify = resolve, verify or httpx.create_ssl_context(trust_env=False)
        self._steps = dict.fromkeys(("connect", "read", "write"), step_s)

    async def ask(
        self, url: httpx.URL, headers: Mapping[str, str], *, home: bool, bound: Bound
    ) -> Answer:
        """
        Send one GET and read the answer.

        Args:
            url: What to ask for.
            headers: What to send besides Host.
            home: Whether addresses that are not public are welcome.
            bound: How much of the body to take.

        Raises:
            FetchError: There was no answer, or a body that is damaged or too large.
        """
        connector = Connector(url, self._resolve, home=home)
        pool = httpcore.AsyncConnectionPool(ssl_context=self._verify, network_backend=connector)
        try:
            async with pool, pool.stream(**self._request(url, headers)) as response:
                return await _read(url, response, bound)
        except (*_FAULTS, OSError) as exc:  # OSError: TLS that breaks in the middle
            raise _fault(url, exc) from exc

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
    announced = int(answer.headers.get("Content-Length", "0"))  # h11 lets digits alone through
    if announced > bound.max_bytes and not bound.cut:
        raise _too_large(url, bound)
    try:
        return await _with_body(answer, response, bound)
    except (httpcore.RemoteProtocolError, httpcore.ReadError) as exc:
        raise FetchError(str(url), f"the body was cut short: {_why(exc)}") from exc


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


def _fault(url: httpx.URL, exc: Exception) -> FetchError:
    """Say what went wrong on the connection, and whether it may pass."""
    if isinstance(exc, httpcore.ConnectTimeout):  # before TLS: a handshake that hangs is one
        return FetchError(str(url), "no connection in time", may_pass=True)
    if isinstance(exc, httpcore.TimeoutException):
        return FetchError(str(url), "no answer in time", may_pass=True)
    for cause in _causes(exc):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return FetchError(str(url), f"certificate not trusted: {cause.verify_message}")
        if isinstance(cause, ssl.SSLError):
            return FetchError(str(url), f"TLS failed: {cause.reason or cause}")
    if isinstance(exc, httpcore.ConnectError):
        return FetchError(str(url), f"no connection: {_why(exc)}", may_pass=True)
    return FetchError(str(url), f"no answer: {_why(exc)}")


def _why(exc: Exception) -> str:
    """Give the words of the operating system where there are some, on one line."""
    numbers = (
        cause.errno
        for cause in _causes(exc)
        if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError)
    )
    number = next(filter(None, numbers), None)
    words = os.strerror(number) if number else str(exc) or type(exc).__name__
    return " ".join(words.split())[:200]


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__
