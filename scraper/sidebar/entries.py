"""
One entry of a list -> a line: label, icon code, city and temperature, as printed.

An entry has a sign for degrees Celsius. The city with its number comes before the sign, and the
label before or after the city: in its own element or line, or joined to it.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from scraper.sidebar import dates
from scraper.sidebar.labels import PROVINCES, is_label, split
from scraper.vocabulary import NO_LABEL, NO_SKY_REPORTED, UNSEEN

if TYPE_CHECKING:
    from scraper.vocabulary import Words

SIGN: Final = re.compile(r"℃|[°º˚]\s*+[CＣ]")
"""KMA's sign, or the two characters of other systems; ``º`` and ``˚`` may replace ``°``."""

BULLETS: Final = " \t\r\xa0\u200b\u2060\u3000\ufeff•‧·∙⋅●○◦▪▫■□▶►▷◆◇※*+,;，"
_INNER_BULLET: Final = re.compile(r"[•●○◦▪▫■□▶►▷◆◇]")
_NUMBERED: Final = re.compile(r"\d{1,3}[.)]\s+")
_LONE_DASH: Final = re.compile(r"-\s+")
_DASH_CELL: Final = re.compile(r"-(?:\s*\||[ \xa0]*\t|\s+(?=[-–−－‐‑‒﹣+＋]))\s*")
"""``-`` in a cell of its own, or before another sign: a label between a city and its number."""

_UP_TO_THE_NUMBER: Final = re.compile(
    r"(.*(?:[^\W\d_]|\ufffd)[)\]】〕）］]?)?"
    r"(?:[\s:|]|[/,](?=\s|\Z)|[(（\[]\s*+[)）\]])*+([\W\d_]*)",
    re.DOTALL,
)
"""A head, the separators and empty places after it, and a number."""

_POINT: Final = re.compile(r"(?<=[0-9])\n*\.\n*(?=[0-9])")
"""The point of ``<b>7</b><small>.3</small>``, with what separates elements."""

_SIGN_WORDS: Final = ("영하", "영상")
_MARKUP: Final = re.compile(r"[<>]")
_BETWEEN: Final = re.compile(r"[\n|]")
_BRACKET: Final = re.compile(r"\s?[(（]")
_AROUND_LABELS: Final = " \n/,-"
_BETWEEN_WORDS: Final = re.compile(r"[\s|/:,()\[\]【】〔〕（）［］]+")
_HANGUL: Final = re.compile(r"[가-힣]")
_WORD: Final = re.compile(r"[^\s|/·ㆍ.,()\[\]:℃°C]+")
_SENTENCE_ENDS: Final = re.compile(r"(?:[다요죠]|\.)[.!?]?$")
_NO_PLACE: Final = {
    *["지역", "지역명", "도시", "도시명", "지점", "지점명", "시도", "구분", "시간", "관측소"],
    *["날씨", "하늘", "하늘상태", "기온", "온도", "현재", "현재기온", "현재날씨", "습도", "풍속"],
}
"""Words beside a city that belong to its value, such as ``서울 현재 1.0℃``."""

_HEADING: Final = re.compile(
    "(?:(?:지역|도시|지점|관측|권역|위치|장소|시도|시군|구분|시간|시각|일시|전국|주요|현재|아침|낮"
    "|날씨|일기|기상|하늘|상태|현황|정보|아이콘|그림|기온|온도|습도|풍속|풍향|강수)[명별소구값량]?)++"
    "|[시도군구]"
)
"""A word in the heading row of a table, such as ``주요도시`` or ``하늘상태``."""


_OTHERS: Final = 3
"""The least entries with a label for a list in which each entry has one."""


class Line(NamedTuple):
    """
    The printed line of one city.

    Attributes:
        label: Such as ``"흐림"``; also ``"-"`` or ``""``.
        icon: KMA's icon code in the markup, such as ``"04"``; ``""`` if missing.
        city: Such as ``"서울"``.
        temperature: Without its sign, such as ``"-7.3"``; ``""`` if no number is printed.
    """

    label: str
    icon: str
    city: str
    temperature: str

    @property
    def printed(self) -> list[str]:
        """Label, city and temperature, without missing ones."""
        return [part for part in (self.label, self.city, self.temperature) if part]


class Listing(NamedTuple):
    """
    The lines of a list, and their oddities.

    Attributes:
        lines: In printed order.
        prose: Whether there are other words among the entries, as in a sentence of an article.
        unplaced: Whether there are labels whose city is not clear.
        label_last: Whether the last label follows its temperature.
    """

    lines: tuple[Line, ...]
    prose: bool = False
    unplaced: bool = False
    label_last: bool = False


def line(  # noqa: PLR0913
    before: str,
    words: Words,
    *,
    icon: str = "",
    above: str = NO_LABEL,
    after: str = "",
    signed: bool = True,
) -> Line:
    """
    The line of one entry.

    Args:
        before: The text up to the sign, with newlines between elements.
        words: The known words.
        icon: The icon code.
        above: The label on the line above, if there is one.
        after: The text after the sign, which may be a label.
        signed: Whether there is a sign. A number without one is cut, or another number.
    """
    if "<" in before or ">" in before:  # of a damaged tag
        before = _MARKUP.split(before)[-1]
    if not before.isprintable():  # a quick test; it has newlines, or something unseen
        before = UNSEEN.sub("", before)
    match = _UP_TO_THE_NUMBER.fullmatch(before)
    head, number = match.groups("") if match else (before, "")  # this always matches
    number = _joined(number)
    if not head and (dash := _LONE_DASH.match(number)):  # a label without letters, and no city
        head, number = NO_SKY_REPORTED, number[dash.end() :]
    if not "가" <= head[-1:] <= "힣":
        head, number = _with_letters(before, head, number, words)
    if after[:1] == ")" and number[:1] == "(":
        number = number[1:]
    if head[-2:] in _SIGN_WORDS:
        head, number = head[:-2], f"{head[-2:]} {number}"
    label, city = label_and_city(head, words)
    if city and not label and (dash := _DASH_CELL.match(number)):
        label, number = NO_SKY_REPORTED, number[dash.end() :]
    if not label and (above or after):
        label = above or label_after(after, words)
    if label in PROVINCES:
        label, city = NO_LABEL, f"{label} {city}"
    return Line(label=label, icon=icon, city=city, temperature=number.strip() if signed else "")


def _joined(number: str) -> str:
    """A number without what separates its elements, or its cell from that of its sign."""
    number = number.rstrip().rstrip("|")
    return _POINT.sub(".", number) if "\n" in number else number


def label_after(after: str, words: Words) -> str:
    """The label in a text after a sign, or in the next cell of its row; ``""`` without one."""
    text = UNSEEN.sub("", after).strip(BULLETS + "|\n")
    return _bare(text) if is_label(text, words) else NO_LABEL


def _bare(label: str) -> str:
    """A label without separators or brackets around it."""
    text = label.strip(_AROUND_LABELS)
    return (text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text) or label


def _with_letters(before: str, head: str, number: str, words: Words) -> tuple[str, str]:
    """The head and the number, if that has letters and follows a city: ``서울 1e3``."""
    *city_and_label, last = head.rsplit(maxsplit=1) or [""]
    if not city_and_label or _HANGUL.search(last):  # or the last word is a label: 서울 (맑음)
        return head, number
    if label_and_city(city_and_label[0], words)[1] in words.stations:
        return city_and_label[0], before[len(city_and_label[0]) :]
    return head, number


@functools.lru_cache(maxsize=1024)  # the same few hundred pairs on every page
def label_and_city(head: str, words: Words) -> tuple[str, str]:
    """The label and the city in the text before a number, in either order."""
    label, city = _by_place(head, words)
    if city not in words.stations and "(" in (joined := _BRACKET.sub("(", head)):
        label, city = _by_place(joined.replace("）", ")"), words)
    if city in words.stations and (not label or is_label(label, words)):
        return _bare(label), city
    return _by_words(head, words) or (label, city)


def _by_place(head: str, words: Words) -> tuple[str, str]:
    """The label and the city by the rows or cells in which they are, or by known words."""
    pieces = [piece for part in _BETWEEN.split(head) if (piece := part.strip(BULLETS))]
    if not pieces:
        return NO_LABEL, ""
    if len(pieces) == 1:
        return split(pieces[0], words)
    *above, first, last = pieces
    if is_label(first, words):
        return first, last  # without the text above the list
    if is_label(last, words):
        return last, f"{above[-1]} {first}" if above[-1:] and above[-1] in PROVINCES else first
    return " ".join([*above, first]), last


def _by_words(head: str, words: Words) -> tuple[str, str] | None:
    """The label and the city of a text such as ``[서울] 맑음``; None if it has other words."""
    parts = [part for part in _BETWEEN_WORDS.split(head) if part and part not in _NO_PLACE]
    for city, others in ((parts[:1], parts[1:]), (parts[-1:], parts[:-1])):
        label = " ".join(others)
        if city and city[0] in words.stations and (not label or is_label(label, words)):
            return label, city[0]
    return None


def settled(listing: Listing, words: Words) -> Listing:
    """
    Separate labels of one syllable from cities that the tables lack.

    ``눈새고을`` may be a city without a label; if every other entry of a list has a label, it is
    ``눈`` and ``새고을``.
    """
    bare = [n for n, one in enumerate(listing.lines) if not (one.label or one.icon)]
    glued = [n for n in bare if _begins_with_label(listing.lines[n].city, words)]
    if not glued or bare != glued or len(listing.lines) - len(glued) < _OTHERS:
        return listing
    lines = list(listing.lines)
    for n in glued:
        city = lines[n].city
        lines[n] = lines[n]._replace(label=city[:1], city=city[1:])
    return listing._replace(lines=tuple(lines))


def _begins_with_label(city: str, words: Words) -> bool:
    """Whether a name may be a label and a city: ``눈새고을``, but not ``눈보라부산``."""
    if len(city) <= 2 or city in words.stations or city[:1] not in words.conditions:
        return False
    return not any(city[at:] in words.stations for at in range(2, len(city)))


def of_a_station(text: str, words: Words) -> Line | None:
    """The line of a text that is a known city, alone or with a label; None if it is not."""
    found = line(text, words)
    known = found.city in words.stations and (not found.label or is_label(found.label, words))
    return found if known else None


def names_a_station(text: str, words: Words) -> bool:
    """Whether a text is a known city, alone or with a label."""
    return of_a_station(text, words) is not None


def entry(text: str) -> str:
    """The possible entry in a part of a text row, without bullets, numbering and the date."""
    if date := dates.PRINTED.search(text):
        text = text[date.end() :]
    text = _INNER_BULLET.split(text)[-1].strip(BULLETS + "|")
    return _NUMBERED.sub("", text, count=1) if _NUMBERED.match(text) else text


def is_heading(text: str) -> bool:
    """Whether a text has only words of a table's heading row, such as ``지역 날씨 기온(℃)``."""
    found = _WORD.findall(text)
    return bool(found) and all(map(_HEADING.fullmatch, found))


def is_prose(after: str, words: Words) -> bool:
    """
    Whether a text after a sign belongs to a sentence: words that are neither label nor city.

    A word alone may be a label that the tables lack, unless it ends a sentence as ``등이다`` does.
    """
    text = after.strip(BULLETS + "|\n")
    if not _HANGUL.search(text) or text.startswith("(") or is_heading(text):
        return False
    if " " not in text and not _SENTENCE_ENDS.search(text):
        return False
    return not (is_label(text, words) or names_a_station(text, words))
