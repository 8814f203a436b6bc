"""
A made-up history: years of looks at portals whose sixteen values change every hour.

All portals show one feed, each some minutes later than the portal before. The values are sums of
sines and noise from a fixed seed, so that the history is the same each time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import random
from typing import TYPE_CHECKING

from db.packing import packed
from db.reading import Condition, Content, Reading
from db.write import captures
from db.write.captures import Capture
from scraper.demo.portal import CITIES, Entry, text
from scraper.vocabulary import STATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.write.store import Store

LOOKS_AN_HOUR = 6
HOURS_A_YEAR = 8760
END = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SKIES = (
    Condition(label="맑음", condition="clear", label_en="clear", wmo_4677=0),
    Condition(label="구름조금", condition="mostly_clear", label_en="mostly clear", wmo_4677=1),
    Condition(label="구름많음", condition="mostly_cloudy", label_en="mostly cloudy", wmo_4677=2),
    Condition(label="흐림", condition="overcast", label_en="overcast", wmo_4677=3),
    Condition(label="-"),
)


def name(nth: int) -> str:
    """The name of a portal."""
    return f"portal-{nth}"


def content(hour: int) -> Content:
    """The content of the feed in an hour: season, time of day, and some noise."""
    chance = random.Random(hour)
    season = 12 - 14 * math.cos(2 * math.pi * hour / HOURS_A_YEAR)
    day = 4 * math.cos(2 * math.pi * (hour + 9 - 15) / 24)  # warmest at 15 h in Korea
    readings = tuple(
        Reading(
            city=city,
            station=STATIONS[city],
            condition=chance.choice(SKIES),
            temperature_c=round(season + day + place / 4 + chance.uniform(-2, 2), 1),
        )
        for place, city in enumerate(CITIES)
    )
    entries = [
        Entry(
            label=reading.condition.label,
            city=reading.city,
            temperature=f"{reading.temperature_c:.1f}",
        )
        for reading in readings
    ]
    fragment = text(entries, "").strip()
    return Content(
        digest=hashlib.sha256(fragment.encode()).digest()[:16],
        fragment=packed(fragment),
        readings=readings,
        problems=(),
        reader=1,
    )


def batches(*, hours: int, portals: int) -> Iterator[list[Capture]]:
    """All looks, in batches of a day of all portals, oldest first."""
    first = END - dt.timedelta(hours=hours)
    for day in range(0, hours, 24):
        batch = []
        for hour in range(day, min(day + 24, hours)):
            shown = content(hour)
            for portal in range(portals):
                start = first + dt.timedelta(hours=hour, minutes=3 * portal, seconds=portal)
                batch += [
                    Capture(
                        portal=name(portal),
                        captured_at=start + dt.timedelta(minutes=10 * nth),
                        precision="second",
                        digest=shown.digest,
                        content=None if nth or portal else shown,
                        page_date=(start + dt.timedelta(hours=9)).date(),
                    )
                    for nth in range(LOOKS_AN_HOUR)
                ]
        yield batch


def write(store: Store, *, hours: int, portals: int = 1) -> None:
    """Store such a history, up to ``END``."""
    for nth in range(portals):
        store.portal(name(nth), f"https://{name(nth)}.example/", 600)
    for batch in batches(hours=hours, portals=portals):
        captures.keep(store, batch)
