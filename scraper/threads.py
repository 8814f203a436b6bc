"""Work in threads for which the end of the process does not wait, as it does for asyncio's own."""

from __future__ import annotations

import asyncio
import functools
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_P = ParamSpec("_P")
_T = TypeVar("_T")


def let_the_end_wait_for_nothing() -> None:
    """
    Have the running loop do so with ``asyncio.to_thread``, and with its questions to DNS.

    A lookup, or a file on a disk that is away, may hang for minutes, and cannot be cancelled; who
    is told to stop has ten seconds.
    """
    asyncio.get_running_loop().set_default_executor(DaemonThreads())


class DaemonThreads(ThreadPoolExecutor):
    """
    A thread for each call, left behind at the end; a pool by name, as asyncio wants one.

    Args:
        at_most: So many calls run at once; one more is refused with a RuntimeError, as it is where
            the system starts no more threads.
    """

    def __init__(self, at_most: int = 1000) -> None:
        super().__init__(max_workers=1)  # never used: it would outlive the process
        self._places = threading.BoundedSemaphore(at_most)

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """
        Call it in a thread of its own.

        Raises:
            RuntimeError: Too many calls run already, or no thread can be started.
        """
        if not self._places.acquire(blocking=False):
            raise RuntimeError("too many calls hang")
        future: Future[_T] = Future()
        future.add_done_callback(lambda _: self._places.release())
        call = functools.partial(_settle, future, functools.partial(fn, *args, **kwargs))
        try:
            threading.Thread(target=call, name="nalssi-aside", daemon=True).start()
        except RuntimeError:
            future.cancel()  # which gives the place back
            raise
        return future


def _settle(future: Future[_T], call: Callable[[], _T]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(call())
        except BaseException as exc:  # noqa: BLE001 - the caller that waits for it gets it
            future.set_exception(exc)
