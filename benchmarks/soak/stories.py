"""What each of the twenty portals shows, and which notices that must bring."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.support.feeds import DAY_S, HOUR_S, Feed, Page, Portal, Span, korean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scraper.notify.notice import Kind

BEGIN: Final = korean("2026-12-01 09:00")
DAYS: Final = 30
CYCLE_S: Final = 2 * DAY_S
"""Then each fault comes back."""

TWICE: Final = (0, DAY_S)
"""Each story is told by two portals, of which the second is so much behind the first."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """
    A span of time in which something is wrong.

    Attributes:
        span: Epoch seconds.
        kinds: The notices that it may bring, of which one must come.
        portal: What is wrong with the feed as the portal shows it, as ``feeds.Portal`` has it.
        remembered_s: So long after it a notice may still be right.
        body: What is wrong with the page: ``none`` for one without a box, ``words`` for words that
            are new; "" for neither.
    """

    span: Span
    kinds: frozenset[Kind]
    portal: dict[str, Any] = field(default_factory=dict)
    remembered_s: int = 0
    body: str = ""


def _frozen(begin: int) -> Fault:
    span = begin, begin + 30 * HOUR_S
    return Fault(span=span, kinds=frozenset({"frozen", "stale"}), portal={"frozen": (span,)})


def _failing(begin: int) -> Fault:
    span = begin, begin + 5 * HOUR_S
    return Fault(span=span, kinds=frozenset({"down"}), portal={"down": (span,)})


def _without_box(begin: int) -> Fault:
    span = begin, begin + 3 * HOUR_S
    return Fault(span=span, kinds=frozenset({"layout", "down"}), body="none")


def _wordy(begin: int) -> Fault:
    span = begin, begin + 20 * HOUR_S
    # A word that comes and goes with the weather is over when a day has gone by without it.
    return Fault(span=span, kinds=frozenset({"words"}), remembered_s=DAY_S, body="words")


def _lagging(begin: int) -> Fault:
    span = begin, begin + 30 * HOUR_S
    back = ((span, 6 * HOUR_S),)
    return Fault(span=span, kinds=frozenset({"stale"}), portal={"back": back})


def _rolled_back(begin: int) -> Fault:
    span = begin, begin + 3 * HOUR_S
    back = ((span, 10 * HOUR_S),)
    return Fault(span=span, kinds=frozenset({"stale"}), portal={"back": back})


def _copied(begin: int) -> Fault:
    span = begin, begin + DAY_S
    copies = span, (begin - HOUR_S, 0)
    return Fault(span=span, kinds=frozenset({"stale"}), portal={"copies": copies})


def _cached(begin: int) -> Fault:
    span = begin, begin + DAY_S
    wrong = {"cached": (span, 12 * HOUR_S), "tells_age": True}
    return Fault(span=span, kinds=frozenset({"stale", "frozen"}), portal=wrong)


STORIES: Final[dict[str, Callable[[int], Fault] | None]] = {
    "living": None,
    "polite": None,
    "freezing": _frozen,
    "failing": _failing,
    "boxless": _without_box,
    "wordy": _wordy,
    "lagging": _lagging,
    "rolling": _rolled_back,
    "copying": _copied,
    "cached": _cached,
}


class Story:
    """
    A portal of the soak.

    Args:
        name: Such as ``frozen-1``; ``polite`` ones answer "not modified" as often as they may.
        make: Makes its fault, at the second when that begins; None for a portal without.
        behind_s: After the beginning of each cycle.
        feed: What it shows.
    """

    def __init__(
        self, name: str, make: Callable[[int], Fault] | None, behind_s: int, feed: Feed
    ) -> None:
        self.name, self.polite = name, name.startswith("polite")
        # Six hours behind for most of a week, its days run late, and that is right to say.
        self.habits: frozenset[Kind] = frozenset({"late"} if make is _lagging else ())
        self._whole = Portal(name=name, feed=feed)
        starts = range(BEGIN + 18 * HOUR_S + behind_s, BEGIN + DAYS * DAY_S, CYCLE_S)
        self.faults = [make(start) for start in starts] if make else []
        self._portals = [Portal(name=name, feed=feed, **one.portal) for one in self.faults]

    def look(self, second: int) -> tuple[Page | None, str]:
        """What it shows, and what is wrong with the page; no page where it does not answer."""
        for fault, portal in zip(self.faults, self._portals, strict=True):
            if fault.span[0] <= second < fault.span[1]:
                return portal.look(second), fault.body
        return self._whole.look(second), ""


def stories() -> Iterator[Story]:
    """All twenty, of one feed."""
    feed = Feed(BEGIN, DAYS + 1)
    for name, make in STORIES.items():
        for nth, behind_s in enumerate(TWICE, 1):
            yield Story(f"{name}-{nth}", make, behind_s, feed)
