"""
Counting: the spells that count over time, at the full hours and between them.

They are the same for all stations that the same spells list. Time is divided into turns, in each of
which one spell counts, in one state. The facts about turns and hours are columns::

    turns   22:00 none       22:40 live      23:50 live     00:20 frozen
    hours   22:00            23:00           00:00          01:00   02:00
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, chain, repeat
from operator import add, attrgetter, itemgetter, mul, sub
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from db.asked import MIN_COVERAGE
from db.measures.history import side_by_side
from db.measures.timeline import NONE
from db.moments import HOUR_S
from db.read.why import why_live
from db.validity import rank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from db.measures.evidence import StateThen
    from db.measures.timeline import Timeline, Turn
    from db.validity import State

_T = TypeVar("_T")


class Counting:
    """
    The spells that count over time.

    Args:
        portals: Their timelines.
        listing: Whether each spell lists the stations.
        hours: The full hours.
        until: The end of the time, in the last hour or with it.

    Attributes:
        published_by, portal, state, why: Those of each full hour, as in ``Hour``.
        spells: The spell whose values are live at each full hour, or ``NONE``.
    """

    def __init__(
        self, portals: Sequence[Timeline], listing: Sequence[bool], hours: range, until: int
    ) -> None:
        self._listing = listing
        self._portals = [portal for portal in portals for _ in portal.numbers]
        self._published_by = [at for portal in portals for at in portal.spells.published_by]
        self._several: dict[int, _Several] = {}
        self._coverage: dict[tuple[bool, ...], tuple[list[int], list[float]]] = {}
        begins, spells = [hours.start], [NONE]
        states: list[StateThen] = ["none"]
        for begin, state, spell in self._turns(portals, until):
            begins.append(begin)
            states.append(state)
            spells.append(spell)
        self._place(begins, hours, until)
        self._live = [
            spell if state == "live" else NONE for spell, state in zip(spells, states, strict=True)
        ]
        self.spells, self.state = self._at_hours(self._live), self._at_hours(states)
        self._describe(portals, self._at_hours(spells), hours)

    def _turns(self, portals: Sequence[Timeline], until: int) -> Iterator[Turn]:
        """The turns of the only portal, or those among several."""
        if len(portals) == 1:
            yield from portals[0].turns(self._listing, until)
            return
        shown = [_pieces(nth, one, self._listing, until) for nth, one in enumerate(portals)]
        for nth, (begin, end, at_once) in enumerate(side_by_side(shown), 1):
            best = max(at_once.values(), key=_RANK)
            if best.state == "live" and -begin // HOUR_S > -end // HOUR_S:  # at a full hour
                live = [one.spell for one in at_once.values() if one.state == "live"]
                self._several[nth] = self._beside(best.spell, live)
            yield begin, best.state, best.spell

    def _place(self, begins: list[int], hours: range, until: int) -> None:
        """Find the turn of each full hour, and the seconds of the turn before the hour."""
        early = bisect_right(begins, hours.start, lo=1)
        begins[:early] = [hours.start] * early
        hours_before = [-(-(begin - hours.start) // HOUR_S) for begin in begins]
        hours_in = map(sub, [*hours_before[1:], len(hours)], hours_before)
        self._nth = list(chain.from_iterable(map(repeat, range(len(begins)), hours_in)))
        self._over_s = list(map(sub, hours, self._at_hours(begins)))
        self._lasts_s = list(map(sub, [*begins[1:], until], begins))

    def _describe(self, portals: Sequence[Timeline], spells: Sequence[int], hours: range) -> None:
        """Set the facts about the spell that counts at each full hour."""
        first_seen = [at for portal in portals for at in portal.spells.first_seen]
        names = [portal.name for portal in portals for _ in portal.numbers]
        self.published_by = picked([*self._published_by, None], spells)
        self.portal = picked([*names, None], spells)
        not_live = {one for one, state in zip(spells, self.state, strict=True) if state != "live"}
        for portal in portals:
            portal.read_evidence(not_live)
        self.why = [
            why_live(first_seen[spell]) if state == "live" else self._why(spell, state, hour)
            for spell, state, hour in zip(spells, self.state, hours, strict=True)
        ]

    def _why(self, spell: int, state: StateThen, at: int) -> str | None:
        """Why a spell that counts is not live."""
        return None if state == "none" else self._portals[spell].why(spell, state, at)

    def _at_hours(self, of_turns: Sequence[_T]) -> list[_T]:
        """The facts about the turns, at the full hours."""
        return picked(of_turns, self._nth)

    def _in_hours(self, of_turns: Sequence[int]) -> list[int]:
        """The sum of a number of the turns over the seconds of each hour."""
        before = [*accumulate(map(mul, of_turns, self._lasts_s), initial=0)]
        over = map(mul, self._at_hours(of_turns), self._over_s)
        until = [*map(add, self._at_hours(before), over), before[-1]]
        return list(map(sub, until[1:], until))

    def means(self, tenths: Sequence[int | None]) -> tuple[list[float | None], list[float]]:
        """
        The mean of each hour, weighted by time, and the share of it with a temperature.

        Args:
            tenths: Those of the spells; None for a temperature that does not count.
        """
        counted = picked(tenths, self._live)
        enough_s, coverage = self._covered(tuple([tenth is not None for tenth in counted]))
        sums = self._in_hours([tenth or 0 for tenth in counted])
        means = [
            round(tenth_s / seconds / 10, 2) + 0.0 if seconds else None  # no -0.0
            for tenth_s, seconds in zip(sums, enough_s, strict=True)
        ]
        return means, coverage

    def _covered(self, known: tuple[bool, ...]) -> tuple[list[int], list[float]]:
        """
        The seconds of each hour in turns with a temperature, and the share of the hour.

        The seconds are 0 if they are too few for a mean. Most stations share one answer.
        """
        if known not in self._coverage:
            covered_s = self._in_hours(known)
            share_of = {seconds: round(seconds / HOUR_S, 4) for seconds in set(covered_s)}
            coverage = list(map(share_of.__getitem__, covered_s))
            enough = [share >= MIN_COVERAGE for share in coverage]
            self._coverage[known] = list(map(mul, covered_s, enough)), coverage
        return self._coverage[known]

    def agreement(self, tenths: Sequence[int | None]) -> tuple[list[int], list[int]]:
        """
        The numbers of live portals with a temperature at each full hour, and of those that agree.

        Args:
            tenths: Those of the spells; None if no number is printed.
        """
        printing = [int(tenths[spell] is not None) for spell in self._live]
        agreeing = printing.copy()
        for nth, (tenths_of, earlier) in self._several.items():
            best, before, *shown = tenths_of(tenths)
            printing[nth] = len(shown) - shown.count(None)
            agreeing[nth] = shown.count(best) if best is not None else 0
            if before is not None and before != best:  # a portal may lag
                agreeing[nth] += shown[:earlier].count(before)
        return self._at_hours(printing), self._at_hours(agreeing)

    def _beside(self, best: int, live: Sequence[int]) -> _Several:
        """The live spells beside the one that counts: at first those published before it."""
        published_by = self._published_by[best]
        by_age = sorted(live, key=lambda spell: self._published_by[spell] >= published_by)
        earlier = sum(self._published_by[spell] < published_by for spell in live)
        before = self._before(best) if earlier else NONE
        return _Several(itemgetter(best, before, *by_age), earlier)

    def _before(self, spell: int) -> int:
        """The spell with an older set before this one that lists the stations, or ``NONE``."""
        earlier = range(spell - 1, self._portals[spell].numbers.start - 1, -1)
        at = self._published_by
        older = (one for one in earlier if self._listing[one] and at[one] < at[spell])
        return next(older, NONE)


def picked(column: Sequence[_T] | Mapping[Any, _T], places: Sequence[Any]) -> list[_T]:
    """The values of a column at these places."""
    if len(places) < 2:  # ``itemgetter`` gives a single one without a tuple
        return [column[place] for place in places]
    return list(itemgetter(*places)(column))


class _Several(NamedTuple):
    """
    The spells that are live in a turn.

    Attributes:
        tenths_of: Gets the temperatures of the spell that counts, of the one before it at its
            portal, and of all that are live.
        earlier: The number of the first of these that were published before the one that counts.
    """

    tenths_of: Callable[[Sequence[int | None]], tuple[int | None, ...]]
    earlier: int


class _Piece(NamedTuple):
    """A turn of a portal beside those of others; the one of the greatest rank counts."""

    begin: int
    end: int
    state: State
    spell: int
    rank: tuple[int, ...]


_RANK: Final = attrgetter("rank")


def _pieces(nth: int, portal: Timeline, listing: Sequence[bool], until: int) -> Iterator[_Piece]:
    """The turns of the nth portal."""
    turns = list(portal.turns(listing, until))
    ends = [*(begin for begin, _, _ in turns[1:]), until]
    for (begin, state, spell), end in zip(turns, ends, strict=False):
        at = spell - portal.numbers.start
        order = rank(state, portal.spells.published_by[at], portal.spells.seen_from[at])
        yield _Piece(begin, end, state, spell, (*order, -nth))
