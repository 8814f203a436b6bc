"""The user's network: its certificate authorities and its proxy."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from tests.support.fetching import HTML, LIMIT_S, get, make_fetcher, on_loopback, refusal
from tests.support.servers import Server, answer, refusing, tunnelling

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


NAME = "www.portal.localhost"


# --- certificates ---------------------------------------------------------------------------


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def pem(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "office.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def portal(authority: trustme.CA) -> Iterator[Server]:
    """A portal with a certificate of an authority that the machine does not know."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(context)
    with Server({"/": answer(HTML)}, tls=context) as server:
        yield server


def test_an_authority_of_the_config_is_trusted(portal: Server, pem: Path) -> None:
    assert get(portal.url(), ca_file=str(pem)).status == 200


def test_an_authority_of_the_environment_is_trusted(
    portal: Server, pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    assert get(portal.url()).status == 200


def test_an_authority_of_the_config_adds_to_those_of_the_machine(
    portal: Server, pem: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    assert get(portal.url(), ca_file=str(other)).status == 200


def test_a_file_of_authorities_vouches_for_no_other_name(portal: Server, pem: Path) -> None:
    error = refusal(portal.url(host="other.localhost"), ca_file=str(pem))
    assert "certificate not trusted: Hostname mismatch" in error.reason


def test_an_unknown_authority_is_named_with_a_remedy(portal: Server) -> None:
    error = refusal(portal.url())
    assert "unable to get local issuer certificate" in error.reason
    assert "intermediate certificate" in error.reason
    assert "[fetch] ca_file" in error.reason
    assert not error.may_pass


def test_a_self_signed_certificate_is_named_with_a_remedy(
    authority: trustme.CA,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = authority.issue_cert(NAME)
    chain = leaf.private_key_and_cert_chain_pem.bytes() + authority.cert_pem.bytes()
    with trustme.Blob(chain).tempfile() as path:
        context.load_cert_chain(path)
    with Server({"/": answer(HTML)}, tls=context) as portal:
        error = refusal(portal.url())
    assert "self-signed certificate in certificate chain" in error.reason
    assert "[fetch] ca_file" in error.reason


@pytest.mark.parametrize("kept", ["root", "intermediate and root"])
def test_a_site_that_leaves_out_its_intermediate_certificate_is_read_with_it(
    authority: trustme.CA, tmp_path: Path, kept: str
) -> None:
    between = authority.create_child_ca()
    leaf = between.issue_cert(NAME)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    alone = leaf.private_key_pem.bytes() + leaf.cert_chain_pems[0].bytes()
    with trustme.Blob(alone).tempfile() as path:
        context.load_cert_chain(path)
    pem = authority.cert_pem.bytes()
    (tmp_path / "ca.pem").write_bytes(
        pem + between.cert_pem.bytes() if "intermediate" in kept else pem
    )
    with Server({"/": answer(HTML)}, tls=context) as portal:
        if "intermediate" in kept:
            assert get(portal.url(), ca_file=str(tmp_path / "ca.pem")).status == 200
        else:
            error = refusal(portal.url(), ca_file=str(tmp_path / "ca.pem"))
            assert "leaves out an intermediate certificate" in error.reason


def test_an_expired_certificate_is_reported_as_expired(authority: trustme.CA, pem: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    authority.issue_cert(
        NAME, not_before=old, not_after=old + dt.timedelta(days=90)
    ).configure_cert(context)
    with Server({"/": answer(HTML)}, tls=context) as portal:
        error = refusal(portal.url(), ca_file=str(pem))
    assert error.reason == "certificate not trusted: certificate has expired"


def test_a_missing_file_of_authorities_fails_the_look_with_a_reason(tmp_path: Path) -> None:
    """The file is lost after the config was read."""
    error = refusal("https://portal.localhost/", ca_file=str(tmp_path / "gone.pem"))
    assert "ca_file" in error.reason
    assert "gone.pem" in str(error)


def test_a_hanging_handshake_is_a_time_out_and_tried_again() -> None:
    """The system accepts the connections; the server never sends a byte."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        error = refusal(f"https://localhost:{server.getsockname()[1]}/", timeout_s=2.0)
        server.settimeout(LIMIT_S)
        for _ in range(2):
            server.accept()[0].close()
    assert error.reason in {"no page within 2 s", "no connection in time"}
    assert error.may_pass


def test_a_cancelled_handshake_leaves_no_connection_open() -> None:
    async def look(server: socket.socket) -> bytes:
        loop, url = asyncio.get_running_loop(), f"https://localhost:{server.getsockname()[1]}/"
        fetcher = make_fetcher(timeout_s=4 * LIMIT_S)
        looking = asyncio.create_task(fetcher.get(url, ignore_robots=True))
        connection, _ = await loop.sock_accept(server)
        with connection:
            connection.setblocking(False)
            await loop.sock_recv(connection, 65_536)  # the client's hello
            looking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await looking
            return await loop.sock_recv(connection, 65_536)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        assert asyncio.run(asyncio.wait_for(look(server), LIMIT_S)) == b""


# --- proxies --------------------------------------------------------------------------------


@pytest.fixture
def proxy() -> Iterator[Server]:
    """A proxy with the page of a portal whose name we cannot resolve."""
    with Server({"http://portal.example/": answer(HTML)}) as server:
        yield server


async def nowhere(host: str, port: int) -> list[str]:
    """Resolve only the proxy."""
    return ["127.0.0.1"] if host == "proxy.example" else []


def at(proxy: Server, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{proxy.port}"


@pytest.mark.parametrize("host", ["127.0.0.1", "proxy.example"])
def test_a_page_is_fetched_through_the_proxy_of_the_config(proxy: Server, host: str) -> None:
    page = get("http://portal.example/", proxy=at(proxy, host), resolve=nowhere)
    assert (page.status, page.url) == (200, "http://portal.example/")
    assert proxy.requests[0].headers["host"] == "portal.example"


@pytest.mark.parametrize("name", ["http_proxy", "all_proxy", "HTTP_PROXY"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_page_is_fetched_through_the_proxy_of_the_environment(
    proxy: Server, monkeypatch: pytest.MonkeyPatch, name: str, scheme: str
) -> None:
    monkeypatch.setenv(name, at(proxy).replace("http://", scheme))
    assert get("http://portal.example/", proxy="environment", resolve=nowhere).status == 200


@pytest.mark.parametrize(
    "names", ["portal.example", ".example", "*", "a.example,portal.example:80"]
)
def test_a_site_named_in_no_proxy_is_polled_directly(
    proxy: Server, monkeypatch: pytest.MonkeyPatch, names: str
) -> None:
    monkeypatch.setenv("http_proxy", at(proxy))
    monkeypatch.setenv("no_proxy", names)
    error = refusal("http://portal.example/", proxy="environment", resolve=nowhere)
    assert error.reason == "no address of 'portal.example'"
    assert proxy.paths == []


def test_a_site_is_polled_directly_without_a_proxy_in_the_environment() -> None:
    with Server({"/": answer(HTML)}) as portal:
        assert get(portal.url(), proxy="environment").status == 200


def test_user_and_password_are_sent_to_the_proxy_and_are_in_no_error(proxy: Server) -> None:
    secret = at(proxy).replace("//", "//me:p%40ss@")
    get("http://portal.example/", proxy=secret, resolve=nowhere)
    assert proxy.requests[0].headers["proxy-authorization"] == "Basic bWU6cEBzcw=="
    error = refusal("http://portal.example/", proxy=f"http://me:p%40ss@127.0.0.1:{refusing()}")
    assert "ss@" not in str(error)


def test_a_missing_proxy_is_named() -> None:
    port = refusing()
    error = refusal("http://portal.example/", proxy=f"http://127.0.0.1:{port}")
    assert error.reason == f"no connection: Connection refused, at the proxy 127.0.0.1:{port}"
    assert error.may_pass


def test_a_proxy_without_an_address_is_named() -> None:
    error = refusal("http://a.example/", proxy="http://no.example:3128", resolve=nowhere)
    assert error.reason == "no address of 'no.example', at the proxy no.example:3128"


def test_a_page_under_tls_comes_through_the_proxy_and_is_verified(
    authority: trustme.CA, pem: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("portal.example").configure_cert(context)
    with Server({"/": answer(HTML)}, tls=context) as portal:
        with tunnelling(portal.port) as (port, asked):
            proxy = f"http://127.0.0.1:{port}"
            page = get("https://portal.example/", proxy=proxy, resolve=nowhere, ca_file=str(pem))
        assert page.body == HTML.encode()
        assert asked[0].startswith("CONNECT portal.example:443 HTTP/1.1\r\n")
        with tunnelling(portal.port) as (port, _):
            error = refusal(
                "https://other.example/", proxy=f"http://127.0.0.1:{port}", ca_file=str(pem)
            )
    assert "Hostname mismatch" in error.reason


@pytest.mark.parametrize(
    ("status", "passes"), [("407 Proxy Authentication Required", False), ("403 No", False)]
)
def test_the_answer_of_a_proxy_is_reported(status: str, passes: bool) -> None:
    with tunnelling(0, refusal=answer(status=status)) as (port, _):
        error = refusal("https://portal.example/", proxy=f"http://127.0.0.1:{port}")
    assert error.reason == f"the proxy answers {status}"
    assert error.may_pass == passes


@pytest.mark.parametrize("location", ["http://127.0.0.1/robots.txt", "http://10.0.0.1/robots.txt"])
def test_no_proxy_is_asked_for_a_private_address(location: str) -> None:
    moved = answer(status="302 Found", headers={"Location": location})
    with Server({"http://portal.example/robots.txt": moved}) as proxy:
        error = refusal("http://portal.example/", proxy=at(proxy), ignore_robots=False)
    assert "not a public address" in error.reason
    assert proxy.paths == ["http://portal.example/robots.txt"]


@pytest.mark.parametrize("named", ["socks5://127.0.0.1:1080", "http://", "http://[::1", "//"])
def test_a_proxy_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("all_proxy", named)
    error = refusal("http://portal.example/", proxy="environment")
    assert error.reason == "the proxy is not an http:// or https:// address"


def test_the_error_hints_at_a_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:3128")
    error = refusal("http://portal.example/", resolve=nowhere)
    assert error.reason.startswith("no address of 'portal.example'; the environment names a proxy")
    assert 'proxy = "environment"' in error.reason
    error = refusal(f"http://portal.localhost:{refusing()}/", resolve=on_loopback)
    assert 'proxy = "environment"' in error.reason
    monkeypatch.setenv("no_proxy", "portal.example")
    assert "proxy" not in refusal("http://portal.example/", resolve=nowhere).reason
