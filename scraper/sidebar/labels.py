"""Separates labels and cities that are printed together; neither is taken for the other."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

from scraper.vocabulary import KNOWN, NO_LABEL, NO_SKY_REPORTED, STATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scraper.vocabulary import Words

_LONGEST_NAME: Final = 40

_MORE_WEATHER_WORDS: Final = {
    *["가끔", "한때", "후", "뒤", "또는", "및", "곳", "차차", "많고", "조금", "그친"],
    *["약한", "강한", "낮은", "높은", "옅은", "짙은"],
    *["흐리고", "흐린", "맑고", "맑은", "구름많고", "구름조금"],
}


@functools.lru_cache(maxsize=8)
def _only_weather_words(words: Words) -> re.Pattern[str]:
    of_labels = {word for label in words.conditions for word in re.split(r"[\s/-]+", label) if word}
    longest_first = sorted(_MORE_WEATHER_WORDS | of_labels, key=len, reverse=True)
    return re.compile(rf"(?>{'|'.join(map(re.escape, longest_first))}|[\s/,·+()~-])++")


def _squeezed(text: str) -> str:
    return "".join(text.split())


PROVINCES: Final = {station.province for station in STATIONS.values()} - STATIONS.keys()
"""Provinces, which before a city belong to its name: 경기 광주 is not 광주."""


@functools.lru_cache(maxsize=8)
def _glued(words: Words) -> Mapping[str, str]:
    """Every known label joined to every known city; no two pairs of the tables look the same."""
    return {
        _squeezed(label + city): city
        for label in words.conditions
        if label
        for city in words.stations
    }


def is_label(text: str, words: Words = KNOWN) -> bool:
    """Whether a text consists of KMA's words, and so is a label, even in a new combination."""
    return text == NO_SKY_REPORTED or bool(
        len(text) <= _LONGEST_NAME
        and _only_weather_words(words).fullmatch(text)
        and text.strip("/,·+()~- ")
    )


def leading_label(text: str, words: Words = KNOWN) -> str:
    """The known label at the beginning of a text, as a whole word; ``""`` if there is none."""
    for at in range(min(len(text), _LONGEST_NAME), 0, -1):
        if text[:at] in words.conditions and (at == len(text) or text[at].isspace()):
            return text[:at]
    return NO_LABEL


def split(head: str, words: Words = KNOWN) -> tuple[str, str]:
    """
    Separate the label and the city of a text such as ``"흐림서울"`` or ``"서울 흐림"``.

    A possible longer city name stays whole: ``"북대구"`` may be a new station, not 대구 with a
    label ``"북"``.

    Returns:
        The label, ``""`` without a clear one, and the city.
    """
    if head in words.stations:
        return NO_LABEL, head
    if len(head) <= _LONGEST_NAME and (city := _glued(words).get(_squeezed(head))):
        at = len(head) - len(city)
        while _squeezed(head[at:]) != city:  # a blank in the city
            at -= 1
        return head[:at].strip(), city
    if head.startswith(NO_SKY_REPORTED):
        return NO_SKY_REPORTED, head[1:].strip()
    if is_label(head, words):
        return head, ""
    return _label_last(head, words) or _label_first(head, words) or (NO_LABEL, head)


def _label_last(head: str, words: Words) -> tuple[str, str] | None:
    """A known city, and a label after it as a separate word."""
    city, *rest = head.split(maxsplit=1)
    if not rest or city not in words.stations or not is_label(rest[0], words):
        return None
    return rest[0], city


def _label_first(head: str, words: Words) -> tuple[str, str] | None:
    """The longest known label before any city, or a new label before a known city."""
    for at in range(min(len(head), _LONGEST_NAME) - 1, 0, -1):
        label, city = head[:at].strip(), head[at:].strip()
        # A single syllable such as 비 may also begin a name.
        known = label in words.conditions and (len(label) > 1 or head[at].isspace())
        if known or (city in words.stations and is_label(label, words)):
            return label, city
    return None
