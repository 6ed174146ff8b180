"""What is assumed about driving, unless ``authority.toml`` says otherwise."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

ROADS = tomllib.loads(Path(__file__).with_name("roads.toml").read_text(encoding="utf-8"))
"""What is said of classes of road; every figure there and below is our own, unless it says so."""

UNTAGGED_MPH: Final[dict[str, float]] = ROADS["untagged_mph"]
OPEN_ROAD_MPH: Final[dict[str, float]] = ROADS["open_road_mph"]

LIMIT_SHARE: Final = 0.9
"""Share of the limit that traffic keeps up."""

JUNCTION_DELAY_S: Final = 6.0
"""Seconds at each junction where a driver gives way."""

SIGNAL_DELAY_S: Final = 8.0
"""Seconds at each set of traffic lights: red for half of the time, half a minute when it is."""

ACCESS_KMH: Final = 20.0
"""Speed between a school's point and the nearest road."""

FAR_FROM_ROAD_M: Final = 500.0
"""A school further than this from any road is named."""

NO_ROAD_M: Final = 2_000.0
"""A school further than this from any road is one that no road leads to, as on an island."""

FERRY_KMH: Final = 10.0
"""Speed of a ferry that does not state how long it takes."""

FERRY_WAIT_MIN: Final = 10.0
"""Minutes of waiting for each ferry."""
