"""
Cookies of one look: a site may set one and redirect to the same page.

They are forgotten after the look. ``http.cookiejar`` decides where a cookie may be sent.
"""

from __future__ import annotations

from scraper.http import httpx

_MAX_COOKIES, _MAX_LENGTH = 50, 4096  # RFC 6265, 6.1: a browser takes as many of one host
_MAX_HEADER = 8192  # Apache and nginx refuse a longer one


class Cookies:
    """The cookies that the site set so far."""

    def __init__(self) -> None:
        self._jar = httpx.Cookies()

    def keep(self, url: httpx.URL, headers: httpx.Headers) -> None:
        """Keep the cookies of an answer that can be sent back."""
        given = list(filter(_is_plain, headers.get_list("Set-Cookie")))[:_MAX_COOKIES]
        if given:
            asked = httpx.Request("GET", url)
            fields = [("Set-Cookie", cookie) for cookie in given]
            self._jar.extract_cookies(httpx.Response(200, headers=fields, request=asked))

    def header(self, url: httpx.URL) -> dict[str, str]:
        """Return the header for a request; empty if there is no cookie to send."""
        request = httpx.Request("GET", url)
        self._jar.set_cookie_header(request)
        cookie = request.headers.get("Cookie", "")
        return {"Cookie": cookie} if 0 < len(cookie) <= _MAX_HEADER else {}


def _is_plain(cookie: str) -> bool:
    return cookie.isascii() and cookie.isprintable() and len(cookie) <= _MAX_LENGTH
