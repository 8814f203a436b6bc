"""
`nalssi ship` compared with a plain COPY of the same rows: `python -m benchmarks.shipping`.

Half a year of three portals is shipped into a temporary Postgres and into DuckDB; then an export to
CSV and COPY load the same rows into tables of the same columns. The ratio is of rows a second.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks import history
from db import ship
from db.export import Export
from db.export.months import Monthly
from db.ship.targets import SCHEMA, Target
from db.write.store import Store
from tests.support import postgres

HOURS = history.HOURS_A_YEAR // 2
PORTALS = 3


def shipped(path: Path, uri: str) -> tuple[int, float]:
    """The rows and the seconds of a fresh load."""
    began = time.perf_counter()
    with Monthly(path) as source:
        rows = ship.ship(source, uri).rows
    return rows, time.perf_counter() - began


def copied(path: Path, uri: str, folder: Path) -> tuple[int, float]:
    """The rows and the seconds of an export and a COPY of it, table by table."""
    target, rows = Target(uri), 0
    began = time.perf_counter()
    for what in ship.BY_MONTH:
        file = folder / f"{what}.csv"
        with Monthly(path) as source:
            rows += Export(source=source, what=what).to_file(file, "csv")
        with target.transaction():
            target.run(f"CREATE TABLE {what} (LIKE {SCHEMA}.{what})")
            target.run(f"ALTER TABLE {what} DROP month")
        with file.open("rb") as stream:
            copy = f"COPY {what} FROM stdin (FORMAT csv, HEADER)"
            psql = [postgres.program("psql"), "-q", uri, "-c", copy]
            subprocess.run(psql, stdin=stream, check=True)
    target.close()
    return rows, time.perf_counter() - began


def main() -> None:
    """Measure, and print the results."""
    with tempfile.TemporaryDirectory() as place, postgres.running() as uri:
        folder = Path(place)
        with Store.open(folder / "weather.db") as store:
            history.write(store, hours=HOURS, portals=PORTALS)
        for name, where in (("Postgres", uri), ("DuckDB", f"duckdb:{folder / 'target.duckdb'}")):
            rows, seconds = shipped(folder / "weather.db", where)
            print(f"ship to {name}: {rows} rows in {seconds:.1f} s, {rows / seconds:.0f} rows/s")
            if where == uri:
                plain, copying = copied(folder / "weather.db", uri, folder)
                print(f"export and COPY: {plain} rows in {copying:.1f} s")
                print(f"ratio: {(rows / seconds) / (plain / copying):.2f}")


if __name__ == "__main__":
    main()
