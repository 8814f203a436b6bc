"""A database by Korean months: the facts and rows of each, so that each can be replaced."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from db.errors import WrongQuestion
from db.export import manifest
from db.export.slices import Selection, Source
from db.measures import hours
from db.moments import HOUR_S, epoch, moment
from db.read.portals import SPAN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from db.export.blocks import Slice
    from db.export.manifest import Manifest, Month
    from db.export.tables import What

_FIRST_LISTED: Final = """
    SELECT st.name_ko, min((SELECT sp.seen_from FROM spells AS sp
        JOIN readings AS r ON r.sidebar_id = sp.sidebar_id AND r.station_id = st.id
        WHERE sp.portal_id = ps.portal_id ORDER BY sp.seen_from LIMIT 1)) AS first
    FROM stations AS st JOIN portal_stations AS ps ON ps.station_id = st.id
    GROUP BY st.id HAVING first IS NOT NULL ORDER BY st.id"""


class Monthly(Source):
    """A database of nalssi, open for export month by month."""

    @cached_property
    def _spans(self) -> dict[Month, tuple[int, int]]:
        return {name: (first, end) for name, first, end in manifest.months(self._ask)}

    @cached_property
    def _first_listed(self) -> dict[str, int]:
        return dict(self._ask(_FIRST_LISTED, {}))

    def manifest(self) -> Manifest:
        """The manifest of all months."""
        return manifest.of(self._ask)

    def whole_hours(self, chosen: Selection) -> Selection:
        """
        The same times, up to the end of the last complete hour.

        Raises:
            WrongQuestion: There is no such hour in that time.
        """
        if (whole := self._whole_hours(chosen)) is None:
            raise WrongQuestion("time", "of the dataset", expected="a full hour of looks at least")
        return whole

    def _whole_hours(self, chosen: Selection) -> Selection | None:
        ((first, last),) = self._ask(SPAN, {"portal": None})
        since, until = chosen.since, chosen.until
        if last is None:
            return None
        begins = first if since is None else max(first, epoch(since) + HOUR_S - 1)
        ends = last if until is None else min(last, epoch(until))
        begins, ends = (at // HOUR_S * HOUR_S for at in (begins, ends))
        return Selection(since=moment(begins), until=moment(ends)) if begins < ends else None

    def seconds(self, chosen: Selection) -> range:
        """The full hours of these times, in epoch seconds."""
        return hours.asked_for(self._ask, self._part(chosen.since, chosen.until))

    def month(self, what: What, month: Month) -> Iterator[Slice]:
        """
        The rows of a table that begin in a month.

        Hours are the complete ones, of the stations that a portal listed by the end of the month.
        """
        first, end = self._spans[month]
        if what != "hours":
            values = {"since": first, "stations": None, "portal": None}
            return self._by_time(what, values, first, end - 1)
        whole = self._whole_hours(Selection(since=moment(first), until=moment(end)))
        listed = tuple(name for name, at in self._first_listed.items() if at < end)
        return self.slices("hours", replace(whole, stations=listed)) if whole else iter(())

    def rows(self, sql: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """The answer to a question."""
        return self._ask(sql, values)
