"""The pages in Chromium: no overflow, no foreign address, and no fault found by axe-core."""

from __future__ import annotations

import os
import shutil
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from db.moments import KST
from db.query import Database
from scraper.web.app import app
from tests.web.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
WIDTHS, SCHEMES = (1280, 390), ("light", "dark")


def missing(what: str) -> None:
    """Skip the test; fail it where a browser is required, as in CI."""
    if os.environ.get("REQUIRE_BROWSER") == "required":
        pytest.fail(f"{what} is missing; see tests/web/README.md")
    pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        missing("chromium")
    if not AXE.is_file():
        missing("axe-core")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and may be skipped

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def server(played) -> Iterator[str]:
    made = app(played, clock=lambda: NOW)
    config = uvicorn.Config(made, port=0, log_level="warning", lifespan="off")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    (listening,) = running.servers[0].sockets
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    running.should_exit = True
    thread.join()


@contextmanager
def opened(browser: Browser, url: str, *, at=NOW, width: int = 1280, scheme: str = "light"):
    """A page at a moment, and every address that it loads."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(120_000)  # a busy machine may be slow
    page, loaded = context.new_page(), []
    page.on("request", lambda request: loaded.append(request.url))
    page.clock.install(time=at.astimezone(KST))
    page.goto(url)
    try:
        yield page, loaded
    finally:
        context.close()


@pytest.fixture(scope="module")
def digest(played) -> str:
    with Database(played) as db:
        return db.latest_best("서울", now=NOW)[0].digest


PAGES = ("/", "/stations/108/", "/embed/108.html")
MORE_PAGES = (
    *("/en/", "/en/stations/159/", "/stations/108/2026-11/", "/portals/", "/en/portals/demo-late/"),
    *("/about/", "/en/api/", "/at?station=108&time=2026-11-23T21:30"),
    *("/portals/demo/", "/evidence/DIGEST/"),
)


@pytest.mark.parametrize(
    "path", [*PAGES, *(pytest.param(path, marks=pytest.mark.slow) for path in MORE_PAGES)]
)
def test_a_page_has_no_fault_in_any_colour_scheme_and_width(browser, server, digest, path):
    for width in WIDTHS:
        for scheme in SCHEMES:
            url = server + path.replace("DIGEST", digest)
            with opened(browser, url, width=width, scheme=scheme) as (page, loaded):
                assert {url for url in loaded if not url.startswith(server)} == set()
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert faults(page) == [], (width, scheme)


@pytest.mark.parametrize("width", [760, 940, 1024])
def test_the_front_table_needs_no_scrolling(browser, server, width):
    """Its last column was cut off beside the map, without a hint that the table could be moved."""
    with opened(browser, f"{server}/en/", width=width, scheme="light") as (page, _):
        hidden = page.evaluate(
            "(box => box.scrollWidth - box.clientWidth)(document.querySelector('.scroll'))"
        )
        assert hidden == 0


def faults(page: Page) -> list[str]:
    """The findings of axe-core; Chromium injects its script past the page's own policy."""
    page.context.new_cdp_session(page).send("Page.setBypassCSP", {"enabled": True})
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [f"{violation['id']}: {violation['nodes'][0]['html'][:200]}" for violation in found]


def test_an_expired_page_greys_its_values_and_shows_a_notice(browser, server, played):
    with Database(played) as db:
        ends = db.latest_best("서울", now=NOW)[0].valid_until
    assert ends is not None
    for path in ("/", "/stations/108/", "/embed/108.html"):
        with opened(browser, server + path) as (page, _):
            assert page.locator(".past").count() == 0
            assert page.locator("#past").is_hidden()
            page.clock.fast_forward(int((ends - NOW).total_seconds() * 1000) + 20_000)
            page.wait_for_selector("#past", state="visible")
            assert page.locator(".past").count() > 0
            assert page.locator(".state.live .now:visible").count() == 0
            assert page.locator(".state.live .later:visible").count() > 0


def test_a_page_opened_after_its_end_is_grey_from_the_start(browser, server, played):
    with Database(played) as db:
        ends = db.latest_best("서울", now=NOW)[0].valid_until
    with opened(browser, server + "/", at=ends) as (page, _):
        assert page.locator("tr.past").count() == 16
        assert "지금의 날씨가 아닙니다" in page.inner_text("#past")


def test_the_end_of_validity_is_shown_without_scripts(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server + "/")
    assert "11월 24일 01:57까지 유효" in page.inner_text("main")
    context.close()


def test_the_keyboard_reaches_the_link_to_the_main_part(browser, server):
    with opened(browser, server + "/") as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.url.endswith("#main")
