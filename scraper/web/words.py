"""Korean and English: states, reasons and times in both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from db.moments import KST
from scraper.printable import printable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from scraper.web.answer import Language

STATES: Final = {
    "live": ("실시간", "live"),
    "unconfirmed": ("미확인", "unconfirmed"),
    "stale": ("지난 값", "stale"),
    "frozen": ("멈춤", "frozen"),
    "down": ("끊김", "down"),
    "none": ("없음", "none"),
}
"""Each state in both languages."""

_CAUSES: Final = {
    "portal failing": "포털 응답 실패",
    "not running": "수집기 정지",
    "clock": "시계 조정",
    "not kept": "저장 실패",
}

_MINUTE: Final = r"(\d{4}-\d\d-\d\d \d\d:\d\d)"

_WHY: Final = [
    (rf"first shown {_MINUTE}", r"\1 처음 표시"),
    (rf"unchanged since {_MINUTE}", r"\1부터 그대로"),
    (rf"not renewed since {_MINUTE}", r"\1 이후 새 값 없음"),
    (rf"no successful look since {_MINUTE}(?:; last look .*)?", r"\1 이후 읽지 못함"),
    (r"no look ever succeeded(?:; last look .*)?", "아직 한 번도 읽지 못함"),
    (rf"first shown {_MINUTE}, and again", r"\1에 나왔던 값이 다시 표시됨"),
    (rf"first shown by (.+) {_MINUTE}", r"\1에 \2 먼저 나온 값"),
    (r"the page is of (\d{4}-\d\d-\d\d)", r"\1 자 페이지"),
    (rf"in a cache since {_MINUTE}", r"\1부터 캐시에 있던 페이지"),
    (r"no look before the first that showed it", "이 값이 나타나기 전에 확인한 기록이 없음"),
    (rf"no look before it since {_MINUTE}", r"\1 이후 확인하지 못해 언제 바뀌었는지 모름"),
    (
        r"the portal showed more new sets within 3 hours than an hourly feed has",
        "3시간 동안 새 값이 지나치게 많음",
    ),
    (
        r"only a portal shows it whose last sets were mostly old elsewhere",
        "늘 늦던 포털만 보여 준 값",
    ),
    (
        r"by the course of its days the portal runs (\d+) h late",
        r"하루의 기온 흐름으로 보아 \1시간 늦음",
    ),
    (rf"last look {_MINUTE}", r"마지막 확인 \1"),
    (r"the portal no longer lists this station", "포털이 이 지점을 더는 보여 주지 않음"),
    (r"no temperature printed", "기온이 표시되지 않음"),
]
"""Each sentence of ``db/read/why.py``, with its Korean translation."""

_REASONS: Final = [
    (r"coverage ([\d.]+) is below ([\d.]+)", "값이 있는 시간이 부족함"),
    (r"no live temperature", "실시간 기온 없음"),
    (r"no extremes: nothing known for (\d+) h (\d+) min", r"\1시간 \2분 동안 값이 없어 극값 없음"),
    (r"no extremes: (\d+) of (\d+) days have them", r"극값이 있는 날 \1/\2"),
]
"""The same for the sentences of ``db/measures/stats.py``."""

_KNOWN: Final = [(re.compile(pattern), korean) for pattern, korean in _WHY + _REASONS]


def state(name: str, language: Language) -> str:
    """The word for a state."""
    return STATES[name][language == "en"]


def korean(why: str) -> str | None:
    """The Korean translation of a reason; None if unknown."""
    for pattern, translation in _KNOWN:
        if match := pattern.fullmatch(why):
            return match.expand(translation)
    return None


def why(sentence: str | None, language: Language) -> tuple[str, Language]:
    """The reason for a state, and the language of the text."""
    translation = korean(sentence or "") if language == "ko" else None
    return (printable(translation), "ko") if translation else (printable(sentence or ""), "en")


def cause(name: str, language: Language) -> str:
    """The cause of a gap."""
    if language == "en":
        return name
    return ", ".join(_CAUSES.get(one, one) for one in name.split(", "))


def sky(condition: str | None, label: str | None, language: Language) -> str:
    """The sky: as printed, or our English name."""
    if label == "-":
        return "–"
    if language == "en":
        return printable(condition or label or "?").replace("_", " ")
    return printable(label or "") or "?"


def minute(at: dt.datetime, language: Language) -> str:
    """A moment to the minute, with its day: ``11월 25일 21:40``, ``25 Nov 21:40``."""
    local = at.astimezone(KST)
    if language == "ko":
        return f"{local.month}월 {local.day}일 {local:%H:%M}"
    return f"{local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"


def month(at: dt.date, language: Language) -> str:
    """Such as ``2026년 3월``, ``March 2026``."""
    if language == "ko":
        return f"{at.year}년 {at.month}월"
    return f"{_LONG_MONTHS[at.month - 1]} {at.year}"


_LONG_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MONTHS: Final = tuple(name[:3] for name in _LONG_MONTHS)

_WEEKDAYS: Final = "월화수목금토일"


def day(at: dt.date, language: Language) -> str:
    """Such as ``11월 25일 (수)``, ``Wed 25 Nov``."""
    if language == "ko":
        return f"{at.month}월 {at.day}일 ({_WEEKDAYS[at.weekday()]})"
    return (
        f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[at.weekday()]} {at.day} "
        + (_MONTHS[at.month - 1])
    )


def length(minutes: int, language: Language) -> str:
    """A length of time, such as ``3시간 5분``, ``3 h 05 min``."""
    days, rest = divmod(minutes, 24 * 60)
    hours, rest = divmod(rest, 60)
    ko = [(days, "일"), (hours, "시간"), (rest, "분")]
    en = [(days, " d"), (hours, " h"), (rest, " min")]
    parts = [f"{number}{unit}" for number, unit in (ko if language == "ko" else en) if number]
    return " ".join(parts[:2]) or ("0분" if language == "ko" else "0 min")


def summary(states: Iterable[str], language: Language) -> str:
    """The number of places by state: ``16곳 중 15곳 실시간, 1곳 멈춤``."""
    names = list(states)
    counted = {name: names.count(name) for name in STATES if name in names}
    if not names:
        return "아직 읽은 값이 없습니다" if language == "ko" else "No value has been read yet"
    if language == "en":
        (first, many), *rest = counted.items()
        stations = "station" if len(names) == 1 else "stations"
        counts = "".join(f", {number} {name}" for name, number in rest)
        return f"{many} of {len(names)} {stations} {first}{counts}"
    counts = ", ".join(f"{many}곳 {STATES[name][0]}" for name, many in counted.items())
    return f"{len(names)}곳 중 {counts}"
