"""What becomes of an answer: it is kept, then read, and what was read is kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from db.reading import KeptPage, Look
from scraper import normalize, sidebar
from scraper.collect.report import Report
from scraper.errors import FetchError, NoSidebar, RefusedByRobots
from scraper.vocabulary import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.write.store import Failure, Store
    from scraper.collect.backlog import Step
    from scraper.fetch import Page
    from scraper.sidebar import Sidebar
    from scraper.vocabulary import Words


def read_leftovers(store: Store, words: Words = KNOWN) -> Iterator[Report]:
    """Read the pages that a pass kept and was killed before reading; a fatal one is set aside."""
    for page in store.unread():
        if store.begin_again(page):
            yield read(store, page, words)
        else:
            told = (
                f"its page was set aside: reading it was begun {page.tries} times and never ended"
            )
            yield Report(portal=page.portal, outcome="set_aside", error=told)


def read(store: Store, page: KeptPage, words: Words = KNOWN) -> Report:
    """Read a page that is kept already, and keep what it says."""
    try:
        seen = sidebar.find(page.body, page.encoding, words)
        _refuse_less(seen, store.readings_last_shown(page.portal) if seen.cut else 0)
    except NoSidebar as exc:
        store.keep_no_sidebar(page, exc.found)
        return Report(portal=page.portal, outcome="no_sidebar", error=str(exc))
    said = normalize.readings(seen, words)
    content = normalize.content(seen, said)
    outcome = store.keep_content(page, content, page_date=seen.page_date, doubt=said.doubt)
    return Report(
        portal=page.portal,
        outcome=outcome,
        readings=len(said.readings),
        problems=said.told,
    )


def _refuse_less(seen: Sidebar, before: int) -> None:
    """Refuse a list that the end of the page cuts, where the portal showed more before."""
    if len(seen.lines) < before:
        msg = f"the page ends within the list, after {len(seen.lines)} of {before} entries"
        raise NoSidebar(msg)


def answer(store: Store, look: Look, page: Page, *, words: Words = KNOWN) -> Report | Step[Report]:
    """Keep a page, to be read in a next step; or that it is still the one read last."""
    if not page.not_modified:
        kept = store.keep_page(
            look,
            KeptPage(
                look_id=0,  # the store gives it one
                portal=look.portal,
                body=page.body,
                encoding=page.encoding,
                etag=page.etag,
                last_modified=page.last_modified,
            ),
        )
        return lambda: replace(read(store, kept, words), milliseconds=look.milliseconds)
    readings = store.keep_not_modified(look)
    if readings is None:
        return failure(store, look, FetchError(page.url, "not modified, but since what?"))
    return Report(
        portal=look.portal,
        outcome="not_modified",
        readings=readings,
        milliseconds=look.milliseconds,
    )


def failure(store: Store, look: Look, error: FetchError) -> Report:
    """Keep that there was no page, and why."""
    outcome: Failure = "refused_by_robots" if isinstance(error, RefusedByRobots) else "fetch_failed"
    wait_s = error.retry_after_s
    retry_at = None if wait_s is None else look.fetched_at + dt.timedelta(seconds=wait_s)
    store.keep_failure(look, outcome, str(error), retry_at=retry_at)
    return Report(
        portal=look.portal, outcome=outcome, error=str(error), milliseconds=look.milliseconds
    )
