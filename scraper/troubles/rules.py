"""Which notices of our own troubles are due: once, daily while it lasts, and once when over."""

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
"""A kind, and the channel that it is about; "" for all other kinds."""

Seen: TypeAlias = "Mapping[Key, str | None]"
"""What is seen now: a line for a trouble, None for none; what is not in it is not known."""

PORTAL: Final = "nalssi"
"""What stands in a notice where others name the portal."""

INTERVALS: Final = 3
"""So many intervals make a lock too long, and looks that do not come a trouble."""

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
    A trouble of our own.

    Attributes:
        kind: In a word.
        about: The channel that fails; "" for all other kinds.
        since: When it was first seen; aware.
        text: What is wrong and what to do, in one line.
        over: Whether it is over, and some channel does not know that yet.
        sent: When each channel took a notice of it.
    """

    kind: Own
    about: str
    since: dt.datetime
    text: str
    over: bool = False
    sent: Mapping[str, dt.datetime] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.kind, self.about


def updated(known: Iterable[Trouble], seen: Seen, now: dt.datetime) -> list[Trouble]:
    """The troubles after what was seen; one that is over stays until its channels know."""
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
    """Whether it lasts for so long that it is worth a word; a lock of a minute is none."""
    patience = {"locked": INTERVALS * interval_s, "channel": AGAIN_AFTER.total_seconds()}
    lasted = (now - trouble.since).total_seconds()
    return not trouble.over and (lasted >= patience.get(trouble.kind, 0.0) or lasted < 0)


def due(trouble: Trouble, channel: str, now: dt.datetime, interval_s: float) -> Notice | None:
    """The notice of a trouble that a channel is to be given now; None where there is none."""
    before = trouble.sent.get(channel)
    if trouble.over:
        return _notice(trouble, _over(trouble), well=True) if before else None
    if not lasting(trouble, now, interval_s):
        return None
    if before is not None and dt.timedelta() <= now - before < AGAIN_AFTER:
        return None
    return _notice(trouble, trouble.text, well=False)


def delivered(trouble: Trouble, channel: str, now: dt.datetime) -> Trouble | None:
    """The trouble after a channel took its notice; None where all know that it is over."""
    others = {name: at for name, at in trouble.sent.items() if name != channel}
    if trouble.over:
        return replace(trouble, sent=others) if others else None
    return replace(trouble, sent={**others, channel: now})


def shifted(trouble: Trouble, by: dt.timedelta) -> Trouble:
    """The same trouble by a clock that was set."""
    sent = {channel: at + by for channel, at in trouble.sent.items()}
    return replace(trouble, since=trouble.since + by, sent=sent)


def failing(failure: str) -> str:
    """The trouble of a channel that fails, such as ``"webhook: refused: it answered 500"``."""
    return f"{failure}; fix the channel, or remove it from the config"


def _over(trouble: Trouble) -> str:
    about = f" by {trouble.about}" if trouble.about else ""
    return f"{_OVER[trouble.kind]}{about}; it was: {trouble.text}"


def _notice(trouble: Trouble, text: str, *, well: bool) -> Notice:
    from scraper.notify import Notice  # noqa: PLC0415 - only where there is one

    return Notice(portal=PORTAL, kind=trouble.kind, well=well, text=f"{PORTAL}: {printable(text)}")
