"""robots.txt (RFC 9309): the rules of a site for crawlers, and whether they allow us."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from protego import Protego

if TYPE_CHECKING:
    from db.reading import Robots

MAX_BYTES = 512 * 1024  # RFC 9309, 2.5: at least 500 KiB must be read
_FRESH = dt.timedelta(days=1)  # RFC 9309, 2.4: no longer than 24 hours
_USABLE = dt.timedelta(days=30)  # while the site does not give a new one

# In the spellings that protego takes for it; the name is a product token or "*" (2.2.1).
_AGENT = re.compile(
    r"\s*user(?:-|\s+)?agent(?:\s*:|\s)\s*(?P<name>\*(?=\s|#|$)|[a-z_-]*)", re.IGNORECASE
)
_OTHERS = "User-agent: others/none"  # not a product token, so never ours


def is_fresh(robots: Robots, now: dt.datetime) -> bool:
    """Whether it is new enough to be used without asking again."""
    return dt.timedelta(0) <= now - robots.fetched_at < _FRESH


def is_usable(robots: Robots, now: dt.datetime) -> bool:
    """Whether it still counts if the site does not return a new one."""
    return now - robots.fetched_at <= _USABLE


def has_no_rules(status: int | None) -> bool:
    """
    Whether an answer means that the site has no rules, so all is allowed.

    RFC 9309, 2.3.1.3: any 4xx, except 429, which says to come later. 204 is an empty file.
    """
    return status == 204 or (status is not None and status != 429 and 400 <= status < 500)


def allows(robots: Robots, url: str, token: str) -> bool:
    """Whether it allows the crawler of that product token to request that address."""
    return _rules(robots.text, token.lower()).can_fetch(url, token)


def product_token(user_agent: str) -> str:
    """Return our name in robots.txt: ``nalssi`` of ``nalssi/0.1.0 (...)``."""
    token = re.match(r"[A-Za-z_-]*", user_agent)  # RFC 9309, 2.2.1
    return token[0] if token else ""


def text_of(body: bytes, *, whole: bool) -> str:
    """
    Read a robots.txt.

    Args:
        body: Its first bytes.
        whole: Whether that is the whole file. The last line of a part is dropped: a cut of
            ``Disallow: /old`` in the wrong place would forbid the whole site.
    """
    text = body.decode("utf-8-sig", errors="replace")
    return text if whole else text[: text.rfind("\n") + 1]


@lru_cache(maxsize=32)
def _rules(text: str, token: str) -> Protego:
    return Protego.parse("\n".join(_for_us(line, token) for line in text.splitlines()))


def _for_us(line: str, token: str) -> str:
    """
    Return a line with all other crawlers under one name.

    Protego stores every rule once for each of its crawlers: ten thousand names over twenty-five
    thousand rules fit into a robots.txt, but not into memory.
    """
    match = _AGENT.match(line)
    if match is None:
        return line
    name = match["name"].lower()
    return f"User-agent: {name}" if name in {"*", token} else _OTHERS
