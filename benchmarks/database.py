"""
A large database, compared with raw ``sqlite3`` and with a naive table.

The project's own store records ten years of looks every ten minutes, at one portal and at ten that
share a feed. Then, in one run, the same questions are asked of

- nalssi;
- raw ``sqlite3`` on nalssi's own tables, doing the least possible for the same answer;
- a naive table: one row a city and look, the time as ISO text, an index on city and time.

Each number is a median; the goals are ratios.
"""

from __future__ import annotations

import argparse
import datetime as dt
import functools
import gc
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks import history
from benchmarks.bare import (
    latest_raw,
    naive_latest,
    naive_series,
    naive_stats,
    rebuild_raw,
    series_raw,
    stats_raw,
)
from benchmarks.filling import (
    MONTH_OF_LOOKS,
    bare_copy,
    make_database,
    months,
    naive_table,
    pages,
    raw,
    store_look,
)
from benchmarks.timing import compare, median, medians, print_line, timed_child
from db import query
from db.moments import epoch
from db.write import captures
from db.write.store import Store
from tests.support.stores import stop_syncing

NOW = history.END


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--years", type=int, default=10)
    options.add_argument("--portals", type=int, default=10)
    options.add_argument("--folder", type=Path, help="keep the databases here")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary)
        missed = Size(folder, years=chosen.years, portals=chosen.portals).run()
    sys.exit("\n".join(missed) if missed else 0)


class Size:
    """The databases, the measurements, and the missed goals."""

    def __init__(self, folder: Path, *, years: int, portals: int) -> None:
        self.folder, self.years, self.portals = folder, years, portals
        self.missed: list[str] = []

    def run(self) -> list[str]:
        """Measure everything; returns the goals that were missed."""
        year, one_year = self.folder / "year.db", self.folder / "one.db"
        make_database(year, years=1)
        self.bulk(one_year)
        self.append()
        self.questions(one_year, year)
        if self.portals > 1:
            self.several(self.folder / "several.db")
        self.export(one_year)
        self.size()
        return self.missed

    def goal(self, what: str, value: float, *, least: float = 0, most: float = 1e9) -> None:
        """Print a ratio and whether it reaches its goal."""
        met = least <= value <= most
        bound = f"at least {least:g}" if least else f"at most {most:g}"
        print(f"    {'met' if met else 'MISSED'}: {what} {value:.2f} ({bound})")
        if not met:
            self.missed.append(f"{what}: {value:.2f}, expected {bound}")

    # ---- writing

    def bulk(self, path: Path) -> None:
        """Store all captures, then the same rows by bare SQL: seconds of processor time."""
        took = 0.0
        path.unlink(missing_ok=True)
        with Store.open(path) as store:
            stop_syncing(store)
            store._conn.execute("PRAGMA cache_size = -65536")  # noqa: SLF001 - as in bare_copy
            store.portal(history.name(0), "https://portal-0.example/", 600)
            for batch in months(self.years):
                gc.collect()  # garbage of making the batch must not be counted here
                began = time.process_time()
                captures.keep(store, batch)
                took += time.process_time() - began
        bare = bare_copy(path, self.folder / "bare.db")
        with closing(sqlite3.connect(path)) as conn:
            looks, readings = (
                conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("captures", "readings")
            )
        print(f"bulk store of {looks:,} looks, {readings:,} readings")
        print_line("nalssi", took, bare)
        print_line("bare executemany of the same rows", bare, bare)
        self.goal("speed beside executemany", bare / took, least=0.5)
        with Store.open(path) as store:
            compare(
                "rebuild all spells", *medians(store.rebuild, lambda: rebuild_raw(path), rounds=3)
            )

    def append(self) -> None:
        """
        One more look, committed to the disk as by the daemon.

        The bare commit is in a file of its own: a connection of another journal would delete ours.
        Both are equally durable.
        """
        path, bare_path = self.folder / "append.db", self.folder / "append-bare.db"
        for old in (path, bare_path):
            old.unlink(missing_ok=True)
        with Store.open(path) as store:
            store.portal("koya", "https://koya.example/", 600)
            shutil.copy(path, bare_path)
            conn = sqlite3.connect(bare_path)
            conn.execute("PRAGMA synchronous = extra")
            conn.execute("CREATE TABLE bare AS SELECT * FROM fetches")  # no trigger counts its rows
            conn.execute("CREATE UNIQUE INDEX bare_key ON bare (portal_id, fetched_at)")
            took_s, raw = [], []
            for nth in range(300):
                at = NOW + dt.timedelta(minutes=20 * nth)
                began = time.perf_counter()
                store_look(store, at, nth // 6)
                took_s.append(time.perf_counter() - began)
                began = time.perf_counter()
                conn.execute(
                    "INSERT INTO bare (portal_id, fetched_at, outcome, milliseconds, sidebar_id)"
                    " VALUES (1, ?, 'read', 100, 1)",
                    (epoch(at) + 600,),
                )
                conn.commit()
                raw.append(time.perf_counter() - began)
            conn.close()
        took, bare = statistics.median(took_s), statistics.median(raw)
        compare("append a look (two commits: the page, then what it says)", took, bare)
        self.goal("append beside a bare INSERT and commit", took / bare, most=2.3)

    # ---- questions

    def questions(self, path: Path, year: Path) -> None:
        """Questions to one portal, on ten years and on one."""
        since = NOW - dt.timedelta(days=365)
        naive = naive_table(path, self.folder / "naive.db")
        with query.Database(path) as db, query.Database(year) as small, raw(path) as conn:
            nalssi, bare = medians(lambda: db.latest(now=NOW), lambda: latest_raw(conn), rounds=101)
            compare("latest", nalssi, bare, naive_latest(naive))
            self.goal("latest beside bare SQL", nalssi / bare, most=2)
            nalssi, bare = medians(
                lambda: db.latest(now=NOW), lambda: small.latest(now=NOW), rounds=101
            )
            self.goal("latest on all years beside one", nalssi / bare, most=1.3)

            nalssi, bare = medians(
                lambda: db.series("서울", since=since), lambda: series_raw(conn, since)
            )
            compare("a year of one station", nalssi, bare, naive_series(naive, since))
            self.goal("series beside plain SQL", nalssi / bare, most=1.5)

            for what, start in (("a year", since), (f"{self.years} years", None)):
                nalssi, bare = medians(
                    functools.partial(db.stats, "서울", since=start),
                    functools.partial(stats_raw, conn, start),
                )
                compare(f"daily stats of {what}", nalssi, bare, naive_stats(naive, start))
                self.goal(f"daily stats of {what} beside plain SQL", nalssi / bare, most=1.5)
            took = median(lambda: db.hours("서울", since=since, now=NOW))
            print("hours of a year of one station")
            print_line("nalssi (no plain SQL gives the means)", took, took)
            self.goal("hours of a year, ms", 1000 * took, most=60)
            took = median(lambda: db.latest_best(now=NOW), rounds=51)
            nalssi = median(lambda: db.latest(now=NOW), rounds=51)
            compare("latest_best", took, nalssi)
            self.goal("freezes of all years, ms", 1000 * median(db.freezes), most=5)
        naive.close()

    def several(self, path: Path) -> None:
        """Questions to several portals that share a feed."""
        began = time.perf_counter()
        make_database(path, years=self.years, portals=self.portals)
        print(f"{self.portals} portals: made in {time.perf_counter() - began:.0f} s")
        since = NOW - dt.timedelta(days=365)
        with query.Database(path) as db, raw(path) as conn:
            nalssi, bare = medians(lambda: db.latest(now=NOW), lambda: latest_raw(conn), rounds=51)
            compare("latest of all", nalssi, bare)
            took = median(lambda: db.hours("서울", since=since, now=NOW), rounds=5)
            print("hours of a year of one station at all, and who agrees")
            print_line("nalssi", took, took)
            self.goal("latest of all beside bare SQL", nalssi / bare, most=2)
            nalssi, bare = medians(
                lambda: db.series("서울", since=since), lambda: series_raw(conn, since), rounds=5
            )
            compare("a year of one station at all", nalssi, bare)
            self.goal("series at all beside plain SQL", nalssi / bare, most=1.5)
            nalssi, bare = medians(
                lambda: db.stats("서울", since=since, portal=history.name(0)),
                lambda: stats_raw(conn, since),
            )
            compare("daily stats of a year at one of them", nalssi, bare)
            self.goal("daily stats at one beside plain SQL", nalssi / bare, most=1.5)
            took = median(lambda: db.stats("서울", since=since), rounds=5)
            print("daily stats of a year, of the portal that changed last, and who agrees")
            print_line("nalssi (no plain SQL gives that)", took, took)

    def export(self, path: Path) -> None:
        """All readings as CSV, compared with SQLite's shell on the same view."""
        if not (shell := shutil.which("sqlite3")):
            print("export: no sqlite3 shell on this machine to compare with")
            return
        target = self.folder / "weather.csv"
        command = [sys.executable, "-m", "scraper", "export", "--db", str(path), "-o", str(target)]
        nalssi, peak = timed_child(command)
        target.unlink()
        with target.open("wb") as out:
            shell_s, _ = timed_child(
                [shell, "-csv", "-header", str(path), "SELECT * FROM weather"], out
            )
        compare("export as CSV", nalssi, shell_s)
        self.goal("export speed beside the shell", shell_s / nalssi, least=0.5)
        self.goal("export resident MB", peak / 1e6, most=100)
        took, peak = timed_child([*command, "--what", "hours"])
        with query.Database(path) as db:
            rows = len(db.hours("서울")) * len(db.stations())
        print(f"export of {rows:,} hours in {took:.1f} s")
        self.goal("hours exported a second", rows / took, least=200_000)
        self.goal("export of hours resident MB", peak / 1e6, most=100)

    def size(self) -> None:
        """Bytes a look: a month stored as by the daemon, compared with the naive table."""
        path = self.folder / "month.db"
        path.unlink(missing_ok=True)
        with Store.open(path) as store:
            store.portal("koya", "https://koya.example/", 600)
            with closing(sqlite3.connect(path)) as conn:
                before = pages(conn)
            stop_syncing(store)
            for nth in range(MONTH_OF_LOOKS):
                store_look(store, NOW + dt.timedelta(minutes=10 * nth), nth // 6)
        with closing(sqlite3.connect(path)) as conn:
            bytes_a_look = (pages(conn) - before) / MONTH_OF_LOOKS
            (readings,) = conn.execute("SELECT count(*) FROM readings").fetchone()
            per_reading = (pages(conn) - before) / readings
        with closing(naive_table(path, self.folder / "naive-month.db", "fetches")) as conn:
            naive = pages(conn) / MONTH_OF_LOOKS
        print(
            f"size: {bytes_a_look:.0f} bytes a look, {per_reading:.0f} a reading; naive {naive:.0f}"
        )
        self.goal("times smaller a look than the naive table", naive / bytes_a_look, least=7.7)


if __name__ == "__main__":
    main()
