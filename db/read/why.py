"""
Why a value is in its state: one sentence with the fact that decided, in SQL and in Python.

The sentences are those of the views, the JSON and the Python records alike.
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Final, NamedTuple

from db.derived import LATE_HOURS
from db.moments import DAY_S, KST_S
from db.validity import HOLD_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from db.validity import Doubt, State

DOUBTS: Final[Mapping[Doubt, str]] = {
    "burst": "the portal showed more new sets within 3 hours than an hourly feed has",
    "follower": "only a portal shows it whose last sets were mostly old elsewhere",
    "late": "by the course of its days the portal runs {} h late",
}

NOT_LISTED: Final = "the portal no longer lists this station"

_MINUTE: Final = "strftime('%Y-%m-%d %H:%M', {}, 'unixepoch', '+9 hours')"


def _minute(seconds: str) -> str:
    return _MINUTE.format(seconds)


_DAY_BEFORE: Final = "strftime('%Y-%m-%d', sp.published_by - 1, 'unixepoch', '+9 hours')"
_IS_MIDNIGHT: Final = f"(sp.published_by + {KST_S}) % {DAY_S} = 0"
_FIRST_PORTAL: Final = "(SELECT q.name FROM portals AS q WHERE q.id = sp.first_portal_id)"

_STALE: Final = f"""CASE
    WHEN sp.published_by = sp.observed_at THEN 'observed ' || {_minute("sp.observed_at")}
    WHEN sp.published_by = sp.first_seen AND sp.first_portal_id = sp.portal_id
        THEN 'first shown ' || {_minute("sp.first_seen")} || ', and again'
    WHEN sp.published_by = sp.first_seen
        THEN 'first shown by ' || {_FIRST_PORTAL} || ' ' || {_minute("sp.first_seen")}
    WHEN {_IS_MIDNIGHT} THEN 'the page is of ' || {_DAY_BEFORE}
    ELSE 'in a cache since ' || {_minute("sp.published_by")} END"""


def _doubt_sql(doubt: Doubt) -> str:
    before, hours, after = DOUBTS[doubt].partition("{}")
    return f"'{before}' || {LATE_HOURS} || '{after}'" if hours else f"'{before}'"


_UNCONFIRMED: Final = f"""CASE
    WHEN {{at}} - sp.published_by >= {HOLD_S}
        THEN 'not renewed since ' || {_minute("sp.published_by")}
    WHEN sp.observed_at IS NOT NULL THEN 'last look ' || {_minute("{last_look}")}
    WHEN sp.first_after IS NULL THEN 'no look before the first that showed it'
    WHEN sp.first_seen - sp.first_after > {HOLD_S}
        THEN 'no look before it since ' || {_minute("sp.first_after")}
    {" ".join(f"WHEN sp.doubt = '{doubt}' THEN {_doubt_sql(doubt)}" for doubt in DOUBTS)}
    ELSE 'last look ' || {_minute("{last_look}")} END"""


def why_sql(state: str, at: str, last_look: str) -> str:
    """
    The reason for the state of a spell ``sp`` of the portal ``p`` at a moment, as SQL.

    Args:
        state: The state, as SQL.
        at: The moment.
        last_look: The last successful look at the portal up to then.
    """
    unconfirmed = _UNCONFIRMED.format(at=at, last_look=last_look)
    return f"""CASE {state}
        WHEN 'down' THEN 'no successful look since ' || {_minute(last_look)}
        WHEN 'frozen' THEN 'unchanged since ' || {_minute("sp.standing_since")}
        WHEN 'stale' THEN {_STALE}
        WHEN 'unconfirmed' THEN {unconfirmed}
        ELSE 'first shown ' || {_minute("sp.first_seen")} END"""


class Facts(NamedTuple):
    """
    The facts of the sentences, in epoch seconds.

    Attributes:
        at: The moment.
        last_look: The last successful look at the portal up to then.
        portal: The portal that shows the set.
        standing_since, published_by, first_seen, first_portal, first_after, doubt: Those of its
            spell.
        observed_at: The hour printed with the set; None if there is none.
        late_hours: The lateness of the portal on that day; None if it was not late.
    """

    at: int
    last_look: int
    portal: str
    standing_since: int
    published_by: int
    first_seen: int
    first_portal: str
    first_after: int | None
    doubt: Doubt | None
    late_hours: int | None = None
    observed_at: int | None = None


def why(state: State, facts: Facts) -> str:
    """The sentence for a state."""
    match state:
        case "down":
            return f"no successful look since {at_minute(facts.last_look)}"
        case "frozen":
            return f"unchanged since {at_minute(facts.standing_since)}"
        case "stale":
            return _stale(facts)
        case "unconfirmed":
            return _unconfirmed(facts)
        case "live":
            return why_live(facts.first_seen)


def why_live(first_seen: int) -> str:
    """The sentence for a live value, the most frequent case."""
    return f"first shown {at_minute(first_seen)}"


def _stale(facts: Facts) -> str:
    if facts.published_by == facts.observed_at:
        return f"observed {at_minute(facts.published_by)}"
    if facts.published_by == facts.first_seen:
        if facts.first_portal == facts.portal:
            return f"first shown {at_minute(facts.first_seen)}, and again"
        return f"first shown by {facts.first_portal} {at_minute(facts.first_seen)}"
    if (facts.published_by + KST_S) % DAY_S == 0:
        return f"the page is of {at_minute(facts.published_by - 1)[:10]}"
    return f"in a cache since {at_minute(facts.published_by)}"


def _unconfirmed(facts: Facts) -> str:
    if facts.at - facts.published_by >= HOLD_S:
        return f"not renewed since {at_minute(facts.published_by)}"
    return _unknown_age(facts) or f"last look {at_minute(facts.last_look)}"


def _unknown_age(facts: Facts) -> str | None:
    """Why the age of a set is unknown; None if it is known."""
    if facts.observed_at is not None:
        return None
    if facts.first_after is None:
        return "no look before the first that showed it"
    if facts.first_seen - facts.first_after > HOLD_S:
        return f"no look before it since {at_minute(facts.first_after)}"
    return facts.doubt and DOUBTS[facts.doubt].format(facts.late_hours)


def at_minute(seconds: int) -> str:
    """A moment as the sentences show it: Korean, to the minute."""
    day, second = divmod(seconds + KST_S, DAY_S)
    return f"{_day(day)} {_time(second // 60)}"


@functools.lru_cache(maxsize=1024)
def _day(since_1970: int) -> str:
    return (dt.date(1970, 1, 1) + dt.timedelta(days=since_1970)).isoformat()


@functools.lru_cache(maxsize=24 * 60)
def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
