"""The description of the data addresses: OpenAPI 3.1, with schemas made from the records."""

from __future__ import annotations

import datetime as dt
import typing
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from db.measures.evidence import Evidence, Known, StateThen
from db.measures.near import NearLook
from db.measures.sidebar import PrintedReading, Showing, Sidebar
from db.qartod import NAMES
from db.query import Best, Freeze, Gap, Portal, Spell
from db.read.words import Kind, Word
from db.reading import Station
from db.validity import State
from scraper import __version__, records
from scraper.web import data
from scraper.web.answer import CSV
from scraper.web.operations import OPERATIONS, V1, Operation
from scraper.web.refusal import PROBLEM

if TYPE_CHECKING:
    from scraper.web.answer import Answer, Asked

_FLAGS: Final = ", ".join(f"{number} {words}" for number, words in NAMES.items())

_TIME: Final = "ISO 8601 (Korean time without an offset), so long ago as 24h or 7d, or now"


def _parameter(description: str, kind: str = "string", **limits: object) -> dict[str, Any]:
    return {"schema": {"type": kind, **limits}, "description": description}


_LIMITS: Final = {"minimum": 1, "maximum": data.MOST, "default": data.USUAL}

_PARAMETERS: Final = {
    "station": _parameter("KMA's number, such as 108.", "integer"),
    "month": _parameter("A Korean month, such as 2026-03.", pattern=r"^\d{4}-\d{2}$"),
    "year": _parameter("A Korean year.", "integer"),
    "digest": _parameter(
        "The digest of a sidebar, which every value carries.", pattern="^[0-9a-f]+$"
    ),
    "portal": _parameter("Only what this portal showed."),
    "since": _parameter(f"From then on: {_TIME}."),
    "until": _parameter(f"Before then: {_TIME}."),
    "time": _parameter(f"{_TIME}."),
    "after": _parameter("As in ``next``."),
    "limit": _parameter("The most rows to return.", "integer", **_LIMITS),
}


def document(asked: Asked) -> Answer:
    """The description of all data addresses."""
    examples = _examples(asked)
    paths = {f"{V1}{one.path}": {"get": _get(one, examples)} for one in OPERATIONS}
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "nalssi",
            "version": __version__,
            "description": (
                "What Korean newspaper portals printed of KMA's weather, and how far each value "
                f"may be trusted. Flags are QARTOD's: {_FLAGS}."
            ),
        },
        "servers": [{"url": asked.base_url or "/"}],
        "paths": paths,
        "components": {"schemas": _schemas()},
    }
    return asked.json(document)


def described(asked: Asked) -> list[tuple[Operation, str]]:
    """Each operation, with a working example."""
    examples = _examples(asked)
    return [(one, f"{V1}{(one.example or one.path).format(**examples)}") for one in OPERATIONS]


def _examples(asked: Asked) -> dict[str, str]:
    """A station, a month, a year and a digest of this database, for the examples."""
    rows = asked.db.latest_best(now=asked.now)
    known = next((row for row in rows if row.kma_id == 108), rows[0] if rows else None)
    seen = known.seen_until if known else asked.now
    return {
        "station": str(known.kma_id if known and known.kma_id else 108),
        "month": f"{seen:%Y-%m}",
        "year": f"{seen:%Y}",
        "digest": known.digest if known else "00",
    }


def _get(one: Operation, examples: dict[str, str]) -> dict[str, Any]:
    in_path = [name for name in examples if f"{{{name}}}" in one.path]
    parameters = [
        {"name": name, "in": "path", "required": True, "example": _typed(name, examples[name])}
        | _PARAMETERS[name]
        for name in in_path
    ]
    parameters += [
        {"name": name, "in": "query", "required": name == "station"} | _PARAMETERS[name]
        for name in one.query
    ]
    content: dict[str, Any] = {one.media_type.partition(";")[0]: _content(one)}
    answers: dict[str, Any] = {"200": {"description": one.summary[1], "content": content}}
    if one.path == "/health.json":
        answers["503"] = {"description": "Not well, or the database is busy", "content": content}
    return {
        "summary": one.summary[1],
        "operationId": one.path.strip("/").translate(str.maketrans("/.{}-", "_____")),
        "parameters": parameters,
        "responses": answers | _problems(one),
    }


def _typed(name: str, example: str) -> str | int:
    return int(example) if _PARAMETERS[name]["schema"]["type"] == "integer" else example


def _problems(one: Operation) -> dict[str, Any]:
    texts = {"400": "The question is wrong", "404": "Not found", "503": "Busy"}
    if one.path == "/health.json":
        del texts["503"]
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {code: {"description": words, "content": content} for code, words in texts.items()}


def _content(one: Operation) -> dict[str, Any]:
    if one.schema is None:
        return {"schema": {"type": "string"} if one.media_type == CSV else {"type": "object"}}
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{one.schema}"}
    if one.schema == "Best":
        schema = {"anyOf": [schema, {"$ref": "#/components/schemas/Latest"}]}
    return {"schema": {"type": "array", "items": schema} if one.many else schema}


# ---- schemas


def _schemas() -> dict[str, Any]:
    """The schemas of all records, with the texts of their docstrings."""
    best = _struct(Best, drop=data.AGEING)
    spell = _struct(Spell)
    latest = _struct(Best, drop={*data.AGEING, "live_portals", "agreeing_portals"}, name="Latest")
    series = msgspec.defstruct(
        "Series",
        [("station", str), ("rows", list[spell]), ("next", str | None)],  # type: ignore[valid-type]
    )
    known = _struct(
        Known,
        {"evidence": _struct(Evidence) | None, **dict.fromkeys(_NEAR, _struct(NearLook) | None)},
    )
    sidebar = _struct(
        Sidebar,
        {
            "readings": list[_struct(PrintedReading)],  # type: ignore[misc]
            "shown": list[_struct(Showing)],  # type: ignore[misc]
            "problems": list[str],
        },
    )
    kinds = [
        *(best, latest, spell, series, known, sidebar, _struct(Freeze), _struct(Word)),
        _struct(Gap, {"until": dt.datetime | None}),
        _struct(Station, names=records.STATION),
        _struct(Portal, names=records.PORTAL),
        _struct(Best, name="Short", names={name: name for name in data.SHORT}),
        *(_HEALTH, _COLLECTION, _PROBLEM),
    ]
    _, components = msgspec.json.schema_components(
        kinds, ref_template="#/components/schemas/{name}"
    )
    return components


_NEAR: Final = ("look_before", "look_after")


def _struct(
    record: type,
    other: dict[str, Any] | None = None,
    *,
    drop: typing.AbstractSet[str] = frozenset(),
    names: dict[str, str] | None = None,
    name: str = "",
) -> Any:
    """
    A record as a Struct of msgspec, with its types resolved.

    Args:
        record: A dataclass.
        other: Types in place of its own.
        drop: Attributes to leave out.
        names: The names in the answer, each with that in the record; None = all unchanged.
        name: A name in place of its own.
    """
    types = typing.get_type_hints(record, localns=_TYPES) | (other or {})
    chosen = names or {one: one for one in types if one not in drop}
    return msgspec.defstruct(
        name or record.__name__,
        [(new, types[old]) for new, old in chosen.items()],
        namespace={"__doc__": record.__doc__},
    )


_TYPES: Final = {
    "dt": dt,
    "State": State,
    "StateThen": StateThen,
    "Kind": Kind,
    **dict.fromkeys(("Evidence", "NearLook", "PrintedReading", "Showing"), Any),
    "Problem": str,
}
"""The types that records name, but import only for a type checker."""


class _PortalHealth(msgspec.Struct, kw_only=True):
    portal: str
    state: State
    since: dt.datetime | None
    why: str
    last_look: dt.datetime | None
    last_success: dt.datetime | None


_HEALTH: Final = msgspec.defstruct(
    "Health", [("status", Literal["pass", "fail"]), ("portals", list[_PortalHealth])]
)
_COLLECTION: Final = msgspec.defstruct(
    "FeatureCollection",
    [("type", Literal["FeatureCollection"]), ("features", list[dict[str, Any]])],
)
_PROBLEM: Final = msgspec.defstruct(
    "Problem", [("type", str), ("title", str), ("status", int), ("detail", str)]
)
