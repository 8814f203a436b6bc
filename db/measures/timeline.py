"""
Timelines: the sets of one portal over time, with state and reason, for any station.

The spells are numbered; the facts about them, and the values of a station in them, are columns.
"""

from __future__ import annotations

import functools
import json
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from db.derived import LATE_HOURS, UNFLAGGED_TEMPERATURE
from db.measures.history import pauses
from db.qartod import MISSING
from db.read.flags import OF_STATION
from db.read.why import DOUBTS, NOT_LISTED, Facts, why
from db.validity import CONFIRMED, Shown, pieces, state_throughout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from db.read.ask import Ask
    from db.validity import Doubt, State

_DOUBTS: Final[tuple[Doubt, ...]] = tuple(DOUBTS)

_DOUBT: Final = " ".join(f"WHEN '{doubt}' THEN {nth}" for nth, doubt in enumerate(_DOUBTS))

_IN_TIME: Final = """
    FROM spells AS sp
    WHERE sp.portal_id = :portal AND sp.seen_from < :until AND sp.seen_from >= coalesce((
        SELECT min(coalesce((
            SELECT o.seen_from FROM spells AS o
            JOIN readings AS t ON t.sidebar_id = o.sidebar_id AND t.station_id = ps.station_id
            WHERE o.portal_id = b.portal_id AND o.seen_from < b.seen_from
                AND o.published_by < b.published_by
            ORDER BY o.seen_from DESC LIMIT 1), 0))
        FROM portal_stations AS ps JOIN stations AS st ON st.id = ps.station_id
        LEFT JOIN spells AS b ON b.portal_id = ps.portal_id AND b.seen_from = (
            SELECT l.seen_from FROM spells AS l
            JOIN readings AS t ON t.sidebar_id = l.sidebar_id AND t.station_id = ps.station_id
            WHERE l.portal_id = ps.portal_id AND l.seen_from <= :since
            ORDER BY l.seen_from DESC LIMIT 1)
        WHERE ps.portal_id = :portal
            AND st.name_ko IN (SELECT value FROM json_each(:stations))), 0)
    ORDER BY sp.seen_from"""
"""From the last spell before the asked time that lists each of the stations, and an older set."""

SPELLS: Final = f"""
    SELECT sp.seen_from, sp.seen_until, sp.standing_since, sp.published_by,
        coalesce({CONFIRMED}, 0), sp.first_seen, sp.sidebar_id, {UNFLAGGED_TEMPERATURE}
    {_IN_TIME}"""

EVIDENCE: Final = f"""
    SELECT sp.first_portal_id, sp.first_after, CASE sp.doubt {_DOUBT} END, {LATE_HOURS},
        sp.observed_at
    FROM json_each(:begins) AS begun
    CROSS JOIN spells AS sp ON sp.portal_id = :portal AND sp.seen_from = begun.value"""
"""More facts about spells; most values of a year are live, and need no more."""

NONE: Final = -1
"""The number of no spell."""

Turn: TypeAlias = "tuple[int, State, int]"
"""The begin of a turn, its state and its spell; it ends where the next one begins."""


class Spells(NamedTuple):
    """The columns of ``SPELLS``; ``flag`` is that of any temperature which no rule has flagged."""

    seen_from: Sequence[int]
    seen_until: Sequence[int]
    standing_since: Sequence[int]
    published_by: Sequence[int]
    confirmed: Sequence[int]
    first_seen: Sequence[int]
    sidebar: Sequence[int]
    flag: Sequence[int]


class Values(NamedTuple):
    """
    The values of a station by spell; the last ones, at ``NONE``, are those without a spell.

    Attributes:
        flags: QARTOD's numbers of the temperatures.
        skies: The rows of the conditions; None if the spell does not list the station.
        tenths: Tenths of a degree C; None if no number is printed.
    """

    flags: Sequence[int]
    skies: Sequence[int | None]
    tenths: Sequence[int | None]


class Timeline:
    """
    The spells of a portal in a time.

    Args:
        ask: Queries the database.
        portal: The row of the portal.
        portals: The names of all portals, and the seconds between looks at each.
        part: ``since`` and ``until`` in epoch seconds, and the ``stations`` as JSON.
        number: The number of the first spell.
    """

    def __init__(
        self,
        ask: Ask,
        portal: int,
        portals: Mapping[int, tuple[str, int]],
        part: Mapping[str, object],
        number: int,
    ) -> None:
        self._ask, self._portals = ask, portals
        self.name, self._interval_s = portals[portal]
        self._part = {**part, "portal": portal}
        self.spells = Spells(*ask.whole_columns(SPELLS, self._part, present=8))
        seen_from = self.spells.seen_from
        self.numbers = range(number, number + len(seen_from))
        self._which = {**self._part, "since": seen_from[0] if seen_from else 0}
        self._pauses = pauses(ask, self._which) if seen_from else []
        self._evidence: dict[int, tuple[Any, ...]] = {}

    def flags(self, station: str, tenths: Sequence[int | None]) -> list[int]:
        """
        The flag of a station in each spell.

        Args:
            station: Its name.
            tenths: Its temperatures in the spells of all portals, by number.
        """
        numbers = tenths[self.numbers.start : self.numbers.stop]
        flags = [
            MISSING if tenth is None else flag
            for tenth, flag in zip(numbers, self.spells.flag, strict=True)
        ]
        which = {**self._which, "station": station}
        for seen_from, flag in self._ask.whole(OF_STATION, which, present=2):
            if (nth := self._nth.get(seen_from)) is not None:
                flags[nth] = flag
        return flags

    def turns(self, listing: Sequence[bool], until: int) -> Iterator[Turn]:
        """The turns of a station, oldest first; ``listing``: whether each spell lists it."""
        begins = [since for since, _ in self._pauses]
        paused = {bisect_right(self.spells.seen_from, since) - 1 for since in begins}
        ends = [*self.spells.seen_from[1:], until]
        last = NONE
        rows = zip(*self.spells[:5], strict=True)
        listed = listing[self.numbers.start : self.numbers.stop]
        for spell, is_listed, row, end in zip(self.numbers, listed, rows, ends, strict=False):
            seen_from, seen_until, _, published_by, confirmed = row
            if not is_listed:
                if last != NONE:
                    yield seen_from, "down", last
                continue
            last, is_confirmed = spell, confirmed == 1
            state = state_throughout(published_by, is_confirmed, end)
            if state and spell - self.numbers.start not in paused:
                yield seen_from, state, spell
                continue
            within = self._pauses[bisect_left(begins, seen_from) : bisect_right(begins, seen_until)]
            for begin, _, state in pieces(
                Shown(*row[:4], is_confirmed), end, within, self._interval_s
            ):
                yield begin, state, spell

    def read_evidence(self, spells: Iterable[int]) -> None:
        """Read the facts that ``why`` needs about spells, of which some may be of other portals."""
        new = [one for one in spells if one in self.numbers and one not in self._evidence]
        if new:
            begins = [self.spells.seen_from[one - self.numbers.start] for one in new]
            which = {**self._part, "begins": json.dumps(begins)}
            rows = self._ask.whole(EVIDENCE, which, present=1)
            self._evidence.update(zip(new, rows, strict=True))

    def why(self, spell: int, state: State, at: int) -> str:
        """Why a spell is in its state, when it counts; call ``read_evidence`` with it before."""
        nth = spell - self.numbers.start
        if nth + 1 < len(self.numbers) and self.spells.seen_from[nth + 1] <= at:
            return NOT_LISTED
        return why(state, self._facts(spell, at))

    def _facts(self, spell: int, at: int) -> Facts:
        """The facts that decide the state of a spell at a moment."""
        nth = spell - self.numbers.start
        _, _, standing_since, published_by, _, first_seen, *_ = (of[nth] for of in self.spells)
        first_portal, first_after, doubt, late_hours, observed_at = self._evidence[spell]
        return Facts(
            at=at,
            last_look=self._last_look(at),
            portal=self.name,
            standing_since=standing_since,
            published_by=published_by,
            first_seen=first_seen,
            first_portal=self._portals[first_portal][0],
            first_after=first_after,
            doubt=None if doubt is None else _DOUBTS[doubt],
            late_hours=late_hours,
            observed_at=observed_at,
        )

    @functools.cached_property
    def _nth(self) -> dict[int, int]:
        """The place of each spell, by its first look."""
        return {seen_from: nth for nth, seen_from in enumerate(self.spells.seen_from)}

    def _last_look(self, at: int) -> int:
        """The last look up to a moment in a pause; outside of a pause, the moment itself."""
        nth = bisect_right(self._pauses, at, key=lambda pause: pause[0]) - 1
        if nth >= 0 and at < self._pauses[nth][1]:
            return self._pauses[nth][0]
        return at
