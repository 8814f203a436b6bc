"""Boxes that portals lost: the page without a box, and the stored last box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.packing import unpacked, unpacked_page
from db.read.rows import values

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3

LOST: Final = """
    SELECT p.name AS portal, f.fetched_at, page, encoding, sp.seen_until AS last_seen,
        s.fragment
    FROM portals AS p
    JOIN spells AS sp ON sp.portal_id = p.id AND sp.seen_from = (
        SELECT max(seen_from) FROM spells WHERE portal_id = p.id)
    JOIN sidebars AS s ON s.id = sp.sidebar_id
    JOIN fetches AS f ON f.id = (
        SELECT id FROM fetches CROSS JOIN pages ON look_id = id
        WHERE portal_id = p.id AND outcome = 'no_sidebar' AND fetched_at > sp.seen_until
        ORDER BY fetched_at DESC LIMIT 1)
    JOIN pages ON look_id = f.id
    WHERE :portal IS NULL OR p.name = :portal ORDER BY p.id"""
"""The newest page without a box, of portals with an earlier box and no later one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostBox:
    """
    A page of a portal without its box, and its last box.

    Attributes:
        portal: The portal's name.
        fetched_at: The look that brought the page; Korean time.
        page: The page.
        encoding: Python's name of the page's encoding.
        last_seen: The last look that saw the box.
        fragment: The part of the old page with the box.
    """

    portal: str
    fetched_at: dt.datetime
    page: bytes
    encoding: str
    last_seen: dt.datetime
    fragment: str


def read(row: sqlite3.Row) -> LostBox:
    """
    Read a row of ``LOST``.

    Raises:
        ValueError: The page or the fragment is damaged.
    """
    try:
        page = unpacked_page(row["page"])
    except ValueError as exc:
        msg = f"the page kept of {row['portal']!r} is damaged: {exc}"
        raise ValueError(msg) from exc
    told = values(row, "fetched_at", "last_seen")
    return LostBox(**told | {"page": page, "fragment": unpacked(row["fragment"])})
