"""Statistics of a station by hour, day, week or longer, each with its coverage."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from db.measures import periods
from db.moments import DAY_S, KST_S, moment
from db.qartod import FAIL, SUSPECT

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from db.measures.history import History, Piece
    from db.measures.periods import By

LONGEST_HOLE_S: Final = 3 * 60 * 60
"""A longer gap may contain the warmest or the coldest hour of a day."""

_OF_DAYS: Final = frozenset({"week", "month", "year", "all"})
"""Periods whose extremes come from their days."""

_Printed: TypeAlias = "tuple[int, int, int, float | None]"
"""A piece with a temperature: beginning, end, tenths of a degree C, share."""

_TENTHS: Final[Callable[[_Printed], int]] = itemgetter(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """
    The statistics of a station in one Korean hour, day, week, month or year, or a whole range.

    Attributes:
        station: Its Korean name.
        since, until: The period, ``since <= t < until``; Korean time.
        part: ``part of the day``, or of another period, if only a part was asked for: then all
            values are of that part; None for a whole period.
        mean_c: Degrees Celsius, weighted by time; without values flagged 4.
        minimum_c, minimum_seen: The lowest value, and when it was first seen in the period.
        maximum_c, maximum_seen: The same for the highest. An hour or a day with a gap of more than
            three hours has neither; those of longer periods come from the days that have them.
        days: The number of days with extremes; None for an hour and a day.
        readings: The number of values first seen in the period.
        coverage: The share of the period with a temperature not flagged 4, 0 to 1.
        longest_gap_s: Seconds; the longest stretch of the period without such a temperature.
        suspect: The share of the period with flag 3, which counts nevertheless.
        failed: The share of the period with flag 4.
        conditions: The share of each sky in the time with a reading, the most frequent first;
            ``not_reported`` for a printed dash, ``unknown`` for other words.
        agreement: While several portals were live, the share of them with the temperature that
            counts, weighted by time; None if there was never more than one.
        reason: Why the mean, or the extremes, are None; None if they are not.
    """

    station: str
    since: dt.datetime
    until: dt.datetime
    part: str | None
    mean_c: float | None
    minimum_c: float | None
    minimum_seen: dt.datetime | None
    maximum_c: float | None
    maximum_seen: dt.datetime | None
    days: int | None
    readings: int
    coverage: float
    longest_gap_s: int
    suspect: float
    failed: float
    conditions: dict[str, float]
    agreement: float | None
    reason: str | None


def of(history: History, station: str, *, by: By, min_coverage: float) -> list[Period]:
    """
    The periods of a station that overlap a history, oldest first, even without values.

    Args:
        history: The history to measure.
        station: Its Korean name.
        by: The length of a period.
        min_coverage: Below this a period has no mean, lowest and highest value; 0 to 1.

    Raises:
        WrongQuestion: There are too many periods.
    """
    span = history.span()
    if span is None:
        return []
    borders, parts = _asked(history, periods.borders(*span, by))
    pieces = list(history.pieces(station))
    terms = _Terms(
        station=station,
        by=by,
        sky_names=history.conditions(),  # after the pieces: one may be new
        min_coverage=min_coverage,
        absent="no temperature" if history.everything else "no live temperature",
    )
    sums = _sums(pieces, borders)
    if by not in _OF_DAYS:
        return [_period(terms, one, part) for one, part in zip(sums, parts, strict=True)]
    by_day = _sums(pieces, _asked(history, periods.borders(*span, "day"))[0])
    return [
        _period(
            *(terms, one, part),
            [day for day in by_day if day.until > one.since and day.since < one.until],
        )
        for one, part in zip(sums, parts, strict=True)
    ]


def _asked(history: History, borders: list[int]) -> tuple[list[int], list[bool]]:
    """The borders within the asked range, and the periods that it cuts."""
    since, until = history.asked
    first = borders[0] if since is None else max(since, borders[0])
    last = borders[-1] if until is None else min(until, borders[-1])
    cut = [False] * (len(borders) - 1)
    cut[0] = first > borders[0]
    cut[-1] = cut[-1] or last < borders[-1]
    return [first, *borders[1:-1], last], cut


def _sums(pieces: Iterable[Piece], borders: Sequence[int]) -> list[_Sums]:
    """The sums of each period; a piece across a border is cut there."""
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
    return [_Sums.of(*ends, some) for ends, some in zip(pairwise(borders), split, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """The shared settings of all periods of an answer."""

    station: str
    by: By
    sky_names: Mapping[int, str]
    min_coverage: float
    absent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """The sums over the pieces of a period, and the pieces with a temperature."""

    since: int
    until: int
    readings: int
    sky_s: dict[int, int]
    printed: list[_Printed]
    covered_s: int
    weighed: int
    longest_gap_s: int
    suspect_s: int
    failed_s: int

    @classmethod
    def of(cls, since: int, until: int, pieces: list[Piece]) -> _Sums:
        """Add up the pieces; a failed value has no temperature."""
        readings = covered_s = weighed = longest_gap_s = suspect_s = failed_s = 0
        sky_s: dict[int, int] = {}
        printed = []
        known = since
        for begin, end, seen_from, tenths, sky, share, _, _, _, _, flag in pieces:  # maybe many
            lasted = end - begin
            readings += begin == seen_from
            sky_s[sky] = sky_s.get(sky, 0) + lasted
            if tenths is None:
                continue
            if flag >= FAIL:
                failed_s += lasted
                continue
            if flag == SUSPECT:
                suspect_s += lasted
            printed.append((begin, end, tenths, share))
            covered_s += lasted
            weighed += tenths * lasted
            longest_gap_s = max(longest_gap_s, begin - known)
            known = end
        return cls(
            since=since,
            until=until,
            readings=readings,
            sky_s=sky_s,
            printed=printed,
            covered_s=covered_s,
            weighed=weighed,
            longest_gap_s=max(longest_gap_s, until - known),
            suspect_s=suspect_s,
            failed_s=failed_s,
        )

    def share(self, seconds: int) -> float:
        """The share of the period."""
        return round(seconds / (self.until - self.since), 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extremes:
    """The extremes of a period, the number of their days, and why there are none."""

    lowest: _Printed | None = None
    highest: _Printed | None = None
    days: int | None = None
    reason: str | None = None


def _period(terms: _Terms, sums: _Sums, is_part: bool, days: list[_Sums] | None = None) -> Period:
    coverage, reason = sums.share(sums.covered_s), _reason(terms, sums)
    extremes = _Extremes() if days is None else _of_days(terms, sums, days)
    if reason is not None:
        extremes = _Extremes(days=extremes.days)
    elif days is None:
        extremes = _whole(sums)
    lowest, highest = extremes.lowest, extremes.highest
    return Period(
        station=terms.station,
        since=moment(sums.since),
        until=moment(sums.until),
        part=f"part of the {terms.by}" if is_part else None,
        mean_c=None if reason else round(sums.weighed / sums.covered_s / 10, 2) + 0.0,  # no -0.0
        minimum_c=lowest and lowest[2] / 10,
        minimum_seen=lowest and moment(lowest[0]),
        maximum_c=highest and highest[2] / 10,
        maximum_seen=highest and moment(highest[0]),
        days=extremes.days,
        readings=sums.readings,
        coverage=coverage,
        longest_gap_s=sums.longest_gap_s,
        suspect=sums.share(sums.suspect_s),
        failed=sums.share(sums.failed_s),
        conditions=_conditions(sums.sky_s, terms.sky_names),
        agreement=_agreement(sums.printed),
        reason=reason or extremes.reason,
    )


def _whole(sums: _Sums) -> _Extremes:
    """The extremes of an hour or a day, which must not have a long gap."""
    if sums.longest_gap_s > LONGEST_HOLE_S:
        hours, minutes = divmod(sums.longest_gap_s // 60, 60)
        return _Extremes(reason=f"no extremes: no value for {hours} h {minutes:02} min")
    lowest, highest = min(sums.printed, key=_TENTHS), max(sums.printed, key=_TENTHS)
    return _Extremes(lowest=lowest, highest=highest)


def _of_days(terms: _Terms, sums: _Sums, days: list[_Sums]) -> _Extremes:
    """The extremes of a longer period, from the days that have them; all its days count."""
    known = [_whole(day) for day in days if _reason(terms, day) is None]
    known = [day for day in known if day.reason is None]
    first, last = ((second + KST_S) // DAY_S for second in (sums.since, sums.until - 1))
    all_days = last - first + 1
    if not known or len(known) < terms.min_coverage * all_days:
        reason = f"no extremes: {len(known)} of {all_days} days have them"
        return _Extremes(days=len(known), reason=reason)
    lowest = min((day.lowest for day in known if day.lowest), key=_TENTHS)
    highest = max((day.highest for day in known if day.highest), key=_TENTHS)
    return _Extremes(lowest=lowest, highest=highest, days=len(known))


def _reason(terms: _Terms, sums: _Sums) -> str | None:
    """Why there is no mean; None if there is one."""
    failed = f"{sums.share(sums.failed_s):.0%} is flagged 4" if sums.failed_s else None
    if not sums.printed:
        return terms.absent if failed is None else f"{terms.absent} passes: {failed}"
    coverage = sums.share(sums.covered_s)
    if coverage < terms.min_coverage:
        below = f"coverage {coverage:g} is below {terms.min_coverage:g}"
        return below if failed is None else f"{below}: {failed}"
    return None


def _conditions(sky_s: Mapping[int, int], names: Mapping[int, str]) -> dict[str, float]:
    """The share of each sky; several labels may mean the same."""
    lasted: Counter[str] = Counter()
    for sky, seconds in sky_s.items():
        lasted[names[sky]] += seconds
    most_first = sorted(lasted, key=lambda name: (-lasted[name], name))
    return {name: round(lasted[name] / lasted.total(), 4) for name in most_first}


def _agreement(printed: list[_Printed]) -> float | None:
    shared = [(end - begin, share) for begin, end, _, share in printed if share is not None]
    if not shared:
        return None
    weighed = sum(lasted * share for lasted, share in shared)
    return round(weighed / sum(lasted for lasted, _ in shared), 4)
