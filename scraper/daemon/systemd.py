"""
Reports to systemd: sd_notify(3), a datagram of ``KEY=value`` lines.

Elsewhere no process listens, and these functions have no effect. The environment is read at each
call.
"""

from __future__ import annotations

import os
import re
import socket
import time
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""Characters that end a line, or control the terminal of ``systemctl status``."""

_STATUS_BYTES: Final = 1024
"""The length of a status: longer than a person reads, well within a datagram."""

_PATIENCE_S: Final = 0.1
"""The wait for a place in a full queue: looks must not wait for a report."""


def notify(*lines: str) -> bool:
    """
    Send systemd these lines, such as ``"READY=1"``; line breaks in them are removed.

    Returns:
        Whether systemd took the message; False if no process listens, or none takes it in 0.1 s.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not lines or not address.startswith(("/", "@")):
        return False
    message = "\n".join(_one_line(line) for line in lines).encode(errors="replace")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(_PATIENCE_S)
            sender.sendto(message, _path(address))
    except (OSError, ValueError):  # gone, full, not ours; ValueError: not a path
        return False
    return True


def ready() -> bool:
    """Report that start-up or a reload is done."""
    return notify("READY=1")


def reloading() -> bool:
    """
    Report that the config is being read again; ``ready`` ends that.

    It includes the time, without which ``Type=notify-reload`` ignores it.
    """
    return notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def stopping() -> bool:
    """Report that the daemon is stopping."""
    return notify("STOPPING=1")


def status(text: str) -> bool:
    """Show one line in ``systemctl status``, at most a kilobyte of it."""
    line = _one_line(text).encode(errors="replace")[:_STATUS_BYTES]
    return notify(f"STATUS={line.decode(errors='ignore')}")


def alive() -> bool:
    """Feed the watchdog."""
    return notify("WATCHDOG=1")


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text)


def _path(address: str) -> str:
    """The socket's address for the kernel: an ``@`` stands for the NUL of an abstract one."""
    return f"\0{address[1:]}" if address.startswith("@") else address
