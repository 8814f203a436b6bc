"""The request, the answer, and how long it holds."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from db.errors import NalssiError, WrongQuestion
from scraper.records import csv_text, json_text
from scraper.schedule import next_look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from db.korean import Language
    from db.query import Database, PortalStatus


FRESH_S: Final = 60
"""The longest time that a cache may keep an answer that can change: a minute."""

FOREVER_S: Final = 365 * 24 * 60 * 60
"""How long a cache may keep a final answer; RFC 9111 advises at most a year."""

SETTLED: Final = dt.timedelta(days=1)
"""The time after its end at which a month or a showing counts as final."""

HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"
SVG: Final = "image/svg+xml"


class NotThere(NalssiError):
    """This address has no page, file or record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    An answer.

    Attributes:
        body: The body as sent.
        media_type: For ``Content-Type``.
        status: The HTTP status.
        holds_until: Times at which a part of it changes; a cache keeps it until the first.
        modified: The newest look that it includes.
        closed: Whether it can no longer change.
    """

    body: bytes
    media_type: str
    status: int = 200
    holds_until: tuple[dt.datetime, ...] = ()
    modified: dt.datetime | None = None
    closed: bool = False

    @property
    def etag(self) -> str:
        """A strong ETag: only equal bytes share it."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'

    def cache_control(self, now: dt.datetime) -> str:
        """The header Cache-Control."""
        if self.closed:
            return f"public, max-age={FOREVER_S}, immutable"
        seconds = [(one - now).total_seconds() for one in self.holds_until if one > now]
        return f"public, max-age={int(min([FRESH_S, *seconds]))}"


@dataclass(frozen=True, kw_only=True)
class Place:
    """
    The place of a page.

    Attributes:
        path: The requested path, such as ``/en/stations/108/``.
        language: The language of a page; data have none.
        base_url: The public address, without a slash at its end; may be empty.
    """

    path: str
    language: Language = "ko"
    base_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Asked(Place):
    """
    One request, with access to the database.

    Attributes:
        db: The database, open for this request only.
        now: The present; Korean time.
        values: The variable parts of the path.
        query: The parameters after the question mark.
        months: The number of months that a station's page links to.
    """

    db: Database
    now: dt.datetime
    values: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    months: int = 12

    @cached_property
    def status(self) -> list[PortalStatus]:
        """The state of every portal."""
        return self.db.status(now=self.now)

    @cached_property
    def ends(self) -> dict[str, dt.datetime]:
        """The earliest expiry of each portal's live values, by its name."""
        found: dict[str, dt.datetime] = {}
        for row in self.db.latest(now=self.now):
            if row.valid_until:
                found[row.portal] = min(row.valid_until, found.get(row.portal, row.valid_until))
        return found

    @cached_property
    def next_looks(self) -> tuple[dt.datetime, ...]:
        """The times of the next looks, without overdue ones."""
        return tuple(filter(None, map(self.next_look_at, self.status)))

    def next_look_at(self, portal: PortalStatus) -> dt.datetime | None:
        """The time of a portal's next look; None if it is overdue."""
        memory = self.db.memory(portal.portal)
        due = next_look(memory, round(portal.interval_minutes * 60), self.now)
        return due if due > self.now else None

    @cached_property
    def last_look(self) -> dt.datetime | None:
        """The newest look at any portal."""
        return max((one.last_look for one in self.status if one.last_look), default=None)

    def only(self, *names: str) -> None:
        """
        Refuse other parameters.

        Raises:
            WrongQuestion: There are others.
        """
        if unknown := sorted(set(self.query) - set(names)):
            known = ", ".join(names) or "no parameter"
            raise WrongQuestion("parameter", repr(unknown[0]), expected=known)

    def answer(self, body: str, media_type: str, values: Iterable[Any] = (), **more: Any) -> Answer:
        """
        An answer that shows these values of the database.

        Args:
            body: The text.
            media_type: For ``Content-Type``.
            values: The records in it, with a ``valid_until``.
            more: As in ``Answer``.
        """
        ends = tuple(one.valid_until for one in values if one.valid_until)
        fresh = {} if more.get("closed") else {"holds_until": ends + self.next_looks}
        return Answer(
            body=body.encode("utf-8", "replace"),
            media_type=media_type,
            **{"modified": self.last_look, **fresh, **more},
        )

    def json(self, value: object, values: Iterable[Any] = (), **more: Any) -> Answer:
        """JSON in one line."""
        return self.answer(json_text(value) + "\n", more.pop("media_type", JSON), values, **more)

    def csv(
        self,
        headings: Iterable[str],
        rows: Iterable[Iterable[object]],
        values: Iterable[Any] = (),
        **more: Any,
    ) -> Answer:
        """CSV with the mark by which Excel recognizes UTF-8."""
        text = "\N{BYTE ORDER MARK}" + csv_text(headings, rows)
        return self.answer(text, CSV, values, **more)


def fresh_until(values: Iterable[Any]) -> dt.datetime | None:
    """The earliest expiry of the live values; None without a live value."""
    return min((one.valid_until for one in values if one.valid_until), default=None)
