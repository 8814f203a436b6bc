"""The flag numbers of QARTOD (IOOS)."""

from __future__ import annotations

from typing import Final

PASS, NOT_EVALUATED, SUSPECT, FAIL, MISSING = 1, 2, 3, 4, 9

NAMES: Final = {1: "pass", 2: "not evaluated", 3: "suspect", 4: "fail", 9: "missing"}
"""QARTOD's name of each."""
