"""
Fetch: one polite, bounded GET of a page, and all errors on the way.

| file | knows |
|---|---|
| page.py | the answer of a portal; a page from a file |
| address.py | the URLs, redirects and IP addresses that we may request |
| connect.py | the addresses of a host, raced |
| headers.py | headers beside the page: its age, its validators, and when to come again |
| heads.py | slightly wrong heads of answers |
| wire.py | one request and its answer, on one connection |
| faults.py | the errors of a connection |
| trust.py | the certificates to trust |
| proxy.py | the proxy of a request |
| inflate.py | gzip and deflate, never more than the bound |
| robots.py | a site's robots.txt, and its permission |
| encoding.py | the encoding of a page |
| cookies.py | cookies, kept for one look |
| budget.py | the limits of one look |
| client.py | a whole look: its deadline, its turn, robots.txt, redirects, retries |
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from scraper.fetch.encoding import encoding_of
from scraper.fetch.page import Page, read_file, read_stream

if TYPE_CHECKING:
    from scraper.fetch.address import Resolve, resolve
    from scraper.fetch.client import Fetcher

# If rich is installed, httpx imports its own command line, and with it rich and pygments: a fifth
# of the time of a pass from cron. It works without if that import fails.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

__all__ = ["Fetcher", "Page", "Resolve", "encoding_of", "read_file", "read_stream", "resolve"]


def __getattr__(name: str) -> Any:
    """Import the network code only when it is used: archives do not need it."""
    if name not in __all__:
        raise AttributeError(name)
    from scraper.fetch import address, client  # noqa: PLC0415 - late is the point

    return getattr(client if name == "Fetcher" else address, name)
