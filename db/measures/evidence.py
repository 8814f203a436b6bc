"""What was known of a moment, and the evidence for it, so that a value can be cited."""

from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from db.packing import unpacked
from db.read.looks import OUTCOME
from db.reading import moment
from db.validity import DOWN_AFTER_INTERVALS, FROZEN_AFTER_S, HOLD_S

if TYPE_CHECKING:
    from db.read.ask import Ask
    from db.reading import Station

StateThen: TypeAlias = Literal["live", "unconfirmed", "frozen", "down", "none"]

SHOWN: Final = """
    SELECT p.id AS portal_id, p.name AS portal, p.interval_s,
        sp.seen_from, sp.seen_until, sp.changed_after,
        (SELECT min(seen_from) FROM spells
            WHERE portal_id = p.id AND seen_from > sp.seen_from) AS next_change,
        r.temperature, c.condition, c.label, s.id, s.digest, s.fragment
    FROM stations AS st
    JOIN portal_stations AS ps ON ps.station_id = st.id
    JOIN portals AS p ON p.id = ps.portal_id
    JOIN spells AS sp ON sp.portal_id = p.id AND sp.seen_from = (
        SELECT b.seen_from FROM spells AS b
        JOIN readings AS t ON t.sidebar_id = b.sidebar_id AND t.station_id = st.id
        WHERE b.portal_id = p.id AND b.seen_from <= :at ORDER BY b.seen_from DESC LIMIT 1)
    JOIN sidebars AS s ON s.id = sp.sidebar_id
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id AND r.station_id = st.id
    JOIN conditions AS c ON c.id = r.condition_id
    WHERE st.name_ko = :station AND (:portal IS NULL OR p.name = :portal)
    ORDER BY p.id"""
"""What each portal showed of a station at a moment, or had shown last."""


def _nearest(side: str, order: str) -> str:
    """The look or capture nearest to a moment on one side of it."""
    return f"""
    SELECT * FROM (
        SELECT * FROM (SELECT fetched_at AS at, {OUTCOME} AS outcome, f.page_date, f.reason
            FROM fetches AS f WHERE f.portal_id = :portal AND f.fetched_at {side} :at
            ORDER BY f.fetched_at {order} LIMIT 1)
        UNION ALL
        SELECT * FROM (SELECT captured_at, 'archived', page_date, NULL FROM captures
            WHERE portal_id = :portal AND captured_at {side} :at AND precision = 'second'
            ORDER BY captured_at {order} LIMIT 1))
    ORDER BY at {order} LIMIT 1"""  # noqa: S608 - of words of our own


LOOK_BEFORE: Final = _nearest("<=", "DESC")
LOOK_AFTER: Final = _nearest(">", "ASC")


@dataclass(frozen=True, slots=True, kw_only=True)
class NearLook:
    """
    The last look at a portal before a moment, or the first after it.

    Attributes:
        at: When; Korean time.
        outcome: As in ``PastLook``; ``archived`` for a page that an archive kept.
        page_date: As printed.
        reason: Why it saw no sidebar, or why there is no page date.
    """

    at: dt.datetime
    outcome: str
    page_date: dt.date | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    The sidebar that a value was printed in.

    Attributes:
        sidebar_id: Its row in ``sidebars``.
        digest: Of its labels, cities and temperatures, in hexadecimal digits.
        printed: Its lines as printed.
    """

    sidebar_id: int
    digest: str
    printed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    What was known of a station at a moment. Everything from ``portal`` on is None before any look.

    Attributes:
        station, station_en, kma_id: Which station; the last two None for an unknown city.
        at: The moment; Korean time.
        state: ``live``, ``unconfirmed``, ``frozen`` or ``down`` at that moment; ``none`` where no
            portal had shown this station.
        portal: Whose value it is: of the live ones that which changed last, else that seen last.
        temperature_c: Degrees Celsius; None where no number was printed.
        condition: Our name of the sky; None = unknown.
        label: The sky as printed.
        changed_after, seen_from: The looks between which the value appeared; ``changed_after`` is
            None where nobody was looking before.
        seen_until: The last look that saw it.
        next_change: The first look at others; None where there was none so far.
        live_portals: How many were live.
        agreeing_portals: How many of those show this temperature.
        evidence: The sidebar.
        look_before, look_after: The looks at this portal around the moment; None where none is.
    """

    station: str
    station_en: str | None
    kma_id: int | None
    at: dt.datetime
    state: StateThen
    portal: str | None = None
    temperature_c: float | None = None
    condition: str | None = None
    label: str | None = None
    changed_after: dt.datetime | None = None
    seen_from: dt.datetime | None = None
    seen_until: dt.datetime | None = None
    next_change: dt.datetime | None = None
    live_portals: int = 0
    agreeing_portals: int = 0
    evidence: Evidence | None = None
    look_before: NearLook | None = None
    look_after: NearLook | None = None


@dataclass(frozen=True, slots=True)
class _Shown:
    """A row of ``SHOWN``."""

    portal_id: int
    portal: str
    interval_s: int
    seen_from: int
    seen_until: int
    changed_after: int | None
    next_change: int | None
    tenths: int | None
    condition: str | None
    label: str
    sidebar_id: int
    digest: bytes
    fragment: bytes

    def state(self, at: int) -> StateThen:
        """How it was at a moment; live before all else, as the statistics have it."""
        if self.next_change is not None and self.next_change <= at:
            return "down"  # the portal shows others, without the station
        confirmed = self.changed_after is not None and self.seen_from - self.changed_after <= HOLD_S
        if confirmed and at < self.seen_from + HOLD_S:
            return "live"
        if at - self.seen_until > DOWN_AFTER_INTERVALS * self.interval_s:
            return "down"
        if min(at, self.seen_until) - self.seen_from >= FROZEN_AFTER_S:
            return "frozen"
        return "unconfirmed"

    def evidence(self) -> Evidence:
        """
        The sidebar.

        Raises:
            ValueError: It is damaged.
        """
        return Evidence(
            sidebar_id=self.sidebar_id,
            digest=self.digest.hex(),
            printed=lines(unpacked(self.fragment)),
        )


def at(ask: Ask, station: Station, second: int, *, portal: str | None) -> Known:
    """
    What was known of a station at a moment.

    Args:
        ask: Puts a question to the database.
        station: Which.
        second: Of the moment, since 1970-01-01 UTC.
        portal: This one alone; None = all.

    Raises:
        ValueError: The sidebar is damaged.
    """
    which = {"at": second, "station": station.name_ko, "portal": portal}
    shown = [_Shown(*row) for row in ask(SHOWN, which)]
    nothing = Known(
        station=station.name_ko,
        station_en=station.name_en,
        kma_id=station.kma_id,
        at=moment(second),
        state="none",
    )
    if not shown:
        return nothing
    live = [one for one in shown if one.state(second) == "live"]
    chosen = _chosen(shown, live, second)
    return replace(
        nothing,
        state=chosen.state(second),
        portal=chosen.portal,
        temperature_c=None if chosen.tenths is None else chosen.tenths / 10,
        condition=chosen.condition,
        label=chosen.label,
        changed_after=_moment(chosen.changed_after),
        seen_from=moment(chosen.seen_from),
        seen_until=moment(chosen.seen_until),
        next_change=_moment(chosen.next_change),
        live_portals=len(live),
        agreeing_portals=sum(one.tenths == chosen.tenths for one in live),
        evidence=chosen.evidence(),
        look_before=_look(ask, LOOK_BEFORE, chosen.portal_id, second),
        look_after=_look(ask, LOOK_AFTER, chosen.portal_id, second),
    )


def _chosen(shown: list[_Shown], live: list[_Shown], at: int) -> _Shown:
    """Of the live ones that which changed last, else that seen last; the first added of equals."""
    if live:
        return max(live, key=lambda one: one.seen_from)
    return max(shown, key=lambda one: min(at, one.seen_until))


def _look(ask: Ask, sql: str, portal_id: int, second: int) -> NearLook | None:
    for fetched_at, outcome, page_date, reason in ask(sql, {"portal": portal_id, "at": second}):
        return NearLook(
            at=moment(fetched_at),
            outcome=outcome,
            page_date=None if page_date is None else dt.date.fromisoformat(page_date),
            reason=reason,
        )
    return None


def _moment(seconds: int | None) -> dt.datetime | None:
    return None if seconds is None else moment(seconds)


_HIDDEN: Final = re.compile(r"(?is)<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)")
_INLINE: Final = re.compile(r"(?i)</?(?:a|b|em|font|i|img|s|span|strong|u)\b[^<>]*>")
_TAG: Final = re.compile(r"(?i)<[/!a-z][^<>]*>")


def lines(fragment: str) -> tuple[str, ...]:
    """The lines that a fragment of HTML or text prints, without those that are empty."""
    shown = _TAG.sub("\n", _INLINE.sub(" ", _HIDDEN.sub("", fragment)))
    spaced = (" ".join(line.split()) for line in html.unescape(shown).splitlines())
    return tuple(line for line in spaced if line)
