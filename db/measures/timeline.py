"""
Timelines: the sets of one portal over time, with state and reason, for any station.

The spells are numbered, so that the values of a station are a column beside them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from db import validity
from db.derived import LATE_HOURS, UNFLAGGED
from db.measures.stretches import LAST_LOOK, PAUSES
from db.moments import FOREVER
from db.read.flags import OF_STATION
from db.read.why import DOUBTS, NOT_LISTED, Facts, why, why_live
from db.validity import CONFIRMED, Shown

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from db.read.ask import Ask
    from db.validity import Doubt, State

_DOUBTS: Final[tuple[Doubt, ...]] = tuple(DOUBTS)

_DOUBT: Final = " ".join(f"WHEN '{doubt}' THEN {nth}" for nth, doubt in enumerate(_DOUBTS))

SPELLS: Final = f"""
    SELECT sp.seen_from, sp.seen_until, sp.standing_since, sp.published_by,
        coalesce({CONFIRMED}, 0), sp.first_seen, sp.first_portal_id, sp.first_after,
        CASE sp.doubt {_DOUBT} END, {LATE_HOURS}, sp.observed_at
    FROM spells AS sp
    WHERE sp.portal_id = :portal AND sp.seen_from < :until AND sp.seen_from >= coalesce((
        SELECT min(coalesce((
            SELECT b.seen_from FROM spells AS b
            JOIN readings AS t ON t.sidebar_id = b.sidebar_id AND t.station_id = ps.station_id
            WHERE b.portal_id = ps.portal_id AND b.seen_from <= :since
            ORDER BY b.seen_from DESC LIMIT 1 OFFSET 1), 0))
        FROM portal_stations AS ps JOIN stations AS st ON st.id = ps.station_id
        WHERE ps.portal_id = :portal
            AND st.name_ko IN (SELECT value FROM json_each(:stations))), 0)
    ORDER BY sp.seen_from"""
"""From the second last spell before the asked time that lists each of the stations."""

READINGS: Final = f"""
    SELECT sp.seen_from, r.condition_id, {UNFLAGGED}, r.temperature
    FROM spells AS sp
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
        AND r.station_id = (SELECT id FROM stations WHERE name_ko = :station)
    WHERE sp.portal_id = :portal AND sp.seen_from >= :since AND sp.seen_from < :until
    ORDER BY sp.seen_from"""


class Piece(NamedTuple):
    """
    A time in which a portal's set has one state.

    Attributes:
        begin, end: ``begin <= t < end``, epoch seconds.
        state: Its state throughout.
        published_by: That of the set.
        spell: The number of the spell; the last one that lists the station.
        is_listed: Whether the portal lists the station in this time.
    """

    begin: int
    end: int
    state: State
    published_by: int
    spell: int
    is_listed: bool


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
        self._rows = ask.whole(SPELLS, {**part, "portal": portal}, present=7)
        self.numbers = range(number, number + len(self._rows))
        self._numbers = {row[0]: spell for spell, row in zip(self.numbers, self._rows, strict=True)}
        since = self._rows[0][0] if self._rows else 0
        self._which: dict[str, object] = {**part, "portal": portal, "since": since}
        self._pauses = self._asked_pauses() if self._rows else []

    def _asked_pauses(self) -> list[tuple[int, int]]:
        """The stretches without a look; the one after the last look has no end."""
        ((last_look,),) = self._ask.whole(LAST_LOOK, self._which, present=1)
        return [*self._ask.whole(PAUSES, self._which, present=2), (last_look, FOREVER)]

    def readings(self, station: str) -> dict[int, tuple[int, int | None, int]]:
        """The sky, the tenths of a degree and the flag of a station in each spell."""
        which = {**self._which, "station": station}
        rows = self._ask.whole(READINGS, which, present=3)
        flags = dict(self._ask.whole(OF_STATION, which, present=2))
        numbers = self._numbers
        return {
            numbers[seen_from]: (sky, tenths, flags.get(seen_from, unflagged))
            for seen_from, sky, unflagged, tenths in rows
            if seen_from in numbers
        }

    def pieces(self, listing: Container[int], until: int) -> Iterator[Piece]:
        """The states of the values of a station, oldest first; ``listing``: the spells with it."""
        begins = [since for since, _ in self._pauses]
        ends = [*(row[0] for row in self._rows[1:]), until]
        last: tuple[int, int] | None = None
        for spell, row, end in zip(self.numbers, self._rows, ends, strict=False):
            if spell in listing:
                last = row[3], spell
                first, after = bisect_left(begins, row[0]), bisect_right(begins, row[1])
                shown = Shown(row[0], row[1], row[2], row[3], row[4] == 1)
                paused = self._pauses[first:after]
                for begin, to, state in validity.pieces(shown, end, paused, self._interval_s):
                    yield Piece(begin, to, state, row[3], spell, True)
            elif last is not None:
                yield Piece(row[0], end, "down", *last, is_listed=False)

    def why(self, piece: Piece, at: int) -> str:
        """Why a piece is in its state, at a moment in it."""
        if not piece.is_listed:
            return NOT_LISTED
        row = self._rows[piece.spell - self.numbers.start]
        if piece.state == "live":
            return why_live(row[5])
        _, _, standing_since, published_by, _, first_seen, first_portal, first_after, *more = row
        doubt, late_hours, observed_at = more
        facts = Facts(
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
        return why(piece.state, facts)

    def _last_look(self, at: int) -> int:
        """The last look up to a moment in a pause; outside of a pause, the moment itself."""
        nth = bisect_right(self._pauses, at, key=lambda pause: pause[0]) - 1
        if nth >= 0 and at < self._pauses[nth][1]:
            return self._pauses[nth][0]
        return at

    def before(self, spell: int, tenths: Mapping[int, int | None]) -> int | None:
        """The value of a station in the spell before this one that lists it, if any."""
        for number in range(spell - 1, self.numbers.start - 1, -1):
            if number in tenths:
                return tenths[number]
        return None
