"""
Everything that reads: questions to a database of nalssi, over a read-only connection.

It only needs the path of the file, also in a notebook::

    from db import query

    with query.Database("weather.db") as db:
        for reading in db.latest():
            print(reading.station, reading.temperature_c, reading.state)

Only the standard library is imported here, so that asking starts fast.
"""
# ruff: noqa: PLC0415 - a plain question does not need the imports of the others

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Final

from db import asked, read
from db.answers import Records
from db.asked import MIN_COVERAGE
from db.errors import WrongQuestion
from db.moments import epoch
from db.opened import Opened
from db.validity import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.asked import StationName, When
    from db.measures.compare import Comparison
    from db.measures.course import Held
    from db.measures.evidence import Known
    from db.measures.hours import Hour
    from db.measures.periods import By
    from db.measures.sidebar import Sidebar
    from db.measures.stats import Period
    from db.read.best import Best
    from db.read.counts import Counts, PortalCounts
    from db.read.flags import Flag
    from db.read.freezes import Freeze
    from db.read.gaps import Gap
    from db.read.latest import Latest
    from db.read.looks import PastLook
    from db.read.notices import OpenNotice
    from db.read.portals import Portal
    from db.read.series import Spell
    from db.read.status import PortalStatus

__all__ = [
    "Best",
    "Counts",
    "Database",
    "Flag",
    "Freeze",
    "Gap",
    "Latest",
    "OpenNotice",
    "PastLook",
    "Portal",
    "PortalCounts",
    "PortalStatus",
    "Spell",
    "State",
]

_FILES: Final = {
    "Best": "best",
    "Counts": "counts",
    "Flag": "flags",
    "Freeze": "freezes",
    "Gap": "gaps",
    "Latest": "latest",
    "OpenNotice": "notices",
    "PastLook": "looks",
    "Portal": "portals",
    "PortalCounts": "counts",
    "PortalStatus": "status",
    "Spell": "series",
}
"""The file of each record in ``db/read``."""

if not TYPE_CHECKING:  # or every name would pass as known

    def __getattr__(name: str) -> object:
        """Import the file of a record when it is named."""
        if name in _FILES:
            return getattr(getattr(read, _FILES[name]), name)
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)


class Database(Opened):
    """
    A database of nalssi, open for questions only.

    The arguments of its questions:

    - a station: its Korean name, its English name in any case, or its KMA number, 108 or "108";
    - a time: aware, or a text such as "2026-03-01T09:00" (Korean time), "7d", "어제" or "now";
    - ``since``, ``until``: rows that overlap ``since <= t < until``; None = from the first look, to
      the last;
    - ``portal``: only this portal; None = all;
    - ``now``: the present, in place of the clock's.

    Raises:
        DatabaseError: The file is missing, not ours, or damaged; any question may raise this.
        UnknownStation: A question names a station that is not in this database.
        UnknownPortal: A question names a portal that is not in this database.
        WrongQuestion: An argument is out of its range, such as a time without its offset.
    """

    def latest(
        self,
        *station: StationName,
        stations: StationName | Iterable[StationName] | None = None,
        portal: str | None = None,
        now: When | None = None,
    ) -> list[Latest]:
        """The newest reading of each station and portal; only these stations, if any are named."""
        names = self._names([*station, *asked.several(stations or ())])
        part = self._part(portal=portal, now=now)
        newest = self._ask.read_all(read.latest.read, read.latest.latest(":now"), part.values)
        wanted = (one for one in newest if not names or one.station in names)
        return Records(read.latest.Latest, (one for one in wanted if portal in (None, one.portal)))

    def latest_best(
        self,
        *station: StationName,
        stations: StationName | Iterable[StationName] | None = None,
        portal: str | None = None,
        now: When | None = None,
    ) -> list[Best]:
        """The newest reading that counts for each station, and the number of portals that agree."""
        names = self._names([*station, *asked.several(stations or ())])
        part = self._part(portal=portal, now=now)
        rows = self._ask.read(read.best.read, read.best.LATEST_BEST, part.values)
        return Records(read.best.Best, (one for one in rows if not names or one.station in names))

    def series(
        self,
        station: StationName,
        *,
        since: When | None = None,
        until: When | None = None,
        portal: str | None = None,
    ) -> list[Spell]:
        """The spells of one station, oldest first."""
        part = self._part(since, until, portal)
        spells = read.series.read(self._ask, self.station(station), part.values)
        return Records(read.series.Spell, spells)

    def looks(
        self,
        *,
        since: When | None = None,
        until: When | None = None,
        portal: str | None = None,
        failed: bool = False,
        last: int | None = None,
    ) -> list[PastLook]:
        """The looks, oldest first; optionally only failures, or only the newest ones."""
        part = self._part(since, until, portal)
        newest = -1 if last is None else asked.number(last, "last")
        values = {**part.values, "failed": bool(failed), "last": newest}
        sql = read.looks.last_looks(since=since is not None, until=until is not None)
        found = self._ask.read_all(read.looks.read, sql, values)
        return Records(read.looks.PastLook, reversed(found))

    def status(
        self, *, portals: str | Iterable[str] | None = None, now: When | None = None
    ) -> list[PortalStatus]:
        """The state of every portal; or only of these, by name."""
        named = None if portals is None else json.dumps(asked.several(portals))
        values = {**self._part(now=now).values, "portals": named}
        return self._ask.read(read.status.read, read.status.STATUS, values)

    def gaps(
        self,
        *,
        since: When | None = None,
        until: When | None = None,
        portal: str | None = None,
        now: When | None = None,
    ) -> list[Gap]:
        """Every stretch of more than two intervals without a successful look, and its cause."""
        part = self._part(since, until, portal, now)
        found = self._ask.read(read.gaps.read, read.gaps.gaps(), part.values)
        return Records(read.gaps.Gap, found)

    def freezes(
        self,
        *,
        since: When | None = None,
        until: When | None = None,
        portal: str | None = None,
    ) -> list[Freeze]:
        """Every stretch of three hours or more in which a portal showed the same set."""
        part = self._part(since, until, portal)
        found = self._ask.read(read.freezes.read, read.freezes.FREEZES_OF_A_TIME, part.values)
        return Records(read.freezes.Freeze, found)

    def flags(
        self,
        *stations: StationName,
        since: When | None = None,
        until: When | None = None,
        portal: str | None = None,
    ) -> list[Flag]:
        """The temperatures that may be wrong, of these stations or of all, oldest first."""
        part, names = self._part(since, until, portal), self._names(stations)
        values = {**part.values, "stations": json.dumps(names) if names else None}
        found = self._ask.read_all(read.flags.read, read.flags.IN_TIME, values)
        return Records(read.flags.Flag, found)

    def stats(  # noqa: PLR0913 - each by its name
        self,
        *stations: StationName,
        by: By = "day",
        since: When | None = None,
        until: When | None = None,
        portal: str | None = None,
        everything: bool = False,
        min_coverage: float = MIN_COVERAGE,
        now: When | None = None,
    ) -> list[Period]:
        """
        The statistics of stations in each Korean hour, day, week, month or year.

        A value counts while it is live (``db/validity.py``). If several portals are live, the set
        published last counts. Values flagged 4 do not count.

        - ``by``: ``hour``, ``day``, ``week`` (ISO 8601), ``month``, ``year`` or ``all``;
        - ``everything``: also count values that are not live, until the portal is down;
        - ``min_coverage``: below this a period has no mean, lowest and highest value; 0 to 1.

        Raises:
            WrongQuestion: An argument is out of its range, or there would be too many periods.
        """
        from db.measures import periods, stats
        from db.measures.history import History

        part, names = self._part(since, until, portal, now), self._names(stations)
        by, min_coverage = periods.known(by), asked.share(min_coverage, "coverage")
        history = History(self._ask, part, everything=bool(everything))
        found = (stats.of(history, name, by=by, min_coverage=min_coverage) for name in names)
        return Records(stats.Period, itertools.chain.from_iterable(found))

    def hours(
        self,
        *stations: StationName,
        since: When | None = None,
        until: When | None = None,
        portal: str | None = None,
        now: When | None = None,
    ) -> list[Hour]:
        """
        The live values of stations at each full Korean hour, without a gap; and the hour's mean.

        ::

            for hour in db.hours("서울", since="2026-03-01"):
                print(hour.hour, hour.temperature_c, hour.state, hour.why)

        Raises:
            WrongQuestion: An argument is out of its range, or there would be too many hours.
        """
        from db.measures import hours

        named = list(dict.fromkeys(map(self.station, stations)))
        part = self._part(since, until, portal, now)
        with self._ask.of_one_state():
            found = hours.Hours(self._ask, named, hours.asked_for(self._ask, part), part)
            each = (hours.read(found, station) for station in named)
            return Records(hours.Hour, itertools.chain.from_iterable(each))

    def compare(  # noqa: PLR0913 - each by its name
        self,
        *stations: StationName,
        by: By = "hour",
        since: When | None = None,
        until: When | None = None,
        portal: str | None = None,
        everything: bool = False,
        min_coverage: float = MIN_COVERAGE,
        now: When | None = None,
    ) -> Comparison:
        """
        Stations side by side in the same hours or days, each compared with the first.

        The arguments and errors are those of ``stats``.
        """
        from db.measures import compare, periods
        from db.measures.history import History

        part, names = self._part(since, until, portal, now), self._names(stations)
        by, min_coverage = periods.known(by), asked.share(min_coverage, "coverage")
        history = History(self._ask, part, everything=bool(everything))
        return compare.of(history, names, by=by, min_coverage=min_coverage)

    def at(
        self,
        station: StationName,
        moment: When,
        *,
        portal: str | None = None,
        now: When | None = None,
    ) -> Known:
        """
        The value of a station known at a moment, with its evidence.

        Raises:
            WrongQuestion: The moment is in the future.
        """
        from db.measures import evidence

        part = self._part(portal=portal, now=now)
        then = asked.moment(moment, now=part.now)
        if then > part.now:
            raise WrongQuestion("time", then.isoformat(), expected="one that has passed")
        return evidence.at(self._ask, self.station(station), epoch(then), portal=portal)

    def sidebar(self, digest: str) -> Sidebar | None:
        """The sidebar of a digest, with its lines and portals; None if there is none."""
        from db.measures import sidebar

        return sidebar.sidebar(self._ask, digest)

    def course(
        self,
        station: StationName,
        *,
        since: When | None = None,
        until: When | None = None,
        portal: str | None = None,
        now: When | None = None,
    ) -> list[Held]:
        """The values of a station over time, with their states; with gaps while it is down."""
        from db.measures import course

        part = self._part(since, until, portal, now)
        return course.course(self._ask, part, self.station(station).name_ko)
