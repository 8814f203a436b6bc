"""The cells of tables in Korean, by the English headings of their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from db.korean import sentences, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def cell(heading: str, text: str) -> str:
    """A cell in Korean, if its column has words of ours."""
    translate = _COLUMNS.get(heading)
    return translate(text) if translate else text


def _of(table: Mapping[str, str]) -> Callable[[str], str]:
    return lambda text: words.listed(text, table)


def _sky(text: str) -> str:
    """Such as ``mostly_cloudy``, ``mostly_cloudy 42%`` or ``mostly_cloudy (a portal)``."""
    sky, blank, rest = text.partition(" ")
    return words.CONDITIONS.get(sky, sky) + blank + rest


_COLUMNS: Final[Mapping[str, Callable[[str], str]]] = {
    "state": _of(words.STATES),
    "outcome": _of(words.OUTCOMES),
    "flag name": _of(words.FLAGS),
    "kind": _of(words.KINDS),
    "cause": _of(words.CAUSES),
    "condition": _sky,
    "taken for": _of(words.CONDITIONS),
    "mostly": _sky,
    **dict.fromkeys(("why", "reason", "note", "problems"), sentences.each),
}
"""The columns with words of ours, each with the function that turns these into Korean."""
