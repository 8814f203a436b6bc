"""
Pruning: old looks that showed no change are dropped; values, spells and gaps stay as they were.

Each portal has a border, a successful look. These looks before it stay: those that bound a spell,
and those that prove, by a cache's Age or a printed date, that its box is older; those whose page
could not be read, since a better reader may, with the successes around them; those of a second that
an archive also has; the very first, and the first success. The gaps up to the border are stored
before any look is dropped; later gaps still follow from the looks.

All of it runs in short transactions, each of which leaves the file consistent; a new run continues
where the last one ended.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.errors import DatabaseError
from db.file import connection
from db.moments import epoch
from db.read.ask import Ask
from db.read.gaps import gaps_of_looks
from db.read.rows import dicts
from db.truth import dates

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

_LOOKS_AT_ONCE: Final = 2000

_BORDERS: Final = """
    SELECT p.id, (SELECT f.fetched_at FROM fetches AS f
        WHERE f.portal_id = p.id AND f.sidebar_id IS NOT NULL AND f.fetched_at <= :before
        ORDER BY f.fetched_at DESC LIMIT 1) AS border
    FROM portals AS p WHERE border IS NOT NULL"""
"""The newest look at each portal that may become the first from which on all are there."""

_EARLIER: Final = """EXISTS (SELECT 1 FROM fetches AS g WHERE g.portal_id = f.portal_id
            AND g.fetched_at >= sp.seen_from AND g.fetched_at < f.fetched_at
            AND g.sidebar_id IS NOT NULL AND {})"""

_PROVES: Final = f"""f.sidebar_id IS NOT NULL AND (
            CASE WHEN f.fetched_at - f.age < sp.seen_from
                THEN NOT {_EARLIER.format("g.fetched_at - g.age <= f.fetched_at - f.age")}
                ELSE 0 END
            OR CASE WHEN {dates.ENDS.format(date="f.page_date")} < f.fetched_at
                THEN NOT {_EARLIER.format("g.page_date = f.page_date")} ELSE 0 END)"""
"""
Whether a look ``f`` proves, as the first of its spell ``sp``, that the box existed before.

Each proof stays, and not the earliest alone: a date may be found to stand still later. By CASE, as
AND would go through the spell even where the first is NULL.
"""

_DROPPED: Final = f"""
    f.portal_id = :portal AND f.fetched_at >= :since AND f.fetched_at < :border
    AND f.id NOT IN (SELECT look_id FROM pages) AND f.id <> (SELECT max(id) FROM fetches)
    AND f.fetched_at <> (SELECT min(fetched_at) FROM fetches WHERE portal_id = :portal)
    AND f.fetched_at IS NOT (SELECT min(fetched_at) FROM fetches
        WHERE portal_id = :portal AND sidebar_id IS NOT NULL)
    AND NOT coalesce((SELECT f.fetched_at IN (sp.seen_from, sp.seen_until) OR {_PROVES}
        FROM spells AS sp
        WHERE sp.portal_id = f.portal_id AND sp.seen_from <= f.fetched_at
        ORDER BY sp.seen_from DESC LIMIT 1), 0)
    AND NOT EXISTS (SELECT 1 FROM captures AS k WHERE k.portal_id = f.portal_id
        AND k.captured_at = f.fetched_at AND k.precision = 'second')
    AND (f.sidebar_id IS NULL OR NOT EXISTS (SELECT 1 FROM fetches AS u
        CROSS JOIN pages ON look_id = u.id WHERE u.portal_id = f.portal_id
        AND u.fetched_at > (SELECT max(fetched_at) FROM fetches
            WHERE portal_id = f.portal_id AND fetched_at < f.fetched_at
            AND sidebar_id IS NOT NULL)
        AND u.fetched_at < (SELECT min(fetched_at) FROM fetches
            WHERE portal_id = f.portal_id AND fetched_at > f.fetched_at
            AND sidebar_id IS NOT NULL)))"""
"""
The newest id stays, or another look would get it. So do the successes around a page that
may be read one day: what it shows then begins and ends between them.
"""

_COUNT: Final = f"""
    SELECT CASE f.outcome WHEN 'read' THEN 'unchanged' ELSE f.outcome END, count(*)
    FROM fetches AS f WHERE {_DROPPED} GROUP BY f.outcome"""

_DROP: Final = f"""
    DELETE FROM fetches WHERE id IN (
        SELECT f.id FROM fetches AS f WHERE {_DROPPED} ORDER BY f.fetched_at LIMIT :most)
    RETURNING fetched_at"""

_KEEP_GAP: Final = """
    INSERT INTO past_gaps
        (portal_id, since, until, failures, failure, unwatched, event, detail)
    VALUES (:portal_id, :since, :until, :failures, :failure, :unwatched, :event, :detail)"""

_KEEP_BORDER: Final = """
    INSERT INTO pruned (portal_id, until) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET until = max(until, excluded.until)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    The looks that pruning would drop.

    Attributes:
        looks: The number of all looks.
        drop: The number of looks to drop, by outcome as in ``PastLook``.
        borders: For each portal, by its row, the look before which it drops some.
    """

    looks: int
    drop: Mapping[str, int]
    borders: Mapping[int, int]


def plan(path: Path, before: dt.datetime) -> Plan:
    """
    The looks before a moment that would be dropped; changes no row.

    Raises:
        DatabaseError: The file is missing, not ours, damaged, or of another version.
    """
    with contextlib.closing(connection.open_to_ask(path)) as conn:
        ask = Ask(path, conn)
        borders: dict[int, int] = dict(ask(_BORDERS, {"before": epoch(before)}))
        drop: Counter[str] = Counter()
        for portal_id, border in borders.items():
            drop.update(dict(ask(_COUNT, {"portal": portal_id, "since": 0, "border": border})))
        ((looks,),) = ask("SELECT count(*) FROM fetches")
    return Plan(looks=looks, drop=dict(drop), borders=borders)


def carry_out(
    path: Path, planned: Plan, *, progress: Callable[[float], None] = lambda _done: None
) -> int:
    """
    Carry out a plan.

    Args:
        path: The database, to which other processes may write.
        planned: The result of ``plan``.
        progress: Called with the finished share, 0 to 1.

    Returns:
        The number of dropped looks.

    Raises:
        DatabaseError: It cannot be written.
    """
    total, dropped = sum(planned.drop.values()), 0
    with connection.deriving(path), contextlib.closing(connection.open_to_write(path)) as conn:
        with connection.transaction(conn):
            _keep_gaps(conn, planned.borders)
        for portal_id, border in planned.borders.items():
            for count in _drop(conn, portal_id, border):
                dropped += count
                progress(min(1.0, dropped / max(total, 1)))
    return dropped


def _keep_gaps(conn: sqlite3.Connection, borders: Mapping[int, int]) -> None:
    """Store the gaps before the borders, which can no longer be derived from the looks."""
    now = max(borders.values(), default=0)  # a gap that is still open begins at a border, or later
    gaps = dicts(conn, gaps_of_looks(), {"since": None, "now": now})
    past = [gap for gap in gaps if gap["since"] < borders.get(gap["portal_id"], 0)]
    keep_past(conn, borders, past)


def keep_past(
    conn: sqlite3.Connection, borders: Mapping[int, int], gaps: Iterable[Mapping[str, object]]
) -> None:
    """Store borders, by the row of each portal, and gaps before them."""
    conn.executemany(_KEEP_GAP, gaps)
    conn.executemany(_KEEP_BORDER, borders.items())


def _drop(conn: sqlite3.Connection, portal_id: int, border: int) -> Iterator[int]:
    """Drop looks of a portal in parts, with pauses of equal length between them."""
    since = 0
    while True:
        began = time.monotonic()
        asked = {"portal": portal_id, "since": since, "border": border, "most": _LOOKS_AT_ONCE}
        with connection.transaction(conn):
            gone = [at for (at,) in conn.execute(_DROP, asked).fetchall()]
        yield len(gone)
        if len(gone) < _LOOKS_AT_ONCE:
            return
        since = max(gone)
        time.sleep(time.monotonic() - began)  # lets a daemon write


def compact(path: Path) -> None:
    """
    Return the free space in the file to the disk; no other process can write meanwhile.

    Raises:
        DatabaseError: There is no room for the temporary copy, or it cannot be written.
    """
    with connection.naming(path), contextlib.closing(connection.open_to_write(path)) as conn:
        needed = 2 * path.stat().st_size  # a copy, and a journal of what it replaces
        free = shutil.disk_usage(path.absolute().parent).free
        if free < needed:
            raise DatabaseError(path, f"--vacuum needs {needed} bytes free, there are {free}")
        conn.execute("VACUUM")


def unused_bytes(path: Path) -> int:
    """The bytes of the file that are free for new rows."""
    with connection.reading(path), contextlib.closing(connection.open_to_read(path)) as conn:
        (pages,) = conn.execute("PRAGMA freelist_count").fetchone()
        (size,) = conn.execute("PRAGMA page_size").fetchone()
        return int(pages) * int(size)
