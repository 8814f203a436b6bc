"""Cells that are safe in a spreadsheet: no text from a portal becomes a formula."""

from __future__ import annotations

import datetime as dt
from typing import Final, TypeAlias

Cell: TypeAlias = str | int | float

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Some spreadsheets take a text with such a beginning for a formula (OWASP)."""


def cell(value: object) -> Cell:
    """
    A value as a cell of a CSV file, for ``csv.writer``.

    Numbers stay numbers, times and dates are ISO 8601, None is an empty cell. A text that could be
    a formula gets an apostrophe.
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return value
        case dt.date() | dt.time():
            return value.isoformat()
        case _:
            text = str(value)
            return f"'{text}" if text.startswith(_FORMULA) else text
