"""
The looks of two collectors at one portal, joined.

A look is identified by its portal, its second and the digest of its box. Of two looks in one second
one is kept, in either direction of the merge: the one that saw a box; of two with the same box the
first in an order of all their values. If they saw different boxes, the portal showed both: the
other look is kept as a capture, which does not count beside a look of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from db import counts
from db.packing import unpacked
from db.read.rows import dicts
from db.truth import spells
from db.truth.dates import printed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from db.read.rows import Row
    from db.reading import Content
    from db.write.sidebars import Sidebars

_OUTCOMES: Final = (
    *("read", "not_modified", "no_sidebar", "set_aside", "unread", "fetch_failed"),
    "refused_by_robots",
)
"""The rank of an outcome: the more it says, the lower."""

_NUMBERS: Final = {"id", "portal_id", "sidebar_id"}
"""Columns with row numbers, which are valid in one database only."""

_PAGE: Final = ("page", "encoding", "tries")

LOOKS: Final = """
    SELECT f.*, page, encoding, tries, s.digest FROM fetches AS f
    LEFT JOIN pages ON look_id = f.id LEFT JOIN sidebars AS s ON s.id = f.sidebar_id"""
"""Looks, each with its page and the digest of its box; add which."""

_OURS: Final = f"{LOOKS} WHERE f.portal_id = ? AND f.fetched_at BETWEEN ? AND ?"

_PUT_ASIDE: Final = """
    INSERT INTO captures (portal_id, captured_at, sidebar_id, precision, page_date, age)
    VALUES (:portal, :fetched_at, :sidebar, 'second', :page_date, nullif(:age, 0))
    ON CONFLICT DO NOTHING"""


def keep_contents(sidebars: Sidebars, contents: Iterable[Content]) -> int:
    """Store the contents of looks, of two pages the better; return the number of new ones."""
    new = []
    for content in contents:
        if sidebars.known(content.digest) is None:
            new.append(content)
        elif _is_whole(content):
            sidebars.keep(content)
    sidebars.keep_new(new)
    return len(new)


def _is_whole(content: Content) -> bool:
    try:
        unpacked(content.fragment)
    except ValueError:
        return False
    return True


class Looks:
    """Joins looks of one portal to ours, inside the caller's transaction."""

    def __init__(self, conn: sqlite3.Connection, sidebars: Sidebars, portal_id: int) -> None:
        self._conn, self._sidebars, self._portal_id = conn, sidebars, portal_id
        self._changed: list[int] = []
        self._dates: set[str] = set()
        self.contradicting: list[int] = []
        self.new = 0

    def keep(self, theirs: Sequence[Row]) -> None:
        """Store looks in the order of time, and derive spells from them."""
        first, last = theirs[0]["fetched_at"], theirs[-1]["fetched_at"]
        rows = dicts(self._conn, _OURS, (self._portal_id, first, last))
        ours = {row["fetched_at"]: row for row in rows}
        for look in theirs:
            if (known := ours.get(look["fetched_at"])) is None:
                self._insert(look)
            elif _values(known) != _values(look):
                self._choose(known, look)
        if self._changed:
            first, last = min(self._changed), max(self._changed)
            memory = self._sidebars.memory
            spells.add(self._conn, memory, self._portal_id, first, last)
            spells.judge_dates(self._conn, memory, self._portal_id, self._dates)

    def _insert(self, look: Row) -> None:
        row = self._row(look)
        (look_id,) = self._conn.execute(
            f"INSERT INTO fetches ({', '.join(row)}) VALUES ({', '.join(f':{x}' for x in row)}) "
            "RETURNING id",
            row,
        ).fetchone()
        self._keep_page(look_id, look)
        self.new += 1
        if look["digest"] is not None:
            self._changed.append(look["fetched_at"])

    def _choose(self, ours: Row, theirs: Row) -> None:
        """Keep one of two looks in one second; if both saw a box, the other becomes a capture."""
        first, second = sorted((ours, theirs), key=_order)
        digests = first["digest"], second["digest"]
        if None not in digests and digests[0] != digests[1]:
            self.contradicting.append(ours["fetched_at"])
            sidebar = {"portal": self._portal_id, "sidebar": self._sidebars.known(digests[1])}
            self._conn.execute(_PUT_ASIDE, {**second, **sidebar})
        if first is theirs:
            self._replace(ours, theirs)

    def _replace(self, ours: Row, theirs: Row) -> None:
        """Put their values into our row; a trigger updates the counts if the outcome changes."""
        self._dates |= printed(self._conn, self._portal_id, [ours["fetched_at"]])
        row, counted = self._row(theirs), ours["outcome"] == theirs["outcome"] != "unread"
        changes = ", ".join(f"{name} = :{name}" for name in row)
        if counted:
            counts.count(self._conn, -1, ours["id"])
        self._conn.execute(
            f"UPDATE fetches SET {changes} WHERE id = :id", {**row, "id": ours["id"]}
        )
        self._conn.execute("DELETE FROM pages WHERE look_id = :id", ours)
        self._keep_page(ours["id"], theirs)
        if counted:
            counts.count(self._conn, 1, ours["id"])
        if (ours["digest"], theirs["digest"]) != (None, None):
            self._changed.append(ours["fetched_at"])

    def _keep_page(self, look_id: int, look: Row) -> None:
        if look["page"] is not None:
            self._conn.execute(
                "INSERT INTO pages (look_id, page, encoding, tries) VALUES (?, ?, ?, ?)",
                (look_id, *(look[name] for name in _PAGE)),
            )

    def _row(self, look: Row) -> Row:
        """A look with our row numbers, without its page."""
        values = _values(look)
        digest, *_ = (values.pop(name) for name in ("digest", *_PAGE))
        sidebar_id = None if digest is None else self._sidebars.known(digest)
        return {**values, "portal_id": self._portal_id, "sidebar_id": sidebar_id}


def _values(look: Row) -> Row:
    """A look without row numbers."""
    return {name: value for name, value in look.items() if name not in _NUMBERS}


def _order(look: Row) -> tuple[object, ...]:
    """The order of looks in one second; the lowest stays: it says more, or proves more."""
    return (
        _OUTCOMES.index(look["outcome"]),
        -(look["age"] or 0),
        repr(sorted(_values(look).items())),
    )
