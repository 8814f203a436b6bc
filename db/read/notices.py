"""The notices that were sent and are not over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.read.rows import values

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3

OPEN_NOTICES: Final = """
    SELECT p.name AS portal, n.channel, n.kind, n.sent_at, n.text
    FROM open_notices AS n JOIN portals AS p ON p.id = n.portal_id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNotice:
    """
    A notice that a channel sent, about a fault that is not over.

    Attributes:
        portal: The portal's name.
        channel: Such as ``webhook``.
        kind: Such as ``down``.
        sent_at: The time when it was last sent; Korean.
        text: Its text as sent.
    """

    portal: str
    channel: str
    kind: str
    sent_at: dt.datetime
    text: str


def read(row: sqlite3.Row) -> OpenNotice:
    """Read a row of ``OPEN_NOTICES``."""
    return OpenNotice(**values(row, "sent_at"))
