"""
Every error that can end a command, its meaning, and its exit code.

| code | meaning |
|---|---|
| 0 | done |
| 1 | a bug in nalssi |
| 2 | wrong command line: an unknown name, a wrong time, an empty picture, a missing extra |
| 3 | the config is wrong or missing |
| 4 | a portal or a page could not be fetched or opened, or its robots.txt refused us |
| 5 | no weather box of a page, or no record of an archive, could be read |
| 6 | the database cannot be used: not ours, damaged, newer, locked; no room, a wrong clock |
| 7 | a portal is stale, frozen or down, or runs hours late; nalssi has a trouble of its own |
| 74 | the output could not be written (``EX_IOERR`` of sysexits.h) |
| 75 | another pass is running on this database (``EX_TEMPFAIL`` of sysexits.h) |
| 130 | interrupted by Ctrl-C, or a pass by SIGTERM; the daemon stops with 0 |
| 141 | the reader of the output left early, such as ``head`` |

If several apply, the highest of them is the exit code. The errors of the database itself are in
``db/errors.py``; they use the same table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from db.errors import NalssiError
from db.moments import stamp

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

FETCH_FAILED = 4
NO_SIDEBAR = 5
STALE = 7

FAILURES: Final = {
    **dict.fromkeys(("no_sidebar", "set_aside"), NO_SIDEBAR),
    **dict.fromkeys(("fetch_failed", "refused_by_robots"), FETCH_FAILED),
}
"""The outcomes of looks that failed, each with its exit code."""


class ScraperError(NalssiError):
    """The base class of the errors on the way from a portal to a reading."""


class ConfigError(ScraperError):
    """A key of the config is unknown, wrong or missing, or the file itself is."""

    exit_code = 3

    def __init__(self, where: object, problem: str) -> None:
        super().__init__(f"config {str(where)!r}: {problem}")
        self.where, self.problem = where, problem


class UnteachableWord(ScraperError):
    """A word of the config is not a printed word, or its meaning is unknown."""

    exit_code = 3

    def __init__(self, table: str, word: str, means: object, *, expected: str) -> None:
        super().__init__(f"words.{table}.{word!r} = {means!r}: expected {expected}")
        self.table, self.word, self.means, self.expected = table, word, means, expected


class FetchError(ScraperError):
    """
    The page could not be fetched.

    Attributes:
        url: The requested address, after redirects.
        reason: One line for people.
        status: The HTTP status, if there was an answer.
        retry_after_s: Seconds for which the portal asked us to stay away, if it did.
        may_pass: Whether the same request may succeed a moment later.
    """

    exit_code = FETCH_FAILED

    def __init__(
        self,
        url: str,
        reason: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        may_pass: bool = False,
    ) -> None:
        super().__init__(f"{url}: {reason}")
        self.url, self.reason, self.status = url, reason, status
        self.retry_after_s, self.may_pass = retry_after_s, may_pass


class RefusedByRobots(FetchError):
    """The site's robots.txt forbids this address."""


class NoSidebar(ScraperError):
    """
    The page has no KMA sidebar that we can read.

    Attributes:
        found: A description of the page instead, in one line.
    """

    exit_code = NO_SIDEBAR

    def __init__(self, found: str) -> None:
        super().__init__(f"no weather box: {found}")
        self.found = found


class UnreadableValue(ScraperError):
    """A value at the right place in the box that cannot be read."""

    exit_code = NO_SIDEBAR

    def __init__(self, field: str, printed: str, *, expected: str) -> None:
        self.problem = f"cannot read {printed!r}, expected {expected}"
        super().__init__(f"{field}: {self.problem}")
        self.field, self.printed, self.expected = field, printed, expected


class AnotherPass(ScraperError):
    """Another nalssi is writing to this database."""

    exit_code = 75

    def __init__(self, lock: object, *, holder: object = None, hint: str = "") -> None:
        by, more = f" by {holder}" if holder else "", f"; {hint}" if hint else ""
        super().__init__(f"another pass is running: {str(lock)!r} is locked{by}{more}")
        self.lock, self.holder = lock, holder

    def hinting(self, hint: str) -> AnotherPass:
        """The same error with a remedy."""
        return AnotherPass(self.lock, holder=self.holder, hint=hint)


class NoDaemon(ScraperError):
    """No daemon runs on this database to take the request."""

    exit_code = STALE

    def __init__(self, path: object) -> None:
        super().__init__(f"no daemon runs on {str(path)!r}; `nalssi scrape` polls once")
        self.path = path


class WrongClock(ScraperError):
    """The clock of this machine, which would date the looks, cannot be right."""

    exit_code = 6

    def __init__(self, now: dt.datetime, problem: str) -> None:
        super().__init__(f"clock: {stamp(now)}: {problem}")
        self.now, self.problem = now, problem


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those behind it, the first cause last; of a group the first error."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):  # one for each address of a host
            error = error.exceptions[0]
        else:
            error = error.__cause__ or error.__context__
