"""A Postgres server for tests: Debian's, in a temporary folder, only on a socket there."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACES: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
BIN: Final = _PLACES[-1] if _PLACES else None
"""The folder of its programs; None if it is not installed: ``apt-get install postgresql``."""

_USER: Final = "postgres"
"""Postgres does not run as root: this user comes with Debian's package."""


def program(name: str) -> str:
    """The path of one of its programs."""
    assert BIN is not None
    return str(BIN / name)


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run a server; gives its address."""
    who = {"user": _USER, "group": _USER} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="nalssi-pg-", dir="/tmp"))
    if who:
        shutil.chown(folder, **who)
    data = str(folder / "data")
    make = [program("initdb"), "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8"]
    subprocess.run([*make, "--no-sync"], check=True, capture_output=True, cwd="/", **who)  # type: ignore[call-overload]
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
    options += ["-c", "fsync=off"]
    serve = [program("postgres"), "-D", data, *options]
    with subprocess.Popen(serve, stderr=subprocess.DEVNULL, cwd="/", **who) as server:  # type: ignore[call-overload]
        try:
            _wait(server, folder / ".s.PGSQL.5432")
            yield f"postgresql:///postgres?host={folder}&user={_USER}"
        finally:
            server.send_signal(signal.SIGINT)  # after SIGTERM it would wait for its clients
            server.wait(30)
    shutil.rmtree(folder, ignore_errors=True)


def _wait(server: subprocess.Popen[bytes], socket: Path) -> None:
    ready = [program("pg_isready"), "-h", str(socket.parent), "-U", _USER]
    until = time.monotonic() + 60
    while subprocess.run(ready, capture_output=True, check=False).returncode:
        assert server.poll() is None
        assert time.monotonic() < until
        time.sleep(0.1)
