"""
Runs: the boxes of a portal, one after the other, in which a station prints the same number.

A run is flat if it is long and other stations moved meanwhile. Where all stations stand, it may go
on for months and not be flat; so one that is open at the newest box is followed back once, and then
remembered.
"""

from __future__ import annotations

import math
from itertools import islice
from operator import eq
from typing import TYPE_CHECKING, Final

from db.qartod import FAIL, SUSPECT
from db.truth.flags import BRIDGED, FLAT_FAIL_S, FLAT_S, FLAT_SETS, MOVED, WHOLE_SET, Box

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Run:
    """
    Boxes, one after the other, that print the same number of a station.

    Attributes:
        tenths: The number.
        missed: The number of boxes without a number after the last of them.
    """

    __slots__ = (
        "_added",
        "_fewest",
        "_first",
        "_last",
        "_least",
        "_most",
        "_published",
        "missed",
        "tenths",
    )

    def __init__(self, tenths: int) -> None:
        self.tenths, self.missed = tenths, 0
        self._published: set[int] = set()
        self._first, self._last = math.inf, -math.inf
        self._added: list[Mapping[int, int]] = []
        self._least: dict[int, int] = {}
        self._most: dict[int, int] = {}
        self._fewest = math.inf

    def add(self, box: Box) -> None:
        """Add a box at either end."""
        if len(self._published) < FLAT_SETS:  # so many are enough
            self._published.add(box.published_by)
        self._first = min(self._first, box.published_by)
        self._last = max(self._last, box.published_by)
        self._added.append(box.tenths)

    def goes_on(self, box: Box, station: int) -> bool:
        """Add the next box at either end; returns False if the run ends before it."""
        tenths = box.tenths.get(station)
        if tenths is None:
            self.missed += 1
        elif tenths == self.tenths:
            self.add(box)
            self.missed = 0
        return tenths in (None, self.tenths) and self.missed <= BRIDGED

    @property
    def flag(self) -> int:
        """
        The flag of the station; 0 for none.

        A longer run, at either end, never gets a lower flag.
        """
        lasted_s = self._last - self._first
        if len(self._published) < FLAT_SETS or lasted_s < FLAT_S or not self._has_moved():
            return 0
        return FAIL if lasted_s >= FLAT_FAIL_S else SUSPECT

    def _has_moved(self) -> bool:
        """Whether more than a quarter of the stations changed during the run."""
        self.measure()
        moved = sum(most - self._least[station] >= MOVED for station, most in self._most.items())
        # Of the smallest box: more stations in later boxes must not lower a flag.
        return WHOLE_SET * moved > self._fewest

    def measure(self) -> None:
        """Measure how far each station moved, and release the boxes."""
        least, most = self._least, self._most
        for box in self._added:
            self._fewest = min(self._fewest, len(box))
            for station, tenths in box.items():
                least[station] = min(tenths, least.get(station, tenths))
                most[station] = max(tenths, most.get(station, tenths))
        self._added.clear()


def flat(boxes: Sequence[Box]) -> int:
    """The flag of a station with the same number in all of these boxes; 0 for none."""
    run = Run(0)
    for box in boxes:
        run.add(box)
    return run.flag


def long_runs(boxes: Sequence[Box]) -> Iterator[tuple[int, list[Box]]]:
    """The ``runs`` of each station with enough sets to be flat."""
    for station in set[int]().union(*[box.tenths for box in boxes]):
        numbers = [tenths for box in boxes if (tenths := box.tenths.get(station)) is not None]
        if _LONG in bytes(map(eq, numbers, islice(numbers, 1, None))):  # few
            yield from ((station, run) for run in runs(boxes, station) if len(run) >= FLAT_SETS)


_LONG: Final = bytes([True]) * (FLAT_SETS - 1)
"""Each number is equal to the one before."""


def runs(boxes: Sequence[Box], station: int) -> list[list[Box]]:
    """The runs of consecutive boxes with the same number for a station."""
    found: list[list[Box]] = []
    missed = BRIDGED + 1
    for box in boxes:
        tenths = box.tenths.get(station)
        if tenths is None:
            missed += 1
        elif missed > BRIDGED or found[-1][-1].tenths[station] != tenths:
            found.append([box])
            missed = 0
        else:
            found[-1].append(box)
            missed = 0
    return found


def at_end(boxes: Sequence[Box], station: int) -> Run | None:
    """The run of a station that is open at the last of these boxes."""
    left = reversed(boxes)
    for missed, box in enumerate(islice(left, BRIDGED + 1)):
        if (tenths := box.tenths.get(station)) is not None:
            run = Run(tenths)
            run.add(box)
            for earlier in left:
                if not run.goes_on(earlier, station):
                    break
            run.missed = missed
            return run
    return None


def follow(numbers: Mapping[int, int], boxes: Iterator[Box]) -> list[Box]:
    """The boxes through which runs of these numbers continue, until each ends or is flat alone."""
    left = {station: Run(tenths) for station, tenths in numbers.items()}
    walked: list[Box] = []
    while left and (box := next(boxes, None)) is not None:
        walked.append(box)
        left = {
            station: run
            for station, run in left.items()
            if run.goes_on(box, station) and run.flag != FAIL
        }
    return walked


class OpenRuns:
    """
    The runs that are open at the newest box of each portal, of stations that were followed.

    Judging a portal takes its runs from here, so no run outlives a change of its boxes.
    """

    def __init__(self) -> None:
        self._of: dict[int, tuple[int, dict[int, Run]]] = {}

    def forget(self) -> None:
        """Forget all: a transaction was rolled back, or others wrote."""
        self._of.clear()

    def take(self, portal_id: int, newest: int | None) -> dict[int, Run]:
        """
        The runs of a portal by station, which are forgotten.

        Args:
            portal_id: The portal.
            newest: The beginning of the portal's newest box; None without one.
        """
        begin, found = self._of.pop(portal_id, (None, {}))
        return found if begin == newest else {}

    def keep(self, portal_id: int, newest: int, found: dict[int, Run]) -> None:
        """Remember runs by station, up to the newest box of a portal."""
        for run in found.values():
            run.measure()  # and release its boxes
        self._of[portal_id] = newest, found
