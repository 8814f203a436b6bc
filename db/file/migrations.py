"""
The migrations of the tables, and the ones that a file has had.

It is imported only if there is a migration to apply. The library would import numpy and pandas if
they are installed, tens of megabytes that a daemon would hold unused for years; this is prevented.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from typing import TYPE_CHECKING

from db.file import fragments, tables
from db.file.sentences import problem
from db.packing import packed
from db.problems import as_json
from db.truth import flagging, labels, spells

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Make these modules appear missing, unless they are loaded already."""
    hidden = dict.fromkeys(name for name in names if name not in sys.modules)
    sys.modules.update(hidden)  # type: ignore[arg-type] # None: an import of it fails
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _hidden("numpy", "pandas"):
    from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("nalssi")


def _make_all(db: Database, statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            db.execute(statement)


def _making(name: str, statements: str) -> None:
    """Add a migration that runs these statements."""
    MIGRATIONS(name=name)(lambda db: _make_all(db, statements))


_making("0001 tables", tables.FIRST)
_making("0002 archives", tables.ARCHIVES)


@MIGRATIONS(name="0003 truth")
def _truth(db: Database) -> None:
    _make_all(db, tables.TRUTH)
    db.execute(tables.SPELLS_BY_TIME)
    db.execute(tables.SPELLS_FOLLOWING)
    _make_all(db, tables.LABELS)  # now filled by deriving
    _make_all(db, tables.LATE_DAYS)
    _make_all(db, tables.SHORT_SPELLS)
    _observed(db)
    spells.rebuild(db.conn)


@MIGRATIONS(name="0004 problems")
def _problems(db: Database) -> None:
    """Store each problem as a record, in place of its sentence."""
    rows = db.execute("SELECT problems, id FROM sidebars WHERE problems IS NOT NULL").fetchall()
    records = [(as_json(map(problem, text.split("\n"))), row) for text, row in rows]
    db.conn.executemany("UPDATE sidebars SET problems = ? WHERE id = ?", records)


_making("0005 counts", tables.COUNTS)
_making("0006 channels", tables.CHANNELS)


@MIGRATIONS(name="0007 fragments")
def _fragments(db: Database) -> None:
    """Pack the fragments again; damaged ones stay unchanged."""
    rows = db.conn.execute("SELECT id FROM sidebars").fetchall()
    for (sidebar_id,) in rows:
        where = {"id": sidebar_id}
        ((kept,),) = db.execute("SELECT fragment FROM sidebars WHERE id = :id", where)
        with contextlib.suppress(ValueError, TypeError):
            small = packed(fragments.unpacked(kept))
            db.execute("UPDATE sidebars SET fragment = :f WHERE id = :id", {**where, "f": small})


@MIGRATIONS(name="0008 labels")
def _labels(db: Database) -> None:
    _make_all(db, tables.LABELS)
    labels.learn_all(db.conn)


@MIGRATIONS(name="0009 late days")
def _late_days(db: Database) -> None:
    """Derive all spells again, since late days cast doubt on them."""
    _make_all(db, tables.LATE_DAYS)
    _make_all(db, tables.SHORT_SPELLS)
    db.execute(tables.SPELLS_FOLLOWING)
    _observed(db)
    spells.rebuild(db.conn)


_making("0010 freezes", tables.SPELLS_FROZEN)


@MIGRATIONS(name="0011 flags")
def _flags(db: Database) -> None:
    _make_all(db, tables.FLAGS)
    flagging.rebuild(db.conn)


@MIGRATIONS(name="0012 observed")
def _observed(db: Database) -> None:
    """Add the hour of a set; no box has printed one so far."""
    for table, column in tables.OBSERVED.items():
        if "observed_at" not in db.table(table).columns_dict:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    db.execute(tables.OBSERVED_INDEX)


_making("0013 doubts", "")  # 0019 derives all again
_making("0014 totals", "DROP TRIGGER reading_kept")  # they are counted by the batch
_making("0015 rules", "")  # 0019 derives all again
_making("0016 rules", "")  # 0019 derives all again


@MIGRATIONS(name="0017 bands")
def _bands(db: Database) -> None:
    """Make the tables of changed rules; 0019 derives all again."""
    _make_all(db, tables.SHORT_SPELLS)
    db.execute(tables.SPELLS_FOLLOWING)


@MIGRATIONS(name="0018 pages")
def _pages(db: Database) -> None:
    """
    Move the pages to a table of their own.

    The views are made again: SQLite drops no column beside a view that names what is missing.
    """
    views = [(view, view.schema) for view in db.views]
    for view, _ in views:
        view.drop()
    _make_all(db, tables.PAGES)
    for _, create in views:
        db.execute(create)


@MIGRATIONS(name="0019 rules")
def _rules(db: Database) -> None:
    """
    Derive all again by changed rules.

    Sets are compared without signs; doubts extend to repeated sets and silent leaders; cut boxes,
    before whole ones, too, short lists and stations that stand still are recognized; bands of one
    season stand together.
    """
    spells.rebuild(db.conn)
    flagging.rebuild(db.conn)


def known(migrations: Migrations) -> set[str]:
    """The names of all migrations."""
    with contextlib.closing(sqlite3.connect(":memory:")) as empty:
        return {migration.name for migration in migrations.pending(_utils(empty))}


def applied(migrations: Migrations, conn: sqlite3.Connection) -> set[str]:
    """The names of the migrations that a file has had."""
    return {migration.name for migration in migrations.applied(_utils(conn))}


def apply(migrations: Migrations, conn: sqlite3.Connection) -> int:
    """Apply the missing migrations, inside the caller's transaction; return their total number."""
    db = _utils(conn)
    migrations.apply(db)
    return len(migrations.applied(db))


def _utils(conn: sqlite3.Connection) -> Database:
    return Database(conn, execute_plugins=False, strict=True)
