"""
Counts: the looks at each portal by outcome and duration.

The counts are derived from ``fetches`` and ``spells``. Triggers update them in the transaction that
changes those tables, so that no writer can forget them. A look is ``new`` while a spell begins with
it, and a spell may begin or vanish when an earlier look arrives late, so both sides count::

    look read, a spell begins there    -> counted as new
    look read, none does               -> counted as unchanged
    spell begins at a look read before -> moved from unchanged to new
    spell vanishes                     -> moved from new to unchanged

New readings are counted by the batch: a trigger for each took a third of the time of storing them.

In any order of looks, the counts equal those that a rebuild derives. A deleted look keeps counting,
in ``past_counts``: a counter of Prometheus must not go back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

BUCKETS_MS: Final = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000)
"""The upper limits of the buckets of durations, inclusive; the last bucket is open."""


def _bucket(look: str) -> str:
    return " + ".join(f"({look}milliseconds > {end})" for end in BUCKETS_MS)


def outcome(look: str) -> str:
    """How a look ended, as SQL; ``look`` qualifies its columns, such as ``f.``."""
    return f"""CASE WHEN {look}outcome <> 'read' THEN {look}outcome
        WHEN EXISTS (SELECT 1 FROM spells AS sp
            WHERE sp.portal_id = {look}portal_id AND sp.seen_from = {look}fetched_at) THEN 'new'
        ELSE 'unchanged' END"""


DERIVED: Final = f"""
    SELECT f.portal_id, {outcome("f.")} AS counted, {_bucket("f.")} AS bucket,
        count(*) AS looks, sum(f.milliseconds) AS milliseconds
    FROM fetches AS f WHERE f.outcome <> 'unread' GROUP BY 1, 2, 3"""
"""All counts, as rows of their table."""


def rebuild(conn: sqlite3.Connection) -> None:
    """Derive all counts again, inside the caller's transaction."""
    conn.execute("DELETE FROM counts")
    conn.execute(f"INSERT INTO counts {DERIVED}")
    conn.execute("DELETE FROM totals")
    conn.execute("INSERT INTO totals SELECT count(*) FROM readings")


def _add(number: int, counted: str, look: str, *, table: str = "counts", of: str = "") -> str:
    """Add looks ``number`` times; ``look`` qualifies the columns, ``of`` selects the looks."""
    return f"""INSERT INTO {table} (portal_id, outcome, bucket, looks, milliseconds)
    SELECT {look}portal_id, {counted}, {_bucket(look)}, {number}, {number} * {look}milliseconds
    {of or "WHERE true"}
    ON CONFLICT DO UPDATE SET looks = looks + excluded.looks,
        milliseconds = milliseconds + excluded.milliseconds"""


def count(conn: sqlite3.Connection, number: int, look_id: int) -> None:
    """Add a look ``number`` times, when it is changed without its outcome."""
    conn.execute(
        _add(number, outcome("f."), "f.", of="FROM fetches AS f WHERE f.id = ?"), [look_id]
    )


def add_readings(conn: sqlite3.Connection, number: int) -> None:
    """Count new readings."""
    conn.execute("UPDATE totals SET readings = readings + ?", (number,))


def _at(spell: str) -> str:
    return f"""FROM fetches AS f WHERE f.portal_id = {spell}portal_id
        AND f.fetched_at = {spell}seen_from AND f.outcome = 'read'"""


def _trigger(name: str, event: str, *steps: str) -> str:
    return f"CREATE TRIGGER {name} AFTER {event} BEGIN\n    {'; '.join(steps)}; END;\n"


TRIGGERS: Final = "\n".join(
    [
        _trigger(
            "look_kept",
            "INSERT ON fetches WHEN new.outcome <> 'unread'",
            _add(1, outcome("new."), "new."),
        ),
        _trigger(
            "look_read",
            "UPDATE OF outcome ON fetches WHEN new.outcome <> old.outcome",
            _add(-1, outcome("old."), "old.", of="WHERE old.outcome <> 'unread'"),
            _add(1, outcome("new."), "new."),
        ),
        _trigger(
            "look_dropped",
            "DELETE ON fetches WHEN old.outcome <> 'unread'",
            _add(-1, outcome("old."), "old."),
            _add(1, outcome("old."), "old.", table="past_counts"),
        ),
        _trigger(
            "spell_begun",
            "INSERT ON spells",
            _add(-1, "'unchanged'", "f.", of=_at("new.")),
            _add(1, "'new'", "f.", of=_at("new.")),
        ),
        _trigger(
            "spell_gone",
            "DELETE ON spells",
            _add(-1, "'new'", "f.", of=_at("old.")),
            _add(1, "'unchanged'", "f.", of=_at("old.")),
        ),
        _trigger("reading_kept", "INSERT ON readings", "UPDATE totals SET readings = readings + 1"),
        _trigger(
            "reading_dropped", "DELETE ON readings", "UPDATE totals SET readings = readings - 1"
        ),
    ]
)
"""Each ends in ``END;`` on the line of its last step: migrations are split at such lines."""
