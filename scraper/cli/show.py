"""
Printed values: JSON, a table in a terminal, aligned text in a pipe.

Text from a portal loses its control, escape and bidirectional characters here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import click

from db.moments import minute
from db.qartod import FAIL, SUSPECT
from scraper.cli import language
from scraper.printable import printable
from scraper.records import csv_text, json_text, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from db.measures.evidence import Known
    from db.measures.hours import Hour
    from db.query import Latest, Spell
    from scraper.cli.options import Form

_Form: TypeAlias = Literal["wide", "korean", "english"]

Flagged: TypeAlias = "Latest | Spell | Hour"
"""A row with a temperature and its flag: 3 = suspect, 4 = fail (QARTOD)."""

MARK: Final = "⚑"
"""Before a temperature that is flagged as suspect or failed, as on the pages."""

LOUD: Final = {
    **dict.fromkeys(("stale", "frozen", "down"), "bold white on red"),
    "unconfirmed": "yellow",
}
"""The style of a row in a terminal, by its state, as rich names it."""


def counted(number: int, one: str, more: str = "") -> str:
    """
    A number with its noun, such as ``1 row`` or ``2 rows``.

    Args:
        number: The number.
        one: The noun for one.
        more: The noun for several; empty = with an s.
    """
    return f"{number} {one if number == 1 else more or f'{one}s'}"


def as_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json_text(value, indent=2))


def as_csv(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print CSV that is safe to open in a spreadsheet."""
    excel = bool(click.get_current_context().params.get("excel"))
    click.echo(csv_text(headings, rows, excel=excel), nl=False)


def records(rows: Sequence[object], kind: type, form: Form, *, none: str = "") -> bool:
    """
    Print dataclasses as JSON or CSV, or a message in place of an empty table.

    Args:
        rows: Records of one kind.
        kind: That kind.
        form: The form; ``table`` is left to the caller.
        none: The message without rows; empty = the caller prints one.

    Returns:
        Whether the answer was printed.
    """
    if form == "json":
        as_json(rows)
    elif form == "csv":
        as_csv([one.name for one in fields(kind)], [named(row).values() for row in rows])
    elif none and not rows:
        note(none)
    else:
        return False
    return True


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[str] = (),
    styles: Sequence[str] = (),
    keys: int = 1,
    folded: str = "",
) -> None:
    """
    Print a table; see ``table.py``.

    Args:
        headings: The columns.
        rows: Their values; None prints as a dash.
        numbers: The columns to set flush right.
        styles: The style of each row, as rich names it.
        keys: The number of first columns that identify a row, repeated in each further table.
        folded: The column that takes several lines in a pipe rather than more than 80 characters.
    """
    from scraper.cli.table import print_table  # noqa: PLC0415 - JSON does without rich

    shown = [
        [language.cell(*one) for one in zip(headings, map(cell, row), strict=True)] for row in rows
    ]
    print_table(headings, shown, numbers=numbers, styles=styles, keys=keys, folded=folded)


def note(message: str) -> None:
    """Print a line on stderr, such as why a result is empty."""
    click.echo(f"nalssi: {printable(message)}", err=True)


def cell(value: object) -> str:
    """A cell of a table: a time as Korean minutes, a missing value as a dash."""
    match value:
        case None | "":
            return "–"
        case dt.datetime():
            return minute(value)
        case tuple():
            return "; ".join(map(cell, value)) or "–"
        case _:
            return printable(str(value))


def mib(size: int) -> str:
    """A number of bytes, such as ``12.5 MiB``."""
    return f"{size / 2**20:.1f} MiB"


def latest(rows: Sequence[Latest], *, wide: bool) -> None:
    """
    Print the newest readings, after a warning about those that are not the current weather.

    Args:
        rows: The readings.
        wide: Whether to print all columns, or only those that fit 80 characters.
    """
    if not rows:
        note("no portal has shown a weather box yet")
        return
    from scraper.cli.table import print_line  # noqa: PLC0415 - JSON does without rich

    for line in _warnings(rows):
        print_line(line, style="bold red")
    form: _Form = "wide" if wide else "korean" if language.chosen() == "ko" else "english"
    cells = [_reading(row, form) for row in rows]
    table(
        list(cells[0]),
        [list(row.values()) for row in cells],
        numbers=["°C", "age", "flag"],
        styles=[LOUD.get(row.state, "") for row in rows],
    )
    flagged(rows)


def degrees(row: Flagged) -> str | float | None:
    """A temperature in a table, with a mark before one that may be wrong: ``"⚑ 30.2"``."""
    return f"{MARK} {row.temperature_c}" if row.flag in (SUSPECT, FAIL) else row.temperature_c


def condition(row: Latest | Spell | Known) -> str | None:
    """Our name of the sky; of a lost label the learned one with its source, ``rain (a portal)``."""
    if row.learned_condition is None:
        return row.condition
    return f"{row.learned_condition} ({row.learned_from})"


def flagged(rows: Iterable[Flagged]) -> None:
    """Explain the mark below a table that has one."""
    if any(row.flag in (SUSPECT, FAIL) for row in rows):
        click.echo(language.say("{mark} may be wrong; `nalssi flags` says why", mark=MARK))


def _reading(row: Latest, form: _Form) -> dict[str, object]:
    """The cells of a reading, by their headings; a short table uses the names of its language."""
    place = f"{row.station} {row.station_en or ''}".strip()
    ours, printed = condition(row), row.label
    seen = {"seen from": row.seen_from, "seen until": row.seen_until, "page date": row.page_date}
    sky = (ours or printed) if form == "english" else language.sky(printed, ours)
    return {
        "station": row.station if form == "korean" else place,
        "°C": degrees(row),
        "sky": sky,
        "state": language.state(row.state),
        "age": language.age(row.age_minutes),
        **(seen if form == "wide" else {}),
        "portal": row.portal,
        **(_trust(row) if form == "wide" else {}),
    }


def _trust(row: Latest) -> dict[str, object]:
    """The portals that agree, if several were asked; the flag; and why the state is that."""
    live, agreeing = (getattr(row, f"{kind}_portals", None) for kind in ("live", "agreeing"))
    of_all = {} if live is None else {"agree": agree(agreeing, live)}
    return {**of_all, "flag": row.flag, "why": row.why}


def agree(agreeing: int | None, live: int) -> str | None:
    """How many of the live portals show a temperature; None without a live portal."""
    return language.say("{agreeing} of {live}", agreeing=agreeing, live=live) if live else None


def _warnings(rows: Sequence[Latest]) -> list[str]:
    """A sentence for each portal whose values are not the current weather."""
    newest: dict[tuple[str, str, dt.datetime, dt.datetime], Latest] = {}
    for row in rows:
        newest[row.portal, row.state, row.seen_from, row.seen_until] = row
    warnings = filter(None, map(_warning, newest.values()))
    old = language.say("They are not the current weather.")
    return [f"{warning} {old}" for warning in warnings]


def _warning(row: Latest) -> str | None:
    portal, old = cell(row.portal), language.age(row.age_minutes)
    match row.state:
        case "frozen":
            line = "FROZEN: {portal} has shown the same values for {old}, since {since}."
            return language.say(line, portal=portal, old=old, since=cell(row.seen_from))
        case "stale":
            line = "STALE: {portal} shows values that are {old} old: {why}."
            why = language.sentence(cell(row.why))
            return language.say(line, portal=portal, old=old, why=why)
        case "down":
            line = (
                "DOWN: {portal} was last seen to show these values at {until}; they are {old} old."
            )
            return language.say(line, portal=portal, old=old, until=cell(row.seen_until))
        case _:
            return None
