"""Statistics of a station by hour, day, month or year, and how much stands behind each number."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from db.measures import periods
from db.reading import moment

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from db.measures.periods import By
    from db.measures.stretches import History, Piece

MIN_COVERAGE: Final = 0.75

_Printed: TypeAlias = "tuple[int, int, int, float | None]"
"""Of a piece with a temperature: from here, until here, tenths of a degree C, share."""

_TENTHS: Final[Callable[[_Printed], int]] = itemgetter(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """
    What is known of a station in one Korean hour, day, month or year.

    Attributes:
        station: Its Korean name.
        since, until: The whole period, ``since <= t < until``; Korean time.
        mean_c: Degrees Celsius, weighed by time.
        minimum_c, minimum_seen: The lowest value, and from when in the period it was seen first.
        maximum_c, maximum_seen: The highest.
        readings: How many values were first seen in the period.
        coverage: Which share of the whole period had a temperature, 0 to 1.
        longest_gap_s: Seconds; the longest stretch of the period without a temperature.
        conditions: Which share of the time with a reading had which sky, the most frequent first;
            ``not_reported`` where a dash was printed, ``unknown`` where nothing that we understand.
        agreement: Where several portals were live, which share of them showed the temperature that
            counts, weighed by time; None where never more than one was.
        reason: Why the mean, the lowest and the highest are None; None where they are not.
    """

    station: str
    since: dt.datetime
    until: dt.datetime
    mean_c: float | None
    minimum_c: float | None
    minimum_seen: dt.datetime | None
    maximum_c: float | None
    maximum_seen: dt.datetime | None
    readings: int
    coverage: float
    longest_gap_s: int
    conditions: dict[str, float]
    agreement: float | None
    reason: str | None


def of(
    history: History, station: str, *, by: By = "day", min_coverage: float = MIN_COVERAGE
) -> list[Period]:
    """
    The periods of a station that have a part in a history, oldest first, also those without values.

    Args:
        history: What to look at.
        station: Its Korean name.
        by: How long a period is.
        min_coverage: Below this a period has no mean, lowest and highest value; 0 to 1.

    Raises:
        WrongQuestion: There are too many periods.
    """
    span = history.span()
    if span is None:
        return []
    borders = periods.borders(*span, by)
    split = _split(history.pieces(station), borders)
    terms = _Terms(
        station=station,
        sky_names=history.conditions(),  # after the pieces: one may be new
        min_coverage=min_coverage,
        nothing="no temperature" if history.everything else "no live temperature",
    )
    return [
        _period(terms, since, until, pieces)
        for (since, until), pieces in zip(pairwise(borders), split, strict=True)
    ]


def _split(pieces: Iterable[Piece], borders: Sequence[int]) -> list[list[Piece]]:
    """The pieces of each period; one that reaches over a border is cut there."""
    split: list[list[Piece]] = [[] for _ in borders[1:]]
    nth, border = 0, borders[1]
    for piece in pieces:
        begin, end = piece[:2]
        while begin >= border:
            nth, border = nth + 1, borders[nth + 2]
        while end > border:
            split[nth].append(piece._replace(begin=begin, end=border))
            nth, begin, border = nth + 1, border, borders[nth + 2]
        split[nth].append(piece if begin == piece[0] else piece._replace(begin=begin))
    return split


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What all periods of an answer share."""

    station: str
    sky_names: Mapping[int, str]
    min_coverage: float
    nothing: str


def _period(terms: _Terms, since: int, until: int, pieces: list[Piece]) -> Period:
    sums = _sums(pieces, since, until)
    coverage = round(sums.covered_s / (until - since), 4)
    reason = _reason(terms, sums, coverage)
    lowest = highest = None
    if reason is None:
        lowest, highest = min(sums.printed, key=_TENTHS), max(sums.printed, key=_TENTHS)
    return Period(
        station=terms.station,
        since=moment(since),
        until=moment(until),
        mean_c=None if reason else round(sums.weighed / sums.covered_s / 10, 2) + 0.0,  # no -0.0
        minimum_c=lowest and lowest[2] / 10,
        minimum_seen=lowest and moment(lowest[0]),
        maximum_c=highest and highest[2] / 10,
        maximum_seen=highest and moment(highest[0]),
        readings=sums.readings,
        coverage=coverage,
        longest_gap_s=sums.longest_gap_s,
        conditions=_conditions(sums.sky_s, terms.sky_names),
        agreement=_agreement(sums.printed),
        reason=reason,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """What the pieces of a period add up to, and those of them that have a temperature."""

    readings: int
    sky_s: dict[int, int]
    printed: list[_Printed]
    covered_s: int
    weighed: int
    longest_gap_s: int


def _sums(pieces: list[Piece], since: int, until: int) -> _Sums:
    readings = covered_s = weighed = longest_gap_s = 0
    sky_s: dict[int, int] = {}
    printed = []
    for begin, end, seen_from, tenths, sky, share, *_ in pieces:  # there may be many
        lasted = end - begin
        readings += begin == seen_from
        sky_s[sky] = sky_s.get(sky, 0) + lasted
        if tenths is not None:
            printed.append((begin, end, tenths, share))
            covered_s += lasted
            weighed += tenths * lasted
            longest_gap_s = max(longest_gap_s, begin - since)
            since = end
    return _Sums(
        readings=readings,
        sky_s=sky_s,
        printed=printed,
        covered_s=covered_s,
        weighed=weighed,
        longest_gap_s=max(longest_gap_s, until - since),
    )


def _reason(terms: _Terms, sums: _Sums, coverage: float) -> str | None:
    """Why there is no mean; None where there is one."""
    if not sums.printed:
        return terms.nothing
    if coverage < terms.min_coverage:
        return f"coverage {coverage:g} is below {terms.min_coverage:g}"
    return None


def _conditions(sky_s: Mapping[int, int], names: Mapping[int, str]) -> dict[str, float]:
    """The share of each sky; several labels may mean the same."""
    lasted: dict[str, int] = {}
    for sky, seconds in sky_s.items():
        lasted[names[sky]] = lasted.get(names[sky], 0) + seconds
    live_s = sum(lasted.values())
    most_first = sorted(lasted, key=lambda name: (-lasted[name], name))
    return {name: round(lasted[name] / live_s, 4) for name in most_first}


def _agreement(printed: list[_Printed]) -> float | None:
    shared = [(end - begin, share) for begin, end, _, share in printed if share is not None]
    if not shared:
        return None
    weighed = sum(lasted * share for lasted, share in shared)
    return round(weighed / sum(lasted for lasted, _ in shared), 4)
