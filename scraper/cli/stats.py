"""The commands that compute."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

import click

from db import query
from db.asked import MIN_COVERAGE
from db.measures.stats import Period
from scraper import records
from scraper.cli import language, show
from scraper.cli.options import Form, Places, wide, with_output, with_places, with_stations
from scraper.cli.times import of_a_time

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from db.asked import Part
    from db.measures.compare import Comparison
    from db.measures.periods import By

_MINUTE: Final = "%Y-%m-%d %H:%M"
_NAMED: Final = {
    "hour": _MINUTE,
    "day": "%Y-%m-%d",
    "week": "%G-W%V",
    "month": "%Y-%m",
    "year": "%Y",
    "all": _MINUTE,
}
"""The name of a period in a table; a part of a period is named by its first minute."""

_NOTHING: Final = "no look showed {} in that time"


_any = click.option(
    "--any", "everything", is_flag=True, help="Also count values that are not live."
)
_min_coverage = click.option(
    "--min-coverage",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    default=MIN_COVERAGE,
    show_default=True,
    help="Share of a period's time, 0 to 1; below it there is no mean.",
)


@click.command(epilog="Example: nalssi stats 서울 --by day --since 30d")
@with_stations(1)
@click.option(
    "--by",
    type=click.Choice(list(_NAMED)),
    default="day",
    show_default=True,
    help="A row for each.",
)
@of_a_time
@_any
@_min_coverage
@wide
@with_places
@with_output
def stats(
    stations: tuple[str, ...],
    by: By,
    part: Part,
    places: Places,
    *,
    everything: bool,
    min_coverage: float,
    wide: bool,
    form: Form,
) -> None:
    """
    Show means, extremes and coverage by hour, day, month or year.

    A STATION is a Korean or English name, or a KMA number; hours and days are Korean.
    """
    with query.Database(places.database()) as asked:
        rows = asked.stats(
            *stations, by=by, **part._asdict(), everything=everything, min_coverage=min_coverage
        )
    if form == "json":
        show.as_json(rows)
    elif form == "csv":
        show.as_csv(*_flat(rows))
    elif not rows:
        show.note(_NOTHING.format(", ".join(stations)))
    else:
        (_periods if wide else _short)(rows, _NAMED[by], part.now)


def _short(rows: Sequence[Period], named: str, now: dt.datetime) -> None:
    """Print the columns that fit 80 characters."""
    numbers = ["mean °C", "min °C", "max °C", "coverage"]
    cells = [
        (
            row.station,
            _since(row, named),
            row.mean_c,
            row.minimum_c,
            row.maximum_c,
            row.coverage,
            _note(row, now),
        )
        for row in rows
    ]
    show.table(
        ["station", "since", *numbers, "note"], cells, numbers=numbers, keys=2, folded="note"
    )


def _since(row: Period, named: str) -> str:
    return f"{row.since:{_MINUTE if row.part else named}}"


def _note(row: Period, now: dt.datetime) -> str | None:
    """The reason for a missing mean, the part of a period, and the share that may be wrong."""
    going_on = _going_on(row, now)
    shares = {"suspect": row.suspect, "failed": row.failed}
    wrong = [f"{share:.0%} {flag}" for flag, share in shares.items() if share]
    return "; ".join(filter(None, (row.part, _short_reason(row), going_on, *wrong))) or None


def _going_on(row: Period, now: dt.datetime) -> str | None:
    """A hint for the mean of a period so far."""
    return "so far: --until now" if row.reason and row.until > now else None


def _short_reason(row: Period) -> str:
    """The reason without what other columns of the short table show, and the share that failed."""
    reason = (row.reason or "").removesuffix(f": {row.failed:.0%} is flagged 4")
    for long, short in (
        (f"coverage {row.coverage:g} is below", "below"),
        ("no extremes: ", ""),
        ("have them", "have extremes"),
        ("temperature", "value"),
    ):
        reason = reason.replace(long, short)
    return reason


def _periods(rows: Sequence[Period], named: str, now: dt.datetime) -> None:
    numbers = ["mean °C", "min °C", "max °C", "days", "readings", "coverage", "longest gap"]
    numbers += ["suspect", "failed", "agreement"]
    columns = [
        column
        for column in zip(*(_cells(row, named, now) for row in rows), strict=True)
        if column[0][0] not in _SELDOM or any(value is not None for _, value in column)
    ]
    headings = [column[0][0] for column in columns]
    cells = [[value for _, value in row] for row in zip(*columns, strict=True)]
    show.table(headings, cells, numbers=numbers, keys=2)


_SELDOM: Final = frozenset({"days", "suspect", "failed"})
"""Columns that are printed only if they have values."""


def _cells(row: Period, named: str, now: dt.datetime) -> list[tuple[str, object]]:
    """The cells of a period, each with its heading."""
    mostly = next((f"{sky} {share:.0%}" for sky, share in row.conditions.items()), None)
    reason = "; ".join(filter(None, (row.part, row.reason, _going_on(row, now)))) or None
    return [
        ("station", row.station),
        ("since", _since(row, named)),
        ("mean °C", row.mean_c),
        ("min °C", row.minimum_c),
        ("seen", row.minimum_seen),
        ("max °C", row.maximum_c),
        ("seen", row.maximum_seen),
        ("days", row.days),
        ("readings", row.readings),
        ("coverage", row.coverage),
        ("longest gap", language.age(row.longest_gap_s // 60)),
        ("suspect", row.suspect or None),
        ("failed", row.failed or None),
        ("mostly", mostly),
        ("agreement", row.agreement),
        ("reason", reason),
    ]


def _flat(rows: Sequence[Period]) -> tuple[list[str], list[list[object]]]:
    """Headings and rows of a table with a column for each known sky."""
    plain = [one.name for one in fields(Period) if one.name != "conditions"]
    skies = skies_known()
    headings = [*plain, *(f"share_{sky}" for sky in skies), "share_other"]
    return headings, [
        [*(getattr(row, name) for name in plain), *_shares(row.conditions, skies)] for row in rows
    ]


def skies_known() -> list[str]:
    """Every name of a sky that a day may have."""
    from scraper.vocabulary import KNOWN  # noqa: PLC0415 - a table does without

    names = {one.condition for one in KNOWN.conditions.values() if one.condition is not None}
    return sorted({*names, "not_reported", "unknown"})


def _shares(conditions: Mapping[str, float], skies: Sequence[str]) -> list[float | None]:
    """The share of each sky and of all others; None if no sky is known."""
    if not conditions:
        return [None] * (len(skies) + 1)
    other = sum((share for sky, share in conditions.items() if sky not in skies), 0.0)
    return [*(conditions.get(sky, 0.0) for sky in skies), round(other, 4)]


@click.command(epilog="Example: nalssi compare 서울 부산 --by day --since 30d")
@with_stations(1)
@click.option(
    "--by",
    type=click.Choice(["hour", "day", "week", "month"]),
    default="hour",
    show_default=True,
    help="A row for each.",
)
@of_a_time
@_any
@_min_coverage
@with_places
@with_output
def compare(
    stations: tuple[str, ...],
    by: By,
    part: Part,
    places: Places,
    *,
    everything: bool,
    min_coverage: float,
    form: Form,
) -> None:
    """
    Show stations side by side: differences and correlation.

    A STATION is a Korean or English name, or a KMA number; hours and days are Korean.
    """
    with query.Database(places.database()) as asked:
        found = asked.compare(
            *stations, by=by, **part._asdict(), everything=everything, min_coverage=min_coverage
        )
    if form == "json":
        show.as_json(found)
    elif form == "csv":
        show.as_csv(*_columns(found, ("since", "until")))
    elif not found.periods:
        show.note(_NOTHING.format(", ".join(found.stations)))
    else:
        _side_by_side(found, by)


def _columns(found: Comparison, times: Sequence[str]) -> tuple[list[str], list[list[object]]]:
    """Headings and rows: means of all stations, differences of all but the first."""
    first, *others = found.stations
    headings = [*times, *(f"{name} °C" for name in found.stations)]
    headings += [f"{name} less {first}" for name in others]
    rows: list[list[object]] = [
        [
            *(getattr(one, time) for time in times),
            *one.means_c.values(),
            *one.differences_c.values(),
        ]
        for one in found.periods
    ]
    return headings, rows


def _side_by_side(found: Comparison, by: str) -> None:
    headings, means = _columns(found, ("since",))
    headings = [heading.replace(" less ", " − ") for heading in headings]
    named = [
        [f"{one.since:{_MINUTE if one.part else _NAMED[by]}}", *row[1:]]
        for one, row in zip(found.periods, means, strict=True)
    ]
    parts = [one.part for one in found.periods]
    if any(parts):
        named = [[*row, part] for row, part in zip(named, parts, strict=True)]
        show.table([*headings, "note"], named, numbers=headings[1:], folded="note")
    else:
        show.table(headings, named, numbers=headings[1:])
    click.echo()
    numbers = [f"common {by}s", f"mean − {show.cell(found.stations[0])}", "correlation"]
    rows = [list(records.named(one).values()) for one in found.relations]
    show.table(["station", *numbers, "reason"], rows, numbers=numbers)
