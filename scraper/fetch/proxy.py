"""Proxies: the one that a request uses, and one that it could use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scraper.errors import FetchError
from scraper.fetch.address import host_of, port_of
from scraper.http import httpcore, httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

ENVIRONMENT: Final = "environment"
"""In place of an address: use ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``."""


def proxy_for(
    url: httpx.URL, setting: str, verify: Callable[[], ssl.SSLContext]
) -> httpcore.Proxy | None:
    """
    Return the proxy of a request.

    Args:
        url: The requested address.
        setting: The address of a proxy, ``ENVIRONMENT``, or empty.
        verify: Returns the certificates to trust, for a proxy under TLS.

    Returns:
        None if the request goes directly to the site.

    Raises:
        FetchError: The address of the proxy cannot be used.
    """
    named = _in_environment(url) if setting == ENVIRONMENT else setting
    if not named:
        return None
    try:
        proxy = httpx.URL(named if "://" in named else f"http://{named}")
    except (httpx.InvalidURL, ValueError):
        proxy = httpx.URL()
    if proxy.scheme not in {"http", "https"} or not proxy.host:
        raise FetchError(str(url), "the proxy is not an http:// or https:// address")
    auth = (proxy.username.encode(), proxy.password.encode()) if proxy.userinfo else None
    return httpcore.Proxy(
        httpcore.URL(scheme=proxy.raw_scheme, host=proxy.raw_host, port=proxy.port, target=b"/"),
        auth=auth,
        ssl_context=verify() if proxy.scheme == "https" else None,
    )


def at(proxy: httpcore.Proxy) -> str:
    """Name the place of a proxy, without its password."""
    host = proxy.url.host.decode("ascii")
    return f", at the proxy {host}:{proxy.url.origin.port}"


def unused(url: httpx.URL, setting: str) -> str:
    """Return a hint for a request that got no connection; empty without one."""
    if setting or not _in_environment(url):
        return ""
    return '; the environment names a proxy, which [fetch] proxy = "environment" would use'


def _in_environment(url: httpx.URL) -> str:
    from urllib import request  # noqa: PLC0415 - it brings a whole HTTP client

    if request.proxy_bypass(f"{host_of(url)}:{port_of(url)}"):
        return ""
    named = request.getproxies_environment()
    return named.get(url.scheme) or named.get("all", "")
