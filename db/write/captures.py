"""
Captures: pages of portals that somebody else kept, such as an archive of the web.

They are no looks of ours: they say nothing of how well we watch, but what they show counts for the
spells. In whatever order they come, in one go or in parts, once or twice, the database is the same.

Where our own looks were pruned, one that showed something else than all of those is not kept: it
would end a spell that went on, as we saw, and those looks are no longer there to say so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from db import spells
from db.dates import printed
from db.file import connection
from db.moments import epoch

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Iterable

    from db.reading import Content
    from db.write.sidebars import Sidebars
    from db.write.store import Store

Precision: TypeAlias = Literal["second", "day"]

_Key: TypeAlias = "tuple[int, int, int, Precision]"
_Proofs: TypeAlias = "tuple[str, int]"
"""The page date, ``""`` for none, and the Age in seconds, 0 for none: of several, the greatest."""

_Row: TypeAlias = "tuple[int, int, int, Precision, str, int]"

_INSERT = (
    "INSERT INTO captures (portal_id, captured_at, sidebar_id, precision, page_date, age) "
    "VALUES (?, ?, ?, ?, nullif(?, ''), nullif(?, 0))"
)

_PROVE = """
    UPDATE captures SET page_date = nullif(max(coalesce(page_date, ''), :page_date), ''),
        age = nullif(max(coalesce(age, 0), :age), 0)
    WHERE portal_id = :portal AND captured_at = :at AND sidebar_id = :sidebar
        AND precision = :precision
        AND (coalesce(page_date, '') < :page_date OR coalesce(age, 0) < :age)"""
"""What another record of the same capture says besides; in any order, the greatest stays."""


_CONTRADICTS_PRUNED: Final = """
    SELECT 1 FROM pruned AS d
    JOIN spells AS sp ON sp.portal_id = d.portal_id AND sp.seen_from = (
        SELECT max(seen_from) FROM spells WHERE portal_id = :portal AND seen_from < :at)
    WHERE d.portal_id = :portal AND :at < d.until
    AND sp.seen_until > :at AND sp.sidebar_id IS NOT :sidebar
    AND :at > (SELECT min(fetched_at) FROM fetches WHERE portal_id = :portal)
    AND NOT EXISTS (SELECT 1 FROM past_gaps
        WHERE portal_id = :portal AND since < :at AND until > :at)"""
"""Whether a capture is inside a spell of which looks may have been dropped, and not in a gap."""

_UNSEEN: Final = """
    SELECT id FROM sidebars WHERE id NOT IN (
        SELECT sidebar_id FROM fetches WHERE sidebar_id IS NOT NULL
        UNION SELECT sidebar_id FROM captures UNION SELECT sidebar_id FROM spells)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """
    One kept page of a portal that showed a sidebar.

    Attributes:
        portal: The portal's name.
        captured_at: When; aware. Where only the day is known, its midnight in Korea.
        precision: ``day`` joins no question of hours.
        digest: Of the content.
        content: What the sidebar said; None where the database has it for certain.
        page_date: The date printed with it.
        age_s: Seconds for which a cache had kept it, where its header Age says so.
    """

    portal: str
    captured_at: dt.datetime
    precision: Precision
    digest: bytes
    content: Content | None
    page_date: dt.date | None
    age_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """
    What was new of some captures.

    Attributes:
        looks: Captures that were not in the database.
        contents: Sidebars that were not.
        refused: Captures that contradict looks of ours which were pruned.
    """

    looks: int
    contents: int
    refused: int = 0


def keep(store: Store, captures: Iterable[Capture]) -> Kept:
    """
    Keep captures, all or none.

    Raises:
        DatabaseError: They cannot be kept.
        LookupError: One is of an unknown portal, or of a content that was never kept: a mistake of
            the caller.
    """
    with store.transaction() as conn, connection.deriving(store.path):
        keeper = _Keeper(conn, store.sidebars)
        return keeper.keep(list(captures))


def settle(store: Store) -> None:
    """
    Let go of what no capture needs any more, when all have been kept.

    A content that came first without its icons leaves conditions that nothing points to, and a
    content may have been seen by none but captures that were refused.
    """
    with store.transaction() as conn:
        if _has_pruned(conn):
            unseen = conn.execute(_UNSEEN).fetchall()
            conn.executemany("DELETE FROM readings WHERE sidebar_id = ?", unseen)
            conn.executemany("DELETE FROM sidebars WHERE id = ?", unseen)
        store.sidebars.drop_unused_conditions()


def _has_pruned(conn: sqlite3.Connection) -> bool:
    return conn.execute("SELECT 1 FROM pruned").fetchone() is not None


class _Keeper:
    """Keeps captures inside one transaction."""

    def __init__(self, conn: sqlite3.Connection, sidebars: Sidebars) -> None:
        self._conn, self._sidebars = conn, sidebars

    def keep(self, captures: list[Capture]) -> Kept:
        """Keep them in the order of time: most come after all that is known, which is quick."""
        new, ids = self._contents(captures)  # of all: each content is handed over only once
        portals: dict[str, int] = dict(self._conn.execute("SELECT name, id FROM portals"))
        given = len(captures)
        if _has_pruned(self._conn):
            captures = [
                one for one in captures if self._fits(portals[one.portal], ids[one.digest], one)
            ]
        proofs: dict[_Key, _Proofs] = {}
        for one in captures:
            at = epoch(one.captured_at)
            key = portals[one.portal], at, ids[one.digest], one.precision
            page_date = "" if one.page_date is None else one.page_date.isoformat()
            known_date, known_age = proofs.get(key, ("", 0))
            proofs[key] = max(known_date, page_date), max(known_age, one.age_s or 0)
        rows = sorted((*key, *proof) for key, proof in proofs.items())
        looks = 0
        for portal_id, of_portal in groupby(rows, key=itemgetter(0)):
            known, later = self._parted(portal_id, list(of_portal))
            looks += self._keep_all_among_known(portal_id, known)
            looks += self._keep_later(portal_id, later)
        return Kept(looks=looks, contents=new, refused=given - len(captures))

    def _fits(self, portal_id: int, sidebar_id: int, one: Capture) -> bool:
        """Whether a capture can be true beside looks that were pruned."""
        asked = {"portal": portal_id, "at": epoch(one.captured_at), "sidebar": sidebar_id}
        return (
            one.precision == "day"
            or self._conn.execute(_CONTRADICTS_PRUNED, asked).fetchone() is None
        )

    def _contents(self, captures: list[Capture]) -> tuple[int, dict[bytes, int]]:
        """How many contents are new, and the row of each by its digest."""
        new: dict[bytes, Content] = {}
        again: list[Content] = []
        for content in (one.content for one in captures if one.content is not None):
            if content.digest in new or self._sidebars.known(content.digest) is not None:
                again.append(content)
            else:
                new[content.digest] = content
        ids = self._sidebars.keep_new(new.values())
        for content in again:
            ids[content.digest] = self._sidebars.keep(content)
        for digest in {one.digest for one in captures} - ids.keys():
            known = self._sidebars.known(digest)
            if known is None:
                msg = f"the content {digest.hex()} was never kept"
                raise LookupError(msg)
            ids[digest] = known
        return len(new), ids

    def _parted(self, portal_id: int, rows: list[_Row]) -> tuple[list[_Row], list[_Row]]:
        """The rows that may concern what is known, and those that only come after it."""
        (last,) = self._conn.execute(
            """
            SELECT max(
                coalesce((SELECT max(captured_at) FROM captures WHERE portal_id = :portal), 0),
                coalesce((SELECT max(fetched_at) FROM fetches WHERE portal_id = :portal), 0))
            """,
            {"portal": portal_id},
        ).fetchone()
        seconds = Counter(at for _, at, _, precision, *_ in rows if precision == "second")
        last = max([last, *(at for at, contents in seconds.items() if contents > 1)])
        known: list[_Row] = []
        later: list[_Row] = []
        for row in rows:
            (later if row[1] > last and row[3] == "second" else known).append(row)
        return known, later

    def _keep_later(self, portal_id: int, rows: list[_Row]) -> int:
        """Keep what comes after all that is known, and its spells."""
        self._conn.executemany(_INSERT, rows)
        if rows:
            spells.add_later(self._conn, portal_id, rows[0][1], rows[-1][1])
        return len(rows)

    def _keep_all_among_known(self, portal_id: int, rows: list[_Row]) -> int:
        """Keep captures one by one; gives how many are new."""
        dates: set[str] = set()
        looks = sum([self._keep_among_known(row, dates) for row in rows])
        spells.judge_dates(self._conn, portal_id, dates)
        return looks

    def _keep_among_known(self, row: _Row, dates: set[str]) -> bool:
        """Store one capture unless it exists already; returns whether it is new."""
        portal_id, captured_at, _, precision, _, _ = row
        before = printed(self._conn, portal_id, [captured_at])
        new = self._conn.execute(f"{_INSERT} ON CONFLICT DO NOTHING", row).rowcount > 0
        names = ("portal", "at", "sidebar", "precision", "page_date", "age")
        proves = self._conn.execute(_PROVE, dict(zip(names, row, strict=True))).rowcount
        if precision == "second" and (new or proves):
            dates |= before | spells.add_among(self._conn, portal_id, captured_at, captured_at)
        return new
