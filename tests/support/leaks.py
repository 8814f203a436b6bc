"""The threads and descriptors of this process, so that a test finds those that a call leaves.

Sets, not counts: a thread or a file of an earlier test may end during this one, and would hide a
leak in a count.
"""

import threading
from pathlib import Path


def running_threads() -> set[threading.Thread]:
    """The running threads."""
    return set(threading.enumerate())


def open_descriptors() -> set[tuple[str, str]]:
    """The open descriptors: the number and the target of each."""
    held = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            held.add((descriptor.name, str(descriptor.readlink())))
        except FileNotFoundError:  # the listing's own, or one that a thread closed meanwhile
            continue
    return held
