"""
The lines that commands and pictures compose, by their English templates.

``said`` fills in a template in the language asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from db.korean import Language

_TABLES: Final[Mapping[str, str]] = {
    "FROZEN: {portal} has shown the same values for {old}, since {since}.": (
        "멈춤: {portal} 포털이 {since}부터 {old} 동안 같은 값만 보여 줍니다."
    ),
    "STALE: {portal} shows values that are {old} old: {why}.": (
        "지난 값: {portal} 포털이 {old} 전의 값을 보여 줍니다({why})."
    ),
    "DOWN: {portal} was last seen to show these values at {until}; they are {old} old.": (
        "끊김: {portal} 포털에서 이 값을 {until} 이후 보지 못했습니다. {old} 전의 값입니다."
    ),
    "They are not the current weather.": "지금의 날씨가 아닙니다.",
    "{mark} may be wrong; `nalssi flags` says why": "{mark} 의심스러운 값. 이유는 `nalssi flags`",
    "{agreeing} of {live}": "{agreeing}/{live}",
    "{path}: {size}, {free} free, journal {journal}, nalssi {version}": (
        "{path}: {size}, 남은 공간 {free}, 저널 {journal}, nalssi {version}"
    ),
    "running: {holder}": "실행 중: {holder}",
    "NOT UNDERSTOOD": "모르는 단어",
    "(no label)": "(표시 없음)",
}
"""The lines beside tables, and cells."""

_AT: Final[Mapping[str, str]] = {
    "no portal had shown this station by then": "그때까지 이 지점을 보여 준 포털이 없음",
    "not printed": "표시되지 않음",
    "no portal was live": "실시간 포털 없음",
    "{agreeing} of {live} live portals showed this temperature": (
        "실시간 포털 {live}곳 중 {agreeing}곳이 같은 값"
    ),
    "after {before}, seen {seen}": "{before} 이후, 처음 본 때 {seen}",
    "seen {at}": "{at}",
    "page date {day}": "표시 날짜 {day}",
    "{sidebar}, digest {digest}": "{sidebar}, 해시 {digest}",
}
"""The evidence of one moment."""

LINES: Final[Mapping[str, str]] = {**_TABLES, **_AT}
"""Each English template and its Korean one, with the same fields."""


def said(template: str, language: Language, **values: Any) -> str:
    """
    Fill in a template.

    Raises:
        KeyError: It has no Korean form.
    """
    return (LINES[template] if language == "ko" else template).format(**values)
