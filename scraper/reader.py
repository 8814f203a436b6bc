"""
Page -> content: the one chain for all who read a page, chosen by the kind of its portal.

    page -> sidebar -> readings -> content

Looks, pages read again, archives, ``check`` and ``parse`` ask here and get the same of the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from db.packing import packed
from db.reading import Content
from scraper import normalize, sidebar
from scraper.vocabulary import KNOWN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from scraper.sidebar import Sidebar
    from scraper.vocabulary import Words

Kind: TypeAlias = Literal["box"]
"""Of portals: how they print the weather. ``box``: a list of cities, each with its sky and °C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """
    What a page says.

    Attributes:
        content: As it is kept.
        fragment: The stretch of the page that it was read from.
        page_date: The date printed with it; None where none is printed, or it cannot be.
        doubt: Why the printed date is not taken; None where it is, or none is printed.
    """

    content: Content
    fragment: str
    page_date: dt.date | None
    doubt: str | None

    @property
    def sentences(self) -> tuple[str, ...]:
        """All that was not understood, a sentence each; the doubt of the date comes last."""
        problems = map(str, self.content.problems)
        return (*problems, *([self.doubt] if self.doubt else []))


class BoxReader:
    """
    Reads pages with a box of cities.

    Args:
        words: What printed words mean.
        remembered: For who reads many pages, which often say the same: so many answers of each
            step stay in memory.
    """

    def __init__(self, words: Words = KNOWN, *, remembered: int = 0) -> None:
        self._words, self._remembered = words, remembered
        self._steps = sidebar.Steps.remembering(remembered) if remembered else sidebar.Steps()
        self._contents: dict[str, Content] = {}

    def read(
        self, page: bytes | str, encoding: str = "utf-8", *, kept: bytes | None = None
    ) -> PageContent:
        """
        What a page says.

        Args:
            page: The whole page, or any part of it that holds the box.
            encoding: Python's name of the encoding, where the page is bytes.
            kept: The packed fragment that the page was, which stays as it is: a cut of the cut
                would be less than what was kept as evidence.

        Raises:
            NoSidebar: It has no box; the message says what was there instead.
        """
        seen = sidebar.find(page, encoding, self._words, steps=self._steps)
        return PageContent(
            content=self._content(seen, kept),
            fragment=seen.fragment,
            page_date=seen.page_date,
            doubt=normalize.date_doubt(seen),
        )

    def _content(self, seen: Sidebar, kept: bytes | None) -> Content:
        # All of it follows from the fragment; a digest of each page would cost more.
        if (content := self._contents.get(seen.fragment)) is None:
            said = normalize.readings(seen, self._words)
            content = Content(
                digest=seen.digest,
                fragment=packed(seen.fragment) if kept is None else kept,
                readings=said.readings,
                problems=said.problems,
                reader=sidebar.READER,
            )
            self._remember(seen.fragment, content)
        return content

    def _remember(self, fragment: str, content: Content) -> None:
        if len(self._contents) >= self._remembered:
            self._contents.clear()
        if self._remembered:
            self._contents[fragment] = content


READERS: Final[Mapping[Kind, type[BoxReader]]] = {"box": BoxReader}
"""Who reads the pages of each kind of portal."""


def read(
    page: bytes | str,
    encoding: str = "utf-8",
    words: Words = KNOWN,
    *,
    kind: Kind = "box",
    kept: bytes | None = None,
) -> PageContent:
    """
    What one page says; see the reader of its kind.

    Raises:
        NoSidebar: It has no box; the message says what was there instead.
    """
    return READERS[kind](words).read(page, encoding, kept=kept)
