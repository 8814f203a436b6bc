"""Addresses as people write them: which texts are addresses of http or of another scheme."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_http(url: str, *, user: bool = False) -> bool:
    """Whether a text is an http(s) address; ``user``: it may have a name and password."""
    return is_of(url, ("http", "https"), user=user)


def is_base(url: str) -> bool:
    """Whether other http(s) addresses can begin with this: no query, no fragment."""
    return is_http(url) and "?" not in url and "#" not in url


def is_of(url: str, schemes: tuple[str, ...], *, user: bool) -> bool:
    """Whether a text is an address with one of these schemes, a host and perhaps a port."""
    try:
        parts = urlsplit(url)
        odd = " " in url or not url.isprintable() or parts.port == 0
        odd |= "@" in parts.netloc and not user
        return parts.scheme in schemes and bool(parts.hostname) and not odd
    except ValueError:  # such as a port over 65535
        return False
