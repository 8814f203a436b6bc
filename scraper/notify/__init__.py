"""
Telling people: what is wrong with a portal, that it is over, and that we are still alive.

Every channel is tried, all of them at once, each in a thread of its own; none can stop another,
or hold up the caller for much longer than the timeout.
"""

from __future__ import annotations

import json
import threading
import time
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from scraper.notify import by_apprise, command, web
from scraper.notify.notice import Channels, NotDelivered, Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Channels", "Notice", "Signal", "deliver", "ping"]

Signal: TypeAlias = Literal["start", "success", "fail"]
_Attempt: TypeAlias = "tuple[str, Callable[[], None]]"

MAX_PING_BYTES: Final = 10_000
"""What healthchecks.io keeps of a body; https://healthchecks.io/docs/attaching_logs/."""

_PATHS: Final[dict[Signal, str]] = {"start": "/start", "success": "", "fail": "/fail"}

_GRACE_S = 1.0
"""A channel keeps its own deadline; one that cannot, as in a question to DNS, is left behind."""


def deliver(notice: Notice, channels: Channels, *, timeout_s: float = 10.0) -> list[str]:
    """
    Tell people, by every channel there is.

    Returns:
        One line for each channel that failed, without its secrets; empty where all took it.
    """
    return _failures(list(_attempts(notice.plain(), channels, timeout_s)), timeout_s)


def ping(url: str, signal: Signal, body: str = "", *, timeout_s: float = 10.0) -> str | None:
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
    told = body.encode("utf-8", "replace")[:MAX_PING_BYTES].decode("utf-8", "ignore").encode()
    under = _PATHS[signal]
    send = partial(web.post, url, told, under=under, kind=web.TEXT, timeout_s=timeout_s)
    return next(iter(_failures([("ping", send)], timeout_s)), None)


def _attempts(notice: Notice, channels: Channels, timeout_s: float) -> Iterator[_Attempt]:
    if channels.command:
        environment = {
            "NALSSI_PORTAL": notice.portal,
            "NALSSI_KIND": notice.kind,
            "NALSSI_WELL": str(int(notice.well)),
        }
        yield (
            "command",
            partial(
                command.tell,
                channels.command,
                notice.text,
                environment=environment,
                timeout_s=timeout_s,
            ),
        )
    if channels.webhook:
        yield "webhook", partial(_send_webhook, channels.webhook, notice, timeout_s)
    for nth, address in enumerate(channels.apprise, 1):
        send = partial(by_apprise.tell, notice, address, timeout_s=timeout_s)
        yield f"apprise {nth}", send


def _send_webhook(url: str, notice: Notice, timeout_s: float) -> None:
    told = {
        "portal": notice.portal,
        "kind": notice.kind,
        "well": notice.well,
        "text": notice.text,
    }
    body = json.dumps(told, ensure_ascii=False).encode()
    web.post(url, body, kind=web.JSON, timeout_s=timeout_s)


def _failures(attempts: Sequence[_Attempt], timeout_s: float) -> list[str]:
    until = time.monotonic() + timeout_s + _GRACE_S
    outcomes = [(name, _begun(send)) for name, send in attempts]
    reasons = [(name, _awaited(outcome, until, timeout_s)) for name, outcome in outcomes]
    return [f"{name}: {reason}" for name, reason in reasons if reason is not None]


def _begun(send: Callable[[], None]) -> SimpleQueue[str | None]:
    """Give where the reason of the failure will be, or None for a success."""
    outcome: SimpleQueue[str | None] = SimpleQueue()

    def attempt() -> None:
        try:
            send()
        except NotDelivered as exc:
            outcome.put(exc.reason)
        except Exception as exc:  # noqa: BLE001 - no channel may stop another, whatever it raises
            outcome.put(f"failed: {type(exc).__name__}")
        else:
            outcome.put(None)

    threading.Thread(target=attempt, name="nalssi-notify", daemon=True).start()
    return outcome


def _awaited(outcome: SimpleQueue[str | None], until: float, timeout_s: float) -> str | None:
    try:
        return outcome.get(timeout=max(0.0, until - time.monotonic()))
    except Empty:
        return f"too late: no answer within {timeout_s:g} s"
