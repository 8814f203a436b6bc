"""What one look may spend, and what it carries from request to request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scraper.errors import FetchError
from scraper.fetch.cookies import Cookies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scraper.fetch.wire import Bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """
    What is the same for every request of one look.

    Attributes:
        headers: What every request of it carries.
        asked: The headers that ask only for a page newer than the one we know.
        home: Whether the configured address is on this machine or network.
        bound: How much of the body to take.
        until: The end of its time, by the clock of the event loop.
        backoff_s: The longest wait before a try, where the portal names none.
        off_site: Whether redirects may leave the site, as those of a robots.txt may.
        cookies: What the site gave in this look.
    """

    headers: Mapping[str, str]
    asked: Mapping[str, str]
    home: bool
    bound: Bound
    until: float
    backoff_s: float
    off_site: bool = False
    cookies: Cookies = field(default_factory=Cookies)

    def wait_s(self, error: Exception) -> float | bool:
        """
        Say whether to try again, in the form that stamina asks for.

        Returns:
            The seconds for which the portal asked us to stay away, but our own longest wait at
            least; True for the usual backoff; False where the fault stays, or the wait does not
            fit into the time left.
        """
        if not isinstance(error, FetchError) or not error.may_pass:
            return False
        wait_s = max(error.retry_after_s or 0.0, self.backoff_s)
        if wait_s >= self.until - asyncio.get_running_loop().time():
            return False
        return True if error.retry_after_s is None else wait_s
