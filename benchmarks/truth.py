"""
How often ``live`` is true: nalssi's answers compared with simulated feeds.

Portals are polled every ten minutes, and the project's own store records the looks. At moments
between the looks, ``latest`` and ``at`` are asked, and each answer is compared with the feed:

- fresh: the feed published the value less than 90 minutes before, and the portal answered within
  two intervals;
- stale: the feed published it three hours before or earlier. It *could be known* where a look so
  far saw this hour's set, an ``Age`` or a date that puts it three hours back, or where the portal
  showed more than four new sets in three hours;
- needless: fresh, not called live, though the portal was watched when the set first appeared;
- made up: another temperature than the portal printed last.

A value between fresh and stale may be called either.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import scenarios
from benchmarks.scoring import HEADINGS, Score, Witness
from db import query
from db.write.store import Store
from tests.support.feeds import INTERVAL_S
from tests.support.keeping import keep_failure, keep_page
from tests.support.stores import stop_syncing

if TYPE_CHECKING:
    from benchmarks.scenarios import Scenario

ASKED_EVERY_S = 47 * 60
PASS_S = 60
"""The longest pass over all portals: questions come after it."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--long", action="store_true", help="the year instead of the days")
    options.add_argument("--only", default="", help="stories whose name has this in it")
    chosen = options.parse_args()
    stories = scenarios.year() if chosen.long else scenarios.standard()
    stories = [scenario for scenario in stories if chosen.only in scenario.name]
    began = time.monotonic()
    print(HEADINGS)
    total = Score(name="all")
    for scenario in stories:
        score = run(scenario)
        print(score.row(), flush=True)
        total += score
    print(total.row())
    print(f"{len(stories)} stories in {time.monotonic() - began:.0f} s")
    sys.exit("\n".join(missed) if (missed := goals(total)) else 0)


def goals(total: Score) -> list[str]:
    """Print each goal and whether it is met; gives the missed goals."""
    missed = []
    for goal, met in total.goals():
        print(f"    {'met' if met else 'MISSED'}: {goal}")
        if not met:
            missed.append(goal)
    return missed


def run(scenario: Scenario) -> Score:
    """Poll the portals of a story, and ask in between."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weather.db"
        with Store.open(path) as store, query.Database(path) as db:
            stop_syncing(store)
            for portal in scenario.portals:
                store.portal(portal.name, f"https://{portal.name}.example/", INTERVAL_S)
            witness = Witness(scenario)
            _watch(scenario, store, db, witness)
            witness.measure(db)
    return witness.score


def _watch(scenario: Scenario, store: Store, db: query.Database, witness: Witness) -> None:
    chance = random.Random(scenario.name)
    question = scenario.begin + scenario.settled_s + chance.randrange(ASKED_EVERY_S)
    for at in range(scenario.begin, scenario.end, INTERVAL_S):
        while question <= at:
            if (question - scenario.begin) % INTERVAL_S >= PASS_S:
                witness.ask(db, question)
            question += ASKED_EVERY_S + chance.randrange(INTERVAL_S)
        for nth, portal in enumerate(scenario.portals):
            second = at + 7 * nth + 1
            page = portal.look(second)
            if page is None:
                keep_failure(store, portal.name, second)
            else:
                keep_page(store, portal.name, page)
                witness.see(portal.name, page)


if __name__ == "__main__":
    main()
