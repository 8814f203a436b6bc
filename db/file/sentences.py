"""The sentences of problems before the second migration, and their meaning."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from db.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from db.reading import ProblemKind

_QUOTED: Final = r"(?P<quoted>'.*'|\".*\")"

_SENTENCES: Final[Mapping[ProblemKind, re.Pattern[str]]] = {
    "unknown city": re.compile(rf"unknown city {_QUOTED}"),
    "unknown label": re.compile(rf"(?P<city>.*?): unknown label {_QUOTED}"),
    "unknown icon code": re.compile(rf"(?P<city>.*?): unknown icon code {_QUOTED}"),
    "no city name": re.compile(r"no city name: (?P<word>'.*|\".*)"),
    "no label": re.compile(r"no label printed: (?P<city>.*)"),
    "no temperature": re.compile(r"no temperature printed: (?P<city>.*)"),
    "temperature": re.compile(r"(?P<city>.*?): temperature: (?P<word>cannot read .*)"),
    "label against icon": re.compile(r"(?P<city>.*?): label (?P<word>.* disagrees with icon .*)"),
    "printed again": re.compile(r"(?P<city>.*?): printed (?P<word>[0-9]+ times: .*)"),
}


def problem(sentence: str) -> Problem:
    """The problem of a sentence; an unknown sentence is kept as it is."""
    for kind, pattern in _SENTENCES.items():
        if (match := pattern.fullmatch(sentence)) is not None:
            groups = match.groupdict()
            word = groups.get("word") or _unquoted(groups.get("quoted"))
            return Problem(kind=kind, city=groups.get("city", ""), word=word)
    return Problem(kind="other", word=sentence)


def _unquoted(quoted: str | None) -> str:
    """The word that Python quoted; one whose line break was lost is kept as it is."""
    try:
        return str(ast.literal_eval(quoted)) if quoted else ""
    except (ValueError, SyntaxError):
        return quoted[1:-1] if quoted else ""
