"""A hand-made month: the expected statistics of each day can be counted on paper."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from db.moments import KST
from db.reading import Condition
from db.write.store import Store
from tests.support.make import BUSAN, URL, make_content, make_look, make_page, make_reading

if TYPE_CHECKING:
    from pathlib import Path

    from db.reading import Reading

CLEAR = Condition(label="맑음", icon="01", condition="clear", label_en="clear", wmo_4677=1)
OVERCAST = Condition(label="흐림", icon="04", condition="overcast", label_en="overcast", wmo_4677=3)
SNOW = Condition(label="눈", icon="11", condition="snow", label_en="snow", wmo_4677=73)
DASH = Condition(label="-", icon="00", condition=None, label_en="not reported", wmo_4677=None)
LOST = Condition(label="", icon="", condition=None, label_en="label missing", wmo_4677=None)


def korean(day: int, time: str = "00:00", *, month: int = 3) -> dt.datetime:
    """Give a moment of 2024."""
    hour, minute = map(int, time.split(":"))
    return dt.datetime(2024, month, day, hour, minute, tzinfo=KST)


INTERVAL_S = 3600

NOW = korean(8)
"""The moment of the questions."""


class Portals:
    """Stores looks at portals into a new database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store._conn.execute("PRAGMA synchronous = off")

    def show(
        self,
        at: dt.datetime,
        celsius: float | None,
        sky: Condition = OVERCAST,
        portal: str = "koya",
    ) -> None:
        """Store a look that saw this value of Seoul."""
        self.print(at, make_reading(temperature_c=celsius, condition=sky), portal=portal)

    def print(self, at: dt.datetime, *readings: Reading, portal: str = "koya") -> None:
        """Store a look that saw these readings."""
        self._store.portal(portal, URL, INTERVAL_S)
        page = self._store.keep_page(
            make_look(fetched_at=at, portal=portal), make_page(portal=portal)
        )
        self._store.keep_content(page, make_content(*readings), page_date=at.date())


def make(path: Path) -> Path:
    """Make the month."""
    with Store.open(path) as store:
        portals = Portals(store)
        _whole_day(portals)
        _frozen_day(portals)
        _late_day(portals)
        # There is no look on the 4th.
        _day_of_two(portals)
        _day_of_one_that_loses_the_station(portals)
        _day_of_a_tie(portals)
    return path


def _whole_day(portals: Portals) -> None:
    """The 1st: a new value at 00:50, 01:50, ...; the looks begin the evening before."""
    portals.show(korean(29, "22:50", month=2), 0.0)
    portals.show(korean(29, "23:50", month=2), 1.0)
    for hour in range(24):
        celsius, sky = (4.0, CLEAR) if hour % 2 else (2.0, OVERCAST)
        portals.show(korean(1, f"{hour}:50"), celsius, sky)


def _frozen_day(portals: Portals) -> None:
    """The 2nd: one value from 00:50 to 12:50, then two others; no look after 14:50."""
    for hour in range(13):
        portals.show(korean(2, f"{hour}:50"), 5.0)
    portals.show(korean(2, "13:50"), 6.0)
    portals.show(korean(2, "14:50"), 7.0)


def _late_day(portals: Portals) -> None:
    """The 3rd: from 10:00 on, so that the first value has an unknown age; one is missing."""
    portals.show(korean(3, "10:00"), 8.0)
    portals.show(korean(3, "11:00"), 9.0, DASH)
    portals.show(korean(3, "12:00"), None, LOST)
    portals.show(korean(3, "13:00"), -2.0, SNOW)
    portals.show(korean(3, "14:00"), -1.0)


def _day_of_two(portals: Portals) -> None:
    """The 5th: two portals, half an hour apart, that first agree."""
    portals.show(korean(5, "05:00"), 8.0)
    portals.show(korean(5, "05:30"), 3.0, portal="other")
    portals.show(korean(5, "06:00"), 10.0)
    portals.show(korean(5, "06:30"), 10.0, portal="other")
    portals.show(korean(5, "07:00"), 11.0)
    portals.show(korean(5, "07:30"), 13.0, portal="other")


def _day_of_one_that_loses_the_station(portals: Portals) -> None:
    """The 6th: the other shows Seoul for twenty minutes, then only Busan."""
    portals.show(korean(6, "10:00"), 1.0)
    portals.show(korean(6, "10:30"), 7.0, portal="other")
    portals.show(korean(6, "11:00"), 5.0)
    portals.show(korean(6, "11:10"), 6.0, portal="other")
    portals.print(korean(6, "11:30"), make_reading(station=BUSAN), portal="other")


def _day_of_a_tie(portals: Portals) -> None:
    """The 7th: both change in the same second."""
    for time, koya, other in (("12:00", 1.5, 1.6), ("13:00", 2.0, 3.0)):
        portals.show(korean(7, time), koya)
        portals.show(korean(7, time), other, portal="other")
