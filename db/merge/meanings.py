"""
The stations and skies that the words of another database mean.

The database with the newer reader decides the meaning of a word and the place of a station. A city
that one of the two knows is known.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from db.read.rows import dicts
from db.reading import Condition, Station

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from db.read.rows import Row

_T = TypeVar("_T", Station, Condition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """
    The stations and conditions of a database, each by the number of its row.

    Attributes:
        reader: The version of its newest reader.
    """

    stations: Mapping[int, Station]
    conditions: Mapping[int, Condition]
    reader: int


def of(ask: Callable[[str], list[Row]]) -> Meanings:
    """The meanings of a database, which ``ask`` queries."""
    (newest,) = ask("SELECT coalesce(max(reader), 0) AS reader FROM sidebars")
    return Meanings(
        stations={row["id"]: _made(Station, row) for row in ask("SELECT * FROM stations")},
        conditions={row["id"]: _made(Condition, row) for row in ask("SELECT * FROM conditions")},
        reader=newest["reader"],
    )


def joined(conn: sqlite3.Connection, theirs: Meanings) -> Meanings:
    """The meanings of their numbers in our database."""
    ours = of(partial(dicts, conn))
    newer = theirs.reader > ours.reader
    numbers = {one.kma_id: one for one in ours.stations.values() if one.kma_id is not None}
    names = {one.name_ko: one for one in ours.stations.values()}
    skies = {(one.label, one.icon): one for one in ours.conditions.values()}

    def station(one: Station) -> Station:
        known = names.get(one.name_ko) if one.kma_id is None else numbers.get(one.kma_id)
        return one if known is None or (newer and one.kma_id is not None) else known

    def sky(one: Condition) -> Condition:
        known = skies.get((one.label, one.icon))
        return one if known is None or newer else known

    return Meanings(
        stations={number: station(one) for number, one in theirs.stations.items()},
        conditions={number: sky(one) for number, one in theirs.conditions.items()},
        reader=theirs.reader,
    )


def _made(kind: type[_T], row: Row) -> _T:
    return kind(**{one.name: row[one.name] for one in fields(kind)})
