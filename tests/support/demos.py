"""The demo's database, made once for all tests of a run that ask for the same moment."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from db.moments import KST
from scraper import demo

if TYPE_CHECKING:
    import pytest

PLAYED = dt.datetime(2026, 11, 24, 0, 57, 11, tzinfo=KST)
"""The time of the demo's last look in most tests, and in the pages."""


def played(factory: pytest.TempPathFactory, now: dt.datetime) -> Path:
    """The database of the demo as of a moment, for reading only: workers share it."""
    base = factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = run / f"demo-{now:%Y%m%dT%H%M%S%z}"
    with (run / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the first worker makes it, and the others wait
        if not folder.exists():
            draft = Path(factory.mktemp("played"))
            demo.run(draft / "demo.db", now=now, say=len)
            draft.rename(folder)
    return folder / "demo.db"


def copy(factory: pytest.TempPathFactory, now: dt.datetime, target: Path) -> Path:
    """A copy of that database, which the test may change."""
    return Path(shutil.copy(played(factory, now), target))
