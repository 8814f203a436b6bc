"""Three hundred portals in one polite pass, each on its own address with network latency."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from db import query
from tests.cli.test_cli import BOX, NALSSI, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PORTALS = 300
LATENCY_S = 0.05
AT_LEAST = 16
"""The least number of concurrent sites; one after the other, 300 would take half a minute."""

HOSTS = [f"127.0.{1 + nth // 100}.{1 + nth % 100}" for nth in range(PORTALS)]


class Far:
    """One server on many addresses, which counts the connections of each."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: Counter[str] = Counter()
        self.peak: Counter[str] = Counter()
        self.together = 0
        self._open: Counter[str] = Counter()
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> Far:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._answer, "0.0.0.0", 0, backlog=1000)  # noqa: S104 - all of 127.0.0.0/8
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        async with server:
            await self._stop.wait()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        self._open[host] += 1
        self.peak[host] = max(self.peak[host], self._open[host])
        self.together = max(self.together, self._open.total())
        head = await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(LATENCY_S)
        self.asked[host] += 1
        body = b"" if head.startswith(b"GET /robots.txt") else BOX.encode()
        status = "200 OK" if body else "404 Not Found"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        await reader.read()  # until the client has closed
        self._open[host] -= 1
        writer.close()


@pytest.fixture
def far() -> Iterator[Far]:
    with Far() as server:
        yield server


def test_many_of_three_hundred_portals_are_polled_together(tmp_path: Path, far: Far, capsys):
    tables = [
        f'[[portals]]\nname = "p{nth}"\nurl = "http://{host}:{far.port}/"\n'
        for nth, host in enumerate(HOSTS)
    ]
    (tmp_path / "config.toml").write_text("\n".join(tables))
    began = time.monotonic()
    run = subprocess.run(
        [*NALSSI, "scrape", "--json"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        timeout=120,
        check=False,
    )
    took_s = time.monotonic() - began
    with capsys.disabled():
        print(f"[{PORTALS} portals in {took_s:.1f} s]", end="", file=sys.stderr)
    assert (run.returncode, run.stderr) == (0, b"")
    assert [row["outcome"] for row in json.loads(run.stdout)] == ["new"] * PORTALS
    assert set(far.asked.values()) == {2}  # robots.txt and the page
    assert set(far.peak.values()) == {1}
    assert set(far.asked) == set(HOSTS)
    with query.Database(tmp_path / "weather.db") as db:
        assert len(db.looks(last=None)) == PORTALS
    assert far.together >= AT_LEAST
