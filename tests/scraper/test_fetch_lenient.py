"""Real servers: faults that browsers accept, and faults that no client should accept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.errors import RefusedByRobots
from scraper.fetch.cookies import Cookies
from scraper.fetch.heads import Heads, mended
from scraper.http import httpx
from tests.support.fetching import HTML, fault, get, make_fetcher, refusal, served
from tests.support.servers import Request, Server, answer, redirect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import Reply

BODY = HTML.encode()
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


def head(*lines: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"", b""])


# --- heads ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"X-Powered By: PHP", id="a blank in the name"),
        pytest.param(b'"X-XSS-Protection: 0"', id="quoted"),
        pytest.param(b"X-Cache : MISS", id="a blank before the colon"),
        pytest.param(b"X-Cache\t: MISS", id="a tab before the colon"),
        pytest.param(b"Set-Cookie", id="no colon"),
        pytest.param(b": nothing", id="no name"),
        pytest.param(b"<b>Warning</b>: mysql_connect()", id="a warning of PHP"),
        pytest.param("날씨: 맑음".encode("cp949"), id="a Korean name"),
        pytest.param("X-Name: 시험신문".encode("cp949"), id="a Korean value"),
        pytest.param(b" X-Folded: first", id="folded with nothing before"),
        pytest.param(b"X Bad: 1\r\n and more", id="a bad line that goes on"),
        pytest.param(b"", id="none"),
    ],
)
@pytest.mark.parametrize("ends", [b"\r\n", b"\n"], ids=["CRLF", "LF"])
def test_an_odd_line_of_a_head_loses_no_page(line: bytes, ends: bytes) -> None:
    lines = [b"HTTP/1.1 200 OK", *([line] if line else []), LENGTH.strip(), b"", b""]
    assert served(b"\r\n".join(lines).replace(b"\r\n", ends) + BODY).body == BODY


def test_an_odd_line_hides_no_other() -> None:
    lines = head(b"X Bad: 1", b'ETag : "a"', b"Age: 7", LENGTH.strip())
    page = served(lines + BODY)
    assert (page.etag, page.age_s) == ('"a"', 7)


@pytest.mark.parametrize("blank", [b"\r\n", b"\n", b"\r\n\r\n"])
def test_an_answer_may_begin_after_an_empty_line(blank: bytes) -> None:
    assert served(blank + head(LENGTH.strip()) + BODY).body == BODY


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([b"Transfer-Encoding: chunked"] * 2, id="twice"),
        pytest.param([b"Transfer-Encoding: chunked, chunked"], id="twice in one line"),
        pytest.param([b"Transfer-Encoding: chunked", b"transfer-encoding: Chunked"], id="cases"),
        pytest.param([b"Transfer-Encoding: identity, chunked"], id="identity"),
        pytest.param([b"Transfer-Encoding:\r\n chunked"], id="folded"),
    ],
)
def test_chunked_may_be_declared_more_than_once(lines: list[bytes]) -> None:
    assert served(head(*lines) + CHUNKED).body == BODY


def test_an_identity_transfer_is_a_plain_body() -> None:
    assert served(head(b"Transfer-Encoding: identity", LENGTH.strip()) + BODY).body == BODY


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([b"Content-Length: 5", b"Content-Length: 6"], id="two lengths"),
        pytest.param([b"Content-Length: 5", b"Content-Length : 6"], id="two, one with a blank"),
        pytest.param([b"Content-Length: 5\r\n 6"], id="a folded length"),
        pytest.param([b"Transfer-Encoding: gzip, chunked"], id="another transfer"),
        pytest.param([b"X\0Y: z"], id="NUL in a name"),
        pytest.param([b"X: a\0b"], id="NUL in a value"),
        pytest.param([b"X: a\rSet-Cookie: b"], id="a bare CR"),
    ],
)
def test_an_ambiguous_head_is_refused(lines: list[bytes]) -> None:
    assert fault(head(*lines) + BODY).reason.startswith("no answer: ")


def test_a_head_may_come_byte_by_byte_and_after_interim_answers() -> None:
    reply = b"HTTP/1.1 103 Early Hints\r\nX Bad: 1\r\n\r\n" + head(b"X Bad: 1", LENGTH.strip())

    def trickle(_: Request):
        for byte in reply + BODY:
            yield bytes([byte])

    assert served(trickle).body == BODY


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(1, 9))
def test_piece_sizes_do_not_change_the_bytes_for_h11(lines: list[bytes], size: int) -> None:
    wire = b"HTTP/1.1 200 OK\r\n" + b"\r\n".join(lines) + b"\r\n\r\nbody"
    heads, at_once = Heads(), Heads()
    pieces = [wire[at : at + size] for at in range(0, len(wire), size)]
    assert b"".join(map(heads.feed, [*pieces, b""])) == at_once.feed(wire) + at_once.feed(b"")


@given(st.lists(st.sampled_from(["X-Cache: MISS", 'ETag: "a"', "Age: 7", "Vary: a, b"])))
def test_a_correct_head_is_unchanged(lines: list[str]) -> None:
    right = "\r\n".join(["HTTP/1.1 200 OK", *lines]).encode()
    assert mended(right) == right + b"\r\n\r\n"


def test_an_endless_head_is_not_kept_in_memory() -> None:
    heads = Heads()
    assert heads.feed(b"HTTP/1.1 200 OK\r\n") == b""
    assert len(heads.feed(b"X: y\r\n" * 20_000)) > 100 * 1024
    assert heads.feed(b"more") == b"more"


# --- encodings of the content ---------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["none", "UTF-8", "euc-kr", "text/html", "8bit", "identity, none", "charset=utf-8"]
)
def test_an_encoding_that_is_not_a_compression_leaves_the_body_unchanged(name: str) -> None:
    assert served(answer(HTML, headers={"Content-Encoding": name})).body == BODY


# --- cookies --------------------------------------------------------------------------------


def walled(given: bytes = b"seen=1; Path=/", *, wanted: str = "seen=1") -> Reply:
    """Redirect a client without the cookie to the same page, and set the cookie."""

    def wall(request: Request) -> Iterator[bytes]:
        if request.headers.get("cookie") == wanted:
            yield answer(HTML)
        else:
            yield b"HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: " + given + b"\r\n\r\n"

    return wall


def test_a_page_behind_a_cookie_and_a_redirect_to_itself_is_read() -> None:
    assert served(walled()).body == BODY


def test_a_cookie_is_forgotten_with_its_look() -> None:
    async def twice(url: str) -> None:
        fetcher = make_fetcher()
        await fetcher.get(url, ignore_robots=True)
        await fetcher.get(url, ignore_robots=True)

    with Server({"/": walled()}) as portal:
        asyncio.run(twice(portal.url()))
    sent = [request.headers.get("cookie") for request in portal.requests]
    assert sent == [None, "seen=1", None, "seen=1"]


def test_a_robots_txt_behind_a_cookie_wall_is_read() -> None:
    with Server({"/robots.txt": walled(), "/": answer(HTML)}) as portal:
        page = get(portal.url(), ignore_robots=False)
    assert page.status == 200
    assert portal.requests[-1].headers["cookie"] == "seen=1"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(b"seen=1; Path=/elsewhere", id="of another path"),
        pytest.param(b"seen=1; Domain=evil.example", id="of another host"),
        pytest.param(b"seen=1; Max-Age=0", id="of no time"),
        pytest.param("seen=날씨".encode(), id="not ASCII"),
        pytest.param(b"seen=" + b"x" * 9000, id="too long to send"),
    ],
)
def test_an_inapplicable_cookie_is_not_sent_and_the_circle_is_detected(given: bytes) -> None:
    with Server({"/": walled(given)}) as portal:
        assert refusal(portal.url()).reason == "redirects in a circle"
    assert ["cookie" in request.headers for request in portal.requests] == [False]


def test_a_cookie_that_changes_each_time_ends_with_the_redirects() -> None:
    def changing(request: Request) -> Iterator[bytes]:
        nth = len(request.headers.get("cookie", ""))
        yield b"HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: n=%b\r\n\r\n" % (b"x" * nth)

    assert fault(changing).reason == "more than 5 redirects"


@given(st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8")))
def test_no_cookie_stops_a_look(given: str) -> None:
    cookies, url = Cookies(), httpx.URL("http://www.portal.localhost/")
    sent = [(b"Set-Cookie", given.encode()), (b"Set-Cookie", f"a=b; {given}".encode())]
    cookies.keep(url, httpx.Headers(sent))
    assert all(value.isascii() for value in cookies.header(url).values())


# --- robots.txt elsewhere -------------------------------------------------------------------


def moved(portal: Server, to: str, *, host: str = "elsewhere.localhost") -> Reply:
    return redirect(portal.url(to, host=host))


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [("User-agent: *\nDisallow: /", False), ("User-agent: *\nAllow: /", True), ("<html>", True)],
)
def test_a_robots_txt_at_another_host_counts(rules: str, allowed: bool) -> None:
    replies: dict[str, Reply] = {"/": answer(HTML), "/rules": answer(rules)}
    with Server(replies) as portal:
        replies["/robots.txt"] = moved(portal, "/rules")
        if allowed:
            assert get(portal.url(), ignore_robots=False).status == 200
        else:
            assert isinstance(refusal(portal.url(), ignore_robots=False), RefusedByRobots)
    assert portal.requests[1].headers["host"].startswith("elsewhere.localhost")


def test_a_robots_txt_missing_at_another_host_allows_the_page() -> None:
    replies: dict[str, Reply] = {"/": answer(HTML)}
    with Server(replies) as portal:
        replies["/robots.txt"] = moved(portal, "/404.html")
        assert get(portal.url(), ignore_robots=False).status == 200


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ("http://evil.example/robots.txt", "not a public address"),
        ("http://10.0.0.1/robots.txt", "not a public address"),
        ("http://[::ffff:127.0.0.1]/robots.txt", "not a public address"),
        ("http://elsewhere.localhost:22/robots.txt", "another port"),
        ("ftp://elsewhere.localhost/robots.txt", "expected http or https"),
        ("http://me@elsewhere.localhost/robots.txt", "a user name"),
    ],
)
def test_a_forbidden_redirect_of_robots_txt_is_not_followed(location: str, problem: str) -> None:
    with Server({"/robots.txt": redirect(location), "/": answer(HTML)}) as portal:
        error = refusal(portal.url(host="portal.localhost"), ignore_robots=False)
    assert problem in error.reason
    assert "/" not in portal.paths


def test_an_unavailable_robots_txt_elsewhere_is_named_with_a_remedy() -> None:
    with Server({"/robots.txt": redirect("http://evil.example/x"), "/": answer(HTML)}) as portal:
        error = refusal(portal.url(), ignore_robots=False)
    assert error.reason.startswith("robots.txt, sent on to 'http://evil.example/x': ")
    assert "ignore_robots" in error.reason


def test_a_page_is_never_followed_to_another_host() -> None:
    replies: dict[str, Reply] = {"/robots.txt": answer(), "/elsewhere": answer(HTML)}
    with Server(replies) as portal:
        replies["/"] = moved(portal, "/elsewhere")
        assert "another host" in refusal(portal.url(), ignore_robots=False).reason
