"""
A coarse outline of the land on which the stations stand, for the eye alone.

``coast.geojson`` has it in degrees (longitude, latitude), WGS 84: South Korea of Natural Earth's
countries at 1:10 million (public domain; npm ``world-atlas`` 2.0.2), without the points that
change the outline least (Visvalingam; less than about 20 km² each on the coast), rounded to 100 m.
Of the islands there are those over 100 km² and those with a station. A test holds that each
station stands on the land, or a kilometre off: in a harbour or on the outermost rock.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Final, TypeAlias

Outline: TypeAlias = tuple[tuple[float, float], ...]


def _read() -> tuple[Outline, Outline, tuple[Outline, ...]]:
    """The coast, the border and the islands."""
    text = Path(__file__).with_name("coast.geojson").read_text(encoding="utf-8")
    parts: dict[str, list[Outline]] = {}
    for feature in json.loads(text)["features"]:
        shape = feature["geometry"]
        line = shape["coordinates"][0] if shape["type"] == "Polygon" else shape["coordinates"]
        outline = tuple((longitude, latitude) for longitude, latitude in line)
        parts.setdefault(feature["properties"]["part"], []).append(outline)
    (coast,), (border,) = parts["coast"], parts["border"]
    return coast, border, tuple(island[:-1] for island in parts["island"])


_PARTS: Final = _read()

MAINLAND: Final = _PARTS[0]
"""The coast, from one end of the border around to the other."""

BORDER: Final = _PARTS[1]
"""The rest of the outline, inland: the line between south and north."""

ISLANDS: Final = _PARTS[2]

LAND: Final = (MAINLAND + BORDER, *ISLANDS)
"""The outlines of all land, each closed by a line from its last point to its first."""

SHRINK: Final = math.cos(math.radians(36))
"""The ratio of a degree of longitude to one of latitude, in the middle of the land."""
