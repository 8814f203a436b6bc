"""The libraries of the extra ``web``, without which there are no pages."""

from __future__ import annotations

from importlib.util import find_spec

from db.errors import MissingExtra


def refuse_without_web() -> None:
    """
    Refuse to run without the extra.

    Raises:
        MissingExtra: It is not installed.
    """
    for library in ("jinja2", "starlette", "uvicorn"):
        if find_spec(library) is None:
            raise MissingExtra("web", f"pages need {library}, which is not installed")
