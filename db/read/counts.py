"""
Counting looks and readings: each once, and a next time only what came since.

Only the standard library is imported here, so that asking starts fast.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from db.read.looks import OUTCOME

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping

_T = TypeVar("_T")

AT_ONCE: Final = 50_000
"""So many looks and readings are counted at once, which takes some tenths of a second."""


class _Ask(Protocol):
    """Gives the answer to a question, each row read."""

    def __call__(
        self,
        read: Callable[[sqlite3.Row], _T],
        sql: str,
        values: Mapping[str, object] | None = None,
    ) -> list[_T]: ...


MARK = """
    SELECT f.id AS look, f.fetched_at AS looked_at,
        (SELECT json_group_array(u.id) FROM fetches AS u
            WHERE u.outcome = 'unread' AND u.id <= f.id) AS unread,
        coalesce(
            (SELECT sidebar_id FROM readings WHERE sidebar_id > :sidebar
                ORDER BY sidebar_id LIMIT 1 OFFSET :at_once),
            (SELECT max(sidebar_id) FROM readings), 0) AS sidebar
    FROM fetches AS f
    WHERE f.id <= coalesce(
        (SELECT id FROM fetches WHERE id > :look ORDER BY id LIMIT 1 OFFSET :at_once),
        (SELECT max(id) FROM fetches))
    ORDER BY f.id DESC LIMIT 1"""
"""The next mark after another, so many looks and readings later: who counts holds up who writes."""

TALLY = f"""
    SELECT p.name AS portal, {OUTCOME} AS outcome, f.milliseconds, count(*) AS looks
    FROM fetches AS f JOIN portals AS p ON p.id = f.portal_id
    WHERE (f.id > :since AND f.id <= :until OR f.id IN (SELECT value FROM json_each(:late)))
        AND f.id NOT IN (SELECT value FROM json_each(:unread))
    GROUP BY f.portal_id, 2, f.milliseconds"""
"""Few rows: looks take some hundred different numbers of milliseconds."""

READINGS_TALLY = "SELECT count(*) FROM readings WHERE sidebar_id > :since AND sidebar_id <= :until"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """
    How far a database was counted.

    Attributes:
        look: The id of the last look before it; 0 = there was none.
        looked_at: When that was, in epoch seconds: the same id in another file is another look.
        unread: Looks up to there that are not counted, as it was open how they would end.
        sidebar: The id of the last sidebar before it; 0 = there was none.
    """

    look: int = 0
    looked_at: int | None = None
    unread: tuple[int, ...] = ()
    sidebar: int = 0

    def is_of(self, newest: Mark, looked_at: Iterable[int]) -> bool:
        """
        Whether it can be of the file that is now this far.

        Args:
            newest: How far that is.
            looked_at: When there the look of this mark was; empty where that is no longer kept.
        """
        return self.look <= newest.look and all(at == self.looked_at for at in looked_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalTally:
    """
    Looks at a portal, counted.

    Attributes:
        looks: How many, by outcome as in ``PastLook``.
        milliseconds: How many, by how long they took.
    """

    looks: Mapping[str, int]
    milliseconds: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """
    What was counted.

    Attributes:
        anew: Whether from the very first: what was counted before is in it, or of another file.
        mark: How far; the next count begins there.
        portals: The looks at each portal, by its name.
        readings: How many.
    """

    anew: bool
    mark: Mark
    portals: Mapping[str, PortalTally]
    readings: int


def counted(ask: _Ask, since: Mark) -> Tally:
    """
    Count the next that was not counted up to a mark; the first, where that is of another file.

    Who wants all asks again from the mark of the answer, until that stays as it is.
    """
    after = {"look": since.look, "sidebar": since.sidebar, "at_once": AT_ONCE}
    newest = next(iter(ask(_mark, MARK, after)), Mark())
    looked_at = ask(
        lambda row: int(row[0]), "SELECT fetched_at FROM fetches WHERE id = :id", {"id": since.look}
    )
    if not since.is_of(newest, looked_at):
        return counted(ask, Mark())
    looks = {
        "since": since.look,
        "until": newest.look,
        "late": json.dumps(since.unread),
        "unread": json.dumps(newest.unread),
    }
    sidebars = {"since": since.sidebar, "until": newest.sidebar}
    (readings,) = ask(lambda row: int(row[0]), READINGS_TALLY, sidebars)
    return Tally(
        anew=since == Mark(),
        mark=newest,
        portals=_by_portal(ask(dict, TALLY, looks)),
        readings=readings,
    )


def _mark(row: sqlite3.Row) -> Mark:
    """Read a row of ``MARK``."""
    return Mark(
        look=row["look"],
        looked_at=row["looked_at"],
        unread=tuple(json.loads(row["unread"])),
        sidebar=row["sidebar"],
    )


def _by_portal(rows: list[dict[str, Any]]) -> dict[str, PortalTally]:
    """Add up the rows of ``TALLY``."""
    looks: defaultdict[str, Counter[str]] = defaultdict(Counter)
    milliseconds: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for row in rows:
        looks[row["portal"]][row["outcome"]] += row["looks"]
        milliseconds[row["portal"]][row["milliseconds"]] += row["looks"]
    return {
        portal: PortalTally(looks=counted, milliseconds=milliseconds[portal])
        for portal, counted in looks.items()
    }
