"""
Updates the flags: the sparse derived table ``flagged``, by the rules in ``flags.py``.

A flag belongs to a station in a spell. It depends on the spells of the same portal around it: two
on each side, and for ``flat`` all that print the same number. So only the spells around a change
are judged again; the rows are the same for any order of looks.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from itertools import chain, groupby, pairwise, starmap
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from db import records
from db.moments import DAY_S
from db.qartod import FAIL
from db.truth import flags, runs
from db.truth.flags import BRIDGED, Box
from db.truth.printed import Printed
from db.truth.runs import OpenRuns

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from db.truth.flags import Kind, Near

    Key: TypeAlias = tuple[int, int, Kind]
    """The first look of a spell, a station, a kind."""

AROUND: Final = 2
"""Spells on either side that a step or a spike depends on."""

_AT_ONCE_S: Final = 30 * DAY_S
"""The boxes of all portals in such a time are in memory together: most of them are the same."""

_BOXES: Final = """
    SELECT seen_from, published_by, first_after, sidebar_id FROM spells
    WHERE portal_id = :portal AND {} ORDER BY seen_from"""

_ROUND: Final = _BOXES.format(
    f"""seen_from BETWEEN
        coalesce((SELECT min(seen_from) FROM (
            SELECT seen_from FROM spells WHERE portal_id = :portal AND seen_from < :first
            ORDER BY seen_from DESC LIMIT {AROUND})), :first)
        AND coalesce((SELECT max(seen_from) FROM (
            SELECT seen_from FROM spells WHERE portal_id = :portal AND seen_from > :last
            ORDER BY seen_from LIMIT {AROUND})), :last)"""
)
_BEFORE: Final = _BOXES.format(
    """seen_from = (
        SELECT max(seen_from) FROM spells WHERE portal_id = :portal AND seen_from < :at)"""
)
_AFTER: Final = _BOXES.format(
    """seen_from = (
        SELECT min(seen_from) FROM spells WHERE portal_id = :portal AND seen_from > :at)"""
)

_KEPT: Final = """
    SELECT seen_from, station_id, kind, flag FROM flagged
    WHERE portal_id = :portal AND seen_from BETWEEN :first AND :last"""

_STATIONS: Final = """
    SELECT id, latitude, longitude, elevation_m FROM stations
    WHERE latitude IS NOT NULL AND longitude IS NOT NULL AND elevation_m IS NOT NULL ORDER BY id"""


_DELETE: Final = """
    DELETE FROM flagged WHERE portal_id = ? AND seen_from = ? AND station_id = ? AND kind = ?"""
_INSERT: Final = "INSERT OR REPLACE INTO flagged VALUES (?, ?, ?, ?, ?)"


class _Places(NamedTuple):
    """The known places of the stations."""

    near: Near
    southern: frozenset[int]


def rebuild(conn: sqlite3.Connection) -> None:
    """Derive all flags again, inside the caller's transaction."""
    conn.execute("DELETE FROM flagged")
    places = _places(conn)
    for _, spans in sorted(_spans(conn).items()):
        printed = Printed(conn)
        for span in spans:
            _Judge(conn, span, printed, OpenRuns()).write(places)


def _spans(conn: sqlite3.Connection) -> dict[int, list[tuple[int, int, int]]]:
    """Of each stretch of time the portals, and when their first and their last spell begins."""
    found: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for (portal_id,) in conn.execute("SELECT id FROM portals").fetchall():
        sql = "SELECT seen_from FROM spells WHERE portal_id = ? ORDER BY seen_from"
        begins = [seen_from for (seen_from,) in conn.execute(sql, (portal_id,))]
        for stretch, some in groupby(begins, key=lambda begin: begin // _AT_ONCE_S):
            first, *others = some
            found[stretch].append((portal_id, first, others[-1] if others else first))
    return found


def judge(
    conn: sqlite3.Connection,
    changed: Iterable[tuple[int, int]],
    printed: Printed,
    open_runs: OpenRuns,
    *,
    new: tuple[int, int] | None = None,
) -> None:
    """
    Judge again the spells that changed ones may affect.

    Args:
        conn: Inside a transaction.
        changed: The spells by portal and first look, including removed ones.
        printed: The temperatures of sidebars.
        open_runs: The runs that were followed before.
        new: The first of the spells that come after all others of their portal, if there are any.
    """
    places = _places(conn)
    for portal_id, rows in groupby(sorted(changed), key=itemgetter(0)):
        for first, last in _stretches([seen_from for _, seen_from in rows]):
            is_new = new is not None and new[0] == portal_id and new[1] <= first
            span = portal_id, first, last
            _Judge(conn, span, printed, open_runs, new=is_new).write(places)


def _stretches(begins: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of those that are near each other."""
    first = last = begins[0]
    for begin in begins:
        if begin - last > DAY_S:
            yield first, last
            first = begin
        last = begin
    yield first, last


def _places(conn: sqlite3.Connection) -> _Places:
    return _places_of(tuple(conn.execute(_STATIONS)))


@functools.lru_cache(maxsize=8)
def _places_of(stations: tuple[tuple[int, float, float, float], ...]) -> _Places:
    southern = frozenset(row for row, north, _, _ in stations if north < records.JEJU_SOUTH_OF)
    return _Places(flags.near(stations), southern)


class _Judge:
    """Judges the spells of a portal that begin in ``first <= t <= last``, and those around them."""

    def __init__(
        self,
        conn: sqlite3.Connection,
        span: tuple[int, int, int],
        printed: Printed,
        open_runs: OpenRuns,
        *,
        new: bool = False,
    ) -> None:
        portal_id, first, last = span
        self._conn, self._printed = conn, printed
        self._which = {"portal": portal_id, "first": first, "last": last}
        self._boxes = self._read(_ROUND, self._which)
        self._begin = sum(box.seen_from < first for box in self._boxes)
        self._end = len(self._boxes) - sum(box.seen_from > last for box in self._boxes)
        self._new = new and self._begin < self._end
        self._flags: dict[Key, int] = {}
        self._known: Sequence[Box] = ()  # in which runs were judged again
        self._open_runs = open_runs
        before = self._boxes[self._begin - 1].seen_from if self._new and self._begin else None
        self._before = open_runs.take(portal_id, before)

    def write(self, places: _Places) -> None:
        """Write the flags that differ from the table."""
        kept = self._kept(self._boxes)
        self._judge_points(places)
        known, settled = self._walked(kept)
        if len(known) > len(self._boxes):
            kept = self._kept(known)
        self._judge_runs(known, settled, kept)
        odd = kept.keys() - self._flags.keys()
        gone = [key for key in odd if self._is_judged(key)] if odd else []
        put = [(key, flag) for key, flag in self._flags.items() if kept.get(key) != flag]
        self._replace(gone, put)

    def _is_judged(self, key: Key) -> bool:
        """Whether a row of the table was judged again."""
        seen_from, station, kind = key
        if self._which["first"] <= seen_from <= self._which["last"]:
            return True
        if kind == "flat":
            of_station = runs.runs(self._known, station)
            return any(self._concerns(run) and _begins(run, seen_from) for run in of_station)
        begin, end = self._begin, self._end + AROUND
        if kind == "spike":
            begin, end = max(0, begin - 1), end - 1
        return _begins(self._boxes[begin:end], seen_from)

    def _replace(self, gone: Sequence[Key], put: Sequence[tuple[Key, int]]) -> None:
        portal_id = self._which["portal"]
        if gone:
            self._conn.executemany(_DELETE, [(portal_id, *key) for key in gone])
        if put:
            self._conn.executemany(_INSERT, [(portal_id, *key, flag) for key, flag in put])

    def _kept(self, boxes: Sequence[Box]) -> dict[Key, int]:
        """The rows of the table in the time of these boxes, and of the spells that are gone."""
        which = dict(self._which)
        if boxes:
            which["first"] = min(which["first"], boxes[0].seen_from)
            which["last"] = max(which["last"], boxes[-1].seen_from)
        rows = self._conn.execute(_KEPT, which)
        return {(seen_from, row, kind): flag for seen_from, row, kind, flag in rows}

    def _judge_points(self, places: _Places) -> None:
        """Judge the rules that depend on neighbouring boxes."""
        boxes = self._boxes
        jumped = [{}, *starmap(flags.jumps, pairwise(boxes)), {}]
        for nth in range(max(0, self._begin - 1), min(len(boxes), self._end + AROUND)):
            box, came, went = boxes[nth], jumped[nth], jumped[nth + 1]
            if nth <= self._end and not came.keys().isdisjoint(went):
                found = flags.spikes(boxes[nth - 1], box, boxes[nth + 1], came, went)
                self._put(box, "spike", found)
            if nth >= self._begin:
                if came:
                    earlier = boxes[nth - 2] if nth > 1 else None
                    self._put(box, "step", flags.steps(earlier, boxes[nth - 1], box, came))
                ordered = sorted(box.tenths.values())
                self._put(box, "neighbours", flags.neighbours(box, ordered, places.near))
                self._put(box, "range", flags.out_of_range(box, ordered, places.southern))

    def _put(self, box: Box, kind: Kind, found: Mapping[int, int]) -> None:
        for station, flag in found.items():
            self._flags[box.seen_from, station, kind] = flag

    def _walked(self, kept: Mapping[Key, int]) -> tuple[list[Box], dict[int, int]]:
        """
        The changed boxes and those beside them, as far as runs of equal numbers go.

        A run need be followed only until it is flat without the changed boxes: it was before, and
        its other boxes stay as they are. Where all that changed is new, ``settled`` are the flags
        of those that need not be followed.
        """
        begin, end = max(0, self._begin - 1), min(len(self._boxes), self._end + 1)
        core, older, newer = self._boxes[begin:end], self._boxes[:begin], self._boxes[end:]
        left, settled = _open(core), dict[int, int]()
        if self._new and self._begin:
            before, box = core[:2]
            left = {
                row: tenths
                for row, tenths in left.items()
                if before.tenths.get(row, tenths) == box.tenths.get(row, tenths)
            }
            settled = self._settled(left, core, kept)
        right = {} if self._new else _open(core[::-1])
        unsettled = {row: tenths for row, tenths in left.items() if row not in settled}
        before_them = runs.follow(unsettled, chain(reversed(older), self._beyond(_BEFORE)))
        known = [*before_them[::-1], *core]
        if self._new:
            self._remember(left, settled, known)
        return [*known, *runs.follow(right, chain(newer, self._beyond(_AFTER)))], settled

    def _settled(
        self, stations: Iterable[int], core: Sequence[Box], kept: Mapping[Key, int]
    ) -> dict[int, int]:
        """The flags of stations that are as the box before has them, whatever is new after it."""
        before, *new = core
        settled = {}
        for station in stations:
            flag = kept.get((before.seen_from, station, "flat"), 0)
            if (run := self._before.get(station)) is not None:
                is_open = all(run.goes_on(box, station) for box in new)
                if run.flag == flag:
                    settled[station] = flag
                if not is_open:
                    del self._before[station]
            elif flag == FAIL:
                settled[station] = flag
        return settled

    def _remember(
        self, stations: Iterable[int], settled: Mapping[int, int], known: Sequence[Box]
    ) -> None:
        """Remember the runs that were followed to their first boxes, and are open."""
        found = {}
        for station in stations:
            run = self._before.get(station)
            if run is None and station not in settled:
                run = runs.at_end(known, station)
            if run is not None and run.flag != FAIL:
                found[station] = run
        self._open_runs.keep(self._which["portal"], known[-1].seen_from, found)

    def _beyond(self, sql: str) -> Iterator[Box]:
        """The boxes beyond those that were read at first, one by one."""
        at = self._boxes[0 if sql is _BEFORE else -1].seen_from
        while boxes := self._read(sql, {**self._which, "at": at}):
            yield from boxes
            at = boxes[0].seen_from

    def _read(self, sql: str, which: Mapping[str, int]) -> list[Box]:
        """The boxes of the spells that a query gives."""
        return [
            Box(seen_from, published_by, first_after, self._printed[sidebar_id])
            for seen_from, published_by, first_after, sidebar_id in self._conn.execute(sql, which)
        ]

    def _judge_runs(
        self, known: Sequence[Box], settled: Mapping[int, int], kept: Mapping[Key, int]
    ) -> None:
        """Judge the runs of equal numbers that touch a change."""
        is_flat = any(settled.values()) or any("flat" in key for key in kept)
        if not self._boxes or (len(known) < flags.FLAT_SETS and not is_flat):
            return  # most looks
        self._known = known
        for station, flag in settled.items():
            if flag:
                self._put_run(station, runs.runs(known, station)[0], flag)
        for station, run in runs.long_runs(known):
            if flag := runs.flat(run):
                self._put_run(station, run, flag)

    def _put_run(self, station: int, run: Sequence[Box], flag: int) -> None:
        if self._concerns(run):
            for box in run:
                key: Key = (box.seen_from, station, "flat")
                self._flags[key] = max(flag, self._flags.get(key, 0))

    def _concerns(self, run: Sequence[Box]) -> bool:
        """Whether a run reaches a changed box or, unless all of these are new, one beside it."""
        begin = self._boxes[self._begin if self._new else max(0, self._begin - 1)].seen_from
        end = self._boxes[min(len(self._boxes), self._end + 1) - 1].seen_from
        return run[-1].seen_from >= begin and run[0].seen_from <= end


def _begins(boxes: Iterable[Box], seen_from: int) -> bool:
    """Whether one of the changed spells begins then."""
    return any(box.seen_from == seen_from for box in boxes)


def _open(core: Sequence[Box]) -> dict[int, int]:
    """The numbers, by station, of the runs that may reach over the first of these boxes."""
    numbers: dict[int, int] = {}
    for box in core[: BRIDGED + 1]:
        numbers = box.tenths | numbers
    return numbers
