"""
Notices: faults of a portal, their end, and the ping that we are still alive.

All channels are tried at once. No channel can stop another, or delay the caller beyond the timeout.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from scraper.notify import web
from scraper.notify.channels import Channel, configured
from scraper.notify.notice import NotDelivered, Notice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

__all__ = ["Channel", "Notice", "Signal", "configured", "deliver", "ping"]

Signal: TypeAlias = Literal["start", "success", "fail"]

MAX_PING_BYTES: Final = 10_000
"""The part of a body that healthchecks.io stores; https://healthchecks.io/docs/attaching_logs/."""

_PATHS: Final[dict[Signal, str]] = {"start": "/start", "success": "", "fail": "/fail"}


async def deliver(
    notice: Notice, channels: Sequence[Channel], *, timeout_s: float = 10.0
) -> list[str]:
    """
    Send a notice by each of the channels.

    Returns:
        One line for each channel that failed, without its secrets; empty if all accepted it.
    """
    plain = notice.plain()
    reasons = await asyncio.gather(
        *(_failure(partial(channel.send, plain, timeout_s=timeout_s)) for channel in channels)
    )
    return [
        f"{channel.name}: {reason}"
        for channel, reason in zip(channels, reasons, strict=True)
        if reason is not None
    ]


async def ping(url: str, signal: Signal, body: str = "", *, timeout_s: float = 10.0) -> str | None:
    """
    Report to a check such as healthchecks.io that a pass begins, went well, or failed.

    Args:
        url: The address of the check; empty = there is no check.
        signal: The event.
        body: A summary; cut at ``MAX_PING_BYTES``.
        timeout_s: The time limit of the whole exchange.

    Returns:
        None if it was delivered; otherwise the reason, in one line without the address.
    """
    if not url:
        return None
    cut = body.encode("utf-8", "replace")[:MAX_PING_BYTES].decode("utf-8", "ignore").encode()
    post = partial(web.post, url, cut, under=_PATHS[signal], kind=web.TEXT, timeout_s=timeout_s)
    reason = await _failure(post)
    return None if reason is None else f"ping: {reason}"


async def _failure(send: Callable[[], Awaitable[None]]) -> str | None:
    """Why it was not delivered, in one line; None if it was."""
    try:
        await send()
    except NotDelivered as exc:
        return exc.reason
    except Exception as exc:  # noqa: BLE001 - no channel may stop another, whatever it raises
        return f"failed: {type(exc).__name__}"
    return None
