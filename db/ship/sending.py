"""The thread that works with a target, while the next rows are made."""

from __future__ import annotations

import contextlib
import queue
from concurrent import futures
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_T = TypeVar("_T")

_ROWS_AHEAD: Final = 100_000
"""Rows made ahead of the thread, some 30 MB: to commit a month may take as long as to make one."""

_POLL_S: Final = 0.1


class Sender:
    """
    Does jobs in order, in a thread of its own, and hands them batches of rows.

    After an error no other job begins, until ``end``: a commit always has all of its parts.

    Args:
        cancel: Cancels the job that waits for the target.
    """

    def __init__(self, cancel: Callable[[], object]) -> None:
        self._cancel = cancel
        self._thread = futures.ThreadPoolExecutor(1)
        self._batches = _Batches(_ROWS_AHEAD)
        self._error: BaseException | None = None

    def later(self, job: Callable[[], _T]) -> futures.Future[_T]:
        """Do a job after all earlier ones; its result, or the first error of them."""

        def do() -> _T:
            self._raise_error()
            try:
                return job()
            except BaseException as exc:
                self._error = exc
                raise

        return self._thread.submit(do)

    def wait(self) -> None:
        """Wait for all jobs, and raise the first error."""
        self.later(lambda: None).result()

    def put(self, batch: Any, rows: int = 1) -> None:
        """
        Hand on a batch, or None after the last of a job; raise the error of a job.

        Args:
            batch: The rows.
            rows: Their number; at least 1, or the job would not see the batch.
        """
        while True:
            self._raise_error()
            with contextlib.suppress(queue.Full):
                return self._batches.put((batch, rows), timeout=_POLL_S)

    def taken(self) -> Iterator[Any]:
        """The batches of a job, as it takes them."""
        while (batch := self._batches.get()[0]) is not None:
            self._raise_error()
            yield batch
        self._raise_error()

    def end(self, exc: BaseException) -> None:
        """End all jobs with an error; those after it begin without one."""
        self._error = self._error or exc
        with contextlib.suppress(queue.Full):  # else the job need not be woken
            self._batches.put_nowait((None, 1))
        last = self._thread.submit(lambda: None)
        while futures.wait([last], timeout=_POLL_S).not_done:
            with contextlib.suppress(Exception):  # the job may end meanwhile
                self._cancel()
        self._batches, self._error = _Batches(_ROWS_AHEAD), None

    def close(self) -> None:
        """End the thread."""
        self.end(RuntimeError("closed"))
        self._thread.shutdown()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error


class _Batches(queue.Queue[tuple[Any, int]]):
    """Batches and their numbers of rows; the size of the queue is that of all."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._rows = 0

    def _qsize(self) -> int:
        return self._rows

    def _put(self, item: tuple[Any, int]) -> None:
        super()._put(item)
        self._rows += item[1]

    def _get(self) -> tuple[Any, int]:
        item: tuple[Any, int] = super()._get()
        self._rows -= item[1]
        return item
