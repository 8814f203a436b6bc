"""Stations side by side: the same hours or days, differences, and correlation."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import correlation, fmean
from typing import TYPE_CHECKING, Final

from db.errors import WrongQuestion
from db.measures import stats

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from db.measures.history import History
    from db.measures.periods import By

FEWEST: Final = 3
"""The least common periods; two of them always correlate perfectly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """
    Several stations in one Korean hour, day or longer period.

    Attributes:
        since, until: The period, ``since <= t < until``; Korean time.
        part: As in ``Period``.
        means_c: The mean of each station, degrees Celsius weighted by time; None if its coverage
            is too low.
        differences_c: For each station but the first: its mean minus that of the first.
    """

    since: dt.datetime
    until: dt.datetime
    part: str | None
    means_c: dict[str, float | None]
    differences_c: dict[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """
    The relation of a station to the first one.

    Attributes:
        station: Its Korean name.
        common: The number of periods in which both have a mean; the rest is about these.
        mean_difference_c: Its mean minus that of the first; None without a common period.
        correlation: Pearson's, -1 to 1.
        reason: Why there is no correlation; None if there is one.
    """

    station: str
    common: int
    mean_difference_c: float | None
    correlation: float | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    Stations side by side.

    Attributes:
        stations: Their Korean names; the others are compared with the first.
        relations: The relation of each of the others.
        periods: Every period of the range, oldest first, even without values.
    """

    stations: tuple[str, ...]
    relations: tuple[Relation, ...]
    periods: tuple[SideBySide, ...]


def of(
    history: History,
    stations: Sequence[str],
    *,
    by: By,
    min_coverage: float,
) -> Comparison:
    """
    Compare stations over a history.

    Args:
        history: The history to compare.
        stations: Their Korean names, two or more; the others are compared with the first.
        by: The length of a period.
        min_coverage: Below this a period has no mean; 0 to 1.

    Raises:
        WrongQuestion: There are fewer than two stations, or too many periods, or an argument is
            invalid.
    """
    names = tuple(dict.fromkeys(stations))
    if len(names) < 2:
        raise WrongQuestion("stations", ", ".join(names) or "none", expected="at least two")
    sides = [stats.of(history, name, by=by, min_coverage=min_coverage) for name in names]
    means = {
        name: [period.mean_c for period in side] for name, side in zip(names, sides, strict=True)
    }
    return Comparison(
        stations=names,
        relations=tuple(_relation(names[0], name, means, by) for name in names[1:]),
        periods=tuple(
            _side_by_side(same, {name: means[name][nth] for name in names})
            for nth, same in enumerate(sides[0])
        ),
    )


def _side_by_side(period: stats.Period, means_c: dict[str, float | None]) -> SideBySide:
    first, *others = means_c
    return SideBySide(
        since=period.since,
        until=period.until,
        part=period.part,
        means_c=means_c,
        differences_c={name: _difference(means_c[name], means_c[first]) for name in others},
    )


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one - other, 2) + 0.0  # no -0.0


def _relation(first: str, station: str, means: dict[str, list[float | None]], by: By) -> Relation:
    common = [
        (one, other)
        for one, other in zip(means[station], means[first], strict=True)
        if one is not None and other is not None
    ]
    together, reason = _correlation(first, station, common, by)
    differences = [one - other for one, other in common]
    return Relation(
        station=station,
        common=len(common),
        mean_difference_c=round(fmean(differences), 2) + 0.0 if differences else None,
        correlation=together,
        reason=reason,
    )


def _correlation(
    first: str, station: str, common: list[tuple[float, float]], by: By
) -> tuple[float | None, str | None]:
    """Pearson's correlation, or why there is none."""
    if len(common) < FEWEST:
        return None, f"{len(common)} common {by}s, expected at least {FEWEST}"
    ones, others = zip(*common, strict=True)
    for name, values in ((station, ones), (first, others)):
        if len(set(values)) == 1:
            return None, f"{name} shows {values[0]} all the time"
    return round(correlation(ones, others), 4), None
