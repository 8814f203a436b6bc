"""Notices: every channel is tried, no channel delays another, and no secret is printed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import trustme

from db.errors import installing
from scraper import notify, threads
from scraper.config import Notify
from scraper.notify import MAX_PING_BYTES, Notice, Signal, command
from tests.support.leaks import open_descriptors, running_threads
from tests.support.servers import Server, answer, dripping, redirect, refusing, silent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from tests.support.servers import Reply

T = TypeVar("T")

SECRET = "s3cr3t-t0k3n"  # noqa: S105 - a fake secret
SHORT_S = 0.4  # a deadline that must pass
LIMIT_S = 60.0  # the most time for it on a slow machine
LOOPBACK = "127.0.0.1"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep Apprise's libraries from using a proxy."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request with its body, which ``tests.support.servers`` does not keep."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Inbox:
    """A server on loopback that accepts every request."""

    port: int
    posts: list[Request] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        return f"http://{LOOPBACK}:{self.port}{path}"

    @property
    def post(self) -> Request:
        (only,) = self.posts
        return only


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            box.posts.append(Request(path=self.path, headers=headers, body=body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        box = Inbox(port=server.server_port)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield box
        server.shutdown()


def make_notice(**changes: Any) -> Notice:
    plain: dict[str, Any] = {
        "portal": "koya-culture",
        "kind": "frozen",
        "well": False,
        "text": "koya-culture is frozen: the same values since 2026-03-01 09:00 (3 h 10)",
    }
    return Notice(**(plain | changes))


def script(source: str, *arguments: str) -> tuple[str, ...]:
    """Give the command line of a Python script."""
    return (sys.executable, "-c", source, *arguments)


def run(work: Awaitable[T]) -> T:
    """Await a coroutine in a loop like the daemon's, which does not wait for its threads."""

    async def inside() -> T:
        threads.use_daemon_threads()
        return await work

    return asyncio.run(inside())


def deliver(notice: Notice, settings: Notify, *, timeout_s: float) -> list[str]:
    return run(notify.deliver(notice, notify.configured(settings), timeout_s=timeout_s))


def ping(url: str, signal: Signal, body: str = "", *, timeout_s: float = LIMIT_S) -> str | None:
    return run(notify.ping(url, signal, body, timeout_s=timeout_s))


def failures_of(settings: Notify, **changes: Any) -> list[str]:
    """Deliver a notice and check every failure: one printable line without the secret."""
    timeout_s = changes.pop("timeout_s", LIMIT_S)
    failures = deliver(make_notice(**changes), settings, timeout_s=timeout_s)
    for line in failures:
        assert SECRET not in line
        assert line.isprintable()
    return failures


def hook(server: Server) -> Notify:
    return Notify(webhook=f"http://{LOOPBACK}:{server.port}/{SECRET}?key={SECRET}")


def refusal(reply: Reply, *, timeout_s: float = LIMIT_S) -> list[str]:
    """Give the failures of a webhook that answers so."""
    path = f"/{SECRET}?key={SECRET}"
    with Server({path: reply}) as server:
        failures = failures_of(hook(server), timeout_s=timeout_s)
    assert server.paths == [path]
    return failures


def within(limit_s: float, work: Callable[[], T]) -> T:
    began = time.monotonic()
    result = work()
    assert time.monotonic() - began < limit_s
    return result


def is_gone(pid: int) -> bool:
    """Whether a process ended within four seconds."""
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        with contextlib.suppress(OSError):  # without an init process an orphan stays a zombie
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        time.sleep(0.02)
    return False


# --- a notice and its channels ----------------------------------------------------------------


def test_without_a_channel_there_is_no_failure():
    assert failures_of(Notify()) == []


def test_every_channel_is_tried_and_every_failure_has_its_line(inbox):
    channels = Notify(
        command=script("raise SystemExit(3)"),
        webhook=inbox.url("/hook"),
        apprise=("nonsense://", f"json://{LOOPBACK}:{inbox.port}/apprise"),
    )
    assert failures_of(channels) == [
        "command: exit code 3",
        "apprise 1: not an address that Apprise knows",
    ]
    assert {post.path for post in inbox.posts} == {"/hook", "/apprise"}


def test_hanging_channels_are_waited_for_together():
    with Server({"/": silent}) as server:
        channels = Notify(
            command=script("import time; time.sleep(60)"),
            webhook=f"http://{LOOPBACK}:{server.port}/",
            apprise=(f"json://{LOOPBACK}:{server.port}/",) * 3,
        )
        failures = within(LIMIT_S, lambda: failures_of(channels, timeout_s=1.0))
    assert len(failures) == 5


def test_channels_keep_their_secrets_when_printed():
    settings = Notify(command=(SECRET,), webhook=SECRET, apprise=(SECRET,))
    channels = notify.configured(settings)
    assert len(channels) == 3
    assert SECRET not in repr(channels)


def test_every_key_of_the_config_but_the_switch_is_a_channel_with_a_name_of_its_own():
    settings = Notify(command=("x",), webhook="x", apprise=("x",), ping="x")
    plain = Notify()
    keys = set(Notify.__struct_fields__) - {"disk_mib"}
    for key in keys:
        assert getattr(settings, key) != getattr(plain, key), f"give {key} a value here"
    channels = notify.configured(settings)
    assert len({channel.name for channel in channels}) == len(keys) - 1
    assert notify.configured(Notify(ping="x")) == []


def test_an_unexpected_error_is_a_failure_of_its_channel(monkeypatch):
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr("scraper.notify.web.Webhook.send", broken)
    assert failures_of(Notify(webhook="http://127.0.0.1/")) == [
        "webhook: failed: ZeroDivisionError"
    ]


# --- a command --------------------------------------------------------------------------------

WRITE_DOWN = """
import json, os, sys
environment = {name: value for name, value in os.environ.items() if name.startswith("NALSSI_")}
with open(sys.argv[1], "w") as file:
    json.dump({"text": sys.stdin.buffer.read().decode(), "environment": environment}, file)
"""


@pytest.mark.parametrize(("well", "printed"), [(False, "0"), (True, "1")])
def test_a_command_gets_the_notice_by_input_and_environment(tmp_path, well, printed):
    path = tmp_path / "notice.json"
    notice = {"text": "서울 is back", "well": well}
    assert failures_of(Notify(command=script(WRITE_DOWN, str(path))), **notice) == []
    assert json.loads(path.read_text()) == {
        "text": "서울 is back\n",
        "environment": {
            "NALSSI_PORTAL": "koya-culture",
            "NALSSI_KIND": "frozen",
            "NALSSI_WELL": printed,
        },
    }


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a\0b", id="NUL"),
        pytest.param("a\nPATH=b", id="line end"),
        pytest.param("a\ud800b", id="lone surrogate"),
        pytest.param("a\x1b[31mb", id="escape"),
        pytest.param("a\u202eb", id="right to left"),
    ],
)
def test_an_odd_name_stops_no_notice(tmp_path, inbox, name):
    path = tmp_path / "notice.json"
    channels = Notify(command=script(WRITE_DOWN, str(path)), webhook=inbox.url())
    assert failures_of(channels, portal=name, text=name) == []
    notice = json.loads(path.read_text())
    assert notice["environment"]["NALSSI_PORTAL"].isprintable()
    assert notice["text"].removesuffix("\n").isprintable()
    assert json.loads(inbox.post.body)["portal"].isprintable()


def test_no_shell_reads_a_command(tmp_path):
    path = tmp_path / "notice.json"
    assert failures_of(Notify(command=script(WRITE_DOWN, str(path), "; exit 9 $(exit 9)"))) == []


def test_a_command_need_not_read_its_input():
    assert failures_of(Notify(command=script("")), text="x" * 10**6) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param("sys.exit(7)", "exit code 7", id="silent"),
        pytest.param("sys.exit('no\\x07 way\\nmore')", "exit code 1: no  way", id="control"),
        pytest.param("sys.exit('\\n\\x1b[31mred\\x1b[0m')", "exit code 1: red", id="colour"),
        pytest.param(
            "sys.stderr.buffer.write(b'\\xff'); exit(2)", "exit code 2: \ufffd", id="bytes"
        ),
        pytest.param("sys.exit('x' * 9999)", f"exit code 1: {'x' * 200}", id="long"),
        pytest.param("os.kill(os.getpid(), 9)", "killed by signal 9", id="signal"),
    ],
)
def test_a_command_that_fails_is_quoted_in_one_line(source, message):
    assert failures_of(Notify(command=script(f"import os, sys; {source}"))) == [
        f"command: {message}"
    ]


@pytest.mark.parametrize(
    "argument",
    [SECRET, f"--token={SECRET}", f"https://user:{SECRET}@hooks.example/{SECRET}?key={SECRET}"],
)
def test_a_command_cannot_quote_its_secrets(argument):
    complain = "import sys; sys.exit(f'cannot use {sys.argv[1]}, least of all s3cr3t-t0k3n')"
    (line,) = failures_of(Notify(command=script(complain, argument)))
    assert "cannot use" in line


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        pytest.param(("/nowhere/notify",), "No such file or directory", id="missing"),
        pytest.param(("/",), "Permission denied", id="folder"),
        pytest.param(("a\0b",), "not a possible command line", id="NUL"),
    ],
)
def test_a_command_that_cannot_be_run_is_a_failure(argv, why):
    assert failures_of(Notify(command=argv)) == [f"command: cannot be run: {why}"]


HANG_WITH_A_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
with open(sys.argv[1], "w") as file:
    file.write(str(child.pid))
time.sleep(60)
"""


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path):
    path = tmp_path / "pid"
    channels = Notify(command=script(HANG_WITH_A_CHILD, str(path)))
    failures = within(LIMIT_S, lambda: failures_of(channels, timeout_s=5.0))
    assert failures == ["command: killed: not finished within 5 s"]
    assert is_gone(int(path.read_text()))


LEAVE_A_CHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
with open(sys.argv[1], "w") as file:
    file.write(str(child.pid))
sys.exit(int(sys.argv[2]))
"""


@pytest.mark.parametrize(("code", "failures"), [("0", []), ("4", ["command: exit code 4"])])
def test_a_child_left_in_the_background_is_not_waited_for(tmp_path, code, failures):
    path = tmp_path / "pid"
    channels = Notify(command=script(LEAVE_A_CHILD, str(path), code))
    try:
        assert within(LIMIT_S, lambda: failures_of(channels, timeout_s=2 * LIMIT_S)) == failures
    finally:
        os.kill(int(path.read_text()), signal.SIGKILL)  # the child still ran


def test_a_command_may_complain_without_end():
    flood = "import sys\nwhile True: sys.stderr.write('x' * 65536)"
    failures = within(
        LIMIT_S, lambda: failures_of(Notify(command=script(flood)), timeout_s=SHORT_S)
    )
    assert failures == ["command: killed: not finished within 0.4 s"]


WAIT = (
    "import sys, time; open(sys.argv[1], 'w').write(str(__import__('os').getpid())); time.sleep(60)"
)


def test_a_command_is_killed_where_its_caller_is_cancelled(tmp_path):
    path = tmp_path / "pid"
    channels = notify.configured(Notify(command=script(WAIT, str(path))))

    async def stopped() -> None:
        sending = asyncio.create_task(notify.deliver(make_notice(), channels, timeout_s=60))
        await asyncio.to_thread(until_written, path)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

    within(LIMIT_S, lambda: run(stopped()))
    assert is_gone(int(path.read_text()))


def test_a_caller_cancelled_before_a_channel_begins_leaves_no_coroutine_behind(inbox):
    channels = notify.configured(Notify(webhook=inbox.url()))

    async def stopped() -> None:
        sending = asyncio.create_task(notify.deliver(make_notice(), channels))
        await asyncio.sleep(0)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

    run(stopped())
    assert not inbox.posts


def until_written(path: Path) -> None:
    while not (path.exists() and path.read_text()):
        time.sleep(0.02)


def test_commands_leave_neither_descriptor_nor_thread_nor_child(monkeypatch):
    """The same for commands that leave a child in the background, and if no thread can start."""

    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def ten(*argv: str) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", no_thread)
            for _ in range(10):
                ended = await command.run(argv, b"x\n", environment={}, timeout_s=LIMIT_S)
                assert ended.code == 0

    async def counted() -> None:
        before = open_descriptors(), running_threads()
        for argv in (("sh", "-c", "sleep 5 & cat >/dev/null"), ("cat",)):
            await ten(*argv)
            assert (open_descriptors() - before[0], running_threads() - before[1]) == (set(), set())

    asyncio.run(counted())
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


# --- a webhook --------------------------------------------------------------------------------


def test_a_webhook_gets_the_notice_as_json(inbox):
    assert (
        failures_of(Notify(webhook=inbox.url("/hook?key=1")), text="서울 is back", well=True) == []
    )
    assert inbox.post.path == "/hook?key=1"
    assert inbox.post.headers["content-type"] == "application/json"
    assert inbox.post.headers["user-agent"].startswith("nalssi/")
    assert json.loads(inbox.post.body) == {
        "portal": "koya-culture",
        "kind": "frozen",
        "well": True,
        "text": "서울 is back",
    }


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "204 No Content"])
def test_any_2xx_is_delivered(status):
    assert refusal(answer(status=status)) == []


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "500 Oops"])
def test_any_other_status_is_a_failure(status):
    assert refusal(answer(SECRET, status=status)) == [f"webhook: refused: it answered {status[:3]}"]


def test_a_redirect_is_not_followed(inbox):
    failures = refusal(redirect(inbox.url()))
    assert failures == ["webhook: refused: it answered 302, a redirect, which is not followed"]
    assert not inbox.posts


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(silent, id="silent"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x", every_s=0.05), id="drips headers"),
        pytest.param(
            dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", every_s=0.05), id="early hints"
        ),
    ],
)
def test_a_webhook_has_one_deadline_for_all(reply):
    failures = within(LIMIT_S, lambda: refusal(reply, timeout_s=SHORT_S))
    assert failures == ["webhook: too late: no answer within 0.4 s"]


@pytest.mark.parametrize("size", ["", "Content-Length: 999999999\r\n"])
def test_the_body_of_an_answer_is_not_waited_for(size):
    drip = dripping(f"HTTP/1.1 200 OK\r\n{size}\r\n".encode(), b"x", every_s=0.05)
    assert within(LIMIT_S, lambda: refusal(drip, timeout_s=2 * LIMIT_S)) == []


@pytest.mark.parametrize("host", [LOOPBACK, "localhost"])
def test_a_refused_connection_is_named(host):
    channels = Notify(webhook=f"http://{host}:{refusing()}/{SECRET}")
    assert failures_of(channels) == ["webhook: Connection refused"]


def test_an_answer_that_is_not_http_is_a_failure():
    assert refusal(b"SSH-2.0-OpenSSH_9.6\r\n\r\n") == ["webhook: no whole HTTP answer"]


def test_an_untrusted_certificate_of_a_webhook_is_refused():
    import ssl  # noqa: PLC0415 - only this test uses it

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(LOOPBACK).configure_cert(tls)
    with Server({}, tls=tls) as server:
        (line,) = failures_of(Notify(webhook=f"https://{LOOPBACK}:{server.port}/{SECRET}"))
    assert line.startswith("webhook: its certificate is refused: ")
    assert not server.requests


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:0/",
        "http://a b/",
        SECRET,
        f"ftp://{SECRET}/",
        f"http://[{SECRET}",
        f"http://127.0.0.1:{SECRET}/",
        "http:///x",
    ],
)
def test_an_invalid_address_is_a_failure(url):
    reason = "not an http:// or https:// address"
    assert failures_of(Notify(webhook=url)) == [f"webhook: {reason}"]
    assert ping(url, "fail", timeout_s=LIMIT_S) == f"ping: {reason}"


def test_no_proxy_is_used(inbox, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://{LOOPBACK}:{refusing()}")
    monkeypatch.setenv("ALL_PROXY", f"http://{LOOPBACK}:{refusing()}")
    assert failures_of(Notify(webhook=inbox.url())) == []


def test_a_silent_name_server_delays_no_notice(monkeypatch):
    """The lookup cannot be cancelled; the notice goes on without its answer."""
    answered = threading.Event()

    def wait(*_: object, **__: object) -> list[Any]:
        answered.wait(LIMIT_S)
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    channels = Notify(webhook=f"http://{SECRET}.invalid/")
    try:
        failures = within(LIMIT_S, lambda: failures_of(channels, timeout_s=SHORT_S))
    finally:
        answered.set()
    assert failures == ["webhook: too late: no answer within 0.4 s"]


def test_an_unknown_name_is_reported(monkeypatch):
    def unknown(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    (line,) = failures_of(Notify(webhook=f"http://{SECRET}.invalid/"))
    assert line == "webhook: cannot be found: Name or service not known"


# --- Apprise ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({}, "warning"), ({"well": True}, "success"), ({"kind": "test"}, "info")],
)
def test_apprise_delivers_the_text(inbox, changes, kind):
    address = f"json://{LOOPBACK}:{inbox.port}/hook"
    assert failures_of(Notify(apprise=(address,)), text="<서울> & *back*", **changes) == []
    sent = json.loads(inbox.post.body)
    assert (sent["title"], sent["message"], sent["type"]) == ("nalssi", "<서울> & *back*", kind)


@pytest.mark.parametrize(
    ("reply", "message", "timeout_s"),
    [
        pytest.param(
            answer(status="500 Oops"),
            "the service refused it; `apprise -vv` says why",
            LIMIT_S,
            id="500",
        ),
        pytest.param(silent, "killed: not finished within 2 s", 2.0, id="silent"),
        pytest.param(
            dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x", every_s=0.05),
            "killed: not finished within 2 s",
            2.0,
            id="drips headers",
        ),
    ],
)
def test_apprise_that_fails_is_a_failure(reply, message, timeout_s):
    with Server({f"/{SECRET}": reply}) as server:
        channels = Notify(apprise=(f"json://u:{SECRET}@{LOOPBACK}:{server.port}/{SECRET}",))
        failures = within(2 * LIMIT_S, lambda: failures_of(channels, timeout_s=timeout_s))
    assert failures == [f"apprise 1: {message}"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(
            "raise ModuleNotFoundError(name='apprise')",
            f"Apprise is not installed: {installing('notify')}",
            id="not installed",
        ),
        pytest.param(
            "raise ModuleNotFoundError(name='markdown')", "Apprise needs 'markdown'", id="in part"
        ),
        pytest.param(
            "import os, sys; raise ImportError(name=str(('x' in sys.argv, sys.orig_argv[-1])))",
            "Apprise needs \"(False, 'scraper.notify.by_apprise')\"",
            id="its command line",
        ),
        pytest.param("raise OSError('s3cr3t-t0k3n')", "Apprise failed: OSError", id="broken"),
    ],
)
def test_without_apprise_the_remedy_is_printed(tmp_path, monkeypatch, source, message):
    (tmp_path / "apprise.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    channels = Notify(apprise=(f"json://{LOOPBACK}/{SECRET}",))
    assert failures_of(channels) == [f"apprise 1: {message}"]


def test_the_daemon_itself_never_loads_apprise(inbox):
    assert failures_of(Notify(apprise=(f"json://{LOOPBACK}:{inbox.port}/",))) == []
    assert "apprise" not in sys.modules


# --- a ping -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "signal", "path"),
    [
        ("/uuid", "success", "/uuid"),
        ("/uuid", "start", "/uuid/start"),
        ("/uuid", "fail", "/uuid/fail"),
        ("/uuid/", "fail", "/uuid/fail"),
        ("", "start", "/start"),
        ("/key/slug?create=1", "fail", "/key/slug/fail?create=1"),
    ],
)
def test_the_path_of_a_ping_has_its_signal(inbox, url, signal, path):
    assert ping(inbox.url(url), signal, "10 looks\n서울", timeout_s=LIMIT_S) is None
    assert inbox.post.path == path
    assert inbox.post.body.decode() == "10 looks\n서울"


@pytest.mark.parametrize(
    ("body", "size"),
    [
        pytest.param("서" * MAX_PING_BYTES, MAX_PING_BYTES // 3 * 3, id="cut between characters"),
        pytest.param("x" * MAX_PING_BYTES, MAX_PING_BYTES, id="just fits"),
        pytest.param("a\ud800", 2, id="lone surrogate"),
    ],
)
def test_a_ping_is_bounded_and_utf_8(inbox, body, size):
    assert ping(inbox.url(), "success", body, timeout_s=LIMIT_S) is None
    assert len(inbox.post.body.decode().encode()) == size


def test_no_ping_is_sent_without_an_address():
    assert ping("", "start") is None


@pytest.mark.parametrize(
    ("reply", "message", "timeout_s"),
    [
        pytest.param(answer(status="404 Not Found"), "refused: it answered 404", LIMIT_S, id="404"),
        pytest.param(silent, "too late: no answer within 0.4 s", SHORT_S, id="silent"),
    ],
)
def test_a_failed_ping_reports_its_reason_without_the_address(reply, message, timeout_s):
    with Server({f"/{SECRET}": reply}) as server:
        url = f"http://{LOOPBACK}:{server.port}/{SECRET}"
        assert ping(url, "success", timeout_s=timeout_s) == f"ping: {message}"
