"""The portal of a page: hosts, and the names of their portals."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SAME: Final = re.compile(r"(?:www|m)\.(?=[^.]+\.)")
_HOST: Final = re.compile(r"[a-z0-9_:-]+(?:\.[a-z0-9_-]+)*")
_ORIGIN: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://[^/?#\s]+)(?=[/?#]|$)")
_LONGEST: Final = 253
_HEAD: Final = 64 * 1024
_ADDRESS: Final = re.compile(
    rb"""<link\b[^<>]{0,300}\brel=["']?canonical\b[^<>]{0,300}?\bhref=["']?(?P<a>[^"'\s<>]+)"""
    rb"""|<link\b[^<>]{0,300}\bhref=["']?(?P<b>[^"'\s<>]+)["']?[^<>]{0,300}?\brel=["']?canonical\b"""
    rb"""|<meta\b[^<>]{0,300}\bog:url\b[^<>]{0,300}?\bcontent=["']?(?P<c>[^"'\s<>]+)"""
    rb"""|<meta\b[^<>]{0,300}\bcontent=["']?(?P<d>[^"'\s<>]+)["']?[^<>]{0,300}?\bog:url\b"""
    rb"""|<!-- saved from url=\(\d+\)(?P<e>\S+)""",
    re.IGNORECASE,
)
"""The places of a page's own address, written by the page or by the browser that saved it."""

_HOST_FOLDER: Final = re.compile(
    r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:[a-z]{2}|com|net|org|info|biz|news|media|press)",
    re.IGNORECASE,
)


class Portals:
    """
    The names of portals by their hosts; an unknown portal gets its host as its name.

    Args:
        names: The names of known portals, by host.
        only_known: Whether to refuse all others.
    """

    def __init__(self, names: Mapping[str, str], *, only_known: bool = False) -> None:
        self._names, self._only_known = dict(names), only_known
        self._taken = set(names.values())

    def name(self, host: str) -> str | None:
        """The name of the portal at this host; None if it must be refused."""
        if (name := self._names.get(host)) is None and not self._only_known:
            name = host
            while name in self._taken:  # another portal has this host as its name
                name += "_"
            self._names[host] = name
        return name


def by_host(addresses: Mapping[str, str]) -> dict[str, str]:
    """The names of portals by their hosts, from their addresses by name."""
    hosts: dict[str, str] = {}
    for name, url in addresses.items():
        if (host := host_of(url)) is not None:
            hosts.setdefault(host, name)
    return hosts


def host_of(url: str) -> str | None:
    """The host of an address, without ``www.`` and ``m.``; None if it has none."""
    origin = _ORIGIN.match(url)
    return None if origin is None else _host(origin[1])


def address_in(page: bytes) -> str | None:
    """The address that a page of HTML gives as its own; None if it gives none."""
    for match in _ADDRESS.finditer(page, 0, _HEAD):
        found: bytes = next(filter(None, match.groups()))
        address = found.decode("utf-8", "replace")
        if host_of(address) is not None:
            return address
    return None


def address_by_folder(path: Path) -> str | None:
    """The address of a file in a folder that is named like a host; None without such a folder."""
    *folders, _ = path.parts
    for nth in range(len(folders) - 1, -1, -1):
        if _HOST_FOLDER.fullmatch(folders[nth]):
            return f"https://{'/'.join(path.parts[nth:])}"
    return None


def as_host(text: str) -> str | None:
    """Read a host from a text such as ``koya-culture.com``; None for any other text."""
    return _host(f"http://{text}") if "." in text and not re.search(r"[/?#@\s]", text) else None


@functools.lru_cache(maxsize=4096)
def _host(origin: str) -> str | None:
    try:
        host: str = (urlsplit(origin).hostname or "").rstrip(".")
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except ValueError:
        return None
    host = _SAME.sub("", host, count=1)
    return host if len(host) <= _LONGEST and _HOST.fullmatch(host) is not None else None
