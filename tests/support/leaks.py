"""What this process holds, to see what a call leaves behind.

Sets and not counts: a thread or a file of an earlier test may end amid this one, and what ends is
no leak.
"""

import threading
from pathlib import Path


def running_threads() -> set[threading.Thread]:
    """The threads that run now."""
    return set(threading.enumerate())


def open_descriptors() -> set[tuple[str, str]]:
    """The open descriptors, each as its number and what it is open on."""
    held = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            held.add((descriptor.name, str(descriptor.readlink())))
        except FileNotFoundError:  # that of the listing itself, or closed by a thread meanwhile
            continue
    return held
