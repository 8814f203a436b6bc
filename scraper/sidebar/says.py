"""The heading of a list: the day of its values, or that they are a forecast or another value."""

from __future__ import annotations

import functools
import re
from typing import Final

from scraper.sidebar import credit
from scraper.sidebar.entries import is_heading

_FORECAST: Final = re.compile("내일|모레|글피|예상|예보|최고|최저|전망(?!대)")
"""Words that do not occur in the 200 characters before the box in any of 138 pages."""

_NOW: Final = {"현재", "지금", "오늘", "실황"}
_DAYS: Final = {*_NOW, "어제", "내일", "모레", "글피", "주간", "예보"}
"""Words on tabs above a list, which do not tell its day."""

_PAIRS: Final = (
    "내일|모레|글피|예상|예보|최고|최저|전망|이튿|명일|익일|다음|어제|그제|그저|주간|주말|번주|금주"
    "|주일|일간|작년|평년|지난|체감|수온|이슬|교차|평균|온도"
)
_ANOTHER_DAY: Final = re.compile(
    rf"[{''.join(sorted({pair[-1] for pair in _PAIRS.split('|')}))}전뒤후]"
    rf"(?:(?<={_PAIRS}|[간일주월년 ][전뒤후])|(?<=번 주))"
)
"""
A part of each word below that names another day or value: most pages need no closer look.

Its last letter first is for speed: few texts have it.
"""

_PERIOD: Final = r"\d{1,3}(?:시간|일|주일?|개?월|년)"
_PART: Final = re.compile(
    rf"(?P<future>내일|모레|글피|이튿날|[명익]일|다음[날주달]|{_PERIOD}[뒤후]|예보|전망|예상|평년|작년이맘때)"
    r"|(?P<value>(?:더위)?체감(?:지수)?|수온|이슬점|일교차|[일월]?최[고저]기온|(?:낮|아침)최[고저]"
    r"|[일월연년]?평균기온|[지노]면온도|바닥온도|실내온도)"
    r"|(?P<past>어제|엊?그제|그저께)"
    r"|(?P<maybe>주간|주말|이번주(?!말)|금주|일주일|\d{1,3}일간|작년|지난[해주달])"
    rf"|(?P<age>{_PERIOD}전(?!국))"
    r"|(?P<weather>날씨|기온|온도)"
    r"|(?P<neutral>전국|지역별?|주요|도시별?|정보|현황|발표|기준|오전|오후|새벽|아침|낮|저녁|밤"
    r"|\d{1,3}[월일시분]|[의과와및℃CＣ])"
    r"|(?P<beside>단기|중기|동네|이번|이맘때|해수욕장|바다|오늘)"
    r"|(?P<unknown>.)"
)
"""
The words of a heading without blanks: ``이번주말날씨`` is ``beside``, ``maybe`` and ``weather``.

Without a word of the weather, ``maybe`` may head articles, and ``age`` is the age of one.
"""

_DIVISION: Final = re.compile(
    r"(?>\d{1,2}[시분]?|오전|오후|새벽|아침|점심|한?낮|저녁|한?밤|수도권|[중남]부(?:지방)?|영[동서남]|호남|충청"
    r"|강원|전라|경[상기]|제주|서울|[동서남]해안?|[남북도권]|[지방역])++"
)
"""A part of a day or of the country: the heading of one of several lists below one heading."""

_LETTERS: Final = re.compile(r"[^\W_]+|℃")
_LONGEST: Final = 40
"""The most characters of a heading."""

_DAY: Final = re.compile(r"현재|지금|실황|오늘|어제|그제|그저께|날씨|기온|주간")

_HALF_LINK: Final = re.compile(r"[^<]*</(?:a|li|option)>", re.IGNORECASE)
_LINK: Final = re.compile(r"<(a|li|option)\b[^<>]*>[^<]*+(?:<(?!/\1>)[^<]*+)*+</\1>", re.IGNORECASE)
"""A link or an item of a list; the first may lack its beginning."""

_ITEM: Final = re.compile(r"^[ \t]*[•·∙◦▪*+][ \t].*$", re.MULTILINE)
_TAG: Final = re.compile(r"<[^<>]*>?")
_LEFT_OUT: Final = "\0"
"""In place of the items of a list, which may have a heading of their own."""

_RAW: Final = 1000
"""The characters, with markup, that contain them."""

_NEAR: Final = 200
"""The characters before a list that contain its heading."""


def forecast(text: str) -> bool:
    """Whether a text is about a future day, or about the highest or lowest of a day."""
    return _FORECAST.search(text) is not None


def day(text: str) -> bool:
    """Whether a text may head a list of its own."""
    if forecast(text) or _DAY.search(text) or is_of_others(text):
        return True
    parts = _parts(_LETTERS.findall(text))
    return bool(parts) and "unknown" not in parts


def division(above: str) -> bool:
    """Whether the text from one list to the next is only such a heading, and the credit."""
    rows = credit.NAMED.sub("\n", _TAG.sub("\n", above)).split("\n")
    words = [word for row in rows if not is_heading(row) for word in _LETTERS.findall(row)]
    return bool(words) and all(map(_DIVISION.fullmatch, words))


def near(before: str) -> str:
    """
    The last 200 visible characters before a list, without links and the items of lists.

    Returns:
        ``""`` if they cannot name another day or another value.
    """
    return _near(before[-_RAW:])


@functools.lru_cache(maxsize=64)  # the same on most pages of a portal
def _near(text: str) -> str:
    if not _ANOTHER_DAY.search(text):
        return ""
    if half := _HALF_LINK.match(text):
        text = "\n" + text[half.end() :]
    text = _TAG.sub("\n", _LINK.sub(_left_out, text))
    text = _ITEM.sub(_LEFT_OUT, text).strip()[-_NEAR:]
    return text if _ANOTHER_DAY.search(text) else ""


def _left_out(link: re.Match[str]) -> str:
    return "\n" if link[1] in "aA" else f"\n{_LEFT_OUT}\n"


def heads_another_day(near: str, date: str | None) -> bool:
    """
    Whether the lowest heading above a list is of a forecast, of another day or of another value.

    ``내일`` above ``2026.03.02 (월)`` is; a pair of tabs ``현재``, ``내일`` does not say which.

    Args:
        near: The text before the list.
        date: The date printed there.
    """
    rows = [row.strip() for row in near.replace(date or "\n", "\n").split("\n") if row.strip()]
    lines = [row for row in rows if row != _LEFT_OUT]
    if not lines or not (forecast(lines[-1]) or _headed(rows)):
        return False
    tabs = set(" ".join(lines[-len(_DAYS) :]).replace("|", " ").split()[-len(_DAYS) :])
    return not (tabs & _NOW and tabs <= _DAYS)


def _headed(rows: list[str]) -> bool:
    """Whether such a heading is directly above a list, or above lines such as ``전국 날씨``."""
    items = neutral = False
    for row, above in zip(rows[::-1], [*rows[-2::-1], ""], strict=True):
        if row == _LEFT_OUT:
            if neutral:
                return False
            items = True
        elif _parts(_LETTERS.findall(row)) <= {"weather", "neutral"}:
            neutral = True
        else:
            bare = set() if neutral else {"past"} if items else {"past", "maybe"}
            return above not in _NOW and is_of_others(row, bare=bare)
    return False


def is_of_others(heading: str, *, bare: set[str] | None = None) -> bool:
    """
    Whether a line has only words of a heading, and one of them names another day or value.

    Args:
        heading: The line, such as ``주간 날씨`` or ``서울 체감온도``.
        bare: The kinds of words that count without a word of the weather too.
    """
    if len(heading) > _LONGEST:
        return False
    words = _LETTERS.findall(heading)
    parts, of_place = _parts(words), _parts(words[1:])
    if "value" in of_place and "unknown" not in of_place:
        return True
    sure = {"future", "value"} | (bare or set())
    if "weather" in parts:
        sure |= {"past", "maybe", "age"}
    return "unknown" not in parts and bool(sure & parts)


def _parts(words: list[str]) -> set[str]:
    """The kinds of the parts of a heading."""
    return {part.lastgroup or "" for part in _PART.finditer("".join(words))}
