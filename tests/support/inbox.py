"""An inbox for notices and pings: a server on loopback, as a fixture for all tests."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Inbox:
    """A server on loopback that keeps posted bodies; or it refuses them, or hangs."""

    url: str = ""
    status: int = 204
    hangs: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)
    posts: list[tuple[str, str]] = field(default_factory=list)

    def notices(self) -> list[tuple[str, str, bool]]:
        """Portal, kind and well of each notice, in order."""
        rows = [json.loads(body) for path, body in self.posts if path.startswith("/hook")]
        return [(row["portal"], row["kind"], row["well"]) for row in rows]

    def pings(self) -> list[tuple[str, str]]:
        return [(path, body) for path, body in self.posts if path.startswith("/ping")]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if box.hangs.is_set():
                box.closed.wait(20)
            if box.status < 300:
                box.posts.append((self.path, body))
            self.send_response(box.status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        box = Inbox(url=f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield box
        box.closed.set()
        server.shutdown()
