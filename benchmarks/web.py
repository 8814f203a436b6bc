"""
The cost of the web view on three years of two portals: bytes, milliseconds, memory.

The project's own store writes a history of 315,000 looks, with a day of polls at its end. Pages are
made in turn, round by round; times are medians of processor time. The site is written again with
the database unchanged; the bound of that is for 34 files. Memory is that of ``nalssi serve`` after
400 requests. The exit code is 1 if a measurement exceeds its bound.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks import history
from db.moments import KST
from db.query import Database
from db.reading import KeptPage, Look
from db.write.store import Store
from scraper.web import data, embed, front, portals, site, stations
from scraper.web.answer import Asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from scraper.web.answer import Answer

ROUNDS: Final = 15
FILES: Final = 34
NOW: Final = history.END + dt.timedelta(hours=24, minutes=5)


class Bound(NamedTuple):
    """A measured value and its bound."""

    what: str
    measured: float
    most: float
    unit: str


def fill(path: Path, years: float) -> None:
    hours = round(years * history.HOURS_A_YEAR)
    with Store.open(path) as store:
        history.write(store, hours=hours, portals=2)
        for minute in range(0, 24 * 60, 10):
            at = history.END + dt.timedelta(minutes=minute)
            content = history.content(hours + minute // 60)
            for nth in range(2):
                look = Look(portal=history.name(nth), fetched_at=at, milliseconds=100, status=200)
                page = KeptPage(look_id=0, portal=look.portal, body=b"<html>", encoding="utf-8")
                store.keep_content(store.keep_page(look, page), content, page_date=None)


def pages(path: Path) -> list[Bound]:
    requests: dict[str, tuple[Callable[[Asked], Answer], str, float, float]] = {
        "front page": (front.front, "/", 20.0, 10.0),
        "chart of a week": (embed.chart, "/embed/108-week.svg", 15.0, 50.0),
        "latest.json": (data.latest_json, "/api/v1/latest.json", 20.0, 10.0),
        "page of a station": (stations.station, "/stations/108/", 30.0, 100.0),
        "page of a portal": (portals.portal, "/portals/portal-0/", 40.0, 150.0),
    }
    values = {"station": 108, "portal": history.name(0)}
    took: dict[str, list[float]] = {name: [] for name in requests}
    sizes = {}
    with Database(path) as db:
        for _ in range(ROUNDS):
            for name, (answer, url, *_) in requests.items():
                began = time.process_time()
                with db.within(60):
                    response = answer(
                        Asked(db=db, now=NOW.astimezone(KST), path=url, values=values)
                    )
                took[name].append((time.process_time() - began) * 1000)
                sizes[name] = len(response.body) / 1000
    found = []
    for name, (*_, kilobytes, milliseconds) in requests.items():
        found.append(Bound(name, sizes[name], kilobytes, "KB"))
        found.append(Bound(name, statistics.median(took[name]), milliseconds, "ms"))
    return found


def frozen(path: Path, folder: Path) -> list[Bound]:
    first = site.write(path, folder, now=NOW, months=1)
    began = time.process_time()
    again = site.write(path, folder, now=NOW, months=1)
    took = time.process_time() - began
    assert again.written == 0, again  # noqa: S101 - else this would time the writing
    print(f"site: {first.files} files, {first.written} written, then {again.written}")
    return [Bound(f"site again, for each {FILES} files", took / again.files * FILES, 1.0, "s")]


def memory(path: Path) -> list[Bound]:
    run = subprocess.Popen(
        [sys.executable, "-m", "scraper", "serve", "--port", "0", "--db", path],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None  # noqa: S101 - it is a pipe
    url = run.stdout.readline().strip()
    for nth in range(400):
        part = ("", "stations/108/", "api/v1/latest.json", "portals/portal-0/")[nth % 4]
        with urllib.request.urlopen(url + part) as answer:  # noqa: S310 - loopback
            answer.read()
    status = Path(f"/proc/{run.pid}/status").read_text()
    run.terminate()
    run.wait()
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return [Bound("nalssi serve", int(peak) / 1024, 60.0, "MiB")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=float, default=3.0)
    years = parser.parse_args().years
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weather.db"
        fill(path, years)
        found = pages(path) + frozen(path, Path(folder) / "site") + memory(path)
    for bound in found:
        mark = "" if bound.measured <= bound.most else "  TOO MUCH"
        print(f"{bound.what:32} {bound.measured:8.1f} of {bound.most:5.0f} {bound.unit}{mark}")
    sys.exit(any(bound.measured > bound.most for bound in found))


if __name__ == "__main__":
    main()
