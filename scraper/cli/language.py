"""The language of tables: its choice, and headings, cells and lines in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import click

from db.korean import headings, lengths, lines, sentences, words
from db.qartod import NAMES
from scraper.cli.group import LANG

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from db.korean import Language

_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first variable that is set decides (POSIX, Environment Variables, 8.2)."""


def chosen() -> Language:
    """The language of tables: that of ``--lang``, else of the environment."""
    context = click.get_current_context(silent=True)
    wanted = context and context.meta.get(LANG)
    wanted = wanted or next(filter(None, map(os.environ.get, _VARIABLES)), "")
    return "ko" if wanted.startswith("ko") else "en"


def heading(name: str) -> str:
    """A heading in the chosen language."""
    return headings.heading(name) if chosen() == "ko" else name


def say(template: str, **values: Any) -> str:
    """A line in the chosen language; see ``db/korean/lines.py``."""
    return lines.said(template, chosen(), **values)


def sentence(english: str) -> str:
    """A sentence of an answer, or several joined by ``; ``, in the chosen language."""
    return sentences.each(english) if chosen() == "ko" else english


def sky(label: str | None, condition: str | None) -> str:
    """The sky: as printed, and in English by our name, too."""
    if chosen() == "en":
        return f"{label or ''} {condition or ''}".strip()
    return label or words.CONDITIONS.get(condition or "", condition or "")


def age(minutes: int) -> str:
    """A length of time, such as ``7 min``, ``3 h 05``, ``30 days``; ``3시간 5분``."""
    days = minutes // (24 * 60)
    if chosen() == "ko":
        return lengths.length(minutes, parts=1 if days > 1 else 2)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02}" if days < 2 else f"{days} days"


def flag_name(number: int | None) -> str:
    """The name of a flag, such as ``suspect``."""
    name = NAMES.get(number or 0, "")
    return words.FLAGS.get(name, name) if chosen() == "ko" else name


def width(name: str) -> int:
    """The width of a heading in a terminal, where a syllable of Hangul takes two columns."""
    return len(name) + sum("가" <= letter <= "힣" for letter in name)


def cell(heading: str, text: str) -> str:
    """The cell of a column in the chosen language, if the column has words of ours."""
    translate = _COLUMNS.get(heading) if chosen() == "ko" else None
    return translate(text) if translate else text


def state(name: str) -> str:
    """A state in a table: in capitals, unless it is ``live``, or in Korean."""
    if chosen() == "ko":
        return words.STATES[name]
    return name if name == "live" else name.upper()


def _of(table: Mapping[str, str]) -> Callable[[str], str]:
    return lambda text: words.listed(text, table)


def _mostly(text: str) -> str:
    """Such as ``mostly_cloudy 42%``."""
    sky, blank, share = text.partition(" ")
    return words.CONDITIONS.get(sky, sky) + blank + share


_COLUMNS: Final[Mapping[str, Callable[[str], str]]] = {
    "state": _of(words.STATES),
    "outcome": _of(words.OUTCOMES),
    "kind": _of(words.KINDS),
    "cause": _of(words.CAUSES),
    "condition": _of(words.CONDITIONS),
    "taken for": _of(words.CONDITIONS),
    "mostly": _mostly,
    **dict.fromkeys(("why", "reason", "note", "problems"), sentences.each),
}
"""The columns with words of ours, and what turns these into Korean."""
