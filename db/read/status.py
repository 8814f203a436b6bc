"""The current state of each portal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db import problems
from db.derived import LATE_HOURS
from db.moments import DAY_S, FOREVER
from db.read.looks import OUTCOME
from db.read.rows import moment_or_none
from db.read.why import at_minute, why_sql
from db.validity import FROZEN_AFTER_S, last_look_sql, state_sql

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3

    from db.reading import Problem
    from db.validity import State


_LAST_LOOK = last_look_sql(":now")
_STATE = f"CASE WHEN sp.seen_from IS NULL THEN 'down' ELSE {state_sql(':now', _LAST_LOOK)} END"
_WHY = f"""CASE WHEN sp.seen_from IS NULL THEN 'no look ever succeeded'
    ELSE {why_sql(f"({_STATE})", ":now", _LAST_LOOK)} END"""
_LAST_DAY = f"d.portal_id = p.id AND d.fetched_at > :now - {DAY_S} AND d.fetched_at <= :now"
"""A look in the future was dated by a wrong clock and does not count."""

STATUS = f"""
    SELECT p.name AS portal, p.interval_s, sp.seen_from,
        CASE WHEN sp.seen_from IS NOT NULL THEN {_LAST_LOOK} END AS last_success,
        {_STATE} AS state, {_WHY} AS why, sp.standing_since, sp.published_by,
        {LATE_HOURS} AS late_hours,
        f.fetched_at AS last_look, f.reason, s.problems,
        CASE WHEN f.id IS NOT NULL THEN {OUTCOME} END AS outcome,
        (SELECT count(*) FROM fetches AS d WHERE {_LAST_DAY}) AS looks,
        (SELECT count(*) FROM fetches AS d WHERE {_LAST_DAY} AND d.sidebar_id IS NULL) AS failures,
        (SELECT max(d.fetched_at) FROM fetches AS d WHERE {_LAST_DAY} AND d.sidebar_id IS NULL)
            AS last_failure,
        (SELECT max(v.seen_until) FROM spells AS v WHERE v.portal_id = p.id
            AND v.seen_from > :now - {DAY_S} AND v.seen_from <= :now
            AND v.seen_until - v.published_by >= {FROZEN_AFTER_S}
            AND v.published_by < v.standing_since) AS last_stale,
        (SELECT group_concat(t.problems, char(10)) FROM spells AS v
            JOIN sidebars AS t ON t.id = v.sidebar_id
            WHERE v.portal_id = p.id AND v.seen_from <= :now
            AND v.seen_until > :now - {DAY_S} AND v.seen_from >= coalesce((
                SELECT max(seen_from) FROM spells
                WHERE portal_id = p.id AND seen_from <= :now - {DAY_S}), -{FOREVER})
            ) AS recent_problems
    FROM portals AS p
    LEFT JOIN spells AS sp ON sp.portal_id = p.id AND sp.seen_from = (
        SELECT max(seen_from) FROM spells WHERE portal_id = p.id AND seen_from <= :now)
    LEFT JOIN sidebars AS s ON s.id = sp.sidebar_id
    LEFT JOIN fetches AS f ON f.portal_id = p.id AND f.fetched_at = (
        SELECT max(fetched_at) FROM fetches WHERE portal_id = p.id AND fetched_at <= :now)
    WHERE CASE WHEN :portals IS NULL THEN f.id IS NOT NULL
            OR NOT EXISTS (SELECT 1 FROM captures AS k WHERE k.portal_id = p.id)
        ELSE p.name IN (SELECT value FROM json_each(:portals)) END
    ORDER BY p.id"""
"""Without named portals, all but those that are only in archives, which are never polled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalStatus:
    """
    The current state of a portal.

    Attributes:
        portal: Its name.
        state: As in ``Latest``.
        since: ``down``: the last success; ``frozen``: the first look at the same set; ``stale``:
            the latest time by which the set was published; else the first look at the current
            values. None if there was none.
        why: The fact that decided the state, in one sentence; for ``down`` with the outcome of the
            newest look.
        interval_minutes: Minutes between looks.
        last_look, last_outcome, last_reason: The newest look, with any outcome; None if there was
            none.
        last_success: The newest look that saw a sidebar.
        changed: The first look that saw the current values.
        looks_last_day, failures_last_day: Those of the last 24 hours; a failure saw no sidebar.
        last_failure: The newest look of the last 24 hours that saw no sidebar.
        last_stale: The newest look of the last 24 hours that saw a stale set.
        late_hours: Its lateness in hours by the course of its days; None if it is not known to be
            hours late.
        problems: The parts of the current values that are not understood.
        recent_problems: The same for all values of the last 24 hours.
    """

    portal: str
    state: State
    since: dt.datetime | None
    why: str
    interval_minutes: float
    last_look: dt.datetime | None
    last_outcome: str | None
    last_reason: str | None
    last_success: dt.datetime | None
    changed: dt.datetime | None
    looks_last_day: int
    failures_last_day: int
    last_failure: dt.datetime | None
    problems: tuple[Problem, ...]
    recent_problems: tuple[Problem, ...]
    last_stale: dt.datetime | None = None
    late_hours: int | None = None


def read(row: sqlite3.Row) -> PortalStatus:
    """Read a row of ``STATUS``."""
    since = row[_SINCE.get(row["state"], "seen_from")]
    return PortalStatus(
        portal=row["portal"],
        state=row["state"],
        since=moment_or_none(since),
        why=_why(row),
        interval_minutes=row["interval_s"] / 60,
        last_look=moment_or_none(row["last_look"]),
        last_outcome=row["outcome"],
        last_reason=row["reason"],
        last_success=moment_or_none(row["last_success"]),
        changed=moment_or_none(row["seen_from"]),
        looks_last_day=row["looks"],
        failures_last_day=row["failures"],
        last_failure=moment_or_none(row["last_failure"]),
        problems=problems.from_json(row["problems"]),
        recent_problems=tuple(dict.fromkeys(problems.from_json(row["recent_problems"]))),
        last_stale=moment_or_none(row["last_stale"]),
        late_hours=row["late_hours"],
    )


_SINCE = {"down": "last_success", "frozen": "standing_since", "stale": "published_by"}
"""The column with the beginning of a state."""


def _why(row: sqlite3.Row) -> str:
    """The reason for a portal's state; if it is down, with the outcome of its newest look."""
    if row["state"] != "down" or row["last_look"] is None:
        return str(row["why"])
    ended = ": ".join(filter(None, (row["outcome"], row["reason"])))
    return f"{row['why']}; last look {at_minute(row['last_look'])}: {ended}"
