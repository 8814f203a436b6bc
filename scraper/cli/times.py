"""The options for a range of time."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import click

from db import asked
from db.errors import WrongQuestion
from db.moments import minute, now
from scraper.cli import show
from scraper.cli.options import only_portal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable


class Moment(click.ParamType["dt.datetime"]):
    """A time in the forms that ``db.asked`` reads."""

    name = "TIME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.datetime:
        """The moment, aware; a date means its midnight."""
        try:
            return asked.moment(value)
        except WrongQuestion as exc:
            self.fail(f"{exc.asked} is not a time, expected {exc.expected}", param, ctx)


_DAY: Final = "nalssi.day"
"""The key of that note in the context of a command."""


class OneMoment(Moment):
    """The moment of a question for one value; ``note_day`` prints the midnight of a day."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.datetime:
        """The moment, aware."""
        moment = super().convert(value, param, ctx)
        if isinstance(value, str) and asked.is_day(value):
            note = f"{value} means its midnight, {minute(moment)}"
            click.get_current_context().meta[_DAY] = note
        return moment


def note_day() -> None:
    """Print on stderr that the answer is for a midnight, if the question named a day."""
    if note := click.get_current_context().meta.get(_DAY):
        show.note(note)


since = click.option("--since", type=Moment(), help="From: 2026-03-01T09:00, 24h, 7d or yesterday.")
until = click.option("--until", type=Moment(), help="Before; in the same forms.")


def refuse_reversed(since: dt.datetime | None, until: dt.datetime | None) -> None:
    """
    Refuse a range of time that ends before it begins.

    Raises:
        UsageError: The range ends before it begins.
    """
    if since is not None and until is not None and since >= until:
        msg = f"--since {minute(since)} is not before --until {minute(until)}"
        raise click.UsageError(msg)


def of_a_time(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --since, --until and --portal, as its argument ``part``."""

    @since
    @until
    @only_portal
    @functools.wraps(command)
    def with_part(
        *args: Any,
        since: dt.datetime | None,
        until: dt.datetime | None,
        portal: str | None,
        **options: Any,
    ) -> None:
        refuse_reversed(since, until)
        part = asked.Part(since=since, until=until, portal=portal, now=now())
        command(*args, part=part, **options)

    return with_part
