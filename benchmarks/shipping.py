"""
`nalssi ship` compared with COPY of the same rows: `python -m benchmarks.shipping`.

Half a year of three portals is shipped into a temporary Postgres and into DuckDB, in turn with an
export to CSV and its COPY into tables of the same columns. The ratios are of rows a second, to COPY
alone and to export and COPY. The seconds of the processor are ours, not those of the server.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import history
from db import ship
from db.export.export import Export
from db.export.months import Monthly
from db.export.tables import BY_MONTH
from db.ship.targets import SCHEMA, Target
from db.write.store import Store
from tests.support import postgres

HOURS = history.HOURS_A_YEAR // 2
PORTALS = 3
ROUNDS = 5


class Took(NamedTuple):
    """The seconds of a step: by the clock, and of our processor."""

    wall: float
    cpu: float


def timed(began: Took) -> Took:
    """The seconds since then."""
    return Took(time.perf_counter() - began.wall, time.process_time() - began.cpu)


def now() -> Took:
    return Took(time.perf_counter(), time.process_time())


def run(uri: str, *statements: str) -> None:
    target = Target(uri)
    with target.transaction():
        for statement in statements:
            target.run(statement)
    target.close()


def shipped(path: Path, uri: str) -> tuple[int, Took]:
    """A fresh load: its rows."""
    run(uri, f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    began = now()
    with Monthly(path) as source:
        rows = ship.ship(source, uri).rows
    return rows, timed(began)


def exported(path: Path, folder: Path) -> tuple[int, Took]:
    """The same rows as files of CSV."""
    began, rows = now(), 0
    for what in BY_MONTH:
        with Monthly(path) as source:
            rows += Export(source=source, what=what).to_file(folder / f"{what}.csv", "csv")
    return rows, timed(began)


def copied(uri: str, folder: Path) -> Took:
    """COPY of these files, table by table."""
    for what in BY_MONTH:
        run(
            uri,
            f"DROP TABLE IF EXISTS {what}",
            f"CREATE TABLE {what} AS SELECT * FROM {SCHEMA}.{what} LIMIT 0",
            f"ALTER TABLE {what} DROP month",
        )
    began = now()
    for what in BY_MONTH:
        copy(uri, what, folder / f"{what}.csv")
    return timed(began)


def copy(uri: str, table: str, file: Path) -> None:
    if uri.startswith("duckdb:"):
        run(uri, f"COPY {table} FROM '{file}' (FORMAT csv, HEADER)")
        return
    psql = [postgres.program("psql"), "-q", uri, "-c"]
    with file.open("rb") as stream:
        command = f"COPY {table} FROM stdin (FORMAT csv, HEADER)"
        subprocess.run([*psql, command], stdin=stream, check=True)


def measure(name: str, uri: str, path: Path, folder: Path) -> None:
    """Ship, export and copy in turn, and print the medians."""
    found = []
    for _ in range(ROUNDS):
        rows, ship_took = shipped(path, uri)
        plain, export_took = exported(path, folder)
        copy_took = copied(uri, folder)
        speed = rows / ship_took.wall
        alone, both = (wall / plain for wall in (copy_took.wall, export_took.wall + copy_took.wall))
        found.append((speed, rows / ship_took.cpu, speed * alone, speed * both))
    medians = map(statistics.median, zip(*found, strict=True))
    print(
        "{}: {:,.0f} rows/s, {:,.0f} a second of the processor; {:.2f} of the speed of COPY, "
        "{:.2f} of export and COPY".format(name, *medians)
    )


def main() -> None:
    """Measure, and print the results."""
    with tempfile.TemporaryDirectory() as place, postgres.running() as uri:
        folder = Path(place)
        with Store.open(folder / "weather.db") as store:
            history.write(store, hours=HOURS, portals=PORTALS)
        for name, where in (("Postgres", uri), ("DuckDB", f"duckdb:{folder / 'target.duckdb'}")):
            measure(name, where, folder / "weather.db", folder)


if __name__ == "__main__":
    main()
