"""One sidebar by its digest: its printed lines, and the portals that showed it, with times."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from db import problems
from db.measures.printed import lines
from db.packing import unpacked
from db.read.latest import PAGE_DATE
from db.read.rows import BY_STATION, values

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3

    from db.read.ask import Ask
    from db.reading import Problem

SIDEBAR: Final = """
    SELECT id, digest, fragment, reader, problems FROM sidebars WHERE digest = :digest"""

SHOWN: Final = f"""
    SELECT p.name AS portal, sp.seen_from, sp.seen_until, sp.changed_after, sp.published_by,
        {PAGE_DATE}
    FROM spells AS sp JOIN portals AS p ON p.id = sp.portal_id
    WHERE sp.sidebar_id = :id ORDER BY sp.seen_from, p.id"""

PRINTED: Final = f"""
    SELECT st.name_ko AS station, st.name_en AS station_en, st.kma_id,
        r.temperature / 10.0 AS temperature_c, c.condition, c.label
    FROM readings AS r
    JOIN stations AS st ON st.id = r.station_id
    JOIN conditions AS c ON c.id = r.condition_id
    WHERE r.sidebar_id = :id ORDER BY {BY_STATION}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """
    A stretch of looks in which one portal showed the sidebar.

    Attributes:
        portal: Its name.
        seen_from, seen_until: The first and the last of these looks; Korean time.
        changed_after: The last earlier look that showed another sidebar; None if there was none.
        published_by: The latest time by which its set was published.
        page_date: The date printed with it at the last look; None if there was none.
    """

    portal: str
    seen_from: dt.datetime
    seen_until: dt.datetime
    changed_after: dt.datetime | None
    published_by: dt.datetime
    page_date: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedReading:
    """
    The reading of one station in a sidebar.

    Attributes:
        station, station_en, kma_id, temperature_c, condition, label: As in ``Latest``.
    """

    station: str
    station_en: str | None
    kma_id: int | None
    temperature_c: float | None
    condition: str | None
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidebar:
    """
    A stored sidebar, and the portals that showed it.

    Attributes:
        digest: The digest of its labels, cities and temperatures, in hexadecimal digits.
        sha256: The digest of the stored part of the page, in UTF-8, in hexadecimal digits.
        printed: Its lines as printed.
        readings: Their readings.
        problems: The parts that were not understood.
        reader: The version of the reader that read it; None for a reader without a version.
        shown: The portals that showed it, with times, oldest first.
    """

    digest: str
    sha256: str
    printed: tuple[str, ...]
    readings: tuple[PrintedReading, ...]
    problems: tuple[Problem, ...]
    reader: int | None
    shown: tuple[Showing, ...]


def sidebar(ask: Ask, digest: str) -> Sidebar | None:
    """
    The sidebar of a digest; None if no portal showed it.

    Raises:
        DatabaseError: The file is damaged, such as the sidebar.
    """
    try:
        wanted = bytes.fromhex(digest)
    except ValueError:
        return None
    for row in ask(SIDEBAR, {"digest": wanted}):
        with ask.reading():
            return _sidebar(ask, row)
    return None


def _sidebar(ask: Ask, row: tuple[Any, ...]) -> Sidebar:
    rowid, digest, fragment, reader, kept_problems = row
    text = unpacked(fragment)
    return Sidebar(
        digest=digest.hex(),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        printed=lines(text),
        readings=tuple(ask.read(lambda one: PrintedReading(**values(one)), PRINTED, {"id": rowid})),
        problems=problems.from_json(kept_problems),
        reader=reader,
        shown=tuple(ask.read(_showing, SHOWN, {"id": rowid})),
    )


def _showing(row: sqlite3.Row) -> Showing:
    times = ("seen_from", "seen_until", "changed_after", "published_by")
    return Showing(**values(row, *times))
