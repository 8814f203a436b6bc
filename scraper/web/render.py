"""Pages from templates: relative links, numbers, times and both languages."""

from __future__ import annotations

import functools
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from db.moments import KST
from scraper import __version__
from scraper.printable import printable
from scraper.web import words
from scraper.web.answer import HTML, Place

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from db.query import Latest
    from scraper.web.answer import Answer, Asked

FOLDER: Final = Path(__file__).parent

MINUS: Final = "\N{MINUS SIGN}"


def celsius(value: float | None) -> str:
    """A temperature with one decimal and a true minus sign; a dash if missing."""
    return "–" if value is None else f"{value:.1f}".replace("-", MINUS)


def share(value: float | None) -> str:
    """A share in percent; 100 % only for all."""
    return "–" if value is None else f"{int(value * 100)} %"


def iso(at: dt.date) -> str:
    """ISO 8601; Korean time."""
    return at.isoformat()


def clock(at: dt.datetime) -> str:
    """Hours and minutes, Korean."""
    return f"{at.astimezone(KST):%H:%M}"


@functools.cache
def environment() -> Environment:
    """The environment of the templates, with automatic escaping."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        c=celsius, share=share, iso=iso, clock=clock, shown=lambda text: printable(str(text))
    )
    made.globals.update(version=__version__)
    return made


@functools.lru_cache(maxsize=4096)
def _relative(name: str, folder: str) -> str:
    relative = posixpath.relpath(quote(name, safe="/?=&:"), quote(folder))
    return f"{relative}/" if name.endswith("/") else relative


class Links:
    """
    Makes the links of one page: relative, so that a site may lie in any folder.

    Args:
        path: The path of the page, such as ``/en/stations/108/``.
        english: Whether the page is English.
    """

    def __init__(self, path: str, *, english: bool) -> None:
        self._folder = path.rpartition("/")[0] or "/"
        self._prefix = "/en" if english else ""

    def file(self, path: str) -> str:
        """The link to a file without a language."""
        name, mark, place = path.partition("#")
        return f"{_relative(name, self._folder)}{mark}{place}"

    def page(self, path: str) -> str:
        """The link to a page in the same language."""
        return self.file(self._prefix + path)


_WORDS: Final[tuple[Callable[..., Any], ...]] = (
    *(words.state, words.why, words.cause, words.sky, words.known_sky),
    *(words.minute, words.day, words.month, words.length),
)
"""The functions that templates call by these names, in the language of the page."""


def rendered(asked: Place, template: str, **values: Any) -> str:
    """Render a template with these values and the common ones."""
    english = asked.language == "en"
    links = Links(asked.path, english=english)
    other_language = asked.path.removeprefix("/en") if english else f"/en{asked.path}"

    def _(korean: str, told: str) -> str:
        return told if english else korean

    common = {one.__name__: functools.partial(one, language=asked.language) for one in _WORDS} | {
        "_": _,
        "asked": asked,
        "language": asked.language,
        "file": links.file,
        "page": links.page,
        "absolute": lambda path: f"{asked.base_url}{quote(path)}",
        "other": links.file(other_language),
    }
    return environment().get_template(template).render(common, **values)


def page(asked: Asked, template: str, shown: list[Any], **values: Any) -> Answer:
    """
    A page.

    Args:
        asked: The request.
        template: The file of its template.
        shown: The records on it, with their ``valid_until``.
        values: The values for the template; ``closed`` goes to the answer.
    """
    closed = values.pop("closed", False)
    body = rendered(asked, template, **values)
    return asked.answer(body, HTML, shown, closed=closed)


def table(rows: Sequence[Latest]) -> str:
    """The newest readings as a self-contained file, for any web server."""
    return rendered(
        Place(path="/"),
        "table.html",
        rows=rows,
        summary=words.summary([row.state for row in rows], "ko"),
        script=Markup((FOLDER / "static" / "stale.js").read_text("utf-8")),  # noqa: S704 - our own
    )
