"""What questions are answered with, and how each answer is read from its row."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from db.reading import KST, PortalMemory, Station, moment

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

State = Literal["live", "unconfirmed", "frozen", "down"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """
    The newest reading of a station at a portal.

    Attributes:
        station, station_en, kma_id: Which station; the last two None for an unknown city.
        temperature_c: Degrees Celsius; None where no number was printed.
        condition: Our name of the sky, such as ``"overcast"``; None = unknown.
        label: The sky as printed.
        portal: Who showed it.
        seen_from, seen_until: The first and the last look at it; Korean time.
        page_date: The date printed with it at the last look.
        state: ``live``, ``unconfirmed``, ``frozen`` or ``down``.
        age_minutes: Since ``seen_from``.
    """

    station: str
    station_en: str | None
    kma_id: int | None
    temperature_c: float | None
    condition: str | None
    label: str
    portal: str
    seen_from: dt.datetime
    seen_until: dt.datetime
    page_date: dt.date | None
    state: State
    age_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """
    A stretch of looks through which a portal showed the same sidebar, and one station's part in it.

    Attributes:
        seen_from, seen_until: The first and the last of these looks; Korean time.
        changed_after: The last look that showed something else; None where nobody was looking.
        temperature_c, condition, label, portal: As in ``Latest``.
        state: ``live``, ``unconfirmed`` or ``frozen``.
    """

    seen_from: dt.datetime
    seen_until: dt.datetime
    changed_after: dt.datetime | None
    temperature_c: float | None
    condition: str | None
    label: str
    portal: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """
    A portal that was looked at.

    Attributes:
        name, url: As in the config.
        interval_minutes: Between looks.
        first_look, last_look: Korean time; None where there was none.
        last_success: The last look that saw a sidebar.
        looks: How many there are.
    """

    name: str
    url: str
    interval_minutes: float
    first_look: dt.datetime | None
    last_look: dt.datetime | None
    last_success: dt.datetime | None
    looks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLook:
    """
    One look at a portal and how it ended.

    Attributes:
        portal: The portal's name.
        fetched_at: When we asked; Korean time.
        outcome: ``new``, ``unchanged``, ``not_modified``, ``no_sidebar``, ``fetch_failed``,
            ``refused_by_robots``; ``unread`` or ``set_aside`` after a pass that was killed.
        status: The HTTP status, where there was an answer.
        milliseconds: How long it took.
        bytes: The body's size as received.
        page_date: As printed, where it can be trusted.
        reason: Why there is no sidebar, or no page date.
        problems: What of the sidebar was not understood.
    """

    portal: str
    fetched_at: dt.datetime
    outcome: str
    status: int | None
    milliseconds: int
    bytes: int | None
    page_date: dt.date | None
    reason: str | None
    problems: tuple[str, ...]


def latest(row: tuple[Any, ...]) -> Latest:
    """Read a row of ``views.latest``, by place."""
    place, en, kma_id, celsius, condition, label, portal, since, until, page_date, state, age = row
    return Latest(
        station=place,
        station_en=en,
        kma_id=kma_id,
        temperature_c=celsius,
        condition=condition,
        label=label,
        portal=portal,
        seen_from=moment(since),
        seen_until=moment(until),
        page_date=_date(page_date),
        state=state,
        age_minutes=age,
    )


def spells(rows: Iterable[tuple[Any, ...]]) -> list[Spell]:
    """Read rows of ``views.SERIES``, by place and in one go: they may be very many."""
    at = dt.datetime.fromtimestamp
    return [
        Spell(
            seen_from=at(seen_from, KST),
            seen_until=at(seen_until, KST),
            changed_after=None if changed_after is None else at(changed_after, KST),
            temperature_c=celsius,
            condition=condition,
            label=label,
            portal=portal,
            state=state,
        )
        for seen_from, seen_until, changed_after, celsius, condition, label, portal, state in rows
    ]


def portal(row: sqlite3.Row) -> Portal:
    """Read a row of ``views.PORTALS``."""
    return Portal(
        name=row["name"],
        url=row["url"],
        interval_minutes=row["interval_s"] / 60,
        first_look=_moment(row["first_look"]),
        last_look=_moment(row["last_look"]),
        last_success=_moment(row["last_success"]),
        looks=row["looks"],
    )


def past_look(row: sqlite3.Row) -> PastLook:
    """Read a row of ``views.LOOKS``."""
    return PastLook(
        portal=row["portal"],
        fetched_at=moment(row["fetched_at"]),
        outcome=row["outcome"],
        status=row["status"],
        milliseconds=row["milliseconds"],
        bytes=row["bytes"],
        page_date=_date(row["page_date"]),
        reason=row["reason"],
        problems=_lines(row["problems"]),
    )


def station(row: sqlite3.Row) -> Station:
    """Read a row of ``views.STATIONS``."""
    return Station(**dict(row))


def _moment(seconds: int | None) -> dt.datetime | None:
    return None if seconds is None else moment(seconds)


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()


def _date(iso: str | None) -> dt.date | None:
    return None if iso is None else dt.date.fromisoformat(iso)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalStatus:
    """
    How a portal is now.

    Attributes:
        portal: Its name.
        state: As in ``Latest``.
        since: ``down``: the last success; else the first look at the values it shows. None where
            there was none.
        interval_minutes: Between looks.
        last_look, last_outcome, last_reason: The newest look, whatever came of it; None where
            there was none.
        last_success: The newest look that saw a sidebar.
        changed: The first look at the values it shows.
        looks_last_day, failures_last_day: Of the last 24 hours; a failure saw no sidebar.
        last_failure: The newest look of the last 24 hours that saw no sidebar.
        problems: What is not understood of the values it shows.
        recent_problems: The same, of all values that it showed in the last 24 hours.
    """

    portal: str
    state: State
    since: dt.datetime | None
    interval_minutes: float
    last_look: dt.datetime | None
    last_outcome: str | None
    last_reason: str | None
    last_success: dt.datetime | None
    changed: dt.datetime | None
    looks_last_day: int
    failures_last_day: int
    last_failure: dt.datetime | None
    problems: tuple[str, ...]
    recent_problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """
    A stretch without a successful look, longer than two intervals.

    Attributes:
        portal: Its name.
        since, until: The looks around it that succeeded, or the very first look, or now; ``since``
            is not before the moment asked from. Korean time.
        failures: Looks in the whole stretch that saw no sidebar.
        cause: ``portal failing``; for stretches without looks ``not running``, ``clock`` or
            ``not kept``; or one of each, as ``portal failing, not running``.
        reason: How the last of the failures ended, else what is known of the event; None where
            nothing is.
    """

    portal: str
    since: dt.datetime
    until: dt.datetime
    failures: int
    cause: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    A notice that is not over.

    Attributes:
        at: When it was told last; Korean time.
        text: What was told.
    """

    at: dt.datetime
    text: str


def status(row: sqlite3.Row) -> PortalStatus:
    """Read a row of ``views.STATUS``."""
    since = row["last_success"] if row["state"] == "down" else row["seen_from"]
    return PortalStatus(
        portal=row["portal"],
        state=row["state"],
        since=_moment(since),
        interval_minutes=row["interval_s"] / 60,
        last_look=_moment(row["last_look"]),
        last_outcome=row["outcome"],
        last_reason=row["reason"],
        last_success=_moment(row["last_success"]),
        changed=_moment(row["seen_from"]),
        looks_last_day=row["looks"],
        failures_last_day=row["failures"],
        last_failure=_moment(row["last_failure"]),
        problems=_lines(row["problems"]),
        recent_problems=tuple(dict.fromkeys(_lines(row["recent_problems"]))),
    )


def gap(row: sqlite3.Row) -> Gap:
    """Read a row of ``views.GAPS``."""
    unwatched = row["event"] or "not running"
    causes = ["portal failing"] * bool(row["failures"]) + [unwatched] * row["unwatched"]
    return Gap(
        portal=row["portal"],
        since=moment(row["since"]),
        until=moment(row["until"]),
        failures=row["failures"],
        cause=", ".join(causes),
        reason=row["failure"] or row["detail"],
    )


def memory(row: sqlite3.Row) -> PortalMemory:
    """Read a row of ``views.MEMORY``."""
    return PortalMemory(
        etag=row["etag"],
        last_modified=row["last_modified"],
        last_look=_moment(row["last_look"]),
        failures=row["failures"],
        retry_at=_moment(row["retry_at"]),
    )
