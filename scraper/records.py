"""
Records as text: JSON and CSV, the same from a command and from the web.

Text from a portal loses its control, escape and bidirectional characters here.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from db.moments import KST
from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

STATION: Final = {
    "station": "name_ko",
    "station_en": "name_en",
    "kma_id": "kma_id",
    "latitude": "latitude",
    "longitude": "longitude",
    "elevation_m": "elevation_m",
    "province": "province",
}

PORTAL: Final = {
    "portal": "name",
    "url": "url",
    "interval_minutes": "interval_minutes",
    "looks": "looks",
    "first_look": "first_look",
    "last_look": "last_look",
    "last_success": "last_success",
}
"""The name of each value in an answer, and in its dataclass."""


def plain(value: Any) -> Any:
    """A value for JSON: ISO times with their offset, ISO dates, objects for dataclasses."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(plain(key)): plain(part) for key, part in value.items()}
    if is_dataclass(value):
        has_words = "__str__" in vars(type(value))  # a problem is written as its sentence
        return printable(str(value)) if has_words else plain(named(value))
    return value


def named(row: Any) -> dict[str, Any]:
    """The values of a dataclass by their names, in its order."""
    return {one.name: getattr(row, one.name) for one in fields(row)}


def shared(row: Any, kind: type) -> dict[str, Any]:
    """The values of a dataclass that another kind has, too, by their names."""
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in named(row).items() if name in names}


def renamed(row: Any, names: dict[str, str]) -> dict[str, Any]:
    """The values of a dataclass by other names, such as those of ``STATION``."""
    return {name: getattr(row, here) for name, here in names.items()}


def json_text(value: object, *, indent: int | None = None) -> str:
    """A value as JSON; in one line unless indented."""
    separators = (",", ":") if indent is None else None
    # A damaged database may have bytes in place of a text: show them, as tables do.
    return json.dumps(
        plain(value), ensure_ascii=False, indent=indent, separators=separators, default=str
    )


def csv_text(
    headings: Iterable[str], rows: Iterable[Iterable[object]], *, excel: bool = False
) -> str:
    """CSV that is safe in a spreadsheet; with ``excel``, times that spreadsheets recognize."""
    import csv  # noqa: PLC0415 - a table does without

    from db.export.spreadsheet import cell  # noqa: PLC0415 - the same

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    flat = _for_spreadsheets if excel else _flat
    writer.writerows([cell(flat(value)) for value in row] for row in (headings, *rows))
    return text.getvalue()


def _for_spreadsheets(value: object) -> object:
    """A value for one cell; a moment in Korean time, without its offset."""
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(KST):%Y-%m-%d %H:%M:%S}"
    return _flat(value)


def _flat(value: object) -> object:
    """A value for one cell."""
    return "; ".join(map(str, value)) if isinstance(value := plain(value), list) else value
