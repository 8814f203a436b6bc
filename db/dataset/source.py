"""The database of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from db.errors import WrongQuestion
from db.export.slices import Selection, Source
from db.measures import hours
from db.moments import epoch, moment

if TYPE_CHECKING:
    from collections.abc import Mapping


class Whole(Source):
    """A database of nalssi, open to be made a dataset of."""

    def whole_hours(self, chosen: Selection) -> Selection:
        """
        The same times, up to the last hour that was looked at to its end.

        Raises:
            WrongQuestion: There is none in that time.
        """
        ((first, last),) = self._ask(hours.SPAN, {"portal": None})
        since, until = chosen.since, chosen.until
        if last is not None:
            begins = first // hours.HOUR_S if since is None else -(-epoch(since) // hours.HOUR_S)
            ends = (last if until is None else min(last, epoch(until))) // hours.HOUR_S
            if begins < ends:
                return Selection(since=since, until=moment(ends * hours.HOUR_S))
        raise WrongQuestion("time", "of the dataset", expected="a full hour of looks at least")

    def seconds(self, chosen: Selection) -> range:
        """The full hours of these times, in epoch seconds."""
        return hours.asked_for(self._ask, self._part(chosen.since, chosen.until))

    def rows(self, sql: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """The answer to a question."""
        return self._ask(sql, values)
