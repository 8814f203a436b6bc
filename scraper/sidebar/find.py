"""The sidebar of a page: the list with the most evidence, and its date."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from scraper.errors import NoSidebar
from scraper.sidebar import (
    credit,
    dates,
    evidence,
    landing,
    lines,
    locate,
    rows,
    runs,
    says,
    unseen,
    usual,
)
from scraper.sidebar.box import Candidate, Sidebar
from scraper.sidebar.entries import is_heading, settled
from scraper.vocabulary import KNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from scraper.sidebar.dates import PageDate
    from scraper.sidebar.entries import Listing
    from scraper.sidebar.evidence import Fact
    from scraper.sidebar.locate import Region
    from scraper.vocabulary import Words

_MOST_TAGS: Final = 4096
"""The most tags of a list; an HTML parser takes quadratic time for nested tags."""


def _listing(printed: str, html: bool, words: Words) -> Listing:
    found = (
        lines.from_html(printed, words) if html else rows.from_text(_without_tags(printed), words)
    )
    return settled(found, words)


def _without_tags(printed: str) -> str:
    """Plain text without the tags around it in a page."""
    return lines.TAG.sub("\n", printed) if "<" in printed else printed


class _Text(NamedTuple):
    """
    All texts of a region that decide what its list says, and whether it is the box.

    Attributes:
        before: The part before the list.
        printed: The list.
        credit: The part after it up to the end of KMA's credit; empty without one.
        is_own: Whether that credit is a text of its own.
        date: The date after the credit.
        captioned: Whether it is alone, with a caption of a forecast below, before any credit.
        html, marked, cut, hidden: As in ``Region``.
    """

    before: str
    printed: str
    credit: str
    is_own: bool
    date: PageDate | None
    captioned: bool
    html: bool
    marked: bool
    cut: bool
    hidden: bool


_Lines: TypeAlias = "Callable[[str, bool, Words], Listing]"
_Judged: TypeAlias = "tuple[Sidebar, list[Fact]]"


def _judged(text: _Text, words: Words, lines_of: _Lines) -> _Judged | None:
    """The list as the sidebar, and the facts for and against it; None if it has no entry."""
    if len(text.printed) > _MOST_TAGS and text.printed.count("<") > _MOST_TAGS:
        return None
    listing = lines_of(text.printed, text.html, words)
    if text.cut:
        listing = _without_end(listing, text.printed)
    if not listing.lines:
        return None
    above = lines.above(text.before, text.printed, listing.lines[0])
    date = _date(text, above)
    named = None if text.credit else credit.NAMED.search(text.before)
    sidebar = Sidebar(
        page_date=date.date if date else None,
        date_printed=date.printed if date else None,
        lines=listing.lines,
        fragment=(text.before[named.start() :] if named else "") + text.printed + text.credit,
        cut=text.cut,
        hidden=text.hidden,
        unplaced=listing.unplaced,
    )
    facts = evidence.weigh(
        listing,
        words,
        above=above,
        date=date,
        marked=text.marked,
        credited=text.is_own or credit.is_own(text.before),
        captioned=text.captioned,
    )
    return sidebar, facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """
    The slowest steps, which often have the same input on the next page.

    Attributes:
        text: Decodes the bytes of a list, or of the part before it.
        lines: The lines of a list.
        judged: The list with all around it, as the sidebar.
        box: The list in its usual form, as the sidebar.
    """

    text: Callable[[bytes, str], str] = locate.text
    lines: _Lines = _listing
    judged: Callable[[_Text, Words, _Lines], _Judged | None] = _judged
    box: usual.BoxOf = usual.box

    @classmethod
    def remembering(cls, most: int) -> Steps:
        """Steps that remember their last answers."""
        remember = functools.lru_cache(most)
        return cls(
            text=remember(locate.text),
            lines=remember(_listing),
            judged=remember(_judged),
            box=remember(usual.box),
        )


_STEPS: Final = Steps()


def find(
    page: bytes | str,
    encoding: str = "utf-8",
    words: Words = KNOWN,
    *,
    steps: Steps = _STEPS,
) -> Sidebar:
    """
    The sidebar of a page of HTML or plain text.

    Args:
        page: The whole page, or any part that contains the sidebar.
        encoding: Python's name of the encoding, if the page is bytes.
        words: The known labels and cities, which separate a label from a city.
        steps: Steps that remember answers, for many pages.

    Raises:
        NoSidebar: The page has none; the message describes the page.
    """
    body, encoding = locate.ascii_based(page, encoding)
    named = locate.marked(body, encoding, steps.text)
    if first := next(named, None):
        box = usual.read(first, words, steps.box)
        if box and not locate.has_more(body, encoding, first):
            return box
        named = itertools.chain([first], named)
    found = list(_candidates(body, encoding, words, steps, named))
    taken = chosen(found)
    if taken is None:
        raise NoSidebar(landing.describe(body, encoding, found))
    if _is_plain(taken.region) and evidence.enough_alone(taken.facts):
        return taken.sidebar
    return replace(taken.sidebar, fragment=_fragment(taken, words, steps))


def candidates(page: bytes | str, encoding: str, words: Words = KNOWN) -> list[Candidate]:
    """Every list of a page that may be its box, with the evidence; the likeliest first."""
    body, encoding = locate.ascii_based(page, encoding)
    found = _candidates(body, encoding, words, _STEPS)
    return sorted(found, key=lambda one: one.points, reverse=True)


def chosen(found: list[Candidate]) -> Candidate | None:
    """
    The box among the lists of a page; None if there is none, or two that differ.

    Visible lists go before hidden ones. A list is not the box beside another with clearly more
    evidence, whose heading alone is of a forecast: ``내일 예상 기온`` below a list of an article.
    Nor is the list of an afternoon below that of tomorrow's morning.
    """
    boxes = [one for one in found if one.is_box]
    boxes = [one for one in boxes if not one.sidebar.hidden] or boxes
    best = max(boxes, key=lambda one: (one.points, len(one.sidebar.lines)), default=None)
    if best is None or len(found) == 1:
        return best
    same = [one for one in boxes if not differ(one, best)]
    if any(best.points - one.points < evidence.CLEARLY for one in boxes if one not in same):
        return None
    if any(
        evidence.below_one_heading(one.facts, best.facts)
        for one in found
        if one.region.opens < best.region.opens and differ(one, best)
    ):
        return None
    others = [evidence.points_without_heading(one.facts) for one in found if differ(one, best)]
    most = max(others, default=0)
    if most - best.points >= evidence.CLEARLY:  # the text above the box may belong to this list
        return None
    another = most >= evidence.ENOUGH
    longest = max(same, key=lambda one: len(one.sidebar.lines))
    return longest._replace(sidebar=replace(longest.sidebar, another=another))


def differ(one: Candidate, other: Candidate) -> bool:
    """Whether two lists show another temperature for one city."""
    shown: dict[str, set[str]] = {}
    for line in one.sidebar.lines:
        shown.setdefault(line.city, set()).add(line.temperature)
    return any(
        line.city and line.temperature not in shown.get(line.city, {line.temperature})
        for line in other.sidebar.lines
    )


def _is_plain(region: Region) -> bool:
    """Whether a region is one whole list with the known name, which reads the same alone."""
    printed = region.printed
    is_whole = printed.endswith("</ul>") and printed.count("<ul") == 1
    return region.marked and is_whole and "\ufffd" not in printed  # nor damaged, perhaps its name


def _fragment(taken: Candidate, words: Words, steps: Steps) -> str:
    """The part of the page that reads as the same lines: the list alone, or with all around it."""
    region = taken.region
    for fragment in (taken.sidebar.fragment, region.before + region.printed + region.after):
        body = fragment.encode("utf-8", "replace")
        again = chosen(list(_candidates(body, "utf-8", words, steps)))
        if again is not None and again.sidebar.lines == taken.sidebar.lines:
            return fragment
    raise NoSidebar("a list that reads otherwise alone")


def _candidates(
    body: bytes,
    encoding: str,
    words: Words,
    steps: Steps,
    named: Iterable[Region] | None = None,
) -> Iterator[Candidate]:
    """The lists of a page that may be its box: those with the known name, and all others."""
    marked = []
    for region in named or locate.marked(body, encoding, steps.text):
        marked.append(region)
        if (one := _read(region, words, steps)) is None:
            continue
        yield one
        if len(marked) == 1 and one.is_box and not locate.has_more(body, encoding, region):
            return
    for regions in locate.unmarked(unseen.blanked(body), encoding, words):
        if any(
            region.opens < one.closes and region.closes > one.opens
            for region in regions
            for one in marked
        ):
            continue
        read = [one for region in regions if (one := _read(region, words, steps))]
        if read:
            yield max(read, key=lambda one: (one.is_box, one.points))


def _read(region: Region, words: Words, steps: Steps) -> Candidate | None:
    """The list in a region; None if it has no entry."""
    named = credit.NAMED.search(region.after)
    closes = named.end() if named else 0
    text = _Text(
        region.before,
        region.printed,
        region.after[:closes],
        credit.is_own(region.after, continues=region.printed),
        dates.after(region.after[closes : closes + dates.NEAR]),
        _is_captioned(region, words),
        region.html,
        region.marked,
        region.cut,
        region.hidden,
    )
    if (judged := steps.judged(text, words, steps.lines)) is None:
        return None
    sidebar, facts = judged
    return Candidate(sidebar=sidebar, region=region, facts=facts, points=evidence.points(facts))


def _is_captioned(region: Region, words: Words) -> bool:
    """Whether a forecast's caption is below a list; above another list, it may be its heading."""
    below = lines.below(region.printed, region.after)
    return says.captioned(below, words) and not runs.SIGN.search(region.after)


def _without_end(listing: Listing, printed: str) -> Listing:
    """A list that the end of the page cuts, without its last words, which may be cut too."""
    kept = list(listing.lines)
    while kept and not kept[-1].temperature and not printed.rstrip().endswith("℃"):
        kept.pop()
    if kept and listing.label_last:
        kept[-1] = kept[-1]._replace(label="")
    return listing._replace(lines=tuple(kept))


def _date(text: _Text, above: str) -> PageDate | None:
    """The date before the first line, in the list, or after the list or its credit."""
    if is_heading(lines.TAG.sub(" ", above[len(text.before) :])):  # the heading row of a table
        above = text.before
    return dates.of_the_box(
        dates.before(above[-dates.NEAR :]), dates.after(text.printed) or text.date
    )
