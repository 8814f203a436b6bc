"""Text from outside, made safe to print."""

from __future__ import annotations

import re
from typing import Final

_UNPRINTABLE: Final = (
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""
Unicode's control, format and surrogate characters, which change how text is shown, as a pattern.

It is compiled when it is first used: most answers for programs never need it.
"""


def printable(text: str) -> str:
    """The text without control, escape and bidirectional characters."""
    return re.sub(_UNPRINTABLE, "", text)
