"""
A notice by Apprise, which knows a hundred services, in a separate process.

Not in a thread: some of those services have no deadline, and some log what they send, tokens
included. A process can be killed, its log can be dropped, and its memory does not stay with the
daemon. Address and text come on its standard input, where ``ps`` does not show them.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from db.errors import installing
from scraper.notify import command
from scraper.notify.notice import NotDelivered

if TYPE_CHECKING:
    from scraper.notify.notice import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Apprise:
    """
    The channel to one address.

    Attributes:
        nth: Its place among the addresses in the config, from 1.
        address: As Apprise writes it, such as ``"tgram://token/chat"``.
    """

    nth: int
    address: str = field(repr=False)

    @property
    def name(self) -> str:
        """The name, without the secret address."""
        return f"apprise {self.nth}"

    async def send(self, notice: Notice, *, timeout_s: float) -> None:
        """
        Deliver a notice to the address.

        Raises:
            NotDelivered: With a reason without any part of the address.
        """
        trouble = "info" if notice.kind == "test" else "warning"
        kind = "success" if notice.well else trouble
        written = json.dumps({"address": self.address, "text": notice.text, "kind": kind})
        # -P: files in the working folder are not its modules.
        argv = (sys.executable, "-P", "-W", "ignore", "-m", __name__)
        ended = await command.run(argv, written.encode(), environment={}, timeout_s=timeout_s)
        if ended.code:
            raise NotDelivered(ended.line or f"exit code {ended.code}")


def main() -> None:
    """Run in that process: exit code 0, or 1 and one line on stderr."""
    logging.disable()
    try:
        problem = _problem(**json.load(sys.stdin))
    except ImportError as exc:
        missing = f"Apprise is not installed: {installing('notify')}"
        sys.exit(missing if exc.name == "apprise" else f"Apprise needs {exc.name!r}")
    except Exception as exc:  # noqa: BLE001 - a traceback could quote the address
        sys.exit(f"Apprise failed: {type(exc).__name__}")
    sys.exit(problem)


def _problem(*, address: str, text: str, kind: str) -> str | None:
    """Return why it was not delivered; None if it was."""
    import apprise  # noqa: PLC0415 - an extra, and only this process needs it

    asset = apprise.AppriseAsset(app_id="nalssi", async_mode=False)
    service = apprise.Apprise(asset=asset)
    if not service.add(address):
        return "not an address that Apprise knows"
    taken = service.notify(
        body=text,
        title="nalssi",
        notify_type=apprise.NotifyType(kind),
        body_format=apprise.NotifyFormat.TEXT,
    )
    return None if taken else "the service refused it; `apprise -vv` says why"


if __name__ == "__main__":
    main()
