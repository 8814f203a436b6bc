"""The pages of each of the twenty portals, and the notices that they must cause."""

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
"""The period after which each fault comes back."""

TWICE: Final = (0, DAY_S)
"""Each story has two portals; the second is this much later than the first."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """
    A fault of a portal during a span of time.

    Attributes:
        span: Epoch seconds.
        kinds: The notices that it may cause, of which one must come.
        portal: The fault as arguments of ``feeds.Portal``.
        remembered_s: How long after the fault a notice may still be right.
        body: The fault of the page: ``none`` = no box, ``words`` = unknown words, "" = no fault.
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
    # A trouble with a word is over after a day without the word.
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
    faults = {"cached": (span, 12 * HOUR_S), "tells_age": True}
    return Fault(span=span, kinds=frozenset({"stale", "frozen"}), portal=faults)


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
        make: Makes the fault from the second of its beginning; None = a portal without faults.
        behind_s: The delay of the fault within each cycle.
        feed: The feed that it shows.
    """

    def __init__(
        self, name: str, make: Callable[[int], Fault] | None, behind_s: int, feed: Feed
    ) -> None:
        self.name, self.polite = name, name.startswith("polite")
        # A portal six hours late for most of a week is rightly reported as late.
        self.habits: frozenset[Kind] = frozenset({"late"} if make is _lagging else ())
        self._whole = Portal(name=name, feed=feed)
        starts = range(BEGIN + 18 * HOUR_S + behind_s, BEGIN + DAYS * DAY_S, CYCLE_S)
        self.faults = [make(start) for start in starts] if make else []
        self._portals = [Portal(name=name, feed=feed, **fault.portal) for fault in self.faults]

    def look(self, second: int) -> tuple[Page | None, str]:
        """The page and the fault of its body; None where the portal does not answer."""
        for fault, portal in zip(self.faults, self._portals, strict=True):
            if fault.span[0] <= second < fault.span[1]:
                return portal.look(second), fault.body
        return self._whole.look(second), ""


def stories() -> Iterator[Story]:
    """All twenty portals, of one feed."""
    feed = Feed(BEGIN, DAYS + 1)
    for name, make in STORIES.items():
        for nth, behind_s in enumerate(TWICE, 1):
            yield Story(f"{name}-{nth}", make, behind_s, feed)
