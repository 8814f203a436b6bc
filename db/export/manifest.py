"""
The manifest: a digest of the facts of each portal's month, so that only changed months are written.

The rows of a month depend on its looks, and on the rows derived from them and their neighbours: the
spells that touch it and those before and after, their flags and learned labels, the pauses and late
days. The digest covers all of these, not only the looks: an archived page can make a set of the
next month older. It covers the stations and skies that the month lists and those listed last before
it, not all: a new city changes no month before its first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from db.file.connection import VERSION
from db.measures import periods
from db.moments import DAY_S, KST_S, moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from db.read.ask import Ask

Month: TypeAlias = str
"""A Korean month such as ``2026-03``."""

Manifest: TypeAlias = "dict[Month, dict[str, str]]"
"""The digest of each portal in each month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """
    The months of a copy that were written again, because their digests differed.

    Attributes:
        months: The number of these months, of ``all_months``.
        rows: The number of their rows.
    """

    months: int
    all_months: int
    rows: int


_FIRST_AND_LAST: Final = """
    SELECT min(first), max(last) FROM (
        SELECT min(seen_from) AS first, max(seen_until) AS last FROM spells
        UNION ALL SELECT min(fetched_at), max(fetched_at) FROM fetches
        UNION ALL SELECT min(captured_at), max(captured_at) FROM captures)"""

_LISTED: Final = """
    SELECT * FROM (
        SELECT r.station_id, r.condition_id, max(sp.seen_from) AS seen_from, sp.published_by
        FROM spells AS sp JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
        WHERE sp.portal_id = :portal AND sp.seen_from >= :first AND sp.seen_from < :end
        GROUP BY r.station_id, r.condition_id) AS listed
    JOIN stations AS st ON st.id = listed.station_id
    JOIN conditions AS c ON c.id = listed.condition_id
    ORDER BY listed.seen_from, st.id"""
"""Each station and sky of a month, with the last spell of both."""

_SPELLS: Final = """
    FROM spells AS sp WHERE sp.portal_id = :portal
        AND sp.seen_from >= coalesce((SELECT max(b.seen_from) FROM spells AS b
            WHERE b.portal_id = :portal AND b.seen_from < :first), :first)
        AND sp.seen_from <= coalesce((SELECT min(n.seen_from) FROM spells AS n
            WHERE n.portal_id = :portal AND n.seen_from >= :end), :end)"""


def _joined(columns: str, rows: str) -> str:
    """SQL of rows as one text of JSON: of the many looks of a month, SQLite makes it faster."""
    return f"""SELECT json_group_array(json_array({columns})) FROM (SELECT {columns} {rows})"""


_PARTS: Final = (
    f"""SELECT sp.*, s.digest, s.reader, s.problems, q.name
        FROM (SELECT * {_SPELLS}) AS sp JOIN sidebars AS s ON s.id = sp.sidebar_id
        JOIN portals AS q ON q.id = sp.first_portal_id ORDER BY sp.seen_from""",
    f"""SELECT fl.* FROM flagged AS fl WHERE fl.portal_id = :portal
        AND fl.seen_from IN (SELECT sp.seen_from {_SPELLS}) ORDER BY 2, 3, 4""",
    f"""SELECT ll.* FROM learned_labels AS ll
        WHERE ll.sidebar_id IN (SELECT sp.sidebar_id {_SPELLS}) ORDER BY 1, 2""",
    """SELECT * FROM pauses WHERE portal_id = :portal AND since < :end AND until >= :first
        ORDER BY since""",
    """SELECT * FROM late_days WHERE portal_id = :portal
        AND day BETWEEN :first_day - 7 AND :end_day + 1 ORDER BY day""",
    _joined(
        "fetched_at, outcome, status, milliseconds, bytes, page_date, reason, sidebar_id",
        """FROM fetches WHERE portal_id = :portal AND fetched_at >= :first AND fetched_at < :end
        ORDER BY fetched_at""",
    ),
    _joined(
        "captured_at, sidebar_id, precision, page_date, age",
        """FROM captures WHERE portal_id = :portal AND captured_at >= :first AND captured_at < :end
        ORDER BY 1, 2, 3""",
    ),
)
"""The facts of a month of a portal."""

_PORTALS: Final = "SELECT id, name, url, interval_s FROM portals ORDER BY id"


def months(ask: Ask) -> list[tuple[Month, int, int]]:
    """Each Korean month from the first look to the last, with its first second and its end."""
    ((first, last),) = ask(_FIRST_AND_LAST)
    if first is None:
        return []
    borders = periods.borders(first, last, "month")
    return [(f"{moment(begin):%Y-%m}", begin, end) for begin, end in pairwise(borders)]


def of(ask: Ask) -> Manifest:
    """The manifest of a database."""
    spans = months(ask)
    found: Manifest = {month: {} for month, *_ in spans}
    for portal in ask(_PORTALS):
        last: dict[int, tuple[object, ...]] = {}  # of each station, where it was listed last
        for month, first, end in spans:
            days = {"first_day": (first + KST_S) // DAY_S, "end_day": (end + KST_S) // DAY_S}
            values = {"portal": portal[0], "first": first, "end": end, **days}
            listed = ask(_LISTED, values)
            words = sorted(last.items()), listed
            found[month][portal[1]] = _digest(ask, values, VERSION, portal, *words)
            last |= {row[0]: row for row in listed}
    return found


def _digest(ask: Ask, values: Mapping[str, object], *more: object) -> str:
    found = hashlib.blake2b(repr(more).encode(), digest_size=16)
    for part in _PARTS:
        found.update("".join(map(repr, ask(part, values))).encode())
    return found.hexdigest()
