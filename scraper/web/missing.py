"""The error for missing libraries of the extra ``web``."""

from __future__ import annotations

from importlib.util import find_spec

from db.errors import MissingExtra


class MissingWeb(MissingExtra):
    """The extra ``web`` is not installed."""

    extra = "web"

    def __init__(self, library: str) -> None:
        super().__init__(f"pages need {library}, which is not installed")


def refuse_without_web() -> None:
    """
    Refuse to run without the extra.

    Raises:
        MissingWeb: It is not installed.
    """
    for library in ("jinja2", "starlette", "uvicorn"):
        if find_spec(library) is None:
            raise MissingWeb(library)
