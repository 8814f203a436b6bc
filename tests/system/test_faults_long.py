"""The fault tests that take minutes."""

from __future__ import annotations

import time

import pytest

from scraper.daemon.service import BUSY_S
from tests.support.faults import (
    Child,
    FaultPortal,
    assert_in_order,
    assert_sound,
    holding,
    looks,
    write_config,
)
from tests.system.test_faults import killed_at_random, poll_misbehaving

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(4))
def test_acknowledged_looks_survive_three_hundred_kills(tmp_path, seed):
    """Seventy-five kills for each of four histories, which can run in parallel."""
    with FaultPortal() as portal:
        killed_at_random(tmp_path, portal, 75, seed=seed)


def test_a_thousand_looks_at_a_portal_that_misbehaves_are_a_thousand_rows(tmp_path):
    poll_misbehaving(tmp_path, 100)


@pytest.mark.parametrize("held_s", [1, 60])
def test_a_file_locked_for_up_to_a_minute_loses_no_look(tmp_path, held_s):
    """With the daemon's own wait of two seconds, which is enough for one case and not the other."""
    with FaultPortal() as portal:
        config = write_config(tmp_path, portal.server.url())
        database = tmp_path / "weather.db"
        with Child(config, busy_s=BUSY_S) as child:
            child.until("look")
            with holding(database, "BEGIN EXCLUSIVE"):
                time.sleep(held_s)
            child.until("look", len(child.log("look")) + 2)
            assert child.stop() == 0
            assert bool(child.log("not kept yet")) is (held_s > BUSY_S)
        assert looks(database)["p0"] == portal.asked
        assert_in_order(database, portal)
        assert_sound(database)
