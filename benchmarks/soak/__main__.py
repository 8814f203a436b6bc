"""Run the soak, and print whether it met its goals."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import os
import resource
import statistics
import sys
import tempfile
import time
from array import array
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, cast

import benchmarks.soak
from benchmarks.soak.notices import Expected, NoticeFile, wrong_notices
from benchmarks.soak.portals import HOOK, serve, start_portals
from benchmarks.soak.stories import BEGIN, CYCLE_S, DAYS, stories
from benchmarks.soak.troubles import TROUBLES, OwnTroubles
from db import query
from db.errors import DatabaseError
from db.moments import moment
from db.write.store import Store
from scraper import clock, threads
from scraper.collect import Collector, Report, collecting
from scraper.collect.backlog import PAUSE_S, Backlog
from scraper.config import Config, Metrics, Notify, Portal
from scraper.daemon.log import log_to_stderr
from scraper.monitor import Monitor
from scraper.troubles import rules
from scraper.troubles import seen as see
from scraper.troubles.notifier import Notifier
from tests.support.feeds import DAY_S, INTERVAL_S

if TYPE_CHECKING:
    import datetime as dt
    import subprocess
    from collections.abc import Iterator

    from scraper.troubles.rules import Key

MOST_RESIDENT_MIB = 75.0
MOST_GROWTH_MIB = 3.0
MOST_CPU_MS = 30.0
"""
The limits of memory at any time, of its growth from the second round of faults to the last full
one, and of processor time a look.

Of the memory at any time, 8 MiB are the pages of 120 looks that wait while the database is locked.
In the first round caches fill up, and each trouble comes for the first time. A leak of 150 bytes a
look would be too much growth in a month. Growth is measured after glibc returned its free memory:
after a block of a megabyte was freed, such as the old table of Python's interned strings, glibc
keeps two megabytes.
"""

BUSY_S = 0.1
"""The daemon waits half a minute for a lock, in real time; a soak has not so much."""

ROUND = CYCLE_S // INTERVAL_S
"""The samples in a round, in which every fault comes once."""

FEWEST_ROUNDS = 3
CLOCK_BACK_S = 400 * DAY_S
OUTCOMES = {"none": {"no_sidebar"}, "": {"new", "unchanged", "not_modified"}}


class Soak:
    """The looks, their clock, and the measurements."""

    def __init__(self, path: Path, portals: subprocess.Popen[str]) -> None:
        self.path, self.now = path, BEGIN
        self._to, self._from = cast("IO[str]", portals.stdin), cast("IO[str]", portals.stdout)
        port = int(self._from.readline())
        self.stories = list(stories())
        self.notices = NoticeFile(path.with_suffix(".notices"))
        self.config = Config(
            database=str(path),
            notify=Notify(
                command=self.notices.command, webhook=f"http://127.0.0.1:{port}/{HOOK}", disk_mib=0
            ),
            metrics=Metrics(textfile=str(path.with_suffix(".prom"))),
            portals=tuple(
                Portal(name=story.name, url=f"http://127.0.0.1:{port}/{story.name}")
                for story in self.stories
            ),
        )
        self.looks, self.unlike = 0, Counter[str]()
        # Numbers, not objects: half a megabyte of samples would count as growth.
        self.samples = Samples(*(array("q") for _ in Samples._fields))
        self.cpu_s = 0.0
        self._log = log_to_stderr()
        self._backlog = Backlog()

    async def run(self, *, days: float, seconds: float) -> None:
        """Poll until the days or the seconds are over."""
        end, until = BEGIN + round(days * DAY_S), time.monotonic() + seconds
        threads.use_daemon_threads()
        with Store.open(self.path) as store:
            store.wait_at_most(BUSY_S)
            self._troubles = OwnTroubles(store)
            self._notifier = Notifier(
                config=self.config, database=self.path, clock=self._clock, complain=self._complain
            )
            async with collecting(
                self.config, store, self._clock, backlog=self._backlog
            ) as collector:
                monitor = Monitor(
                    config=self.config,
                    collector=collector,
                    store=store,
                    clock=self._clock,
                    complain=self._complain,
                )
                await collector.make_known(self.config.portals)
                began = time.process_time()
                while self.now < end and time.monotonic() < until:
                    await self._step(collector, monitor, store)
                    self.now += INTERVAL_S
                self.cpu_s = time.process_time() - began
                if self._troubles.end():
                    await asyncio.sleep(PAUSE_S)
                    await collector.catch_up()

    def _clock(self) -> dt.datetime:
        return moment(self.now - CLOCK_BACK_S * ("clock" in self._troubles.names))

    async def _step(self, collector: Collector, monitor: Monitor, store: Store) -> None:
        """Ten minutes: a look at each portal, its notices, and a sample."""
        before = self._clock()
        if self._troubles.turn(self.now):
            await asyncio.sleep(PAUSE_S)  # in real time: the pause after a refused write
        if step := self._clock() - before:
            self._notifier.shift(step)
        self._show()
        clock_problem = clock.problem(self._clock(), collector.newest_look())
        if clock_problem is None:
            await self._look(collector, monitor)
        await self._notifier.notify(self._seen(store, clock_problem, monitor), self._clock())
        self.notices.take(self.now)
        for column, value in zip(self.samples, sample(), strict=True):
            column.append(value)

    async def _look(self, collector: Collector, monitor: Monitor) -> None:
        looks = map(collector.look, self.config.portals)
        ended = await asyncio.gather(*looks, return_exceptions=True)
        reports = [report for report in ended if isinstance(report, Report)]
        await monitor.after_looks(reports)
        self.looks += len(ended)
        if not self._troubles.of_file:
            self._compare({report.portal: report.outcome for report in reports})

    def _seen(
        self, store: Store, clock_problem: str | None, monitor: Monitor
    ) -> dict[Key, str | None]:
        """Our own troubles as the daemon's watch sees them, but by the clock of the soak."""
        refused, waiting = self._backlog.refused, self._backlog.problem()
        seen = {**see.of_clock(clock_problem), **see.of_success()}
        seen |= see.of_error(refused) if refused else {("disk", ""): None}
        try:
            store.place.refuse_another()
        except DatabaseError as exc:
            seen |= see.of_error(exc)
        backlog: dict[Key, str | None] = {("backlog", ""): waiting}
        return {**seen, **(backlog if waiting or not refused else {}), **monitor.channels}

    def _complain(self, line: str) -> None:
        if not self._troubles.names:
            self._log.warning("not sent", reason=line)
            self.unlike[line] += 1

    def _show(self) -> None:
        self._to.write(f"[{self.now}, {int('webhook' in self._troubles.names)}]\n")
        self._to.flush()
        self._from.readline()

    def _compare(self, outcomes: dict[str, str]) -> None:
        """Count the looks with an unexpected outcome."""
        for story in self.stories:
            shown, wrong_body = story.look(self.now)
            expected = {"fetch_failed"} if shown is None else OUTCOMES.get(wrong_body, OUTCOMES[""])
            if (outcome := outcomes.get(story.name, "no look")) not in expected:
                self.unlike[f"{story.name} {wrong_body}: {outcome}"] += 1

    def faults(self) -> Iterator[str]:
        """Every unexpected look and notice, and every fault of the file."""
        yield from (f"{count} times {what}" for what, count in self.unlike.items())
        yield from wrong_notices(self.notices.received, list(self._expected()), self.now)
        with query.Database(self.path) as db:
            yield from db.faults()
            stored = sum(portal.looks for portal in db.portals())
            if stored != self.looks:
                yield f"{self.looks} looks, {stored} kept"

    def _expected(self) -> Iterator[Expected]:
        for story in self.stories:
            yield Expected(story.name, story.habits, (BEGIN, BEGIN + DAYS * DAY_S))
            for fault in story.faults:
                begin, end = fault.span
                yield Expected(story.name, fault.kinds, (begin, end + fault.remembered_s))
        for trouble in TROUBLES:
            for span in trouble.spans(self.now):
                yield Expected(rules.PORTAL, trouble.kinds, span)

    def goals(self) -> Iterator[Goal]:
        """Each measurement and its limit."""
        before, after = self._round(1), self._round(len(self.samples.files) // ROUND - 1)
        most = max(self.samples.resident)
        yield Goal("CPU a look", 1000 * self.cpu_s / self.looks, MOST_CPU_MS, "ms")
        yield Goal("resident at most", most / 2**20, MOST_RESIDENT_MIB, "MiB")
        yield Goal(
            f"resident grew, from {before.needed / 2**20:.1f} MiB in the second round",
            (after.needed - before.needed) / 2**20,
            MOST_GROWTH_MIB,
            "MiB",
        )
        yield Goal(f"descriptors grew, from {before.files:.0f}", after.files - before.files, 0, "")
        yield Goal(
            f"threads grew, from {before.threads:.0f}", after.threads - before.threads, 0, ""
        )

    def _round(self, nth: int) -> Medians:
        """The median of each column in the ``nth`` round."""
        part = slice(nth * ROUND, (nth + 1) * ROUND)
        return Medians(*(statistics.median(column[part]) for column in self.samples))

    def by_half_day(self) -> list[float]:
        """The MiB that the process needed: the median of each half day."""
        needed, steps = self.samples.needed, DAY_S // INTERVAL_S // 2
        parts = (needed[nth : nth + steps] for nth in range(0, len(needed), steps))
        return [statistics.median(part) / 2**20 for part in parts]


class Samples(NamedTuple):
    """Resources of the process: resident bytes, those after returning free memory, and others."""

    resident: array[int]
    needed: array[int]
    files: array[int]
    threads: array[int]


class Medians(NamedTuple):
    """Their medians in a part of the run."""

    resident: float
    needed: float
    files: float
    threads: float


def sample() -> tuple[int, int, int, int]:
    """A number for each column of ``Samples``."""
    before = resident()
    ctypes.CDLL(None).malloc_trim(0)
    # Not by Path, which puts names into Python's table of interned strings: when that doubles, it
    # counts as growth.
    files, threads = (len(os.listdir(f"/proc/self/{name}")) for name in ("fd", "task"))  # noqa: PTH208
    return before, resident(), files, threads


class Goal(NamedTuple):
    """A measurement and its limit."""

    name: str
    measured: float
    most: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether the measurement is within its limit."""
        return self.measured <= self.most

    def __str__(self) -> str:
        verdict = "PASS" if self.met else "FAIL"
        return f"{verdict} {self.name}: {self.measured:.1f} {self.unit} (at most {self.most:g})"


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - see ``sample``
        return int(file.read().split()[1]) * resource.getpagesize()


def main() -> None:
    options = argparse.ArgumentParser(description=benchmarks.soak.__doc__)
    options.add_argument("--days", type=float, default=DAYS, help="of the month, 6 at least")
    options.add_argument("--minutes", type=float, default=60.0, help="of real time at most")
    options.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.serve:
        serve(chosen.serve)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        start_portals(Path(folder) / "weather.db") as portals,
    ):
        soak = Soak(Path(folder) / "weather.db", portals)
        began = time.monotonic()
        asyncio.run(soak.run(days=chosen.days, seconds=60 * chosen.minutes))
        took = time.monotonic() - began
        portals.terminate()
        sys.exit(not print_report(soak, took))


def print_report(soak: Soak, took_s: float) -> bool:
    """Print the results; gives whether all goals are met."""
    days = (soak.now - BEGIN) / DAY_S
    if days * DAY_S < FEWEST_ROUNDS * CYCLE_S:
        print(f"FAIL {days:.1f} days in {took_s:.0f} s, too few to tell; give it more --minutes")
        return False
    print(f"{days:.1f} days of {len(soak.stories)} portals in {took_s:.0f} s: {soak.looks} looks")
    print(f"{soak.path.stat().st_size / 2**20:.1f} MiB of database")
    print(f"{', '.join(f'{mib:.1f}' for mib in soak.by_half_day())} MiB needed, by half a day")
    for notice in soak.notices.received:
        print(f"  {notice}")
    goals, faults = list(soak.goals()), list(soak.faults())
    for goal in goals:
        print(goal)
    print(f"{'FAIL' if faults else 'PASS'} every look and every notice")
    for fault in faults:
        print(f"  {fault}")
    return not faults and all(goal.met for goal in goals)


if __name__ == "__main__":
    main()
