"""Looks at portals, and the captures of archives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from db import counts, frozen, problems
from db.read.rows import date_or_none, iso, moments

if TYPE_CHECKING:
    import datetime as dt

    from db.reading import Problem


OUTCOME = counts.outcome("f.")
"""How a look ended; ``f`` is its row."""


LOOKS = f"""
    SELECT f.id, p.name AS portal, f.fetched_at,
        {OUTCOME} AS outcome,
        f.status, f.milliseconds, f.bytes, f.page_date, f.sidebar_id, f.reason, s.problems,
        f.retry_at
    FROM fetches AS f
    JOIN portals AS p ON p.id = f.portal_id
    LEFT JOIN sidebars AS s ON s.id = f.sidebar_id"""


def last_looks(*, since: bool, until: bool) -> str:
    """The newest first: along the index by time, from ``:until`` back to ``:since`` if any."""
    from_then = f"AND {iso('f.fetched_at')} >= {iso(':since')}" if since else ""
    before_then = f"AND {iso('f.fetched_at')} < {iso(':until')}" if until else ""
    return f"""
    {LOOKS}
    WHERE (:portal IS NULL OR p.name = :portal) AND (f.sidebar_id IS NULL OR NOT :failed)
        {from_then} {before_then}
    ORDER BY {iso("f.fetched_at")} DESC, f.id DESC LIMIT :last"""


CAPTURES = """
    SELECT p.name AS portal, k.captured_at, k.precision, k.page_date, k.sidebar_id, s.problems
    FROM captures AS k
    JOIN portals AS p ON p.id = k.portal_id
    JOIN sidebars AS s ON s.id = k.sidebar_id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLook:
    """
    One look at a portal, and its outcome.

    Attributes:
        portal: The portal's name.
        fetched_at: The time of the request; Korean.
        outcome: ``new``, ``unchanged``, ``not_modified``, ``no_sidebar``, ``fetch_failed``,
            ``refused_by_robots``; ``unread`` or ``set_aside`` after a pass that was killed.
        status: The HTTP status, if there was an answer.
        milliseconds: Its duration.
        bytes: The body's size as received.
        page_date: As printed, if it can be trusted.
        reason: Why there is no sidebar, or no page date.
        problems: The parts of the sidebar that were not understood.
    """

    portal: str
    fetched_at: dt.datetime
    outcome: str
    status: int | None
    milliseconds: int
    bytes: int | None
    page_date: dt.date | None
    reason: str | None
    problems: tuple[Problem, ...]


def read(rows: list[tuple[Any, ...]]) -> list[PastLook]:
    """Read rows of ``LOOKS``, column by column: they may be very many."""
    if not rows:
        return []
    _, portals, times, *facts, dates, _, reasons, kept, _ = zip(*rows, strict=True)
    days, found = map(date_or_none, dates), map(problems.from_json, kept)
    return frozen.records(PastLook, portals, moments(times), *facts, days, reasons, found)
