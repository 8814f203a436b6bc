"""The fault tests that take minutes."""

from __future__ import annotations

import pytest

from tests.faults import FaultPortal
from tests.test_faults import killed_at_random, looked_at_misbehaving

pytestmark = pytest.mark.slow


def test_what_was_acknowledged_survives_three_hundred_kills(tmp_path):
    with FaultPortal() as portal:
        killed_at_random(tmp_path, portal, 300)


def test_a_thousand_looks_at_a_portal_that_misbehaves_are_a_thousand_rows(tmp_path):
    looked_at_misbehaving(tmp_path, 100)
