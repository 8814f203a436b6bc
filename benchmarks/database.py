"""
The database at size, beside raw ``sqlite3`` and beside what one would otherwise have.

A history of ten years, looked at every ten minutes, of one portal and of ten that share a feed, is
kept through the project's own store. Then, in one run, the same questions are asked of

- nalssi;
- raw ``sqlite3`` on nalssi's own tables, doing the least possible for the same answer;
- a naive table: one row a city and look, the time as ISO text, an index on city and time.

Each number is a median; what counts are the ratios.
"""

from __future__ import annotations

import argparse
import datetime as dt
import functools
import gc
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import IO, TYPE_CHECKING

from benchmarks import history
from db import query
from db.moments import KST, epoch
from db.reading import KeptPage, Look
from db.validity import HOLD_S
from db.write import captures
from db.write.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MONTH_OF_LOOKS = 30 * 24 * 6
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
    """The databases, what was measured on them, and which goals were missed."""

    def __init__(self, folder: Path, *, years: int, portals: int) -> None:
        self.folder, self.years, self.portals = folder, years, portals
        self.missed: list[str] = []

    def run(self) -> list[str]:
        """Measure everything; returns the goals that were missed."""
        year, one = self.folder / "year.db", self.folder / "one.db"
        made(year, years=1)
        self.bulk(one)
        self.append()
        self.questions(one, year)
        if self.portals > 1:
            self.several(self.folder / "several.db")
        self.export(one)
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
        """Keep all captures, then the same rows by bare SQL: seconds of the processor alone."""
        took = 0.0
        path.unlink(missing_ok=True)
        with Store.open(path) as store:
            for pragma in ("synchronous = off", "cache_size = -65536"):
                store._conn.execute(f"PRAGMA {pragma}")  # noqa: SLF001 - bare has both, too
            store.portal(history.name(0), "https://portal-0.example/", 600)
            for batch in months(self.years):
                gc.collect()  # what making the batch left behind is not to be counted here
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
        say("nalssi", took, bare)
        say("bare executemany of the same rows", bare, bare)
        self.goal("speed beside executemany", bare / took, least=0.5)
        with Store.open(path) as store:
            compare(
                "rebuild all spells", *medians(store.rebuild, lambda: rebuild_raw(path), rounds=3)
            )

    def append(self) -> None:
        """One more look, committed to the disk, as the daemon keeps it."""
        path = self.folder / "append.db"
        path.unlink(missing_ok=True)
        with Store.open(path) as store:
            store.portal("koya", "https://koya.example/", 600)
            conn = sqlite3.connect(path)
            conn.execute("PRAGMA synchronous = extra")
            conn.execute("CREATE TABLE bare AS SELECT * FROM fetches")  # no trigger counts there
            conn.execute("CREATE UNIQUE INDEX bare_key ON bare (portal_id, fetched_at)")
            ours, raw = [], []
            for nth in range(300):
                at = NOW + dt.timedelta(minutes=20 * nth)
                began = time.perf_counter()
                look_at(store, at, nth // 6)
                ours.append(time.perf_counter() - began)
                began = time.perf_counter()
                conn.execute(
                    "INSERT INTO bare (portal_id, fetched_at, outcome, milliseconds, sidebar_id)"
                    " VALUES (1, ?, 'read', 100, 1)",
                    (epoch(at) + 600,),
                )
                conn.commit()
                raw.append(time.perf_counter() - began)
            conn.close()
        took, bare = statistics.median(ours), statistics.median(raw)
        compare("append a look (two commits: the page, then what it says)", took, bare)
        self.goal("append beside a bare INSERT and commit", took / bare, most=2.3)

    # ---- asking

    def questions(self, path: Path, year: Path) -> None:
        """The questions of one portal, on ten years and on one."""
        since = NOW - dt.timedelta(days=365)
        naive = naive_table(path, self.folder / "naive.db")
        with query.Database(path) as db, query.Database(year) as small, raw(path) as conn:
            ours, bare = medians(lambda: db.latest(now=NOW), lambda: latest_raw(conn), rounds=101)
            compare("latest", ours, bare, naive_latest(naive))
            self.goal("latest beside bare SQL", ours / bare, most=2)
            ours, bare = medians(
                lambda: db.latest(now=NOW), lambda: small.latest(now=NOW), rounds=101
            )
            self.goal("latest on all years beside one", ours / bare, most=1.3)

            ours, bare = medians(
                lambda: db.series("서울", since=since), lambda: series_raw(conn, since)
            )
            compare("a year of one station", ours, bare, naive_series(naive, since))
            self.goal("series beside plain SQL", ours / bare, most=1.5)

            for what, start in (("a year", since), (f"{self.years} years", None)):
                ours, bare = medians(
                    functools.partial(db.stats, "서울", since=start),
                    functools.partial(stats_raw, conn, start),
                )
                compare(f"daily stats of {what}", ours, bare, naive_stats(naive, start))
                self.goal(f"daily stats of {what} beside plain SQL", ours / bare, most=1.5)
            took = median(lambda: db.hours("서울", since=since, now=NOW))
            print("hours of a year of one station")
            say("nalssi (no plain SQL gives the means)", took, took)
            self.goal("hours of a year, ms", 1000 * took, most=60)
            took = median(lambda: db.latest_best(now=NOW), rounds=51)
            ours = median(lambda: db.latest(now=NOW), rounds=51)
            compare("latest_best", took, ours)
            self.goal("freezes of all years, ms", 1000 * median(db.freezes), most=5)
        naive.close()

    def several(self, path: Path) -> None:
        """The same of several portals that share a feed."""
        began = time.perf_counter()
        made(path, years=self.years, portals=self.portals)
        print(f"{self.portals} portals: made in {time.perf_counter() - began:.0f} s")
        since = NOW - dt.timedelta(days=365)
        with query.Database(path) as db, raw(path) as conn:
            ours, bare = medians(lambda: db.latest(now=NOW), lambda: latest_raw(conn), rounds=51)
            compare("latest of all", ours, bare)
            took = median(lambda: db.hours("서울", since=since, now=NOW), rounds=5)
            print("hours of a year of one station at all, and who agrees")
            say("nalssi", took, took)
            self.goal("latest of all beside bare SQL", ours / bare, most=2)
            ours, bare = medians(
                lambda: db.series("서울", since=since), lambda: series_raw(conn, since), rounds=5
            )
            compare("a year of one station at all", ours, bare)
            self.goal("series at all beside plain SQL", ours / bare, most=1.5)
            ours, bare = medians(
                lambda: db.stats("서울", since=since, portal=history.name(0)),
                lambda: stats_raw(conn, since),
            )
            compare("daily stats of a year at one of them", ours, bare)
            self.goal("daily stats at one beside plain SQL", ours / bare, most=1.5)
            took = median(lambda: db.stats("서울", since=since), rounds=5)
            print("daily stats of a year, of the portal that changed last, and who agrees")
            say("nalssi (no plain SQL gives that)", took, took)

    def export(self, path: Path) -> None:
        """All readings as CSV, beside the shell of SQLite over the same view."""
        if not (shell := shutil.which("sqlite3")):
            print("export: no sqlite3 shell on this machine to compare with")
            return
        target = self.folder / "weather.csv"
        command = [sys.executable, "-m", "scraper", "export", "--db", str(path), "-o", str(target)]
        ours, peak = timed_child(command)
        target.unlink()
        with target.open("wb") as out:
            theirs, _ = timed_child(
                [shell, "-csv", "-header", str(path), "SELECT * FROM weather"], out
            )
        compare("export as CSV", ours, theirs)
        self.goal("export speed beside the shell", theirs / ours, least=0.5)
        self.goal("export resident MB", peak / 1e6, most=100)
        took, peak = timed_child([*command, "--what", "hours"])
        with query.Database(path) as db:
            rows = len(db.hours("서울")) * len(db.stations())
        print(f"export of {rows:,} hours in {took:.1f} s")
        self.goal("hours exported a second", rows / took, least=200_000)
        self.goal("export of hours resident MB", peak / 1e6, most=100)

    def size(self) -> None:
        """Bytes of a look: a month as the daemon keeps it, beside the naive table."""
        path = self.folder / "month.db"
        path.unlink(missing_ok=True)
        with Store.open(path) as store:
            store.portal("koya", "https://koya.example/", 600)
            with closing(sqlite3.connect(path)) as conn:
                before = pages(conn)
            store._conn.execute("PRAGMA synchronous = off")  # noqa: SLF001 - the size is the same
            for nth in range(MONTH_OF_LOOKS):
                look_at(store, NOW + dt.timedelta(minutes=10 * nth), nth // 6)
        with closing(sqlite3.connect(path)) as conn:
            ours = (pages(conn) - before) / MONTH_OF_LOOKS
            (readings,) = conn.execute("SELECT count(*) FROM readings").fetchone()
            per_reading = (pages(conn) - before) / readings
        with closing(naive_table(path, self.folder / "naive-month.db", "fetches")) as conn:
            naive = pages(conn) / MONTH_OF_LOOKS
        print(f"size: {ours:.0f} bytes a look, {per_reading:.0f} a reading; naive {naive:.0f}")
        # 7.80; 8.18 with numbers and skies taken out of a fragment before it was deflated, which
        # saved 66 bytes a sidebar and was a format of its own.
        self.goal("times smaller a look than the naive table", naive / ours, least=7.7)


# ---- databases


def months(years: int) -> Iterable[list[captures.Capture]]:
    """The looks of one portal, a month at a time."""
    batch: list[captures.Capture] = []
    for day in history.batches(hours=years * history.HOURS_A_YEAR, portals=1):
        batch += day
        if len(batch) >= MONTH_OF_LOOKS:
            yield batch
            batch = []
    yield batch


def made(path: Path, *, years: int, portals: int = 1) -> None:
    """A database of such a history, unless it is there from an earlier run."""
    if not path.exists():
        with Store.open(path) as store:
            store._conn.execute("PRAGMA synchronous = off")  # noqa: SLF001 - it is not measured
            history.write(store, hours=years * history.HOURS_A_YEAR, portals=portals)


def look_at(store: Store, at: dt.datetime, hour: int) -> None:
    """Keep a look as the daemon does: its page first, then what it says."""
    look = Look(portal="koya", fetched_at=at, milliseconds=100, status=200, wire_bytes=66_000)
    page = store.keep_page(look, KeptPage(look_id=0, portal="koya", body=PAGE, encoding="utf-8"))
    said = history.content(hour)
    store.keep_content(page, said, page_date=at.astimezone(KST).date())


PAGE = os.urandom(5_000) + bytes(60_000)
"""It compresses to about what a page does."""


def bare_copy(path: Path, copy: Path) -> float:
    """How long bare SQL takes for the same rows in the same tables."""
    copy.unlink(missing_ok=True)
    tables = ("portals", "stations", "conditions", "sidebars", "readings", "captures", "spells")
    with closing(sqlite3.connect(path)) as conn:
        ddl = [
            sql
            for name, sql in conn.execute(
                "SELECT tbl_name, sql FROM sqlite_schema WHERE sql <> '' AND type <> 'trigger'"
            )
            if name in {*tables, "fetches"}
        ]
        rows = {table: conn.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    with closing(sqlite3.connect(copy)) as conn:
        conn.execute("PRAGMA synchronous = off")
        conn.execute("PRAGMA cache_size = -65536")
        conn.execute("PRAGMA foreign_keys = ON")
        for statement in ddl:
            conn.execute(statement)
        conn.commit()
        began = time.process_time()
        for table, of_table in rows.items():
            marks = ", ".join("?" * len(of_table[0]))
            conn.executemany(f"INSERT INTO {table} VALUES ({marks})", of_table)
        conn.commit()
        return time.process_time() - began


def naive_table(path: Path, copy: Path, looks: str = "captures") -> sqlite3.Connection:
    """One row a city and look, as a script in cron writes them."""
    copy.unlink(missing_ok=True)
    conn = sqlite3.connect(copy)
    conn.execute("CREATE TABLE weather (time TEXT, city TEXT, sky TEXT, temperature REAL)")
    conn.execute("ATTACH ? AS ours", (str(path),))
    at = "captured_at" if looks == "captures" else "fetched_at"
    conn.execute(f"""
        INSERT INTO weather
        SELECT strftime('%Y-%m-%dT%H:%M:%S+09:00', {at}, 'unixepoch', '+9 hours'),
            name_ko, label, temperature / 10.0
        FROM ours.{looks} JOIN ours.readings USING (sidebar_id)
        JOIN ours.stations AS s ON s.id = station_id
        JOIN ours.conditions AS c ON c.id = condition_id ORDER BY {at}""")
    conn.execute("CREATE INDEX weather_by_city ON weather (city, time)")
    conn.commit()
    conn.execute("DETACH ours")
    return conn


def pages(conn: sqlite3.Connection) -> int:
    """Bytes in use."""
    count, free, size = (
        conn.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((count - free) * size)


def raw(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True))


# ---- the least that gives the same answer


def rebuild_raw(path: Path) -> None:
    """Spells alone, without what is known of the sets that they show."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TEMP TABLE bare (p, f, u, a, s, PRIMARY KEY (p, f)) WITHOUT ROWID")
        conn.execute("""
            INSERT INTO bare
            SELECT portal_id, seen_from, seen_until,
                lag(seen_until) OVER (PARTITION BY portal_id ORDER BY seen_from), sidebar_id
            FROM (SELECT portal_id, min(at) AS seen_from, max(at) AS seen_until, sidebar_id
                FROM (SELECT *, sum(new) OVER (PARTITION BY portal_id ORDER BY at) AS nth
                    FROM (SELECT portal_id, captured_at AS at, sidebar_id, sidebar_id IS NOT
                            lag(sidebar_id) OVER (PARTITION BY portal_id ORDER BY captured_at)
                            AS new FROM captures))
                GROUP BY portal_id, nth)""")
        conn.commit()


def latest_raw(conn: sqlite3.Connection) -> list[tuple[object, ...]]:
    return conn.execute(
        """
        SELECT name_ko, name_en, kma_id, latitude, longitude,
            strftime('%Y-%m-%dT%H:%M:%S+09:00', sp.seen_from, 'unixepoch', '+9 hours'),
            strftime('%Y-%m-%dT%H:%M:%S+09:00', sp.seen_until, 'unixepoch', '+9 hours'),
            strftime('%Y-%m-%dT%H:%M:%S+09:00', sp.changed_after, 'unixepoch', '+9 hours'),
            strftime('%Y-%m-%dT%H:%M:%S+09:00', sp.published_by, 'unixepoch', '+9 hours'),
            strftime('%Y-%m-%dT%H:%M:%S+09:00', min(sp.published_by + 5400, sp.seen_until + 1200),
                'unixepoch', '+9 hours'),
            temperature / 10.0, condition, wmo_4677, label, p.name, k.page_date,
            CASE WHEN :now - sp.seen_until > 3 * p.interval_s THEN 'down'
                WHEN sp.seen_until - sp.standing_since >= 10800 THEN 'frozen'
                WHEN :now - sp.published_by >= 10800 THEN 'stale'
                WHEN sp.first_after >= sp.first_seen - 5400 AND sp.doubt IS NULL
                    AND :now - sp.published_by < 5400 THEN 'live'
                ELSE 'unconfirmed' END,
            'first shown ' || strftime('%Y-%m-%d %H:%M', sp.first_seen, 'unixepoch', '+9 hours'),
            hex(s.digest), (:now - sp.published_by) / 60
        FROM portals AS p
        CROSS JOIN spells AS sp ON sp.portal_id = p.id
            AND sp.seen_from = (SELECT max(seen_from) FROM spells WHERE portal_id = p.id)
        JOIN sidebars AS s ON s.id = sp.sidebar_id
        JOIN readings AS r USING (sidebar_id)
        JOIN stations AS st ON st.id = r.station_id
        JOIN conditions AS c ON c.id = r.condition_id
        LEFT JOIN captures AS k ON k.portal_id = p.id AND k.captured_at = sp.seen_until
        """,
        {"now": epoch(NOW)},
    ).fetchall()


def series_raw(conn: sqlite3.Connection, since: dt.datetime) -> list[tuple[object, ...]]:
    return conn.execute(
        """
        SELECT strftime('%Y-%m-%dT%H:%M:%S+09:00', seen_from, 'unixepoch', '+9 hours'),
            strftime('%Y-%m-%dT%H:%M:%S+09:00', seen_until, 'unixepoch', '+9 hours'),
            strftime('%Y-%m-%dT%H:%M:%S+09:00', changed_after, 'unixepoch', '+9 hours'),
            temperature / 10.0, condition, label, p.name,
            CASE WHEN seen_until - seen_from >= 10800 THEN 'frozen'
                WHEN seen_from - changed_after <= 5400 THEN 'live' ELSE 'unconfirmed' END
        FROM portals AS p
        JOIN spells AS sp ON sp.portal_id = p.id AND sp.seen_from >= :since
        JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
            AND r.station_id = (SELECT id FROM stations WHERE name_ko = '서울')
        JOIN conditions AS c ON c.id = r.condition_id ORDER BY seen_from
        """,
        {"since": epoch(since)},
    ).fetchall()


def stats_raw(conn: sqlite3.Connection, since: dt.datetime | None) -> list[tuple[object, ...]]:
    """Days with mean, extremes and when, count, coverage, longest gap, and the shares of skies."""
    return conn.execute(
        f"""
        WITH shown AS (
            SELECT seen_from, changed_after, lead(seen_from) OVER (ORDER BY seen_from) AS next,
                temperature, condition
            FROM spells AS sp
            JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
                AND r.station_id = (SELECT id FROM stations WHERE name_ko = '서울')
            JOIN conditions AS c ON c.id = r.condition_id
            WHERE sp.portal_id = 1 AND sp.seen_from >= :since
        ), live AS (
            SELECT seen_from AS since,
                min(seen_from + {HOLD_S}, coalesce(next, seen_from + {HOLD_S})) AS until,
                temperature, condition
            FROM shown WHERE seen_from - changed_after <= {HOLD_S}
        ), parts AS (
            SELECT (since + 32400) / 86400 AS day, since,
                min(until, (since + 32400) / 86400 * 86400 + 54000) AS until,
                temperature, condition, 1 AS first FROM live
            UNION ALL
            SELECT (until + 32400) / 86400, (until + 32400) / 86400 * 86400 - 32400, until,
                temperature, condition, 0 FROM live
            WHERE (until + 32400) / 86400 > (since + 32400) / 86400
                AND (until + 32400) % 86400 > 0
        ), gaps AS (
            SELECT *, since - coalesce(lag(until) OVER (PARTITION BY day ORDER BY since),
                day * 86400 - 32400) AS gap FROM parts
        ), skies AS (
            SELECT day, json_group_object(condition, seconds) AS shares FROM (
                SELECT day, condition, sum(until - since) AS seconds
                FROM parts GROUP BY day, condition) GROUP BY day
        ), highest AS (
            SELECT day, max(temperature) AS maximum, since AS maximum_at FROM parts GROUP BY day
        ), sums AS (
            SELECT day, sum(temperature * (until - since)) / 10.0 / sum(until - since) AS mean,
                min(temperature) AS minimum, since AS minimum_at, sum(first) AS readings,
                sum(until - since) / 86400.0 AS coverage,
                max(max(gap), day * 86400 + 54000 - max(until)) AS longest_gap
            FROM gaps WHERE temperature IS NOT NULL GROUP BY day
        )
        SELECT * FROM sums JOIN highest USING (day) JOIN skies USING (day) ORDER BY day
        """,
        {"since": epoch(since) if since else 0},
    ).fetchall()


# ---- the same of the naive table, without a notion of what was live


def naive_latest(conn: sqlite3.Connection) -> float:
    sql = "SELECT city, max(time), sky, temperature FROM weather GROUP BY city"
    return median(lambda: conn.execute(sql).fetchall(), rounds=3)


def naive_series(conn: sqlite3.Connection, since: dt.datetime) -> float:
    sql = "SELECT * FROM weather WHERE city = '서울' AND time >= ? ORDER BY time"
    start = since.astimezone(KST).isoformat()
    return median(lambda: conn.execute(sql, (start,)).fetchall(), rounds=3)


def naive_stats(conn: sqlite3.Connection, since: dt.datetime | None) -> float:
    sql = """SELECT substr(time, 1, 10), avg(temperature), min(temperature), max(temperature),
        count(*) FROM weather WHERE city = '서울' AND time >= ? GROUP BY 1"""
    start = since.astimezone(KST).isoformat() if since else ""
    return median(lambda: conn.execute(sql, (start,)).fetchall(), rounds=3)


# ---- measuring


def median(ask: Callable[[], object], *, rounds: int = 11) -> float:
    """Seconds."""
    return medians(ask, rounds=rounds)[0]


def medians(*asks: Callable[[], object], rounds: int = 11) -> list[float]:
    """Seconds of each, measured in turn, so that what else happens here happens to all."""
    took: list[list[float]] = [[] for _ in asks]
    for _ in range(rounds):
        for ask, times in zip(asks, took, strict=True):
            began = time.perf_counter()
            ask()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in took]


_WATCH = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], check=True)
took = time.perf_counter() - began
print(took, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""
"""A small process in between: a child's peak counts from that of the process it was born of."""


def timed_child(command: list[str], out: int | IO[bytes] = subprocess.DEVNULL) -> tuple[float, int]:
    """Seconds of a process, and its bytes resident at most."""
    watch = [sys.executable, "-c", _WATCH, *command]
    run = subprocess.run(watch, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        sys.exit(run.stderr)
    took, kibibytes = run.stderr.splitlines()[-1].split()
    return float(took), 1024 * int(kibibytes)


def compare(what: str, ours: float, raw: float, naive: float | None = None) -> None:
    print(what)
    say("nalssi", ours, raw)
    say("raw sqlite3", raw, raw)
    if naive is not None:
        say("naive table", naive, raw)


def say(who: str, took: float, unit: float) -> None:
    print(f"    {who:44s}{1000 * took:10.1f} ms {took / unit:7.2f} x")


if __name__ == "__main__":
    main()
