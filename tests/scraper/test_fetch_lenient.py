"""Servers as they are: what browsers take of them, and what not even browsers should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.fetch.heads import Heads, mended
from tests.support.fetching import HTML, fault, served
from tests.support.servers import Request, answer

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
def test_an_odd_line_of_a_head_costs_no_page(line: bytes, ends: bytes) -> None:
    lines = [b"HTTP/1.1 200 OK", *([line] if line else []), LENGTH.strip(), b"", b""]
    assert served(b"\r\n".join(lines).replace(b"\r\n", ends) + BODY).body == BODY


def test_an_odd_line_hides_no_other() -> None:
    odd = head(b"X Bad: 1", b'ETag : "a"', b"Age: 7", LENGTH.strip())
    page = served(odd + BODY)
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
def test_chunked_may_be_said_more_than_once(lines: list[bytes]) -> None:
    assert served(head(*lines) + CHUNKED).body == BODY


def test_a_transfer_that_is_none_is_a_plain_body() -> None:
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
def test_what_may_change_the_answer_is_refused(lines: list[bytes]) -> None:
    assert fault(head(*lines) + BODY).reason.startswith("no answer: ")


def test_a_head_may_come_byte_by_byte_and_after_interim_answers() -> None:
    whole = b"HTTP/1.1 103 Early Hints\r\nX Bad: 1\r\n\r\n" + head(b"X Bad: 1", LENGTH.strip())

    def trickle(_: Request):
        for byte in whole + BODY:
            yield bytes([byte])

    assert served(trickle).body == BODY


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(1, 9))
def test_bytes_reach_h11_alike_in_whatever_pieces_they_come(lines: list[bytes], size: int) -> None:
    wire = b"HTTP/1.1 200 OK\r\n" + b"\r\n".join(lines) + b"\r\n\r\nbody"
    heads, whole = Heads(), Heads()
    pieces = [wire[at : at + size] for at in range(0, len(wire), size)]
    assert b"".join(map(heads.feed, [*pieces, b""])) == whole.feed(wire) + whole.feed(b"")


@given(st.lists(st.sampled_from(["X-Cache: MISS", 'ETag: "a"', "Age: 7", "Vary: a, b"])))
def test_a_head_that_is_right_stays_as_it_is(lines: list[str]) -> None:
    right = "\r\n".join(["HTTP/1.1 200 OK", *lines]).encode()
    assert mended(right) == right + b"\r\n\r\n"


def test_a_head_without_end_is_not_kept_for_ever() -> None:
    heads = Heads()
    assert heads.feed(b"HTTP/1.1 200 OK\r\n") == b""
    assert len(heads.feed(b"X: y\r\n" * 20_000)) > 100 * 1024
    assert heads.feed(b"more") == b"more"


# --- encodings of the content ---------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["none", "UTF-8", "euc-kr", "text/html", "8bit", "identity, none", "charset=utf-8"]
)
def test_what_is_no_compression_leaves_the_body_as_it_is(name: str) -> None:
    assert served(answer(HTML, headers={"Content-Encoding": name})).body == BODY
