"""
The list of channels: every way for a notice to reach people.

A new channel is a class with a name and ``send``, a key in the config's table ``notify``, and a
line in ``configured``, from which all senders take the channels.
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
        """The name under which the database remembers its notices, such as ``"webhook"``."""

    async def send(self, notice: Notice, *, timeout_s: float) -> None:
        """
        Deliver a notice.

        Raises:
            NotDelivered: It failed, or did not finish in time.
        """


def configured(settings: Notify) -> list[Channel]:
    """The channels of the config, each with a unique name."""
    channels: list[Channel] = []
    channels += [Command(argv=settings.command)] if settings.command else []
    channels += [Webhook(url=settings.webhook)] if settings.webhook else []
    channels += [Apprise(nth=nth, address=one) for nth, one in enumerate(settings.apprise, 1)]
    return channels
