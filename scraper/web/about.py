"""The pages of explanations: the states, and the data addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.validity import STATES
from scraper.web.openapi import described
from scraper.web.render import page

if TYPE_CHECKING:
    from scraper.web.answer import Answer, Asked


def about(asked: Asked) -> Answer:
    """The page of states, credit and citation."""
    return page(asked, "about.html", [], states=STATES, portals=asked.db.portals())


def api(asked: Asked) -> Answer:
    """The page of data addresses with examples."""
    return page(asked, "api.html", [], operations=described(asked))
