"""What is assumed about driving, unless ``authority.toml`` says otherwise."""

from __future__ import annotations

from typing import Final

UNTAGGED_MPH: Final = {
    "motorway": 70.0,
    "trunk": 60.0,
    "primary": 50.0,
    "secondary": 50.0,
    "tertiary": 40.0,
    "unclassified": 40.0,
    "residential": 30.0,
    "living_street": 20.0,
    "service": 15.0,
}
"""The limit taken where the map has none: the national one, less for roads that often lie in a
village. These are our own figures, and so is every figure below unless it says otherwise."""

OPEN_ROAD_MPH: Final = {
    "motorway": 65.0,
    "dual": 62.0,
    "trunk": 50.0,
    "primary": 46.0,
    "secondary": 42.0,
    "tertiary": 36.0,
    "unclassified": 30.0,
    "residential": 24.0,
    "living_street": 12.0,
    "service": 12.0,
}
"""The most that traffic keeps up, whatever the limit: limits are not speeds, and a lane under the
national limit of 60 mph is not driven at 60. ``dual`` is any dual carriageway but a motorway."""

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
