"""KMA's credit: a box has it as a separate text, articles have it in captions."""

from __future__ import annotations

import re
from typing import Final

_KMA: Final = "기상청"
NAMED: Final = re.compile(r"기상청[^\n<]{0,10}제공|제공[^\n<]{0,10}기상청|자료[^\n<]{0,10}기상청")
"""Wherever KMA is credited: on every known sidebar ``기상청 제공``."""

_OWN: Final = re.compile(
    r"(?:^|[>\n℃CＣ])[\s•·※*\[-]*"
    r"(?:기상청\s?(?:날씨|정보)?\s?제공"
    r"|(?:(?:날씨|기상)\s?(?:정보)?\s?)?제공\s?[:：]?\s?기상청)"
    r"[\s\].]*(?=$|[<\n])"
)
"""The credit as the whole element or line: not ``사진=기상청 제공`` or ``(자료=기상청)``."""

_CAPTION: Final = re.compile(r"<(?:figcaption|caption|em)\b[^<>]*>\s*$", re.IGNORECASE)
_BEFORE: Final = 60


def is_own(text: str, *, start: int = 0, continues: str = "") -> bool:
    """
    Whether a text contains a credit that is a whole element or line.

    Args:
        text: The text around a list.
        start: The start of the search.
        continues: The text directly before it.
    """
    text = continues[-_BEFORE:] + text
    at = text.find(_KMA, start)
    if at == -1:
        return False
    return any(
        _CAPTION.search(text, max(0, match.start() - _BEFORE), match.start() + 1) is None
        for match in _OWN.finditer(text, max(0, at - _BEFORE))
    )
