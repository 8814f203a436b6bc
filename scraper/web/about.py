"""The pages that explain: what the states mean, and what the data addresses give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.validity import STATES
from scraper.web.render import page

if TYPE_CHECKING:
    from scraper.web.answer import Answer, Asked


def about(asked: Asked) -> Answer:
    """What the states mean, credit, how to cite."""
    asked.only()
    return page(asked, "about.html", [], states=STATES, portals=asked.db.portals())


def api(asked: Asked) -> Answer:
    """Each data address with an example."""
    from scraper.web.openapi import described  # noqa: PLC0415 - it describes what answers here

    asked.only()
    return page(asked, "api.html", [], operations=described(asked))
