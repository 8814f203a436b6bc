"""The databases that ``benchmarks.database`` measures: ours, its bare copy and a naive table."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from benchmarks import history
from db.moments import KST
from db.reading import KeptPage, Look
from db.write.store import Store
from tests.support.stores import stop_syncing

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from pathlib import Path

    from db.write.captures import Capture

MONTH_OF_LOOKS = 30 * 24 * 6


def months(years: int) -> Iterable[list[Capture]]:
    """The looks of one portal, a month at a time."""
    batch: list[Capture] = []
    for day in history.batches(hours=years * history.HOURS_A_YEAR, portals=1):
        batch += day
        if len(batch) >= MONTH_OF_LOOKS:
            yield batch
            batch = []
    yield batch


def make_database(path: Path, *, years: int, portals: int = 1) -> None:
    """Make a database of such a history, unless an earlier run left it."""
    if not path.exists():
        with Store.open(path) as store:
            stop_syncing(store)
            history.write(store, hours=years * history.HOURS_A_YEAR, portals=portals)


def store_look(store: Store, at: dt.datetime, hour: int) -> None:
    """Store a look as the daemon does: its page first, then its content."""
    look = Look(portal="koya", fetched_at=at, milliseconds=100, status=200, wire_bytes=66_000)
    page = store.keep_page(look, KeptPage(look_id=0, portal="koya", body=PAGE, encoding="utf-8"))
    content = history.content(hour)
    store.keep_content(page, content, page_date=at.astimezone(KST).date())


PAGE = os.urandom(5_000) + bytes(60_000)
"""A body that compresses about as well as a page."""


def bare_copy(path: Path, copy: Path) -> float:
    """The seconds of bare SQL for the same rows in the same tables."""
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
    """A table with one row a city and look, as a script in cron would write it."""
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
