"""The reports of looks, and of passes over all portals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from db.errors import DatabaseError
from scraper.errors import FAILURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.reading import KeptPage, Look

Outcome = Literal[
    "new",
    "unchanged",
    "not_modified",
    "no_sidebar",
    "set_aside",
    "fetch_failed",
    "refused_by_robots",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    The report of one look.

    Attributes:
        portal: The portal's name.
        outcome: The outcome, in a word.
        readings: The number of readings; 0 without a sidebar.
        problems: The parts that were not understood, a sentence each.
        error: Why there is no sidebar, in one line; None if there is one.
        milliseconds: The time that the portal took.
    """

    portal: str
    outcome: Outcome
    readings: int = 0
    problems: tuple[str, ...] = ()
    error: str | None = None
    milliseconds: int = 0

    @classmethod
    def of(cls, look: Look | KeptPage, outcome: Outcome, **more: Any) -> Report:
        """Make the report of a look, or of the look of a page; ``more`` as in the attributes."""
        return cls(portal=look.portal, outcome=outcome, milliseconds=look.milliseconds, **more)

    @property
    def exit_code(self) -> int:
        """The exit code of the command if this is the worst outcome."""
        return FAILURES.get(self.outcome, 0)


class PassNotKept(DatabaseError):
    """
    A pass with a look that could not be stored.

    Attributes:
        reports: The reports of the looks that were stored.
    """

    def __init__(self, cause: DatabaseError, unkept: Sequence[str], reports: list[Report]) -> None:
        looks = f"; not kept: {', '.join(unkept)}" if unkept else ""
        super().__init__(cause.path, f"{cause.problem}{looks}", fault=cause.fault)
        self.reports = reports
