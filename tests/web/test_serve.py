"""``nalssi serve`` as a process, the daemon's files, and many readers beside a writer."""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime as dt
import os
import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from db.query import Database
from db.write.store import Store
from scraper.demo.portal import CITIES, Entry, Loopback, page
from tests.cli.test_cli import ROOT, nalssi, refused
from tests.support.make import make_content, make_look, make_reading, see

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def serving(path: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a server process; gives its address."""
    run = subprocess.Popen(
        [sys.executable, "-m", "scraper", "serve", "--port", "0", "--db", path, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    try:
        yield run.stdout.readline().strip().rstrip("/"), run
    finally:
        run.terminate()
        run.communicate(timeout=20)


def test_the_command_prints_its_address_and_ends_on_sigterm(played):
    with serving(played) as (url, run):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        answer = httpx.get(url, trust_env=False)
        assert (answer.status_code, answer.headers["content-type"]) == (
            200,
            "text/html; charset=utf-8",
        )
        assert "server" not in answer.headers
        os.kill(run.pid, signal.SIGTERM)
        out, err = run.communicate(timeout=20)
        assert (out, err) == ("", "")


def test_a_failure_to_serve_is_reported_in_one_line(played, tmp_path):
    assert "there is no such file" in refused(6, "serve", "--db", tmp_path / "no.db")
    error = refused(2, "serve", "--host", "0.0.0.0", "--db", played)  # noqa: S104 - refused
    assert "name its address by --base-url" in error
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        error = refused(2, "serve", "--port", port, "--db", played)
        assert f"port {port}: Address already in use; give another --host or --port" in error


@pytest.mark.slow
def test_two_hundred_readers_lose_no_look_and_get_no_fault(tmp_path):
    path = tmp_path / "weather.db"
    now = dt.datetime.now(dt.UTC)
    with Store.open(path) as store:
        for minute in (-40, -30):
            at = now + dt.timedelta(minutes=minute)
            see(store, make_look(fetched_at=at), make_content(make_reading()))
        with serving(path) as (url, _), concurrent.futures.ThreadPoolExecutor(200) as readers:
            paths = ("/", "/stations/108/", "/api/v1/latest.json", "/portals/koya/")
            requests = [
                readers.submit(httpx.get, url + paths[nth % 4], timeout=60, trust_env=False)
                for nth in range(200)
            ]
            seen = 2
            while seen < 20 or not all(future.done() for future in requests):
                at = now + dt.timedelta(seconds=seen)
                content = make_content(make_reading(temperature_c=seen / 10))
                see(store, make_look(fetched_at=at), content)
                seen += 1
            answers = [future.result() for future in requests]
    assert {answer.status_code for answer in answers} == {200}
    with Database(path) as db:
        assert len(db.looks(last=None)) == seen


@pytest.fixture
def config(tmp_path) -> Iterator[Path]:
    """The folder of a config with a portal on loopback and a site."""
    entries = [
        Entry(label="맑음", city=city, temperature=f"{nth}.5", icon="01")
        for nth, city in enumerate(CITIES)
    ]
    with Loopback() as portal:
        portal.show(page(entries, "").encode())
        (tmp_path / "config.toml").write_text(
            f'[site]\nfolder = "pages"\n[[portals]]\nname = "koya"\nurl = "{portal.url}"\n',
            encoding="utf-8",
        )
        yield tmp_path


def test_a_pass_writes_the_site_of_its_config(config):
    assert nalssi("scrape", cwd=config).returncode == 0
    assert "16곳 중 16곳 미확인" in (config / "pages/index.html").read_text("utf-8")
    assert (config / "pages/api/v1/latest.json").is_file()


def test_an_unwritable_site_loses_no_look(config):
    (config / "pages").write_text("a file")
    run = nalssi("scrape", cwd=config)
    assert run.returncode == 0
    assert "pages" in run.stderr
    with Database(config / "weather.db") as db:
        assert len(db.looks(last=None)) == 1
