"""The limits of one look, and its state from request to request."""

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
    The settings shared by all requests of one look.

    Attributes:
        headers: The headers of every request.
        asked: The headers that ask only for a page newer than the known one.
        home: Whether the configured address is on this machine or network.
        bound: The limit of the body.
        until: The deadline, by the clock of the event loop.
        backoff_s: The longest wait before a retry, unless the portal names one.
        off_site: Whether redirects may leave the site, as for a robots.txt.
        cookies: The cookies that the site set in this look.
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
        Decide whether to try again, in the form that stamina needs.

        Returns:
            The seconds for which the portal asked us to stay away, or our own longest wait if that
            is more; True for the usual backoff; False if the fault is permanent, or the wait does
            not fit into the time left.
        """
        if not isinstance(error, FetchError) or not error.may_pass:
            return False
        wait_s = max(error.retry_after_s or 0.0, self.backoff_s)
        if wait_s >= self.until - asyncio.get_running_loop().time():
            return False
        return True if error.retry_after_s is None else wait_s
