"""Compares answers with the feed: which values were fresh, stale, or not knowable."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from db.moments import epoch, moment
from db.validity import FROZEN_AFTER_S, GAP_AFTER_INTERVALS, HOLD_S
from scraper.demo.portal import CITIES
from tests.support.feeds import HOUR_S, INTERVAL_S
from tests.support.model import end_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.scenarios import Scenario
    from db import query
    from tests.support.feeds import Feed, Page

LEAST_FRESH_LIVE: Final = 0.98
FLAT_AFTER_S: Final = 7 * HOUR_S
"""Six hourly sets and a late one: from then on a stuck city in a moving set can be known."""

CROWD: Final = 4
"""The most new sets of an hourly feed in three hours."""

FAILED: Final = (4, "4", "fail")
"""The flags that doubt a live value."""

HEADINGS: Final = (
    f"{'story':<44}{'fresh':>7}{'live %':>8}{'need-':>7}{'stale':>7}{'live,':>7}{'live,':>8}"
    f"{'made':>6}{'doors':>7}{'counts:':>9}{'stale':>7}{'mean':>7}{'extreme':>9}{'no':>7}\n"
    f"{'':<44}{'':>7}{'':>8}{'less':>7}{'':>7}{'known':>7}{'unknown':>8}"
    f"{'up':>6}{'differ':>7}{'live %':>9}{'live':>7}{'error':>7}{'error':>9}{'mean':>7}"
)


@dataclass
class Score:
    """
    Counts of right and wrong answers.

    Attributes:
        fresh, fresh_live, needless: Fresh values; those called live; those refused needlessly.
        stale: Stale values.
        stale_live, unknowable: Those called live where that could be known, and where not.
        made_up: Temperatures that the portal did not print.
        differ: How often ``at`` gave another state or temperature than ``latest``.
        best_fresh, best_live: Moments at which any portal had a fresh value of a city; at which
            the value that counts was a fresh one, called live.
        best_stale: At which it was stale and called live, where that could be known.
        mean_errors, extreme_errors: Of full days, degrees C.
        days, empty_days: Full days of cities, and those without a mean.
    """

    name: str
    fresh: int = 0
    fresh_live: int = 0
    needless: int = 0
    stale: int = 0
    stale_live: int = 0
    unknowable: int = 0
    made_up: int = 0
    differ: int = 0
    best_fresh: int = 0
    best_live: int = 0
    best_stale: int = 0
    mean_errors: list[float] = field(default_factory=list)
    extreme_errors: list[float] = field(default_factory=list)
    days: int = 0
    empty_days: int = 0

    def __iadd__(self, other: Score) -> Score:
        for name, value in vars(self).items():
            if name != "name":
                setattr(self, name, value + getattr(other, name))
        return self

    def row(self) -> str:
        """A row under ``HEADINGS``."""
        mean = sum(self.mean_errors) / len(self.mean_errors) if self.mean_errors else None
        return (
            f"{self.name:<44}{self.fresh:>7}{_percent(self.fresh_live, self.fresh):>8}"
            f"{self.needless:>7}{self.stale:>7}{self.stale_live:>7}{self.unknowable:>8}"
            f"{self.made_up:>6}{self.differ:>7}{_percent(self.best_live, self.best_fresh):>9}"
            f"{self.best_stale:>7}{_degrees(mean):>7}"
            f"{_degrees(max(self.extreme_errors, default=None)):>9}"
            f"{f'{self.empty_days}/{self.days}':>7}"
        )

    def goals(self) -> Iterator[tuple[str, bool]]:
        """Each goal with its measurement, and whether it is met."""
        yield (
            f"{self.stale_live} of {self.stale} stale called live, expected 0",
            not self.stale_live,
        )
        share = self.fresh_live / self.fresh if self.fresh else 1.0
        yield f"{share:.2%} of the fresh called live, expected 98 %", share >= LEAST_FRESH_LIVE
        yield f"{self.made_up} made up, expected 0", not self.made_up
        yield f"{self.differ} times two doors differ, expected 0", not self.differ
        yield f"{self.best_stale} stale values count as live, expected 0", not self.best_stale


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def _degrees(error: float | None) -> str:
    return "-" if error is None else f"{error:.2f}"


class Witness:
    """
    Sees the page of each look, knows the feed, and judges answers.

    Args:
        scenario: The story of the portals.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.score = Score(name=scenario.name)
        self._scenario = scenario
        self._chance = random.Random(scenario.name)
        self._portals = {portal.name: portal for portal in scenario.portals}
        self._last: dict[str, Page] = {}
        self._proofs: dict[tuple[str, int], int] = {}
        self._watched: dict[int, bool] = {}
        self._new_sets: dict[str, list[int]] = defaultdict(list)

    @property
    def _feed(self) -> Feed:
        return self._scenario.portals[0].feed

    # ---- what the looks so far prove

    def see(self, portal: str, page: Page) -> None:
        """Add the page of a new look."""
        before = self._last.get(portal)
        if page.main not in self._watched:
            self._watched[page.main] = before is not None and page.at - before.at <= HOLD_S
            self._new_sets[portal].append(page.at)
        proof = self._proof(portal, page)
        for city, hour in page.hours.items():
            self._proofs[city, hour] = min(proof, self._proofs.get((city, hour), proof))
        self._last[portal] = page

    def _proof(self, portal: str, page: Page) -> int:
        """The latest second of publication that this page proves for its set."""
        proofs = [page.at, page.at - (page.age or 0)]
        if self._portals[portal].date_stands is None:
            proofs.append(end_of(page.page_date))
        return min(proofs)

    def _could_be_known(self, portal: str, city: str, at: int) -> bool:
        """Whether the looks so far prove that a stale value is stale."""
        page = self._last[portal]
        seen_for = at - self._proofs[city, page.hours[city]]
        if page.hours[city] != page.main:
            return seen_for >= FLAT_AFTER_S
        crowd = [new for new in self._new_sets[portal] if page.at - FROZEN_AFTER_S < new]
        return self._scenario.all_known or seen_for >= FROZEN_AFTER_S or len(crowd) > CROWD

    # ---- answers

    def ask(self, db: query.Database, at: int) -> None:
        """Ask about a moment after all looks so far, and judge the answers."""
        rows = db.latest(now=moment(at))
        for row in rows:
            live = row.state == "live" and getattr(row, "flag", None) not in FAILED
            self._judge(row.portal, row.station, at, live=live)
            self._compare_with_print(row.portal, row.station, row.temperature_c)
        city = self._chance.choice(CITIES)
        for row in rows:
            if row.station == city:
                known = db.at(city, moment(at), portal=row.portal, now=moment(at))
                same = (known.state, known.temperature_c) == (row.state, row.temperature_c)
                self.score.differ += not same
        self._judge_best(db, city, at)

    def _judge(self, portal: str, city: str, at: int, *, live: bool) -> None:
        score = self.score
        if self._is_fresh(portal, city, at):
            score.fresh += 1
            score.fresh_live += live
            score.needless += not live and self._watched[self._last[portal].main]
        elif self._is_stale(portal, city, at):
            known = self._could_be_known(portal, city, at)
            score.stale += 1
            score.stale_live += live and known
            score.unknowable += live and not known

    def _judge_best(self, db: query.Database, city: str, at: int) -> None:
        best = db.at(city, moment(at), now=moment(at))
        if best.portal is None:
            return
        live = best.state == "live" and getattr(best, "flag", None) not in FAILED
        self._compare_with_print(best.portal, city, best.temperature_c)
        self.score.best_fresh += any(self._is_fresh(name, city, at) for name in self._last)
        self.score.best_live += live and self._is_fresh(best.portal, city, at)
        if live and self._is_stale(best.portal, city, at):
            self.score.best_stale += self._could_be_known(best.portal, city, at)

    def _compare_with_print(self, portal: str, city: str, celsius: float | None) -> None:
        if city not in self._last[portal].printed:
            return  # an earlier value, of a portal that lists it no longer
        tenths = self._last[portal].printed[city]
        self.score.made_up += celsius != (None if tenths is None else tenths / 10)

    def _age(self, portal: str, city: str, at: int) -> int:
        """The time since the feed published the value that the portal shows."""
        return at - self._feed.published[self._last[portal].hours[city]]

    def _is_fresh(self, portal: str, city: str, at: int) -> bool:
        answers = at - self._last[portal].at <= GAP_AFTER_INTERVALS * INTERVAL_S
        lists = city in self._last[portal].printed
        return answers and lists and self._age(portal, city, at) < HOLD_S

    def _is_stale(self, portal: str, city: str, at: int) -> bool:
        return self._age(portal, city, at) >= FROZEN_AFTER_S

    # ---- means

    def measure(self, db: query.Database) -> None:
        """Compare the means and extremes of each full day with those of the feed."""
        now = moment(self._scenario.end)
        for day in db.stats(*CITIES, by="day", now=now):
            since, until = epoch(day.since), epoch(day.until)
            if since < self._scenario.begin + self._scenario.settled_s or until > epoch(now):
                continue
            self.score.days += 1
            truth = self._day(day.station, since, until)
            if day.mean_c is None:
                self.score.empty_days += 1
                continue
            self.score.mean_errors.append(abs(day.mean_c - truth[0]))
            for celsius, right in ((day.minimum_c, truth[1]), (day.maximum_c, truth[2])):
                if celsius is not None:
                    self.score.extreme_errors.append(abs(celsius - right))

    def _day(self, city: str, since: int, until: int) -> tuple[float, float, float]:
        """The mean, the lowest and the highest temperature that the feed had published."""
        pieces = [
            (end - begin, self._feed.weather.at(hour)[city] / 10)
            for begin, end, hour in self._feed.changes(since, until)
        ]
        values = [celsius for _, celsius in pieces]
        mean = sum(seconds * celsius for seconds, celsius in pieces) / (until - since)
        return mean, min(values), max(values)
