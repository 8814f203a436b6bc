"""The errors of the database, and of questions to it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Fault: TypeAlias = Literal["", "gone", "replaced", "damaged", "locked", "full"]
"""The fault of a file, in a word; empty = another fault."""


class NalssiError(Exception):
    """
    The base class of every error that nalssi expects.

    Attributes:
        exit_code: The exit code of the command; the table is in ``scraper/errors.py``.
    """

    exit_code = 1


class DatabaseError(NalssiError):
    """
    The file cannot be opened, is not ours, is damaged, or stayed locked.

    Attributes:
        path: The file.
        problem: The fault, in one line.
        fault: The same in a word, if there is one.
    """

    exit_code = 6

    def __init__(self, path: object, problem: str, *, fault: Fault = "") -> None:
        super().__init__(f"database {str(path)!r}: {problem}")
        self.path, self.problem = path, problem
        self.fault: Fault = fault


class TooSlow(DatabaseError):
    """A question took longer than its limit; the file is intact."""

    def __init__(self, path: object, limit_s: float) -> None:
        super().__init__(path, f"the question took longer than {limit_s:g} s")
        self.limit_s = limit_s


class UnknownStation(NalssiError):
    """No station of this database has that name or number."""

    exit_code = 2

    def __init__(self, asked: str | int, *, near: list[str], any_known: bool = True) -> None:
        none = "no box that was read has it; `nalssi stations` lists the known ones"
        if not any_known:
            none = "no box was read yet; `nalssi status` shows the last look at each portal"
        hint = f"; near names: {', '.join(near)}" if near else f": {none}"
        super().__init__(f"unknown station {asked!r}{hint}")
        self.asked, self.near = asked, near


class UnknownPortal(NalssiError):
    """No portal of this database has that name."""

    exit_code = 2

    def __init__(self, asked: str, *, known: list[str]) -> None:
        names = ", ".join(known) or "none so far"
        super().__init__(f"unknown portal {asked!r}, expected one of: {names}")
        self.asked, self.known = asked, known


class MissingExtra(NalssiError):
    """A feature needs a library that is not installed."""

    exit_code = 2

    def __init__(self, extra: str, what: str) -> None:
        super().__init__(f"{what}: {installing(extra)}")


@contextlib.contextmanager
def importing(extra: str, what: str, error: type[MissingExtra] = MissingExtra) -> Iterator[None]:
    """
    Import libraries of an extra within this context; the error says how to install the extra.

    ::

        with importing("parquet", "parquet needs pyarrow"):
            import pyarrow

    Raises:
        MissingExtra: One is not installed.
    """
    try:
        yield
    except ImportError as exc:
        raise error(extra, what) from exc


def installing(extra: str) -> str:
    """
    The command that installs an extra into the environment of this nalssi, from its origin.

    The origin is a checkout or a wheel; if it is unknown, the folder is that of a checkout. A link
    to a checkout (``pip install -e``) stays one: a copy would no longer follow ``git pull``.
    """
    import json  # noqa: PLC0415 - only a missing extra asks
    import shlex  # noqa: PLC0415 - the same
    import sys  # noqa: PLC0415 - the same
    from importlib import metadata  # noqa: PLC0415 - the same
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415 - the same

    source, link = "", ""
    # A checkout in the path has a second entry, without an origin, beside the installed one.
    for known in metadata.distributions(name="nalssi"):
        with contextlib.suppress(ValueError, KeyError):
            origin = json.loads(known.read_text("direct_url.json") or "{}")
            source = source or unquote(urlsplit(origin["url"]).path)
            link = "-e " if origin["dir_info"].get("editable") else link
    python, wanted = sys.executable or "python3", f"{source or '.'}[{extra}]"
    return f"{shlex.quote(python)} -m pip install {link}{shlex.quote(wanted)}"


class WrongQuestion(NalssiError):
    """A question without an answer, such as about a range that ends before it begins."""

    exit_code = 2

    def __init__(self, what: str, asked: object, *, expected: str) -> None:
        super().__init__(f"{what} {asked}: expected {expected}")
        self.what, self.asked, self.expected = what, asked, expected


class OutputError(NalssiError):
    """A file cannot be written; an older one in its place stays."""

    exit_code = 74

    def __init__(self, path: object, problem: str) -> None:
        super().__init__(f"output {str(path)!r}: {problem}")
        self.path, self.problem = path, problem


class OutputExists(OutputError):
    """The path of a new file exists already, and is not replaced."""

    exit_code = 2

    def __init__(self, path: object) -> None:
        super().__init__(path, "exists already, expected a new name")
