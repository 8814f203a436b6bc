"""The faults of the file: damage, or derived rows that differ from its looks."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Final

from db import counts
from db.file import connection
from db.truth import flagging, spells

if TYPE_CHECKING:
    from pathlib import Path

DERIVED: Final = (
    *("spells", "portal_stations", "bands", "short_spells", "stuck_dates", "pauses", "late_days"),
    *("learned_labels", "flagged", "counts", "totals"),
)
"""The tables that ``nalssi rebuild`` derives."""

_SCHEMA: Final = """
    SELECT sql FROM kept.sqlite_schema WHERE tbl_name = ? AND type <> 'trigger' AND sql IS NOT NULL
    ORDER BY type DESC"""
"""A table before its indices."""


_WHERE: Final = {"counts": "WHERE looks <> 0"}
"""A row of counts whose looks all moved away is left at zero."""


def faults(path: Path) -> list[str]:
    """
    The faults of a database, a line each.

    Everything is derived again in a scratch database to which the file is attached: a name missing
    in the scratch database means the table of the file.

    Raises:
        DatabaseError: The file cannot be read.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with (
        connection.deriving(path),
        contextlib.closing(sqlite3.connect("", uri=True)) as scratch,
    ):
        scratch.execute("ATTACH ? AS kept", (uri,))
        return _damage(scratch) or _differences(scratch)


def _damage(scratch: sqlite3.Connection) -> list[str]:
    """The faults that SQLite finds: broken pages and rows, and rows that point to missing ones."""
    found = [str(row[0]) for row in scratch.execute("PRAGMA kept.integrity_check")]
    dangling = scratch.execute("PRAGMA kept.foreign_key_check").fetchall()
    broken = [] if found == ["ok"] else found
    return broken + [
        f"a row of {row[0]!r} points to a missing one of {row[2]!r}" for row in dangling
    ]


def _differences(scratch: sqlite3.Connection) -> list[str]:
    """The derived tables that differ from those derived again."""
    for table in DERIVED:
        for (sql,) in scratch.execute(_SCHEMA, (table,)).fetchall():
            scratch.execute(sql)
    spells.rebuild(scratch)
    flagging.rebuild(scratch)
    counts.rebuild(scratch)
    found = []
    for table in DERIVED:
        for one, other, what in (("kept", "main", "too many"), ("main", "kept", "missing")):
            rows_of = f"SELECT * FROM {{}}.{table} {_WHERE.get(table, '')}"
            odd = f"{rows_of.format(one)} EXCEPT {rows_of.format(other)}"
            (count,) = scratch.execute(f"SELECT count(*) FROM ({odd})").fetchone()
            if count:
                rows = table.replace("_", " ")
                found.append(f"{count} {rows} {what}; `nalssi rebuild` derives them again")
    return found
