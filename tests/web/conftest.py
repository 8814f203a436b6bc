"""The demo's database, and clients of the app at a moment five minutes after its last look."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from scraper.web.app import app
from tests.support import demos
from tests.support.demos import PLAYED

if TYPE_CHECKING:
    from pathlib import Path

NOW = PLAYED + dt.timedelta(minutes=5)


@pytest.fixture(scope="session")
def played(tmp_path_factory) -> Path:
    """The demo's database."""
    return demos.played(tmp_path_factory, PLAYED)


@pytest.fixture(scope="session")
def client(played) -> TestClient:
    """A client of the app, in process."""
    return at(played, NOW)


def at(path: Path, now: dt.datetime, **more: Any) -> TestClient:
    """A client of an app whose clock shows this moment."""
    made = app(path, clock=lambda: now, **more)
    return TestClient(made, base_url="http://127.0.0.1", raise_server_exceptions=False)
