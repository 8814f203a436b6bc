"""
The rules of validity: the states of a value, and how long each holds. They are only here.

A value belongs to a *set*: the temperatures of one sidebar, in any printed form. The facts about a
set are in the spells that showed it (``db/truth/spells.py`` updates them)::

    standing_since   since when the portal has shown this set without a break
    published_by     the earliest proof, at any portal, that the set existed
    confirmed        whether a look saw the set appear, and there is no doubt about it; or its hour
                     is printed

These facts and the times of the looks determine one state for each moment, station and portal, in
Python (``state``, ``pieces``) and in SQL (``STATE``, ``LIVE_UNTIL``); a property test compares the
two. All times are whole seconds since 1970-01-01 UTC.

Four looks, ten minutes apart, at a portal that changed at the second of them::

    00:00 A   00:10 B   00:20 B   00:30 (failed)
              B: published_by 00:10, confirmed (A was seen ten minutes before)
              live to 00:40, two intervals after the last look that showed it;
              unconfirmed to 00:50; down from there, until a look succeeds again
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

from db.moments import FOREVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

State = Literal["live", "unconfirmed", "stale", "frozen", "down"]

STATES: Final[tuple[State, ...]] = get_args(State)
"""The best first: across portals a value in an earlier state goes before one in a later."""

NOT_OF_NOW: Final[frozenset[State]] = frozenset({"stale", "frozen", "down"})
"""A portal in such a state does not show the current weather."""

Doubt = Literal["burst", "follower", "late"]
"""
Why a set may be old although its portal was the first to show it.

``burst``: the portal showed more new sets within three hours than an hourly feed has; ``follower``:
most of its last sets were old elsewhere, or were before the others fell silent; ``late``: it runs
hours late by the course of its days.
"""

HOLD_S: Final = 90 * 60
"""
How long a value is the current weather after it was published.

KMA renews the values hourly; a portal takes up to half an hour more to show them.
"""

FROZEN_AFTER_S: Final = 3 * 60 * 60
"""In our records no live box stood still for so long; two missed renewals are two hours."""

DOWN_AFTER_INTERVALS: Final = 3
"""After this many intervals without a successful look the portal is down."""

GAP_AFTER_INTERVALS: Final = 2
"""After this many intervals without a successful look there is a gap; no value is live in it."""

LONGEST_BACK_OFF_S: Final = 60 * 60
"""A failing portal is polled at least this often, or at its interval if that is longer."""

FEWEST_COMMON: Final = 8
"""A box with fewer temperatures may repeat by chance; in 138 real pages no two hours agree at 3."""

BURST: Final = 4
"""No hourly feed shows more new sets within three hours; a crawl of cached pages does."""

FOLLOWED_SETS: Final = 12
"""The number of a portal's last sets that decide whether it follows another: half a day."""

FOLLOWED_FOR_S: Final = 7 * 24 * 60 * 60
"""How long a portal that follows others is in doubt while they are silent."""


def same(one: Mapping[int, int], other: Mapping[int, int]) -> bool:
    """
    Whether two boxes show the same set, with most of their common temperatures equal.

    At least eight stations must be common, and three quarters of them equal. Two sets of different
    hours agree at two or three of sixteen; one set printed twice agrees at all but a few that were
    cut, lost or mistyped. Minus signs are not compared: a portal that loses them prints another
    value, but no newer set.

    Args:
        one: Tenths of a degree by station, without missing numbers.
        other: The same for another box.
    """
    if len(other) < len(one):
        one, other = other, one
    common = odd = 0
    for station, tenths in one.items():
        if (theirs := other.get(station)) is not None:
            common += 1
            if theirs not in (tenths, -tenths):
                odd += 1
                if 4 * odd > len(one):  # too many, even if all the others agree
                    return False
    return common >= FEWEST_COMMON and 4 * odd <= common


def is_part(box: Mapping[int, int], whole: Mapping[int, int]) -> bool:
    """
    Whether a box shows a part of another: few temperatures, and all of them are in the other.

    A page that was cut within its box, or lost most of its numbers, shows no newer set than the box
    before it, although too few are left to recognize the set elsewhere. A single number may be
    equal by chance; it is only taken for a part of eight or more, from which a page was surely cut.

    Args:
        box: As in ``same``.
        whole: The box before it at the same portal.
    """
    is_cut = len(box) > 1 or len(whole) >= FEWEST_COMMON
    return is_cut and 0 < len(box) < FEWEST_COMMON and box.items() <= whole.items()


class Shown(NamedTuple):
    """
    A set during the time in which a portal showed it.

    Attributes:
        seen_from, seen_until: The first and the last look that showed it.
        standing_since: Since when the portal showed this set; not after ``seen_from``.
        published_by: The latest time by which it was published; not after ``standing_since``.
        confirmed: Whether a look saw it appear, and there is no doubt about it; or its hour is
            printed.
    """

    seen_from: int
    seen_until: int
    standing_since: int
    published_by: int
    confirmed: bool


def state(shown: Shown, at: int, last_look: int, interval_s: int) -> State:
    """
    The state of a value at a moment.

    Args:
        shown: The set that the portal showed last at that moment.
        at: The moment.
        last_look: The last successful look at the portal up to then.
        interval_s: Between looks at the portal.
    """
    if at - last_look > DOWN_AFTER_INTERVALS * interval_s:
        return "down"
    if at >= _frozen_from(shown):
        return "frozen"
    if at - shown.published_by >= FROZEN_AFTER_S and shown.published_by < shown.standing_since:
        return "stale"
    is_polled = at - last_look <= GAP_AFTER_INTERVALS * interval_s
    if shown.confirmed and is_polled and at - shown.published_by < HOLD_S:
        return "live"
    return "unconfirmed"


def _frozen_from(shown: Shown) -> float:
    """When it becomes frozen: looks must have seen it stand, or it may have changed unseen."""
    frozen_from = shown.standing_since + FROZEN_AFTER_S
    return frozen_from if shown.seen_until >= frozen_from else float("inf")


def pieces(
    shown: Shown, until: int, pauses: Sequence[tuple[int, int]], interval_s: int
) -> Iterator[tuple[int, int, State]]:
    """
    The states of a value over time, from the first look that saw it.

    Args:
        shown: The set.
        until: When the portal showed another set, or the end of the asked range.
        pauses: The pauses that begin at a look at this set, oldest first: the last look before
            each, and the next; after the last look of all, one without end.
        interval_s: Between looks at the portal.
    """
    begin = shown.seen_from
    if not pauses and (same := state_throughout(shown.published_by, shown.confirmed, until)):
        yield begin, until, same
        return
    before: tuple[int, int, State] | None = None
    for since, to, last_look in _watched(begin, until, pauses):
        for piece in _cut(shown, since, to, last_look, interval_s):
            if before is not None and before[2] == piece[2]:
                before = before[0], piece[1], piece[2]
                continue
            if before is not None:
                yield before
            before = piece
    if before is not None:
        yield before


def state_throughout(published_by: int, confirmed: bool, until: int) -> State | None:
    """
    The one state of a set that its portal showed without a pause; most sets have one.

    None if its age may change it.
    """
    if until > published_by + HOLD_S:
        return None
    return "live" if confirmed else "unconfirmed"


def _watched(
    begin: int, until: int, pauses: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int, int | None]]:
    """Divide a time: parts in which the portal is polled, and parts after a last look."""
    for last_look, again in pauses:
        yield begin, min(last_look, until), None
        yield max(begin, last_look), min(again, until), last_look
        begin = again
    yield begin, until, None


def _cut(
    shown: Shown, since: int, until: int, last_look: int | None, interval_s: int
) -> Iterator[tuple[int, int, State]]:
    """The states of a part; ``last_look`` is None while the portal is polled."""
    borders = {
        shown.published_by + HOLD_S,
        shown.published_by + FROZEN_AFTER_S,
        shown.standing_since + FROZEN_AFTER_S,
    }
    if last_look is not None:
        borders.add(last_look + GAP_AFTER_INTERVALS * interval_s + 1)
        borders.add(last_look + DOWN_AFTER_INTERVALS * interval_s + 1)
    cuts = [since, *sorted(border for border in borders if since < border < until), until]
    for begin, end in pairwise(cuts):
        if begin < end:
            last = begin if last_look is None else last_look
            yield begin, end, state(shown, begin, last, interval_s)


def rank(state: State, published_by: int, seen_from: int) -> tuple[int, int, int]:
    """
    The rank of a value among several portals: the best state, then the set published last.

    Of one set at two portals, the one whose box was seen first counts: the order in which archives
    are read must not decide. Of two at once, it is the portal added first; the greatest rank wins.
    """
    return -STATES.index(state), published_by, -seen_from


def rank_sql(state: str) -> str:
    """The order of ``rank``, as SQL, of rows with ``published_by`` and ``seen_from``."""
    places = " ".join(f"WHEN '{known}' THEN {place}" for place, known in enumerate(STATES))
    return f"CASE {state} {places} END, published_by DESC, seen_from"


def live_until(shown: Shown, last_look: int, interval_s: int) -> int | None:
    """
    When a value stops being live if the portal is not polled again; None if it never was live.

    Args:
        shown: The set.
        last_look: The last look that showed it, or the last before a pause.
        interval_s: Between looks at the portal.
    """
    until = min(shown.published_by + HOLD_S, last_look + GAP_AFTER_INTERVALS * interval_s + 1)
    return until if shown.confirmed and until > shown.seen_from else None


def state_sql(at: str, last_look: str) -> str:
    """
    ``state`` as SQL, for a spell ``sp`` of the portal ``p``.

    Args:
        at: The moment, as SQL.
        last_look: The last successful look at the portal up to then, as SQL.
    """
    return f"""CASE
    WHEN {at} - {last_look} > {DOWN_AFTER_INTERVALS} * p.interval_s THEN 'down'
    WHEN min({at}, sp.seen_until) - sp.standing_since >= {FROZEN_AFTER_S} THEN 'frozen'
    WHEN {at} - sp.published_by >= {FROZEN_AFTER_S} AND sp.published_by < sp.standing_since
        THEN 'stale'
    WHEN {CONFIRMED} AND {at} - sp.published_by < {HOLD_S}
        AND {at} - {last_look} <= {GAP_AFTER_INTERVALS} * p.interval_s THEN 'live'
    ELSE 'unconfirmed' END"""


def last_look_sql(at: str) -> str:
    """
    The last successful look up to a moment at which a spell ``sp`` was the last one, as SQL.

    Within a spell that is the moment itself, unless it lies in a pause.
    """
    return f"""CASE WHEN {at} >= sp.seen_until THEN sp.seen_until ELSE coalesce((
        SELECT CASE WHEN u.until > {at} THEN u.since END FROM pauses AS u
        WHERE u.portal_id = sp.portal_id AND u.since <= {at} ORDER BY u.since DESC LIMIT 1), {at})
        END"""


def watched_until_sql(last_look: str) -> str:
    """
    The last look that showed a spell ``sp``, or the last before the next pause, as SQL.

    Args:
        last_look: The last successful look up to the moment, as SQL.
    """
    return f"""coalesce((SELECT min(u.since) FROM pauses AS u WHERE u.portal_id = sp.portal_id
        AND u.since >= {last_look} AND u.since < sp.seen_until), sp.seen_until)"""


CONFIRMED: Final = f"""(sp.observed_at IS NOT NULL
    OR (sp.first_after >= sp.first_seen - {HOLD_S} AND sp.doubt IS NULL))"""
"""
Whether a look saw the set of a spell ``sp`` appear, as SQL; NULL counts as no.

The age of a set with a printed hour is known: no look needs to have seen it appear.
"""

WAS_LIVE: Final = f"({CONFIRMED} AND sp.seen_until - sp.published_by < {HOLD_S})"
"""Whether a spell ``sp`` was live at its last look, as SQL; NULL counts as no."""

NEXT_CHANGE: Final = """(SELECT n.seen_from FROM spells AS n
    WHERE n.portal_id = sp.portal_id AND n.seen_from > sp.seen_from
    ORDER BY n.seen_from LIMIT 1)"""
"""When the portal of a spell ``sp`` showed another set; NULL if it has not yet."""

_LAST_LIVE_LOOK: Final = f"""coalesce((SELECT u.since FROM pauses AS u
    WHERE u.portal_id = sp.portal_id AND u.since BETWEEN sp.seen_from AND sp.seen_until
    AND u.since < sp.published_by + {HOLD_S} AND u.until >= sp.published_by + {HOLD_S}),
    sp.seen_until)"""
"""The last look of a spell ``sp``, or the one before the pause in which its values expired."""


def live_until_sql(last_look: str) -> str:
    """Until when the values of a spell ``sp`` were live, whose last look is this, as SQL."""
    return f"""CASE WHEN {CONFIRMED} THEN nullif(max(sp.seen_from,
    min(sp.published_by + {HOLD_S}, {last_look} + {GAP_AFTER_INTERVALS} * p.interval_s + 1,
        coalesce({NEXT_CHANGE}, {FOREVER}))), sp.seen_from) END"""


LIVE_UNTIL: Final = live_until_sql(_LAST_LIVE_LOOK)
"""Until when the values of a spell ``sp`` of the portal ``p`` were live; NULL if never."""
