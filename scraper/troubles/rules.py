"""The due notices about our troubles: once, daily while they last, and once when they are over."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from scraper.attempts import AGAIN_AFTER
from scraper.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scraper.notify import Notice
    from scraper.notify.notice import Own

Key: TypeAlias = "tuple[Own, str]"
"""A kind, and the channel for kind ``channel``; "" for all other kinds."""

Seen: TypeAlias = "Mapping[Key, str | None]"
"""The present: a line for a trouble, None for no trouble; a missing key is unknown."""

PORTAL: Final = "nalssi"
"""The name in place of a portal in these notices."""

INTERVALS: Final = 3
"""After this many intervals a lock, or missing looks, are a trouble."""

_OVER: Final[Mapping[Own, str]] = {
    "disk": "the disk has room again",
    "gone": "the database is back",
    "replaced": "the right database is in its place again",
    "damaged": "the database is sound again",
    "locked": "the database is no longer locked",
    "refused": "the database can be written again",
    "backlog": "all looks that waited are recorded",
    "clock": "the clock is right again",
    "stuck": "portals are polled again",
    "channel": "notices arrive again",
}

KINDS: Final[tuple[Own, ...]] = tuple(_OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """
    A trouble of nalssi itself.

    Attributes:
        kind: Its kind, in a word.
        about: The failing channel; "" for all other kinds.
        since: The time when it was first seen; aware.
        text: The fault and the remedy, in one line.
        over: Whether it is over, but not all channels have been notified.
        sent: The time when each channel accepted a notice.
    """

    kind: Own
    about: str
    since: dt.datetime
    text: str
    over: bool = False
    sent: Mapping[str, dt.datetime] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Its identity."""
        return self.kind, self.about


def updated(known: Iterable[Trouble], seen: Seen, now: dt.datetime) -> list[Trouble]:
    """The troubles after an update; one that is over stays until its channels are notified."""
    troubles = {trouble.key: trouble for trouble in known}
    for key, text in seen.items():
        before = troubles.get(key)
        if text is not None:
            since = now if before is None or before.over else before.since
            sent = before.sent if before else {}
            troubles[key] = Trouble(
                kind=key[0], about=key[1], since=since, text=printable(text), sent=sent
            )
        elif before is not None and before.sent:
            troubles[key] = replace(before, over=True)
        else:
            troubles.pop(key, None)
    return sorted(troubles.values(), key=lambda one: (KINDS.index(one.kind), one.about))


def lasting(trouble: Trouble, now: dt.datetime, interval_s: float) -> bool:
    """Whether it has lasted long enough for a notice; a lock of a minute has not."""
    patience = {"locked": INTERVALS * interval_s, "channel": AGAIN_AFTER.total_seconds()}
    lasted = (now - trouble.since).total_seconds()
    return not trouble.over and (lasted >= patience.get(trouble.kind, 0.0) or lasted < 0)


def due(trouble: Trouble, channel: str, now: dt.datetime, interval_s: float) -> Notice | None:
    """The notice of a trouble that is due for a channel now; None if no notice is due."""
    before = trouble.sent.get(channel)
    if trouble.over:
        return _notice(trouble, _over(trouble), well=True) if before else None
    if not lasting(trouble, now, interval_s):
        return None
    if before is not None and dt.timedelta() <= now - before < AGAIN_AFTER:
        return None
    return _notice(trouble, trouble.text, well=False)


def delivered(trouble: Trouble, channel: str, now: dt.datetime) -> Trouble | None:
    """The trouble after a channel accepted its notice; None once all know that it is over."""
    others = {name: at for name, at in trouble.sent.items() if name != channel}
    if trouble.over:
        return replace(trouble, sent=others) if others else None
    return replace(trouble, sent={**others, channel: now})


def shifted(trouble: Trouble, by: dt.timedelta) -> Trouble:
    """The same trouble after the clock was set."""
    sent = {channel: at + by for channel, at in trouble.sent.items()}
    return replace(trouble, since=trouble.since + by, sent=sent)


def failing(failure: str) -> str:
    """The trouble of a failing channel, such as ``"webhook: refused: it answered 500"``."""
    return f"{failure}; fix the channel, or remove it from the config"


def _over(trouble: Trouble) -> str:
    about = f" by {trouble.about}" if trouble.about else ""
    return f"{_OVER[trouble.kind]}{about}; it was: {trouble.text}"


def _notice(trouble: Trouble, text: str, *, well: bool) -> Notice:
    from scraper.notify import Notice  # noqa: PLC0415 - only where there is one

    return Notice(portal=PORTAL, kind=trouble.kind, well=well, text=f"{PORTAL}: {printable(text)}")
