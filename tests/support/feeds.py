"""
A simulated KMA feed whose truth is known, and portals that show it right or wrong.

The weather is a sum of season, time of day, fronts and noise, similar in neighbouring cities, from
a fixed seed. The hour of every printed value is known, and the second at which the feed published
that hour.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from db.moments import KST, epoch
from scraper.demo.portal import CITIES
from scraper.vocabulary import STATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HOUR_S: Final = 3600
DAY_S: Final = 24 * HOUR_S
INTERVAL_S: Final = 600

Span: TypeAlias = tuple[int, int]
"""Epoch seconds: from the first, until before the second."""

_COASTAL: Final = frozenset({"강릉", "울산", "부산", "제주", "강화", "강진군", "거제"})
"""Cities whose temperature varies half as much in a day as inland."""


def korean(text: str) -> int:
    """Epoch seconds of a Korean time such as ``2024-02-28 09:00``."""
    return epoch(dt.datetime.fromisoformat(text).replace(tzinfo=KST))


def day_of(second: int) -> dt.date:
    """The Korean day of a second."""
    return dt.datetime.fromtimestamp(second, KST).date()


@dataclass
class _Drift:
    """A random value around zero, which is correlated over ``hours``."""

    chance: random.Random
    hours: float
    spread: float
    value: float = 0.0

    def next(self) -> float:
        keeps = math.exp(-1 / self.hours)
        push = self.spread * math.sqrt(1 - keeps * keeps)
        self.value = self.value * keeps + self.chance.gauss(0, push)
        return self.value


class Weather:
    """
    Tenths of a degree C of each city at each full hour.

    Args:
        begin: Epoch seconds of the first hour.
        hours: How many.
        seed: Of the random weather.
    """

    def __init__(self, begin: int, hours: int, *, seed: int = 0) -> None:
        chance = random.Random(seed)
        self._chance = chance
        self._air = _Drift(chance, 60, 3.0)
        self._north, self._east = _Drift(chance, 30, 0.8), _Drift(chance, 30, 0.8)
        self._clouds = _Drift(chance, 20, 0.3)
        self._front = 0.0
        self._local = {city: _Drift(chance, 5, 0.6) for city in CITIES}
        self._hours = {begin + n * HOUR_S: self._hour(begin + n * HOUR_S) for n in range(hours)}

    def at(self, hour: int) -> Mapping[str, int]:
        """The temperatures at a full hour."""
        return self._hours[hour]

    def _hour(self, hour: int) -> dict[str, int]:
        if self._chance.random() < 1 / 100:  # a cold front every four days
            self._front -= self._chance.uniform(2, 6)
        self._front *= math.exp(-1 / 30)
        air, clouds = self._air.next() + self._front, 1 - abs(self._clouds.next())
        north, east = self._north.next(), self._east.next()
        return {
            city: round(
                10 * (_climate(city, hour, clouds) + air + _slope(city, north, east))
                + 10 * self._local[city].next()
                + self._chance.gauss(0, 1.5)
            )
            for city in CITIES
        }


def _climate(city: str, hour: int, clouds: float) -> float:
    """The season and the day: coldest near dawn, warmest in mid-afternoon."""
    now = dt.datetime.fromtimestamp(hour, KST)
    season = 15.5 - 13.5 * math.cos(2 * math.pi * (now.timetuple().tm_yday - 20) / 365.25)
    turn = 2 * math.pi / 24
    day = math.cos(turn * (now.hour - 15.5)) + 0.2 * math.cos(2 * turn * (now.hour - 11.5))
    station = STATIONS[city]
    height = -0.0065 * (station.elevation_m or 50)
    return season + day * clouds * (2.2 if city in _COASTAL else 4.5) + height


def _slope(city: str, north: float, east: float) -> float:
    """Warmer in the south, plus the gradient across the country at the moment."""
    station = STATIONS[city]
    north_of, east_of = (station.latitude or 36) - 36, (station.longitude or 127.5) - 127.5
    return (north - 1.2) * north_of + east * east_of


class Feed:
    """
    The hours of a weather as they are published.

    Args:
        begin, days: From when and how long; the two days before are published too.
        late: The fewest and the most minutes after the full hour at which an hour appears.
        skips: The share of the hours that never appear.
        seed: Of the weather and of the delays.
    """

    def __init__(
        self,
        begin: int,
        days: float,
        *,
        late: tuple[int, int] = (8, 14),
        skips: float = 0.0,
        seed: int = 0,
    ) -> None:
        first = (begin - 2 * DAY_S) // HOUR_S * HOUR_S
        hours = round(days * 24) + 49
        chance = random.Random(seed + 1)
        self.weather = Weather(first, hours, seed=seed)
        self.published: dict[int, int] = {}
        for hour in range(first, first + hours * HOUR_S, HOUR_S):
            if chance.random() >= skips:
                self.published[hour] = hour + chance.randint(*(60 * minute for minute in late))
        self._hours = list(self.published)
        self._moments = [self.published[hour] for hour in self._hours]

    def newest(self, second: int) -> int:
        """The last hour that was published by this second."""
        return self._hours[bisect_right(self._moments, second) - 1]

    def changes(self, since: int, until: int) -> Iterator[tuple[int, int, int]]:
        """The stretches of a span of time, each with its newest hour: begin, end, hour."""
        moments = [at for at in self._moments if since < at < until]
        for begin, end in zip([since, *moments], [*moments, until], strict=True):
            yield begin, end, self.newest(begin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbled:
    """
    How a portal prints some values wrong.

    Attributes:
        spikes: The share of values that are 8 degrees too warm.
        swaps: The share of hours in which two cities have each other's value.
        missing: The share of numbers that are missing.
        no_minus: Whether minus signs are lost.
        stuck: A city that shows one value through a span of time.
        cut: The share of pages that end within the box.
    """

    spikes: float = 0.0
    swaps: float = 0.0
    missing: float = 0.0
    no_minus: bool = False
    stuck: tuple[str, Span] | None = None
    cut: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    What a portal showed at a second.

    Attributes:
        at: The second.
        main: The hour of the set.
        hours: The hour of each city's value; ``main``, but for a stuck city.
        printed: Tenths of a degree C, in printed order; None where the number is missing. A page
            that was cut lacks the last cities.
        age: The HTTP header, seconds.
        page_date: As printed.
    """

    at: int
    main: int
    hours: Mapping[str, int]
    printed: Mapping[str, int | None]
    age: int | None
    page_date: dt.date


@dataclass(frozen=True, kw_only=True)
class Portal:
    """
    A portal: a feed, how late it shows it, and its faults.

    Attributes:
        name: Its name.
        feed: The feed that it shows.
        cities: The cities that it lists.
        lag_s: How long after publication it shows an hour.
        frozen: The spans in which its import stands still; its dates go on.
        except_for: A city whose values go on even then.
        copies: A span in which looks alternate between the pages of these moments; 0 = the present.
        back: Spans in which it shows what it showed this many seconds before.
        made_before_s: The age of its pages, dates and all.
        cached: A span in which pages are renewed only every so many seconds.
        tells_age: Whether a cached page has its ``Age``.
        date_stands: The span in which its date line stands still.
        down: The spans in which it does not answer.
        odd: The second from which one look shows the set of a day before.
        shuffled: Whether each page lists the cities in another order.
        garbled: The values that it prints wrong.
    """

    name: str
    feed: Feed
    cities: Sequence[str] = CITIES
    lag_s: int = 0
    frozen: tuple[Span, ...] = ()
    except_for: str | None = None
    copies: tuple[Span, tuple[int, ...]] | None = None
    back: tuple[tuple[Span, int], ...] = ()
    made_before_s: int = 0
    cached: tuple[Span, int] | None = None
    tells_age: bool = False
    date_stands: Span | None = None
    down: tuple[Span, ...] = ()
    odd: int | None = None
    shuffled: bool = False
    garbled: Garbled = field(default_factory=Garbled)

    def look(self, at: int) -> Page | None:
        """The page at this second; None where the portal does not answer."""
        if any(_within(at, span) for span in self.down):
            return None
        made = self._made(at)
        main = self.feed.newest(self._imported(made, at))
        hours = dict.fromkeys(CITIES, main)
        if self.except_for is not None:
            hours[self.except_for] = self.feed.newest(at - self.lag_s)
        stuck = self.garbled.stuck
        if stuck is not None and _within(at, stuck[1]):
            hours[stuck[0]] = self.feed.newest(stuck[1][0])
        return Page(
            at=at,
            main=main,
            hours=hours,
            printed=self._printed(hours, at),
            age=at - made if self.tells_age and made < at else None,
            page_date=self._date(made),
        )

    def _made(self, at: int) -> int:
        """The second at which the page was made: now, unless it comes from a cache."""
        if self.copies is not None and _within(at, self.copies[0]):
            moments = self.copies[1]
            return moments[at // INTERVAL_S % len(moments)] or at
        if self.cached is not None and _within(at, self.cached[0]):
            (since, _), every = self.cached
            return since + (at - since) // every * every
        return at - self.made_before_s

    def _imported(self, made: int, at: int) -> int:
        """The moment of the feed that a page shows, if it was made at ``made``."""
        for span in self.frozen:
            if _within(made, span):
                made = span[0]
        for span, seconds in self.back:
            if _within(at, span):
                made -= seconds
        if self.odd is not None and _within(at, (self.odd, self.odd + INTERVAL_S)):
            made -= DAY_S
        return made - self.lag_s

    def _date(self, made: int) -> dt.date:
        if self.date_stands is not None and _within(made, self.date_stands):
            made = self.date_stands[0]
        return day_of(made)

    def _printed(self, hours: Mapping[str, int], at: int) -> Mapping[str, int | None]:
        values: dict[str, int | None] = {c: self.feed.weather.at(hours[c])[c] for c in CITIES}
        self._garble(values, hours)
        cities = list(self.cities)
        if self.shuffled:
            random.Random(at).shuffle(cities)
        chance = random.Random(f"{self.name} {at}")
        if chance.random() < self.garbled.cut:
            cities = cities[: chance.randrange(1, len(cities))]
        return {city: values[city] for city in cities}

    def _garble(self, values: dict[str, int | None], hours: Mapping[str, int]) -> None:
        """Change the values that are printed wrong, alike for every look at one hour."""
        wrong = self.garbled
        for city, tenths in values.items():
            chance = random.Random(f"{self.name} {hours[city]} {city}").random()
            if tenths is not None and chance < wrong.spikes:
                values[city] = tenths + 80
            elif chance > 1 - wrong.missing:
                values[city] = None
            elif tenths is not None and wrong.no_minus:
                values[city] = abs(tenths)
        chances = random.Random(f"{self.name} {max(hours.values())}")
        if chances.random() < wrong.swaps:
            first, second = chances.sample(CITIES, 2)
            values[first], values[second] = values[second], values[first]


def _within(second: int, span: Span) -> bool:
    return span[0] <= second < span[1]
