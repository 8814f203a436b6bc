"""
Notices: what is wrong with a portal, that it is over, and that we are still alive.

All channels are tried at once. None can stop another, or hold up the caller beyond the timeout.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from scraper.notify import web
from scraper.notify.channels import Channel, configured
from scraper.notify.notice import NotDelivered, Notice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

__all__ = ["Channel", "Notice", "Signal", "configured", "deliver", "ping"]

Signal: TypeAlias = Literal["start", "success", "fail"]

MAX_PING_BYTES: Final = 10_000
"""What healthchecks.io keeps of a body; https://healthchecks.io/docs/attaching_logs/."""

_PATHS: Final[dict[Signal, str]] = {"start": "/start", "success": "", "fail": "/fail"}


async def deliver(
    notice: Notice, channels: Sequence[Channel], *, timeout_s: float = 10.0
) -> list[str]:
    """
    Send a notice by each of the channels.

    Returns:
        One line for each channel that failed, without its secrets; empty where all took it.
    """
    plain = notice.plain()
    reasons = await asyncio.gather(
        *(_failure(channel.send(plain, timeout_s=timeout_s)) for channel in channels)
    )
    return [
        f"{channel.name}: {reason}"
        for channel, reason in zip(channels, reasons, strict=True)
        if reason is not None
    ]


async def ping(url: str, signal: Signal, body: str = "", *, timeout_s: float = 10.0) -> str | None:
    """
    Tell a check of the healthchecks.io kind that a pass begins, went well, or failed.

    Args:
        url: Of the check; empty = there is none, and nothing happens.
        signal: What happened.
        body: A summary; what is over ``MAX_PING_BYTES`` is cut.
        timeout_s: For the whole exchange.

    Returns:
        None where it is delivered; otherwise why not, in one line without the address.
    """
    if not url:
        return None
    cut = body.encode("utf-8", "replace")[:MAX_PING_BYTES].decode("utf-8", "ignore").encode()
    posting = web.post(url, cut, under=_PATHS[signal], kind=web.TEXT, timeout_s=timeout_s)
    reason = await _failure(posting)
    return None if reason is None else f"ping: {reason}"


async def _failure(sending: Awaitable[None]) -> str | None:
    """Why it was not delivered, in one line; None where it was."""
    try:
        await sending
    except NotDelivered as exc:
        return exc.reason
    except Exception as exc:  # noqa: BLE001 - no channel may stop another, whatever it raises
        return f"failed: {type(exc).__name__}"
    return None
