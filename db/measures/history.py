"""
The history of a station: its values over time, in pieces of one state, at one portal or several.

Each portal's spells are cut where their state changes (``validity.pieces``); across portals the
best state counts, and among equal states the set published last. All of this uses whole seconds
and plain tuples: ten years are a hundred thousand of them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeVar

from db.moments import FOREVER, epoch
from db.qartod import PASS
from db.read.flags import OF_STATION
from db.read.rows import STATION
from db.validity import CONFIRMED, HOLD_S, Shown, State, pieces, rank

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from db.asked import Part
    from db.read.ask import Ask


class Piece(NamedTuple):
    """
    A value, or a part of its time.

    Attributes:
        begin, end: ``begin <= t < end``.
        seen_from: The first look that saw it.
        tenths: Tenths of a degree C; None if no number is printed.
        sky: The row of the condition.
        share: The share of the live portals with this temperature, or the one before it (lag);
            None if fewer than two are live.
        state: Its state throughout.
        published_by: That of its set.
        portal: The row of the portal.
        before: The temperature that the portal showed before, in an older set.
        flag: QARTOD's number of the temperature: 3 suspect, 4 fail, lower if it passes.
    """

    begin: int
    end: int
    seen_from: int
    tenths: int | None
    sky: int
    share: float | None
    state: State
    published_by: int
    portal: int
    before: int | None
    flag: int


PORTALS: Final = f"""
    SELECT id, interval_s,
        (SELECT min(seen_from) FROM spells WHERE portal_id = p.id) AS first_spell,
        (SELECT max(seen_from) + {HOLD_S} - 1 FROM spells WHERE portal_id = p.id) AS last_spell,
        (SELECT seen_until FROM spells WHERE portal_id = p.id ORDER BY seen_from DESC LIMIT 1),
        (SELECT min(fetched_at) FROM fetches WHERE portal_id = p.id),
        (SELECT max(fetched_at) FROM fetches WHERE portal_id = p.id)
    FROM portals AS p WHERE :portal IS NULL OR name = :portal ORDER BY id"""
"""The beginning and end of each portal: its first and last spell, and its last looks."""

SPELLS: Final = f"""
    SELECT sp.seen_from, sp.seen_until, sp.standing_since, sp.published_by,
        coalesce({CONFIRMED}, 0), r.temperature, r.condition_id
    FROM spells AS sp
    LEFT JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
        AND r.station_id = {STATION}
    WHERE sp.portal_id = :portal AND sp.seen_from < :until
        AND sp.seen_from >= coalesce((
            SELECT seen_from FROM spells WHERE portal_id = :portal AND seen_from <= :since
            ORDER BY seen_from DESC LIMIT 1), 0)
    ORDER BY sp.seen_from"""
"""
The spells of one portal in the asked time, and the one before it.

Spells without the station are included: they end the one before.
"""

BEFORE: Final = f"""
    SELECT sp.published_by, r.temperature FROM spells AS sp
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
        AND r.station_id = {STATION}
    WHERE sp.portal_id = :portal AND sp.seen_from < :seen_from
        AND sp.published_by < :published_by
    ORDER BY sp.seen_from DESC LIMIT 1"""
"""
The earlier value of a station at a portal, before a set that was published by a time.

The box before may be that set, printed in another way, or a cut page without the station.
"""

PAUSES: Final = """
    SELECT since, until FROM pauses
    WHERE portal_id = :portal AND since < :until AND until > :since ORDER BY since"""

LAST_LOOK: Final = """
    SELECT seen_until FROM spells WHERE portal_id = :portal ORDER BY seen_from DESC LIMIT 1"""

CONDITIONS: Final = """
    SELECT id, CASE WHEN label = '-' THEN 'not_reported' ELSE coalesce(condition, 'unknown') END
    FROM conditions"""
"""A dash means that the station reports no sky; a lost or unknown label means less."""


class History:
    """
    A part of the history.

    Args:
        ask: Queries the database.
        part: The part; open ends are the first and the last look; no value holds after its present.
        everything: Whether values that are not live count too, until the portal is down.

    Attributes:
        asked: The first second asked for, and the first after it; None for an open end.
    """

    def __init__(self, ask: Ask, part: Part, *, everything: bool = False) -> None:
        present = epoch(part.now)
        portals = ask.whole(PORTALS, {"portal": part.portal}, present=2)
        known = [at for _, _, *ends in portals for at in ends if at is not None]
        self._ask = ask
        self._portals: dict[int, int] = {row: interval_s for row, interval_s, *_ in portals}
        self.everything = everything
        # An open end is fixed here: rows stored during the query would lie outside.
        since, until = part.since, part.until
        begins = min(known, default=present) if since is None else max(0, epoch(since))
        ends = max([begins, *known]) + 1 if until is None else epoch(until)
        self._since, self._until = begins, min(ends, present)
        self.asked = None if since is None else begins, None if until is None else ends

    def span(self) -> tuple[int, int] | None:
        """
        The first and the last second asked for or, for open ends, known.

        None if no value is known, or the whole range is in the future.
        """
        if self._since >= self._until:
            return None
        return self._since, self._until - 1

    def conditions(self) -> dict[int, str]:
        """The name of each sky, by its number in a piece."""
        return _Skies(self._ask)

    def pieces(self, station: str) -> Iterable[Piece]:
        """
        The values of a station over time, oldest first, without overlap.

        Only live ones; with ``everything`` all that are not down.
        """
        wanted = _NOT_DOWN if self.everything else _LIVE
        shown = [
            [piece for piece in self._shown(*portal, station) if piece.state in wanted]
            for portal in self._portals.items()
        ]
        shown = [of_portal for of_portal in shown if of_portal]
        return merged(shown) if len(shown) > 1 else chain.from_iterable(shown)

    def _shown(self, portal_id: int, interval_s: int, station: str) -> Iterator[Piece]:
        """The values of a station at one portal, within the asked range, in all states."""
        of_station = {"portal": portal_id, "station": station}
        which = {**of_station, "since": self._since, "until": self._until}
        rows = self._ask.whole(SPELLS, which, present=5)
        if not rows:
            return
        gaps = pauses(self._ask, which)
        begins = [since for since, _ in gaps]
        flags = dict(self._ask.whole(OF_STATION, which, present=2))
        older = self._older(of_station, rows)
        for row, following in zip(rows, [*rows[1:], None], strict=True):
            seen_from, seen_until, standing_since, published_by, confirmed, tenths, sky = row
            end = self._until if following is None else following[0]
            if sky is not None:
                while older and older[-1][0] >= published_by:
                    older.pop()  # the same set, printed in another way, or a later one
                first, last = bisect_left(begins, seen_from), bisect_right(begins, seen_until)
                shown = Shown(seen_from, seen_until, standing_since, published_by, bool(confirmed))
                for begin, to, state in pieces(shown, end, gaps[first:last], interval_s):
                    if to > self._since and begin < self._until:
                        yield Piece(
                            max(begin, self._since),
                            min(to, self._until),
                            seen_from,
                            tenths,
                            sky,
                            None,
                            state,
                            published_by,
                            portal_id,
                            older[-1][1] if older else None,
                            flags.get(seen_from, PASS),
                        )
                older.append((published_by, tenths))

    def _older(
        self, of_station: Mapping[str, object], rows: Sequence[tuple[Any, ...]]
    ) -> list[tuple[int, int | None]]:
        """The set before the first of these spells that has the station, and its temperature."""
        first = next((row for row in rows if row[-1] is not None), None)
        if first is None or len(self._portals) == 1:  # only agreement asks for it
            return []
        seen_from, _, _, published_by, *_ = first
        which = {**of_station, "seen_from": seen_from, "published_by": published_by}
        return self._ask.whole(BEFORE, which, present=1)


def pauses(ask: Ask, which: Mapping[str, object]) -> list[tuple[int, int]]:
    """The stretches without a look at a portal; the one after the last look has no end."""
    ((last_look,),) = ask.whole(LAST_LOOK, which, present=1)
    return [*ask.whole(PAUSES, which, present=2), (last_look, FOREVER)]


class _Skies(dict[int, str]):
    """The name of each sky, by its row; a missing row is damage."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask(CONDITIONS))
        self._ask = ask

    def __missing__(self, sky: int) -> str:
        msg = f"there is no condition {sky}"
        raise self._ask.damaged(msg)


_LIVE: Final = frozenset({"live"})
_NOT_DOWN: Final = frozenset({"live", "unconfirmed", "stale", "frozen"})


def merged(portals: list[list[Piece]]) -> Iterator[Piece]:
    """
    Choose the values that count among several portals that each show one at a time.

    Args:
        portals: Their pieces, in the order in which they were added.
    """
    for begin, end, shown in side_by_side(portals):
        yield _chosen(shown)._replace(begin=begin, end=end)


class _Stretch(Protocol):
    """A time in which a portal shows a value."""

    @property
    def begin(self) -> int: ...
    @property
    def end(self) -> int: ...


_S = TypeVar("_S", bound=_Stretch)


def side_by_side(portals: Sequence[Iterable[_S]]) -> Iterator[tuple[int, int, Mapping[int, _S]]]:
    """
    Divide time by the pieces of several portals: for each time, their pieces by portal.

    Args:
        portals: Their pieces, which do not overlap at one portal.
    """
    # An end comes before a beginning of the same second.
    changes = merge(*(_changes(nth, pieces) for nth, pieces in enumerate(portals)), key=_WHEN)
    shown: dict[int, _S] = {}
    since = 0
    for at, begins, nth, piece in changes:
        if shown and since < at:
            yield since, at, shown
        since = at
        if begins:
            shown[nth] = piece
        else:
            del shown[nth]


_WHEN: Final = itemgetter(0, 1, 2)


def _changes(nth: int, pieces: Iterable[_S]) -> Iterator[tuple[int, bool, int, _S]]:
    for piece in pieces:
        yield piece.begin, True, nth, piece
        yield piece.end, False, nth, piece


def _chosen(shown: Mapping[int, Piece]) -> Piece:
    """The piece that counts, with the share of the live portals that agree with it."""
    _, best = max(shown.items(), key=lambda item: (*_rank(item[1]), -item[0]))
    live = [one for one in shown.values() if one.state == "live" and one.tenths is not None]
    if best.state != "live" or len(live) < 2:
        return best
    return best._replace(share=sum(agrees(one, best) for one in live) / len(live))


def _rank(piece: Piece) -> tuple[int, int, int]:
    return rank(piece.state, piece.published_by, piece.seen_from)


def agrees(one: Piece, best: Piece) -> bool:
    """Whether a portal shows the temperature that counts, or the one before it (lag)."""
    if one.tenths == best.tenths:
        return True
    return one.published_by < best.published_by and one.tenths == best.before
