"""
A month of looks in minutes: does memory stay, and is every look accounted for?

Five portals on loopback, served by a process of their own, are looked at every ten minutes of an
injected clock, through the project's own collector, store and monitor, as the daemon does. One
portal lives, one freezes for days, one fails for hours, one loses its box or prints words never
seen, and one answers "not modified".

Each sample is of the process that looks, which holds whatever the daemon imports. The database was
made before, by another process: as on every day but the first.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import datetime as dt
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from db import query
from db.moments import KST
from db.write.store import Store
from scraper import threads
from scraper.collect import collecting
from scraper.config import Config, Metrics, Notify, Portal
from scraper.daemon.log import log_to_stderr
from scraper.demo.portal import CITIES, Entry, page
from scraper.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_RESIDENT_MIB = 60.0
MOST_GROWTH_MIB = 3.0
MOST_CPU_MS = 30.0
"""
The goals: at any time; from the first tenth of the looks to the last; a look.

Caches fill up at first. Losing 150 bytes a look would be too much growth in a month. For growth,
what the C library keeps for later is given back first: once a block of a megabyte was freed, such
as the table of Python's interned strings when it doubles, glibc keeps two megabytes.
"""

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


def serve(database: Path) -> None:
    """Make the database, then be the portals: a line on stdin says what each shows from now on."""
    Store.open(database).close()
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


def served(database: Path) -> subprocess.Popen[str]:
    """The portals, in a process of their own."""
    command = [sys.executable, __file__, "--serve", str(database)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


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
        # Numbers alone, not objects: half a megabyte of samples would be growth of our own.
        self.samples = Samples(*(array("q") for _ in Samples._fields))
        self.cpu_s = 0.0
        self._log = log_to_stderr()

    async def run(self, *, seconds: float) -> None:
        """Look until the month is over, or the time."""
        until = time.monotonic() + seconds
        threads.let_the_end_wait_for_nothing()
        with Store.open(self.path) as store:
            async with collecting(self.config, store, lambda: self.now) as collector:
                monitor = Monitor(
                    config=self.config,
                    collector=collector,
                    store=store,
                    clock=lambda: self.now,
                    complain=self._complain,
                )
                await collector.make_known(self.config.portals)
                began = time.process_time()
                while self.now < START + MONTH and time.monotonic() < until:
                    self._show()
                    reports = await asyncio.gather(*map(collector.look, self.config.portals))
                    await monitor.after_looks(list(reports))
                    self._account({one.portal: one.outcome for one in reports})
                    self.now += STEP
                self.cpu_s = time.process_time() - began

    def _complain(self, line: str) -> None:
        self._log.warning("not told", reason=line)
        self.wrong[line] += 1

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
        for column, value in zip(self.samples, sample(), strict=True):
            column.append(value)

    def faults(self) -> Iterator[str]:
        """Every look that did not end as it should, and whatever is wrong with the file."""
        yield from (f"{count} times {what}" for what, count in self.wrong.items())
        with query.Database(self.path) as db:
            yield from db.faults()
            kept = sum(portal.looks for portal in db.portals())
            if kept != self.looks:
                yield f"{self.looks} looks, {kept} kept"
            for gap in db.gaps(now=self.now):
                if gap.cause != "portal failing":
                    yield f"{gap.portal}: {gap.cause}"

    def goals(self) -> Iterator[Goal]:
        """What was measured beside what it may be."""
        tenth = max(1, len(self.samples.files) // 10)
        (_, first_bytes, first_files), (_, bytes_, files) = (
            [statistics.median(column[part]) for column in self.samples]
            for part in (slice(tenth), slice(-tenth, None))
        )
        most = max(self.samples.resident)
        yield Goal("CPU a look", 1000 * self.cpu_s / self.looks, MOST_CPU_MS, "ms")
        yield Goal("resident at most", most / 2**20, MOST_RESIDENT_MIB, "MiB")
        yield Goal(
            f"resident grew, from {first_bytes / 2**20:.1f} MiB in the first tenth",
            (bytes_ - first_bytes) / 2**20,
            MOST_GROWTH_MIB,
            "MiB",
        )
        yield Goal(f"descriptors grew, from {first_files:.0f}", files - first_files, 0, "")


class Samples(NamedTuple):
    """What the process held: bytes in memory, those after giving back what is free, and files."""

    resident: array[int]
    needed: array[int]
    files: array[int]


def sample() -> tuple[int, int, int]:
    """A number for each column of ``Samples``."""
    before = resident()
    ctypes.CDLL(None).malloc_trim(0)
    return before, resident(), len(list(Path("/proc/self/fd").iterdir()))


class Goal(NamedTuple):
    """Something measured, and how much it may be."""

    name: str
    measured: float
    most: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether it is no more than that."""
        return self.measured <= self.most

    def __str__(self) -> str:
        verdict = "PASS" if self.met else "FAIL"
        return f"{verdict} {self.name}: {self.measured:.1f} {self.unit} (at most {self.most:g})"


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=25.0, help="of real time at most")
    options.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.serve:
        serve(chosen.serve)
        return
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "weather.db") as portals:
        soak = Soak(Path(folder) / "weather.db", portals)
        began = time.monotonic()
        asyncio.run(soak.run(seconds=60 * chosen.minutes))
        took = time.monotonic() - began
        portals.terminate()
        sys.exit(not told(soak, took))


def told(soak: Soak, took_s: float) -> bool:
    """Print what came of it; returns whether all is well."""
    days = (soak.now - START) / dt.timedelta(days=1)
    print(f"{days:.1f} days of {len(NAMES)} portals in {took_s:.0f} s: {soak.looks} looks")
    print(f"{soak.path.stat().st_size / 2**20:.1f} MiB of database")
    goals, faults = list(soak.goals()), list(soak.faults())
    for goal in goals:
        print(goal)
    print(f"{'FAIL' if faults else 'PASS'} every look accounted for")
    for fault in faults:
        print(f"  {fault}")
    return not faults and all(goal.met for goal in goals)


if __name__ == "__main__":
    main()
