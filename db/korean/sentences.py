"""
The sentences in Korean, by their English templates.

An answer of the database has its sentences in English, such as the ``why`` of a value: ``korean``
recognizes them. A field stands for some text, for digits, for a day or for a minute, by its name.
"""

from __future__ import annotations

import functools
import re
from string import Formatter
from typing import TYPE_CHECKING, Final

from db.korean.words import KINDS, OUTCOMES, PERIODS

if TYPE_CHECKING:
    from collections.abc import Mapping

_WHY: Final[Mapping[str, str]] = {
    "first shown {minute}": "{minute} 처음 표시",
    "first shown {minute}, and again": "{minute}에 나왔던 값이 다시 표시됨",
    "first shown by {portal} {minute}": "{portal}에 {minute} 먼저 나온 값",
    "unchanged since {minute}": "{minute}부터 그대로",
    "not renewed since {minute}": "{minute} 이후 새 값 없음",
    "observed {minute}": "{minute} 관측",
    "the page is of {day}": "{day} 자 페이지",
    "in a cache since {minute}": "{minute}부터 캐시에 있던 페이지",
    "no successful look since {minute}": "{minute} 이후 읽지 못함",
    "no successful look since {minute}; last look {later_minute}: {outcome}": (
        "{minute} 이후 읽지 못함, 마지막 확인 {later_minute}: {outcome}"
    ),
    "no look ever succeeded": "아직 한 번도 읽지 못함",
    "no look ever succeeded; last look {minute}: {outcome}": (
        "아직 한 번도 읽지 못함, 마지막 확인 {minute}: {outcome}"
    ),
    "no look before the first that showed it": "이 값이 나타나기 전에 확인한 기록이 없음",
    "no look before it since {minute}": "{minute} 이후 확인하지 못해 언제 바뀌었는지 모름",
    "the portal showed more new sets within 3 hours than an hourly feed has": (
        "3시간 동안 새 값이 지나치게 많음"
    ),
    "only a portal shows it whose last sets were mostly old elsewhere": (
        "늘 늦던 포털만 보여 준 값"
    ),
    "by the course of its days the portal runs {number} h late": (
        "하루의 기온 흐름으로 보아 {number}시간 늦음"
    ),
    "last look {minute}": "마지막 확인 {minute}",
    "the portal no longer lists this station": "포털에서 이 지점이 사라짐",
    "no temperature printed": "기온이 표시되지 않음",
    "never polled": "확인한 적 없음",
}
"""The sentences of ``db/read/why.py`` and of the state of a portal."""

_REASONS: Final[Mapping[str, str]] = {
    "coverage {number} is below {least_number}": "확보율 {number}, 기준 {least_number} 미만",
    "coverage {number} is below {least_number}: {failed_number}% is flagged 4": (
        "확보율 {number}, 기준 {least_number} 미만, 오류 {failed_number}%"
    ),
    "below {number}": "기준 {number} 미만",
    "no live temperature": "실시간 기온 없음",
    "no live value": "실시간 값 없음",
    "no temperature": "기온 없음",
    "no value": "값 없음",
    "no live temperature passes: {number}% is flagged 4": (
        "쓸 수 있는 실시간 기온 없음, 오류 {number}%"
    ),
    "no temperature passes: {number}% is flagged 4": "쓸 수 있는 기온 없음, 오류 {number}%",
    "no live value passes": "쓸 수 있는 실시간 값 없음",
    "no value passes": "쓸 수 있는 값 없음",
    "no extremes: no value for {number} h {more_number} min": (
        "{number}시간 {more_number}분 동안 값이 없어 극값 없음"
    ),
    "no value for {number} h {more_number} min": "{number}시간 {more_number}분 동안 값 없음",
    "no extremes: {number} of {all_number} days have them": "극값이 있는 날 {number}/{all_number}",
    "{number} of {all_number} days have extremes": "극값이 있는 날 {number}/{all_number}",
    "so far: --until now": "지금까지: --until now",
    "{number}% suspect": "의심 {number}%",
    "{number}% failed": "오류 {number}%",
    "part of the {period}": "{period}의 일부",
    "{number} common {period}s, expected at least {least_number}": (
        "공통 구간 {number}, {least_number} 이상 필요"
    ),
    "{station} shows {number} all the time": "{station} 값이 계속 {number}",
}
"""The sentences of ``db/measures/stats.py`` and ``compare.py``, whole and shortened."""

_PROBLEMS: Final[Mapping[str, str]] = {
    "unknown city {word}": "모르는 도시 {word}",
    "{city}: unknown label {word}": "{city}: 모르는 하늘 상태 {word}",
    "{city}: unknown icon code {word}": "{city}: 모르는 아이콘 {word}",
    "no city name: {word}": "도시 이름 없음: {word}",
    "no label printed: {city}": "하늘 상태 없음: {city}",
    "no temperature printed: {city}": "기온 없음: {city}",
    "labels whose city is not clear were left out": "어느 도시인지 모르는 하늘 상태는 뺌",
}
"""The sentences of problems."""

SENTENCES: Final[Mapping[str, str]] = {**_WHY, **_REASONS, **_PROBLEMS}
"""Each English template and its Korean one, with the same fields."""

_FORMS: Final = {
    "minute": r"\d{4}-\d\d-\d\d \d\d:\d\d",
    "day": r"\d{4}-\d\d-\d\d",
    "number": r"-?[\d.]+",
    "period": r"\w+",
}
"""The form of a field, by the last part of its name; any text for another."""

_TABLES: Final = {"period": PERIODS, "kind": KINDS, "outcome": OUTCOMES}
"""The words of a field, by the same."""


def korean(sentence: str) -> str | None:
    """The Korean form of an English sentence; None if unknown."""
    for pattern, form in _patterns():
        if match := pattern.fullmatch(sentence):
            named = match.groupdict().items()
            return form.format(**{name: _value(name, text) for name, text in named})
    return None


def each(sentences: str) -> str:
    """Sentences joined by ``; ``, each in Korean where it is known."""
    return korean(sentences) or "; ".join(korean(one) or one for one in sentences.split("; "))


def _value(name: str, text: str) -> str:
    """A value in Korean, if its field has words, such as ``fetch_failed: HTTP 500``."""
    word, colon, rest = text.partition(":")
    return _TABLES.get(name, {}).get(word, word) + colon + rest


@functools.cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Each template as a pattern, those with the most text first."""
    found = sorted(SENTENCES.items(), key=lambda one: -len(re.sub(r"\{\w+\}", "", one[0])))
    return [(re.compile(_pattern(english)), form) for english, form in found]


def _pattern(template: str) -> str:
    parts = Formatter().parse(template)
    return "".join(re.escape(text) + (_field(name) if name else "") for text, name, *_ in parts)


def _field(name: str) -> str:
    return f"(?P<{name}>{_FORMS.get(name.rpartition('_')[2], '.+')})"
