"""
The remains of pruning at two collectors: the border of dropped looks, and the gaps before it.

If either of them was pruned, the common gaps up to the later border are stored, as the looks no
longer show them. A common gap is a stretch that lies in a gap of each.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from db.moments import FOREVER
from db.read.gaps import gaps_of_looks
from db.read.rows import dicts
from db.truth import pauses
from db.validity import GAP_AFTER_INTERVALS
from db.write import prune

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from db.merge.portals import Pair
    from db.read.rows import Row


_BORDER: Final = "SELECT until FROM pruned WHERE portal_id = :portal"

_LOOKED: Final = """
    SELECT min(fetched_at) AS first, min(iif(sidebar_id IS NULL, NULL, fetched_at)) AS since,
        max(iif(sidebar_id IS NULL, NULL, fetched_at)) AS until
    FROM fetches WHERE portal_id = :portal"""

_GAPS: Final = f"""
    SELECT since, until, failures, failure, unwatched, event, detail
    FROM past_gaps WHERE portal_id = :portal
    UNION ALL
    SELECT since, until, failures, failure, unwatched, event, detail
    FROM ({gaps_of_looks(":border", "NULL")}) WHERE portal_id = :portal AND since < :border"""

_NO_LOOK: Final[Row] = {
    "failures": 0, "failure": None, "unwatched": 1, "event": None, "detail": None,
}  # fmt: skip


def join(
    conn: sqlite3.Connection, pair: Pair, portal_id: int, theirs: Callable[..., list[Row]]
) -> None:
    """
    Store the border and the common gaps, if either was pruned, before any look is joined.

    Args:
        conn: Ours, inside a transaction.
        pair: The portal.
        portal_id: Its row in ours.
        theirs: Asks the other database.
    """

    def ours(sql: str, **values: object) -> list[Row]:
        return dicts(conn, sql, values)

    sides = (ours, portal_id), (theirs, pair.theirs["id"])
    borders = [row["until"] for ask, number in sides for row in ask(_BORDER, portal=number)]
    if not borders:
        return
    border = max(borders)
    spans = [_without_success(ask, number, border) for ask, number in sides]
    looked = [row["first"] for ask, number in sides for row in ask(_LOOKED, portal=number)]
    first = min((at for at in looked if at is not None), default=border)
    longest = GAP_AFTER_INTERVALS * pair.theirs["interval_s"]
    gaps = [
        {**gap, "portal_id": portal_id}
        for gap in _common(spans, first)
        if gap["since"] < border and gap["until"] - gap["since"] > longest
    ]
    conn.execute("DELETE FROM past_gaps WHERE portal_id = ?", (portal_id,))
    prune.keep_past(conn, {portal_id: border}, gaps)
    pauses.derive(conn, portal_id)


def _without_success(ask: Callable[..., list[Row]], portal_id: int, border: int) -> list[Row]:
    """The gaps of one collector, and the time before it began and after it ended."""
    (looked,) = ask(_LOOKED, portal=portal_id)
    if looked["since"] is None:
        return [{**_NO_LOOK, "since": -FOREVER, "until": FOREVER}]
    gaps = [
        gap
        for gap in ask(_GAPS, portal=portal_id, border=border)
        if looked["since"] < gap["until"] <= looked["until"]
    ]
    before = {**_NO_LOOK, "since": -FOREVER, "until": looked["since"]}
    after = {**_NO_LOOK, "since": looked["until"], "until": FOREVER}
    return [before, *gaps, after]


def _common(spans: Sequence[list[Row]], first: int) -> Iterator[Row]:
    """The stretches in a gap of each; none begins before the first look."""
    for one, other in product(*spans):
        since = max(one["since"], other["since"], first)
        until = min(one["until"], other["until"])
        if since < until < FOREVER:
            yield {**_both(one, other), "since": since, "until": until}


def _both(one: Row, other: Row) -> Row:
    """The facts about a common gap; a second run gives the same."""
    texts = {
        name: max((x[name] for x in (one, other) if x[name] is not None), default=None)
        for name in ("failure", "event", "detail")
    }
    failures = max(one["failures"], other["failures"])
    return {**texts, "failures": failures, "unwatched": min(one["unwatched"], other["unwatched"])}
