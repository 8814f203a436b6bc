"""Work in threads for which the end of the process does not wait, as it does for asyncio's own."""

from __future__ import annotations

import asyncio
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
    asyncio.get_running_loop().set_default_executor(_Aside())


class _Aside(ThreadPoolExecutor):
    """A thread for each call, left behind at the end; a pool by name, as asyncio wants one."""

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        future: Future[_T] = Future()

        def call() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(fn(*args, **kwargs))
                except BaseException as exc:  # noqa: BLE001 - whoever waits for it is to see it
                    future.set_exception(exc)

        threading.Thread(target=call, name="nalssi-aside", daemon=True).start()
        return future
