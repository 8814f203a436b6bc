"""Korean and English: states, reasons and times in both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from db.korean import lengths, sentences
from db.korean.words import CAUSES, CONDITIONS, STATES, listed
from db.moments import KST
from scraper.printable import printable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from db.korean import Language
    from db.measures.evidence import Known
    from db.query import Latest


def state(name: str, language: Language) -> str:
    """The word for a state."""
    return STATES[name] if language == "ko" else name


def why(sentence: str | None, language: Language) -> tuple[str, Language]:
    """The reason for a state, and the language of the text."""
    translation = sentences.korean(sentence or "") if language == "ko" else None
    return (printable(translation), "ko") if translation else (printable(sentence or ""), "en")


def cause(name: str, language: Language) -> str:
    """The cause of a gap."""
    return listed(name, CAUSES) if language == "ko" else name


def sky(condition: str | None, label: str | None, language: Language) -> str:
    """The sky: as printed, or our English name."""
    if label == "-":
        return "–"
    if language == "en":
        return printable(condition or label or "?").replace("_", " ")
    return printable(label or "") or CONDITIONS.get(condition or "", "?")


def known_sky(row: Latest | Known, language: Language) -> str:
    """The sky; of a lost label the learned one with its source: ``비 (a portal)``."""
    if row.learned_condition is None:
        return sky(row.condition, row.label, language)
    learned = sky(row.learned_condition, None, language)
    return f"{learned} ({printable(row.learned_from or '')})"


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
    if language == "ko":
        return lengths.length(minutes)
    days, rest = divmod(minutes, 24 * 60)
    hours, rest = divmod(rest, 60)
    units = [(days, "d"), (hours, "h"), (rest, "min")]
    return " ".join([f"{number} {unit}" for number, unit in units if number][:2]) or "0 min"


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
    counts = ", ".join(f"{many}곳 {STATES[name]}" for name, many in counted.items())
    return f"{len(names)}곳 중 {counts}"
