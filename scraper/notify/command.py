"""A command that is told something: no shell, one deadline, and its last words if it fails."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from scraper.notify.notice import NotDelivered, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_KEPT_BYTES = 4_096
_MAX_LINE = 200
_LAST_WORDS_S = 0.5  # for what a command wrote just before its end
_SHORTEST_SECRET = 6
_COLOUR = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """
    How a command ended.

    Attributes:
        code: Its exit code; minus the signal that killed it.
        line: The first line that it wrote to stderr, whatever is in it; or empty.
    """

    code: int
    line: str


def tell(
    argv: Sequence[str], text: str, *, environment: Mapping[str, str], timeout_s: float
) -> None:
    """
    Run the user's command, with the text on its standard input.

    Args:
        argv: The program and its arguments.
        text: One line.
        environment: What to add to ours.
        timeout_s: Then the command and all of its process group are killed.

    Raises:
        NotDelivered: It cannot be run, took too long, or ended with another exit code than 0.
    """
    ended = run(argv, f"{text}\n".encode(), environment=environment, timeout_s=timeout_s)
    if ended.code:
        how = f"exit code {ended.code}" if ended.code > 0 else f"killed by signal {-ended.code}"
        raise NotDelivered(how, one_line(_redacted(ended.line, argv), at_most=_MAX_LINE))


def run(
    argv: Sequence[str], told: bytes, *, environment: Mapping[str, str], timeout_s: float
) -> Ended:
    """
    Run a command to its end; what it leaves in the background is left alone.

    Args:
        argv: The program and its arguments.
        told: Its standard input; not more than a pipe holds, so that writing never waits.
        environment: What to add to ours.
        timeout_s: Then the command and all of its process group are killed.

    Raises:
        NotDelivered: It cannot be run, or took too long.
    """
    process, stdin, stderr = _started(argv, environment)
    written = bytearray()
    reader = threading.Thread(target=_drain, args=(stderr, written), daemon=True)
    reader.start()
    with contextlib.suppress(BrokenPipeError), stdin:  # it need not listen
        stdin.write(told)
    try:
        code = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # not yet waited for, so the number is still its own
        process.wait()
        raise NotDelivered("killed", f"no end within {timeout_s:g} s") from None
    reader.join(_LAST_WORDS_S)
    return Ended(code=code, line=_first_line(bytes(written)))


def _started(
    argv: Sequence[str], environment: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]:
    try:
        process = subprocess.Popen(  # noqa: S603 - the argv is the user's own, and no shell reads it
            argv,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except (OSError, ValueError) as exc:  # ValueError: a NUL in an argument
        why = (isinstance(exc, OSError) and exc.strerror) or "not a possible command line"
        raise NotDelivered("cannot be run", why) from exc
    return process, cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stderr)


def _drain(stderr: IO[bytes], written: bytearray) -> None:
    """Keep the beginning; read the rest all the same, so that the command need not wait."""
    with stderr:
        while piece := stderr.read(65_536):
            written += piece[: _KEPT_BYTES - len(written)]


def _first_line(written: bytes) -> str:
    shown = _COLOUR.sub("", written.decode("utf-8", "replace"))
    line = next((line for line in shown.splitlines() if line.strip()), "")
    return one_line(line, at_most=_KEPT_BYTES)


def _redacted(line: str, argv: Sequence[str]) -> str:
    """Leave out what of an argument might be a secret: a value, and an address with its parts."""
    secrets = {part for part in _parts(argv) if len(part) >= _SHORTEST_SECRET}
    for secret in sorted(secrets, key=len, reverse=True):
        line = line.replace(secret, "***")
    return line


def _parts(argv: Sequence[str]) -> Iterator[str]:
    for argument in argv[1:]:
        words = argument.split()
        if len(words) == 1 and not argument.startswith("-"):
            yield words[0]
        for word in words:
            yield word.partition("=")[2]
            if "://" in word:
                yield from re.split(r"[^\w.~%+-]+", word.partition("://")[2])
