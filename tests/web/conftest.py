"""The demo's database, and clients of the app at a moment five minutes after its last look."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from db.moments import KST
from scraper import demo
from scraper.web.app import app

PLAYED = dt.datetime(2026, 11, 24, 0, 57, 11, tzinfo=KST)
"""The time of the demo's last look."""

NOW = PLAYED + dt.timedelta(minutes=5)


@pytest.fixture(scope="session")
def played(tmp_path_factory) -> Path:
    """The demo's database."""
    path = Path(tmp_path_factory.mktemp("played")) / "demo.db"
    demo.run(path, now=PLAYED, say=len)
    return path


@pytest.fixture(scope="session")
def client(played) -> TestClient:
    """A client of the app, in process."""
    return at(played, NOW)


def at(path: Path, now: dt.datetime, **more: Any) -> TestClient:
    """A client of an app whose clock shows this moment."""
    made = app(path, clock=lambda: now, **more)
    return TestClient(made, base_url="http://127.0.0.1", raise_server_exceptions=False)
