"""Shared parts of all questions: times in SQL, and the reading of values from rows."""

from __future__ import annotations

import datetime as dt
import functools
import sqlite3
from typing import TYPE_CHECKING, Any, TypeAlias

from db.moments import KST, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Row: TypeAlias = dict[str, Any]

NOW = "CAST(strftime('%s', 'now') AS INTEGER)"
"""The present in epoch seconds, as SQL."""

STATION = "(SELECT id FROM stations WHERE name_ko = :station)"
"""The row of the station ``:station``, as SQL."""

BY_STATION = "st.kma_id IS NULL, st.kma_id, st.name_ko"
"""The order of stations ``st``, as SQL: by KMA id, unknown cities last."""


def iso(seconds: str) -> str:
    """
    Epoch seconds as the views show them: ISO 8601, Korean.

    The indices by time are on exactly this expression, so that a range query on a view uses them.
    """
    return f"strftime('%Y-%m-%dT%H:%M:%S+09:00', {seconds}, 'unixepoch', '+9 hours')"


def quoted(text: str) -> str:
    """A text as a literal of SQL, where a statement cannot take a value."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def dicts(
    conn: sqlite3.Connection, sql: str, values: Mapping[str, object] | Sequence[object] = ()
) -> list[Row]:
    """The rows of a query by the names of their columns, also those of later migrations."""
    cursor = conn.cursor()
    cursor.row_factory = sqlite3.Row
    return list(map(dict, cursor.execute(sql, values)))


def values(row: sqlite3.Row, *moments: str) -> dict[str, Any]:
    """The values of a row by its columns; the seconds in ``moments`` and a page date converted."""
    told: dict[str, Any] = dict(zip(row.keys(), row, strict=True))  # quicker than dict(row)
    for name in moments:
        told[name] = moment_or_none(told[name])
    if "page_date" in told:
        told["page_date"] = date_or_none(told["page_date"])
    return told


@functools.lru_cache(maxsize=256)  # the stations of a portal share theirs
def moment_or_none(seconds: int | None) -> dt.datetime | None:
    """The moment, in Korean time; None for NULL."""
    return None if seconds is None else moment(seconds)


def moments(seconds: Iterable[int | None]) -> list[dt.datetime | None]:
    """The moments of a column, which may be very long."""
    at = dt.datetime.fromtimestamp
    return [None if second is None else at(second, KST) for second in seconds]


def shared_moments(*columns: Iterable[int | None]) -> list[list[dt.datetime | None]]:
    """The moments of columns that have most of them in common; each is made once."""
    known: dict[int | None, dt.datetime | None] = {None: None}
    for column in columns:
        new = [second for second in column if second not in known]
        known.update(zip(new, moments(new), strict=True))
    return [[known[second] for second in column] for column in columns]


def date_or_none(iso_date: str | None) -> dt.date | None:
    """The date; None for NULL."""
    return None if iso_date is None else dt.date.fromisoformat(iso_date)
