"""Histories of looks for hypothesis: a few sets that return, lag and stand still."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from db.moments import KST
from scraper.demo.portal import CITIES
from tests.support.model import Look, Portal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tests.support.model import Sidebar

MINUTE: Final = 60
START: Final = int(dt.datetime(2024, 5, 9, 20, tzinfo=KST).timestamp())
"""Four hours before a midnight, so that yesterday's date on a page proves an age."""

NAMES: Final = ("a", "b", "c")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """
    Portals and the looks at them.

    Attributes:
        portals: In the order in which they are added.
        looks: In the order of arrival, which is not that of time.
    """

    portals: tuple[Portal, ...]
    looks: tuple[Look, ...]

    @property
    def end(self) -> int:
        """The second of the last look."""
        return max((look.at for look in self.looks), default=START)


def hour_of(nth: int) -> Sidebar:
    """The sixteen values of one hour; no other hour has any of them."""
    return tuple((city, (nth * 37 + place * 11) % 300 - 50) for place, city in enumerate(CITIES))


def moved(sidebar: Sidebar, *places: int) -> Sidebar:
    """The sidebar with other temperatures at these places."""
    return tuple(
        (city, 400 + place if place in places and tenths is not None else tenths)
        for place, (city, tenths) in enumerate(sidebar)
    )


def without_number(sidebar: Sidebar, *places: int) -> Sidebar:
    """The sidebar without the numbers at these places."""
    return tuple(
        (city, None if place in places else tenths) for place, (city, tenths) in enumerate(sidebar)
    )


def without_minus(sidebar: Sidebar) -> Sidebar:
    """The sidebar without its minus signs."""
    return tuple((city, None if tenths is None else abs(tenths)) for city, tenths in sidebar)


PRINTED: Final[Mapping[str, Callable[[Sidebar], Sidebar]]] = {
    "as it is": lambda sidebar: sidebar,
    "in another order": lambda sidebar: sidebar[::-1],
    "a number lost": lambda sidebar: without_number(sidebar, 2),
    "minus signs lost": without_minus,
    "without the last four": lambda sidebar: sidebar[:12],
    "eight cities": lambda sidebar: sidebar[:8],
    "seven cities": lambda sidebar: sidebar[:7],
    "three cities": lambda sidebar: sidebar[1:4],
    "one city": lambda sidebar: sidebar[2:3],
    "seven numbers": lambda sidebar: without_number(sidebar, *range(7, 16)),
    "one moved": lambda sidebar: moved(sidebar, 2),
    "the first four odd": lambda sidebar: moved(sidebar, 0, 1, 2, 3),
    "the last four odd": lambda sidebar: moved(sidebar, 12, 13, 14, 15),
    "five odd": lambda sidebar: moved(sidebar, 0, 1, 2, 3, 4),
}
"""
The ways in which one set may be printed.

"The first four odd" and "the last four odd" are each the same set as the plain one, but not the
same as each other: they differ in eight cities.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    Looks at one portal, after a pause, at equal distances in minutes.

    Attributes:
        hour: The set of the first look; None = the hour after that of the look before.
        goes_on: Whether each look shows the set of the next hour.
        printed: One of ``PRINTED``.
        age: The HTTP header.
        days_ago: The age of the page's date; None where it prints no date.
        own: Whether the looks are ours; an archive keeps no headers.
        hours_ago: The age of the hour that a feed prints; -1 = the next hour; None = not printed.
    """

    pause: int
    every: int
    count: int
    hour: int | None
    goes_on: bool
    printed: str
    age: int | None
    days_ago: int | None
    own: bool
    hours_ago: int | None = None


def hour_by_hour(count: int, *, stands: bool, own: bool) -> list[Run]:
    """A portal with a look each hour; its date line stands still or goes on."""
    return [
        Run(
            pause=60,
            every=10,
            count=1,
            hour=nth,
            goes_on=False,
            printed="as it is",
            age=None,
            days_ago=(21 + nth) // 24 if stands else 0,  # the first is at 21:00
            own=own,
        )
        for nth in range(count)
    ]


def _looks(portal: str, runs: Iterable[Run]) -> Iterator[Look]:
    at, hour = START, -1
    for run in runs:
        hour = hour + 1 if run.hour is None else run.hour
        for nth in range(run.count):
            at += (run.every if nth else run.pause) * MINUTE
            hour += run.goes_on and nth > 0
            yield Look(
                portal=portal,
                at=at,
                sidebar=PRINTED[run.printed](hour_of(hour)),
                age=run.age if run.own else None,
                page_date=_day(at, run.days_ago),
                own=run.own,
                hour=_hour(at, run),
            )


def _hour(at: int, run: Run) -> int | None:
    """The full hour that a feed prints with its date; archives are read as boxes."""
    if run.hours_ago is None or run.days_ago is None or not run.own:
        return None
    return (at // 3600 - run.hours_ago) * 3600


def _day(at: int, days_ago: int | None) -> dt.date | None:
    if days_ago is None:
        return None
    return dt.datetime.fromtimestamp(at, KST).date() - dt.timedelta(days=days_ago)


_RUN = st.builds(
    Run,
    pause=st.sampled_from([10] * 6 + [20, 21, 30, 31, 60, 89, 90, 91, 180, 1500]),
    every=st.sampled_from([10] * 4 + [20, 30, 60, 90]),
    count=st.integers(1, 6),
    hour=st.sampled_from([None] * 6 + [0, 1, 2, 3]),
    goes_on=st.sampled_from([False, False, True]),
    printed=st.sampled_from(["as it is"] * 12 + list(PRINTED)),
    age=st.sampled_from([None] * 12 + [0, 300, 5400, 40000]),
    days_ago=st.sampled_from([None] * 4 + [0] * 6 + [1, 3]),
    own=st.booleans(),
    hours_ago=st.sampled_from([None] * 6 + [0, 0, 1, 3, -1]),
)

_STILL = st.builds(
    lambda run, printed: (
        [replace(run, hour=None)]
        + [replace(run, hour=0, printed=form, goes_on=False, pause=60) for form in printed]
    ),
    _RUN,
    st.lists(st.sampled_from(list(PRINTED)), max_size=4),
)
"""One set, printed in several ways in turn."""

_HOURS = st.builds(
    hour_by_hour,
    st.sampled_from([3, 14, 16, 52, 52]),
    stands=st.booleans(),
    own=st.booleans(),
)

_PORTAL = st.one_of(st.lists(_RUN, max_size=7), st.lists(_RUN, max_size=7), _STILL, _HOURS)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """One to three portals; the second may lag behind the first, and show one set more."""
    names = NAMES[: draw(st.integers(1, 3))]
    interval = draw(st.sampled_from([600, 600, 3600]))
    portals = tuple(Portal(name=name, interval_s=interval) for name in names)
    looks = {name: list(_looks(name, draw(_PORTAL))) for name in names}
    first = looks["a"]
    if "b" in looks and draw(st.booleans()):
        late = draw(st.sampled_from([1, 30, 60, 91, 120, 179, 180, 360])) * MINUTE
        looks["b"] = [
            replace(x, portal="b", at=x.at + late, page_date=None, hour=None) for x in first
        ]
        looks["a"] = first[: draw(st.sampled_from([len(first), len(first) - 1]))]
    every = [look for of_portal in looks.values() for look in of_portal]
    return History(portals=portals, looks=tuple(draw(st.permutations(_one_own_a_second(every)))))


@st.composite
def followers(draw: st.DrawFn) -> History:
    """A portal that follows another by hours; the other is silent now and then, even for days."""
    portals = tuple(Portal(name=name, interval_s=3600) for name in NAMES[:2])
    shown = set(range(draw(st.integers(10, 14))))
    for since in draw(st.lists(st.integers(14, 40), max_size=2)):
        shown |= set(range(since, since + draw(st.integers(1, 3))))
    late = draw(st.sampled_from([2, 2, 4])) * 60 * MINUTE
    last = draw(st.integers(16, 30))
    alone = draw(st.sampled_from([0, 0, 6 * 24, 8 * 24]))
    looks = [Look(portal="a", at=START + nth * 3600, sidebar=hour_of(nth)) for nth in shown]
    looks += [
        Look(
            portal="b",
            at=START + nth * 3600 + late + (alone * 3600 if nth > last - 4 else 0),
            sidebar=hour_of(nth),
        )
        for nth in range(last)
    ]
    return History(portals=portals, looks=tuple(draw(st.permutations(looks))))


def _one_own_a_second(looks: list[Look]) -> list[Look]:
    """The looks, with only one of ours in a second at one portal."""
    own = {(look.portal, look.at): look for look in looks if look.own}
    return [look for look in looks if not look.own or own[look.portal, look.at] is look]
