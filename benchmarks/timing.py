"""Timing: medians of alternating rounds, child processes, and printed lines."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def median(ask: Callable[[], object], *, rounds: int = 11) -> float:
    """The median seconds of a call."""
    return medians(ask, rounds=rounds)[0]


def medians(*asks: Callable[[], object], rounds: int = 11) -> list[float]:
    """The median seconds of each call, in turn, so that other work slows all alike."""
    took: list[list[float]] = [[] for _ in asks]
    for _ in range(rounds):
        for ask, times in zip(asks, took, strict=True):
            began = time.perf_counter()
            ask()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in took]


_WATCH = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], check=True)
took = time.perf_counter() - began
print(took, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""
"""A small process in between, because a child's peak memory starts with that of its parent."""


def timed_child(command: list[str], out: int | IO[bytes] = subprocess.DEVNULL) -> tuple[float, int]:
    """The seconds of a process, and its peak of resident bytes."""
    watch = [sys.executable, "-c", _WATCH, *command]
    run = subprocess.run(watch, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        sys.exit(run.stderr)
    took, kibibytes = run.stderr.splitlines()[-1].split()
    return float(took), 1024 * int(kibibytes)


def compare(what: str, nalssi: float, raw: float, naive: float | None = None) -> None:
    print(what)
    print_line("nalssi", nalssi, raw)
    print_line("raw sqlite3", raw, raw)
    if naive is not None:
        print_line("naive table", naive, raw)


def print_line(who: str, took: float, unit: float) -> None:
    print(f"    {who:44s}{1000 * took:10.1f} ms {took / unit:7.2f} x")
