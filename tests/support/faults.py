"""
Parts of the fault tests: a portal that breaks on demand, and real processes that poll it.

``python -m tests.support.faults daemon|sweeps ORDERS`` runs such a process, with intervals of
seconds and short waits. Its clock is ahead by the number in the file ``ahead_s``.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from db import query
from db.errors import NalssiError
from scraper import collect, config
from scraper.collect import backlog
from scraper.daemon import integrity, scheduler, service
from scraper.daemon.log import log_to_stderr
from scraper.demo.portal import CITIES, Entry, page
from scraper.writing import writing
from tests.support.servers import Server, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from db.write.store import Store
    from scraper.collect.ingest import Answered
    from scraper.config import Config
    from tests.support.servers import Reply, Request

PATIENCE_S = 60.0
"""The longest wait of a test."""

NO_ROBOTS = answer(status="404 Not Found")
ROOT = Path(__file__).parents[2]

_T = TypeVar("_T")


# ---- the portal


def box(nth: int = 0) -> bytes:
    """Give a page whose sidebar differs for each ``nth``."""
    entries = [
        Entry(label="맑음", icon="01", city=city, temperature=f"{(nth + n) % 400 / 10:.1f}")
        for n, city in enumerate(CITIES)
    ]
    return page(entries, "2026.03.01 (일)", size=9000).encode()


class FaultPortal:
    """
    A portal whose answers a test sets at any time; every host name reaches it.

    Attributes:
        reply: The answer on every path but robots.txt; None = another sidebar each time.
        robots: The answer on robots.txt.
    """

    def __init__(self) -> None:
        self.reply: Reply | None = None
        self.robots: Reply = NO_ROBOTS
        self._turns, self._lock = 0, threading.Lock()
        self.server = Server({"/": self._page, "/robots.txt": self._robots})

    def _page(self, request: Request) -> Iterator[bytes]:
        with self._lock:
            self._turns += 1
        return _pieces(self.reply or answer(box(self._turns)), request)

    def _robots(self, request: Request) -> Iterator[bytes]:
        return _pieces(self.robots, request)

    @property
    def asked(self) -> int:
        """How many requests for a page it got."""
        return self.server.paths.count("/")

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.server.__exit__(*error)


def _pieces(reply: Reply, request: Request) -> Iterator[bytes]:
    yield from [reply] if isinstance(reply, bytes) else reply(request)


def write_config(folder: Path, *urls: str, **keys: str) -> Path:
    """Write a config with a portal ``p0``, ``p1``, ... for each address."""
    lines = [f'{key} = "{value}"' for key, value in keys.items()]
    tables = [f'[[portals]]\nname = "p{n}"\nurl = "{url}"' for n, url in enumerate(urls)]
    path = folder / "config.toml"
    path.write_text("\n".join([*lines, *tables, ""]), encoding="utf-8")
    return path


# ---- processes


class Child:
    """
    A process that polls; killed at the end of ``with``, if it still runs.

    Args:
        config: The config file.
        what: ``daemon``, or ``sweeps``: one sweep after the other, a line for each look.
        orders: ``interval_s``, ``patience_s``, ``timeout_s``, ``sweeps``, ``day_by_day``, ``die``;
            ``busy_s`` for a locked file; ``inspect_s`` between inspections; ``most_waiting`` and
            ``most_bytes`` of the backlog.
    """

    def __init__(self, config: Path, what: str = "daemon", **orders: Any) -> None:
        self._log = config.with_name(f"log-{time.monotonic_ns()}")
        argument = json.dumps({"config": str(config), **orders})
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.faults", what, argument],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def output(self) -> str:
        """All its output so far."""
        return self._log.read_text(encoding="utf-8")

    def log(self, event: str = "") -> list[dict[str, Any]]:
        """Give its complete lines of JSON so far, or those of one event."""
        lines = [line for line in self.output.splitlines(keepends=True) if line.endswith("}\n")]
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in events if event in ("", line.get("event"))]

    def until(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until the log has ``count`` lines of this event; gives them."""
        return until(lambda: self._logged(event, count), child=self)

    def _logged(self, event: str, count: int) -> list[dict[str, Any]]:
        lines = self.log(event)
        if len(lines) < count:
            assert self.process.poll() is None, self.output
        return lines if len(lines) >= count else []

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end; gives its exit code."""
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(self.output) from None

    def stop(self) -> int:
        self.send(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()


def until(happens: Callable[[], _T], *, child: Child | None = None) -> _T:
    """Call ``happens`` until it gives something true, at most ``PATIENCE_S``; gives its value."""
    end = time.monotonic() + PATIENCE_S
    while not (happened := happens()):
        assert time.monotonic() < end, child and child.output
        time.sleep(0.02)
    return happened


# ---- the database


def rows(
    path: Path, sql: str = "SELECT fetched_at, outcome, reason FROM fetches ORDER BY id"
) -> Any:
    """Give the rows of a query, while another process may be writing."""
    with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE_S)) as conn:
        return conn.execute(sql).fetchall()


def looks(path: Path) -> Counter[str]:
    """Count the looks at each portal."""
    return Counter(
        dict(
            rows(
                path,
                "SELECT name, count(*) FROM fetches JOIN portals p ON p.id = portal_id GROUP BY 1",
            )
        )
    )


def assert_sound(path: Path) -> None:
    """Check that the file is intact and its derived rows are those of its looks."""
    with query.Database(path) as db:
        assert db.faults() == []


def assert_in_order(path: Path, portal: FaultPortal) -> None:
    """Check that the looks are in order, with distinct times, and all there."""
    times = [at for at, *_ in rows(path)]
    assert times == sorted(set(times))
    assert len(times) >= portal.asked  # the last look may have ended before its request


@contextlib.contextmanager
def holding(path: Path, sql: str) -> Iterator[None]:
    """Hold a transaction or a query open."""
    with contextlib.closing(
        sqlite3.connect(path, isolation_level=None, timeout=PATIENCE_S)
    ) as conn:
        cursor = conn.execute(sql)
        cursor.fetchone()
        yield
        cursor.close()


# ---- this module as a program


def main() -> None:
    """Run the orders, with the errors and exit codes of the command line."""
    what, orders = sys.argv[1], json.loads(sys.argv[2])
    settings = _load(orders)
    _shorten_waits(orders)
    _resolve_loopback()
    if point := orders.get("die"):
        _kill_at(point)
    path = Path(settings.database)
    try:
        with writing(path, what="daemon", journal=settings.journal, create=True) as store:
            asyncio.run((_run_daemon if what == "daemon" else _run_sweeps)(orders, store))
    except NalssiError as exc:
        sys.stderr.write(f"nalssi: {exc}\n")
        sys.exit(exc.exit_code)


def _shorten_waits(orders: dict[str, Any]) -> None:
    """Shorten the project's waits and limits, so that a test takes seconds."""
    chosen: dict[Any, dict[str, Any]] = {
        service: {"CHECK_S": 0.1, "BUSY_S": orders.get("busy_s", 0.3)},
        scheduler: {"PATIENCE_S": orders.get("patience_s", 0.5)},
        integrity: {name: orders.get("inspect_s", 86_400.0) for name in ("EVERY_S", "AGAIN_S")},
        backlog: {
            "PAUSE_S": 0.2,
            "MOST_WAITING": orders.get("most_waiting", backlog.MOST_WAITING),
            "MOST_BYTES": orders.get("most_bytes", backlog.MOST_BYTES),
        },
    }
    for module, constants in chosen.items():
        vars(module).update(constants)


HANGS = "hangs.localhost"
"""A name whose lookup takes longer than any patience."""


def _resolve_loopback() -> None:
    """Resolve every name under localhost to this machine (RFC 6761), on any system."""
    ask = socket.getaddrinfo

    def known(host: Any, *more: Any, **options: Any) -> Any:
        if host in (HANGS, HANGS.encode()):
            time.sleep(3 * PATIENCE_S)
        return ask("127.0.0.1" if str(host).endswith(".localhost") else host, *more, **options)

    socket.getaddrinfo = known


def _load(orders: dict[str, Any]) -> Config:
    settings = config.load(Path(orders["config"]))
    fetch = msgspec.structs.replace(settings.fetch, timeout_s=orders.get("timeout_s", 20.0))
    minutes = orders.get("interval_s", 1) / 60
    return msgspec.structs.replace(settings, fetch=fetch, interval_minutes=minutes)


def _clock(orders: dict[str, Any]) -> Callable[[], dt.datetime]:
    ahead = Path(orders["config"]).with_name("ahead_s")

    def now() -> dt.datetime:
        ahead_s = float(ahead.read_text()) if ahead.exists() else 0.0
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=ahead_s)

    return now


async def _run_daemon(orders: dict[str, Any], store: Store) -> None:
    from apscheduler.schedulers import base  # noqa: PLC0415 - to give it our clock

    clock = _clock(orders)

    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return clock().astimezone(tz)

    base.datetime = Clock
    log = log_to_stderr()
    await service.Daemon(load=lambda: _load(orders), store=store, clock=clock, log=log).run()


async def _run_sweeps(orders: dict[str, Any], store: Store) -> None:
    """Run one sweep after the other; print each look, and our resources after each sweep."""
    settings, nth = _load(orders), 0

    def now() -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(days=nth * orders.get("day_by_day", 0))

    async with collect.collecting(settings, store, now) as collector:
        keep = collector._keep

        async def acknowledged(answered: Answered) -> collect.Report:
            report = await keep(answered)
            _print_line({"event": "look", "portal": report.portal, "outcome": report.outcome})
            return report

        collector._keep = acknowledged  # type: ignore[method-assign] # to acknowledge each
        while nth < orders.get("sweeps", 1_000_000):
            await collector.sweep(settings.portals)
            nth += 1
            _print_line({"event": "sweep", **_resources()})


def _resources() -> dict[str, int]:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "mib": pages * resource.getpagesize() // 2**20,
    }


def _print_line(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _kill_at(point: str) -> None:
    """Kill this process when it calls ``point``, such as ``db.truth.spells:add``."""
    import importlib  # noqa: PLC0415 - for this order alone

    module, _, name = point.partition(":")
    place: Any = importlib.import_module(module)
    *parents, last = name.split(".")
    for parent in parents:
        place = getattr(place, parent)
    setattr(place, last, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))


if __name__ == "__main__":
    main()
