"""The daemon's log: readable in a terminal, JSON lines elsewhere."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import logging
import os
import sys
from typing import TYPE_CHECKING, cast

import structlog

from db.moments import KST
from scraper.printable import printable

if TYPE_CHECKING:
    from typing import TextIO


class _Stderr:
    """Standard error; if its reader leaves or its disk is full, only log lines are lost."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(sys.stderr.fileno(), text.encode("utf-8", "replace"))

    def flush(self) -> None:
        """Return: Python would try to write again at the end, and fail."""


def log_to_stderr(*, utc: bool = False) -> structlog.typing.FilteringBoundLogger:
    """
    A log readable in a terminal, in JSON lines elsewhere; it includes the logs of libraries.

    Args:
        utc: Whether its times are UTC; else Korean, with the offset.
    """
    terminal, stderr = sys.stderr.isatty(), cast("TextIO", _Stderr())
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        functools.partial(_stamp, dt.UTC if utc else KST),
        structlog.dev.ConsoleRenderer(colors=not os.environ.get("NO_COLOR"))
        if terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    structlog.configure(
        processors=processors,
        logger_factory=structlog.PrintLoggerFactory(stderr),
        cache_logger_on_first_use=True,
    )
    theirs = logging.StreamHandler(stderr)
    theirs.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[_foreign, *processors]))
    logging.basicConfig(handlers=[theirs])
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log


def _stamp(
    zone: dt.tzinfo, _: object, __: str, row: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Add the time to a row, such as ``"2026-11-24T02:00:13.512+09:00"``."""
    row["timestamp"] = dt.datetime.now(zone).isoformat(timespec="milliseconds")
    return row


def _foreign(_: object, __: str, row: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A record of ``logging`` as a row of our log: its text, logger and traceback."""
    said = {"event": printable(row["event"]), "logger": row["_record"].name}
    if "exc_info" in row:
        lines = logging.Formatter().formatException(row["exc_info"]).splitlines()
        said["traceback"] = "\n".join(map(printable, lines))
    return said
