"""The wire: one request on one connection, and its answer."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from scraper.errors import FetchError
from scraper.fetch.address import Resolve, host_of, public_addresses
from scraper.fetch.inflate import inflater
from scraper.http import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

_MAX_ADDRESSES = 3


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
    headers: Mapping[str, str]
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
    """Asks for one URL at a time, at addresses that were checked before."""

    def __init__(self, *, resolve: Resolve, verify: ssl.SSLContext | None, step_s: float) -> None:
        self._resolve = resolve
        self._steps = dict.fromkeys(("connect", "read", "write"), step_s)
        # httpx keeps connections by address and port. We connect to IP addresses, and two sites
        # may share one: a kept connection would be used for a name it was not verified for.
        self._transport = httpx.AsyncHTTPTransport(
            verify=verify or httpx.create_ssl_context(trust_env=False),
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._transport.__aexit__(exc_type, exc, traceback)

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
        try:
            response = await self._connected(url, headers, home=home)
            try:
                return await _read(url, response, bound)
            finally:
                await response.aclose()
        except (httpx.HTTPError, OSError) as exc:  # OSError: TLS that breaks in the middle
            raise _fault(url, exc) from exc

    async def _connected(
        self, url: httpx.URL, headers: Mapping[str, str], *, home: bool
    ) -> httpx.Response:
        """Give the answer of the first address that takes the connection, its body unread."""
        addresses = await public_addresses(url, self._resolve, home=home)
        *others, last = addresses[:_MAX_ADDRESSES]
        for ip in others:
            try:
                return await self._transport.handle_async_request(self._request(url, ip, headers))
            except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
                if any(isinstance(cause, ssl.SSLError) for cause in _causes(exc)):
                    raise
        return await self._transport.handle_async_request(self._request(url, last, headers))

    def _request(self, url: httpx.URL, ip: str, headers: Mapping[str, str]) -> httpx.Request:
        """To the address that was checked, by the name that was asked for."""
        host = {"Host": url.netloc.decode("ascii")}
        return httpx.Request(
            "GET",
            url.copy_with(host=ip),
            headers=httpx.Headers({**host, **headers}, encoding="utf-8"),
            extensions={"timeout": self._steps, "sni_hostname": host_of(url)},
        )


async def _read(url: httpx.URL, response: httpx.Response, bound: Bound) -> Answer:
    answer = Answer(url=url, status=response.status_code, headers=response.headers)
    if answer.status != 200:
        return answer
    announced = int(response.headers.get("Content-Length", "0"))  # h11 lets digits alone through
    if announced > bound.max_bytes and not bound.cut:
        raise _too_large(url, bound)
    try:
        return await _with_body(answer, response, bound)
    except (httpx.RemoteProtocolError, httpx.ReadError) as exc:
        raise FetchError(str(url), f"the body was cut short: {_why(exc)}") from exc


async def _with_body(answer: Answer, response: httpx.Response, bound: Bound) -> Answer:
    stream = inflater(str(answer.url), response.headers.get("Content-Encoding", ""))
    body, wire_bytes = bytearray(), 0
    async for piece in response.aiter_raw():
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
    for cause in _causes(exc):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return FetchError(str(url), f"certificate not trusted: {cause.verify_message}")
        if isinstance(cause, ssl.SSLError):
            return FetchError(str(url), f"TLS failed: {cause.reason or cause}")
    match exc:
        case httpx.ConnectTimeout():
            return FetchError(str(url), "no connection in time", may_pass=True)
        case httpx.TimeoutException():
            return FetchError(str(url), "no answer in time", may_pass=True)
        case httpx.ConnectError():
            return FetchError(str(url), f"no connection: {_why(exc)}", may_pass=True)
        case _:
            return FetchError(str(url), f"no answer: {_why(exc)}")


def _why(exc: Exception) -> str:
    """Give the words of the operating system where there are some, on one line."""
    told = [cause.strerror for cause in _causes(exc) if isinstance(cause, OSError)]
    words = next((word for word in told if word), str(exc)) or type(exc).__name__
    return " ".join(words.split())[:200]


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__
