"""What is said where the libraries of the extra ``web`` are missing."""

from __future__ import annotations

from importlib.util import find_spec

from db.errors import NalssiError


class MissingWeb(NalssiError):
    """The extra ``web`` is not installed."""

    exit_code = 2

    def __init__(self) -> None:
        super().__init__("the web pages want an extra: pip install 'nalssi[web]'")


def refuse_without_web() -> None:
    """
    Refuse to go on without the extra.

    Raises:
        MissingWeb: It is not installed.
    """
    if not all(map(find_spec, ("jinja2", "starlette", "uvicorn"))):
        raise MissingWeb
