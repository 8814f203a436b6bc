"""
How well flags separate wrong temperatures from right ones, in a simulated year of 16 stations.

The same feed is recorded twice, every ten minutes: unchanged, where each flag is a false alarm; and
with known faults: stations stuck for eight hours, and values eight degrees off for an hour.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from db.moments import moment
from db.write import captures
from db.write.captures import Capture
from db.write.store import Store
from scraper.demo.portal import CITIES
from tests.support.feeds import Feed, korean
from tests.support.keeping import content_of
from tests.support.stores import stop_syncing

if TYPE_CHECKING:
    from collections.abc import Mapping

HOUR_S = 60 * 60
DAY_S = 24 * HOUR_S
INTERVAL_S = 600
BEGIN = korean("2024-01-01 00:00")
DAYS = 365
STUCK_HOURS = 8
LEAST_CAUGHT = 0.99
MOST_ALARMS = 1.0
"""The limit in a station-year."""

Place = tuple[str, int]
"""A station and an hour."""


def main() -> None:
    """Measure, and exit with the missed goals."""
    feed = Feed(BEGIN, DAYS)
    right = {hour: dict(feed.weather.at(hour)) for hour in feed.published}
    wrong, stuck, spikes = with_faults(right)
    alarms = flagged(feed, right)
    found = flagged(feed, wrong)
    stood = sum(any(place in found for place in run) for run in stuck)
    stood_failed = sum(any(found.get(place) == 4 for place in run) for run in stuck)
    hit, failed = (sum(found.get(place, 0) >= flag for place in spikes) for flag in (3, 4))
    years = len(CITIES) * DAYS / 365
    false_alarms = [sum(flag >= least for flag in alarms.values()) / years for least in (3, 4)]
    faulty = {place for run in stuck for place in run} | set(spikes)
    beside = sum(place not in faulty for place in found) / years
    print(f"false alarms in a station-year: {false_alarms[0]:.2f}, of flag 4 {false_alarms[1]:.2f}")
    print(f"flags of right values beside faults, in a station-year: {beside:.2f}")
    print(f"stuck for {STUCK_HOURS} h: {stood} of {len(stuck)} caught, {stood_failed} with flag 4")
    print(f"spikes of 8 degrees: {hit} of {len(spikes)} caught, {failed} with flag 4")
    missed = [
        what
        for what, is_met in (
            ("false alarms", false_alarms[0] <= MOST_ALARMS),
            ("stuck", stood >= LEAST_CAUGHT * len(stuck)),
            ("spikes", hit >= LEAST_CAUGHT * len(spikes)),
        )
        if not is_met
    ]
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)


def with_faults(
    right: Mapping[int, Mapping[str, int]],
) -> tuple[dict[int, dict[str, int]], list[list[Place]], list[Place]]:
    """The hours with faults, and the places of stuck values and of spikes."""
    chance, hours = random.Random(1), sorted(right)
    wrong = {hour: dict(values) for hour, values in right.items()}
    stuck: list[list[Place]] = []
    spikes: list[Place] = []
    for city in CITIES:
        for at in range(50, len(hours) - 50, 48):
            first = at + chance.randrange(20)
            run = hours[first : first + STUCK_HOURS + 1]
            stuck.append([(city, hour) for hour in run])
            for hour in run:
                wrong[hour][city] = right[run[0]][city]
            hour = hours[first + STUCK_HOURS + chance.randint(4, 15)]
            wrong[hour][city] += chance.choice([-80, 80])
            spikes.append((city, hour))
    return wrong, stuck, spikes


def flagged(feed: Feed, printed: Mapping[int, Mapping[str, int]]) -> dict[Place, int]:
    """The worst flag of each flagged value, if the portal prints these values."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weather.db"
        with Store.open(path) as store:
            stop_syncing(store)
            store.portal("a", "https://a.example/", INTERVAL_S)
            for day in range(BEGIN, BEGIN + DAYS * DAY_S, DAY_S):
                captures.keep(
                    store, [look(feed, printed, at) for at in range(day, day + DAY_S, 600)]
                )
        with closing(sqlite3.connect(path)) as conn:
            rows = conn.execute(
                "SELECT s.name_ko, f.seen_from, max(f.flag) FROM flagged AS f "
                "JOIN stations AS s ON s.id = f.station_id GROUP BY 1, 2"
            ).fetchall()
    return {(city, feed.newest(seen_from)): flag for city, seen_from, flag in rows}


def look(feed: Feed, printed: Mapping[int, Mapping[str, int]], at: int) -> Capture:
    """The capture of the portal at a second."""
    content = content_of(tuple(printed[feed.newest(at)].items()))
    return Capture(
        portal="a",
        captured_at=moment(at),
        precision="second",
        digest=content.digest,
        content=content,
        page_date=None,
    )


if __name__ == "__main__":
    main()
