"""
The tables that can be exported: their columns, and the kind of each.

The columns of ``weather``, ``latest`` and ``looks`` are those of the views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

What: TypeAlias = Literal[
    "weather",
    "latest",
    "hours",
    "gaps",
    "freezes",
    "flags",
    "readings",
    "looks",
    "stations",
    "portals",
    "stats",
]
Kind: TypeAlias = Literal["text", "integer", "real", "moment", "date"]
Row: TypeAlias = tuple[Any, ...]

PUBLISHER: Final = "Korea Meteorological Administration (기상청)"
"""The owner of the values, to be credited."""

_CONTRACT: Final[Mapping[str, Kind]] = {
    "station": "text",
    "station_en": "text",
    "kma_id": "integer",
    "latitude": "real",
    "longitude": "real",
    "seen_from": "moment",
    "seen_until": "moment",
    "changed_after": "moment",
    "published_by": "moment",
    "valid_until": "moment",
    "seen_from_s": "integer",
    "seen_until_s": "integer",
    "changed_after_s": "integer",
    "published_by_s": "integer",
    "valid_until_s": "integer",
    "temperature_c": "real",
    "condition": "text",
    "wmo_4677": "integer",
    "label": "text",
    "portal": "text",
    "page_date": "date",
    "state": "text",
    "why": "text",
    "digest": "text",
}

_OBSERVED: Final[Mapping[str, Kind]] = {"observed_at": "moment", "observed_at_s": "integer"}

_UNITS: Final[Mapping[str, str]] = {
    "_c": "degC",
    "_m": "m",
    "_minutes": "min",
    "milliseconds": "ms",
    "bytes": "B",
    "latitude": "degree_north",
    "longitude": "degree_east",
    "coverage": "1",
    "agreement": "1",
}
"""The unit by the ending of a column, as UDUNITS and the CF conventions spell it."""

_EPOCH: Final = "s since 1970-01-01T00:00:00Z"


def unit(column: str) -> str | None:
    """The unit of a column; None if it has none."""
    if column == "longest_gap_s":
        return "s"
    if column.endswith("_s"):
        return _EPOCH
    return next((told for end, told in _UNITS.items() if column.endswith(end)), None)


_SPAN: Final[Mapping[str, Kind]] = {
    "portal": "text",
    "since": "moment",
    "until": "moment",
    "since_s": "integer",
    "until_s": "integer",
}

TABLES: Final[Mapping[What, Mapping[str, Kind]]] = {
    "weather": {**_CONTRACT, "flag": "integer", **_OBSERVED},
    "latest": {**_CONTRACT, "age_minutes": "integer", "flag": "integer", **_OBSERVED},
    "hours": {
        "station": "text",
        "station_en": "text",
        "kma_id": "integer",
        "latitude": "real",
        "longitude": "real",
        "hour": "moment",
        "published_by": "moment",
        "hour_s": "integer",
        "published_by_s": "integer",
        "temperature_c": "real",
        "condition": "text",
        "wmo_4677": "integer",
        "label": "text",
        "portal": "text",
        "state": "text",
        "why": "text",
        "flag": "integer",
        "live_portals": "integer",
        "agreeing_portals": "integer",
        "mean_c": "real",
        "coverage": "real",
    },
    "gaps": {**_SPAN, "failures": "integer", "cause": "text", "reason": "text"},
    "freezes": {**_SPAN, "next_change": "moment", "next_change_s": "integer", "why": "text"},
    "flags": {
        "station": "text",
        "station_en": "text",
        "kma_id": "integer",
        "seen_from": "moment",
        "seen_until": "moment",
        "seen_from_s": "integer",
        "seen_until_s": "integer",
        "temperature_c": "real",
        "portal": "text",
        "kind": "text",
        "flag": "integer",
    },
    "readings": {
        "sidebar_id": "integer",
        "station": "text",
        "station_en": "text",
        "kma_id": "integer",
        "temperature_c": "real",
        "condition": "text",
        "label": "text",
        "icon": "text",
        "first_seen": "moment",
        "last_seen": "moment",
    },
    "looks": {
        "id": "integer",
        "portal": "text",
        "fetched_at": "moment",
        "outcome": "text",
        "status": "integer",
        "milliseconds": "integer",
        "bytes": "integer",
        "page_date": "date",
        "sidebar_id": "integer",
        "reason": "text",
        "problems": "text",
        "retry_at": "moment",
        "precision": "text",
    },
    "stations": {
        "station": "text",
        "station_en": "text",
        "kma_id": "integer",
        "latitude": "real",
        "longitude": "real",
        "elevation_m": "real",
        "province": "text",
    },
    "portals": {
        "portal": "text",
        "url": "text",
        "interval_minutes": "real",
        "looks": "integer",
        "first_look": "moment",
        "last_look": "moment",
        "last_success": "moment",
    },
    "stats": {
        "station": "text",
        "day": "date",
        "part": "text",
        "mean_c": "real",
        "minimum_c": "real",
        "minimum_seen": "moment",
        "maximum_c": "real",
        "maximum_seen": "moment",
        "readings": "integer",
        "coverage": "real",
        "longest_gap_s": "integer",
        "suspect": "real",
        "failed": "real",
        "condition": "text",
        "agreement": "real",
        "reason": "text",
    },
}
"""The tables that can be exported, with their columns; views keep their names."""

OF_A_TIME: Final[frozenset[What]] = frozenset(
    {"weather", "hours", "gaps", "freezes", "flags", "readings", "looks", "stats"}
)
OF_A_PORTAL: Final[frozenset[What]] = OF_A_TIME | {"latest"}
OF_A_STATION: Final[frozenset[What]] = frozenset(
    {"weather", "latest", "hours", "flags", "readings", "stats"}
)
BY_MONTH: Final[frozenset[What]] = frozenset({"weather", "hours", "looks"})
"""What can be asked for by time; by portal; by station; and comes one month after the other."""
