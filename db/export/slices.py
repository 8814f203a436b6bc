"""
Slices of whole tables, however many rows, some at a time.

Each slice is read whole, and the file released, before its first row is handed on, so that a slow
reader delays no writer. Rows written meanwhile may be missing; a backup has all rows of one moment.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from db.export import hours, weather
from db.export.blocks import Block, Slice, of_rows
from db.export.tables import TABLES
from db.file import connection
from db.measures import periods
from db.measures.hours import Hours, asked_for
from db.moments import DAY_S, FOREVER, epoch, moment
from db.problems import sentences
from db.query import Database
from db.read.flags import IN_TIME as FLAGS_IN_TIME
from db.read.freezes import FREEZES_OF_A_TIME
from db.read.gaps import gaps
from db.read.latest import latest
from db.read.looks import CAPTURES, LOOKS
from db.read.portals import PORTALS, STATIONS
from db.read.rows import BY_STATION, iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from db.asked import Part
    from db.export.tables import Row, What
    from db.measures.stats import Period
    from db.read.ask import Ask

_SIDEBARS_AT_ONCE: Final = 1000
_DAYS_AT_ONCE: Final = 12
"""Days of one portal in a slice; of four portals three: small slices cost more for each row."""

_PORTAL = "(:portal IS NULL OR p.name = :portal)"


def _of_stations(name: str) -> str:
    return f"(:stations IS NULL OR {name} IN (SELECT value FROM json_each(:stations)))"


def _in_slice(column: str) -> str:
    """The condition that a time lies in a slice, in the form of the index by time."""
    at = iso(column)
    return f"{at} >= {iso(':first')} AND {at} < {iso(':end')}"


def _column(name: str) -> str:
    """A column of the contract: the rooms' SQL has each time once, in epoch seconds."""
    return f"{name.removesuffix('_s')} AS {name}"


_WEATHER_SPAN: Final = f"""
    SELECT
        min(coalesce(
            (SELECT max(seen_from) FROM spells WHERE portal_id = p.id AND seen_from <= :since),
            (SELECT min(seen_from) FROM spells WHERE portal_id = p.id))),
        max((SELECT max(seen_from) FROM spells WHERE portal_id = p.id AND seen_from < :until))
    FROM portals AS p WHERE {_PORTAL}"""
"""At each portal from the spell that reaches into the time asked for."""

_LOOKS_SPAN: Final = """
    SELECT min(first), max(last) FROM (
        SELECT (SELECT min(fetched_at) FROM fetches WHERE portal_id = p.id) AS first,
            (SELECT max(fetched_at) FROM fetches WHERE portal_id = p.id) AS last FROM portals AS p
        UNION ALL SELECT (SELECT min(captured_at) FROM captures WHERE portal_id = p.id),
            (SELECT max(captured_at) FROM captures WHERE portal_id = p.id) FROM portals AS p)"""

_IN_A_LINE: Final = f"replace({sentences('problems')}, char(10), '; ') AS problems"

_LOOKS: Final = f"""
    SELECT * FROM (
        SELECT id, portal, fetched_at, outcome, status, milliseconds, bytes, page_date, sidebar_id,
            reason, {_IN_A_LINE}, retry_at, 'second' AS precision
        FROM ({LOOKS} WHERE {_in_slice("f.fetched_at")} AND {_PORTAL})
        UNION ALL
        SELECT NULL, portal, captured_at, 'archived', NULL, NULL, NULL, page_date, sidebar_id,
            NULL, {_IN_A_LINE}, NULL, precision
        FROM ({CAPTURES} WHERE {_in_slice("k.captured_at")} AND {_PORTAL}))
    ORDER BY fetched_at, portal, id IS NULL, id, sidebar_id"""

_CHOSEN_PORTALS: Final = f"SELECT count(*) FROM portals AS p WHERE {_PORTAL}"

_MAKE_SEEN: Final = """
    CREATE TEMP TABLE seen (
        sidebar_id INTEGER PRIMARY KEY, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL)"""

_FILL_SEEN: Final = f"""
    INSERT INTO temp.seen
    SELECT sp.sidebar_id, min(sp.seen_from), max(sp.seen_until)
    FROM portals AS p CROSS JOIN spells AS sp ON sp.portal_id = p.id
    WHERE {_PORTAL} AND sp.seen_from < :until AND sp.seen_until >= :since
        AND sp.seen_from >= coalesce((SELECT max(b.seen_from) FROM spells AS b
            WHERE b.portal_id = p.id AND b.seen_from <= :since), :since)
    GROUP BY sp.sidebar_id"""
"""The last condition says no more than the one before, but in a way that finds the first row."""

_READINGS: Final = f"""
    SELECT r.sidebar_id, st.name_ko, st.name_en, st.kma_id, r.temperature / 10.0, c.condition,
        c.label, nullif(c.icon, ''), seen.first_seen, seen.last_seen
    FROM readings AS r
    JOIN stations AS st ON st.id = r.station_id
    JOIN conditions AS c ON c.id = r.condition_id
    LEFT JOIN temp.seen AS seen ON seen.sidebar_id = r.sidebar_id
    WHERE r.sidebar_id >= :first AND r.sidebar_id < :end AND {_of_stations("st.name_ko")}
        AND (seen.sidebar_id IS NOT NULL OR :all)
    ORDER BY r.sidebar_id, {BY_STATION}"""

_AT_ONCE: Final[Mapping[What, str]] = {
    "stations": f"""
        SELECT name_ko, name_en, kma_id, latitude, longitude, elevation_m, province
        FROM ({STATIONS})""",
    "portals": f"""
        SELECT name, url, interval_s / 60.0, looks, first_look, last_look, last_success
        FROM ({PORTALS})""",
    "latest": f"""
        SELECT {", ".join(map(_column, TABLES["latest"]))} FROM ({latest(":now")})
        WHERE (:portal IS NULL OR portal = :portal) AND {_of_stations("station")}""",
    "gaps": f"SELECT {', '.join(map(_column, TABLES['gaps']))} FROM ({gaps()})",
    "freezes": f"SELECT {', '.join(map(_column, TABLES['freezes']))} FROM ({FREEZES_OF_A_TIME})",
    "flags": f"""
        SELECT {", ".join(map(_column, TABLES["flags"]))} FROM ({FLAGS_IN_TIME})
        ORDER BY seen_from, portal, kma_id IS NULL, kma_id, station, kind""",
}
"""The tables that are small enough to be read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """
    A selection of rows.

    Attributes:
        since: Only rows that lie at least partly after this, aware; None = from the first.
        until: Only rows that begin before this; None = to the last.
        stations: Only these, each by its Korean name, English name or KMA id; empty = all.
        portal: Only this portal; None = all.
    """

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    stations: tuple[str, ...] = ()
    portal: str | None = None


_BY_TIME: Final[Mapping[What, Callable[[Ask, Mapping[str, object]], list[Block]]]] = {
    "weather": weather.blocks,
    "looks": lambda ask, values: [Block(ask.columns(_LOOKS, values))],
}
"""The function that reads the rows which begin in some days, for each such table."""


class Source(Database):
    """A database of nalssi, open to be exported."""

    def slices(self, what: What, chosen: Selection) -> Iterator[Slice]:
        """
        All rows of a table, in the order of time, portal and station, as far as it has them.

        Two iterations over ``readings`` must not overlap: they share a temporary table.

        Raises:
            UnknownStation: A chosen station is not in this database.
            UnknownPortal: There is no portal of this name.
            DatabaseError: The file is damaged.
        """
        part = self._part(chosen.since, chosen.until, chosen.portal)
        names = self._names(chosen.stations)
        since = -FOREVER if part.since is None else epoch(part.since)
        until = FOREVER if part.until is None else epoch(part.until)
        stations = json.dumps(names) if names else None
        values = {**part.values, "since": since, "until": until, "stations": stations}
        match what:
            case "weather":
                return self._by_time(what, values, *self._span(_WEATHER_SPAN, values))
            case "looks":
                first, last = self._span(_LOOKS_SPAN, {})
                return self._by_time(what, values, max(first, since), min(last, until - 1))
            case "readings":
                return self._readings(
                    {**values, "all": chosen == Selection(stations=chosen.stations)}
                )
            case "hours":
                return self._of_hours(names, part)
            case "stats":
                return self._stats(names or [one.name_ko for one in self.stations()], chosen)
            case "stations" | "portals" | "latest" | "gaps" | "freezes" | "flags":
                return iter([of_rows(self._ask(_AT_ONCE[what], values))])

    def _span(self, sql: str, values: Mapping[str, object]) -> tuple[int, int]:
        """The first and the last second of the rows; without a row, 1 and 0."""
        ((first, last),) = self._ask(sql, values)
        with connection.reading(self.path):
            return (1, 0) if first is None or last is None else (int(first), int(last))

    def _by_time(
        self, what: What, values: Mapping[str, object], first: int, last: int
    ) -> Iterator[Slice]:
        """The rows that begin from a first to a last second."""
        if first > last:
            return
        ((portals,),) = self._ask(_CHOSEN_PORTALS, values)
        days = max(1, _DAYS_AT_ONCE // max(1, portals))
        with connection.reading(self.path):  # or it would go through days that no calendar has
            moment(first), moment(last)
            parts = list(_parts(first, last, days * DAY_S))
        for begin, end in parts:
            with self._ask.of_one_state():
                blocks = _BY_TIME[what](self._ask, {**values, "first": begin, "end": end})
            begun = moment(begin)
            done = (end - first) / (last + 1 - first)
            some = Slice(blocks=blocks, month=(begun.year, begun.month), done=done)
            if len(some):
                yield some

    def _readings(self, values: Mapping[str, object]) -> Iterator[Slice]:
        with connection.reading(self.path):
            self._conn.execute("DROP TABLE IF EXISTS temp.seen")
            self._conn.execute(_MAKE_SEEN)
            self._conn.execute(_FILL_SEEN, values)
            self._conn.commit()
        among = "readings" if values["all"] else "temp.seen"
        first, last = self._span(f"SELECT min(sidebar_id), max(sidebar_id) FROM {among}", {})
        for begin in range(first, last + 1, _SIDEBARS_AT_ONCE):
            end = begin + _SIDEBARS_AT_ONCE
            rows = self._ask(_READINGS, {**values, "first": begin, "end": end})
            yield of_rows(rows, done=min(1.0, (end - first) / (last + 1 - first)))

    def _of_hours(self, names: list[str], part: Part) -> Iterator[Slice]:
        """A month at a time: hour by hour, and in each the stations."""
        whole = asked_for(self._ask, part)
        if not whole:
            return
        stations = [one for one in self.stations() if not names or one.name_ko in names]
        months = periods.borders(whole[0], whole[-1], "month")
        for nth, (first, end) in enumerate(pairwise(months), 1):
            month = range(max(first, whole.start), min(end, whole.stop), whole.step)
            with self._ask.of_one_state():
                found = hours.blocks(stations, Hours(self._ask, stations, month, part))
            begun = moment(first)
            done = nth / (len(months) - 1)
            yield Slice(blocks=found, month=(begun.year, begun.month), done=done)

    def _stats(self, names: list[str], chosen: Selection) -> Iterator[Slice]:
        for nth, name in enumerate(names, 1):
            days = self.stats(
                name, by="day", since=chosen.since, until=chosen.until, portal=chosen.portal
            )
            yield of_rows([_stats_row(day) for day in days], done=nth / len(names))


def _parts(first: int, last: int, length_s: int) -> Iterator[tuple[int, int]]:
    """The begin and end of parts of a time, each within a Korean month and at most this long."""
    for begin, end in pairwise(periods.borders(first, last, "month")):
        for at in range(begin, end, length_s):
            part = max(at, first), min(at + length_s, end, last + 1)
            if part[0] < part[1]:
                yield part


def _stats_row(day: Period) -> Row:
    """A row of ``stats``: the other columns are attributes of a day."""
    also = {"day": day.since.date().isoformat(), "condition": next(iter(day.conditions), None)}
    columns = (also[name] if name in also else getattr(day, name) for name in TABLES["stats"])
    return tuple(map(exported, columns))


def exported(value: object) -> object:
    """A value of a record in the form of the exports: moments in epoch seconds, truth as text."""
    if isinstance(value, bool):
        return str(value).lower()
    return epoch(value) if isinstance(value, dt.datetime) else value
