"""The value known at a moment, with its evidence, to be cited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from db.derived import LATE_HOURS, LEARNED, LEARNED_COLUMNS, flag_sql
from db.measures import near
from db.measures.history import BEFORE
from db.measures.printed import lines
from db.moments import moment
from db.packing import unpacked
from db.read.rows import moment_or_none
from db.read.why import DOUBTS, NOT_LISTED, Facts, why
from db.validity import (
    CONFIRMED,
    NEXT_CHANGE,
    Shown,
    State,
    last_look_sql,
    live_until,
    rank,
    state,
    watched_until_sql,
)

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3

    from db.measures.near import NearLook
    from db.read.ask import Ask
    from db.reading import Station
    from db.validity import Doubt

StateThen: TypeAlias = State | Literal["none"]

SHOWN: Final = f"""
    SELECT :at, p.id AS portal_id, p.name AS portal, p.interval_s,
        sp.seen_from, sp.seen_until, sp.changed_after, {NEXT_CHANGE} AS next_change,
        sp.standing_since, sp.published_by, sp.observed_at, sp.first_seen,
        q.name AS first_portal, sp.first_after, sp.doubt, {LATE_HOURS} AS late_hours,
        coalesce({CONFIRMED}, 0) AS confirmed,
        {last_look_sql(":at")} AS last_look,
        {watched_until_sql(last_look_sql(":at"))} AS watched_until,
        r.temperature, c.condition, c.label, s.id, s.digest, s.fragment,
        {LEARNED_COLUMNS}, {flag_sql()} AS flag
    FROM stations AS st
    JOIN portal_stations AS ps ON ps.station_id = st.id
    JOIN portals AS p ON p.id = ps.portal_id
    JOIN spells AS sp ON sp.portal_id = p.id AND sp.seen_from = (
        SELECT b.seen_from FROM spells AS b
        JOIN readings AS t ON t.sidebar_id = b.sidebar_id AND t.station_id = st.id
        WHERE b.portal_id = p.id AND b.seen_from <= :at ORDER BY b.seen_from DESC LIMIT 1)
    JOIN portals AS q ON q.id = sp.first_portal_id
    JOIN sidebars AS s ON s.id = sp.sidebar_id
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id AND r.station_id = st.id
    JOIN conditions AS c ON c.id = r.condition_id {LEARNED}
    WHERE st.name_ko = :station AND (:portal IS NULL OR p.name = :portal)
    ORDER BY p.id"""
"""The value of a station at each portal at a moment, or the last one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    The sidebar with a value.

    Attributes:
        sidebar_id: Its row in ``sidebars``.
        digest: The digest of its labels, cities and temperatures, in hexadecimal digits.
        printed: Its lines as printed.
    """

    sidebar_id: int
    digest: str
    printed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    The value of a station known at a moment. All from ``portal`` on is None before any look.

    Attributes:
        station, station_en, kma_id: The station; the last two are None for an unknown city.
        at: The moment; Korean time.
        state: ``live``, ``unconfirmed``, ``stale``, ``frozen`` or ``down`` at that moment; ``none``
            if no portal had shown this station.
        portal: The portal whose value counts: the best state, then the set published last.
        temperature_c: Degrees Celsius; None if no number was printed.
        condition: Our name of the sky; None = unknown.
        label: The sky as printed.
        changed_after, seen_from: The looks between which the value appeared; ``changed_after`` is
            None without an earlier look.
        seen_until: The last look that saw it.
        next_change: The first look at other values; None if there was none so far.
        published_by: The latest time by which the set was published.
        observed_at: The hour of the observation, if a feed prints it with the set; else None.
        valid_until: When the value stopped, or stops, being live; None if it was not live.
        why: The fact that decided the state, in one sentence.
        flag: QARTOD's number: 1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 no number printed.
        live_portals: The number of live portals with a temperature.
        agreeing_portals: The number of those with this temperature, or the one before it (lag).
        evidence: The sidebar.
        look_before, look_after: The looks at this portal around the moment; None if missing.
        learned_condition, learned_from: If the label was lost, the sky that another portal printed
            for the same set, and that portal.
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
    published_by: dt.datetime | None = None
    observed_at: dt.datetime | None = None
    valid_until: dt.datetime | None = None
    why: str | None = None
    flag: int | None = None
    live_portals: int = 0
    agreeing_portals: int = 0
    evidence: Evidence | None = None
    look_before: NearLook | None = None
    look_after: NearLook | None = None
    learned_condition: str | None = None
    learned_from: str | None = None


@dataclass(frozen=True, slots=True)
class _Shown:
    """A row of ``SHOWN``, which is about the moment ``at``."""

    at: int
    portal_id: int
    portal: str
    interval_s: int
    seen_from: int
    seen_until: int
    changed_after: int | None
    next_change: int | None
    standing_since: int
    published_by: int
    observed_at: int | None
    first_seen: int
    first_portal: str
    first_after: int | None
    doubt: Doubt | None
    late_hours: int | None
    confirmed: int
    last_look: int
    watched_until: int
    tenths: int | None
    condition: str | None
    label: str
    sidebar_id: int
    digest: bytes
    fragment: bytes
    learned_condition: str | None
    learned_from: str | None
    flag: int

    @classmethod
    def read(cls, row: sqlite3.Row) -> _Shown:
        """Read a row; an error if we cannot have written a value."""
        shown = cls(*row)
        present = (shown.seen_from, shown.seen_until, shown.standing_since, shown.published_by)
        perhaps = (shown.changed_after, shown.next_change, shown.first_after, shown.observed_at)
        for second in (*present, shown.first_seen, shown.last_look, *filter(None, perhaps)):
            moment(second)
        if not isinstance(shown.interval_s, int) or not isinstance(shown.tenths, int | None):
            msg = f"{shown.interval_s!r} or {shown.tenths!r} is no whole number"
            raise TypeError(msg)
        if shown.doubt not in (None, *DOUBTS):
            msg = f"{shown.doubt!r} is no doubt"
            raise ValueError(msg)
        return shown

    @property
    def set(self) -> Shown:
        """The set at its portal."""
        return Shown._make(_SET(self))

    @property
    def is_listed(self) -> bool:
        """Whether the portal still lists the station."""
        return self.next_change is None or self.next_change > self.at

    @property
    def state(self) -> State:
        """Its state."""
        if not self.is_listed:
            return "down"
        return state(self.set, self.at, self.last_look, self.interval_s)

    @property
    def why(self) -> str:
        """The fact that decided the state."""
        return why(self.state, Facts._make(_FACTS(self))) if self.is_listed else NOT_LISTED

    @property
    def valid_until(self) -> int | None:
        """When the value stopped, or stops, being live; None if it is not live."""
        until = live_until(self.set, self.watched_until, self.interval_s)
        if until is None or self.state != "live":
            return None
        return until if self.next_change is None else min(until, self.next_change)

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


_SET: Final = attrgetter(*Shown._fields)
_FACTS: Final = attrgetter(*Facts._fields)


def at(ask: Ask, station: Station, second: int, *, portal: str | None) -> Known:
    """
    Return the value of a station known at a moment.

    Args:
        ask: Queries the database.
        station: The station.
        second: The moment, in epoch seconds.
        portal: Only this portal; None = all.

    Raises:
        DatabaseError: The file is damaged, such as the sidebar.
    """
    which: dict[str, object] = {"at": second, "station": station.name_ko, "portal": portal}
    shown = ask.read(_Shown.read, SHOWN, which)
    unknown = Known(
        station=station.name_ko,
        station_en=station.name_en,
        kma_id=station.kma_id,
        at=moment(second),
        state="none",
    )
    if not shown:
        return unknown
    chosen = max(shown, key=lambda one: rank(one.state, one.published_by, one.seen_from))
    live = [one for one in shown if one.state == "live" and one.tenths is not None]
    with ask.reading():
        evidence = chosen.evidence()
    return replace(
        unknown,
        state=chosen.state,
        portal=chosen.portal,
        temperature_c=None if chosen.tenths is None else chosen.tenths / 10,
        condition=chosen.condition,
        label=chosen.label,
        changed_after=moment_or_none(chosen.changed_after),
        seen_from=moment(chosen.seen_from),
        seen_until=moment(chosen.seen_until),
        next_change=moment_or_none(chosen.next_change),
        published_by=moment(chosen.published_by),
        observed_at=moment_or_none(chosen.observed_at),
        valid_until=moment_or_none(chosen.valid_until),
        why=chosen.why,
        flag=chosen.flag,
        live_portals=len(live),
        agreeing_portals=_agreeing(ask, station, chosen, live),
        evidence=evidence,
        look_before=near.look(ask, near.LOOK_BEFORE, chosen.portal_id, second),
        look_after=near.look(ask, near.LOOK_AFTER, chosen.portal_id, second),
        learned_condition=chosen.learned_condition,
        learned_from=chosen.learned_from,
    )


def _agreeing(ask: Ask, station: Station, chosen: _Shown, live: list[_Shown]) -> int:
    """The number of portals with the value that counts, or the one before it (lag)."""
    lagging = [
        one
        for one in live
        if one.tenths != chosen.tenths and one.published_by < chosen.published_by
    ]
    agreeing = sum(one.tenths == chosen.tenths for one in live)
    if lagging:
        which = {
            "station": station.name_ko,
            "portal": chosen.portal_id,
            "seen_from": chosen.seen_from,
            "published_by": chosen.published_by,
        }
        for _, before in ask(BEFORE, which):
            agreeing += sum(one.tenths == before for one in lagging)
    return agreeing
