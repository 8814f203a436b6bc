"""
Captures: pages of portals in archives, such as a web archive.

They are not looks of ours: they do not count as watching, but their boxes count for the spells. The
database is the same for any order, in one run or several, even repeated.

If our own looks were pruned, a capture that contradicts them is refused: it would end a spell that
we saw going on, and the pruned looks can no longer prove that.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import chain, groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from db import frozen
from db.file import connection
from db.moments import epoch
from db.rows import insert
from db.truth import spells
from db.truth.dates import printed

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping

    from db.reading import Content
    from db.write.sidebars import Sidebars
    from db.write.store import Store

Precision: TypeAlias = Literal["second", "day"]

_Row: TypeAlias = "tuple[int, int, int, str, int]"
"""
The portal, second and sidebar of a capture, and its proofs.

These are the page date, ``""`` if missing, and the Age in seconds, 0 if missing.
"""

_INTO = "INSERT INTO captures (portal_id, captured_at, sidebar_id, page_date, age, precision)"
_VALUES = "(?, ?, ?, nullif(?, ''), nullif(?, 0), '{}')"
_NAMES = ("portal", "at", "sidebar", "page_date", "age")

_PROVE = """
    UPDATE captures SET page_date = nullif(max(coalesce(page_date, ''), :page_date), ''),
        age = nullif(max(coalesce(age, 0), :age), 0)
    WHERE portal_id = :portal AND captured_at = :at AND sidebar_id = :sidebar
        AND precision = :precision
        AND (coalesce(page_date, '') < :page_date OR coalesce(age, 0) < :age)"""
"""Merges another record of the same capture; in any order, the greatest values stay."""

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
    An archived page of a portal with a sidebar.

    Attributes:
        portal: The portal's name.
        captured_at: The time of the capture; aware. If only the day is known, its Korean midnight.
        precision: Captures of precision ``day`` are left out of questions about hours.
        digest: The digest of the content.
        content: The content of the sidebar; None if the database surely has it.
        page_date: The date printed with it.
        age_s: Seconds for which a cache had kept it, by its header Age.
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
    The new facts from some captures.

    Attributes:
        looks: The number of captures that were not in the database.
        contents: The number of sidebars that were not in it.
        refused: The number of captures that contradict pruned looks of ours.
    """

    looks: int
    contents: int
    refused: int = 0


def keep(store: Store, captures: Iterable[Capture]) -> Kept:
    """
    Store captures, all or none.

    Raises:
        DatabaseError: They cannot be stored.
        LookupError: One has an unknown portal, or a content that was never stored: a mistake of the
            caller.
    """
    with frozen.Uncollected(), store.transaction() as conn, connection.deriving(store.path):
        keeper = _Keeper(conn, store.sidebars)
        return keeper.keep(list(captures))


def settle(store: Store) -> None:
    """
    Remove unused rows, when all captures have been stored.

    A content that first came without its icons leaves unused conditions, and a content may belong
    only to refused captures.
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
    """Stores captures inside one transaction."""

    def __init__(self, conn: sqlite3.Connection, sidebars: Sidebars) -> None:
        self._conn, self._sidebars = conn, sidebars

    def keep(self, captures: list[Capture]) -> Kept:
        """Store them in the order of time: most come after all known looks, which is fast."""
        new, ids = self._contents(captures)  # of all: each content is handed over only once
        portals: dict[str, int] = dict(self._conn.execute("SELECT name, id FROM portals"))
        given = len(captures)
        if _has_pruned(self._conn):
            captures = [
                one for one in captures if self._fits(portals[one.portal], ids[one.digest], one)
            ]
        looks = 0
        exact = [one for one in captures if one.precision == "second"]
        for portal_id, of_portal in groupby(_rows(exact, portals, ids), key=itemgetter(0)):
            among, later = self._parted(portal_id, list(of_portal))
            looks += self._keep_all_among_known(portal_id, among)
            looks += self._keep_later(later)
        of_days = [one for one in captures if one.precision == "day"]
        looks += sum([self._keep_one(row, "day")[0] for row in _rows(of_days, portals, ids)])
        return Kept(looks=looks, contents=new, refused=given - len(captures))

    def _fits(self, portal_id: int, sidebar_id: int, one: Capture) -> bool:
        """Whether a capture agrees with pruned looks."""
        asked = {"portal": portal_id, "at": epoch(one.captured_at), "sidebar": sidebar_id}
        return (
            one.precision == "day"
            or self._conn.execute(_CONTRADICTS_PRUNED, asked).fetchone() is None
        )

    def _contents(self, captures: list[Capture]) -> tuple[int, dict[bytes, int]]:
        """The number of new contents, and the row of each by its digest."""
        digests = {one.digest for one in captures}
        ids = self._sidebars.all_known(digests)
        new: dict[bytes, Content] = {}
        again: list[Content] = []
        for content in [one.content for one in captures if one.content is not None]:
            if content.digest in new or content.digest in ids:
                again.append(content)
            else:
                new[content.digest] = content
        ids |= self._sidebars.keep_new(new.values())
        for content in again:
            ids[content.digest] = self._sidebars.keep(content)
        for digest in digests - ids.keys():
            msg = f"the content {digest.hex()} was never kept"
            raise LookupError(msg)
        return len(new), ids

    def _parted(self, portal_id: int, rows: list[_Row]) -> tuple[list[_Row], list[_Row]]:
        """Divide the rows: those among known looks, and those after all of them."""
        (last,) = self._conn.execute(
            """
            SELECT max(
                coalesce((SELECT max(captured_at) FROM captures WHERE portal_id = :portal), 0),
                coalesce((SELECT max(fetched_at) FROM fetches WHERE portal_id = :portal), 0))
            """,
            {"portal": portal_id},
        ).fetchone()
        times = [row[1] for row in rows]
        last = max([last, *[at for before, at in pairwise(times) if before == at]])
        begin = bisect_right(times, last)
        return rows[:begin], rows[begin:]

    def _keep_later(self, rows: list[_Row]) -> int:
        """Store the captures after all known looks, and their spells."""
        insert(self._conn, _INTO, _VALUES.format("second"), chain.from_iterable(rows))
        if rows:
            spells.add_later(self._conn, self._sidebars.memory, rows)
        return len(rows)

    def _keep_all_among_known(self, portal_id: int, rows: list[_Row]) -> int:
        """Store captures one by one, and return the number of new ones."""
        dates: set[str] = set()
        looks = sum([self._keep_among_known(row, dates) for row in rows])
        spells.judge_dates(self._conn, self._sidebars.memory, portal_id, dates)
        return looks

    def _keep_among_known(self, row: _Row, dates: set[str]) -> bool:
        """Store one capture unless it exists; return whether it is new."""
        portal_id, captured_at, *_ = row
        before = printed(self._conn, portal_id, [captured_at])
        new, proves = self._keep_one(row, "second")
        if new or proves:
            memory = self._sidebars.memory
            dates |= before
            dates |= spells.add_among(self._conn, memory, portal_id, captured_at, captured_at)
        return new

    def _keep_one(self, row: _Row, precision: Precision) -> tuple[bool, bool]:
        """Store one capture or its proofs; return whether it is new, and whether these are."""
        kept = f"{_INTO} VALUES {_VALUES.format(precision)} ON CONFLICT DO NOTHING"
        new = self._conn.execute(kept, row).rowcount > 0
        asked = {"precision": precision, **dict(zip(_NAMES, row, strict=True))}
        return new, self._conn.execute(_PROVE, asked).rowcount > 0


def _rows(
    captures: Collection[Capture], portals: Mapping[str, int], ids: Mapping[bytes, int]
) -> list[_Row]:
    """The rows of captures of one precision, in the order of time, with the greatest proofs."""
    days = {one.page_date for one in captures}  # few
    dates = {day: "" if day is None else day.isoformat() for day in days}
    given: list[_Row] = [
        (
            portals[one.portal],
            epoch(one.captured_at),
            ids[one.digest],
            dates[one.page_date],
            age if (age := one.age_s or 0) > 0 else 0,
        )
        for one in captures
    ]
    given.sort()
    rows = given[:1]
    for before, row in pairwise(given):
        if before[1] == row[1] and before[:3] == row[:3]:  # then the dates are in order
            rows[-1] = (*row[:4], max(row[4], rows[-1][4]))
        else:
            rows.append(row)
    return rows
