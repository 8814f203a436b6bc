"""The app: each address with its answer, names that lead to numbers, headers and errors."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response
from starlette.routing import Route

from db.errors import (
    DatabaseError,
    NalssiError,
    TooSlow,
    UnknownPortal,
    UnknownStation,
    WrongQuestion,
)
from db.moments import KST, now
from scraper.web.addresses import ADDRESSES
from scraper.web.answer import Asked, NotThere
from scraper.web.door import LIMIT_S, Busy, Door
from scraper.web.refusal import PROBLEM, problem, refusal
from scraper.web.render import Links
from scraper.web.stations import LINKED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from db.query import Database
    from scraper.web.addresses import Address
    from scraper.web.answer import Answer

App: TypeAlias = Starlette

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1", "[::1]")

RETRY_S: Final = 5
"""The Retry-After of a refused request."""

_CSP: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {}"
)
_OPEN: Final = ("/api/", "/embed/", "/en/embed/", "/oembed")
"""The addresses that pages of other sites may read."""

_STATION: Final = "{station:int}"

_STATUS: Final[tuple[tuple[type[NalssiError], int], ...]] = (
    (NotThere, 404),
    (UnknownStation, 404),
    (UnknownPortal, 404),
    (WrongQuestion, 400),
    (TooSlow, 503),
    (Busy, 503),
    (DatabaseError, 503),
)


def app(  # noqa: PLR0913 - each by its name
    path: Path,
    *,
    base_url: str = "",
    host: str = "127.0.0.1",
    clock: Callable[[], dt.datetime] = now,
    limit_s: float = LIMIT_S,
    months: int = LINKED,
) -> Starlette:
    """
    The app over a database.

    Args:
        path: The database.
        base_url: The public address; empty = only on this machine.
        host: The address that it listens on, which is an allowed host name.
        clock: Returns the present; aware.
        limit_s: The time limit for all queries of one request.
        months: The number of months that a station's page links to.
    """
    shared = {"base_url": base_url.rstrip("/"), "months": months}
    house = _House(Door(path, limit_s=limit_s), clock, shared)
    outside = urlsplit(base_url).hostname
    hosts = [*LOOPBACK, host, *([outside] if outside else [])]
    made = Starlette(
        routes=[route for address in ADDRESSES for route in _routes(house, address)],
        middleware=[
            Middleware(_Headers),
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
        ],
        exception_handlers={NalssiError: _refused, HTTPException: _http_error, Exception: _bug},
    )
    made.state.path = path
    return made


class _House:
    """The shared state of all addresses."""

    def __init__(
        self, door: Door, clock: Callable[[], dt.datetime], shared: dict[str, Any]
    ) -> None:
        self._door, self._clock, self._shared = door, clock, shared

    async def answer(self, address: Address, english: bool, request: Request) -> Response:
        """The answer to a request, or 304 if the client already has it."""
        present = self._clock().astimezone(KST)

        def work(db: Database) -> Answer:
            asked = Asked(
                db=db,
                now=present,
                path=request.url.path,
                language="en" if english else "ko",
                values=request.path_params,
                query=dict(request.query_params),
                **self._shared,
            )
            asked.only(*address.parameters)
            return address.answer(asked)

        return _response(request, await self._door.through(work), present)

    async def lead(self, path: str, request: Request) -> Response:
        """
        Redirect an address with the name of a station to the same with its number.

        Raises:
            UnknownStation: No station has this name.
            NotThere: The station has no number, and so no address.
        """
        name = request.path_params["station"]
        known = await self._door.through(lambda db: db.station(name))
        if known.kma_id is None:
            msg = f"station {known.name_ko!r} has no number of KMA, and so no page"
            raise NotThere(msg)
        values = {**request.path_params, "station": known.kma_id}
        target = Links(request.url.path, english=False).file(
            str(request.app.url_path_for(path, **values))
        )
        query = f"?{request.url.query}" if request.url.query else ""
        headers = {"Location": target + query, "Cache-Control": "no-store"}
        return Response(status_code=307, headers=headers)


def _routes(house: _House, address: Address) -> list[Route]:
    made = []
    for english in (False, True) if address.both else (False,):
        path = f"/en{address.path}" if english else address.path
        endpoint = functools.partial(house.answer, address, english)
        made.append(Route(path, endpoint, methods=["GET"], name=path))
        if _STATION in path and "/embed/" not in path:
            to_number = functools.partial(house.lead, path)
            made.append(Route(path.replace(_STATION, "{station}"), to_number, methods=["GET"]))
    return made


def _response(request: Request, answer: Answer, present: dt.datetime) -> Response:
    headers = {"ETag": answer.etag, "Cache-Control": answer.cache_control(present)}
    if answer.modified is not None:
        headers["Last-Modified"] = _http_date(answer.modified)
    if answer.status == 200 and _has(request, answer.etag):
        return Response(status_code=304, headers=headers)
    return _sent(request, answer.body, answer.status, answer.media_type, headers)


def _has(request: Request, etag: str) -> bool:
    """Whether the client already has this answer (RFC 9110, 13.1.2)."""
    named = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    return "*" in named or etag in [one.removeprefix("W/") for one in named]


def _http_date(at: dt.datetime) -> str:
    from email.utils import format_datetime  # noqa: PLC0415 - it is slow to import

    return format_datetime(at.astimezone(dt.UTC), usegmt=True)


def _sent(
    request: Request, body: bytes, status: int, media_type: str, headers: dict[str, str]
) -> Response:
    """A response; for HEAD only its headers."""
    headers["Content-Length"] = str(len(body))
    headers["Content-Type"] = media_type
    return Response(b"" if request.method == "HEAD" else body, status, headers)


# ---- errors


def _error(request: Request, status: int, detail: str, headers: dict[str, str]) -> Response:
    accept = request.headers.get("accept", "")
    body, media_type = refusal(request.url.path, accept, status, detail)
    return _sent(request, body, status, media_type, {"Cache-Control": "no-store", **headers})


async def _refused(request: Request, exc: Exception) -> Response:
    status = next((code for kind, code in _STATUS if isinstance(exc, kind)), 500)
    detail = _without_path(exc) if isinstance(exc, DatabaseError) else str(exc)
    retry = {"Retry-After": str(RETRY_S)} if status == 503 else {}
    return _error(request, status, detail, retry)


def _without_path(exc: DatabaseError) -> str:
    """The fault of the database, without its path, which outsiders need not know."""
    return exc.problem.replace(repr(str(exc.path)), "the file").replace(str(exc.path), "the file")


async def _http_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)  # noqa: S101 - it is registered for this alone
    detail = {
        404: f"no page at {request.url.path!r}",
        405: f"{request.method} is not understood, expected GET or HEAD",
    }.get(exc.status_code, exc.detail)
    return _error(request, exc.status_code, detail, dict(exc.headers or {}))


async def _bug(request: Request, _: Exception) -> Response:
    body = problem(500, "a bug in nalssi; its log has more")
    return _sent(request, body, 500, PROBLEM, {"Cache-Control": "no-store"})


# ---- headers


class _Headers:
    """Adds the common headers: nosniff, the content security policy, no referrer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_open = scope["path"].startswith(_OPEN)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), is_open=is_open)
            await send(message)

        await self._app(scope, receive, with_headers)


def _add(headers: Any, *, is_open: bool) -> None:
    headers["Content-Security-Policy"] = _CSP.format("*" if is_open else "'none'")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "cross-origin" if is_open else "same-origin"
    if is_open:
        headers["Access-Control-Allow-Origin"] = "*"
