"""The stories of ``benchmarks.truth``: feeds, portals and their faults."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from scraper.demo.portal import CITIES
from tests.support.feeds import DAY_S, HOUR_S, Feed, Garbled, Portal, korean

if TYPE_CHECKING:
    from collections.abc import Callable

SPRING: Final = korean("2024-04-10 06:00")
SUMMER: Final = korean("2024-07-20 06:00")
WINTER: Final = korean("2024-01-12 06:00")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """
    One story.

    Attributes:
        name: Of its row in the table.
        begin: Epoch seconds.
        days: How long its portals are polled.
        portals: In the order in which they are added.
    """

    name: str
    begin: int
    days: float
    portals: tuple[Portal, ...]
    settled_s: int = 2 * HOUR_S
    all_known: bool = False

    @property
    def end(self) -> int:
        """The second after the last look."""
        return self.begin + round(self.days * DAY_S)


class _Stories:
    """Collects scenarios; each has its own feed and seed."""

    def __init__(self) -> None:
        self.all: list[Scenario] = []

    def add(  # noqa: PLR0913 - each by its name
        self,
        name: str,
        portals: Callable[[int, Feed], tuple[Portal, ...]],
        *,
        begin: int = SPRING,
        days: float = 3,
        settled_s: int = 2 * HOUR_S,
        all_known: bool = False,
        **feed: Any,
    ) -> None:
        """Add a story; ``portals`` makes its portals from its beginning and its feed."""
        made = Feed(begin, days, seed=len(self.all), **feed)
        scenario = Scenario(
            name=name,
            begin=begin,
            days=days,
            portals=portals(begin, made),
            settled_s=settled_s,
            all_known=all_known,
        )
        self.all.append(scenario)


def _alone(**faults: Any) -> Callable[[int, Feed], tuple[Portal, ...]]:
    """One portal with these faults."""
    return lambda _, feed: (Portal(name="a", feed=feed, **faults),)


def _healthy(count: int, *, minutes: int = 5) -> Callable[[int, Feed], tuple[Portal, ...]]:
    """Healthy portals, each ``minutes`` later than the one before."""
    return lambda _, feed: tuple(
        Portal(name=name, feed=feed, lag_s=60 * minutes * nth)
        for nth, name in enumerate("abcde"[:count])
    )


def _beside(**faults: Any) -> Callable[[int, Feed], tuple[Portal, ...]]:
    """A portal with these faults, and a healthy one, added last."""
    return lambda _, feed: (
        Portal(name="a", feed=feed, **faults),
        Portal(name="b", feed=feed, lag_s=240),
    )


def standard() -> list[Scenario]:
    """Every story, a few days each."""
    stories = _Stories()
    _add_healthy(stories)
    _add_frozen(stories)
    _add_old(stories)
    _add_cached(stories)
    _add_garbled(stories)
    _add_compared(stories)
    return stories.all


def year() -> list[Scenario]:
    """A year of a healthy portal, weeks of one that lags, and long freezes of several portals."""
    stories = _Stories()
    new_year = korean("2024-01-01 00:00")
    stories.add("healthy, a leap year", _alone(), begin=new_year, days=366)
    for season, begin in (("winter", WINTER), ("spring", SPRING), ("summer", SUMMER)):
        stories.add(
            f"{season}, 6 h late alone, after ten days",
            _alone(lag_s=6 * HOUR_S),
            begin=begin,
            days=14,
            settled_s=10 * DAY_S,
            all_known=True,
        )
    frozen = ((SPRING + DAY_S, SPRING + 21 * DAY_S),)
    stories.add(
        "two frozen for 20 d beside a healthy one",
        lambda _, feed: (
            Portal(name="a", feed=feed, frozen=frozen),
            Portal(name="b", feed=feed, frozen=frozen, lag_s=300),
            Portal(name="c", feed=feed, lag_s=120),
        ),
        days=22,
    )
    return stories.all


def _add_healthy(stories: _Stories) -> None:
    stories.add("healthy", _alone())
    stories.add("healthy, new year", _alone(), begin=korean("2023-12-30 20:00"))
    stories.add("healthy, leap day", _alone(), begin=korean("2024-02-28 06:00"))
    stories.add("healthy, summer", _alone(), begin=SUMMER)
    stories.add("two healthy, one 25 min behind", _healthy(2, minutes=25))
    stories.add("three healthy", _healthy(3), begin=WINTER, days=2)
    stories.add("five healthy", _healthy(5), begin=SUMMER, days=2)
    stories.add("hours 5 to 50 min late", _alone(), late=(5, 50))
    stories.add("hours 5 to 50 min late, three portals", _healthy(3), late=(5, 50), days=2)
    stories.add("every tenth hour skipped", _alone(), skips=0.1)
    outages = ((9, 10), (20, 23), (31, 38), (50, 50.5))
    stories.add(
        "outages of 30 min to 7 h",
        lambda begin, feed: (
            Portal(
                name="a",
                feed=feed,
                down=tuple(
                    (begin + round(a * HOUR_S), begin + round(b * HOUR_S)) for a, b in outages
                ),
            ),
        ),
    )


def _add_frozen(stories: _Stories) -> None:
    for hours, days in ((4, 2), (30, 3), (480, 22)):
        span = (SPRING + 10 * HOUR_S, SPRING + (10 + hours) * HOUR_S)
        length = f"{hours} h" if hours < 48 else f"{hours // 24} d"
        stories.add(f"frozen for {length}", _alone(frozen=(span,)), days=days)
    span = (SPRING + 10 * HOUR_S, SPRING + 40 * HOUR_S)
    stories.add("frozen for 30 h beside a healthy one", _beside(frozen=(span,)))
    stories.add("frozen for 30 h in changing order", _alone(frozen=(span,), shuffled=True))
    stories.add(
        "frozen for 30 h with one odd look", _alone(frozen=(span,), odd=SPRING + 25 * HOUR_S)
    )
    stories.add("frozen for 30 h but for one city", _alone(frozen=(span,), except_for="서울"))


def _add_old(stories: _Stories) -> None:
    for hours in (2, 6, 24):
        stories.add(f"{hours} h late beside a healthy one", _beside(lag_s=hours * HOUR_S))
        stories.add(f"{hours} h late alone", _alone(lag_s=hours * HOUR_S))
    back = (((SPRING + 30 * HOUR_S, SPRING + 33 * HOUR_S), 10 * HOUR_S),)
    stories.add("rolled back by 10 h for 3 h", _alone(back=back))
    stories.add("rolled back beside a healthy one", _beside(back=back))
    span = (SPRING + 12 * HOUR_S, SPRING + 48 * HOUR_S)
    stopped = (SPRING + 11 * HOUR_S, SPRING + 5 * HOUR_S)
    stories.add("two stopped copies in turn", _alone(copies=(span, stopped)))
    stories.add("a stopped copy and a live one in turn", _alone(copies=(span, (stopped[0], 0))))
    crawl = tuple(SPRING - nth * HOUR_S for nth in range(5, 41, 2))
    stories.add("a crawl through old pages", _alone(copies=(span, crawl)))
    stories.add(
        "one healthy, one frozen, one 6 h late",
        lambda begin, feed: (
            Portal(name="a", feed=feed, lag_s=6 * HOUR_S),
            Portal(name="b", feed=feed, frozen=((begin + 10 * HOUR_S, begin + 40 * HOUR_S),)),
            Portal(name="c", feed=feed, lag_s=300),
        ),
        days=2,
    )


def _add_cached(stories: _Stories) -> None:
    span = (SPRING + 8 * HOUR_S, SPRING + 60 * HOUR_S)
    stories.add("cached for 5 min, with Age", _alone(cached=(span, 300), tells_age=True))
    stories.add("cached for 12 h, with Age", _alone(cached=(span, 12 * HOUR_S), tells_age=True))
    stories.add("cached for 12 h, without Age", _alone(cached=(span, 12 * HOUR_S)))
    stories.add("pages made 40 h before", _alone(made_before_s=40 * HOUR_S))
    stories.add(
        "a date line that stands still",
        _alone(date_stands=(SPRING, SPRING + 8 * DAY_S)),
        days=6,
        settled_s=3 * DAY_S,
    )


def _add_garbled(stories: _Stories) -> None:
    stuck = ("서울", (SPRING + 12 * HOUR_S, SPRING + 60 * HOUR_S))
    stories.add("one city stuck for 48 h", _alone(garbled=Garbled(stuck=stuck)))
    stories.add("spikes of 8 degrees", _alone(garbled=Garbled(spikes=0.01)))
    stories.add("two cities swapped", _alone(garbled=Garbled(swaps=0.1)))
    stories.add("minus signs lost", _alone(garbled=Garbled(no_minus=True)), begin=WINTER)
    stories.add("numbers missing", _alone(garbled=Garbled(missing=0.05)))
    frozen = ((SPRING + 10 * HOUR_S, SPRING + 40 * HOUR_S),)
    stories.add("frozen for 30 h, pages cut", _alone(frozen=frozen, garbled=Garbled(cut=0.05)))
    stories.add("6 h late, pages cut", _beside(lag_s=6 * HOUR_S, garbled=Garbled(cut=0.05)))


def _add_compared(stories: _Stories) -> None:
    """Portals that other portals show to be late, by a short list or some time before."""
    few = tuple(random.Random(1).sample(CITIES, 8))
    stories.add(
        "eight cities, 6 h late beside a healthy one", _beside(lag_s=6 * HOUR_S, cities=few)
    )
    stories.add(
        "6 h late beside eight cities on time",
        lambda _, feed: (
            Portal(name="a", feed=feed, lag_s=6 * HOUR_S),
            Portal(name="b", feed=feed, lag_s=240, cities=few),
        ),
    )
    silent = (SPRING + 24 * HOUR_S, SPRING + 72 * HOUR_S)
    stories.add(
        "4 h late beside one that falls silent",
        lambda _, feed: (
            Portal(name="a", feed=feed, lag_s=4 * HOUR_S),
            Portal(name="b", feed=feed, down=(silent,)),
        ),
    )
