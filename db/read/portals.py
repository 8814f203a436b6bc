"""The known portals and stations, and the memory of a portal's last looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.moments import FOREVER
from db.read.rows import STATION, values
from db.reading import PortalMemory, Station

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3


STATIONS = """
    SELECT kma_id, name_ko, name_en, latitude, longitude, elevation_m, province
    FROM stations ORDER BY kma_id IS NULL, kma_id, name_ko"""


PORTALS = """
    SELECT p.name, p.url, p.interval_s,
        (SELECT min(fetched_at) FROM fetches AS f WHERE f.portal_id = p.id) AS first_look,
        (SELECT max(fetched_at) FROM fetches AS f WHERE f.portal_id = p.id) AS last_look,
        (SELECT seen_until FROM spells AS sp WHERE sp.portal_id = p.id
            ORDER BY seen_from DESC LIMIT 1) AS last_success,
        (SELECT count(*) FROM fetches AS f WHERE f.portal_id = p.id) AS looks
    FROM portals AS p ORDER BY p.id"""


SPAN = """
    SELECT min((SELECT min(seen_from) FROM spells WHERE portal_id = p.id)),
        max((SELECT seen_until FROM spells WHERE portal_id = p.id ORDER BY seen_from DESC LIMIT 1))
    FROM portals AS p WHERE :portal IS NULL OR p.name = :portal"""
"""The first and the last successful look, of one portal or of all, including archives."""


SHOWN = f"""
    SELECT EXISTS (
        SELECT 1 FROM portals AS p CROSS JOIN spells AS sp ON sp.portal_id = p.id
        JOIN readings AS r ON r.sidebar_id = sp.sidebar_id
            AND r.station_id = {STATION}
        WHERE sp.seen_from >= :since AND sp.seen_from < :until)"""
"""Whether a spell that shows a station begins in a time."""


_NO_PAGE = "('fetch_failed', 'refused_by_robots')"


MEMORY = f"""
    SELECT p.etag, p.last_modified, f.fetched_at AS last_look, f.retry_at, (
        SELECT count(*) FROM fetches AS g WHERE g.portal_id = p.id AND g.fetched_at > coalesce((
            SELECT h.fetched_at FROM fetches AS h
            WHERE h.portal_id = p.id AND h.outcome NOT IN {_NO_PAGE}
            ORDER BY h.fetched_at DESC LIMIT 1), -{FOREVER})) AS failures
    FROM portals AS p
    LEFT JOIN fetches AS f ON f.portal_id = p.id AND f.fetched_at = (
        SELECT max(fetched_at) FROM fetches WHERE portal_id = p.id)
    WHERE p.name = :portal"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """
    A portal that was polled.

    Attributes:
        name, url: As in the config.
        interval_minutes: Minutes between looks.
        first_look, last_look: Korean time; None if there was none.
        last_success: The last look that saw a sidebar.
        looks: The number of looks.
    """

    name: str
    url: str
    interval_minutes: float
    first_look: dt.datetime | None
    last_look: dt.datetime | None
    last_success: dt.datetime | None
    looks: int


def portal(row: sqlite3.Row) -> Portal:
    """Read a row of ``PORTALS``."""
    told = values(row, "first_look", "last_look", "last_success")
    interval_s = told.pop("interval_s")
    return Portal(**told, interval_minutes=interval_s / 60)


def station(row: sqlite3.Row) -> Station:
    """Read a row of ``STATIONS``."""
    known = Station(**dict(row))
    for name in (known.name_ko, known.name_en or ""):
        if not isinstance(name, str):
            msg = f"{name!r} is no name"
            raise TypeError(msg)
    return known


def memory(row: sqlite3.Row) -> PortalMemory:
    """Read a row of ``MEMORY``."""
    return PortalMemory(**values(row, "last_look", "retry_at"))
