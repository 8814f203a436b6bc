"""Daemon threads for work that may hang: the process does not wait for them at its end."""

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


def use_daemon_threads() -> None:
    """
    Make the running loop use such threads for ``asyncio.to_thread`` and DNS lookups.

    A lookup, or a file on a missing disk, may hang for minutes and cannot be cancelled; a stopped
    process has ten seconds.
    """
    asyncio.get_running_loop().set_default_executor(DaemonThreads())


class DaemonThreads(ThreadPoolExecutor):
    """
    Starts a thread for each call, abandoned at the end; it has the interface of a pool for asyncio.

    Args:
        at_most: The most calls at once; one more raises a RuntimeError, as does a system that
            starts no more threads.
    """

    def __init__(self, at_most: int = 1000) -> None:
        super().__init__(max_workers=1)  # never used: its threads would outlive the process
        self._places = threading.BoundedSemaphore(at_most)

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """
        Call a function in its own thread.

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
