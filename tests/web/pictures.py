"""
The pictures of the README and docs, made from the demo: ``make pictures``.

The demo runs at a fixed moment, so that a picture changes only with the code.
"""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

import uvicorn
from playwright.sync_api import sync_playwright

from scraper import demo
from scraper.web.app import app
from tests.support.demos import PLAYED
from tests.web.conftest import NOW
from tests.web.test_browser import FLAGS

DOCS: Final = Path(__file__).parents[2] / "docs"
SINCE: Final = PLAYED - dt.timedelta(hours=18)


def main() -> None:
    """Make all pictures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.db"
        demo.run(path, now=PLAYED, say=len)
        _plot(path)
        _front(path)


def _plot(path: Path) -> None:
    """Draw the chart by the command ``nalssi plot``."""
    times = ["--since", SINCE.isoformat(), "--until", PLAYED.isoformat()]
    subprocess.run(
        [
            *(sys.executable, "-m", "scraper", "plot", "서울", "부산", "--portal", "demo", *times),
            *("--db", str(path), "-o", str(DOCS / "chart.png")),
        ],
        check=True,
    )


def _front(path: Path) -> None:
    """Take pictures of the front page and of a station's page in Chromium."""
    made = app(path, clock=lambda: NOW)
    server = uvicorn.Server(uvicorn.Config(made, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        _shoot(f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join()


def _shoot(url: str) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        for page_path, name, height in (("/en/", "front", 880), ("/stations/108/", "station", 900)):
            page = chromium.new_page(viewport={"width": 1180, "height": height})
            page.clock.install(time=NOW)
            page.goto(url + page_path)
            page.screenshot(path=DOCS / f"{name}.png")
        chromium.close()


if __name__ == "__main__":
    main()
