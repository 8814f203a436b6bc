"""Processes an answer: records it, reads its page, and records the content."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from db.reading import KeptPage, Look
from scraper import reader
from scraper.collect.report import Report
from scraper.errors import FetchError, NoSidebar, RefusedByRobots
from scraper.vocabulary import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from db.write.store import Failure, Store
    from scraper.fetch import Page
    from scraper.vocabulary import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """
    A finished look that is not recorded yet.

    Attributes:
        look: Its time and duration.
        answer: The page, or the error.
        kind: The kind of the portal.
    """

    look: Look
    answer: Page | FetchError
    kind: str = reader.BOX

    @property
    def page_bytes(self) -> int:
        """The memory that its page takes."""
        return 0 if isinstance(self.answer, FetchError) else len(self.answer.body)


def record(store: Store, answered: Answered) -> Report | KeptPage:
    """
    Record a look in the first of its two transactions, or the only one.

    Returns:
        The stored page, to be read next; or a report, if there is no page to read.
    """
    look, answer = answered.look, answered.answer
    if isinstance(answer, FetchError):
        return _record_failure(store, look, answer)
    if answer.not_modified:
        return _record_not_modified(store, look, answer.url)
    page = KeptPage(
        look_id=0,
        portal=look.portal,
        body=answer.body,
        encoding=answer.encoding,
        etag=answer.etag,
        last_modified=answer.last_modified,
        kind=answered.kind,
    )
    return store.keep_page(look, page)


def read(store: Store, page: KeptPage, words: Words = KNOWN) -> Report:
    """Read a stored page, and record its content in the second transaction of the look."""
    try:
        said = reader.read(page.body, page.encoding, words, kind=page.kind)
        if said.cut:
            _refuse_less(len(said.content.readings), store.readings_last_shown(page.portal))
    except NoSidebar as exc:
        store.keep_no_sidebar(page, exc.found)
        return Report.of(page, "no_sidebar", error=str(exc))
    outcome = store.keep_content(page, said.content, page_date=said.page_date, doubt=said.doubt)
    count = len(said.content.readings)
    return Report.of(page, outcome, readings=count, problems=said.sentences)


def _refuse_less(count: int, before: int) -> None:
    """Refuse a list that the end of the page cuts, if the portal showed more before."""
    if count < before:
        msg = f"the page ends within the list, after {count} of {before} entries"
        raise NoSidebar(msg)


def read_leftovers(store: Store, words: Words, kinds: Mapping[str, str]) -> Iterator[Report]:
    """
    Read the pages that a killed pass stored but did not read; a fatal page is set aside.

    Args:
        store: The database.
        words: The meanings of printed words.
        kinds: The kind of each portal, by its name.
    """
    for page in store.unread():
        if store.begin_again(page):
            yield read(store, replace(page, kind=kinds.get(page.portal, reader.BOX)), words)
        else:
            reason = f"reading it began {page.tries} times and never finished"
            yield Report.of(page, "set_aside", error=f"its page was set aside: {reason}")


def _record_not_modified(store: Store, look: Look, url: str) -> Report:
    readings = store.keep_not_modified(look)
    if readings is None:
        return _record_failure(
            store, look, FetchError(url, "not modified, but the page before is not known")
        )
    return Report.of(look, "not_modified", readings=readings)


def _record_failure(store: Store, look: Look, error: FetchError) -> Report:
    outcome: Failure = "refused_by_robots" if isinstance(error, RefusedByRobots) else "fetch_failed"
    wait_s = error.retry_after_s
    retry_at = None if wait_s is None else look.fetched_at + dt.timedelta(seconds=wait_s)
    store.keep_failure(look, outcome, str(error), retry_at=retry_at)
    return Report.of(look, outcome, error=str(error))
