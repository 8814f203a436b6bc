"""
Stretches: from when to when each printed value of a station holds, at one portal or several.

A value holds from the first look at it, for 90 minutes at most, or until its portal shows others;
and only where its beginning was seen to within 90 minutes. All of this is in whole seconds and
plain tuples: ten years are a hundred thousand of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from db.reading import epoch
from db.validity import HOLD_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from db.asked import Part
    from db.read.ask import Ask

Stretch: TypeAlias = tuple[int, int, int, int | None, int]
"""It holds from here, until here; first seen; tenths of a degree C (None: not printed); sky."""

Piece: TypeAlias = tuple[int, int, int, int | None, int, float | None]
"""
A stretch or a part of one, and which share of the portals live then shows its temperature.

The share is None where only one portal is live.
"""

PORTALS: Final = f"""
    SELECT id,
        (SELECT min(seen_from) FROM spells WHERE portal_id = p.id) AS first_spell,
        (SELECT max(seen_from) + {HOLD_S} - 1 FROM spells WHERE portal_id = p.id) AS last_spell,
        (SELECT seen_until FROM spells WHERE portal_id = p.id ORDER BY seen_from DESC LIMIT 1),
        (SELECT min(fetched_at) FROM fetches WHERE portal_id = p.id),
        (SELECT max(fetched_at) FROM fetches WHERE portal_id = p.id)
    FROM portals AS p WHERE :portal IS NULL OR name = :portal ORDER BY id"""  # noqa: S608 - made of a constant of our own
"""When each began and ended: the first and the last spell, what was seen of the last, and looks."""

STRETCHES: Final = f"""
    SELECT sp.seen_from,
        CASE WHEN r.station_id IS NULL THEN NULL
            WHEN :everything THEN max(sp.seen_until, sp.seen_from + {HOLD_S})
            WHEN sp.seen_from - sp.changed_after <= {HOLD_S} THEN sp.seen_from + {HOLD_S} END,
        r.temperature, r.condition_id
    FROM spells AS sp
    LEFT JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
        AND r.station_id = (SELECT id FROM stations WHERE name_ko = :station)
    WHERE sp.portal_id = :portal AND sp.seen_from < :until
        AND sp.seen_from >= coalesce((
            SELECT max(seen_from) FROM spells
            WHERE portal_id = :portal AND seen_from <= :since), :since)
    ORDER BY sp.seen_from"""  # noqa: S608 - the same
"""
Of one portal; how long a value would hold if nothing followed, NULL = not at all.

Spells without the station are there, too: they end the one before. One spell at most begins before
``:since``: the last that does.
"""

CONDITIONS: Final = """
    SELECT id, CASE WHEN label = '-' THEN 'not_reported' ELSE coalesce(condition, 'unknown') END
    FROM conditions"""
"""A dash says that the station reports no sky; a label that is lost or not understood says less."""


class History:
    """
    A part of what portals showed.

    Args:
        ask: Puts a question to the database.
        part: Which part; open ends are the first look and the last; nothing holds after its
            present.
        everything: Also what is unconfirmed or frozen; a value then holds as long as it was seen.
    """

    def __init__(self, ask: Ask, part: Part, *, everything: bool = False) -> None:
        present = epoch(part.now)
        portals = ask(PORTALS, {"portal": part.portal})
        known = [at for _, *ends in portals for at in ends if at is not None]
        self._ask = ask
        self._portals: list[int] = [portal_id for portal_id, *_ in portals]
        self.everything = everything
        # An open end is settled here: what is stored while we ask would lie outside.
        since, until = part.since, part.until
        begins = min(known, default=present) if since is None else max(0, epoch(since))
        ends = max([begins, *known]) + 1 if until is None else epoch(until)
        self._since, self._until = begins, min(ends, present)

    def span(self) -> tuple[int, int] | None:
        """
        The first and the last second asked for or, where that was left open, known.

        None where nothing is known, or all that was asked for is still to come.
        """
        if self._since >= self._until:
            return None
        return self._since, self._until - 1

    def conditions(self) -> dict[int, str]:
        """What each sky is called, by its number in a stretch."""
        return dict(self._ask(CONDITIONS, {}))

    def pieces(self, station: str) -> Iterable[Piece]:
        """
        Which value of a station holds when, oldest first, without overlap.

        Where several portals are live it is the value that appeared last; of two that appeared at
        once, that of the portal added first.
        """
        shown = [self._stretches(portal_id, station) for portal_id in self._portals]
        shown = [stretches for stretches in shown if stretches]
        if len(shown) > 1:
            return merged(shown)
        return [(*stretch, None) for stretches in shown for stretch in stretches]

    def _stretches(self, portal_id: int, station: str) -> list[Stretch]:
        """What one portal showed of a station, within what was asked for."""
        since = self._since
        values = {
            "portal": portal_id,
            "station": station,
            "everything": self.everything,
            "since": since,
            "until": self._until,
        }
        rows = self._ask(STRETCHES, values)
        if not rows:
            return []
        ends = [*(row[0] for row in rows[1:]), self._until]
        stretches = [
            (seen_from, min(holds, end), seen_from, tenths, sky)
            for (seen_from, holds, tenths, sky), end in zip(rows, ends, strict=True)
            if holds is not None
        ]
        if stretches and stretches[0][0] < since:
            stretches[:1] = [(since, *stretches[0][1:])] if stretches[0][1] > since else []
        return stretches


def merged(portals: list[list[Stretch]]) -> Iterator[Piece]:
    """
    Which value holds when, of several portals that each show one at a time.

    Args:
        portals: Their stretches, in the order in which they were added.
    """
    # An end comes before a beginning of the same second; what comes last in ``live`` counts.
    changes = sorted(
        (at, begins, seen_from if begins else 0, -nth, (begin, end, seen_from, tenths, sky))
        for nth, stretches in enumerate(portals)
        for begin, end, seen_from, tenths, sky in stretches
        for at, begins in ((begin, True), (end, False))
    )
    live: list[tuple[int, Stretch]] = []
    since = 0
    for at, begins, _, nth, stretch in changes:
        if live and since < at:
            _, (_, _, seen_from, tenths, sky) = live[-1]
            yield since, at, seen_from, tenths, sky, _agreement(live)
        since = at
        if begins:
            live.append((nth, stretch))
        else:
            live.remove((nth, stretch))


def _agreement(live: list[tuple[int, Stretch]]) -> float | None:
    """Which share of the live portals shows the temperature that counts; None for one alone."""
    if len(live) == 1:
        return None
    counts = live[-1][1][3]
    return sum(stretch[3] == counts for _, stretch in live) / len(live)
