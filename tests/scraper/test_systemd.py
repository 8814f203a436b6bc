"""The notifications to systemd, received on a socket of the test."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scraper.daemon import systemd

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


class Manager:
    """The notification socket of a service manager."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(5)

    def receive(self) -> list[str]:
        """The lines of the next datagram."""
        return self.socket.recv(65536).decode().split("\n")


@pytest.fixture(
    params=[pytest.param("file", id="in the file system"), pytest.param("@", id="abstract")]
)
def manager(request, tmp_path, monkeypatch) -> Iterator[Manager]:
    place = str(tmp_path / "notify")
    name = f"nalssi-test-{os.getpid()}-{tmp_path.name}"
    abstract = request.param == "@"
    listening = Manager(f"\0{name}" if abstract else place)
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else place)
    with listening.socket:
        yield listening


@pytest.mark.parametrize(
    ("tell", "lines"),
    [
        (systemd.ready, ["READY=1"]),
        (systemd.stopping, ["STOPPING=1"]),
        (systemd.alive, ["WATCHDOG=1"]),
        (lambda: systemd.status("서울 흐림"), ["STATUS=서울 흐림"]),
        (lambda: systemd.notify("READY=1", "MAINPID=7"), ["READY=1", "MAINPID=7"]),
    ],
    ids=["ready", "stopping", "alive", "status", "several lines"],
)
def test_the_manager_gets_the_lines(manager, tell, lines):
    assert tell()
    assert manager.receive() == lines


def test_a_reload_has_the_time_of_its_beginning(manager):
    before = time.monotonic_ns() // 1000
    assert systemd.reloading()
    reloading, _, moment = "=".join(manager.receive()).partition("=MONOTONIC_USEC=")
    assert reloading == "RELOADING=1"
    assert before <= int(moment) <= time.monotonic_ns() // 1000


@pytest.mark.parametrize("end", ["\n", "\r\n", "\0", "\x1b", "\x85", "\u2028"], ids=ascii)
def test_a_portal_cannot_put_a_line_of_its_own_into_the_status(manager, end):
    assert systemd.status(f"koya: HTTP 500{end}STOPPING=1")
    assert manager.receive() == ["STATUS=koya: HTTP 500 STOPPING=1"]


@given(text=st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_of_a_portal_is_one_line_of_status(manager, text):
    assert systemd.status(text)
    (line,) = manager.receive()
    assert line.startswith("STATUS=")
    assert not {"\n", "\r", "\0", "\x1b"} & set(line)


def test_half_a_character_does_not_stop_a_report(manager):
    assert systemd.status("\udcff 서울")
    assert manager.receive() == ["STATUS=? 서울"]


def test_an_endless_status_is_cut_between_characters(manager):
    assert systemd.status("씨" * 100_000)
    (line,) = manager.receive()
    assert line == "STATUS=" + "씨" * (1024 // len("씨".encode()))


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(None, id="not under systemd"),
        pytest.param("", id="empty"),
        pytest.param("/nowhere/notify", id="gone"),
        pytest.param("@nalssi-nobody-listens", id="gone, abstract"),
        pytest.param("vsock:2:1234", id="of a kind we do not speak"),
        pytest.param("relative", id="no address at all"),
        pytest.param("/" + "x" * 200, id="longer than an address may be"),
        pytest.param("/dev/null", id="no socket"),
    ],
)
def test_without_a_listener_a_report_has_no_effect(monkeypatch, address):
    if address is None:
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    else:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert not systemd.ready()


def test_a_full_queue_is_not_waited_for(manager):
    start = time.monotonic()
    sent = 0
    while systemd.alive():
        sent += 1
    assert sent > 0
    assert time.monotonic() - start < 20


def test_an_empty_report_is_not_sent(manager):
    assert not systemd.notify()


def test_another_process_needs_only_its_environment(manager):
    code = "from scraper.daemon import systemd; assert systemd.ready()"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    assert manager.receive() == ["READY=1"]
