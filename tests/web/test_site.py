"""A static site: the same bytes as served, each file complete, only changed files written."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest

from db.write.store import Store
from scraper.web import site
from tests.cli.test_cli import nalssi, refused
from tests.support.make import make_content, make_look, make_reading, see
from tests.web.conftest import NOW, at


@pytest.fixture(scope="module")
def folder(played, tmp_path_factory) -> Path:
    made = Path(tmp_path_factory.mktemp("site"))
    site.write(played, made, now=NOW)
    return made


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A database of one station, with a few pages."""
    path = Path(tmp_path_factory.mktemp("small")) / "weather.db"
    with Store.open(path) as store:
        for minute in (0, 10, 20):
            see(store, make_look(minute), make_content(make_reading(temperature_c=1.0 + minute)))
    return path


def files(folder: Path) -> dict[str, bytes]:
    """The content of each file, by its address."""
    return {
        "/" + file.relative_to(folder).as_posix().removesuffix("index.html"): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and not file.name.startswith(".")
    }


def test_a_site_has_the_bytes_that_are_served(played, folder):
    client = at(played, NOW)
    found = files(folder)
    assert {"/", "/en/", "/stations/108/", "/api/v1/latest.json", "/feed.xml"} <= set(found)
    different = [path for path, body in found.items() if client.get(path).content != body]
    assert different == []


class Links(HTMLParser):
    """Collects the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the parser's
        self.found += [value for name, value in attrs if name in ("href", "src", "action")]


def test_every_link_of_a_page_leads_to_a_file(folder):
    """Links are relative: on GitHub Pages a site lies below the name of its repository."""
    found = files(folder)
    dead = set()
    for path, body in found.items():
        if path.endswith(("/", ".html")):
            links = Links()
            links.feed(body.decode())
            for link in links.found:
                target = unquote(urljoin(f"http://x.example/below{path}", link)).partition("#")[0]
                address = target.removeprefix("http://x.example/below")
                if address not in found:
                    dead.add((path, link))
    assert dead == set()


def test_a_second_run_writes_no_file(played, folder):
    result = site.write(played, folder, now=NOW)
    assert (result.files, result.written) == (len(files(folder)), 0)


def test_only_changed_files_are_written(tmp_path):
    path, folder = tmp_path / "weather.db", tmp_path / "site"
    with Store.open(path) as store:
        for minute in (0, 10, 20):
            see(store, make_look(minute), make_content(make_reading(temperature_c=1.0 + minute)))
        now = make_look(21).fetched_at
        first = site.write(path, folder, now=now)
        assert first.files == first.written == len(files(folder))
        times = {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}
        see(store, make_look(30), make_content(make_reading(temperature_c=9.0)))
    result = site.write(path, folder, now=now + dt.timedelta(minutes=10))
    touched = {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and times.get(file) != file.stat().st_mtime_ns
    }
    assert result.written == len(touched - {site.NOTES})
    assert {"index.html", "api/v1/latest.json", "stations/108/index.html"} <= touched
    assert not touched & {"about/index.html", "static/style.css", "api/v1/stations.json"}


@pytest.mark.slow
def test_closed_months_are_not_written_again(played, tmp_path):
    later = NOW + dt.timedelta(days=40)
    site.write(played, tmp_path, now=later, months="all")
    month = tmp_path / "stations/108/2026-11/index.html"
    assert month.is_file()
    month.write_bytes(b"kept")
    again = site.write(played, tmp_path, now=later, months="all")
    assert (again.written, month.read_bytes()) == (0, b"kept")
    site.write(played, tmp_path, now=later, months="all", base_url="https://x.example")
    assert b"x.example" in month.read_bytes()


def test_months_can_be_chosen(played, tmp_path):
    site.write(played, tmp_path, now=NOW, months=0)
    assert not list(tmp_path.glob("stations/108/*/"))
    assert b"2026-11/" not in re.sub(
        rb"#d\d+", b"", (tmp_path / "stations/108/index.html").read_bytes().split(b"<section")[-1]
    )


KILLED = """
import sys, datetime as dt
from pathlib import Path
from scraper.web import site
print("ready", flush=True)
site.write(Path(sys.argv[1]), Path(sys.argv[2]), now=dt.datetime.fromisoformat(sys.argv[3]))
"""


@pytest.mark.slow
def test_a_killed_run_leaves_only_complete_files(played, folder, tmp_path):
    complete = files(folder)
    for nth in range(6):
        run = subprocess.Popen(
            [sys.executable, "-c", KILLED, played, tmp_path, NOW.isoformat()],
            stdout=subprocess.PIPE,
        )
        assert run.stdout is not None
        run.stdout.readline()
        time.sleep(0.15 + 0.2 * nth)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        run.stdout.close()
        found = files(tmp_path)
        assert {path for path, body in found.items() if complete[path] != body} == set()
    site.write(played, tmp_path, now=NOW)
    assert files(tmp_path) == complete
    assert list(tmp_path.rglob("*.part")) == []


def test_the_command_prints_the_number_of_files(small, tmp_path):
    run = nalssi("site", tmp_path / "out", "--db", small)
    assert re.fullmatch(r"(\d+) files, \1 written\n", run.stdout)
    assert refused(6, "site", tmp_path / "out", "--db", tmp_path / "no.db")
    (tmp_path / "file").write_text("")
    assert "File exists" in refused(74, "site", tmp_path / "file", "--db", small)
    assert "neither" in refused(2, "site", tmp_path, "--db", small, "--months", "-1")


@pytest.mark.parametrize(
    "url",
    [
        "x",
        pytest.param("http://[::1", id="half an IPv6 address"),
        pytest.param("http://[x]/", id="no IPv6 address"),
        pytest.param("http://a:99999/", id="no port"),
        "http://a b/",
        "http://me@a/",
        "http://a/?q",
        "http://a/#b",
    ],
)
@pytest.mark.parametrize("command", [("site", "out"), ("serve", "--port", "0")])
def test_an_invalid_base_url_is_refused(small, command, url):
    error = refused(2, *command, "--db", small, "--base-url", url)
    assert f"--base-url {url!r}: expected such as https://" in error


def test_a_file_that_cannot_be_written_is_named(small, tmp_path):
    (tmp_path / "index.html").mkdir()
    assert "index.html" in refused(74, "site", tmp_path, "--db", small)
    shutil.rmtree(tmp_path / "index.html")
