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
    "not seen; first shown {seen}": "바뀌는 것을 보지 못함, 처음 본 때 {seen}",
    "seen {at}": "{at}",
    "page date {day}": "표시 날짜 {day}",
    "{box}, digest {digest}": "{box}, 해시 {digest}",
}
"""The evidence of one moment."""

_CITATION: Final[Mapping[str, str]] = {
    "{place}, {at}: no portal had shown this station by then.": (
        "{place}, {at}: 그때까지 이 지점을 보여 준 포털이 없음."
    ),
    "no temperature": "기온 없음",
    "State: {state}: {why}; flag {flag} ({name}).": "상태: {state}. {why}. 품질: {flag} ({name}).",
    "Korea Meteorological Administration (기상청)": "기상청",
    "Source: {publisher}, as shown by {portal}, {url}, from {since} to {until}.": (
        "출처: {publisher}, {portal}({url})에 {since}부터 {until}까지 표시."
    ),
    "Box: digest {digest}.": "상자: 해시 {digest}.",
    "Box: digest {digest}; checked.": "상자: 해시 {digest}, 확인함.",
    "Check: {command}": "확인 방법: {command}",
    "Recorded with nalssi {version}, cited on {day}.": "기록: nalssi {version}. 인용: {day}.",
}
"""The citation of one value."""

_PICTURES: Final[Mapping[str, str]] = {
    "no sky reported": "하늘 보고 없음",
    "word missing": "하늘 표시 없음",
    "sky": "하늘",
    "since {at}": "{at}부터",
    "shown until {at}": "{at}까지 표시",
    "{portals}": "{portals}",
    "{portals} and {more} more": "{portals} 외 {more}곳",
    "Korea Meteorological Administration (KMA), as shown by {portals}": "기상청, 표시: {portals}",
    "{since} to {until}, Korean time · KMA via {portals}": (
        "{since} ~ {until}, 한국 시각 · 기상청, 포털 {portals}"
    ),
    "{at}, Korean time": "{at}, 한국 시각",
    "{at}, Korean time · KMA via {portals}": "{at}, 한국 시각 · 기상청, 포털 {portals}",
    "as seen at that time, Korean time · KMA via {portals}": (
        "그때 확인한 값, 한국 시각 · 기상청, 포털 {portals}"
    ),
    "(in brackets) {one}": "(괄호) {one}",
    "Hollow: {one}": "속이 빈 원: {one}",
    "no room for {names}": "이름을 적을 자리 없음: {names}",
    "may be wrong": "의심스러움",
    "not seen for {days} days: {number} stations": "{days}일 동안 나오지 않음: 지점 {number}곳",
    "no known place: {names}": "위치를 모름: {names}",
}
"""Charts and maps."""

_LEGENDS: Final[Mapping[str, str]] = {
    "A value holds for 90 minutes at most; the line stops where no value is known.": (
        "값은 최대 90분 동안 유효합니다. 값을 모르는 곳에서는 선이 끊깁니다."
    ),
    "Dotted: unconfirmed, not seen to begin or not renewed.": (
        "점선: 미확인. 바뀌는 것을 보지 못했거나 새 값이 없음."
    ),
    "Hollow: stale, published three or more hours earlier.": (
        "속이 빈 선: 지난 값. 세 시간 이상 전에 발표됨."
    ),
    "Red band, dashed: frozen, the portal stood still.": "붉은 띠, 파선: 멈춤. 포털이 바뀌지 않음.",
    "Red mark: may be wrong.": "붉은 표시: 의심스러운 값.",
    "⠁⠁⠁ unconfirmed: not seen to begin, or not renewed": (
        "⠁⠁⠁ 미확인: 바뀌는 것을 보지 못했거나 새 값이 없음"
    ),
    "⠁⠁⠁ stale: published three or more hours earlier": "⠁⠁⠁ 지난 값: 세 시간 이상 전에 발표됨",
    "░⠁░ frozen: the portal stood still": "░⠁░ 멈춤: 포털이 바뀌지 않음",
    "not seen to begin, or not renewed; first seen {at}": (
        "바뀌는 것을 보지 못했거나 새 값이 없음, 처음 본 때 {at}"
    ),
    "published hours before; first seen {at}": "몇 시간 전에 발표됨, 처음 본 때 {at}",
    "the portal stood still since {at}": "포털이 {at}부터 바뀌지 않음",
    "no newer value since {at}": "{at} 이후 새 값 없음",
}
"""The meanings of the lines and colours of charts and maps."""

LINES: Final[Mapping[str, str]] = {**_TABLES, **_AT, **_CITATION, **_PICTURES, **_LEGENDS}
"""Each English template and its Korean one, with the same fields."""


def said(template: str, language: Language, **values: Any) -> str:
    """
    Fill in a template.

    Raises:
        KeyError: It has no Korean form.
    """
    return (LINES[template] if language == "ko" else template).format(**values)
