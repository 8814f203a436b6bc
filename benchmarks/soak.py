"""
A month of looks in minutes: does memory stay, and is every look accounted for?

Five portals on loopback, served by a process of their own, are looked at every ten minutes of an
injected clock, through the project's own collector, store and herald, as the daemon does. One
portal lives, one freezes for days, one fails for hours, one loses its box or prints words never
seen, and one answers "not modified". Each sample is of the process that looks.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, cast

from db import query
from db.reading import KST
from db.store import Store
from scraper.collect import collecting
from scraper.config import Config, Metrics, Notify, Portal
from scraper.demo.portal import CITIES, Entry, page
from scraper.herald import Herald

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE_BYTES = 66_000
STEP = dt.timedelta(minutes=10)
MONTH = dt.timedelta(days=30)
START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
NAMES = ("living", "freezing", "failing", "odd", "polite")


def shown(name: str, now: dt.datetime) -> str:
    """What a portal shows at a moment: an hour's values, ``fail``, ``none`` or ``words``."""
    hour = (now - START) // dt.timedelta(hours=1)
    day, of_day = divmod(hour, 24)
    match name:
        case "freezing" if day % 4 == 3:
            return str(day * 24)
        case "failing" if of_day in (3, 4, 5, 11):
            return "fail"
        case "odd" if of_day == 7:
            return "none"
        case "odd" if day % 5 == 2:
            return "words"
    return str(hour)


EXPECTED = {"fail": {"fetch_failed"}, "none": {"no_sidebar"}}
SEEN = {"new", "unchanged", "not_modified"}


def serve() -> None:
    """Be the portals: a line on standard input says what each shows from now on."""
    pages: dict[str, tuple[str, bytes]] = {}

    class Portals(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            what, body = pages.get(self.path.strip("/"), ("fail", b""))
            known = self.path == "/polite" and self.headers["If-None-Match"] == f'"{what}"'
            missing = 404 if self.path == "/robots.txt" else 500
            self.send_response(304 if known else missing if what == "fail" else 200)
            self.send_header("ETag", f'"{what}"')
            self.send_header("Content-Length", str(0 if known else len(body)))
            self.end_headers()
            self.wfile.write(b"" if known else body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Portals)
    Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    for line in sys.stdin:
        for name, (what, date) in json.loads(line).items():
            pages[name] = (what, body_of(name, what, date))
        print("shown", flush=True)


def body_of(name: str, what: str, date: str) -> bytes:
    if what == "fail":
        return b""
    if what == "none":
        return f"<title>공사 중</title>{' ' * PAGE_BYTES}".encode()
    label = "눈보라" if what == "words" else "맑음"
    nth = int(what) if what.isdigit() else 0
    entries = [
        Entry(
            label=label,
            city=city,
            temperature=f"{(nth * 7 + place * 13 + len(name)) % 300 / 10 - 5:.1f}",
        )
        for place, city in enumerate(CITIES)
    ]
    return page(entries, date, size=PAGE_BYTES, seed=nth).encode()


class Soak:
    """The looks, their clock, and what was measured."""

    def __init__(self, path: Path, portals: subprocess.Popen[str]) -> None:
        self.path, self.now = path, START
        self._to, self._from = cast("IO[str]", portals.stdin), cast("IO[str]", portals.stdout)
        port = int(self._from.readline())
        self.config = Config(
            database=str(path),
            notify=Notify(command=("true",)),
            metrics=Metrics(textfile=str(path.with_suffix(".prom"))),
            portals=tuple(
                Portal(name=name, url=f"http://127.0.0.1:{port}/{name}") for name in NAMES
            ),
        )
        self.looks, self.wrong = 0, Counter[str]()
        self.samples: list[tuple[int, int]] = []
        self.cpu_s = 0.0

    async def run(self, *, seconds: float) -> None:
        """Look until the month is over, or the time."""
        until = time.monotonic() + seconds
        with Store.open(self.path) as store:
            async with collecting(self.config, store, lambda: self.now) as collector:
                herald = Herald(
                    config=self.config,
                    collector=collector,
                    store=store,
                    clock=lambda: self.now,
                    complain=lambda line: self.wrong.update([line]),
                )
                began = time.process_time()
                while self.now < START + MONTH and time.monotonic() < until:
                    self._show()
                    reports = await asyncio.gather(*map(collector.look, self.config.portals))
                    await herald.after_looks(list(reports))
                    self._account({one.portal: one.outcome for one in reports})
                    self.now += STEP
                self.cpu_s = time.process_time() - began

    def _show(self) -> None:
        day = self.now.astimezone(KST)
        date = f"{day:%Y.%m.%d} ({'월화수목금토일'[day.weekday()]})"
        self._to.write(json.dumps({name: (shown(name, self.now), date) for name in NAMES}) + "\n")
        self._to.flush()
        self._from.readline()

    def _account(self, outcomes: dict[str, str]) -> None:
        self.looks += len(outcomes)
        for name in NAMES:
            outcome = outcomes.get(name, "no look")
            if outcome not in EXPECTED.get(shown(name, self.now), SEEN):
                self.wrong[f"{name} {shown(name, self.now)}: {outcome}"] += 1
        self.samples.append((resident(), len(list(Path("/proc/self/fd").iterdir()))))

    def faults(self) -> Iterator[str]:
        """Everything that is not as it should be."""
        yield from (f"{count} times {what}" for what, count in self.wrong.items())
        with query.Database(self.path) as db:
            yield from db.faults()
            kept = sum(portal.looks for portal in db.portals())
            if kept != self.looks:
                yield f"{self.looks} looks, {kept} kept"
            for gap in db.gaps(now=self.now):
                if gap.cause != "portal failing":
                    yield f"{gap.portal}: {gap.cause}"
        tenth = max(1, len(self.samples) // 10)
        for place, (what, slack) in enumerate((("resident bytes", 4 * 2**20), ("descriptors", 0))):
            first, last = (
                statistics.median(sample[place] for sample in part)
                for part in (self.samples[:tenth], self.samples[-tenth:])
            )
            print(f"{what}: {first:.0f} in the first tenth, {last:.0f} in the last")
            if last > first + slack:
                yield f"{what} grew by {last - first:.0f}"


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=25.0, help="of real time at most")
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.serve:
        serve()
        return
    command = [sys.executable, __file__, "--serve"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as portals,
    ):
        soak = Soak(Path(folder) / "weather.db", portals)
        began = time.monotonic()
        asyncio.run(soak.run(seconds=60 * chosen.minutes))
        took = time.monotonic() - began
        portals.terminate()
        days = (soak.now - START) / dt.timedelta(days=1)
        print(f"{days:.1f} days of {len(NAMES)} portals in {took:.0f} s: {soak.looks} looks")
        print(f"{1000 * soak.cpu_s / soak.looks:.1f} ms of CPU a look")
        print(f"{max(sample[0] for sample in soak.samples) / 2**20:.1f} MiB resident at most")
        print(f"{soak.path.stat().st_size / 2**20:.1f} MiB of database")
        if faults := list(soak.faults()):
            sys.exit("\n".join(faults))
        print("every look accounted for")


if __name__ == "__main__":
    main()
