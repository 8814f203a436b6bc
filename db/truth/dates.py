"""
Page dates as proof: the box under a date existed by the end of that day.

A feed that prints an hour says more: its values were observed then. A set cannot be published
before its observation, whatever a cache or a date line says; and its values are that old, wherever
and however late they are shown. So if an hour is known, ``published_by`` is that hour, not its end:
values of 12:00 that a feed first shows at 14:00 would otherwise be live until 14:30. An hour that
is later than a look at the set does not count.

A date that stands still while new sets appear is no evidence, nor is one of its hours: the
portal's date line is broken. Such dates are in the derived table ``stuck_dates``, by portal.
"""

from __future__ import annotations

import datetime as dt
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from db.moments import DAY_S, FOREVER, KST_S
from db.truth import seen

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

    from db.truth.seen import Look

STUCK_AFTER_S: Final = 48 * 60 * 60
"""A cached page may be days old, but then its date goes on day by day, like its sets."""

STUCK_BOXES: Final = 12
"""Two stopped copies in turn show two boxes for days; a working feed shows a new one each hour."""

_BEGINS: Final = f"(CAST(strftime('%s', {{date}}) AS INTEGER) - {KST_S})"
ENDS: Final = f"(CAST(strftime('%s', {{date}}) AS INTEGER) + {DAY_S - KST_S})"
"""The beginning and end of a Korean day, as SQL: nine hours before midnight in Greenwich."""


def existed_by(conn: sqlite3.Connection, looks: Collection[Look]) -> list[int]:
    """The time by which the box of each look existed, by that look alone; all are at one portal."""
    found: list[int] = []
    hours = seen.hours(conn, set(map(seen.SIDEBAR, looks)))
    stuck: frozenset[str | None] | None = None  # asked for only if a date may prove an age
    for portal_id, at, sidebar_id, page_date, age in looks:
        proof = dated = at - age if age and age > 0 else at
        if (hour := hours.get(sidebar_id)) is not None and hour <= at:
            dated = hour
        elif page_date and (ends := _ends(page_date)) < proof:
            dated = ends
        if dated != proof:
            if stuck is None:
                stuck = frozenset(date for (date,) in conn.execute(_STUCK_AT, (portal_id,)))
            if page_date not in stuck:
                proof = dated
        found.append(proof)
    return found


_STUCK_AT: Final = "SELECT page_date FROM stuck_dates WHERE portal_id = ?"


@lru_cache(maxsize=1024)
def _ends(page_date: str) -> int:
    """When the Korean day of a date such as ``"2024-05-07"`` ends; of a damaged one, never."""
    try:
        days = dt.date.fromisoformat(page_date) - dt.date(1970, 1, 1)
    except ValueError:
        return FOREVER
    return (days.days + 1) * DAY_S - KST_S


_STUCK: Final = f"""
    SELECT portal_id, page_date FROM (
        SELECT sp.portal_id, sp.seen_from, sp.sidebar_id, iif(f.sidebar_id IS NULL,
            (SELECT k.page_date FROM captures AS k WHERE k.portal_id = sp.portal_id
                AND k.captured_at = sp.seen_from AND k.sidebar_id = sp.sidebar_id
                AND k.precision = 'second'), f.page_date) AS page_date
        FROM spells AS sp
        LEFT JOIN fetches AS f ON f.portal_id = sp.portal_id AND f.fetched_at = sp.seen_from
        WHERE {{which}}
    ) WHERE {{date}} AND seen_from >= {{begins}} GROUP BY portal_id, page_date
    HAVING max(seen_from) - min(seen_from) > {STUCK_AFTER_S}
        AND count(DISTINCT sidebar_id) >= {STUCK_BOXES}"""
"""The dates under which a portal showed new boxes for longer than two days."""

_ALL_STUCK: Final = _STUCK.format(
    which="true", date="true", begins=_BEGINS.format(date="page_date")
)
_ONE_STUCK: Final = _STUCK.format(
    which=f"sp.portal_id = :portal AND sp.seen_from >= {_BEGINS.format(date=':date')}",
    date="page_date = :date",
    begins=_BEGINS.format(date=":date"),
)


def judge(conn: sqlite3.Connection, portal_id: int, page_date: str) -> int | None:
    """
    Judge again whether a date stands still at a portal.

    Returns:
        The beginning of the day if the judgement changed, as proofs after it change; else None.
    """
    which = {"portal": portal_id, "date": page_date}
    is_stuck = conn.execute(_ONE_STUCK, which).fetchone() is not None
    change = (
        "INSERT OR IGNORE INTO stuck_dates (portal_id, page_date) VALUES (:portal, :date)"
        if is_stuck
        else "DELETE FROM stuck_dates WHERE portal_id = :portal AND page_date = :date"
    )
    if not conn.execute(change, which).rowcount:
        return None
    (begins,) = conn.execute(f"SELECT {_BEGINS.format(date=':date')}", which).fetchone()
    return int(begins)


def judge_all(conn: sqlite3.Connection) -> int:
    """Find the dates that stand still, of all portals, and return their number."""
    return conn.execute(f"INSERT INTO stuck_dates (portal_id, page_date) {_ALL_STUCK}").rowcount


def printed(conn: sqlite3.Connection, portal_id: int, seconds: Iterable[int]) -> set[str]:
    """The dates that looks at a portal printed at these seconds, even if a look does not count."""
    asked = {"portal": portal_id, "seconds": json.dumps(list(seconds))}
    return {page_date for (page_date,) in conn.execute(_PRINTED, asked)}


_PRINTED: Final = """
    SELECT page_date FROM fetches WHERE portal_id = :portal AND page_date IS NOT NULL
        AND fetched_at IN (SELECT value FROM json_each(:seconds))
    UNION SELECT page_date FROM captures WHERE portal_id = :portal AND page_date IS NOT NULL
        AND captured_at IN (SELECT value FROM json_each(:seconds))"""
"""A capture may have counted until a look of ours or another capture replaced it."""


def ended(page_date: str, at: int) -> bool:
    """Whether the Korean day of a date such as ``"2024-05-07"`` was over at a moment."""
    return _ends(page_date) < at
