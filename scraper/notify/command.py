"""A notice by a command: no shell, one deadline, and its error line if it fails."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, ClassVar, cast

from scraper.notify.notice import NotDelivered, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scraper.notify.notice import Notice

_KEPT_BYTES = 4_096
_MAX_LINE = 200
_POLL_S = 0.02
_READS_AT_ONCE = 16  # of 64 KiB: a flood must not block the loop
_KILLED_WITHIN_S = 10.0
_SHORTEST_SECRET = 6
_COLOUR = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """
    The end of a command.

    Attributes:
        code: Its exit code; the negative number of the signal that killed it.
        line: The first line that it wrote to stderr, unchanged; or empty.
    """

    code: int
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """
    The channel that runs a command of the user, with the text on its standard input.

    Attributes:
        argv: The program and its arguments; no shell reads them.
    """

    name: ClassVar[str] = "command"

    argv: tuple[str, ...] = field(repr=False)

    async def send(self, notice: Notice, *, timeout_s: float) -> None:
        """
        Run the command.

        Raises:
            NotDelivered: It cannot be run, took too long, or its exit code was not 0.
        """
        environment = {
            "NALSSI_PORTAL": notice.portal,
            "NALSSI_KIND": notice.kind,
            "NALSSI_WELL": str(int(notice.well)),
        }
        written = f"{notice.text}\n".encode()
        ended = await run(self.argv, written, environment=environment, timeout_s=timeout_s)
        if ended.code:
            how = f"exit code {ended.code}" if ended.code > 0 else f"killed by signal {-ended.code}"
            raise NotDelivered(how, one_line(_redacted(ended.line, self.argv), at_most=_MAX_LINE))


async def run(
    argv: Sequence[str], written: bytes, *, environment: Mapping[str, str], timeout_s: float
) -> Ended:
    """
    Run a command to its end; processes that it leaves in the background stay.

    It avoids ``asyncio.create_subprocess_exec``: up to Python 3.11 that needs a thread for each
    child, and without one it abandons the child. Polling the child needs neither a thread nor a
    signal.

    Args:
        argv: The program and its arguments.
        written: Its standard input; no more than a pipe holds, so that writing never blocks.
        environment: Variables to add to ours.
        timeout_s: The time after which the command and its process group are killed, as also when
            the caller is cancelled.

    Raises:
        NotDelivered: It cannot be run, or took too long.
    """
    process = _started(argv, environment)
    complaint = bytearray()
    try:
        _write(process, written)
        async with asyncio.timeout(timeout_s):
            while process.poll() is None:
                _read(process, complaint)
                await asyncio.sleep(_POLL_S)
        _read(process, complaint)  # its last lines are in the pipe by now
    except TimeoutError:
        raise NotDelivered("killed", f"not finished within {timeout_s:g} s") from None
    finally:
        await _end(process)
    return Ended(code=process.returncode, line=_first_line(bytes(complaint)))


def _started(argv: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - the argv is the user's own, and no shell reads it
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


def _write(process: subprocess.Popen[bytes], written: bytes) -> None:
    stdin = cast("IO[bytes]", process.stdin)
    os.set_blocking(stdin.fileno(), False)
    with contextlib.suppress(BrokenPipeError), stdin:  # it need not read its input
        stdin.write(written)


def _read(process: subprocess.Popen[bytes], complaint: bytearray) -> None:
    """Keep the beginning, but read the rest too, so that the command does not block."""
    stderr = cast("IO[bytes]", process.stderr)
    os.set_blocking(stderr.fileno(), False)
    for _ in range(_READS_AT_ONCE):
        if not (piece := stderr.read(65_536)):  # None: no more bytes for now
            return
        complaint += piece[: _KEPT_BYTES - len(complaint)]


async def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process group unless the command ended, and close our ends of its pipes."""
    try:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # not yet reaped, so the number is still its own
            with contextlib.suppress(TimeoutError):  # blocked on a disk: reaped later
                async with asyncio.timeout(_KILLED_WITHIN_S):
                    while process.poll() is None:  # noqa: ASYNC110 - polled, as in ``run``
                        await asyncio.sleep(_POLL_S)
    finally:
        for pipe in (process.stdin, process.stderr):
            cast("IO[bytes]", pipe).close()


def _first_line(written: bytes) -> str:
    shown = _COLOUR.sub("", written.decode("utf-8", "replace"))
    line = next((line for line in shown.splitlines() if line.strip()), "")
    return one_line(line, at_most=_KEPT_BYTES)


def _redacted(line: str, argv: Sequence[str]) -> str:
    """Remove possible secrets of the arguments: values, and addresses with their parts."""
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
