"""Addresses: which URLs, redirects and IP addresses we are willing to ask."""

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
"""Gives the IP addresses of a host, best first; OSError where it has none."""

MAX_ADDRESSES = 64
"""So many addresses of a host are tried at most: its owner chooses how many it has."""

_PORTS = {"http": 80, "https": 443}
_LABEL = "[a-z0-9_-]{1,63}"  # RFC 1035; names with underscores are in use
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*\.?")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address within
# A lookup cannot be cancelled, only left behind; so many may hang at once.
_LOOKUPS = DaemonThreads(at_most=32)


def parse(url: str) -> httpx.URL:
    """
    Read an address that we are willing to ask.

    Raises:
        FetchError: No http or https URL with a host, or something odd in it.
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
    """Give the host as it goes into DNS and TLS: ``xn--...`` for a Korean name."""
    return url.raw_host.decode("ascii")


def port_of(url: httpx.URL) -> int:
    """Give the port, the scheme's own where none is written."""
    return _PORTS[url.scheme] if url.port is None else url.port


def origin_of(url: httpx.URL) -> str:
    """Give whom a robots.txt speaks for, such as ``"https://www.koya-culture.com"``."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def site_of(url: httpx.URL) -> str:
    """Give the host without ``www.`` and ``m.``, which are doors of one house."""
    return re.sub(r"^(?:www|m)\.(?=.)", "", host_of(url))


def is_home(url: httpx.URL) -> bool:
    """Whether the address itself says that it is on this machine or network."""
    host = host_of(url)
    ip = _literal(host)
    return not is_public(ip) if ip else host == "localhost" or host.endswith(".localhost")


def redirected(url: httpx.URL, location: str | None, *, off_site: bool = False) -> httpx.URL:
    """
    Find where a redirect leads.

    Args:
        url: What was asked for.
        location: The header of that name.
        off_site: Whether it may lead to another host, at the port of its scheme or our own.

    Raises:
        FetchError: It leads nowhere, or where we do not follow: off the site, from https to http,
            to another port.
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
    """A site must not choose which machines of ours, or which ports of others, we try."""
    literal = _literal(host_of(target))
    if literal and not is_public(literal) and host_of(target) != host_of(url):
        return "not a public address"
    return "another port" if target.port not in {None, url.port} else None


async def public_addresses(
    url: httpx.URL, host: str, port: int, resolve: Resolve, *, home: bool
) -> list[str]:
    """
    Find the IP addresses of a host that we may connect to, best first.

    Args:
        url: What is asked for, for errors.
        host: Its host, or that of a proxy.
        port: The port of that host.
        resolve: Asks DNS.
        home: Whether addresses that are not public are welcome, see ``is_home``.

    Returns:
        Both families in turn (RFC 8305, 4), ``MAX_ADDRESSES`` at most.

    Raises:
        FetchError: The host has no address, or none that is public.
    """
    found = [host] if _literal(host) else await _looked_up(url, host, port, resolve)
    public = [ip for ip in found if home or is_public(_literal(ip))]
    if not public:
        raise FetchError(str(url), f"{host!r} is at {', '.join(found)[:200]}, not a public address")
    return _in_turn(list(dict.fromkeys(public)))[:MAX_ADDRESSES]


def _in_turn(ips: list[str]) -> list[str]:
    """A machine without IPv6 must not try six such addresses before the first of IPv4."""
    first = [ip for ip in ips if (":" in ip) == (":" in ips[0])]
    others = [ip for ip in ips if ip not in set(first)]
    return [ip for pair in itertools.zip_longest(first, others) for ip in pair if ip]


async def _looked_up(url: httpx.URL, host: str, port: int, resolve: Resolve) -> list[str]:
    try:
        found = await resolve(host, port)
    except (OSError, UnicodeError) as exc:
        again = isinstance(exc, socket.gaierror) and exc.errno == socket.EAI_AGAIN
        may_pass = again or isinstance(exc, BlockingIOError)
        raise FetchError(str(url), f"no address of {host!r}: {exc}", may_pass=may_pass) from exc
    if not found:
        raise FetchError(str(url), f"no address of {host!r}")
    return found


def is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    """Whether an address is on the open internet; None, being unreadable, is not."""
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

    In daemon threads: ``loop.getaddrinfo`` takes asyncio's own, which keep the process alive for
    as long as a lookup hangs.

    Raises:
        OSError: There is none, too many lookups hang already, or no thread can be started.
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
