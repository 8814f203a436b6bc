"""
Shipping: updates a copy of a history in Postgres or DuckDB, when it outgrows one file or machine.

The tables are those of the contract, in a schema ``nalssi``, with comments from the codebook. A
Korean month is replaced in one transaction, and the manifest in the target says which months are
current: after a kill, an archived page or deleted rows in the target, another run makes it equal to
a fresh load.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from db.export import codebook
from db.export.manifest import Renewed
from db.export.slices import Selection
from db.export.tables import BY_MONTH, TABLES
from db.read.rows import quoted
from db.ship.targets import SCHEMA, Target, refuse_without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from db.export.manifest import Manifest, Month
    from db.export.months import Monthly
    from db.export.tables import Kind, What

WHOLE: Final[tuple[What, ...]] = ("stations", "portals", "gaps", "freezes", "flags")
"""The tables replaced as a whole each time; those of ``BY_MONTH`` month by month."""

_MONTH: Final[Mapping[str, Kind]] = {"month": "text"}
_MANIFEST: Final[Mapping[str, Kind]] = {"month": "text", "portal": "text", "digest": "text"}
_COUNTS: Final[Mapping[str, Kind]] = {"month": "text", "name": "text", "rows": "integer"}

_ABOUT: Final[Mapping[str, str]] = {
    "weather": "a station in a stretch of looks that showed the same",
    "hours": "a station and a full Korean hour, without a gap",
    "looks": "one look at a portal",
    "stations": "a station",
    "portals": "a portal",
    "gaps": "a stretch without a successful look",
    "freezes": "a stretch of three hours or more of the same set",
    "flags": "a temperature that may be wrong",
}

VIEWS: Final[Mapping[str, tuple[str, str]]] = {
    "live": ("the live values of weather", f"SELECT * FROM {SCHEMA}.weather WHERE state = 'live'"),
    "latest": (
        "the newest row of weather of each station and portal, as of the last shipping",
        f"""SELECT w.* FROM {SCHEMA}.weather AS w JOIN (
            SELECT station, portal, max(seen_from) AS seen_from
            FROM {SCHEMA}.weather GROUP BY station, portal) AS newest
        ON w.station = newest.station AND w.portal = newest.portal
            AND w.seen_from = newest.seen_from""",
    ),
    "days": (
        "means and extremes of the live hours of each Korean day",
        f"""SELECT station, CAST(hour AT TIME ZONE 'Asia/Seoul' AS date) AS day,
            avg(mean_c) AS mean_c, min(temperature_c) AS minimum_c,
            max(temperature_c) AS maximum_c, avg(coverage) AS coverage
        FROM {SCHEMA}.hours GROUP BY 1, 2""",
    ),
}


def ship(
    source: Monthly,
    uri: str,
    *,
    clean: Callable[[str], str] = str,
    progress: Callable[[float], None] = lambda _done: None,
) -> Renewed:
    """
    Make a target equal to a fresh load, by replacing the months that differ.

    Args:
        source: The database.
        uri: The target.
        clean: Cleans each text.
        progress: Called with the share of the months whose rows are made, 0 to 1.

    Raises:
        MissingExtra: ADBC is not installed.
        WrongTarget, TargetError: The target is invalid, or refuses.
        DatabaseError: The source is damaged.
    """
    refuse_without()
    target = Target(uri)
    try:
        return _Shipping(source, target, clean).run(progress)
    finally:
        target.close()


class _Shipping:
    """One run of shipping."""

    def __init__(self, source: Monthly, target: Target, clean: Callable[[str], str]) -> None:
        self._source, self._target, self._clean = source, target, clean
        self._there: set[Month] = set()

    def run(self, progress: Callable[[float], None]) -> Renewed:
        with self._target.transaction(ahead=True):
            self._make()
        here = self._source.manifest()
        changed = self._changed(here)
        rows = 0
        for nth, month in enumerate(changed, 1):
            with self._target.transaction(ahead=True):
                rows += self._replace(month, here.get(month))
            progress(nth / len(changed))
        with self._target.transaction():
            for what in WHOLE:
                self._target.run(f"DELETE FROM {SCHEMA}.{what}")
                slices = self._source.slices(what, Selection())
                self._target.add(what, TABLES[what], slices, clean=self._clean)
        return Renewed(months=len(changed), all_months=len(here), rows=rows)

    def _make(self) -> None:
        """Create all tables and views in the target, with comments."""
        self._target.run(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        self._target.make("shipped", _MANIFEST, ("month", "portal"))
        self._target.make("shipped_rows", _COUNTS, ("month", "name"))
        for what in (*BY_MONTH, *WHOLE):
            columns = {**_MONTH, **TABLES[what]} if what in BY_MONTH else TABLES[what]
            self._target.make(what, columns)
            self._target.comment("TABLE", what, _ABOUT[what])
            for name in TABLES[what]:
                said = codebook.meaning(what, name).en
                self._target.comment("COLUMN", f"{what}.{name}", said)
        for view, (about, select) in VIEWS.items():
            self._target.run(f"DROP VIEW IF EXISTS {SCHEMA}.{view}")
            self._target.run(f"CREATE VIEW {SCHEMA}.{view} AS {select}")
            self._target.comment("VIEW", view, about)

    def _changed(self, here: Manifest) -> list[Month]:
        """The months that differ, are missing in the target, or no longer exist here."""
        with self._target.transaction():
            there: Manifest = {}
            for month, portal, digest in self._target.ask(
                f"SELECT month, portal, digest FROM {SCHEMA}.shipped"
            ):
                there.setdefault(month, {})[portal] = digest
            damaged = self._damaged()
        self._there = {*there, *damaged}
        months = sorted({*here, *self._there})
        return [x for x in months if here.get(x) != there.get(x) or x in damaged]

    def _damaged(self) -> set[Month]:
        """The months with another number of rows in the target than were shipped."""
        told = self._target.ask(f"SELECT month, name, rows FROM {SCHEMA}.shipped_rows")
        shipped = {(month, name): rows for month, name, rows in told if rows}
        found = {
            (month, what): rows
            for what in BY_MONTH
            for month, rows in self._target.ask(
                f"SELECT month, count(*) FROM {SCHEMA}.{what} GROUP BY month"
            )
        }
        return {month for (month, _), _ in shipped.items() ^ found.items()}

    def _replace(self, month: Month, digests: Mapping[str, str] | None) -> int:
        """Replace a month, and return the number of its rows."""
        counts: Counter[What] = Counter()
        for table in (*BY_MONTH, "shipped", "shipped_rows") if month in self._there else ():
            self._target.run(f"DELETE FROM {SCHEMA}.{table} WHERE month = {quoted(month)}")
        if digests is None:
            return 0
        for what in BY_MONTH:
            slices = self._source.month(what, month)
            counts[what] = self._target.add(
                what, TABLES[what], slices, month=month, clean=self._clean
            )
        for portal, digest in digests.items():
            values = ", ".join(map(quoted, (month, portal, digest)))
            self._target.run(f"INSERT INTO {SCHEMA}.shipped VALUES ({values})")
        for what, rows in counts.items():
            values = f"{quoted(month)}, {quoted(what)}, {rows}"
            self._target.run(f"INSERT INTO {SCHEMA}.shipped_rows VALUES ({values})")
        return counts.total()
