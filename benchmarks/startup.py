"""
The cost of ``nalssi latest`` on a year of looks, compared with an empty Python.

The project's own store writes a year of ten-minute looks at one portal whose sixteen values change
hourly. Then commands run in turn, round by round, each as a process; the ratio is of medians of
user and system time. A direct query by ``sqlite3``, as of Datasette, is measured too. The floor of
``latest --json`` is a Python with only the necessary imports: click, sqlite3, json and datetime.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import pty
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from db.packing import packed
from db.reading import Condition, Content, KeptPage, Look, Reading
from db.write.store import Store
from scraper.demo import portal
from scraper.vocabulary import STATIONS
from tests.support.stores import stop_syncing

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOKS = 365 * 24 * 6
ROUNDS = 25
FLOOR = "the floor of latest --json"
LATEST = "nalssi latest --json"
MOST = 1.4
SKY = Condition(label="맑음", icon="01", condition="clear", label_en="clear", wmo_4677=0)


def content(hour: int) -> Content:
    readings = tuple(
        Reading(
            city=city,
            station=STATIONS[city],
            condition=SKY,
            temperature_c=(hour * 7 + place * 13) % 400 / 10 - 10,
        )
        for place, city in enumerate(portal.CITIES)
    )
    return Content(
        digest=hour.to_bytes(16, "big"),
        fragment=packed(str(hour)),
        readings=readings,
        problems=(),
        reader=1,
    )


def write_year(path: Path) -> None:
    """Write a year of looks up to now, without waiting for the disk."""
    start = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=10 * LOOKS)
    with Store.open(path, journal="wal") as store:
        stop_syncing(store)
        store.portal("koya", "https://koya.example/", 600)
        for nth in range(LOOKS):
            at = start + dt.timedelta(minutes=10 * nth)
            look = Look(portal="koya", fetched_at=at, milliseconds=100, status=200, wire_bytes=9000)
            page = KeptPage(look_id=0, portal="koya", body=b"page", encoding="utf-8")
            page = store.keep_page(look, page)
            store.keep_content(page, content(nth // 6), page_date=at.date())


def seconds(command: list[str], *, terminal: bool) -> float:
    """The CPU time of a process whose modules are compiled, as after an installation by pip."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {**os.environ, "COLUMNS": "150", "PYTHONDONTWRITEBYTECODE": ""}
    if terminal:
        our_end, child_end = pty.openpty()
        process = subprocess.Popen(command, stdout=child_end, env=env)
        os.close(child_end)
        with os.fdopen(our_end, "rb", buffering=0) as shown:
            try:
                while shown.read(65536):
                    pass
            except OSError:  # on Linux: the other end is closed
                pass
        process.wait()
    else:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=env)
        process.wait()
    if process.returncode:
        sys.exit(f"{command} failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    nalssi = str(Path(sys.executable).with_name("nalssi"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weather.db"
        write_year(path)
        bare = "import sqlite3; print(sqlite3.connect('{}').execute('{}').fetchall())"
        commands = {
            "python -c pass": ([sys.executable, "-c", "pass"], False),
            FLOOR: ([sys.executable, "-c", "import click, sqlite3, json, datetime"], False),
            "sqlite3 alone, from latest": (
                [sys.executable, "-c", bare.format(path, "SELECT * FROM latest")],
                False,
            ),
            LATEST: ([nalssi, "latest", "--json", "--db", str(path)], False),
            "nalssi latest, piped table": ([nalssi, "latest", "--db", str(path)], False),
            "nalssi latest, in a terminal": ([nalssi, "latest", "--db", str(path)], True),
        }
        samples: dict[str, list[float]] = {name: [] for name in commands}
        for command, terminal in commands.values():
            seconds(command, terminal=terminal)
        for _ in range(ROUNDS):
            for name, (command, terminal) in commands.items():
                samples[name].append(seconds(command, terminal=terminal))
    base = statistics.median(samples["python -c pass"])
    print(f"{LOOKS:,} looks, median of {ROUNDS} rounds")
    for name, runs in samples.items():
        median = statistics.median(runs)
        print(f"{name:30} {median * 1e3:8.1f} ms {median / base:6.1f} x")
    ratio = statistics.median(samples[LATEST]) / statistics.median(samples[FLOOR])
    print(f"{LATEST} is {ratio:.2f} times the floor, at most {MOST}")


SCRIPT = """
import datetime, sqlite3, sys
import requests
from bs4 import BeautifulSoup

url, path = sys.argv[1:]
page = BeautifulSoup(requests.get(url, timeout=20).content, "html.parser")
now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
rows = []
for entry in page.select("ul.weather_slide li"):
    city, degrees = entry.span.next_sibling.split()
    rows.append((now, city, entry.span.get_text(), float(degrees.removesuffix("℃"))))
assert len(rows) == 16
with sqlite3.connect(path) as conn:
    conn.execute("CREATE TABLE IF NOT EXISTS weather (at TEXT, city TEXT, sky TEXT, celsius REAL)")
    conn.executemany("INSERT INTO weather VALUES (?, ?, ?, ?)", rows)
"""
"""A typical script: it ignores robots.txt, stores no page, and waits for one commit."""


def cpu_seconds(command: list[str]) -> float:
    """The CPU seconds of a successful process, in user mode and in the kernel."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Serve a portal with a page of real size in a thread; gives its address."""
    entries = [
        portal.Entry(label="흐림", icon="04", city=city, temperature=f"{nth * 1.7 - 9:.1f}")
        for nth, city in enumerate(portal.CITIES)
    ]
    page = portal.page(entries, "2018.03.20 (화)", size=66_000).encode()
    with portal.Loopback() as loopback:
        loopback.show(page)
        yield loopback.url


def scrape() -> None:
    """
    Measure a pass over one local portal, as run by cron, compared with a typical script.

    The processor time is measured; the script appends the sixteen readings to a table.
    """
    nalssi = str(Path(sys.executable).with_name("nalssi"))
    with tempfile.TemporaryDirectory() as folder, serving() as url:
        config, script = Path(folder) / "config.toml", Path(folder) / "script.py"
        config.write_text(f'database = "w.db"\n[[portals]]\nname = "koya"\nurl = "{url}"\n')
        script.write_text(SCRIPT)
        commands = {
            "requests + BeautifulSoup": [sys.executable, str(script), url, f"{folder}/plain.db"],
            "nalssi scrape": [nalssi, "scrape", "--config", str(config)],
        }
        for command in commands.values():
            cpu_seconds(command)  # creates the database
        samples: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                samples[name].append(cpu_seconds(command))
    base = statistics.median(samples["requests + BeautifulSoup"])
    print(f"a pass over one portal, seconds of the processor, median of {ROUNDS} rounds")
    for name, runs in samples.items():
        median = statistics.median(runs)
        print(f"{name:30} {median * 1e3:8.1f} ms {median / base:6.2f} x")
    print("nalssi scrape: at most 1 x")


if __name__ == "__main__":
    main()
    scrape()
