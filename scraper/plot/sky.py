"""The colour, sign and words of each condition, the same in every picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from db.korean.lines import said
from db.korean.words import CONDITIONS
from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.korean import Language
    from db.reading import Station

Script: TypeAlias = Literal["both", "ko", "en"]
"""The names in a picture: Korean beside English, or one of them."""


def script(language: Language, *, hangul: bool = True) -> Script:
    """The names in a picture in that language; without a font for Hangul the English ones."""
    if not hangul:
        return "en"
    return "ko" if language == "ko" else "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a condition is drawn: ``#rrggbb`` in colour, and one ASCII character in text."""

    colour: str
    sign: str


UNKNOWN: Final = Look(colour="#ffffff", sign="?")
"""An unknown word, or one that the portal has lost."""

NOT_REPORTED: Final = Look(colour="#eeeeee", sign="_")
"""``-``: the station reports no sky."""

_WET: Final = "#2f74b5"
_DAMP: Final = "#85b4de"
_WHITE: Final = "#9adbe8"
_MIXED: Final = "#5f9ea0"
_ICE: Final = "#3fb8a0"
_VEIL: Final = "#cdbfa3"

LOOKS: Final = {
    "clear": Look(colour="#ffc93c", sign="."),
    "mostly_clear": Look(colour="#ffe8a1", sign=":"),
    "mostly_cloudy": Look(colour="#c4ccd4", sign="="),
    "overcast": Look(colour="#87929d", sign="#"),
    "drizzle": Look(colour=_DAMP, sign="'"),
    "light_rain": Look(colour=_DAMP, sign="'"),
    "rain": Look(colour=_WET, sign="/"),
    "rain_shower": Look(colour=_WET, sign="/"),
    "recent_rain": Look(colour=_DAMP, sign="'"),
    "freezing_rain": Look(colour=_ICE, sign="%"),
    "sleet": Look(colour=_MIXED, sign="x"),
    "sleet_shower": Look(colour=_MIXED, sign="x"),
    "light_snow": Look(colour=_WHITE, sign="*"),
    "snow": Look(colour=_WHITE, sign="*"),
    "snow_shower": Look(colour=_WHITE, sign="*"),
    "blowing_snow": Look(colour=_WHITE, sign="*"),
    "snow_grains": Look(colour=_WHITE, sign="*"),
    "snow_pellets": Look(colour=_ICE, sign="%"),
    "ice_pellets": Look(colour=_ICE, sign="%"),
    "hail": Look(colour=_ICE, sign="%"),
    "thunderstorm": Look(colour="#7a4fa3", sign="!"),
    "lightning": Look(colour="#7a4fa3", sign="!"),
    "fog": Look(colour=_VEIL, sign="~"),
    "mist": Look(colour=_VEIL, sign="~"),
    "haze": Look(colour=_VEIL, sign="~"),
    "dust": Look(colour="#b9832f", sign="&"),
}
"""Our conditions; kinds of one weather look alike, and a legend names those that occur."""


def look(condition: str | None, label: str) -> Look:
    """The look of a condition, by our name and the printed word."""
    if condition is None:
        return NOT_REPORTED if label == "-" else UNKNOWN
    return LOOKS.get(condition, UNKNOWN)


def words(condition: str | None, label: str, script: Script = "both") -> str:
    """A condition in words, such as ``흐림 overcast``, or in one language."""
    if label == "-" or (not label and condition is None):
        line = "no sky reported" if label == "-" else "word missing"
        return said(line, "ko" if script == "ko" else "en")
    if script == "ko":
        return printable(label) or CONDITIONS.get(condition or "", "?")
    ours = (condition or "unknown").replace("_", " ")
    return f"{printable(label)} {ours}".strip() if script == "both" else ours


def legend(skies: Iterable[tuple[str | None, str]], script: Script = "both") -> dict[Look, str]:
    """The words for each look that occurs, in the order of ``LOOKS``."""
    order = [*LOOKS.values(), NOT_REPORTED, UNKNOWN]
    found: dict[Look, list[str]] = {}
    for condition, label in skies:
        text = words(condition, label, script)
        known = found.setdefault(look(condition, label), [])
        if text not in known:
            known.append(text)
    return {one: _some(found[one]) for one in sorted(found, key=order.index)}


def _some(texts: list[str]) -> str:
    """A few of them, as the legend has one line."""
    return ", ".join(texts[:2]) + (", ..." if len(texts) > 2 else "")


def name(station: Station, script: Script = "both") -> str:
    """A station's names, such as ``서울 Seoul``, or the one of a language."""
    if script == "en":
        return station.name_en or "(a name in Hangul)"
    english = station.name_en or "" if script == "both" else ""
    return f"{printable(station.name_ko)} {english}".strip()


def short_name(station: Station, script: Script = "both") -> str:
    """A station's name in one word: the Korean, unless Hangul cannot be written."""
    return name(station, "en" if script == "en" else "ko")
