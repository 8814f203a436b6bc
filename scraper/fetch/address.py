"""Addresses: the URLs, redirects and IP addresses that we may request."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import re
import socket
from collections.abc import Awaitable, Callable

from scraper.errors import FetchError
from scraper.http import httpx
from scraper.threads import DaemonThreads

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Returns the IP addresses of a host, best first; OSError if it has none."""

MAX_ADDRESSES = 64
"""The most addresses of a host to try, as its owner may list any number."""

_PORTS = {"http": 80, "https": 443}
_LABEL = "[a-z0-9_-]{1,63}"  # RFC 1035; names with underscores are in use
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*\.?")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address within
# A lookup cannot be cancelled, only abandoned; this many may hang at once.
_LOOKUPS = DaemonThreads(at_most=32)


def parse(url: str) -> httpx.URL:
    """
    Read an address that we may request.

    Raises:
        FetchError: It is not an http or https URL with a host, or has odd parts.
    """
    if any(char.isspace() or not char.isprintable() for char in url):
        raise FetchError(repr(url), "a space or control character in the address")
    try:
        parsed = httpx.URL(url).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError) as exc:  # idna's errors are ValueErrors
        raise FetchError(url, f"not an address: {exc}") from exc
    if problem := _problem(parsed):
        raise FetchError(url, problem)
    return parsed


def _problem(url: httpx.URL) -> str | None:
    if url.scheme not in _PORTS:
        return f"scheme {url.scheme!r}, expected http or https"
    if url.userinfo:
        return "a user name in the address"
    if not (_HOST.fullmatch(host_of(url)) or _literal(host_of(url))):
        return f"not a host: {host_of(url)!r}"
    if not 0 < port_of(url) < 65536:
        return f"not a port: {url.port}"
    return None


def host_of(url: httpx.URL) -> str:
    """Return the host for DNS and TLS: ``xn--...`` for a Korean name."""
    return url.raw_host.decode("ascii")


def port_of(url: httpx.URL) -> int:
    """Return the port, by default that of the scheme."""
    return _PORTS[url.scheme] if url.port is None else url.port


def origin_of(url: httpx.URL) -> str:
    """Return the origin of a robots.txt, such as ``"https://www.koya-culture.com"``."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def site_of(url: httpx.URL) -> str:
    """Return the host without ``www.`` and ``m.``, which are the same site."""
    return re.sub(r"^(?:www|m)\.(?=.)", "", host_of(url))


def is_home(url: httpx.URL) -> bool:
    """Whether the address itself is on this machine or network."""
    host = host_of(url)
    ip = _literal(host)
    return not is_public(ip) if ip else host == "localhost" or host.endswith(".localhost")


def redirected(url: httpx.URL, location: str | None, *, off_site: bool = False) -> httpx.URL:
    """
    Return the target of a redirect.

    Args:
        url: The requested address.
        location: The header of that name.
        off_site: Whether it may lead to another host, at its scheme's port or the same port.

    Raises:
        FetchError: It is not an address, or one that we do not follow: off the site, from https to
            http, to another port.
    """
    if not location:
        raise FetchError(str(url), "a redirect without a Location")
    try:
        target = url.join(location).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError) as exc:
        raise FetchError(str(url), f"redirect to {location[:200]!r}: not an address") from exc
    elsewhere = _odd_neighbour if off_site else _off_site
    if problem := _problem(target) or elsewhere(url, target):
        raise FetchError(str(url), f"redirect to {str(target)[:200]!r} refused: {problem}")
    return target


def _off_site(url: httpx.URL, target: httpx.URL) -> str | None:
    if site_of(target) != site_of(url):
        return "another host"
    if (url.scheme, target.scheme) == ("https", "http"):
        return "from https to http"
    if port_of(target) != port_of(url) and (url.port, target.port) != (None, None):
        return "another port"
    return None


def _odd_neighbour(url: httpx.URL, target: httpx.URL) -> str | None:
    """Refuse a target by which a site would probe our machines, or the ports of others."""
    literal = _literal(host_of(target))
    if literal and not is_public(literal) and host_of(target) != host_of(url):
        return "not a public address"
    return "another port" if target.port not in {None, url.port} else None


async def public_addresses(
    url: httpx.URL, host: str, port: int, resolve: Resolve, *, home: bool
) -> list[str]:
    """
    Return the IP addresses of a host to which we may connect, best first.

    Args:
        url: The requested address, for errors.
        host: Its host, or that of a proxy.
        port: The port of that host.
        resolve: Asks DNS.
        home: Whether private addresses are allowed, see ``is_home``.

    Returns:
        Both families in turn (RFC 8305, 4), at most ``MAX_ADDRESSES``.

    Raises:
        FetchError: The host has no address, or no public one.
    """
    found = [host] if _literal(host) else await _looked_up(url, host, port, resolve)
    public = [ip for ip in found if home or is_public(_literal(ip))]
    if not public:
        raise FetchError(str(url), f"{host!r} is at {', '.join(found)[:200]}, not a public address")
    return _in_turn(list(dict.fromkeys(public)))[:MAX_ADDRESSES]


def _in_turn(ips: list[str]) -> list[str]:
    """Alternate the families: without IPv6, six such addresses must not precede the first IPv4."""
    first = [ip for ip in ips if (":" in ip) == (":" in ips[0])]
    others = [ip for ip in ips if ip not in set(first)]
    return [ip for pair in itertools.zip_longest(first, others) for ip in pair if ip]


async def _looked_up(url: httpx.URL, host: str, port: int, resolve: Resolve) -> list[str]:
    try:
        found = await resolve(host, port)
    except (OSError, UnicodeError) as exc:
        again = isinstance(exc, socket.gaierror) and exc.errno == socket.EAI_AGAIN
        may_pass = again or isinstance(exc, BlockingIOError)
        problem = f"no address of {host!r}: {getattr(exc, 'strerror', None) or exc}"
        raise FetchError(str(url), problem, may_pass=may_pass) from exc
    if not found:
        raise FetchError(str(url), f"no address of {host!r}")
    return found


def is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    """Whether an address is on the open internet; None (unreadable) is not."""
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ipaddress.IPv4Address(ip.packed[12:]) if ip in _NAT64 else None
        ip = inner or ip.ipv4_mapped or ip.sixtofour or ip
    if ip is None or ip.is_multicast or ip.is_reserved:
        return False
    return ip.is_global and not (ip.version == 6 and ip.is_site_local)


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


async def resolve(host: str, port: int) -> list[str]:
    """
    Ask DNS for the IP addresses of a host.

    It uses daemon threads: ``loop.getaddrinfo`` uses asyncio's own, which keep the process alive
    for as long as a lookup hangs.

    Raises:
        OSError: The host has none, too many lookups hang already, or no thread can be started.
    """
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(_LOOKUPS, _look_up, host, port)
    except RuntimeError as exc:
        msg = f"no thread for the lookup: {exc}"
        raise BlockingIOError(msg) from exc


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(where[0]) for _, _, _, _, where in found]
