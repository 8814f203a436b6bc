"""
Servers on loopback whose answers a test sets byte by byte.

``Server`` plays a portal: each path has a reply, or a list of replies of which the last repeats.
A reply is the bytes to send, or a function that yields them piece by piece and so may drip, hang
or stop in the middle. Each connection gets one answer and is closed.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypeAlias

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

LOOPBACK = "127.0.0.1"
_PATIENCE_S = 20.0  # the longest wait of a socket or a thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    A request of a client.

    Attributes:
        path: With the query.
        headers: Names in lower case.
        stopping: Set when the server closes; a waiting reply waits for it.
    """

    path: str
    headers: Mapping[str, str]
    stopping: threading.Event


Reply: TypeAlias = "bytes | Callable[[Request], Iterator[bytes]]"


def answer(
    body: bytes | str = b"", *, status: str = "200 OK", headers: Mapping[str, str] | None = None
) -> bytes:
    """Give an answer with the right Content-Length, unless ``headers`` has another."""
    payload = body.encode() if isinstance(body, str) else body
    lines = {"Content-Length": str(len(payload)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + payload


def redirect(location: str, *, status: str = "302 Found") -> bytes:
    """Give a redirect to this location."""
    return answer(status=status, headers={"Location": location})


def silent(request: Request) -> Iterator[bytes]:
    """Send no answer until the server closes."""
    request.stopping.wait(_PATIENCE_S)
    yield b""


def dripping(head: bytes, drop: bytes, *, every_s: float) -> Callable[[Request], Iterator[bytes]]:
    """Send a head, then a drop every ``every_s`` seconds until the server closes."""

    def drip(request: Request) -> Iterator[bytes]:
        yield head
        for _ in range(int(_PATIENCE_S / every_s)):
            if request.stopping.wait(every_s):
                return
            yield drop

    return drip


def flooding(head: bytes, wave: bytes, *, waves: int) -> Callable[[Request], Iterator[bytes]]:
    """Send a head, then the same bytes again and again, as fast as the client reads."""

    def flood(_: Request) -> Iterator[bytes]:
        yield head
        for _wave in range(waves):
            yield wave

    return flood


@dataclass(slots=True)
class _Seen:
    """The records of a server's threads, under its lock."""

    requests: list[Request] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    connections: list[socket.socket] = field(default_factory=list)
    peak: int = 0


class Server:
    """
    A portal on loopback, running inside ``with``.

    Args:
        replies: By path; any other path gets 404.
        tls: The server's certificate; None = plain HTTP. With a certificate the server answers
            plain HTTP as well.
    """

    def __init__(
        self,
        replies: Mapping[str, Reply | Sequence[Reply]],
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._replies, self._tls = replies, tls
        self._listener = socket.create_server((LOOPBACK, 0))
        self._listener.settimeout(0.02)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._seen = _Seen()
        self.port: int = self._listener.getsockname()[1]

    def url(self, path: str = "/", *, host: str = "www.portal.localhost") -> str:
        """Give the address of a path, under any name that resolves to loopback."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host}:{self.port}{path}"

    @property
    def requests(self) -> list[Request]:
        """Every request so far, in order."""
        with self._lock:
            return list(self._seen.requests)

    @property
    def paths(self) -> list[str]:
        """The path of every request so far, in order."""
        return [request.path for request in self.requests]

    @property
    def peak(self) -> int:
        """The most connections that were open at once; only without TLS."""
        with self._lock:
            return self._seen.peak

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(_PATIENCE_S)
        self._listener.close()
        assert not any(thread.is_alive() for thread in self._threads)

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                self._count(connection)
                self._start(self._serve, connection)

    def _count(self, connection: socket.socket) -> None:
        with self._lock:
            held = [known for known in self._seen.connections if not _is_closed(known)]
            self._seen.connections = [*held, connection]
            self._seen.peak = max(self._seen.peak, len(self._seen.connections))

    def _serve(self, connection: socket.socket) -> None:
        # OSError: the client closed the connection, or refused our certificate; tests do both.
        with connection, contextlib.suppress(OSError):
            connection.settimeout(1.0)
            self._reply(connection)

    def _reply(self, connection: socket.socket) -> None:
        with self._secured(connection) as stream:
            head = _head(stream)
            if not head:
                return
            request = _request(head, self._stopping)
            for piece in self._pieces(request):
                self._send(stream, piece)
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_WR)
                _drain(stream)

    def _secured(self, connection: socket.socket) -> socket.socket:
        greets = connection.recv(1, socket.MSG_PEEK) == b"\x16"  # the first byte of a TLS hello
        if self._tls and greets:
            return self._tls.wrap_socket(connection, server_side=True)
        return connection

    def _send(self, stream: socket.socket, piece: bytes) -> None:
        """Send all of it, unless the server closes while the client does not read."""
        rest = memoryview(piece)
        while rest and not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                rest = rest[stream.send(rest) :]

    def _pieces(self, request: Request) -> Iterator[bytes]:
        with self._lock:
            self._seen.requests.append(request)
            turn = self._seen.asked[request.path]
            self._seen.asked[request.path] += 1
        replies = self._replies.get(request.path, answer(status="404 Not Found"))
        if isinstance(replies, bytes) or callable(replies):
            reply: Reply = replies
        else:
            reply = replies[min(turn, len(replies) - 1)]
        yield from [reply] if isinstance(reply, bytes) else reply(request)


def _head(stream: socket.socket) -> str:
    """Read a request up to its empty line; empty if the client sent no request."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 65_536:
        piece = stream.recv(65_536)
        if not piece:
            return ""
        head += piece
    return head.decode("latin-1")


def _drain(stream: socket.socket) -> None:
    """Wait for the client to close: a close by us first could discard our last bytes."""
    for _ in range(16):
        if not stream.recv(65_536):
            return


def _is_closed(connection: socket.socket) -> bool:
    """Whether the client has closed its end, even if our thread is still answering."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):  # ValueError: closed at our end
        return True


def _request(head: str, stopping: threading.Event) -> Request:
    first, *lines = head.split("\r\n\r\n", maxsplit=1)[0].split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Request(
        path=first.split(" ")[1],
        headers={name.lower(): value for name, value in headers.items()},
        stopping=stopping,
    )


@contextlib.contextmanager
def unaccepting(host: str = LOOPBACK, port: int = 0) -> Iterator[int]:
    """Give a port that neither accepts nor refuses connections: its queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((host, port), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((host, port))
        yield port


def refusing() -> int:
    """Give a port that refuses connections: it was free a moment ago."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextlib.contextmanager
def tunnelling(to: int, *, refusal: bytes = b"") -> Iterator[tuple[int, list[str]]]:
    """
    Give the port of a proxy for one connection under TLS, and the heads of its requests.

    Args:
        to: The port on loopback to which the tunnel leads, for any requested host.
        refusal: Its answer in place of a tunnel, if any.
    """
    asked: list[str] = []
    with socket.create_server((LOOPBACK, 0)) as listener:
        listener.settimeout(_PATIENCE_S)
        thread = threading.Thread(target=_tunnel, args=(listener, to, refusal, asked), daemon=True)
        thread.start()
        yield listener.getsockname()[1], asked
        thread.join(_PATIENCE_S)
    assert not thread.is_alive()


def _tunnel(listener: socket.socket, to: int, refusal: bytes, asked: list[str]) -> None:
    client, _ = listener.accept()
    with client:
        asked.append(_head(client))
        if refusal:
            client.sendall(refusal)
            return
        with socket.create_connection((LOOPBACK, to)) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            other = {client: server, server: client}
            while True:
                readable, _, _ = select.select([client, server], [], [], _PATIENCE_S)
                piece = readable[0].recv(65_536) if readable else b""
                if not piece:
                    return
                other[readable[0]].sendall(piece)
