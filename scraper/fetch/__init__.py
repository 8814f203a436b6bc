"""
Fetch: one polite, bounded GET of a page, and everything that may go wrong on the way.

| file | knows |
|---|---|
| page.py | what a portal answered; a page from a file |
| address.py | which URLs, redirects and IP addresses we are willing to ask |
| connect.py | the addresses of a host, raced |
| heads.py | heads of answers that are not quite right |
| wire.py | one request and its answer, on one connection |
| faults.py | what may go wrong on it |
| trust.py | whose certificates to trust |
| proxy.py | which proxy a request takes |
| inflate.py | gzip and deflate, never more than the bound |
| robots.py | a site's robots.txt, and whether it lets us in |
| encoding.py | in which encoding a page is written |
| cookies.py | cookies, kept for one look |
| budget.py | what one look may spend |
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

# httpx imports its own command line wherever rich is installed, and with that rich and pygments:
# a fifth of what a pass from cron takes. It does without where that cannot be imported.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

__all__ = ["Fetcher", "Page", "Resolve", "encoding_of", "read_file", "read_stream", "resolve"]


def __getattr__(name: str) -> Any:
    """Import what asks the network only where it is wanted: a page of an archive needs none."""
    if name not in __all__:
        raise AttributeError(name)
    from scraper.fetch import address, client  # noqa: PLC0415 - late is the point

    return getattr(client if name == "Fetcher" else address, name)
