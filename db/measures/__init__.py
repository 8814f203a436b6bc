"""Questions that take more than reading what is stored: statistics, comparisons, evidence."""
# ruff: noqa: PLC0415 - a plain question does without what these need

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from db import reading
from db.errors import WrongQuestion
from db.file import connection

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from db.measures.compare import Comparison
    from db.measures.evidence import Known
    from db.measures.periods import By
    from db.measures.stats import Period
    from db.measures.stretches import History
    from db.read.originals import Kept
    from db.read.words import Word
    from db.reading import Station


class Measures:
    """
    What ``query.Database`` can be asked of time, on top of what is printed in it.

    A value counts while it is live: from the first look at it until there is another, for 90
    minutes at most, and only where its beginning was seen to within 90 minutes. Where several
    portals are live, the value that appeared last counts.
    """

    path: Path

    def _rows(self, sql: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def _check_portal(self, asked: str | None) -> None:
        raise NotImplementedError

    def station(self, asked: str) -> Station:
        """The station that is meant by a name or number."""
        raise NotImplementedError

    def stats(  # noqa: PLR0913 - each by its name
        self,
        *stations: str,
        by: By = "day",
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        portal: str | None = None,
        everything: bool = False,
        min_coverage: float = 0.75,
        now: dt.datetime | None = None,
    ) -> list[Period]:
        """
        What is known of stations in each Korean hour, day, month or year.

        ::

            for day in db.stats("서울", since=dt.datetime(2026, 3, 1, tzinfo=KST)):
                print(day.since.date(), day.mean_c, day.coverage, day.reason)

        Args:
            stations: Each by Korean name, English name, or KMA id; the answer is in their order.
            by: ``hour``, ``day``, ``month`` or ``year``.
            since: Only what lies after this, aware; None = from the first look.
            until: Only what lies before this; None = to the last look.
            portal: Only what this one showed; None = all.
            everything: Also what is unconfirmed or frozen; a value then counts while it was seen.
            min_coverage: Below this a period has no mean, lowest and highest value; 0 to 1.
            now: Nothing counts after this; None = the present.

        Raises:
            UnknownStation: One of them is not in this database.
            UnknownPortal: There is no portal of this name.
            WrongQuestion: An argument is out of its range, or there would be too many periods.
        """
        from db.measures import stats

        history = self._history(since, until, portal, everything=everything, now=now)
        names = dict.fromkeys(self.station(asked).name_ko for asked in stations)
        with connection.reading(self.path):
            return [
                period
                for name in names
                for period in stats.of(history, name, by=by, min_coverage=min_coverage)
            ]

    def compare(  # noqa: PLR0913 - each by its name
        self,
        *stations: str,
        by: By = "hour",
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        portal: str | None = None,
        everything: bool = False,
        min_coverage: float = 0.75,
        now: dt.datetime | None = None,
    ) -> Comparison:
        """
        Stations side by side in the same hours or days, each compared with the first.

        ::

            (busan,) = db.compare("서울", "부산").relations
            print(busan.common, busan.mean_difference_c, busan.correlation)

        Args:
            stations: Two or more, as in ``stats``; so is all the rest.
            by: As in ``stats``.
            since: As in ``stats``.
            until: As in ``stats``.
            portal: As in ``stats``.
            everything: As in ``stats``.
            min_coverage: As in ``stats``.
            now: As in ``stats``.

        Raises:
            UnknownStation: One of them is not in this database.
            UnknownPortal: There is no portal of this name.
            WrongQuestion: As in ``stats``, or there are not two stations.
        """
        from db.measures import compare

        history = self._history(since, until, portal, everything=everything, now=now)
        names = [self.station(asked).name_ko for asked in stations]
        with connection.reading(self.path):
            return compare.of(history, names, by=by, min_coverage=min_coverage)

    def at(
        self,
        station: str,
        moment: dt.datetime,
        *,
        portal: str | None = None,
        now: dt.datetime | None = None,
    ) -> Known:
        """
        What was known of a station at a moment, with the evidence.

        ::

            known = db.at("서울", dt.datetime(2026, 3, 1, 9, tzinfo=KST))
            print(known.temperature_c, known.state, known.changed_after, known.seen_from)

        Args:
            station: By Korean name, English name, or KMA id.
            moment: Aware.
            portal: Only what this one showed; None = all.
            now: The present, if it shall be another.

        Raises:
            UnknownStation: It is not in this database.
            UnknownPortal: There is no portal of this name.
            WrongQuestion: The moment is still to come.
        """
        from db.measures import evidence

        self._check_portal(portal)
        if moment > (now or reading.now()):
            raise WrongQuestion("time", moment.isoformat(), expected="one that has passed")
        known, second = self.station(station), reading.epoch(moment)
        with connection.reading(self.path):
            return evidence.at(self._rows, known, second, portal=portal)

    def words(self, icons: Mapping[str, str | None] | None = None) -> list[Word]:
        """
        Every label, icon code and city that was ever printed, and what each is taken for.

        Args:
            icons: What each icon code that is known is drawn for; None = none is known.
        """
        from db.read import words

        with connection.reading(self.path):
            return words.printed(self._rows, icons or {})

    def kept(self, *, since: dt.datetime | None = None, portal: str | None = None) -> Kept:
        """
        What was kept of pages, to be read again.

        Args:
            since: Only what was seen after this; aware.
            portal: Only what this one showed.

        Raises:
            UnknownPortal: There is no portal of this name.
        """
        from db.read.originals import Kept

        self._check_portal(portal)
        return Kept(self.path, self._rows, since=since, portal=portal)

    def _history(
        self,
        since: dt.datetime | None,
        until: dt.datetime | None,
        portal: str | None,
        *,
        everything: bool,
        now: dt.datetime | None,
    ) -> History:
        from db.measures.stretches import History

        self._check_portal(portal)
        return History(
            self._rows, since=since, until=until, portal=portal, everything=everything, now=now
        )
