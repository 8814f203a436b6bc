"""
Merging: joins the facts of other collectors to ours, and updates the derived tables.

Facts are joined by portal (name and address), second and digest. The result does not depend on the
order of the databases, or on a second run. Each step is a commit that leaves the file consistent: a
new run continues where the last one ended, and a daemon can write in between. Facts about one
collector stay with it: its open notices, and the counts of looks that it pruned.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.errors import WrongQuestion
from db.file import connection
from db.merge import looks, meanings, past, portals
from db.merge.other import Other
from db.moments import moment
from db.read.rows import dicts
from db.write import captures
from db.write.captures import Capture

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from db.merge.portals import Pair
    from db.read.rows import Row
    from db.reading import Content
    from db.write.store import Store

_PAUSE_S: Final = 0.1
"""The longest wait of SQLite between two tries of another writer."""

_EVENTS: Final = """
    INSERT INTO events (at, kind, detail) SELECT :at, :kind, :detail WHERE NOT EXISTS (
        SELECT 1 FROM events WHERE at = :at AND kind = :kind AND detail IS :detail)"""

_ROBOTS: Final = """
    INSERT INTO robots (origin, fetched_at, text) VALUES (:origin, :fetched_at, :text)
    ON CONFLICT (origin) DO UPDATE SET fetched_at = excluded.fetched_at, text = excluded.text
    WHERE (excluded.fetched_at, excluded.text) > (fetched_at, text)"""

_ARCHIVES: Final = """
    INSERT INTO archives (name, bytes, modified) VALUES (:name, :bytes, :modified)
    ON CONFLICT DO NOTHING"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """
    The new facts from another database.

    Attributes:
        database: The other database.
        portals, looks, captures, contents: The number of each that was not in ours.
        contradictions: Facts that cannot both be true, a line each.
    """

    database: Path
    portals: int
    looks: int
    captures: int
    contents: int
    contradictions: tuple[str, ...]


def opened(paths: Iterable[Path], ours: Path) -> list[Other]:
    """
    Open the databases to merge.

    Raises:
        DatabaseError: One is missing, not ours, damaged or of another version.
        WrongQuestion: One is the database itself.
    """
    others = [Other(path) for path in paths]
    for other in others:
        if ours.exists() and other.path.samefile(ours):
            raise WrongQuestion("database", other.path, expected="another one than --db")
    return others


def merge(
    store: Store, other: Other, *, progress: Callable[[float], None] = lambda _done: None
) -> Merged:
    """
    Join the facts of another database to ours.

    Args:
        store: Ours.
        other: The other, which is only read; other processes may write to either.
        progress: Called with the finished share, 0 to 1.

    Raises:
        DatabaseError: Either cannot be read, or ours not written; joined facts stay.
    """
    merging = _Merging(store, other)
    for done in merging.steps():
        progress(done)
        time.sleep(_PAUSE_S)
    return merging.merged


class _Merging:
    """The merge of one other database."""

    def __init__(self, store: Store, other: Other) -> None:
        self._store, self._other = store, other
        self._new: Counter[str] = Counter()
        self._contradictions: list[str] = []

    @property
    def merged(self) -> Merged:
        """The new facts so far."""
        new = {name: self._new[name] for name in ("portals", "looks", "captures", "contents")}
        lines = tuple(self._contradictions)
        return Merged(database=self._other.path, contradictions=lines, **new)

    def steps(self) -> Iterator[float]:
        """Merge, one commit at a time; yield the finished share after each."""
        pairs = self._begin()
        total, done = max(1, sum(pair.theirs["looks"] for pair in pairs)), 0
        for pair in pairs:
            for rows, contents in self._other.looks(pair.theirs["id"]):
                self._keep_looks(pair, rows, contents)
                done += len(rows)
                yield min(1.0, done / total)
        for pair in pairs:
            for rows, contents in self._other.captures(pair.theirs["id"]):
                self._keep_captures(pair, rows, contents)
                yield 1.0
        self._end(pairs)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._store.transaction() as conn, connection.deriving(self._store.path):
            yield conn

    def _begin(self) -> list[Pair]:
        theirs = self._other.rows(portals.ROWS)
        theirs_mean = self._other.meanings()
        events = self._other.rows("SELECT at, kind, detail FROM events")
        with self._writing() as conn:
            pairs, contradictions = portals.paired(theirs, dicts(conn, portals.ROWS))
            portals.begin(conn, pairs)
            for pair in pairs:
                past.join(conn, pair, _portal_id(conn, pair), self._other.rows)
            conn.executemany(_EVENTS, events)
            self._other.read_as(meanings.joined(conn, theirs_mean))
        self._new["portals"] = sum(pair.ours is None for pair in pairs)
        self._contradictions += contradictions
        return pairs

    def _keep_looks(self, pair: Pair, rows: Sequence[Row], contents: Sequence[Content]) -> None:
        with self._writing() as conn:
            new = looks.keep_contents(self._store.sidebars, contents)
            joined = looks.Looks(conn, self._store.sidebars, _portal_id(conn, pair))
            joined.keep(rows)
        self._new.update(contents=new, looks=joined.new)
        self._contradictions += [
            f"{pair.name} at {moment(second).isoformat()}: two looks saw different boxes; "
            "one of them is kept as a capture, which does not count"
            for second in joined.contradicting
        ]

    def _keep_captures(self, pair: Pair, rows: Sequence[Row], contents: Sequence[Content]) -> None:
        by_digest = {content.digest: content for content in contents}
        kept = captures.keep(self._store, [_capture(pair.name, row, by_digest) for row in rows])
        self._new.update(contents=kept.contents, captures=kept.looks)
        if kept.refused:
            text = f"{pair.name}: {kept.refused} captures show other than looks that were pruned"
            self._contradictions.append(f"{text}; they are not taken")

    def _end(self, pairs: Sequence[Pair]) -> None:
        """Take over the facts that are valid only once all looks are here."""
        archives = self._other.rows("SELECT * FROM archives")
        robots = self._other.rows("SELECT * FROM robots")
        with self._writing() as conn:
            portals.end(conn, pairs)
            conn.executemany(_ARCHIVES, archives)
            conn.executemany(_ROBOTS, robots)
        captures.settle(self._store)


def _portal_id(conn: sqlite3.Connection, pair: Pair) -> int:
    (portal_id,) = conn.execute("SELECT id FROM portals WHERE name = ?", (pair.name,)).fetchone()
    return int(portal_id)


def _capture(portal: str, row: Row, contents: Mapping[bytes, Content]) -> Capture:
    page_date = row["page_date"]
    return Capture(
        portal=portal,
        captured_at=moment(row["captured_at"]),
        precision=row["precision"],
        digest=row["digest"],
        content=contents[row["digest"]],
        page_date=page_date and dt.date.fromisoformat(page_date),
        age_s=row["age"],
    )
