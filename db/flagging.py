"""
Updates the flags: the sparse derived table ``flagged``, by the rules in ``db/flags.py``.

A flag belongs to a station in a spell. It depends on the spells of the same portal around it: two
on each side, and for ``flat`` all that print the same number. So only the spells around a change
are judged again; the rows are the same for any order of looks.
"""

from __future__ import annotations

import functools
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from db import flags, records
from db.flags import BRIDGED, Box
from db.qartod import FAIL
from db.read.rows import DAY_S

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from db.flags import Kind, Near

    Key: TypeAlias = tuple[int, int, Kind]
    """The first look of a spell, a station, a kind."""

AROUND: Final = 2
"""Spells on either side that a step or a spike depends on."""

_AT_ONCE: Final = 1000
"""Spells in memory at the same time."""

_BOXES: Final = """
    SELECT seen_from, published_by, first_after, sidebar_id FROM spells
    WHERE portal_id = :portal AND {} ORDER BY seen_from"""

_TENTHS: Final = """
    SELECT station_id, temperature FROM readings
    WHERE sidebar_id = ? AND temperature IS NOT NULL"""

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
    for (portal_id,) in conn.execute("SELECT id FROM portals").fetchall():
        sql = "SELECT seen_from FROM spells WHERE portal_id = ? ORDER BY seen_from"
        begins = [seen_from for (seen_from,) in conn.execute(sql, (portal_id,))]
        for at in range(0, len(begins), _AT_ONCE):
            some = begins[at : at + _AT_ONCE]
            _Judge(conn, portal_id, (some[0], some[-1])).write(places)


def judge(
    conn: sqlite3.Connection,
    changed: Iterable[tuple[int, int]],
    *,
    new: tuple[int, int] | None = None,
) -> None:
    """
    Judge again the spells that changed ones may affect.

    Args:
        conn: Inside a transaction.
        changed: The spells by portal and first look, including removed ones.
        new: The first of the spells that come after all others of their portal, if there are any.
    """
    places = _places(conn)
    for portal_id, rows in groupby(sorted(changed), key=itemgetter(0)):
        for span in _stretches([seen_from for _, seen_from in rows]):
            is_new = new is not None and new[0] == portal_id and new[1] <= span[0]
            _Judge(conn, portal_id, span, new=is_new).write(places)


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
        self, conn: sqlite3.Connection, portal_id: int, span: tuple[int, int], *, new: bool = False
    ) -> None:
        first, last = span
        self._conn = conn
        self._which = {"portal": portal_id, "first": first, "last": last}
        self._boxes = _boxes(conn, _ROUND, self._which)
        self._begin = sum(box.seen_from < first for box in self._boxes)
        self._end = len(self._boxes) - sum(box.seen_from > last for box in self._boxes)
        self._new = new and self._begin < self._end
        self._flags: dict[Key, int] = {}
        self._known: Sequence[Box] = ()  # in which runs were judged again

    def write(self, places: _Places) -> None:
        """Write what differs from the table."""
        kept = self._kept(self._boxes)
        self._judge_points(places)
        known, is_flat = self._walked(kept)
        if len(known) > len(self._boxes):
            kept = self._kept(known)
        self._judge_runs(known, is_flat, kept)
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
            runs = flags.runs(self._known, station)
            return any(self._concerns(run) and _begins(run, seen_from) for run in runs)
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
        for nth in range(max(0, self._begin - 1), min(len(boxes), self._end + AROUND)):
            box = boxes[nth]
            if nth <= self._end and 0 < nth < len(boxes) - 1:
                self._put(box, "spike", flags.spikes(boxes[nth - 1], box, boxes[nth + 1]))
            if nth >= self._begin:
                if nth > 0:
                    earlier = boxes[nth - 2] if nth > 1 else None
                    self._put(box, "step", flags.steps(earlier, boxes[nth - 1], box))
                self._put(box, "neighbours", flags.neighbours(box.tenths, places.near))
                self._put(box, "range", flags.out_of_range(box, places.southern))

    def _put(self, box: Box, kind: Kind, found: Mapping[int, int]) -> None:
        for station, flag in found.items():
            self._flags[box.seen_from, station, kind] = flag

    def _walked(self, kept: Mapping[Key, int]) -> tuple[list[Box], set[int]]:
        """
        The changed boxes and those beside them, as far as runs of equal numbers go.

        A run need be followed only until it is flat without the changed boxes: it was before, and
        its other boxes stay as they are. Where all that changed is new, the flags before it say so.
        """
        begin, end = max(0, self._begin - 1), min(len(self._boxes), self._end + 1)
        core, older, newer = self._boxes[begin:end], self._boxes[:begin], self._boxes[end:]
        left, is_flat = _open(core), set[int]()
        if self._new and self._begin:
            before, box = core[:2]
            left = {
                row: tenths
                for row, tenths in left.items()
                if before.tenths.get(row, tenths) == box.tenths.get(row, tenths)
            }
            is_flat = {row for row in left if kept.get((before.seen_from, row, "flat")) == FAIL}
            left = {row: tenths for row, tenths in left.items() if row not in is_flat}
        right = {} if self._new else _open(core[::-1])
        before_them = _follow(left, chain(reversed(older), self._beyond(_BEFORE)))
        return [
            *before_them[::-1],
            *core,
            *_follow(right, chain(newer, self._beyond(_AFTER))),
        ], is_flat

    def _beyond(self, sql: str) -> Iterator[Box]:
        """The boxes beyond those that were read at first, one by one."""
        at = self._boxes[0 if sql is _BEFORE else -1].seen_from
        while boxes := _boxes(self._conn, sql, {**self._which, "at": at}):
            yield from boxes
            at = boxes[0].seen_from

    def _judge_runs(self, known: Sequence[Box], is_flat: set[int], kept: Mapping[Key, int]) -> None:
        """Judge the runs of equal numbers that touch a change."""
        if len(known) < flags.FLAT_SETS and not is_flat and not any("flat" in key for key in kept):
            return  # most looks
        if not self._boxes:
            return
        self._known = known
        for station in is_flat:
            self._put_run(station, flags.runs(known, station)[0], FAIL)
        for station, run in flags.long_runs(known):
            if flag := flags.flat(run):
                self._put_run(station, run, flag)

    def _put_run(self, station: int, run: Sequence[Box], flag: int) -> None:
        if self._concerns(run):
            for box in run:
                key: Key = (box.seen_from, station, "flat")
                self._flags[key] = max(flag, self._flags.get(key, 0))

    def _concerns(self, run: Sequence[Box]) -> bool:
        """Whether a run reaches what changed; where that is new, others were not followed."""
        begin = self._boxes[self._begin if self._new else max(0, self._begin - 1)].seen_from
        end = self._boxes[min(len(self._boxes), self._end + 1) - 1].seen_from
        return run[-1].seen_from >= begin and run[0].seen_from <= end


def _begins(boxes: Iterable[Box], seen_from: int) -> bool:
    """Whether one of the changed spells begins then."""
    return any(box.seen_from == seen_from for box in boxes)


def _boxes(conn: sqlite3.Connection, sql: str, which: Mapping[str, int]) -> list[Box]:
    """The boxes of the spells that a query gives."""
    return [
        Box(seen_from, published_by, first_after, dict(conn.execute(_TENTHS, (sidebar_id,))))
        for seen_from, published_by, first_after, sidebar_id in conn.execute(sql, which).fetchall()
    ]


def _open(core: Sequence[Box]) -> dict[int, int]:
    """The numbers, by station, of the runs that may reach over the first of these boxes."""
    numbers: dict[int, int] = {}
    for box in core[: BRIDGED + 1]:
        numbers = box.tenths | numbers
    return numbers


def _follow(numbers: Mapping[int, int], boxes: Iterator[Box]) -> list[Box]:
    """The boxes through which runs of these numbers continue, until each ends or is flat alone."""
    runs: dict[int, list[Box]] = {row: [] for row in numbers}
    missed = dict.fromkeys(numbers, 0)
    walked: list[Box] = []
    while runs and (box := next(boxes, None)) is not None:
        walked.append(box)
        for station in list(runs):
            tenths = box.tenths.get(station)
            missed[station] = missed[station] + 1 if tenths is None else 0
            if tenths == numbers[station]:
                runs[station].append(box)
                is_over = flags.flat(runs[station]) == FAIL
            else:
                is_over = tenths is not None or missed[station] > BRIDGED
            if is_over:
                del runs[station]
    return walked
