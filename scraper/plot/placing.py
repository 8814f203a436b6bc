"""
Placement on a map: boxes that do not touch each other.

All lengths are points on a sheet, and cells in a terminal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ANGLES: Final = 16
_RINGS: Final = 20
_RING: Final = 5.0
_HAIR: Final = 0.01
"""Smaller overlaps are rounding errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """The rectangle of a thing: its middle, and its lengths."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        """Whether the two overlap in more than an edge."""
        return (
            abs(self.x - other.x) * 2 < self.width + other.width - _HAIR
            and abs(self.y - other.y) * 2 < self.height + other.height - _HAIR
        )

    def holds(self, other: Box) -> bool:
        """Whether the other lies inside this one."""
        return (
            abs(self.x - other.x) * 2 <= self.width - other.width
            and abs(self.y - other.y) * 2 <= self.height - other.height
        )


class Room:
    """A sheet, and its occupied boxes."""

    def __init__(self, sheet: Box) -> None:
        self._sheet = sheet
        self._taken: list[Box] = []

    def take(self, candidates: Iterable[Box]) -> Box | None:
        """Take and return the first free box; None if all are taken."""
        for box in candidates:
            if self._sheet.holds(box) and not any(box.meets(other) for other in self._taken):
                self._taken.append(box)
                return box
        return None


def near(x: float, y: float, size: float) -> Iterator[Box]:
    """Squares of that size at a place and around it, the nearest first."""
    yield Box(x=x, y=y, width=size, height=size)
    for ring in range(1, _RINGS + 1):
        for nth in range(_ANGLES):
            angle = 2 * math.pi * nth / _ANGLES
            across, up = ring * _RING * math.cos(angle), ring * _RING * math.sin(angle)
            yield Box(x=x + across, y=y + up, width=size, height=size)


def beside(circle: Box, width: float, height: float) -> Iterator[Box]:
    """Places for a label of a circle: below it, right, left, above, and in between."""
    across, up = (circle.width + width) / 2, (circle.height + height) / 2
    sides = ((0.0, -1.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0))
    between = [(x, y) for y in (-1.0, 1.0) for x in (0.6, -0.6)]
    between += [(x, y) for y in (-0.6, 0.6) for x in (1.0, -1.0)]
    for sideways, upwards in (*sides, *between):
        x, y = circle.x + sideways * across, circle.y + upwards * up
        yield Box(x=x, y=y, width=width, height=height)
