"""Progress: a bar on stderr, if that is a terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scraper.archive.backfill import Progress

_EVERY_S: Final = 10.0


@contextlib.contextmanager
def of_a_file(*, to_file: bool) -> Iterator[Callable[[float], None]]:
    """A bar on stderr, if that is a terminal and stdout is not."""
    if not sys.stderr.isatty() or not (to_file or not sys.stdout.isatty()):
        yield lambda _done: None
        return
    from rich.console import Console  # noqa: PLC0415 - only where a person is looking
    from rich.progress import Progress as Bar  # noqa: PLC0415

    with Bar(console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("", total=1.0)
        yield lambda done: bars.update(bar, completed=done)


@contextlib.contextmanager
def of_archives() -> Iterator[Callable[[Progress], None]]:
    """Report the progress: a bar in a terminal, else a line every ten seconds."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console  # noqa: PLC0415 - only where a person is looking
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("", total=None)
        yield lambda progress: bars.update(
            bar,
            description=_line(progress),
            completed=progress.bytes_read,
            total=progress.bytes or None,
        )


def _lines() -> Callable[[Progress], None]:
    last = time.monotonic()

    def watch(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY_S:
            last = time.monotonic()
            click.echo(f"nalssi: {_line(progress)}", err=True)

    return watch


def _line(progress: Progress) -> str:
    tally = progress.tally
    seconds = max(0.001, time.monotonic() - progress.started)
    return (
        f"{progress.done} of {progress.files} files, {tally.pages} pages, "
        f"{tally.pages / seconds:.0f} pages/s, {tally.sidebars} boxes, "
        f"{sum(tally.refused.values())} rejected"
    )
