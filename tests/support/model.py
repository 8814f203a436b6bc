"""
A brute-force model of the rules; tests compare every door of the database with it.

It uses no SQL, and of the project's code only the constants. It is written to be read beside the
rules, not to be fast: a history has about forty looks.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from db.moments import KST
from db.validity import DOWN_AFTER_INTERVALS, FROZEN_AFTER_S, GAP_AFTER_INTERVALS, HOLD_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SAME_STATIONS: Final = 8
"""Sidebars with fewer common temperatures than this are never the same set."""

STUCK_DATE_AFTER_S: Final = 48 * 3600
STUCK_DATE_SIDEBARS: Final = 12
BURST_SETS: Final = 4
BURST_S: Final = 3 * 3600
FOLLOWED_SPELLS: Final = 12
FOLLOWED_FOR_S: Final = 7 * 24 * 3600
SILENT_AFTER_S: Final = 3 * 3600

State: TypeAlias = Literal["live", "unconfirmed", "stale", "frozen", "down", "none"]
RANK: Final[tuple[State, ...]] = ("live", "unconfirmed", "stale", "frozen", "down", "none")
"""The value that counts is that of the portal whose state comes first here."""

Doubt: TypeAlias = Literal["burst", "follower"]

Sidebar: TypeAlias = "tuple[tuple[str, int | None], ...]"
"""Stations and tenths of a degree C, in printed order: another order is another sidebar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """A portal and the seconds between looks at it."""

    name: str
    interval_s: int = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    A look that saw a sidebar.

    Attributes:
        portal: The portal's name.
        at: Epoch seconds.
        sidebar: The values that it saw.
        age: The HTTP header, seconds; None where there was no header.
        page_date: As printed.
        own: Whether the look is ours, not an archive's.
        hour: The hour that a feed prints, epoch seconds; None where it prints no hour.
    """

    portal: str
    at: int
    sidebar: Sidebar
    age: int | None = None
    page_date: dt.date | None = None
    own: bool = True
    hour: int | None = None

    @property
    def printed(self) -> tuple[Sidebar, int | None]:
        """The content: the same sidebar with another hour is another content."""
        return self.sidebar, self.hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Consecutive looks at one portal that saw one content; the ``nth`` spell of the portal."""

    portal: Portal
    nth: int
    looks: tuple[Look, ...]

    @property
    def sidebar(self) -> Sidebar:
        return self.looks[0].sidebar

    @property
    def printed(self) -> tuple[Sidebar, int | None]:
        return self.looks[0].printed

    @property
    def seen_from(self) -> int:
        return self.looks[0].at

    @property
    def seen_until(self) -> int:
        return self.looks[-1].at

    def tenths(self, station: str) -> int | None:
        return dict(self.sidebar).get(station)

    def lists(self, station: str) -> bool:
        return station in dict(self.sidebar)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A portal's value of a station at a moment: its state then, and facts of its ``spell``."""

    state: State
    spell: Spell
    tenths: int | None
    published_by: int
    confirmed: bool
    standing_since: int
    doubt: Doubt | None
    valid_until: int | None
    observed_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The value that counts, how many portals are live then, and how many agree with it."""

    value: Value
    live_portals: int
    agreeing_portals: int


def temperatures(sidebar: Sidebar) -> dict[str, int]:
    """The stations that have a number."""
    return {station: tenths for station, tenths in sidebar if tenths is not None}


@cache
def same(first: Sidebar, second: Sidebar) -> bool:
    """Whether both print one set, in any way; two small boxes must be equal."""
    if first == second:
        return True
    of_first, of_second = temperatures(first), temperatures(second)
    common = of_first.keys() & of_second.keys()
    equal = sum(abs(of_first[station]) == abs(of_second[station]) for station in common)
    return len(common) >= SAME_STATIONS and 4 * equal >= 3 * len(common)


def is_small(sidebar: Sidebar) -> bool:
    """Whether a sidebar has too few temperatures to be recognized after another one."""
    return len(temperatures(sidebar)) < SAME_STATIONS


def is_part(sidebar: Sidebar, whole: Sidebar) -> bool:
    """Whether a small sidebar has numbers, all in the one before it; a single one needs eight."""
    own, others = temperatures(sidebar), temperatures(whole)
    equal = [tenths == others.get(station) for station, tenths in own.items()]
    is_cut = len(own) > 1 or not is_small(whole)
    return is_small(sidebar) and bool(own) and is_cut and all(equal)


def begin_of(day: dt.date) -> int:
    """The midnight in Korea with which a day begins."""
    return int(dt.datetime.combine(day, dt.time(), tzinfo=KST).timestamp())


def end_of(day: dt.date) -> int:
    """The midnight in Korea after a day."""
    return begin_of(day + dt.timedelta(days=1))


def one_a_second(looks: Iterable[Look]) -> list[Look]:
    """
    The looks that count, at most one per portal and second, in the order of time.

    Our own look comes first. Captures of archives count if they agree; if they date one page to
    two days, the later date counts.
    """
    by_second: dict[tuple[str, int], list[Look]] = defaultdict(list)
    for look in looks:
        by_second[look.portal, look.at].append(look)
    counted = []
    for of_second in by_second.values():
        own = [look for look in of_second if look.own]
        if own or len({look.sidebar for look in of_second}) == 1:
            counted.append(max(own or of_second, key=lambda look: str(look.page_date or "")))
    return sorted(counted, key=lambda look: look.at)


def _order(value: Value) -> tuple[int, int, int]:
    """The order of values across portals: the least counts."""
    return RANK.index(value.state), -value.published_by, value.spell.seen_from


class World:
    """
    All that is known: portals in the order in which they were added, and looks in any order.

    Args:
        portals: The portals.
        looks: The successful looks.
        now: Looks after this second are ignored; None = all looks count.
    """

    def __init__(
        self, portals: Sequence[Portal], looks: Iterable[Look], *, now: int | None = None
    ) -> None:
        self.portals = tuple(portals)
        self._looks = [x for x in one_a_second(looks) if now is None or x.at <= now]
        self.spells = {portal.name: self._spells_of(portal) for portal in portals}

    def _spells_of(self, portal: Portal) -> list[Spell]:
        stretches: list[list[Look]] = []
        for look in self._looks:
            if look.portal != portal.name:
                continue
            if stretches and stretches[-1][-1].printed == look.printed:
                stretches[-1].append(look)
            else:
                stretches.append([look])
        return [
            Spell(portal=portal, nth=nth, looks=tuple(looks)) for nth, looks in enumerate(stretches)
        ]

    # ---- sets

    def sights(self, spell: Spell) -> Sequence[Look]:
        """Every look at the set of a spell, at any portal; of a small box, only the spell's."""
        if is_small(spell.sidebar):
            return spell.looks
        return [look for look in self._looks if same(look.sidebar, spell.sidebar)]

    def whole(self, spell: Spell) -> Spell | None:
        """The spell whose box was cut to that of this spell; None if it is no part of another."""
        for before in reversed(self.spells[spell.portal.name][: spell.nth]):
            if self.whole(before) is None:
                return before if is_part(spell.sidebar, before.sidebar) else None
        return None

    def published_by(self, spell: Spell) -> int:
        observed_at = self.observed_at(spell)
        if self.whole(spell):
            before = self.published_by(self.spells[spell.portal.name][spell.nth - 1])
            own = min(self.evidence(look) for look in spell.looks)
            return before if observed_at is not None else min(before, own)
        proofs = (self.evidence(look) for look in self.sights(spell))
        return min(proofs) if observed_at is None else observed_at

    def observed_at(self, spell: Spell) -> int | None:
        """The earliest hour printed with a spell's set; None if the set was seen before that."""
        if whole := self.whole(spell):
            return self.observed_at(whole)
        by_content: dict[tuple[Sidebar, int | None], list[Look]] = defaultdict(list)
        for look in self.sights(spell):
            by_content[look.printed].append(look)
        hours = [
            hour
            for (_, hour), looks in by_content.items()
            if hour is not None and min(map(self.evidence, looks)) == hour
        ]
        earliest = min(hours, default=None)
        seen = earliest is not None and all(earliest <= x.at for x in self.sights(spell))
        return earliest if seen else None

    def evidence(self, look: Look) -> int:
        """The printed hour, or the latest second at which the values were published."""
        goes_on = (look.portal, look.page_date) not in self.stuck_dates
        if look.hour is not None and look.hour <= look.at and goes_on:
            return look.hour
        proofs = [look.at]
        if look.age is not None and look.age > 0:
            proofs.append(look.at - look.age)
        if look.page_date is not None and goes_on:
            proofs.append(end_of(look.page_date))
        return min(proofs)

    @cached_property
    def stuck_dates(self) -> set[tuple[str, dt.date]]:
        """Portals with each date that stood for two days while their sidebars went on."""
        under: dict[tuple[str, dt.date], list[Spell]] = defaultdict(list)
        for name, spells in self.spells.items():
            for spell in spells:
                date = spell.looks[0].page_date
                if date is not None and spell.seen_from >= begin_of(date):
                    under[name, date].append(spell)
        return {
            key
            for key, spells in under.items()
            if spells[-1].seen_from - spells[0].seen_from > STUCK_DATE_AFTER_S
            and len({spell.printed for spell in spells}) >= STUCK_DATE_SIDEBARS
        }

    def first(self, spell: Spell) -> Look:
        """The first look at the set of a spell, at any portal."""
        if whole := self.whole(spell):
            return self.first(whole)
        order = [portal.name for portal in self.portals]
        return min(self.sights(spell), key=lambda look: (look.at, order.index(look.portal)))

    def is_confirmed(self, spell: Spell) -> bool:
        """Whether the portal that showed the set first was watched just before."""
        first = self.first(spell)
        shown = self.spells[first.portal]
        (begun,) = (x for x in shown if x.looks[0] is first)
        while begun.nth and self._begins(shown[begun.nth - 1], begun):
            begun = shown[begun.nth - 1]
        return any(
            look.portal == first.portal and first.at - HOLD_S <= look.at < begun.seen_from
            for look in self._looks
        )

    def _begins(self, cut: Spell, spell: Spell) -> bool:
        """Whether the page was cut at the first look at a box, and not one of the box before."""
        before = self.spells[cut.portal.name][: cut.nth][-1:]
        is_of_before = any(is_part(cut.sidebar, one.sidebar) for one in before)
        return is_part(cut.sidebar, spell.sidebar) and not is_of_before

    def standing_since(self, spell: Spell) -> int:
        if whole := self.whole(spell):
            return self.standing_since(whole)
        since = spell.seen_from
        for before in reversed(self.spells[spell.portal.name][: spell.nth]):
            if self.whole(before):
                continue
            if before.printed != spell.printed and (
                is_small(spell.sidebar) or not same(before.sidebar, spell.sidebar)
            ):
                break
            since = before.seen_from
        return since

    def doubt(self, spell: Spell) -> Doubt | None:
        """Why a set may be old although its first look saw it appear."""
        portal = spell.portal.name
        first = self.first(spell)
        if first.portal != portal and not self._repeats_a_doubt(spell, first):
            return None
        since = spell.seen_from - BURST_S
        shown = [x for x in self.spells[portal][: spell.nth + 1] if x.seen_from > since]
        cut = [x for x, after in pairwise(shown) if is_part(x.sidebar, after.sidebar)]
        shown = [x for x in shown if x not in cut]
        if len({self.first(x) for x in shown if self.first(x).at > since}) > BURST_SETS:
            return "burst"
        before = self.spells[portal][: spell.nth][-FOLLOWED_SPELLS:]
        late = sum(
            self.first(x).portal != portal and x.seen_from - self.published_by(x) > HOLD_S
            for x in before
        )
        follows = 2 * late > FOLLOWED_SPELLS or self._still_follows(spell, first)
        return "follower" if follows else None

    def _still_follows(self, spell: Spell, first: Look) -> bool:
        """Whether the set before was a follower's, and the others, of this week, are silent."""
        portal = spell.portal.name
        others = [
            other.seen_from
            for name, spells in self.spells.items()
            for other in spells
            if name != portal and other.seen_from <= spell.seen_from
        ]
        if first.portal != portal or not spell.nth or not others:
            return False
        silent_s = spell.seen_from - max(others)
        before = self.spells[portal][spell.nth - 1]
        return SILENT_AFTER_S <= silent_s < FOLLOWED_FOR_S and self.doubt(before) == "follower"

    def _repeats_a_doubt(self, spell: Spell, first: Look) -> bool:
        """Whether another portal showed the set just before, and was in doubt."""
        (begun,) = (x for x in self.spells[first.portal] if x.looks[0] is first)
        return spell.seen_from - first.at < HOLD_S and self.doubt(begun) is not None

    # ---- moments

    def value(self, station: str, portal: str, at: int) -> Value | None:
        """The portal's value of a station; None where its state is ``none``."""
        begun = [spell for spell in self.spells[portal] if spell.seen_from <= at]
        listing = [spell for spell in begun if spell.lists(station)]
        if not listing:
            return None
        spell = listing[-1]
        state = self.state(spell, at) if spell is begun[-1] else "down"
        return Value(
            state=state,
            spell=spell,
            tenths=spell.tenths(station),
            published_by=self.published_by(spell),
            confirmed=self.is_confirmed(spell),
            standing_since=self.standing_since(spell),
            doubt=self.doubt(spell),
            valid_until=self._valid_until(spell, at) if state == "live" else None,
            observed_at=self.observed_at(spell),
        )

    def state(self, spell: Spell, at: int) -> State:
        """The state at a moment at which the portal shows this spell."""
        unseen = at - max(look.at for look in spell.looks if look.at <= at)
        published, standing = self.published_by(spell), self.standing_since(spell)
        interval = spell.portal.interval_s
        if unseen > DOWN_AFTER_INTERVALS * interval:
            return "down"
        if min(at, spell.seen_until) - standing >= FROZEN_AFTER_S:
            return "frozen"
        if at - published >= FROZEN_AFTER_S and published < standing:
            return "stale"
        seen_to_appear = self.is_confirmed(spell) and self.doubt(spell) is None
        known = seen_to_appear or self.observed_at(spell) is not None
        if known and at - published < HOLD_S and unseen <= GAP_AFTER_INTERVALS * interval:
            return "live"
        return "unconfirmed"

    def _valid_until(self, spell: Spell, at: int) -> int:
        """The second at which a live value first stops being live, by the looks so far."""
        gap = GAP_AFTER_INTERVALS * spell.portal.interval_s
        seen = max(look.at for look in spell.looks if look.at <= at)
        for look in spell.looks:
            if seen < look.at <= seen + gap:
                seen = look.at
        later = [x.seen_from for x in self.spells[spell.portal.name][spell.nth + 1 :]]
        return min([self.published_by(spell) + HOLD_S, seen + gap + 1, *later])

    def live_until(self, spell: Spell) -> int | None:
        """The second at which a spell stops being live; None where it never was."""
        live = [look.at for look in spell.looks if self.state(spell, look.at) == "live"]
        return self._valid_until(spell, live[-1]) if live else None

    def best(self, station: str, at: int) -> Best | None:
        """The value that counts across portals; None where no portal has shown the station."""
        shown = [self.value(station, portal.name, at) for portal in self.portals]
        values = [value for value in shown if value is not None]
        if not values:
            return None
        best = min(values, key=_order)
        live = [value for value in values if value.state == "live" and value.tenths is not None]
        agreeing = [value for value in live if self._agrees(station, value, best)]
        return Best(value=best, live_portals=len(live), agreeing_portals=len(agreeing))

    def _agrees(self, station: str, value: Value, best: Value) -> bool:
        """Whether a live value equals the one that counts, or, if it lags, the one before."""
        before = [
            spell.tenths(station)
            for spell in self.spells[best.spell.portal.name][: best.spell.nth]
            if spell.lists(station) and self.published_by(spell) < best.published_by
        ]
        lags = value.published_by < best.published_by
        return value.tenths == best.tenths or (lags and value.tenths in before[-1:])

    def portal_state(self, portal: str, at: int) -> State:
        """The state of a portal as a whole."""
        begun = [spell for spell in self.spells[portal] if spell.seen_from <= at]
        return self.state(begun[-1], at) if begun else "none"
