"""What is asked of an address, what is answered, and for how long that holds."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from db.errors import NalssiError, WrongQuestion
from scraper.records import csv_text, json_text
from scraper.schedule import next_look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from db.query import Database, PortalStatus

Language: TypeAlias = Literal["ko", "en"]

FRESH_S: Final = 60
"""No cache keeps what may still change for longer than a minute."""

FOREVER_S: Final = 365 * 24 * 60 * 60
"""How long a cache may keep what changes no more; RFC 9111 wants no more than a year."""

SETTLED: Final = dt.timedelta(days=1)
"""So long after its end, a month or a showing is taken for closed."""

HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"
SVG: Final = "image/svg+xml"


class NotThere(NalssiError):
    """No page, file or record stands at this address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What goes out.

    Attributes:
        body: As sent.
        media_type: For ``Content-Type``.
        status: HTTP's.
        holds_until: Moments at which something in it changes; a cache keeps it to the first.
        modified: The newest look that it tells of.
        closed: Whether it changes no more.
    """

    body: bytes
    media_type: str
    status: int = 200
    holds_until: tuple[dt.datetime, ...] = ()
    modified: dt.datetime | None = None
    closed: bool = False

    @property
    def etag(self) -> str:
        """A strong one: equal bytes alone have it."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'

    def cache_control(self, now: dt.datetime) -> str:
        """For how long a cache may keep it."""
        if self.closed:
            return f"public, max-age={FOREVER_S}, immutable"
        seconds = [(one - now).total_seconds() for one in self.holds_until if one > now]
        return f"public, max-age={int(min([FRESH_S, *seconds]))}"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """
    One request, and what it may ask of the database.

    Attributes:
        db: Open for this request alone.
        now: The present; Korean time.
        path: As asked for, such as ``/en/stations/108/``.
        language: Of a page; data have none.
        base_url: Where this is to be found from outside, without a slash at its end; may be empty.
        values: The parts of the path that vary.
        query: What stands after the question mark.
        months: How many months a station's page links to.
    """

    db: Database
    now: dt.datetime
    path: str
    language: Language = "ko"
    base_url: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    months: int = 12

    @cached_property
    def status(self) -> list[PortalStatus]:
        """How every portal is."""
        return self.db.status(now=self.now)

    @cached_property
    def ends(self) -> dict[str, dt.datetime]:
        """When the first of a portal's live values stops being live, by the portal's name."""
        found: dict[str, dt.datetime] = {}
        for row in self.db.latest(now=self.now):
            if row.valid_until:
                found[row.portal] = min(row.valid_until, found.get(row.portal, row.valid_until))
        return found

    @cached_property
    def next_looks(self) -> tuple[dt.datetime, ...]:
        """When portals are polled next, of those that are not overdue."""
        return tuple(
            due
            for one in self.status
            if (due := self.next_look_at(one)) is not None and due > self.now
        )

    def next_look_at(self, portal: PortalStatus) -> dt.datetime | None:
        """When a portal is polled next; None where that is overdue."""
        memory = self.db.memory(portal.portal)
        due = next_look(memory, round(portal.interval_minutes * 60), self.now)
        return due if due > self.now else None

    @cached_property
    def last_look(self) -> dt.datetime | None:
        """The newest look at any portal."""
        return max((one.last_look for one in self.status if one.last_look), default=None)

    def only(self, *names: str) -> None:
        """
        Refuse a question mark with other names behind it.

        Raises:
            WrongQuestion: There are.
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
            values: Records with a ``valid_until``.
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
        """CSV with the mark by which Excel knows UTF-8."""
        text = "\N{BYTE ORDER MARK}" + csv_text(headings, rows)
        return self.answer(text, CSV, values, **more)


def fresh_until(values: Iterable[Any]) -> dt.datetime | None:
    """When the first of the live values stops being live; None where none is."""
    return min((one.valid_until for one in values if one.valid_until), default=None)
