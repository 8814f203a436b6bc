"""look-now as a process beside a daemon: its request, its wait, its refusals."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from db.write.store import Store
from scraper import look_request
from tests.cli.test_cli import BOX, nalssi, portal, refused
from tests.scraper.test_daemon import running
from tests.support.make import make_content, make_look, see
from tests.support.servers import answer

if TYPE_CHECKING:
    from pathlib import Path


def polled(folder: Path, minutes: float) -> None:
    """Store a look at koya this many minutes ago."""
    at = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes)
    with Store.open(folder / "weather.db") as store:
        see(store, make_look(fetched_at=at), make_content())


def test_a_waiting_daemon_polls_at_once(tmp_path):
    with portal(tmp_path, koya=answer(BOX)) as server:
        polled(tmp_path, 5)
        with running(tmp_path) as daemon:
            daemon.wait("looking")
            run = nalssi("look-now", cwd=tmp_path)
            assert (run.returncode, run.stdout) == (0, "koya: new\n")
            assert len(daemon.wait("look")) == 1
            assert server.paths.count("/koya") == 1


def test_a_portal_that_was_just_polled_is_not_polled_again(tmp_path):
    with portal(tmp_path, koya=answer(BOX)) as server, running(tmp_path) as daemon:
        daemon.wait("look")
        assert "a minute or more" in refused(7, "look-now", "koya", cwd=tmp_path)
        assert server.paths.count("/koya") == 1


def test_a_retry_after_is_obeyed(tmp_path):
    with portal(tmp_path, koya=answer(BOX)):
        polled(tmp_path, 50)
        soon = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=30)
        with Store.open(tmp_path / "weather.db") as store:
            earlier = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
            store.keep_failure(make_look(fetched_at=earlier), "fetch_failed", "x", retry_at=soon)
        with running(tmp_path) as daemon:
            daemon.wait("looking")
            assert "asked for no request before" in refused(7, "look-now", cwd=tmp_path)


def test_without_a_daemon_the_remedy_is_printed(tmp_path):
    with portal(tmp_path, koya=answer(BOX)):
        assert "`nalssi scrape`" in refused(7, "look-now", cwd=tmp_path)
        assert "no portal 'b'" in refused(2, "look-now", "b", cwd=tmp_path)


def test_a_request_for_a_look_is_read_once(tmp_path):
    look_request.leave(tmp_path / "weather.db", ["koya"])
    assert look_request.take(tmp_path / "weather.db") == ["koya"]
    assert look_request.take(tmp_path / "weather.db") == []
    for damaged in ("{", "[" * 100_000):
        (tmp_path / "weather.db.look-now").write_text(damaged)
        assert look_request.take(tmp_path / "weather.db") == []
