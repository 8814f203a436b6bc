"""Processes that read archives side by side, and return their batches to the caller."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import deque
from dataclasses import dataclass
from multiprocessing import connection, reduction, resource_tracker
from typing import TYPE_CHECKING, Any, Final

from scraper.archive import files, worker
from scraper.archive.worker import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from scraper.archive.files import Source
    from scraper.archive.worker import Orders

_STOP_S: Final = 5.0


@dataclass(slots=True)
class _Member:
    """A running process, and the unfinished files of its job."""

    process: SpawnProcess
    connection: Connection
    files: deque[Source]


class Crew:
    """
    A number of processes, stopped at the end of ``with``.

    A pipe to each has room for a batch or two: a process waits until its last batch was taken, so
    memory does not grow with an archive. If the parent is killed, the pipes break and they end.

    Args:
        orders: The settings for all of them.
        size: The number of processes.
    """

    def __init__(self, orders: Orders, size: int) -> None:
        self._orders, self._size = orders, size
        self._context = multiprocessing.get_context("spawn")  # as on every system
        self._members: list[_Member] = []

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            member.connection.close()
            member.process.kill()
        for member in self._members:
            member.process.join(_STOP_S)

    def batches(self, jobs: Iterable[list[Source]]) -> Iterator[Batch]:
        """
        Yield the batches of all files as they come.

        A file that kills its process ends in a batch that reports it; the other files are read.
        """
        waiting = deque(jobs)
        while waiting and len(self._members) < self._size:
            self._start(waiting.popleft())
        while self._members:
            by_connection = {member.connection: member for member in self._members}
            for ready in connection.wait(list(by_connection)):
                member = by_connection[ready]  # type: ignore[index] # it is one of these
                try:
                    batch = member.connection.recv()
                except (EOFError, OSError):
                    yield self._report_death(member, waiting)
                    continue
                if batch.finished is not None:
                    member.files.popleft()
                    self._go_on(member, waiting)
                yield batch

    def _start(self, job: list[Source]) -> None:
        ours, theirs = self._context.Pipe()
        stdin: Any = None
        with contextlib.closing(theirs):
            if any(file.path == files.STDIN for file in job):
                stdin = _Later()
            process = self._context.Process(
                target=worker.run, args=(theirs, self._orders, stdin), daemon=True
            )
            with _interrupts_blocked():
                process.start()
        self._members.append(_Member(process, ours, deque(job)))
        _send(ours, job)

    def _go_on(self, member: _Member, waiting: deque[list[Source]]) -> None:
        """Give a process its next job when it has finished one, or end it."""
        if member.files:
            return
        if waiting and waiting[0][0].path != files.STDIN:
            job = waiting.popleft()
            member.files.extend(job)
            _send(member.connection, job)
            return
        self._dismiss(member)
        if waiting:
            self._start(waiting.popleft())

    def _dismiss(self, member: _Member) -> None:
        self._members.remove(member)
        _send(member.connection, None)
        member.connection.close()
        member.process.join(_STOP_S)

    def _report_death(self, member: _Member, waiting: deque[list[Source]]) -> Batch:
        """Report the file that killed a process; a new process reads the rest."""
        self._members.remove(member)
        member.connection.close()
        member.process.join(_STOP_S)
        fatal = member.files.popleft()
        if member.files:
            waiting.appendleft(list(member.files))
        if waiting:
            self._start(waiting.popleft())
        reason = f"its reader ended with code {member.process.exitcode}"
        return Batch(finished=fatal, troubles=[reason], unreadable=True)


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block Ctrl-C in a process that is being started; the parent gets it a moment later."""
    resource_tracker.ensure_running()  # started inside the block, it would let them through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _send(connection: Connection, job: list[Source] | None) -> None:
    """Send a job; a dead process is detected when it should answer."""
    with contextlib.suppress(OSError):
        connection.send(job)


class _Later:
    """Standard input, passed on while a process is being started."""

    def __getstate__(self) -> dict[str, Any]:
        return {"fd": reduction.DupFd(0)}

    def detach(self) -> int:
        """The descriptor, in the process that was started."""
        fd: int = self.__dict__["fd"].detach()
        return fd
