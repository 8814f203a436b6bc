"""A whole look at a page: its turn, its deadline, robots.txt, redirects and retries."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict, Unpack

import stamina

from db.reading import Robots
from scraper.errors import FetchError, RefusedByRobots
from scraper.fetch import address, robots
from scraper.fetch.budget import Budget
from scraper.fetch.encoding import encoding_of
from scraper.fetch.headers import age_s, date, location, retry_after_s, validator, validators
from scraper.fetch.page import Page
from scraper.fetch.trust import trusted
from scraper.fetch.wire import Answer, Bound, Wire

if TYPE_CHECKING:
    import datetime as dt
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from scraper.config import Fetch
    from scraper.http import httpx

MAX_REDIRECTS = 5
TRIES = 3

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({429, 502, 503, 504})

# stamina would report every retry to structlog or logging. A look has one outcome, which the
# daemon reports.
stamina.instrumentation.set_on_retry_hooks([])


class Asked(TypedDict, total=False):
    """The arguments of ``Fetcher.ask`` besides the URL."""

    etag: str | None
    last_modified: str | None
    ignore_robots: bool


class Fetcher:
    """
    Fetches pages, one at a time from each site; it keeps no connection open.

    Args:
        settings: The table ``[fetch]`` of the config. Its time is for a whole look, without the
            wait for its turn; a single step (connecting, reading on) has half of it, so that a
            silent server gets a second chance.
        clock: Returns the present; aware, UTC.
        robots: The robots.txt files known from earlier.
        resolve: Asks DNS.
        verify: Certificates to trust, in place of those of this machine and the settings.
        backoff_s: The first wait before a retry; doubled, and jittered, for the next.

    Attributes:
        robots: The known robots.txt files, by origin.
    """

    def __init__(  # noqa: PLR0913 - all by name, and two of them needed
        self,
        settings: Fetch,
        *,
        clock: Callable[[], dt.datetime],
        robots: Iterable[Robots] = (),
        resolve: address.Resolve = address.resolve,
        verify: ssl.SSLContext | None = None,
        backoff_s: float = 0.5,
    ) -> None:
        self.robots = {known.origin: known for known in robots}
        self._settings, self._clock, self._backoff_s = settings, clock, backoff_s
        self._wire = Wire(
            resolve=resolve,
            verify=functools.cache(lambda: verify or trusted(settings.ca_file)),
            proxy=settings.proxy,
            step_s=settings.timeout_s / 2,
        )
        self._turns: defaultdict[tuple[str, int | None], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._retried = stamina.AsyncRetryingCaller(
            attempts=TRIES,
            timeout=None,
            wait_initial=backoff_s,
            wait_jitter=backoff_s,
            wait_max=3 * backoff_s,
        )

    @contextlib.asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """
        Wait until no other request to this site is running, and make others wait meanwhile.

        Raises:
            FetchError: The address is invalid.
        """
        start = address.parse(url)
        async with self._turns[address.site_of(start), start.port]:
            yield

    async def get(self, url: str, **asked: Unpack[Asked]) -> Page:
        """Fetch a page in its turn; see ``ask``."""
        async with self.turn(url):
            return await self.ask(url, **asked)

    async def ask(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        ignore_robots: bool = False,
    ) -> Page:
        """
        Fetch a page, after checking its site's robots.txt; the caller has the turn.

        Args:
            url: The page.
            etag: The ETag of the known page, to ask whether it is still current.
            last_modified: Its Last-Modified, for the same purpose.
            ignore_robots: Whether the site gave permission to ignore its robots.txt.

        Raises:
            RefusedByRobots: The site's robots.txt forbids this address.
            FetchError: The page could not be fetched.
        """
        start = address.parse(url)
        budget = self._budget(start, asked=validators(etag, last_modified))
        try:
            async with asyncio.timeout_at(budget.until):
                answer = await self._followed(start, budget, obey=not ignore_robots)
        except TimeoutError as exc:
            reason = f"no page within {self._settings.timeout_s:g} s"
            raise FetchError(url, reason, may_pass=True) from exc
        return _page(answer, budget.asked)

    def _budget(self, start: httpx.URL, *, asked: Mapping[str, str]) -> Budget:
        return Budget(
            headers={
                "User-Agent": self._settings.user_agent,
                "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
                "Accept-Language": "ko",
                "Accept-Encoding": "gzip, deflate",
                "Connection": "close",
            },
            asked=asked,
            home=address.is_home(start),
            bound=Bound(max_bytes=self._settings.max_bytes),
            until=asyncio.get_running_loop().time() + self._settings.timeout_s,
            backoff_s=3 * self._backoff_s,
        )

    async def _followed(self, url: httpx.URL, budget: Budget, *, obey: bool) -> Answer:
        """Ask, and follow redirects."""
        seen: list[tuple[httpx.URL, dict[str, str]]] = []
        while len(seen) <= MAX_REDIRECTS:
            if obey:
                await self._obey_robots(url, budget)
            seen.append((url, budget.cookies.header(url)))
            answer = await self._retried(budget.wait_s, self._asked, url, budget)
            if answer.status not in _REDIRECTS:
                return answer
            url = address.redirected(url, location(answer.headers), off_site=budget.off_site)
            if (url, budget.cookies.header(url)) in seen:
                raise FetchError(str(url), "redirects in a circle")
        raise FetchError(str(url), f"more than {MAX_REDIRECTS} redirects")

    async def _asked(self, url: httpx.URL, budget: Budget) -> Answer:
        """Ask once; a status that is neither a page nor a redirect is an error."""
        headers = {**budget.headers, **budget.asked, **budget.cookies.header(url)}
        home = budget.home and address.is_home(url)
        answer = await self._wire.ask(url, headers, home=home, bound=budget.bound)
        budget.cookies.keep(url, answer.headers)
        status = answer.status
        if status == 200 or (status == 304 and budget.asked) or status in _REDIRECTS:
            return answer
        raise FetchError(
            str(url),
            f"HTTP {status}",
            status=status,
            retry_after_s=retry_after_s(answer.headers.get("Retry-After"), self._clock()),
            may_pass=status in _PASSING,
        )

    async def _obey_robots(self, url: httpx.URL, budget: Budget) -> None:
        origin = address.origin_of(url)
        known = self.robots.get(origin)
        if known is None or not robots.is_fresh(known, self._clock()):
            known = await self._renewed(url, budget)
            self.robots[origin] = known
        if not robots.allows(known, str(url), robots.product_token(self._settings.user_agent)):
            raise RefusedByRobots(str(url), "refused by the site's robots.txt")

    async def _renewed(self, url: httpx.URL, budget: Budget) -> Robots:
        """
        Fetch a robots.txt.

        Returns:
            The site's new one, or the known one if the site returns none and ours is not too old.

        Raises:
            FetchError: The site returns none, and we know none. RFC 9309, 2.3.1.4: then stay out.
        """
        old = self.robots.get(address.origin_of(url))
        if old is None or not robots.is_usable(old, self._clock()):
            return await self._asked_robots(url, budget)
        # A robots.txt that hangs leaves time for the page, since an older one will do.
        now = asyncio.get_running_loop().time()
        budget = replace(budget, until=now + (budget.until - now) / 2)
        try:
            async with asyncio.timeout_at(budget.until):
                return await self._asked_robots(url, budget)
        except (FetchError, TimeoutError):
            return old

    async def _asked_robots(self, url: httpx.URL, budget: Budget) -> Robots:
        bound = Bound(max_bytes=robots.MAX_BYTES, cut=True)
        budget = replace(budget, asked={}, bound=bound, off_site=True)
        try:
            answer = await self._followed(url.join("/robots.txt"), budget, obey=False)
            text = robots.text_of(answer.body, whole=answer.whole)
        except FetchError as exc:
            if not robots.has_no_rules(exc.status):
                raise _about_robots(url, exc) from exc
            text = ""
        return Robots(origin=address.origin_of(url), fetched_at=self._clock(), text=text)


def _about_robots(url: httpx.URL, exc: FetchError) -> FetchError:
    reason = f"robots.txt: {exc.reason}"
    if not exc.url.startswith(address.origin_of(url)):
        reason = (
            f"robots.txt, sent on to {exc.url[:200]!r}: {exc.reason};"
            " where the site has given its leave, the config says so by ignore_robots"
        )
    return FetchError(
        str(url), reason, status=exc.status, retry_after_s=exc.retry_after_s, may_pass=exc.may_pass
    )


def _page(answer: Answer, asked: Mapping[str, str]) -> Page:
    headers = answer.headers
    known = asked if answer.status == 304 else {}  # a 304 need not repeat them
    return Page(
        url=str(answer.url),
        status=answer.status,
        body=answer.body,
        encoding=encoding_of(headers.get("Content-Type"), answer.body),
        wire_bytes=answer.wire_bytes,
        etag=validator(headers.get("ETag", known.get("If-None-Match"))),
        last_modified=validator(headers.get("Last-Modified", known.get("If-Modified-Since"))),
        age_s=age_s(headers.get("Age")),
        date=date(headers.get("Date")),
    )
