"""How looks, and passes over all portals, ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from db.errors import DatabaseError
from scraper.errors import FETCH_FAILED, NO_SIDEBAR

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
    How one look ended.

    Attributes:
        portal: The portal's name.
        outcome: In a word.
        readings: How many the sidebar gave; 0 where there is none.
        problems: What of it was not understood, a sentence each.
        error: Why there is none, in one line; None where there is.
        milliseconds: How long the portal took.
    """

    portal: str
    outcome: Outcome
    readings: int = 0
    problems: tuple[str, ...] = ()
    error: str | None = None
    milliseconds: int = 0

    @classmethod
    def of(
        cls,
        look: Look | KeptPage,
        outcome: Outcome,
        *,
        readings: int = 0,
        problems: tuple[str, ...] = (),
        error: str | None = None,
    ) -> Report:
        """The report of a look, or of the look that a page is of."""
        return cls(
            portal=look.portal,
            outcome=outcome,
            readings=readings,
            problems=problems,
            error=error,
            milliseconds=look.milliseconds,
        )

    @property
    def exit_code(self) -> int:
        """What the command ends with if this is the worst that happened."""
        return {
            "no_sidebar": NO_SIDEBAR,
            "set_aside": NO_SIDEBAR,
            "fetch_failed": FETCH_FAILED,
            "refused_by_robots": FETCH_FAILED,
        }.get(self.outcome, 0)


class PassNotKept(DatabaseError):
    """
    A pass of which something could not be kept.

    Attributes:
        reports: How those looks ended that are kept.
    """

    def __init__(self, cause: DatabaseError, unkept: Sequence[str], reports: list[Report]) -> None:
        looks = f"; not kept: {', '.join(unkept)}" if unkept else ""
        super().__init__(cause.path, f"{cause.problem}{looks}", fault=cause.fault)
        self.reports = reports
