"""The heading of a list: the day of its values, or that they are a forecast or another value."""

from __future__ import annotations

import functools
import html
import re
from typing import TYPE_CHECKING, Final

from scraper.sidebar import credit, dates
from scraper.sidebar.entries import entry, is_heading, names_a_station
from scraper.sidebar.labels import is_label

if TYPE_CHECKING:
    from scraper.vocabulary import Words

_FORECAST: Final = re.compile(r"내일(?!\s?신문)|모레|글피|예상|예보|최고|최저|전망(?!대)")
"""Words that do not occur in the 200 characters before the box in any of 138 pages."""

_NOW: Final = {"현재", "지금", "오늘", "실황", "now", "today"}
_DAYS: Final = {
    *(*_NOW, "어제", "내일", "모레", "글피", "주간", "예보"),
    *("yesterday", "tomorrow", "weekly", "forecast"),
}
"""Words on tabs above a list, which do not tell its day."""

_PAIRS: Final = (
    "내일|모레|글피|예상|예보|최고|최저|전망|이튿|명일|익일|다음|어제|그제|그저|주간|주말|번주|금주"
    "|주일|일간|작년|평년|지난|체감|수온|이슬|교차|평균|온도|요일"
)
_ANOTHER_DAY: Final = re.compile(
    rf"[{''.join(sorted({pair[-1] for pair in _PAIRS.split('|')}))}전뒤후]"
    rf"(?:(?<={_PAIRS}|[간일주월년 ][전뒤후])|(?<=번 주))"
)
"""
A part of each word below that names another day or value: most pages need no closer look.

Its last letter first is for speed: few texts have it.
"""

_ENGLISH: Final = ("morrow", "forecast", "yesterday", "week", "outlook", "day", "year")
"""The same of English headings, in small letters."""

_MAY_BE_ENGLISH: Final = re.compile(
    r">[^<a-zA-Z]*+(?:[a-zA-Z]{1,2}+(?![a-zA-Z])[^<a-zA-Z]*+)*+(?:[a-zA-Z]{3}|<(?:[iI][mM]|[hH]\d))"
)
"""A visible word of letters, an image or a heading: near a list, few pages have one."""

_ENGLISH_NEAR: Final = 400
"""The characters, with markup, that contain an English heading."""

_BELOW: Final = 300
"""The characters, with markup, that contain the caption of a list."""

_WEEKDAY: Final = r"[월화수목금토일]{1,7}요일"
_PERIOD: Final = r"\d{1,3}(?:시간|일|주일?|개?월|년)"
_PART: Final = re.compile(
    rf"(?P<future>내일|모레|글피|이튿날|[명익]일|다음[날주달]|{_PERIOD}[뒤후]|예보|전망|예상|평년"
    rf"|(?:주말|(?:이번|지난)주){_WEEKDAY}"
    r"|(?:재?작년|지난[해달주]|(?:\d{1,3}|[일이삼오십백])(?:년|개?월)전)의?(?:오늘|이날|같은날|이맘때)"
    r"|(?:dayafter)?tomorrows?|(?:weather)?forecasts?|outlook|next(?:day|week(?:end)?)"
    r"|(?:lastyear|(?:a|one|\d{1,3})years?ago)(?:today)?)"
    r"|(?P<value>(?:더위)?체감(?:지수)?|수온|이슬점|일교차|[일월]?최[고저]기온|(?:낮|아침)최[고저]"
    r"|[일월연년]?평균기온|[지노]면온도|바닥온도|실내온도)"
    r"|(?P<past>어제|엊?그제|그저께|yesterdays?)"
    r"|(?P<maybe>주간|주말|이번주(?!말)|금주|일주일|\d{1,3}일간|작년|지난[해주달]"
    r"|week(?:ly|end)s?|(?:this|last)week|\d{1,2}days?)"
    rf"|(?P<weekday>{_WEEKDAY}|(?:mon|tues|wednes|thurs|fri|satur|sun)days?)"
    rf"|(?P<age>{_PERIOD}전(?!국))"
    r"|(?P<weather>날씨|기온|온도|s?weather|temperatures?)"
    rf"|(?P<dated>\d{{1,2}}일{_WEEKDAY})"
    r"|(?P<neutral>전국|지역별?|주요|도시별?|정보|현황|발표|기준|오전|오후|새벽|아침|낮|저녁|밤"
    r"|\d{1,3}[월일시분]|[의과와및℃cｃ]|the|for|and|of|in)"
    r"|(?P<today>오늘|현재|지금|실황)"
    r"|(?P<beside>단기|중기|동네|이번|(?:다가|돌아)?오는|이맘때|해수욕장|바다)"
    r"|(?P<unknown>.)"
)
"""
The words of a heading without blanks: ``이번주말날씨`` is ``beside``, ``maybe`` and ``weather``.

Without a word of the weather, ``maybe`` and ``weekday`` may head articles, and ``age`` is the age
of one. Beside ``today`` a weekday is its own; so it is in ``27일 수요일``, if no date is near.
"""

_DIVISION: Final = re.compile(
    r"(?>\d{1,2}[시분]?|오전|오후|새벽|아침|점심|한?낮|저녁|한?밤|수도권|[중남]부(?:지방)?|영[동서남]|호남|충청"
    r"|강원|전라|경[상기]|제주|서울|[동서남]해안?|[남북도권]|[지방역])++"
)
"""A part of a day or of the country: the heading of one of several lists below one heading."""

_BARE: Final = {"past", "maybe", "weekday"}
"""The kinds of words that count without a word of the weather directly above a list."""

_LETTERS: Final = re.compile(r"[^\W_]+|℃")
_LONGEST: Final = 40
"""The most characters of a heading."""

_DAY: Final = re.compile(r"현재|지금|실황|오늘|어제|그제|그저께|날씨|기온|주간")

_HALF_LINK: Final = re.compile(r"[^<]*</(?:a|li|option)>", re.IGNORECASE)
_LINK: Final = re.compile(r"<(a|li|option)\b[^<>]*>[^<]*+(?:<(?!/\1>)[^<]*+)*+</\1>", re.IGNORECASE)
"""A link or an item of a list; the first may lack its beginning."""

_ITEM: Final = re.compile(r"^[ \t]*[•·∙◦▪*+][ \t].*$", re.MULTILINE)
_TAG: Final = re.compile(r"<[^<>]*>?")
_OF_LINK: Final = re.compile(r"<(?:a|li|option|link|button|input)\b", re.IGNORECASE)
_IN_TAG: Final = re.compile(
    r"\b(?:alt|title|aria-label)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))", re.IGNORECASE
)
"""The text of an image, or the one that an element shows under the mouse or reads out."""

_NAMES: Final = ("alt", "title", "label")
"""A part of the name of each: a quick test."""

_FULL_DATE: Final = re.compile(r"20\d\d\D{1,3}\d{1,2}\D{1,3}\d{1,2}\D{0,2}")
_BESIDE_DAY: Final = re.compile(rf"(?<=\d일)[\s(]*{_WEEKDAY}")
_TITLE: Final = re.compile(r"weather\s+forecast", re.IGNORECASE)
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
    return _near(">" + before[-_RAW:])


@functools.lru_cache(maxsize=64)  # the same on most pages of a portal
def _near(text: str) -> str:
    if not _may_head(text):
        return ""
    text = text[1:]
    if half := _HALF_LINK.match(text):
        text = "\n" + text[half.end() :]
    text = _LINK.sub(_left_out, text)
    small = text.lower()
    shows = any(name in small for name in _NAMES)
    text = html.unescape(_TAG.sub(_of_tag if shows else "\n", text))
    text = _ITEM.sub(_LEFT_OUT, text).strip()[-_NEAR:]
    return text if _may_head(">" + text) else ""


def _may_head(text: str) -> bool:
    """Whether a text may contain a heading of another day or value: a quick test."""
    if _ANOTHER_DAY.search(text):
        return True
    begins = text.find(">", max(0, len(text) - _ENGLISH_NEAR))
    if not _MAY_BE_ENGLISH.search(text, max(0, begins)):
        return False
    small = text.lower()
    return any(stem in small for stem in _ENGLISH)


def _of_tag(tag: re.Match[str]) -> str:
    """The heading of another day or value that an image or another element shows."""
    if "=" not in tag[0] or _OF_LINK.match(tag[0]):
        return "\n"
    shown = [html.unescape("".join(found)) for found in _IN_TAG.findall(tag[0])]
    headings = [one for one in shown if is_of_others(one, bare=_BARE)]
    return "\n".join(["", *headings, ""])


def _weekday(date: str) -> str:
    """The weekday of a printed date, such as ``토요일``; ``""`` if it has none."""
    found = dates.PRINTED.search(date)
    return f"{found['short'] or found['long']}요일" if found else ""


def _left_out(link: re.Match[str]) -> str:
    return "\n" if link[1] in "aA" else f"\n{_LEFT_OUT}\n"


def _left_out_below(link: re.Match[str]) -> str:
    """The same, but a link with KMA's credit stays."""
    return link[0] if credit.NAMED.search(link[0]) else _left_out(link)


def captioned(below: str, words: Words) -> bool:
    """
    Whether the first row below a list is of a forecast, of another day or of another value.

    Args:
        below: The text after the last sign of the list. Labels and cities in it belong to the list;
            KMA's credit ends the box.
        words: The known words.
    """
    below = below[:_BELOW]
    if not _may_head(">" + below):
        return False
    for row in html.unescape(_TAG.sub("\n", _LINK.sub(_left_out_below, below))).split("\n"):
        text = credit.NAMED.sub("", row)
        kinds = _parts(_LETTERS.findall(text))
        if _LEFT_OUT in row or (text != row and not kinds):
            return False
        if kinds <= {"neutral"} or is_label(text, words) or names_a_station(entry(text), words):
            continue
        return is_of_others(text.strip())
    return False


def heads_another_day(near: str, date: str | None, *, is_known: bool = False) -> bool:
    """
    Whether the lowest heading above a list is of a forecast, of another day or of another value.

    ``내일`` above ``2026.03.02 (월)`` is; a pair of tabs ``현재``, ``내일`` does not say which.

    Args:
        near: The text before the list.
        date: The date printed there, whose weekday is today.
        is_known: Whether the list is a box by its name, date and credit. ``Weather forecast`` may
            be the title of that.
    """
    if date and (weekday := _weekday(date)):
        near = near.replace(date, "\n").replace(weekday, "오늘")
    else:
        near = _BESIDE_DAY.sub("", near)
    if is_known:
        near = _TITLE.sub("\n", near)
    rows = [row.strip() for row in near.split("\n") if row.strip()]
    lines = [row for row in rows if row != _LEFT_OUT]
    if not lines or not (forecast(lines[-1]) or _headed(rows)):
        return False
    words = " ".join(lines[-len(_DAYS) :]).lower().replace("|", " ").split()
    tabs = set(words[-len(_DAYS) :])
    return not (tabs & _NOW and tabs <= _DAYS)


def _headed(rows: list[str]) -> bool:
    """Whether such a heading is directly above a list, or above lines such as ``전국 날씨``."""
    items = neutral = False
    for row, above in zip(rows[::-1], [*rows[-2::-1], ""], strict=True):
        kinds = _parts(_LETTERS.findall(row))
        if row == _LEFT_OUT:
            if neutral:
                return False
            items = True
        elif kinds <= {"weather", "neutral"} or kinds <= {"dated", "neutral"}:
            neutral = True
        else:
            bare = set() if neutral else {"past"} if items else _BARE
            if kinds == {"weekday"} and _FULL_DATE.fullmatch(above):
                return False
            return above.lower() not in _NOW and is_of_others(row, bare=bare)
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
        sure |= _BARE | {"age", "dated"}
    if "today" in parts:
        sure -= {"weekday", "dated"}
    return "unknown" not in parts and bool(sure & parts)


def _parts(words: list[str]) -> set[str]:
    """The kinds of the parts of a heading, in small letters."""
    return {part.lastgroup or "" for part in _PART.finditer("".join(words).lower())}
