"""The two shared files of all pages: the style, and the script that marks expired values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scraper.web.answer import Answer, NotThere
from scraper.web.render import FOLDER

if TYPE_CHECKING:
    from scraper.web.answer import Asked

FILES: Final = {
    "style.css": "text/css; charset=utf-8",
    "stale.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def file(asked: Asked) -> Answer:
    """One of the files."""
    name = asked.values["file"]
    if name not in FILES:
        msg = f"no file is called {name!r}"
        raise NotThere(msg)
    return Answer(body=(FOLDER / "static" / name).read_bytes(), media_type=FILES[name])
