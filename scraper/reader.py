"""
Page -> content: the one chain for all readers of a page, chosen by the kind of its portal.

    page -> sidebar -> readings -> content

Looks, pages read again, archives, ``check`` and ``parse`` call it and get the same content.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from db import records
from db.packing import packed
from db.reading import Content
from scraper import normalize, sidebar
from scraper.sidebar import drift, kma_xml
from scraper.vocabulary import KNOWN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from scraper.sidebar import Fact, Sidebar
    from scraper.sidebar.drift import Drift
    from scraper.vocabulary import Words

BOX: Final = "box"
"""The kind of portal that shows a list of cities, each with its sky and °C, in a page."""

KMA_XML: Final = "kma-xml"
"""The kind that is KMA's own feed, or a copy of it: stations in XML, with the hour."""

ALL_BOXES: Final[Mapping[str, str]] = MappingProxyType({})
"""The kinds of portals by name, if all of them are boxes."""


class Find(Protocol):
    """
    Finds the sidebar of a page of one kind, as printed.

    The ``fragment`` of the sidebar is text that it reads again to the same lines.
    """

    def __call__(self, page: bytes | str, encoding: str, words: Words) -> Sidebar:
        """
        The sidebar of a page.

        Raises:
            NoSidebar: The page has none; the message describes the page instead.
        """


FINDERS: Final[dict[str, Find]] = {BOX: sidebar.find, KMA_XML: kma_xml.find}
"""Each kind of portal, and the function that finds the sidebar in its pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """
    The content of a page.

    Attributes:
        content: The content for the database.
        fragment: The part of the page that it was read from.
        page_date: The printed date; None if missing or impossible.
        doubt: Doubts about the page, such as a refused date or a cut list.
        cut: Whether the page ends within the list, so that entries may be missing.
    """

    content: Content
    fragment: str
    page_date: dt.date | None
    doubt: str | None
    cut: bool = False

    @property
    def sentences(self) -> tuple[str, ...]:
        """All problems, a sentence each; the doubt about the page comes last."""
        problems = map(str, self.content.problems)
        return (*problems, *([self.doubt] if self.doubt else []))


class PageReader:
    """
    Reads the pages of one kind of portal.

    Args:
        find: Finds the sidebar of a page.
        words: The meanings of printed words.
        remembered: The number of contents to keep in memory, for many pages, which often repeat.
    """

    def __init__(
        self, find: Find = sidebar.find, words: Words = KNOWN, *, remembered: int = 0
    ) -> None:
        self._find, self._words, self._remembered = find, words, remembered
        self._contents: dict[tuple[str, bool | None], Content] = {}

    def read(
        self,
        page: bytes | str,
        encoding: str = "utf-8",
        *,
        kept: bytes | None = None,
        shown: Callable[[], dt.date | None] = lambda: None,
    ) -> PageContent:
        """
        Read a page.

        Args:
            page: The whole page, or any part that contains the box.
            encoding: Python's name of the encoding, if the page is bytes.
            kept: The packed fragment, if the page is one; it is kept unchanged, as cutting it again
                would lose evidence.
            shown: Returns the day of the look; called if no date is printed and the day matters.

        Raises:
            NoSidebar: It has no box; the message describes the page instead.
        """
        seen = self._find(page, encoding, self._words)
        return PageContent(
            content=self._content(seen, kept, shown),
            fragment=seen.fragment,
            page_date=seen.page_date,
            doubt=normalize.doubt(seen),
            cut=seen.cut,
        )

    def _content(
        self, seen: Sidebar, kept: bytes | None, shown: Callable[[], dt.date | None]
    ) -> Content:
        # The content depends only on these; a digest of each page would cost more.
        key = seen.fragment, records.is_summer(seen.page_date)
        if (content := self._contents.get(key)) is None:
            day = seen.page_date or (shown() if normalize.depends_on_day(seen) else None)
            said = normalize.readings(seen, self._words, day=day)
            content = Content(
                digest=seen.digest,
                fragment=packed(seen.fragment) if kept is None else kept,
                readings=said.readings,
                problems=said.problems,
                reader=sidebar.READER,
                observed_at=seen.observed_at,
            )
            self._remember(key, content)
        return content

    def _remember(self, key: tuple[str, bool | None], content: Content) -> None:
        if len(self._contents) >= self._remembered:
            self._contents.clear()
        if self._remembered:
            self._contents[key] = content


def read(  # noqa: PLR0913
    page: bytes | str,
    encoding: str = "utf-8",
    words: Words = KNOWN,
    *,
    kind: str = BOX,
    kept: bytes | None = None,
    shown: Callable[[], dt.date | None] = lambda: None,
) -> PageContent:
    """
    Read one page of a portal of this kind; see ``PageReader.read``.

    Raises:
        NoSidebar: It has no box; the message describes the page instead.
    """
    return PageReader(FINDERS[kind], words).read(page, encoding, kept=kept, shown=shown)


def drifted(
    fragment: str, page: bytes, encoding: str, words: Words = KNOWN, *, kind: str = BOX
) -> Drift:
    """
    Find the remains of a former box on a page without one.

    Args:
        fragment: The part of an old page with the box.
        page: The current page.
        encoding: Python's name of the encoding of the current page.
        words: The meanings of printed words.
        kind: The kind of the portal.

    Raises:
        NoSidebar: The fragment is not of this kind.
    """
    lines = FINDERS[kind](fragment, "utf-8", words).lines
    return drift.between(lines, fragment, page, encoding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """
    A list of a page that may be its box, and the reasons for taking it or not.

    Attributes:
        taken: Whether it is the box.
        points: The points of all its facts together.
        enough: The points that make a box.
        entries: The number of entries.
        begins: Its first entry, as printed.
        byte: Its place in the page.
        facts: The facts for it and, with negative points, against it.
    """

    taken: bool
    points: int
    enough: int
    entries: int
    begins: str
    byte: int
    facts: tuple[Fact, ...]


def explain(page: bytes | str, encoding: str, words: Words) -> list[Explained]:
    """Return every list of a page that may be its box, the likeliest first."""
    found = sidebar.candidates(page, encoding, words)
    taken = sidebar.chosen(found)
    return [
        Explained(
            taken=taken is not None and one.region.opens == taken.region.opens,
            points=one.points,
            enough=sidebar.ENOUGH,
            entries=len(one.sidebar.lines),
            begins=" ".join(one.sidebar.lines[0].printed),
            byte=one.region.opens,
            facts=tuple(one.facts),
        )
        for one in found
    ]
