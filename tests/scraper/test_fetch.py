"""Fetching: polite, bounded, and with a result for any behaviour of a portal."""

from __future__ import annotations

import asyncio
import codecs
import datetime as dt
import gzip
import io
import ipaddress
import logging
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
import zlib
from encodings.aliases import aliases
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.reading import Robots
from scraper.config import Fetch
from scraper.errors import FetchError, RefusedByRobots
from scraper.fetch import Fetcher, Page, encoding_of, read_file, resolve
from scraper.fetch.address import is_public, parse, redirected
from scraper.fetch.headers import age_s, date, retry_after_s
from scraper.fetch.robots import allows
from tests.support.fetching import (
    HTML,
    LIMIT_S,
    NOW,
    allowing,
    certified,
    fault,
    get,
    make_fetcher,
    refusal,
    robots_of,
    served,
    within,
)
from tests.support.servers import (
    Request,
    Server,
    answer,
    dripping,
    flooding,
    redirect,
    refusing,
    silent,
    unaccepting,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.servers import Reply

# --- a page ---------------------------------------------------------------------------------


def test_a_page_has_all_facts_from_the_portal() -> None:
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "ETag": '"a"',
        "Last-Modified": "then",
        "Age": "40000",
        "Date": "Sun, 28 Apr 2024 02:59:58 GMT",
    }
    with Server({"/": answer(HTML, headers=headers)}) as portal:
        page = get(portal.url())
    assert page == Page(
        url=portal.url(),
        status=200,
        body=HTML.encode(),
        encoding="utf-8",
        wire_bytes=len(HTML.encode()),
        etag='"a"',
        last_modified="then",
        age_s=40_000,
        date="Sun, 28 Apr 2024 02:59:58 GMT",
    )
    assert not page.not_modified


def test_every_request_has_our_name_and_accepted_types() -> None:
    with Server({"/": answer(HTML)}) as portal:
        get(portal.url(), user_agent="nalssi/0.1.0 (날씨)")
    headers = portal.requests[0].headers
    assert headers["user-agent"].encode("latin-1").decode() == "nalssi/0.1.0 (날씨)"
    assert headers["accept"] == "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"
    assert headers["accept-language"] == "ko"
    assert headers["accept-encoding"] == "gzip, deflate"
    assert headers["host"] == f"www.portal.localhost:{portal.port}"


def test_no_cookie_is_kept() -> None:
    async def twice(url: str) -> None:
        fetcher = make_fetcher()
        await fetcher.get(url, ignore_robots=True)
        await fetcher.get(url, ignore_robots=True)

    with Server({"/": answer(HTML, headers={"Set-Cookie": "id=1; Path=/"})}) as portal:
        asyncio.run(twice(portal.url()))
    assert [("cookie" in request.headers) for request in portal.requests] == [False, False]


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{refusing()}")
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{refusing()}")
    assert served(answer(HTML)).status == 200


@pytest.mark.parametrize(
    "status", ["204 No Content", "206 Partial Content", "300 Choices", "404 Not Found", "500 Oops"]
)
def test_only_a_200_is_a_page(status: str) -> None:
    error = fault(answer(HTML, status=status))
    assert error.reason == f"HTTP {status[:3]}"
    assert error.status == int(status[:3])
    assert not error.may_pass


# --- 1: one deadline ------------------------------------------------------------------------

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(dripping(CHUNKED, b"1\r\na\r\n", every_s=0.1), id="a dripped body"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n", every_s=0.1), id="headers"),
        pytest.param(dripping(b"", b"HTTP/1.1 100 Wait\r\n\r\n", every_s=0.01), id="dripped 1xx"),
        pytest.param(flooding(b"", b"HTTP/1.1 100 Wait\r\n\r\n" * 99, waves=10**6), id="fast 1xx"),
        pytest.param(silent, id="silence"),
    ],
)
def test_the_deadline_holds_against_a_portal_that_never_ends(reply: Reply) -> None:
    error = within(LIMIT_S, lambda: fault(reply, timeout_s=0.6))
    assert error.reason == "no page within 0.6 s"
    assert error.may_pass


def test_endless_headers_end_at_once() -> None:
    reply = flooding(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 1000, waves=1000)
    assert "no answer" in fault(reply).reason


def test_the_deadline_holds_for_an_unaccepted_connection() -> None:
    with unaccepting() as port:
        error = within(LIMIT_S, lambda: refusal(f"http://127.0.0.1:{port}/", timeout_s=0.6))
    assert error.reason in {"no page within 0.6 s", "no connection in time"}


def test_a_silent_portal_gets_a_second_chance_within_the_deadline() -> None:
    assert served([silent, answer(HTML)], timeout_s=3.0).body == HTML.encode()


def test_robots_and_redirects_share_the_deadline_of_the_page() -> None:
    def slow(request: Request) -> Iterator[bytes]:
        request.stopping.wait(0.25)
        yield redirect(f"/{len(request.path)}{'x' * len(request.path)}")

    paths = {"/robots.txt": silent, "/": slow}
    with Server(paths) as portal:
        error = within(LIMIT_S, lambda: refusal(portal.url(), timeout_s=0.6, ignore_robots=False))
    assert error.reason == "no page within 0.6 s"
    assert "/" not in portal.paths


def test_a_hanging_lookup_delays_neither_the_deadline_nor_the_exit() -> None:
    script = """
import asyncio, datetime as dt, socket, time
from scraper.config import Fetch
from scraper.errors import FetchError
from scraper.fetch import Fetcher

socket.getaddrinfo = lambda *args, **kwargs: time.sleep(60)

async def look():
    clock = lambda: dt.datetime.now(dt.UTC)
    fetcher = Fetcher(Fetch(timeout_s=0.3), clock=clock)
    await fetcher.get("http://portal.localhost/")

try:
    asyncio.run(look())
except FetchError as error:
    print(error.reason)
"""
    done = within(
        LIMIT_S * 2,
        lambda: subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        ),
    )
    assert done.stdout == "no page within 0.3 s\n"
    assert done.stderr == ""


# --- 2: bounded bytes -----------------------------------------------------------------------


def gzipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def raw_deflated(body: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeeze.compress(body) + squeeze.flush()


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        pytest.param("identity", HTML.encode(), id="identity"),
        pytest.param("", HTML.encode(), id="empty"),
        pytest.param("gzip", gzipped(HTML.encode()), id="gzip"),
        pytest.param("X-GZip", gzipped(HTML.encode()), id="x-gzip"),
        pytest.param(
            "gzip", gzipped(HTML.encode()[:5]) + gzipped(HTML.encode()[5:]), id="two members"
        ),
        pytest.param("gzip", gzipped(HTML.encode()) + bytes(9), id="padding"),
        pytest.param("gzip", gzipped(HTML.encode()) + b"<!-- 0.1 s -->", id="other bytes after it"),
        pytest.param("deflate", zlib.compress(HTML.encode()), id="zlib"),
        pytest.param("deflate", raw_deflated(HTML.encode()), id="raw deflate"),
    ],
)
def test_a_compressed_page_is_inflated(name: str, wire: bytes) -> None:
    page = served(answer(wire, headers={"Content-Encoding": name}))
    assert page.body == HTML.encode()
    assert page.wire_bytes == len(wire)


@pytest.mark.parametrize("squeezed", [gzipped, zlib.compress, raw_deflated])
def test_a_compressed_page_may_come_byte_by_byte(squeezed: Callable[[bytes], bytes]) -> None:
    wire = squeezed(HTML.encode())
    name = "gzip" if squeezed is gzipped else "deflate"

    def trickle(_: Request) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Encoding: " + name.encode() + b"\r\n\r\n"
        for byte in wire:
            time.sleep(0.001)
            yield bytes([byte])

    assert served(trickle).body == HTML.encode()


@pytest.mark.parametrize("name", ["br", "zstd", "gzip, gzip", "deflate, br"])
def test_an_encoding_that_we_did_not_ask_for_is_refused_by_name(name: str) -> None:
    assert repr(name) in fault(answer(HTML, headers={"Content-Encoding": name})).reason


def test_a_thousandfold_bomb_never_takes_more_than_the_bound() -> None:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as squeeze:
        for _ in range(1024):
            squeeze.write(bytes(2**20))
    reply = answer(packed.getvalue(), headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    try:
        error = fault(reply, max_bytes=2 * 2**20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.reason == "larger than 2097152 bytes"
    assert peak < 8 * 2**20


def test_a_body_of_only_empty_members_stays_cheap() -> None:
    wire = gzipped(b"") * 40_000
    page = within(LIMIT_S, lambda: served(answer(wire, headers={"Content-Encoding": "gzip"})))
    assert page.body == b""


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(answer(b"x" * 1001), id="announced"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001, id="not announced"),
        pytest.param(flooding(CHUNKED, b"1\r\nx\r\n", waves=10_000), id="chunked"),
        pytest.param(
            answer(gzipped(b"x" * 1001), headers={"Content-Encoding": "gzip"}), id="inflated"
        ),
        pytest.param(
            answer(zlib.compress(b"x" * 1001), headers={"Content-Encoding": "deflate"}),
            id="deflated",
        ),
    ],
)
def test_a_page_over_the_bound_is_refused(reply: Reply) -> None:
    assert fault(reply, max_bytes=1000).reason == "larger than 1000 bytes"


def test_an_announced_size_over_the_bound_is_refused_before_reading() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
    error = within(LIMIT_S, lambda: fault(dripping(head, b"", every_s=1), timeout_s=60))
    assert error.reason == "larger than 1048576 bytes"


def test_a_page_of_exactly_the_bound_is_a_page() -> None:
    wire = gzipped(b"x" * 1000)
    assert served(answer(b"x" * 1000), max_bytes=1000).wire_bytes == 1000
    page = served(answer(wire, headers={"Content-Encoding": "gzip"}), max_bytes=1000)
    assert len(page.body) == 1000


def test_damaged_compression_is_an_error() -> None:
    wire = bytearray(gzipped(HTML.encode() * 9))
    wire[12] ^= 0xFF
    error = fault(answer(bytes(wire), headers={"Content-Encoding": "gzip"}))
    assert "damaged compression" in error.reason


@pytest.mark.parametrize("body", [HTML.encode(), b"\x1f<p>"])
def test_a_body_that_is_not_compressed_as_it_says_is_an_error(body: bytes) -> None:
    error = fault(answer(body, headers={"Content-Encoding": "gzip"}))
    assert error.reason == "damaged compression: not gzip, as its Content-Encoding says"


# --- 9: cut short ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(answer(HTML, headers={"Content-Length": "999"}), id="Content-Length"),
        pytest.param(CHUNKED + b"5\r\nabc", id="within a chunk"),
        pytest.param(CHUNKED + b"1\r\na\r\n", id="no last chunk"),
        pytest.param(
            answer(gzipped(HTML.encode())[:-9], headers={"Content-Encoding": "gzip"}), id="gzip"
        ),
        pytest.param(
            answer(zlib.compress(HTML.encode())[:-5], headers={"Content-Encoding": "deflate"}),
            id="zlib",
        ),
        pytest.param(
            answer(raw_deflated(HTML.encode())[:-1], headers={"Content-Encoding": "deflate"}),
            id="raw deflate",
        ),
    ],
)
def test_a_body_cut_short_is_not_a_page(reply: Reply) -> None:
    with Server({"/": [reply, answer(HTML)]}) as portal:
        error = refusal(portal.url())
    assert "cut short" in error.reason
    assert portal.paths == ["/"]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="another protocol"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", id="no number"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", id="9…"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", id="negative"),
        pytest.param(b"HTTP/1.1 200 OK\r\na\0b: c\r\n\r\n", id="NUL in a name"),
        pytest.param(b"HTTP/1.1 999999 OK\r\n\r\n", id="no status"),
        pytest.param(b"\xff" * 300, id="bytes"),
    ],
)
def test_an_answer_that_is_not_http_is_one_error(reply: Reply) -> None:
    assert fault(reply).reason.startswith("no answer: ")


# --- 3: TLS ---------------------------------------------------------------------------------


def test_an_untrusted_certificate_is_refused() -> None:
    server, _ = certified("www.portal.localhost")
    with Server({"/": answer(HTML)}, tls=server) as portal:
        error = refusal(portal.url())
    assert error.reason.startswith("certificate not trusted: ")
    assert not error.may_pass
    assert portal.paths == []


def test_a_certificate_of_an_authority_we_trust_is_accepted() -> None:
    server, client = certified("www.portal.localhost")
    with Server({"/": answer(HTML)}, tls=server) as portal:
        assert get(portal.url(), verify=client).body == HTML.encode()


def test_a_certificate_is_compared_with_the_name_and_not_the_ip_address() -> None:
    server, client = certified("www.portal.localhost", "127.0.0.1")
    with Server({"/": answer(HTML)}, tls=server) as portal:
        error = refusal(portal.url(host="other.localhost"), verify=client)
    assert "certificate not trusted" in error.reason
    assert "other.localhost" in error.reason


def test_each_of_two_names_at_one_address_is_verified() -> None:
    async def both(portal: Server) -> None:
        fetcher = make_fetcher(verify=client)
        await fetcher.get(portal.url(), ignore_robots=True)
        await fetcher.get(portal.url(host="other.localhost"), ignore_robots=True)

    server, client = certified("www.portal.localhost")
    with (
        Server({"/": answer(HTML)}, tls=server) as portal,
        pytest.raises(FetchError, match="certificate not trusted"),
    ):
        asyncio.run(both(portal))


def test_plain_http_on_a_tls_port_is_one_error() -> None:
    with Server({"/": answer(HTML)}) as portal:
        error = refusal(portal.url().replace("http:", "https:"))
    assert error.reason.startswith("TLS failed: ")


# --- 4: redirects ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        pytest.param("/새글".encode(), "/%EC%83%88%EA%B8%80", id="UTF-8"),
        pytest.param("/새글".encode("euc-kr"), "/%BB%F5%B1%DB", id="EUC-KR"),
    ],
)
def test_a_redirect_with_other_bytes_than_ascii_is_followed(sent: bytes, path: str) -> None:
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + sent + b"\r\n\r\n"
    with Server({"/": head, path: answer(HTML)}) as portal:
        assert get(portal.url()).body == HTML.encode()


@pytest.mark.parametrize("status", ["301 x", "302 x", "303 x", "307 x", "308 x"])
def test_a_redirect_within_the_site_is_followed(status: str) -> None:
    paths = {"/": redirect("/front?no=1#top", status=status), "/front?no=1": answer(HTML)}
    with Server(paths) as portal:
        page = get(portal.url())
    assert page.url == portal.url("/front?no=1")


def test_a_redirect_to_another_host_of_the_same_domain_is_followed() -> None:
    paths: dict[str, Reply] = {"/bare": answer(HTML)}
    with Server(paths) as portal:
        bare = portal.url("/bare", host="portal.localhost")
        paths |= {"/": redirect(portal.url("/m", host="m.portal.localhost")), "/m": redirect(bare)}
        assert get(portal.url()).url == bare


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ("http://evil.example/", "another host"),
        ("//evil.example/", "another host"),
        ("http://www.portal.localhost.evil.example/", "another host"),
        ("http://www.portal.localhost@evil.example/", "a user name"),
        ("http://admin@www.portal.localhost/", "a user name"),
        ("http://127.0.0.1/", "another host"),
        ("http://[::1]/", "another host"),
        ("http://www.portal.localhost:1/", "another port"),
        ("http://www.portal.localhost/", "another port"),
        ("ftp://www.portal.localhost/", "expected http or https"),
        ("file:///etc/passwd", "expected http or https"),
        ("javascript:alert(1)", "expected http or https"),
        ("http://[::1", "not an address"),
        ("http://www.portal.localhost:99999/", "not a port"),
    ],
)
def test_a_redirect_off_the_site_is_refused_with_its_target(location: str, problem: str) -> None:
    error = fault(redirect(location))
    assert problem in error.reason
    assert "redirect to " in error.reason


def test_a_redirect_from_https_to_http_is_refused() -> None:
    server, client = certified("www.portal.localhost")
    with Server({"/": redirect("http://www.portal.localhost/")}, tls=server) as portal:
        assert "from https to http" in refusal(portal.url(), verify=client).reason


def test_a_redirect_from_http_to_https_is_followed() -> None:
    server, client = certified("www.portal.localhost")
    paths: dict[str, Reply] = {"/secure": answer(HTML)}
    with Server(paths, tls=server) as portal:
        paths["/"] = redirect(portal.url("/secure"))
        page = get(portal.url().replace("https:", "http:"), verify=client)
    assert page.url == portal.url("/secure")


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("https://portal.kr/", None),
        ("https://www.portal.kr/x", None),
        ("https://portal.kr:444/", "another port"),
        ("http://portal.kr:81/", "another port"),
        ("https://portal.kr.evil.example/", "another host"),
    ],
)
def test_a_redirect_changes_the_port_only_from_80_to_443(target: str, problem: str | None) -> None:
    if problem is None:
        assert str(redirected(parse("http://m.portal.kr/"), target)) == target
    else:
        with pytest.raises(FetchError, match=problem):
            redirected(parse("http://m.portal.kr/"), target)


def test_a_redirect_without_a_location_is_an_error() -> None:
    assert "without a Location" in fault(answer(status="302 Found")).reason


def test_redirects_in_a_circle_are_an_error() -> None:
    with Server({"/": redirect("/a"), "/a": redirect("/")}) as portal:
        assert "circle" in refusal(portal.url()).reason
    assert portal.paths == ["/", "/a"]


def test_five_redirects_are_followed_and_not_six() -> None:
    paths = {"/": redirect("/1")} | {f"/{n}": redirect(f"/{n + 1}") for n in range(1, 9)}
    with Server(paths) as portal:
        assert refusal(portal.url()).reason == "more than 5 redirects"
        assert len(portal.paths) == 6
    with Server(paths | {"/5": answer(HTML)}) as portal:
        assert get(portal.url()).url.endswith("/5")


# --- 5: addresses ---------------------------------------------------------------------------


def test_a_name_that_leads_to_a_private_address_is_refused() -> None:
    with Server({"/": answer(HTML)}) as portal:
        error = refusal(portal.url(host="evil.example"))
    assert error.reason == "'evil.example' is at 127.0.0.1, not a public address"
    assert portal.paths == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "a.b.localhost"])
def test_a_portal_that_is_configured_on_loopback_may_stay_there(host: str) -> None:
    with Server({"/": answer(HTML)}) as portal:
        assert get(portal.url(host=host)).status == 200


@pytest.mark.parametrize(
    "ip",
    [
        "0.0.0.0",  # noqa: S104 - an address to refuse, not to bind
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::10.0.0.1",
        "fc00::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "nonsense",
        "",
    ],
)
def test_an_address_outside_the_public_internet_is_refused(ip: str) -> None:
    async def somewhere(host: str, port: int) -> list[str]:
        return [ip]

    assert "not a public address" in refusal("http://portal.example/", resolve=somewhere).reason


@pytest.mark.parametrize("ip", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_the_open_internet_is_public(ip: str) -> None:
    assert is_public(ipaddress.ip_address(ip))


def test_the_request_goes_to_the_checked_address() -> None:
    """There is only one lookup, because a second could give another address."""
    hosts: list[str] = []

    async def changing(host: str, port: int) -> list[str]:
        hosts.append(host)
        return ["127.0.0.1"]

    with Server({"/": answer(HTML)}) as portal:
        get(portal.url(), resolve=changing)
    assert hosts == ["www.portal.localhost"]
    assert portal.requests[0].headers["host"].startswith("www.portal.localhost")


def test_the_next_address_is_tried_where_one_refuses() -> None:
    async def several(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.3", "127.0.0.1"]

    with Server({"/": answer(HTML)}) as portal:
        assert get(portal.url(), resolve=several).status == 200


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (socket.gaierror(socket.EAI_NONAME, "not known"), "not known"),
        (UnicodeError("label too long"), "label too long"),
        (TimeoutError("timed out"), "timed out"),
    ],
)
def test_a_name_without_an_address_is_one_error(failure: Exception, why: str) -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise failure

    error = refusal("http://portal.example/", resolve=nowhere)
    assert error.reason.startswith(f"no address of 'portal.example': {why}")


def test_the_resolver_of_the_system_knows_this_machine() -> None:
    with Server({"/": answer(HTML)}) as portal:

        async def look() -> Page:
            fetcher = Fetcher(Fetch(), clock=lambda: NOW)
            return await fetcher.get(portal.url(host="localhost"), ignore_robots=True)

        assert asyncio.run(look()).status == 200


def test_a_lookup_without_a_thread_is_one_error_and_occupies_no_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        for _ in range(12):  # three tries each: more lookups than may run at once
            error = refusal("http://localhost:9/", resolve=resolve)
    assert "no address of 'localhost'" in error.reason
    assert "can't start new thread" in error.reason
    with Server({"/": answer(HTML)}) as portal:
        assert get(portal.url(host="localhost"), resolve=resolve).status == 200


def test_hanging_lookups_are_bounded_and_their_places_are_freed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released, ask = threading.Event(), socket.getaddrinfo

    def hang(*args: Any, **kwargs: Any) -> Any:
        released.wait(LIMIT_S)
        return ask("127.0.0.1", *args[1:], **kwargs)

    async def one_more() -> list[str]:
        hanging = [asyncio.create_task(resolve("portal.example", 80)) for _ in range(32)]
        await asyncio.sleep(0)
        with pytest.raises(BlockingIOError, match="too many"):
            await resolve("portal.example", 80)
        released.set()
        await asyncio.gather(*hanging)
        return await resolve("portal.example", 80)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    assert asyncio.run(one_more()) == ["127.0.0.1"]


# --- 6: robots.txt --------------------------------------------------------------------------


def test_robots_txt_is_requested_before_the_page_and_kept() -> None:
    async def twice(portal: Server) -> dict[str, Robots]:
        fetcher = make_fetcher()
        await fetcher.get(portal.url())
        await fetcher.get(portal.url())
        return fetcher.robots

    with Server(allowing("User-agent: *\nDisallow: /admin\n")) as portal:
        robots = asyncio.run(twice(portal))
    assert portal.paths == ["/robots.txt", "/", "/"]
    origin = portal.url("")
    text = "User-agent: *\nDisallow: /admin\n"
    assert robots == {origin: Robots(origin=origin, fetched_at=NOW, text=text)}


@pytest.mark.parametrize(
    "text",
    [
        "User-agent: *\nDisallow: /",
        "User-agent: other\nAllow: /\n\nUser-agent: nalssi\nDisallow: /",
    ],
)
def test_a_page_forbidden_by_robots_txt_is_not_requested(text: str) -> None:
    with Server(allowing(text)) as portal:
        error = refusal(portal.url(), ignore_robots=False)
    assert isinstance(error, RefusedByRobots)
    assert portal.paths == ["/robots.txt"]


def test_our_own_group_of_robots_txt_counts_before_that_of_all() -> None:
    with Server(allowing("User-agent: *\nDisallow: /\n\nUser-agent: Nalssi\nAllow: /")) as portal:
        assert get(portal.url(), ignore_robots=False).status == 200


@pytest.mark.parametrize(
    ("agent", "allowed"),
    [
        ("User-agent: nalssi", False),
        ("USER-AGENT:NALSSI # us", False),
        ("user agent nalssi/0.1", False),
        ("User-agent: nalssi*", False),
        ("User-agent: *", False),
        ("User-agent:*#all", False),
        ("User-agent: nal", True),
        ("User-agent: nalssi-image", True),
        ("User-agent: *bot", True),
        ("User-agent:", True),
        ("User-agent: Googlebot\nUser-agent: nalssi", False),
    ],
)
def test_a_group_of_robots_txt_applies_only_to_our_full_name(agent: str, allowed: bool) -> None:
    robots = Robots(origin="http://portal.kr", fetched_at=NOW, text=f"{agent}\nDisallow: /")
    assert allows(robots, "http://portal.kr/", "nalssi") == allowed


def test_a_robots_txt_of_ten_thousand_crawlers_is_read_in_no_time() -> None:
    agents = "".join(f"User-agent: bot{n}\n" for n in range(10_000))
    text = agents + "Disallow: /\n" * 25_000
    robots = Robots(origin="http://portal.kr", fetched_at=NOW, text=text)
    assert within(LIMIT_S, lambda: allows(robots, "http://portal.kr/", "nalssi"))


def test_robots_txt_can_be_ignored() -> None:
    with Server(allowing("User-agent: *\nDisallow: /")) as portal:
        get(portal.url(), ignore_robots=True)
    assert portal.paths == ["/"]


@pytest.mark.parametrize("status", ["204 x", "401 x", "403 x", "404 x", "410 x"])
def test_a_site_without_robots_txt_allows_everything(status: str) -> None:
    with Server({"/robots.txt": answer(status=status), "/": answer(HTML)}) as portal:
        assert get(portal.url(), ignore_robots=False).status == 200


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(answer(status="429 x"), id="429"),
        pytest.param(answer(status="500 x"), id="500"),
        pytest.param(answer(status="503 x", headers={"Retry-After": "3600"}), id="503"),
        pytest.param(redirect("http://evil.example/robots.txt"), id="off the site"),
        pytest.param(CHUNKED + b"1\r\na\r\n", id="cut short"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\n\r\n", id="304"),
        pytest.param(b"", id="no answer"),
    ],
)
def test_a_site_with_an_unavailable_robots_txt_is_not_polled(reply: Reply) -> None:
    with Server({"/robots.txt": reply, "/": answer(HTML)}) as portal:
        error = refusal(portal.url(), ignore_robots=False, etag='"a"')
    assert error.reason.startswith("robots.txt")
    assert "/" not in portal.paths


def test_an_older_robots_txt_counts_while_a_new_one_is_unavailable() -> None:
    with Server({"/robots.txt": answer(status="503 x"), "/": answer(HTML)}) as portal:
        month = robots_of(portal, "", age=dt.timedelta(days=30))
        assert get(portal.url(), ignore_robots=False, robots=[month]).status == 200
        older = robots_of(portal, "", age=dt.timedelta(days=31))
        assert "HTTP 503" in refusal(portal.url(), ignore_robots=False, robots=[older]).reason


def test_a_robots_txt_that_hangs_leaves_time_for_the_page_where_we_know_an_older_one() -> None:
    with Server({"/robots.txt": silent, "/": answer(HTML)}) as portal:
        old = robots_of(portal, "", age=dt.timedelta(days=2))
        assert get(portal.url(), ignore_robots=False, robots=[old], timeout_s=3.0).status == 200


@pytest.mark.parametrize(
    ("age", "is_asked"),
    [
        pytest.param(dt.timedelta(hours=23), False, id="of today"),
        pytest.param(dt.timedelta(hours=24), True, id="a day old"),
        pytest.param(dt.timedelta(hours=-1), True, id="of tomorrow: a clock was wrong"),
    ],
)
def test_robots_txt_is_kept_for_a_day(age: dt.timedelta, is_asked: bool) -> None:
    with Server(allowing("")) as portal:
        get(portal.url(), ignore_robots=False, robots=[robots_of(portal, "", age=age)])
    assert ("/robots.txt" in portal.paths) == is_asked


def test_robots_txt_may_be_moved_within_the_site() -> None:
    paths = allowing("") | {
        "/robots.txt": redirect("/r"),
        "/r": answer("User-agent: *\nDisallow: /"),
    }
    with Server(paths) as portal:
        assert isinstance(refusal(portal.url(), ignore_robots=False), RefusedByRobots)


def test_the_target_of_a_redirect_has_a_robots_txt_of_its_own() -> None:
    paths = allowing("User-agent: *\nDisallow: /mobile")
    with Server(paths) as portal:
        paths["/"] = redirect(portal.url("/mobile", host="m.portal.localhost"))
        assert isinstance(refusal(portal.url(), ignore_robots=False), RefusedByRobots)
    assert portal.paths == ["/robots.txt", "/", "/robots.txt"]
    hosts = [request.headers["host"].split(":")[0] for request in portal.requests]
    assert hosts == ["www.portal.localhost", "www.portal.localhost", "m.portal.localhost"]


def test_only_the_first_half_mebibyte_of_robots_txt_is_read() -> None:
    """The line that the limit cuts is dropped: half a line could forbid everything."""
    filling = "# filling\n" * (512 * 1024 // 10)
    cut = filling[: 512 * 1024 - 30].rsplit("\n", 1)[0] + "\nUser-agent: *\nDisallow: "
    text = cut + "/" + "admin" * 1000 + "\nDisallow: /\n"
    with Server(allowing(text)) as portal:
        assert get(portal.url(), ignore_robots=False, max_bytes=10**4).status == 200


# --- 7: retries -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["429 x", "502 x", "503 x", "504 x"])
def test_a_temporary_failure_is_requested_three_times(status: str) -> None:
    with Server({"/": answer(status=status)}) as portal:
        error = refusal(portal.url())
    assert error.status == int(status[:3])
    assert error.may_pass
    assert len(portal.paths) == 3


def test_a_page_after_temporary_failures_is_a_success() -> None:
    busy = answer(status="503 x")
    assert served([busy, busy, answer(HTML)]).body == HTML.encode()


@pytest.mark.parametrize("status", ["400 x", "401 x", "403 x", "404 x", "410 x", "500 x"])
def test_a_permanent_failure_is_requested_once(status: str) -> None:
    with Server({"/": answer(status=status)}) as portal:
        refusal(portal.url())
    assert len(portal.paths) == 1


def test_a_portal_that_refuses_connections_is_tried_again() -> None:
    hosts: list[str] = []

    async def counted(host: str, port: int) -> list[str]:
        hosts.append(host)
        return ["127.0.0.1"]

    error = refusal(f"http://portal.localhost:{refusing()}/", resolve=counted)
    assert error.reason.startswith("no connection: ")
    assert len(hosts) == 3


def test_a_retry_after_within_the_deadline_is_obeyed() -> None:
    began = time.monotonic()
    busy = answer(status="503 x", headers={"Retry-After": "1"})
    assert served([busy, answer(HTML)]).status == 200
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(
    ("printed", "seconds"),
    [
        ("120", 120.0),
        ("Sun, 28 Apr 2024 03:02:00 GMT", 120.0),
        ("99999999999999999999", 604_800.0),
        ("Sun, 28 Apr 2124 03:02:00 GMT", 604_800.0),
    ],
)
@pytest.mark.parametrize("status", ["403 x", "429 x", "503 x"])
def test_a_retry_after_beyond_the_deadline_is_reported_without_waiting(
    status: str, printed: str, seconds: float
) -> None:
    with Server({"/": answer(status=status, headers={"Retry-After": printed})}) as portal:
        error = within(LIMIT_S, lambda: refusal(portal.url()))
    assert error.retry_after_s == seconds
    assert len(portal.paths) == 1


@pytest.mark.parametrize("printed", ["-5", "soon", "", "1.5", "٣", "Sun, 28 Apr 2024 02:00:00 GMT"])
def test_an_invalid_retry_after_is_ignored(printed: str) -> None:
    with Server({"/": answer(status="503 x", headers={"Retry-After": printed})}) as portal:
        error = refusal(portal.url())
    assert error.retry_after_s is None
    assert len(portal.paths) == 3


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, [0-9]+ [A-Z][a-z]{2} [0-9]+ [0-9:+]+"))
def test_any_retry_after_is_ignored_or_at_most_a_week(printed: str) -> None:
    seconds = retry_after_s(printed, NOW)
    assert seconds is None or 0 <= seconds <= 604_800


def test_a_backoff_beyond_the_deadline_ends_the_look_with_the_real_error() -> None:
    with Server({"/": answer(status="503 x")}) as portal:
        error = within(LIMIT_S, lambda: refusal(portal.url(), timeout_s=4.0, backoff_s=30.0))
    assert error.status == 503
    assert len(portal.paths) == 1


def test_a_retry_is_not_logged_by_the_library(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="stamina")
    served([answer(status="503 x"), answer(HTML)])
    assert [record for record in caplog.records if record.name.startswith("stamina")] == []


# --- 8: conditional requests ----------------------------------------------------------------


def test_a_page_that_has_not_changed_is_not_sent_again() -> None:
    async def look(url: str) -> Page:
        fetcher = make_fetcher()
        return await fetcher.get(url, etag='"a"', last_modified="then", ignore_robots=True)

    with Server({"/": b"HTTP/1.1 304 Not Modified\r\n\r\n"}) as portal:
        page = asyncio.run(look(portal.url()))
    assert page.not_modified
    assert (page.body, page.etag, page.last_modified) == (b"", '"a"', "then")
    assert portal.requests[0].headers["if-none-match"] == '"a"'
    assert portal.requests[0].headers["if-modified-since"] == "then"


def test_robots_txt_is_requested_without_the_validators_of_the_page() -> None:
    with Server(allowing("")) as portal:
        get(portal.url(), ignore_robots=False, etag='"a"')
    conditional = {request.path: "if-none-match" in request.headers for request in portal.requests}
    assert conditional == {"/robots.txt": False, "/": True}


def test_an_unrequested_304_is_an_error() -> None:
    error = fault(b"HTTP/1.1 304 Not Modified\r\n\r\n")
    assert error.status == 304
    assert "HTTP 304" in error.reason


@pytest.mark.parametrize("etag", ['"a"\r\nX: y', '"a\0"', '"날씨"', "", "x" * 5000])
def test_an_invalid_etag_is_not_sent(etag: str) -> None:
    with Server({"/": answer(HTML)}) as portal:
        get(portal.url(), etag=etag)
    assert "if-none-match" not in portal.requests[0].headers
    assert "x" not in portal.requests[0].headers


# --- the age of a page ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        pytest.param("0", 0, id="fresh"),
        pytest.param(" 40000 ", 40_000, id="blanks"),
        pytest.param("7, 40000", 7, id="two caches: the first counts"),
        pytest.param("2147483648", 2**31, id="as far as caches count"),
        pytest.param("2147483649", None, id="further"),
        pytest.param("9" * 5000, None, id="9…"),
        pytest.param("-1", None, id="negative"),
        pytest.param("1.5", None, id="a fraction"),
        pytest.param("٣", None, id="another script's digits"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="none"),
    ],
)
def test_an_age_is_a_whole_number_of_seconds_or_not_known(sent: str | None, seconds: int) -> None:
    assert age_s(sent) == seconds


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("Sun, 06 Nov 1994 08:49:37 GMT", id="IMF"),
        pytest.param("Sunday, 06-Nov-94 08:49:37 GMT", id="RFC 850"),
        pytest.param("Sun Nov  6 08:49:37 1994", id="asctime"),
        pytest.param("Sun, 06 Nov 1994 17:49:37 +0900", id="an offset"),
    ],
)
def test_a_date_is_kept_as_it_was_sent(sent: str) -> None:
    assert date(sent) == sent


@pytest.mark.parametrize(
    "sent", ["then", "", "Sun, 06 Nov 1994", "x" * 5000, "일요일", "99999999999999999999", None]
)
def test_an_invalid_date_is_not_kept(sent: str | None) -> None:
    assert date(sent) is None


@given(st.text())
def test_no_header_stops_the_reading_of_an_age_or_a_date(sent: str) -> None:
    age_s(sent)
    date(sent)


def test_an_unchanged_page_has_its_age_and_its_date() -> None:
    reply = (
        b"HTTP/1.1 304 Not Modified\r\nAge: 12\r\nDate: Sun, 28 Apr 2024 02:59:58 GMT\r\n"
        b"Last-Modified: Sun, 28 Apr 2024 02:00:00 GMT\r\n\r\n"
    )
    page = served(reply, etag='"a"')
    assert (page.age_s, page.date) == (12, "Sun, 28 Apr 2024 02:59:58 GMT")
    assert page.last_modified == "Sun, 28 Apr 2024 02:00:00 GMT"


# --- 11: encodings --------------------------------------------------------------------------

META = '<meta charset="euc-kr">'


@pytest.mark.parametrize(
    ("content_type", "body", "codec"),
    [
        pytest.param(None, HTML.encode(), "utf-8", id="nothing declared"),
        pytest.param(None, "서울".encode("cp949"), "cp949", id="nothing declared, EUC-KR"),
        pytest.param("text/html; charset=EUC-KR", "똠".encode("cp949"), "cp949", id="EUC-KR"),
        pytest.param(
            'text/html; charset="ks_c_5601-1987"', "서울".encode("cp949"), "cp949", id="KS C 5601"
        ),
        pytest.param(None, (META + "서울").encode("cp949"), "cp949", id="meta"),
        pytest.param(None, (META + "서울").encode(), "utf-8", id="meta is wrong"),
        pytest.param(
            "text/html; charset=utf-8", "서울".encode("cp949"), "cp949", id="header wrong"
        ),
        pytest.param(
            "text/html; charset=utf-8", (META + "ab").encode(), "utf-8", id="header before meta"
        ),
        pytest.param(None, codecs.BOM_UTF8 + HTML.encode(), "utf-8", id="mark"),
        pytest.param(None, codecs.BOM_UTF16_LE + "서울".encode("utf-16-le"), "utf-16-le", id="16"),
        pytest.param(
            None,
            META.replace("euc-kr", "utf-16").encode() + "서울".encode(),
            "utf-8",
            id="a narrow 16",
        ),
        pytest.param("text/html; charset=utf-16", HTML.encode(), "utf-8", id="header says 16"),
        pytest.param(
            "text/html; charset=utf-16-le", "서울a".encode("utf-16-le"), "utf-16-le", id="LE"
        ),
        pytest.param("text/html; charset=base64", HTML.encode(), "utf-8", id="base64"),
        pytest.param("text/html; charset=rot13", b"ab", "utf-8", id="rot13"),
        pytest.param("text/html; charset=undefined", b"ab", "utf-8", id="undefined"),
        pytest.param("text/html; charset=idna", b"ab", "utf-8", id="idna"),
        pytest.param("text/html; charset=punycode", b"ab", "utf-8", id="punycode"),
        pytest.param("text/html; charset=unicode_escape", rb"\d", "utf-8", id="unicode_escape"),
        pytest.param("text/html; charset=mbcs", b"ab", "utf-8", id="mbcs"),
        pytest.param("text/html; charset=nonsense", b"ab", "utf-8", id="nonsense"),
        pytest.param("text/html; charset=hex", b"\xff\xff", "utf-8", id="nothing reads it"),
        pytest.param("text/html; charset=euc-jp", b"\xff\xff", "euc_jp", id="the first declared"),
    ],
)
def test_the_encoding_is_the_first_that_reads_the_page(
    content_type: str | None, body: bytes, codec: str
) -> None:
    assert encoding_of(content_type, body) == codec


LATIN_META = '<meta charset="iso-8859-1">'


@pytest.mark.parametrize(
    ("content_type", "body", "codec"),
    [
        pytest.param("text/html; charset=ISO-8859-1", "서울".encode("cp949"), "cp949", id="header"),
        pytest.param(None, (LATIN_META + "서울").encode("cp949"), "cp949", id="meta"),
        pytest.param(
            "text/html; charset=windows-1252", (META + "서울").encode("cp949"), "cp949", id="both"
        ),
        pytest.param("text/html; charset=latin1", HTML.encode(), "utf-8", id="UTF-8"),
        pytest.param("text/html; charset=gb2312", "서울".encode("cp949"), "cp949", id="Chinese"),
        pytest.param(
            "text/html; charset=shift_jis", "서울".encode("cp949"), "cp949", id="Japanese"
        ),
        pytest.param(
            "text/html; charset=latin1",
            "서울 부산 \xff".encode("cp949", "replace") + b"\xff",
            "cp949",
            id="a damaged byte",
        ),
        pytest.param(
            "text/html; charset=latin1", HTML.encode() + "울".encode()[:2], "utf-8", id="cut short"
        ),
        pytest.param(
            "text/html; charset=latin1", "caf\xe9 cr\xe8me".encode("latin-1"), "cp1252", id="right"
        ),
    ],
)
def test_a_text_without_hangul_is_compared_with_other_encodings(
    content_type: str | None, body: bytes, codec: str
) -> None:
    assert encoding_of(content_type, body) == codec


@pytest.mark.parametrize("codec", sorted(set(aliases.values())))
def test_no_codec_of_python_stops_the_search_for_an_encoding(codec: str) -> None:
    for body in (b"ab", b"\xff\xfe\xff", rb"\d\N{x}", b"xn--\xff"):
        body.decode(encoding_of(f"text/html; charset={codec}", body), errors="replace")


@given(st.none() | st.text().map("text/html; charset={}".format), st.binary())
def test_no_page_and_no_header_stops_the_search_for_an_encoding(
    content_type: str | None, body: bytes
) -> None:
    body.decode(encoding_of(content_type, body), errors="replace")


@given(st.text())
def test_no_meta_tag_stops_the_search_for_an_encoding(name: str) -> None:
    encoding_of(None, f'<meta charset="{name}">'.encode("utf-8", errors="replace"))


# --- 12: one at a time ----------------------------------------------------------------------


def test_a_site_gets_one_request_at_a_time_and_waiting_does_not_time_out() -> None:
    def slow(request: Request) -> Iterator[bytes]:
        request.stopping.wait(0.7)
        yield answer(HTML)

    async def together(portal: Server) -> list[Page]:
        doors = [f"{door}portal.localhost" for door in ("", "www.", "m.", "www.")]
        fetcher = make_fetcher(timeout_s=2.5)  # less than the four in turn
        looks = [fetcher.get(portal.url(host=door), ignore_robots=True) for door in doors]
        return await asyncio.gather(*looks)

    with Server({"/": slow}) as portal:
        assert len(asyncio.run(together(portal))) == 4
    assert portal.peak == 1


def test_different_sites_do_not_wait_for_one_another() -> None:
    async def together(*portals: Server) -> None:
        fetcher = make_fetcher()
        hosts = ["one.localhost", "two.localhost"]
        looks = [
            fetcher.get(portal.url(host=host), ignore_robots=True)
            for portal, host in zip(portals, hosts, strict=True)
        ]
        await asyncio.gather(*looks)

    meeting = threading.Barrier(2, timeout=LIMIT_S)

    def meet(_: Request) -> Iterator[bytes]:
        meeting.wait()
        yield answer(HTML)

    with Server({"/": meet}) as first, Server({"/": meet}) as second:
        asyncio.run(together(first, second))


def test_a_cancelled_look_frees_its_turn() -> None:
    async def look(portal: Server) -> Page:
        fetcher = make_fetcher()
        first = asyncio.create_task(fetcher.get(portal.url("/hangs"), ignore_robots=True))
        while not portal.paths:  # noqa: ASYNC110 - the server has threads, and no asyncio event
            await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await fetcher.get(portal.url(), ignore_robots=True)

    with Server({"/hangs": silent, "/": answer(HTML)}) as portal:
        assert asyncio.run(look(portal)).status == 200


# --- 14: invalid addresses ------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "",
        "portal.kr",
        "http://",
        "http:///x",
        "http://:80/",
        "http://portal.kr:x/",
        "http://portal.kr:0/",
        "http://portal.kr:-1/",
        "http://portal.kr:70000/",
        "http://portal.kr/a b",
        "http://por tal.kr/",
        "http://portal.kr/\r\nX: y",
        "http://portal.kr/\x00",
        "http://portal.kr/\u3000",
        "http://.portal.kr/",
        "http://a..b/",
        f"http://{'a' * 64}.kr/",
        f"http://{'a.' * 200}kr/",
        "http://xn--\u00ff/",
        "http://\ud800/",
        "http://portal.kr/\ud800",
        "http://%00/",
        "http://256.1.1.1/",
        "http://[::1",
        "http://[nonsense]/",
        "http://me:secret@portal.kr/",
        "ftp://portal.kr/",
        "mailto:a@b",
        "x" * 70_000,
    ],
)
def test_an_invalid_address_is_one_error(url: str) -> None:
    assert not refusal(url).may_pass


@given(
    st.text() | st.text().map("http://{}".format) | st.text().map("http://a.localhost/{}".format)
)
def test_no_address_raises_anything_else(url: str) -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        return []

    refusal(url, resolve=nowhere)


def test_a_korean_name_is_resolved_in_its_ascii_form() -> None:
    hosts: list[str] = []

    async def note(host: str, port: int) -> list[str]:
        hosts.append(host)
        return []

    refusal("http://날씨.한국/서울", resolve=note)
    assert hosts == ["xn--i20bj30b.xn--3e0b707e"]


# --- a page from a file ---------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = tmp_path / "우리 문화.html"
    file.write_bytes(HTML.encode("cp949", errors="xmlcharrefreplace"))
    return file


def test_a_saved_page_is_read_by_path_or_url(saved: Path) -> None:
    by_path = read_file(saved, max_bytes=1000)
    assert by_path == read_file(str(saved), max_bytes=1000)
    assert by_path == read_file(saved.as_uri(), max_bytes=1000)
    assert by_path.encoding == "cp949"
    assert by_path.url == saved.as_uri()


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere/at/all",
        "/",
        "/dev/zero",
        "file://elsewhere/x",
        "file:///nowhere",
        "a\0b",
        "x" * 999,
    ],
)
def test_a_file_that_cannot_be_read_is_one_error(path: str) -> None:
    with pytest.raises(FetchError):
        read_file(path, max_bytes=1000)


def test_a_file_over_the_bound_is_refused(saved: Path) -> None:
    size = saved.stat().st_size
    assert read_file(saved, max_bytes=size).wire_bytes == size
    with pytest.raises(FetchError, match="larger than"):
        read_file(saved, max_bytes=size - 1)
