"""Rows by the names of their columns, so that columns of later migrations are included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

Row: TypeAlias = dict[str, Any]


def dicts(
    conn: sqlite3.Connection, sql: str, values: Mapping[str, object] | Sequence[object] = ()
) -> list[Row]:
    """The rows of a query, as dictionaries."""
    cursor = conn.execute(sql, values)
    names = [name for name, *_ in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
