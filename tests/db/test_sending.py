"""The thread of a target does jobs in order, but none after an error, and ends when told to."""

from __future__ import annotations

import threading
from itertools import count
from typing import TYPE_CHECKING

import pytest

from db.ship.sending import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def released() -> threading.Event:
    """What a job waits for, as for a lock of the target."""
    return threading.Event()


@pytest.fixture
def sender(released) -> Iterator[Sender]:
    sender = Sender(released.set)
    yield sender
    sender.close()


def fail() -> None:
    raise ZeroDivisionError


def test_jobs_are_done_in_order_each_with_its_own_rows(sender):
    jobs = [sender.later(lambda: list(sender.taken())) for _ in range(2)]
    for batch in (1, 2, None, 3, None):
        sender.put(batch)
    assert [job.result() for job in jobs] == [[1, 2], [3]]


def test_no_job_begins_after_an_error(sender):
    done: list[str] = []
    sender.later(fail)
    sender.later(lambda: done.append("commit"))
    with pytest.raises(ZeroDivisionError):
        sender.wait()
    assert done == []


def test_jobs_after_the_end_begin_without_the_error(sender):
    sender.later(fail)
    sender.end(ZeroDivisionError())
    assert sender.later(lambda: "done").result() == "done"


def test_rows_for_a_job_that_failed_are_refused(sender):
    """Their maker would wait for ever, as the job takes no more of them."""
    sender.later(fail)
    with pytest.raises(ZeroDivisionError):
        any(map(sender.put, count()))


@pytest.mark.parametrize("rows", [0, 1])
def test_an_end_wakes_a_job_that_waits_for_rows(sender, rows):
    job = sender.later(lambda: list(sender.taken()))
    for row in range(rows):
        sender.put(row)
    sender.end(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        job.result()


def test_rows_left_by_an_end_are_for_no_job_after_it(sender, released):
    sender.later(released.wait)
    sender.put("left")
    sender.end(ZeroDivisionError())
    job = sender.later(lambda: list(sender.taken()))
    sender.put(None)
    assert job.result() == []


def test_few_rows_are_made_ahead_however_many_a_batch_has(sender, released):
    sender.later(released.wait)
    for _ in range(2):
        sender.put("batch", 60_000)
    waiting = threading.Thread(target=sender.put, args=("batch", 60_000))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    job = sender.later(lambda: next(sender.taken()))
    released.set()
    waiting.join(10)
    assert not waiting.is_alive()
    assert job.result() == "batch"


def test_an_end_cancels_a_job_that_waits_for_the_target(sender, released):
    sender.later(released.wait)
    commit = sender.later(lambda: "done")
    sender.end(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        commit.result()
