"""
The stored form of problems, and their sentences in the views.

The column ``sidebars.problems`` is a JSON array of arrays ``[kind, city, word]``, such as
``[["unknown label","고창","눈보라"],["no temperature","부산",""]]``; NULL without problems.
"""

from __future__ import annotations

import json
from string import Formatter
from typing import TYPE_CHECKING, Final

from db.read.rows import quoted
from db.reading import SENTENCES, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

_COLUMNS: Final = ("kind", "city", "word")


def as_json(problems: Iterable[Problem]) -> str | None:
    """The stored form of problems; None without any."""
    rows = [[getattr(problem, name) for name in _COLUMNS] for problem in problems]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")) if rows else None


def from_json(kept: str | None) -> tuple[Problem, ...]:
    """
    Read stored problems.

    Args:
        kept: The result of ``as_json``, or several of these, a line each.

    Raises:
        ValueError, TypeError, LookupError: We cannot have written that.
    """
    rows = (row for line in kept.split("\n") for row in json.loads(line)) if kept else ()
    return tuple(_problem(*row) for row in rows)


def _problem(kind: str, city: str, word: str) -> Problem:
    (known,) = (known for known in SENTENCES if known == kind)
    return Problem(kind=known, city=str(city), word=str(word))


def sentences(column: str) -> str:
    """SQL for the sentences of a column of problems, a line each; NULL without any."""
    cases = " ".join(f"WHEN '{kind}' THEN {_as_sql(text)}" for kind, text in SENTENCES.items())
    sentence = f"replace(CASE {_value('kind')} {cases} END, char(10), ' ')"
    return f"(SELECT group_concat({sentence}, char(10)) FROM json_each({column}))"


def _as_sql(sentence: str) -> str:
    """SQL for the result of ``str.format``, but without the escapes of Python."""
    parts = []
    for literal, field, _, conversion in Formatter().parse(sentence):
        quote = "'" if conversion else ""
        parts.append(quoted(literal + quote))
        if field:
            parts += [_value(field), quoted(quote)]
    return " || ".join(part for part in parts if part != quoted(""))


def _value(column: str) -> str:
    return f"json_extract(value, '$[{_COLUMNS.index(column)}]')"
