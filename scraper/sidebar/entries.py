"""
One entry of a list -> a line: label, icon code, city and temperature, as printed.

An entry has a sign for degrees Celsius. Before that stands the city with its number, and before or
after the city, in an element or a text line of its own or glued to it, the label.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from scraper.sidebar import dates
from scraper.sidebar.labels import PROVINCES, is_label, split
from scraper.vocabulary import NO_LABEL, NO_SKY_REPORTED

if TYPE_CHECKING:
    from scraper.vocabulary import Words

SIGN: Final = re.compile(r"℃|[°º˚]\s?[CＣ]")
"""KMA's sign, or the two characters of other systems; ``º`` and ``˚`` stand in for ``°``."""

BULLETS: Final = " \t\r\xa0\ufeff•‧·∙⋅●○◦▪▫■□▶►▷◆◇※*+,;，"
_INNER_BULLET: Final = re.compile(r"[•●○◦▪▫■□▶►▷◆◇]")
_NUMBERED: Final = re.compile(r"\d{1,3}[.)]\s+")
_LONE_DASH: Final = re.compile(r"-\s+")
_UP_TO_THE_NUMBER: Final = re.compile(r"(.*(?:[^\W\d_]|\ufffd)[)\]]?)?[\s:|]*([\W\d_]*)", re.DOTALL)
_MARKUP: Final = re.compile(r"[<>]")
_BETWEEN: Final = re.compile(r"[\n|]")
_HANGUL: Final = re.compile(r"[가-힣]")
_WORD: Final = re.compile(r"[^\s|/()\[\]:℃°C]+")
_SENTENCE_ENDS: Final = re.compile(r"(?:[다요죠]|\.)[.!?]?$")
_HEADINGS: Final = {
    *["지역", "지역명", "도시", "도시명", "지점", "지점명", "시도", "구분", "시간", "관측소"],
    *["날씨", "하늘", "하늘상태", "기온", "온도", "현재", "현재기온", "현재날씨", "습도", "풍속"],
}
"""Words in the heading row of a table, above the columns of cities, labels and temperatures."""


_OTHERS: Final = 3
"""Entries with a label at least, for a list to be one in which each has a label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    What is printed of one city.

    Attributes:
        label: Such as ``"흐림"``; ``"-"`` or ``""`` too are printed.
        icon: KMA's icon code in the markup, such as ``"04"``; ``""`` where there is none.
        city: Such as ``"서울"``.
        temperature: Without its sign, such as ``"-7.3"``; ``""`` where no number is printed.
    """

    label: str
    icon: str
    city: str
    temperature: str

    @property
    def printed(self) -> list[str]:
        """Label, city and temperature, without those that are not printed."""
        return [part for part in (self.label, self.city, self.temperature) if part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """
    The lines of a list, and what about them is odd.

    Attributes:
        lines: In printed order.
        prose: Whether other words stand among the entries, as in the sentence of an article.
        unplaced: Whether there are labels of which it is not clear to which city they belong.
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
        before: Up to the sign; newlines stand between elements.
        words: What is known of words.
        icon: The icon code.
        above: The label on the line above, where there is one.
        after: What follows the sign; a label may stand there.
        signed: Whether there is a sign. A number without one is cut, or another number.
    """
    if "<" in before or ">" in before:  # of a damaged tag
        before = _MARKUP.split(before)[-1]
    match = _UP_TO_THE_NUMBER.fullmatch(before)
    head, number = match.groups("") if match else (before, "")  # it always matches
    if not head and (dash := _LONE_DASH.match(number)):  # a label without letters, and no city
        head, number = NO_SKY_REPORTED, number[dash.end() :]
    if not "가" <= head[-1:] <= "힣":
        head, number = _with_letters(before, head, number, words)
    label, city = label_and_city(head, words)
    if not label and (above or after):
        label = above or (after.strip() if is_label(after.strip(), words) else NO_LABEL)
    if label in PROVINCES:
        label, city = NO_LABEL, f"{label} {city}"
    return Line(label=label, icon=icon, city=city, temperature=number.strip() if signed else "")


def _with_letters(before: str, head: str, number: str, words: Words) -> tuple[str, str]:
    """The head and the number, where that has letters and comes after a city: ``서울 1e3``."""
    *city_and_label, _ = head.rsplit(maxsplit=1) or [""]
    if city_and_label and label_and_city(city_and_label[0], words)[1] in words.stations:
        return city_and_label[0], before[len(city_and_label[0]) :]
    return head, number


@functools.lru_cache(maxsize=1024)  # the same few hundred pairs on every page
def label_and_city(head: str, words: Words) -> tuple[str, str]:
    """The label and the city in what stands before a number, in either order."""
    pieces = [piece for part in _BETWEEN.split(head) if (piece := part.strip(BULLETS))]
    if not pieces:
        return NO_LABEL, ""
    if len(pieces) == 1:
        return split(pieces[0], words)
    label, city = " ".join(pieces[:-1]), pieces[-1]
    if is_label(pieces[-2], words):
        label = pieces[-2]  # without what stands above the list
    if label in words.stations and is_label(city, words):
        return city, label
    return label, city


def settled(listing: Listing, words: Words) -> Listing:
    """
    A list in which a label of one syllable is told from a city that the tables lack.

    ``눈새고을`` may be a city without a label; where every other entry of a list has a label, it is
    ``눈`` and ``새고을``.
    """
    bare = [n for n, one in enumerate(listing.lines) if not (one.label or one.icon)]
    glued = [n for n in bare if _begins_with_label(listing.lines[n].city, words)]
    if not glued or bare != glued or len(listing.lines) - len(glued) < _OTHERS:
        return listing
    lines = list(listing.lines)
    for n in glued:
        city = lines[n].city
        lines[n] = replace(lines[n], label=city[:1], city=city[1:])
    return replace(listing, lines=tuple(lines))


def _begins_with_label(city: str, words: Words) -> bool:
    """Whether a name may be a label and a city: ``눈새고을``, but not ``눈보라부산``."""
    if len(city) <= 2 or city in words.stations or city[:1] not in words.conditions:
        return False
    return not any(city[at:] in words.stations for at in range(2, len(city)))


def names_a_station(text: str, words: Words) -> bool:
    """Whether a text is a city that we know, alone or with a label."""
    found = line(text, words)
    return found.city in words.stations and (not found.label or is_label(found.label, words))


def entry(text: str) -> str:
    """What of a part of a text row can be an entry: after bullets, numbering and the date."""
    if date := dates.PRINTED.search(text):
        text = text[date.end() :]
    text = _INNER_BULLET.split(text)[-1].strip(BULLETS + "|")
    return _NUMBERED.sub("", text, count=1) if _NUMBERED.match(text) else text


def is_heading(text: str) -> bool:
    """Whether a text has words of a table's heading row alone, such as ``지역 날씨 기온(℃)``."""
    found = _WORD.findall(text)
    return bool(found) and all(word in _HEADINGS for word in found)


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
