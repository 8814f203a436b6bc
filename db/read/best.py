"""The reading that counts for each station, among those of the portals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.read.latest import MOMENTS, Latest, latest
from db.read.rows import values
from db.validity import rank_sql

if TYPE_CHECKING:
    import sqlite3


def best_of(newest: str) -> str:
    """
    The rows that count, with two columns about the others.

    Args:
        newest: SQL for rows of ``latest``.
    """
    return f"""
    WITH newest AS MATERIALIZED ({newest}), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY station
                ORDER BY {rank_sql("state")}, portal_id) AS place,
            sum(state = 'live' AND temperature_c IS NOT NULL)
                OVER (PARTITION BY station) AS live_portals
        FROM newest
    ), best AS (
        SELECT *, (SELECT r.temperature / 10.0 FROM spells AS b
            JOIN readings AS r ON r.sidebar_id = b.sidebar_id
                AND r.station_id = (SELECT id FROM stations WHERE name_ko = ranked.station)
            WHERE b.portal_id = ranked.portal_id AND b.seen_from < ranked.seen_from
                AND b.published_by < ranked.published_by
            ORDER BY b.seen_from DESC LIMIT 1) AS before
        FROM ranked WHERE place = 1
    )
    SELECT *, (SELECT count(*) FROM newest AS n WHERE n.station = best.station
        AND n.state = 'live' AND (n.temperature_c = best.temperature_c
            OR n.published_by < best.published_by AND n.temperature_c = best.before)
        ) AS agreeing_portals
    FROM best ORDER BY kma_id IS NULL, kma_id, station"""


LATEST_BEST = best_of(f"SELECT * FROM ({latest(':now')}) WHERE :portal IS NULL OR portal = :portal")
"""A row of ``latest`` for each station, from the set that counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Best(Latest):
    """
    The newest reading of a station, from the portal whose set counts.

    It has the best state; then the set published last; then the box that was seen first.

    Attributes:
        live_portals: The number of live portals with a temperature.
        agreeing_portals: The number of those with this temperature, or the one before it (lag).
    """

    live_portals: int
    agreeing_portals: int


def read(row: sqlite3.Row) -> Best:
    """Read a row of ``LATEST_BEST``."""
    told = values(row, *MOMENTS)
    del told["portal_id"], told["place"], told["before"]
    return Best(**told)
