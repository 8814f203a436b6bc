"""
Matches the portals of another collector with ours, and updates their rows.

Portals match by name and host; else by host alone, if no other portal of either has that host: one
may call it koya, the other 우리문화신문. The same name for another host is a contradiction, and
such a portal is skipped.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from db.truth import pauses

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from db.read.rows import Row

ROWS: Final = """
    SELECT p.*, (SELECT max(fetched_at) FROM fetches WHERE portal_id = p.id) AS last_look,
        (SELECT max(fetched_at) FROM fetches
            WHERE portal_id = p.id AND sidebar_id IS NOT NULL) AS last_read,
        (SELECT count(*) FROM fetches WHERE portal_id = p.id) AS looks
    FROM portals AS p ORDER BY p.id"""
"""The portals, with the last look at each and the last that saw a sidebar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """
    A portal of the other database, and its match in ours.

    Attributes:
        theirs, ours: Their rows; ``ours`` is None for a new portal.
    """

    theirs: Row
    ours: Row | None

    @property
    def name(self) -> str:
        """Its name here."""
        return str((self.ours or self.theirs)["name"])


def paired(theirs: Sequence[Row], ours: Sequence[Row]) -> tuple[list[Pair], list[str]]:
    """Match the portals of the other with ours; return the pairs and the contradictions."""
    by_name = {row["name"]: row for row in ours}
    hosts = {host(row): row for row in ours}
    single = _single(theirs) & _single(ours)
    pairs, contradictions = [], []
    for row in theirs:
        named = by_name.get(row["name"])
        if named is not None and host(named) != host(row):
            contradictions.append(
                f"portal {row['name']!r} is {row['url']} there and {named['url']} here; "
                "its looks are not taken: give one of the two another name"
            )
        else:
            same = named or (hosts[host(row)] if host(row) in single else None)
            pairs.append(Pair(theirs=row, ours=same))
    return pairs, contradictions


def _single(rows: Sequence[Row]) -> set[str]:
    """The hosts of exactly one portal."""
    return {one for one, times in Counter(map(host, rows)).items() if times == 1}


def host(portal: Row) -> str:
    """The host of a portal's address; ``www.`` and ``m.`` are the same."""
    name = ""
    with contextlib.suppress(ValueError):  # for http://[::1, which another program may have written
        name = urlsplit(portal["url"]).hostname or ""
    name = (name or portal["url"]).lower()
    return name.removeprefix("www.").removeprefix("m.")


def begin(conn: sqlite3.Connection, pairs: Sequence[Pair]) -> None:
    """
    Add the portals of the other: address and interval come from the collector that looked last.

    Validators belong to the page last read: they are removed until all looks are here.
    """
    for pair in pairs:
        theirs, ours = pair.theirs, pair.ours
        values = {name: theirs[name] for name in ("url", "interval_s")} | {"name": pair.name}
        if ours is None:
            conn.execute(
                "INSERT INTO portals (name, url, interval_s) VALUES (:name, :url, :interval_s)",
                values,
            )
            continue
        if _settings(theirs) > _settings(ours):
            conn.execute(
                "UPDATE portals SET url = :url, interval_s = :interval_s WHERE name = :name", values
            )
            if ours["interval_s"] != theirs["interval_s"]:
                pauses.derive(conn, ours["id"])
        if _read(theirs) > _read(ours):
            conn.execute(
                "UPDATE portals SET etag = NULL, last_modified = NULL WHERE name = :name", values
            )


def end(conn: sqlite3.Connection, pairs: Sequence[Pair]) -> None:
    """Set the validators of the page last read, unless a later look was stored meanwhile."""
    for pair in pairs:
        if pair.ours is None or _read(pair.theirs) > _read(pair.ours):
            conn.execute(
                "UPDATE portals SET etag = :etag, last_modified = :last_modified "
                "WHERE name = :name AND url = :url AND :last_read = (SELECT max(fetched_at) "
                "FROM fetches WHERE portal_id = portals.id AND sidebar_id IS NOT NULL)",
                {**pair.theirs, "name": pair.name},
            )


def _settings(row: Row) -> tuple[int, str, int]:
    """The key that decides whose address and interval count: the later look."""
    return _second(row["last_look"]), row["url"], row["interval_s"]


def _read(row: Row) -> tuple[int, str, str]:
    """The key that decides whose validators count."""
    return _second(row["last_read"]), row["etag"] or "", row["last_modified"] or ""


def _second(at: int | None) -> int:
    return -1 if at is None else at
