"""
The list of channels: every way for a notice to reach people.

A new channel is a class with a name and ``send``, a key in the config's table ``notify``, and a
line in ``configured``. Whoever sends a notice takes the channels from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from scraper.notify.by_apprise import Apprise
from scraper.notify.command import Command
from scraper.notify.web import Webhook

if TYPE_CHECKING:
    from scraper.config import Notify
    from scraper.notify.notice import Notice


class Channel(Protocol):
    """One way for a notice to reach people. Its ``repr`` shows no secret."""

    @property
    def name(self) -> str:
        """Under which the database remembers its notices, such as ``"webhook"``."""

    async def send(self, notice: Notice, *, timeout_s: float) -> None:
        """
        Deliver a notice.

        Raises:
            NotDelivered: It did not, or not in so many seconds.
        """


def configured(settings: Notify) -> list[Channel]:
    """The channels that the config names, each by a name of its own."""
    channels: list[Channel] = []
    channels += [Command(argv=settings.command)] if settings.command else []
    channels += [Webhook(url=settings.webhook)] if settings.webhook else []
    channels += [Apprise(nth=nth, address=one) for nth, one in enumerate(settings.apprise, 1)]
    return channels
