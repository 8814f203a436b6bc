"""The twenty portals, in their own process."""

from __future__ import annotations

import json
import subprocess
import sys
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.soak.stories import stories
from db.write.store import Store
from scraper.demo.portal import Entry, page

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from benchmarks.soak.stories import Story
    from tests.support import feeds

PAGE_BYTES = 66_000
HOOK = "hook"
"""The path of the webhook, which refuses notices while it must fail."""


class Answer(NamedTuple):
    """The answer of a portal, with the headers of a cache."""

    status: int
    body: bytes = b""
    age: int | None = None


FAILED = Answer(500)


def start_portals(database: Path) -> subprocess.Popen[str]:
    """Start the portals; each line on their stdin has the moment that they show from then on."""
    command = [sys.executable, "-m", "benchmarks.soak", "--serve", str(database)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def serve(database: Path) -> None:
    """Make the database, then serve the portals until stdin ends."""
    Store.open(database, journal="wal").close()  # readers do not wait for a lock
    bodies = Bodies()
    server = _Server(("127.0.0.1", 0), _Portals)
    server.polite = {story.name for story in bodies.stories if story.polite}
    Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    for line in sys.stdin:
        second, hook_fails = json.loads(line)
        server.date = formatdate(second, usegmt=True)
        server.shown = {story.name: bodies.answer(story, second) for story in bodies.stories}
        server.shown[HOOK] = FAILED if hook_fails else Answer(200)
        print("shown", flush=True)


class _Server(ThreadingHTTPServer):
    """Holds the answers of the portals, by name, and the time of their clocks."""

    shown: dict[str, Answer]
    polite: Collection[str]
    date: str


class _Portals(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        name = self.path.strip("/")
        answer = self.server.shown.get(name, Answer(404))
        known = f'"{hash(answer.body)}"' if name in self.server.polite else None
        if known and self.headers["If-None-Match"] == known:
            answer = Answer(304)
        self._answer(answer, etag=known)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(self.server.shown[HOOK])

    def _answer(self, answer: Answer, *, etag: str | None = None) -> None:
        self.send_response(answer.status)
        if etag:
            self.send_header("ETag", etag)
        if answer.age is not None:
            self.send_header("Age", str(answer.age))
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(timestamp) if timestamp else self.server.date

    def log_message(self, *_: object) -> None: ...


class Bodies:
    """The pages; each is made again only when it changed."""

    def __init__(self) -> None:
        self.stories = list(stories())
        self._made: dict[str, tuple[object, bytes]] = {}

    def answer(self, story: Story, second: int) -> Answer:
        """The answer of a portal at this second."""
        shown, wrong = story.look(second)
        if shown is None:
            return FAILED
        about = wrong, shown.page_date, tuple(shown.printed.items())
        if self._made.get(story.name, (None, b""))[0] != about:
            self._made[story.name] = about, _body(shown, wrong)
        return Answer(200, self._made[story.name][1], shown.age)


def _body(shown: feeds.Page, wrong: str) -> bytes:
    if wrong == "none":
        return f"<title>공사 중</title>{' ' * PAGE_BYTES}".encode()
    day = shown.page_date
    date = f"{day:%Y.%m.%d} ({'월화수목금토일'[day.weekday()]})"
    entries = list(_entries(shown, "눈보라" if wrong == "words" else "맑음"))
    return page(entries, date, size=PAGE_BYTES, seed=shown.main).encode()


def _entries(shown: feeds.Page, label: str) -> Iterator[Entry]:
    for city, tenths in shown.printed.items():
        temperature = "" if tenths is None else f"{tenths / 10:.1f}"
        yield Entry(label=label, city=city, temperature=temperature)
