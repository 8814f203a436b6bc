"""
The metrics over HTTP, on this machine only.

``prometheus_client.start_http_server`` is not used: it limits neither the number of connections nor
the time of one, and answers a request for any host.
"""

from __future__ import annotations

import contextlib
import http
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from db.errors import NalssiError
from scraper import __version__
from scraper.metrics.exposition import text
from scraper.metrics.snapshot import MetricsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scraper.metrics.snapshot import Snapshot

HOST: Final = "127.0.0.1"
PATH: Final = "/metrics"

_Answer: TypeAlias = tuple[http.HTTPStatus, str, bytes]

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PLAIN = "text/plain; charset=utf-8"
_DEADLINE_S = 10.0  # for a whole request; the default time limit of Prometheus
_AT_ONCE = 8  # connections; the others wait in the queue of the system
_OWN_NAMES: Final = ("127.0.0.1", "localhost")
_KEPT_S = 5.0  # more frequent requests get the same answer: they must not hold up looks
_CLOSING_S = 5.0
_POLL_S = 0.5  # the longest time until a stop is noticed; no scrape waits for it


class Endpoint:
    """
    ``GET /metrics`` on 127.0.0.1, inside ``with``.

    Args:
        port: The port to listen on; 0 = any free one.
        snapshot: Returns the values; called from other threads, but never twice at once, and never
            again within a few seconds. After the end of ``with`` it is not called, and a running
            call is waited for, a few seconds at most. A ``NalssiError`` of it is sent as 503.

    Attributes:
        port: The port that it listens on.
    """

    def __init__(self, port: int, snapshot: Callable[[], Snapshot]) -> None:
        self.port = port
        self._snapshot = snapshot
        self._turn = threading.Lock()
        self._closed = False
        self._kept: _Answer | None = None
        self._kept_until = 0.0

    def __enter__(self) -> Self:
        """
        Begin to listen.

        Raises:
            MetricsError: The port is taken, or not allowed.
        """
        try:
            self._server = _Server((HOST, self.port), self._handler)
        except (OSError, OverflowError) as exc:  # OverflowError: over 65535
            why = (isinstance(exc, OSError) and exc.strerror) or "expected a port up to 65535"
            address = f"{HOST}:{self.port}"
            raise MetricsError(address, f"cannot be listened on: {why}") from exc
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), name="nalssi-metrics", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._closed = True
        if self._turn.acquire(timeout=_CLOSING_S):  # a scrape under way may end
            self._turn.release()

    def _handler(self, *connection: Any) -> _Handler:
        return _Handler(self._answer, *connection)

    def _answer(self) -> _Answer:
        with self._turn:
            if self._closed:
                return http.HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN, b"closing\n"
            if self._kept is None or time.monotonic() >= self._kept_until:
                self._kept = self._rendered()
                self._kept_until = time.monotonic() + _KEPT_S
            return self._kept

    def _rendered(self) -> _Answer:
        try:
            return http.HTTPStatus.OK, _CONTENT_TYPE, text(self._snapshot())
        except NalssiError as exc:
            reason = f"{exc}\n".encode("utf-8", "replace")
            return http.HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN, reason


class _Server(ThreadingMixIn, TCPServer):
    """A thread for each scrape, a few at once; the end of the process does not wait for them."""

    allow_reuse_address = True  # after a restart the port is in TIME_WAIT
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: Callable[..., _Handler]) -> None:
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        self._open: dict[socket.socket, float] = {}
        super().__init__(address, handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection as soon as fewer than the most are open."""
        if not self._places.acquire(timeout=_POLL_S):
            raise TimeoutError  # not accepted: the next turn of the server's loop tries again
        try:
            connection, client = super().get_request()
        except OSError:
            self._places.release()
            time.sleep(_POLL_S)  # no descriptor is left: the loop would spin
            raise
        self._open[connection] = time.monotonic() + _DEADLINE_S
        return connection, client

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread; if the system starts no more threads, close it."""
        try:
            super().process_request(request, client_address)
        except RuntimeError:
            self.shutdown_request(request)

    def service_actions(self) -> None:
        """End the requests that are over the deadline; their threads may be waiting."""
        now = time.monotonic()
        for connection in [one for one, until in self._open.copy().items() if until <= now]:
            with contextlib.suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RDWR)

    def server_close(self) -> None:
        """Stop listening; running answers are completed, waiting connections are closed."""
        super().server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, and free its place."""
        del self._open[request]
        try:
            super().shutdown_request(request)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report a bug on stderr; a client that went away is not reported."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server_version = f"nalssi/{__version__}"
    sys_version = ""
    timeout = _DEADLINE_S  # of one read or write; the only deadline once the server is closed

    def __init__(self, answer: Callable[[], _Answer], *connection: Any) -> None:
        self._answer = answer
        super().__init__(*connection)  # handles the request at once

    def do_GET(self) -> None:
        """Answer a scrape."""
        self.wfile.write(self._begin())

    def do_HEAD(self) -> None:
        """Answer as to GET, without the body."""
        self._begin()

    def _begin(self) -> bytes:
        """Send status and headers; return the body."""
        status, kind, body = self._found()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return body

    def _found(self) -> _Answer:
        # A page on the web may resolve a host of its own to this machine. A request without a host
        # is not from a browser.
        host = self.headers.get("Host", HOST).rpartition(":")
        if (host[0] or host[2]).lower() not in _OWN_NAMES:
            expected = f"expected one of these hosts: {', '.join(_OWN_NAMES)}\n"
            return http.HTTPStatus.MISDIRECTED_REQUEST, _PLAIN, expected.encode()
        if self.path.partition("?")[0] != PATH:
            return http.HTTPStatus.NOT_FOUND, _PLAIN, b"only /metrics is here\n"
        return self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Log no request: one comes every 15 seconds."""
