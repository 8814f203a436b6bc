"""The temperatures that may be wrong, as stretches of sets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from db.moments import FOREVER, moment
from db.read.rows import BY_STATION, STATION

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from db.truth.flags import Kind


FLAGS: Final = """
    SELECT st.name_ko AS station, st.name_en AS station_en, st.kma_id, sp.seen_from, sp.seen_until,
        r.temperature / 10.0 AS temperature_c, p.name AS portal, fl.kind, fl.flag, sp.changed_after
    FROM portals AS p
    CROSS JOIN flagged AS fl ON fl.portal_id = p.id
    CROSS JOIN spells AS sp ON sp.portal_id = fl.portal_id AND sp.seen_from = fl.seen_from
    JOIN stations AS st ON st.id = fl.station_id
    JOIN readings AS r ON r.sidebar_id = sp.sidebar_id AND r.station_id = fl.station_id"""
"""CROSS fixes the order: beginning with the spells, SQLite would read all flags for each."""

IN_TIME: Final = f"""{FLAGS}
    WHERE (:portal IS NULL OR p.name = :portal)
        AND (:stations IS NULL OR st.name_ko IN (SELECT value FROM json_each(:stations)))
        AND sp.seen_from < coalesce(:until, {FOREVER})
        AND sp.seen_until >= coalesce(:since, -{FOREVER})
    ORDER BY p.id, {BY_STATION}, fl.kind, fl.seen_from"""

OF_STATION: Final = f"""
    SELECT fl.seen_from, max(fl.flag) FROM flagged AS fl
    WHERE fl.portal_id = :portal AND fl.seen_from < :until
        AND fl.seen_from >= coalesce((SELECT max(seen_from) FROM spells
            WHERE portal_id = :portal AND seen_from <= :since), 0)
        AND fl.station_id = {STATION}
    GROUP BY fl.seen_from"""
"""The worst flag of each spell of a portal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """
    A stretch of sets in which the temperature of a station may be wrong.

    Attributes:
        station, station_en, kma_id: The station; the last two are None for an unknown city.
        portal: The portal that showed it.
        kind: ``flat``, ``spike``, ``step``, ``neighbours`` or ``range``.
        flag: QARTOD's number: 3 suspect, 4 fail.
        seen_from, seen_until: The first and the last look; Korean time.
        temperature_c: The temperature at the first look.
        sets: The number of sets.
    """

    station: str
    station_en: str | None
    kma_id: int | None
    portal: str
    kind: Kind
    flag: int
    seen_from: dt.datetime
    seen_until: dt.datetime
    temperature_c: float
    sets: int


def read(rows: Iterable[tuple[Any, ...]]) -> list[Flag]:
    """Read rows of ``IN_TIME``; spells that follow each other make one flag; oldest first."""
    flags: list[Flag] = []
    for station, en, kma_id, seen_from, seen_until, celsius, portal, kind, flag, after in rows:
        one = Flag(
            station=station,
            station_en=en,
            kma_id=kma_id,
            portal=portal,
            kind=kind,
            flag=flag,
            seen_from=moment(seen_from),
            seen_until=moment(seen_until),
            temperature_c=celsius,
            sets=1,
        )
        last = flags[-1] if flags else None
        # After a part of the same box, this look is before that part; None if that was the first.
        goes_on = last and (after is None or last.seen_until >= moment(after))
        if last and goes_on and _WHERE(last) == _WHERE(one):
            flags[-1] = replace(last, seen_until=one.seen_until, sets=last.sets + 1)
        else:
            flags.append(one)
    return sorted(flags, key=lambda flag: flag.seen_from)


_WHERE: Final = attrgetter("portal", "station", "kind", "flag")
