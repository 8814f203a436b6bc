"""The lines that a fragment prints."""

from __future__ import annotations

import html
import re
from typing import Final

_HIDDEN: Final = re.compile(r"(?is)<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)")
_INLINE: Final = re.compile(r"(?i)</?(?:a|b|em|font|i|img|s|span|strong|u)\b[^<>]*>")
_SAYING: Final = re.compile(r"<(?:weather|local)\b([^<>]*)>")
"""Elements of KMA's feed, which say all but the names of stations in attributes."""

_TAG: Final = re.compile(r"(?i)<[/!a-z][^<>]*>")


def lines(fragment: str) -> tuple[str, ...]:
    """The lines that a fragment of HTML, text or KMA's feed prints, without empty ones."""
    shown = _SAYING.sub(r"\n\1 ", _INLINE.sub(" ", _HIDDEN.sub("", fragment)))
    shown = _TAG.sub("\n", shown)
    spaced = (" ".join(line.split()) for line in html.unescape(shown).splitlines())
    return tuple(line for line in spaced if line)
