"""SQLite's plan for each question: on a large database no table is scanned in full."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from benchmarks import history
from db import query
from db.export.slices import Selection, Source
from db.moments import epoch
from db.write.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAYS = 60
SINCE, UNTIL = history.END - dt.timedelta(days=2), history.END - dt.timedelta(days=1)
LARGE = ("fetches", "captures", "readings", "spells", "sidebars")
PORTAL = history.name(0)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months of captures and looks with hourly values, with the statistics of ANALYZE."""
    path = tmp_path_factory.mktemp("plans") / "weather.db"
    with Store.open(path) as store:
        store._conn.execute("PRAGMA synchronous = off")
        history.write(store, hours=24 * DAYS, portals=2)
        end = epoch(history.END)
        with store.transaction() as conn:
            conn.executemany(
                "INSERT INTO fetches (portal_id, fetched_at, outcome, milliseconds) "
                "VALUES (?, ?, 'fetch_failed', 9)",
                [(nth % 2 + 1, end - 300 * nth) for nth in range(12 * 24 * DAYS)],
            )
        store._conn.execute("ANALYZE")
    return path


QUESTIONS: dict[str, Callable[[query.Database], object]] = {
    "latest": lambda db: db.latest(now=history.END),
    "series": lambda db: db.series("서울", since=SINCE, until=UNTIL),
    "series of one portal": lambda db: db.series("서울", since=SINCE, portal=PORTAL),
    "stats": lambda db: db.stats("서울", since=SINCE, until=UNTIL),
    "stats of all": lambda db: db.stats("서울", since=SINCE, until=UNTIL, everything=True),
    "compare": lambda db: db.compare("서울", "부산", since=SINCE, until=UNTIL),
    "at": lambda db: db.at("서울", SINCE),
    "the last looks": lambda db: db.looks(last=10),
    "the last looks of a time": lambda db: db.looks(since=SINCE, until=UNTIL, last=10),
    "status": lambda db: db.status(now=history.END),
    "gaps": lambda db: db.gaps(since=SINCE, now=history.END),
    "gaps of a time": lambda db: db.gaps(since=SINCE, until=UNTIL, now=history.END),
    "memory": lambda db: db.memory(PORTAL),
    "open notices": lambda db: db.open_notices(),
    "counts": lambda db: db.counts(),
    "stations": lambda db: db.stations(),
}


def walks(db: query.Database, ask: Callable[[query.Database], object]) -> list[str]:
    """The steps of all statements of a question that scan a large table, under any alias."""
    statements: list[str] = []
    db._conn.set_trace_callback(statements.append)
    ask(db)
    db._conn.set_trace_callback(None)
    assert statements
    return [step for sql in statements if "SELECT" in sql for step in walked(db, sql)]


def walked(db: query.Database, sql: str) -> list[str]:
    plan = [row[3] for row in db._conn.execute(f"EXPLAIN QUERY PLAN {sql}")]
    names = {alias for table in LARGE for alias in aliases(sql, table)}
    steps = [step for step in plan if step.startswith("SCAN") and step.split()[1] in names]
    if "LIMIT" in sql and not any("TEMP B-TREE" in step for step in plan):
        # LIMIT ends the scan of an index early.
        return [step for step in steps if "USING INDEX" not in step]
    return steps


def aliases(sql: str, table: str) -> set[str]:
    """The table and its aliases in a statement."""
    words = sql.replace(",", " ").replace(")", " ").split()
    named = {
        words[n + 2] for n, word in enumerate(words[:-2]) if word == table and words[n + 1] == "AS"
    }
    return named | {table}


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_walks_through_a_large_table(path, question):
    with query.Database(path) as db:
        assert walks(db, QUESTIONS[question]) == []


DAY = "BETWEEN '2025-12-30' AND '2025-12-31'"
VIEWS = {
    "weather": f"SELECT * FROM weather WHERE station = '서울' AND seen_from {DAY}",
    "weather of a portal": f"SELECT * FROM weather WHERE portal = '{PORTAL}' AND seen_from {DAY}",
    "latest": "SELECT * FROM latest WHERE station = '서울'",
    "looks": f"SELECT * FROM looks WHERE fetched_at {DAY}",
}


@pytest.mark.parametrize("view", VIEWS)
def test_a_range_of_a_view_is_found_by_its_index(path, view):
    with query.Database(path) as db:
        assert walked(db, VIEWS[view]) == []
        assert db._conn.execute(VIEWS[view]).fetchall()


@pytest.mark.parametrize("what", ["weather", "looks", "flags"])
def test_a_range_of_an_export_is_found_by_its_index(path, what):
    part = Selection(since=SINCE, until=UNTIL)
    with Source(path) as source:
        assert walks(source, lambda _: list(source.slices(what, part))) == []
        assert list(source.slices(what, part))
