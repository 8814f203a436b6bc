"""A notice, and the error of a channel that failed to deliver it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias

from scraper.errors import ScraperError

OfPortal: TypeAlias = Literal["down", "frozen", "stale", "late", "layout", "words"]

Own: TypeAlias = Literal[
    "disk",
    "gone",
    "replaced",
    "damaged",
    "locked",
    "refused",
    "backlog",
    "clock",
    "stuck",
    "channel",
]
"""Troubles of nalssi itself; see ``scraper.troubles``."""

Kind: TypeAlias = OfPortal | Own | Literal["test"]

_MAX_TEXT = 2_000
_MAX_NAME = 100


class NotDelivered(ScraperError):
    """
    A channel did not deliver a notice; this never leaves ``scraper.notify``.

    Attributes:
        reason: One line for people, without any secret of the channel.
    """

    def __init__(self, what: str, detail: str = "") -> None:
        self.reason = f"{what}: {detail}" if detail else what
        super().__init__(self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """
    A message about a fault, its beginning or its end.

    Attributes:
        portal: The name of the portal; ``nalssi`` for troubles of nalssi itself.
        kind: The kind of fault; ``test`` for a test.
        well: Whether the fault is over.
        text: One line for people, such as ``"koya-culture is frozen: the same values since
            2026-03-01 09:00 (3 h 10)"``.
    """

    portal: str
    kind: Kind
    well: bool
    text: str

    def plain(self) -> Self:
        """The same notice, safe for an environment, a mail's subject and a terminal."""
        return replace(
            self,
            portal=one_line(self.portal, at_most=_MAX_NAME),
            text=one_line(self.text, at_most=_MAX_TEXT),
        )


def one_line(text: str, *, at_most: int) -> str:
    """Return the text without control characters, line ends or lone surrogates, cut to a length."""
    shown = "".join(char if char.isprintable() else " " for char in text[:at_most])
    return shown.strip()
