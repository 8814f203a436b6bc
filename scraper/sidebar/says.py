"""The heading of a list: the day of its values, or that they are a forecast."""

from __future__ import annotations

import functools
import re
from typing import Final

_FORECAST: Final = re.compile("내일|모레|글피|예상|예보|최고|최저|전망")
"""Words that do not occur in the 200 characters before the box in any of 138 pages."""

_NOW: Final = {"현재", "지금", "오늘", "실황"}
_DAYS: Final = {*_NOW, "어제", "내일", "모레", "글피", "주간", "예보"}
"""Words on tabs above a list, which do not tell its day."""

_DAYS_BEFORE: Final = "어제|그제|그저께"
_ANOTHER_DAY: Final = re.compile(f"{_FORECAST.pattern}|{_DAYS_BEFORE}")
_PAST: Final = re.compile(rf"(?:{_DAYS_BEFORE})(?:의? ?(?:날씨|기온))?")
"""A whole heading. A news line may begin with ``어제`` too, such as ``어제 개막한 축제``."""

_DAY: Final = re.compile(r"현재|오늘|어제|그제|그저께|날씨|기온|주간")

_HALF_LINK: Final = re.compile(r"[^<]*</(?:a|li|option)>", re.IGNORECASE)
_LINK: Final = re.compile(r"<(a|li|option)\b[^<>]*>.*?</\1>", re.IGNORECASE | re.DOTALL)
"""A link or an item of a list; the first may lack its beginning."""

_ITEM: Final = re.compile(r"^[ \t]*[•·∙◦▪*+][ \t].*$", re.MULTILINE)
_TAG: Final = re.compile(r"<[^<>]*>?")
RAW: Final = 1000
"""The characters, with markup, that contain them."""

_NEAR: Final = 200
"""The characters before a list that contain its heading."""


def forecast(text: str) -> bool:
    """Whether a text is about a future day, or about the highest or lowest of a day."""
    return _FORECAST.search(text) is not None


def another_day(text: str) -> bool:
    """Whether a text names a day to come or a day before, anywhere in it."""
    return _ANOTHER_DAY.search(text) is not None


def day(text: str) -> bool:
    """Whether a text may head a list of its own."""
    return forecast(text) or _DAY.search(text) is not None


def near(before: str) -> str:
    """The last 200 visible characters before a list, without links and the items of lists."""
    return _near(before[-RAW:])


@functools.lru_cache(maxsize=64)  # the same on most pages of a portal
def _near(text: str) -> str:
    if half := _HALF_LINK.match(text):
        text = "\n" + text[half.end() :]
    text = _TAG.sub("\n", _LINK.sub("\n", text))
    return _ITEM.sub("", text).strip()[-_NEAR:]


def heads_another_day(near: str, date: str | None) -> bool:
    """
    Whether the line directly above a list, apart from its date, heads a forecast or an earlier day.

    ``내일`` above ``2026.03.02 (월)`` does; a pair of tabs ``현재``, ``내일`` does not say which.

    Args:
        near: The text before the list.
        date: The date printed there.
    """
    lines = [row.strip() for row in near.replace(date or "\n", "\n").split("\n") if row.strip()]
    if not lines or not (forecast(lines[-1]) or _PAST.fullmatch(lines[-1])):
        return False
    tabs = set(" ".join(lines[-len(_DAYS) :]).replace("|", " ").split()[-len(_DAYS) :])
    return not (tabs & _NOW and tabs <= _DAYS)
