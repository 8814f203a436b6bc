"""An error as an answer: a page for a browser, JSON (RFC 9457) for a program."""

from __future__ import annotations

import http
import json
from typing import Final

from scraper.printable import printable
from scraper.web.answer import HTML, Place
from scraper.web.render import rendered

PROBLEM: Final = "application/problem+json"

_DATA: Final = ("/api/v", "/oembed")
"""The addresses that answer data, and so an error as data."""


def refusal(path: str, accept: str, status: int, detail: str) -> tuple[bytes, str]:
    """
    The body of an error, and its media type.

    A page only where the client accepts ``text/html`` by name, and never at an address of data.
    """
    if not path.startswith(_DATA) and "text/html" in accept:
        place = Place(path=path, language="en" if path.startswith("/en/") else "ko")
        page = rendered(place, "error.html", status=status, detail=detail)
        return page.encode("utf-8", "replace"), HTML
    return problem(status, detail), PROBLEM


def problem(status: int, detail: str) -> bytes:
    """An error in the form of RFC 9457."""
    document = {
        "type": "about:blank",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": printable(detail),
    }
    return (json.dumps(document, ensure_ascii=False) + "\n").encode("utf-8", "replace")
