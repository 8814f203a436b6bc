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

_COLUMNS: Final[Mapping[Kind, str]] = {
    "text": (
        "station station_en province portal url condition label icon state why digest kind cause "
        "reason outcome problems precision part word means understood first_portal last_portal"
    ),
    "integer": (
        "kma_id wmo_4677 flag age_minutes live_portals agreeing_portals failures sidebar_id id "
        "status milliseconds bytes looks readings sidebars"
    ),
    "real": (
        "latitude longitude elevation_m temperature_c mean_c minimum_c maximum_c coverage "
        "interval_minutes suspect failed agreement"
    ),
    "moment": (
        "seen_from seen_until changed_after published_by valid_until observed_at hour since until "
        "next_change first_seen last_seen fetched_at retry_at first_look last_look last_success "
        "minimum_seen maximum_seen"
    ),
    "date": "page_date day",
}
"""The columns of each kind; those that end in ``_s`` are seconds, and whole numbers."""

_KINDS: Final = {name: kind for kind, names in _COLUMNS.items() for name in names.split()}

_UNITS: Final[Mapping[str, str]] = {
    "_c": "degC",
    "_m": "m",
    "_minutes": "min",
    "milliseconds": "ms",
    "bytes": "B",
    "latitude": "degree_north",
    "longitude": "degree_east",
    **dict.fromkeys(("coverage", "suspect", "failed", "agreement"), "1"),
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


_PLACE: Final = "station station_en kma_id latitude longitude"

_CONTRACT: Final = (
    f"{_PLACE} seen_from seen_until changed_after published_by valid_until seen_from_s "
    "seen_until_s changed_after_s published_by_s valid_until_s temperature_c condition wmo_4677 "
    "label portal page_date state why digest"
)

_SPAN: Final = "portal since until since_s until_s"


def table(names: str) -> dict[str, Kind]:
    """The columns of these names, separated by blanks, each with its kind."""
    return {name: "integer" if name.endswith("_s") else _KINDS[name] for name in names.split()}


TABLES: Final[Mapping[What, Mapping[str, Kind]]] = {
    "weather": table(f"{_CONTRACT} flag observed_at observed_at_s"),
    "latest": table(f"{_CONTRACT} age_minutes flag observed_at observed_at_s"),
    "hours": table(
        f"{_PLACE} hour published_by hour_s published_by_s temperature_c condition wmo_4677 label "
        "portal state why flag live_portals agreeing_portals mean_c coverage"
    ),
    "gaps": table(f"{_SPAN} failures cause reason"),
    "freezes": table(f"{_SPAN} next_change next_change_s why"),
    "flags": table(
        "station station_en kma_id seen_from seen_until seen_from_s seen_until_s temperature_c "
        "portal kind flag"
    ),
    "readings": table(
        "sidebar_id station station_en kma_id temperature_c condition label icon first_seen "
        "last_seen"
    ),
    "looks": table(
        "id portal fetched_at outcome status milliseconds bytes page_date sidebar_id reason "
        "problems retry_at precision"
    ),
    "stations": table(f"{_PLACE} elevation_m province"),
    "portals": table("portal url interval_minutes looks first_look last_look last_success"),
    "stats": table(
        "station day part mean_c minimum_c minimum_seen maximum_c maximum_seen readings coverage "
        "longest_gap_s suspect failed condition agreement reason"
    ),
}
"""The tables that can be exported, with their columns; views keep their names."""

OF_A_TIME: Final[frozenset[What]] = frozenset(
    {"weather", "hours", "gaps", "freezes", "flags", "readings", "looks", "stats"}
)
OF_A_PORTAL: Final[frozenset[What]] = OF_A_TIME | {"latest"}
OF_A_STATION: Final[frozenset[What]] = frozenset(
    {"weather", "latest", "hours", "flags", "readings", "stats"}
)
BY_MONTH: Final[tuple[What, ...]] = ("weather", "hours", "looks")
"""The tables that can be chosen by time, by portal and by station; and those split into months."""
