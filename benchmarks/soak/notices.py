"""The notices as a list, each beside the fault that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from db.moments import KST, moment
from tests.support.feeds import DAY_S, HOUR_S, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

SLACK_S: Final = 2 * HOUR_S
"""So late a notice may be: three intervals, a new hour, and an hour of a locked database."""

WRITE: Final = (
    r"""printf '%s\t%s\t%s\t%s\n' "$NALSSI_PORTAL" "$NALSSI_KIND" "$NALSSI_WELL" "$(cat)" >>"$1" """
)


class Taken(NamedTuple):
    """A notice as a channel took it, at an epoch second."""

    at: int
    portal: str
    kind: str
    well: bool
    text: str

    def __str__(self) -> str:
        when = moment(self.at).astimezone(KST)
        kind = f"{self.kind} over" if self.well else self.kind
        return f"{when:%m-%d %H:%M} {self.portal} {kind}: {self.text}"


class Expected(NamedTuple):
    """A fault: whose, which notices it may bring, and when it lasts."""

    portal: str
    kinds: frozenset[str]
    span: Span


class Listed:
    """
    All that the command was given.

    Args:
        path: The file that the command appends to.
    """

    def __init__(self, path: Path) -> None:
        path.touch()
        self._file = path.open(encoding="utf-8")
        self.command = ("sh", "-c", WRITE, "sh", str(path))
        self.taken: list[Taken] = []

    def take(self, now: int) -> None:
        """Date those that came since the last time."""
        for line in self._file:
            portal, kind, well, text = line.rstrip("\n").split("\t", 3)
            self.taken.append(Taken(now, portal, kind, well == "1", text))


def wrong(taken: Sequence[Taken], expected: Sequence[Expected], end: int) -> Iterator[str]:
    """Each notice that is not right, that comes twice, or that is missing, in a line."""
    for about in sorted({(one.portal, one.kind) for one in taken}):
        of_it = [one for one in taken if (one.portal, one.kind) == about]
        spans = [one.span for one in expected if one.portal == about[0] and about[1] in one.kinds]
        yield from _wrong_of(of_it, spans)
    for fault in expected:
        if fault.span[1] + SLACK_S < end:
            yield from _missing(taken, fault)


def _wrong_of(taken: Iterable[Taken], spans: Sequence[Span]) -> Iterator[str]:
    """The same of one kind at one portal: once, daily while it lasts, once when it is over."""
    before: Taken | None = None
    for one in taken:
        opened = before is not None and not before.well
        if not any(begin <= one.at <= until + SLACK_S for begin, until in spans):
            yield f"not so: {one}"
        if one.well and not opened:
            yield f"over without having begun: {one}"
        if opened and before and not one.well and one.at - before.at < DAY_S:
            yield f"twice within a day: {one}"
        before = one


def _missing(taken: Iterable[Taken], fault: Expected) -> Iterator[str]:
    """A fault without a notice, or one whose notice is never taken back."""
    begin, until = fault.span
    within = [
        one
        for one in taken
        if one.portal == fault.portal
        and one.kind in fault.kinds
        and begin <= one.at <= until + SLACK_S
    ]
    if not any(not one.well for one in within):
        yield f"without a notice: {fault}"
    for kind in {one.kind for one in within if not one.well}:
        if not [one for one in within if one.kind == kind][-1].well:
            yield f"never over: {kind} of {fault}"
