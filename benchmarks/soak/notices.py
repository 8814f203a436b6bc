"""The notices of the soak, compared with its faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from db.moments import KST, moment
from tests.support.feeds import DAY_S, HOUR_S, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

SLACK_S: Final = 2 * HOUR_S
"""The longest delay of a notice: three intervals, a new hour, and an hour of a locked database."""

WRITE: Final = (
    r"""printf '%s\t%s\t%s\t%s\n' "$NALSSI_PORTAL" "$NALSSI_KIND" "$NALSSI_WELL" "$(cat)" >>"$1" """
)


class Received(NamedTuple):
    """A notice that a channel got, at an epoch second."""

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
    """A fault: its portal, the notices that it may cause, and its span."""

    portal: str
    kinds: frozenset[str]
    span: Span


class NoticeFile:
    """
    The notices that the command channel wrote to a file.

    Args:
        path: The file to which the command appends.
    """

    def __init__(self, path: Path) -> None:
        path.touch()
        self._file = path.open(encoding="utf-8")
        self.command = ("sh", "-c", WRITE, "sh", str(path))
        self.received: list[Received] = []

    def take(self, now: int) -> None:
        """Read the notices since the last call, and date them."""
        for line in self._file:
            portal, kind, well, text = line.rstrip("\n").split("\t", 3)
            self.received.append(Received(now, portal, kind, well == "1", text))


def wrong_notices(
    received: Sequence[Received], expected: Sequence[Expected], end: int
) -> Iterator[str]:
    """A line for each wrong, repeated or missing notice."""
    for about in sorted({(notice.portal, notice.kind) for notice in received}):
        of_it = [notice for notice in received if (notice.portal, notice.kind) == about]
        spans = [
            fault.span for fault in expected if fault.portal == about[0] and about[1] in fault.kinds
        ]
        yield from _wrong_of_kind(of_it, spans)
    for fault in expected:
        if fault.span[1] + SLACK_S < end:
            yield from _missing(received, fault)


def _wrong_of_kind(received: Iterable[Received], spans: Sequence[Span]) -> Iterator[str]:
    """The wrong notices of one kind at one portal: right are one, one a day, and one at the end."""
    before: Received | None = None
    for notice in received:
        opened = before is not None and not before.well
        if not any(begin <= notice.at <= until + SLACK_S for begin, until in spans):
            yield f"not so: {notice}"
        if notice.well and not opened:
            yield f"over without having begun: {notice}"
        if opened and before and not notice.well and notice.at - before.at < DAY_S:
            yield f"twice within a day: {notice}"
        before = notice


def _missing(received: Iterable[Received], fault: Expected) -> Iterator[str]:
    """A line for a fault without a notice, or without a notice of its end."""
    begin, until = fault.span
    within = [
        notice
        for notice in received
        if notice.portal == fault.portal
        and notice.kind in fault.kinds
        and begin <= notice.at <= until + SLACK_S
    ]
    if not any(not notice.well for notice in within):
        yield f"without a notice: {fault}"
    for kind in {notice.kind for notice in within if not notice.well}:
        if not [notice for notice in within if notice.kind == kind][-1].well:
            yield f"never over: {kind} of {fault}"
