"""The stored pages, to be read again: fragments, and pages that could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from db.moments import epoch, moment
from db.packing import unpacked, unpacked_page
from db.reading import Condition, Reading, Station

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from db.read.ask import Ask

_AT_ONCE: Final = 256
"""Sidebars in memory at the same time."""

SEEN: Final = """
    SELECT sidebar_id, portal_id, seen_from AS first, seen_until AS last FROM spells UNION ALL
    SELECT sidebar_id, portal_id, captured_at, captured_at FROM captures WHERE precision = 'day'"""
"""The portals that showed each sidebar, with times in epoch seconds."""

_SIDEBARS: Final = f"""
    SELECT id FROM sidebars WHERE :since IS NULL AND :portal IS NULL OR id IN (
        SELECT sidebar_id FROM ({SEEN}) JOIN portals AS p ON p.id = portal_id
        WHERE last >= coalesce(:since, last) AND p.name = coalesce(:portal, p.name))
    ORDER BY id"""

_PAGES: Final = """
    SELECT look_id FROM pages JOIN fetches AS f ON f.id = look_id
    JOIN portals AS p ON p.id = f.portal_id
    WHERE f.outcome IN ('no_sidebar', 'set_aside')
        AND f.fetched_at >= coalesce(:since, f.fetched_at) AND p.name = coalesce(:portal, p.name)
    ORDER BY look_id"""

_FIRST_SEEN: Final = f"""
    SELECT p.name, first FROM ({SEEN}) JOIN portals AS p ON p.id = portal_id
    WHERE sidebar_id = :id AND p.name = coalesce(:portal, p.name) ORDER BY first LIMIT 1"""


_CONDITIONS: Final = "SELECT id, label, icon, condition, label_en, wmo_4677 FROM conditions"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSidebar:
    """
    A stored sidebar.

    Attributes:
        sidebar_id: Its row.
        digest: The digest of its content.
        packed: The part of the page, as stored.
        fragment: The same unpacked; None if it is damaged.
        damage: The fault of a damaged fragment.
        readings: Its readings, each with its station's name for the printed city.
        problems: Its problems, as stored.
        reader: The version of the reader that read it; None for a reader without a version.
    """

    sidebar_id: int
    digest: bytes
    packed: bytes
    fragment: str | None
    damage: str | None
    readings: tuple[Reading, ...]
    problems: str | None
    reader: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPage:
    """
    A page that could not be read.

    Attributes:
        look_id: The row of its look.
        portal: The portal's name.
        fetched_at: The time of the request; Korean.
        body: The page; None if it is damaged.
        encoding: Python's name of the body's encoding.
        deadly: Whether it killed its reader, more than once.
    """

    look_id: int
    portal: str
    fetched_at: dt.datetime
    body: bytes | None
    encoding: str
    deadly: bool


class Kept:
    """
    The stored pages that can be read again, as of the making of this object.

    Args:
        ask: Queries the database.
        since: Only pages seen after this; aware.
        portal: Only what this portal showed.
    """

    def __init__(
        self, ask: Ask, *, since: dt.datetime | None = None, portal: str | None = None
    ) -> None:
        self._ask = ask
        self._which = {"since": None if since is None else epoch(since), "portal": portal}
        with ask.reading():
            # As they are before any rewriting: rows of readings share these.
            self._stations = {
                row: Station(kma_id=kma_id, name_ko=name)
                for row, kma_id, name in ask("SELECT id, kma_id, name_ko FROM stations")
            }
            self._conditions = {
                row: Condition(label=label, icon=icon, condition=ours, label_en=en, wmo_4677=wmo)
                for row, label, icon, ours, en, wmo in ask(_CONDITIONS)
            }

    @property
    def known_labels(self) -> set[str]:
        """The labels that were understood."""
        return {sky.label for sky in self._conditions.values() if sky.label_en is not None}

    @property
    def unknown_labels(self) -> set[str]:
        """The labels that were not understood."""
        return {sky.label for sky in self._conditions.values()} - self.known_labels

    @property
    def unknown_cities(self) -> set[str]:
        """The cities that are not known stations."""
        return {one.name_ko for one in self._stations.values() if one.kma_id is None}

    def sidebars(self) -> Iterator[KeptSidebar]:
        """Every sidebar, read in parts."""
        with self._ask.reading():
            ids = [row[0] for row in self._ask(_SIDEBARS, self._which)]
            for first in range(0, len(ids), _AT_ONCE):
                yield from self._some(ids[first : first + _AT_ONCE])

    def pages(self) -> Iterator[UnreadPage]:
        """Every page that could not be read, one at a time."""
        with self._ask.reading():
            for (look_id,) in self._ask(_PAGES, self._which):
                ((portal, at, page, encoding, outcome),) = self._ask(
                    "SELECT p.name, f.fetched_at, page, encoding, f.outcome FROM pages "
                    "JOIN fetches AS f ON f.id = look_id JOIN portals AS p ON p.id = f.portal_id "
                    "WHERE look_id = :id",
                    {"id": look_id},
                )
                yield UnreadPage(
                    look_id=look_id,
                    portal=portal,
                    fetched_at=moment(at),
                    body=_inflated(page) if isinstance(encoding, str) else None,
                    encoding=encoding,
                    deadly=outcome == "set_aside",
                )

    def first_seen(self, sidebar_id: int) -> tuple[str, dt.datetime] | None:
        """The portal that showed a sidebar first, and the time; None if unknown."""
        with self._ask.reading():
            for name, first in self._ask(_FIRST_SEEN, {"id": sidebar_id, **self._which}):
                return name, moment(first)
        return None

    def _some(self, ids: Sequence[int]) -> Iterator[KeptSidebar]:
        between = {"first": ids[0], "last": ids[-1]}
        rows = self._ask(
            "SELECT sidebar_id, station_id, condition_id, temperature FROM readings "
            "WHERE sidebar_id BETWEEN :first AND :last ORDER BY sidebar_id",
            between,
        )
        readings = {
            of: tuple(map(self._reading, some)) for of, some in groupby(rows, itemgetter(0))
        }
        wanted = set(ids)
        for sidebar_id, digest, fragment, problems, reader in self._ask(
            "SELECT id, digest, fragment, problems, reader FROM sidebars "
            "WHERE id BETWEEN :first AND :last ORDER BY id",
            between,
        ):
            if sidebar_id in wanted:
                text, damage = _text(fragment)
                yield KeptSidebar(
                    sidebar_id=sidebar_id,
                    digest=digest,
                    packed=fragment,
                    fragment=text,
                    damage=damage,
                    readings=readings.get(sidebar_id, ()),
                    problems=problems,
                    reader=reader,
                )

    def _reading(self, row: tuple[int, int, int, int | None]) -> Reading:
        _, station_id, condition_id, tenths = row
        return reading(self._stations[station_id], self._conditions[condition_id], tenths)


def reading(station: Station, condition: Condition, tenths: int | None) -> Reading:
    """The reading of a row, with its station's name for the printed city."""
    return Reading(
        city=station.name_ko,
        station=station,
        condition=condition,
        temperature_c=None if tenths is None else tenths / 10,
    )


def _text(fragment: bytes) -> tuple[str | None, str | None]:
    """The fragment, or its fault."""
    try:
        return unpacked(fragment), None
    except ValueError as exc:
        return None, str(exc)


def _inflated(page: bytes) -> bytes | None:
    try:
        return unpacked_page(page)
    except ValueError:
        return None
