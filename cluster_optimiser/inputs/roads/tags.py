"""What the tags of an OpenStreetMap way say about driving along it, and what is assumed besides."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

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

ROAD_CLASSES: tuple[str, ...] = tuple(ROADS["classes"])
"""Classes of road, the most important first."""

FERRY = "ferry"

USEFUL_TAGS: tuple[str, ...] = tuple(ROADS["useful_tags"])

KMH_PER_MPH = 1.60934
"""As osmnx has it, so that its speeds and ours are the same; 2.5 parts in a million short."""

SINGLE_LIMIT_MPH, DUAL_LIMIT_MPH, BUILT_UP_LIMIT_MPH = 60.0, 70.0, 30.0
"""The national limits for cars: single and dual carriageways, and streets with lighting."""

_LIMITS_MPH = {
    "motorway": DUAL_LIMIT_MPH,
    "nsl_dual": DUAL_LIMIT_MPH,
    "nsl_single": SINGLE_LIMIT_MPH,
    "rural": SINGLE_LIMIT_MPH,
    "nsl_restricted": BUILT_UP_LIMIT_MPH,
    "restricted": BUILT_UP_LIMIT_MPH,
    "urban": BUILT_UP_LIMIT_MPH,
}
"""What words mean; "national" and "nsl" depend on the carriageway."""

_NATIONAL = ("national", "nsl")

_WALKING_MPH = 5.0

LOWEST_KMH, HIGHEST_KMH = 3.0, 130.0
"""A limit outside these is a slip of the pen."""

_ZONES = ("zone:maxspeed", "zone:traffic")

_NUMBER = re.compile(r"(\d+(?:[.,]\d+)?)\s*(mph|km/h|kmh|kph)?")

_ZONE = re.compile(r"(?:zone:?)?(\d+)")

_REFUSED, _REFUSED_SERVICE = frozenset(ROADS["refused"]), frozenset(ROADS["refused_service"])
"""Who is let in, where it is not everybody."""

CLOSED_BARRIERS = frozenset(ROADS["closed_barriers"])
"""Barriers that stop a car unless their own tags say otherwise; a gate only if it is locked."""

_OF_MOTORS, _OF_ALL = ("motorcar", "motor_vehicle", "vehicle"), ("access",)
"""Tags of access, the most particular first."""

_TWO_WAY = frozenset(("no", "false", "0", "alternating"))
_FORWARD = frozenset(("yes", "true", "1"))
BACKWARD = frozenset(("-1", "reverse"))
"""Values of ``oneway`` that mean: against the order of the way's nodes."""

_CLOSED = frozenset(("reversible",))


@dataclass(frozen=True, slots=True)
class RoadTags:
    """What is known of driving along a way."""

    road_class: str  # one of `ROAD_CLASSES` or `FERRY`
    is_link: bool  # a slip road of that class
    name: str  # name, or number, or an empty string
    direction: Literal["both", "forward", "backward"]
    is_dual: bool  # one side of a dual carriageway
    is_roundabout: bool  # part of one
    limit_kmh: float | None  # along the way's nodes, None where the map has none that can be read
    limit_back_kmh: float | None  # against them
    limit_from: str
    limit_text: str  # a tagged limit that could not be read, or an empty string
    ferry_min: float | None  # minutes of the crossing, None where not stated or no ferry

    @property
    def is_ferry(self) -> bool:
        return self.road_class == FERRY


def read_tags(tags: Mapping[str, str]) -> RoadTags | None:
    """Read the tags of a way.

    >>> read_tags({"highway": "trunk", "maxspeed": "GB:nsl_single"}).limit_kmh
    96.5604
    >>> read_tags({"highway": "footway"}) is None
    True
    """
    highway = tags.get("highway", "")
    is_ferry = not highway and tags.get("route") == FERRY
    is_link = highway.endswith("_link")
    # "road" is one whose class nobody has looked at.
    plain = "unclassified" if highway == "road" else highway.removesuffix("_link")
    road_class = FERRY if is_ferry else plain
    direction = _direction(tags, highway)
    if direction is None or not _is_road(tags, road_class):
        return None
    is_roundabout = tags.get("junction") in ("roundabout", "circular")
    is_dual = _is_dual(tags, road_class, is_aside=is_link or is_roundabout, direction=direction)
    there, limit_from, text = _limit(tags, "maxspeed:forward", road_class, is_dual=is_dual)
    back, _, text_back = _limit(tags, "maxspeed:backward", road_class, is_dual=is_dual)
    return RoadTags(
        road_class=road_class,
        is_link=is_link,
        name=tags.get("name", "") or tags.get("ref", ""),
        direction=direction,
        is_dual=is_dual,
        is_roundabout=is_roundabout,
        limit_kmh=None if is_ferry else there,
        limit_back_kmh=None if is_ferry else back,
        limit_from="" if is_ferry else limit_from,
        limit_text="" if is_ferry else text or text_back,
        ferry_min=duration_min(tags.get("duration", "")) if is_ferry else None,
    )


def _is_road(tags: Mapping[str, str], road_class: str) -> bool:
    if road_class == FERRY:
        # One that is open to walkers says so with access: it takes cars only if it says that.
        return may_drive(tags, _OF_MOTORS) is True
    if road_class == "service" and tags.get("service") in _REFUSED_SERVICE:
        return False
    is_area = tags.get("area") == "yes"
    return road_class in ROAD_CLASSES and not is_area and may_drive(tags) is not False


def may_drive(tags: Mapping[str, str], keys: tuple[str, ...] = _OF_MOTORS + _OF_ALL) -> bool | None:
    for key in keys:
        if key in tags:
            return not {part.strip() for part in tags[key].split(";")} <= _REFUSED
    return None


def is_closed_barrier(tags: Mapping[str, str]) -> bool:
    """Tell whether a point on a road stops cars."""
    if "barrier" not in tags:
        return False
    if tags.get("locked") == "yes":
        return True
    answer = may_drive(tags)
    return tags["barrier"] in CLOSED_BARRIERS if answer is None else not answer


def _direction(
    tags: Mapping[str, str], highway: str
) -> Literal["both", "forward", "backward"] | None:
    value = tags.get("oneway:motor_vehicle", tags.get("oneway", ""))
    if value in _CLOSED:
        return None
    if value in _FORWARD:
        return "forward"
    if value in BACKWARD:
        return "backward"
    if value in _TWO_WAY:
        return "both"
    # Without a word of it, roundabouts and motorways are one-way.
    is_round = tags.get("junction") in ("roundabout", "circular")
    return "forward" if is_round or highway == "motorway" else "both"


def _is_dual(tags: Mapping[str, str], road_class: str, *, is_aside: bool, direction: str) -> bool:
    if road_class == "motorway":
        return True
    if "dual_carriageway" in tags:
        return tags["dual_carriageway"] == "yes"
    is_main = road_class in ("trunk", "primary", "secondary")
    return is_main and direction != "both" and not is_aside


def _limit(
    tags: Mapping[str, str], of_direction: str, road_class: str, *, is_dual: bool
) -> tuple[float | None, str, str]:
    """Give the limit of one direction in km/h, where it is from, and a tag that was not read."""
    keys = (of_direction, "maxspeed", "maxspeed:type", "source:maxspeed", *_ZONES)
    for key in keys:
        limit = limit_kmh(tags.get(key, ""), is_dual=is_dual)
        if limit is not None:
            return limit, "tag", ""
    unread = tags.get(of_direction) or tags.get("maxspeed", "")
    if tags.get("lit") in ("yes", "24/7") and not is_dual and road_class != "motorway":
        # In Britain a street with lights is a restricted road, unless signs say otherwise; lit
        # motorways and dual carriageways have signs.
        return BUILT_UP_LIMIT_MPH * KMH_PER_MPH, "lighting", unread
    return None, "", unread


def limit_kmh(text: str, *, is_dual: bool = False) -> float | None:
    """Read a speed limit.

    >>> limit_kmh("48"), limit_kmh("30 mph"), limit_kmh("20 mph;30 mph"), limit_kmh("signals")
    (48.0, 48.2802, 32.1868, None)
    >>> limit_kmh("national"), limit_kmh("national", is_dual=True)
    (96.5604, 112.6538)
    """
    parts = [part.strip().casefold() for part in re.split(r"[;|]", text) if part.strip()]
    limits = [_one_limit_kmh(part, is_dual=is_dual) for part in parts]
    if not limits or any(limit is None for limit in limits):
        return None
    return min(limit for limit in limits if limit is not None)


def _one_limit_kmh(text: str, *, is_dual: bool) -> float | None:
    number = _NUMBER.fullmatch(text)
    if number is not None:
        value = float(number[1].replace(",", "."))
        kmh = value * KMH_PER_MPH if number[2] == "mph" else value
        return kmh if LOWEST_KMH <= kmh <= HIGHEST_KMH else None
    if text == "walk":
        return _WALKING_MPH * KMH_PER_MPH
    country, _, word = text.rpartition(":")
    if country not in ("", "gb", "uk", "gb:zone", "uk:zone"):
        return None
    if word in _NATIONAL:
        return (DUAL_LIMIT_MPH if is_dual else SINGLE_LIMIT_MPH) * KMH_PER_MPH
    if word in _LIMITS_MPH:
        return _LIMITS_MPH[word] * KMH_PER_MPH
    zone = _ZONE.fullmatch(word)
    return float(zone[1]) * KMH_PER_MPH if zone is not None and country else None


def duration_min(text: str) -> float | None:
    """Read how long a ferry takes.

    >>> duration_min("00:05"), duration_min("PT1H30M"), duration_min("7"), duration_min("soon")
    (5.0, 90.0, 7.0, None)
    """
    text = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    clock = re.fullmatch(r"(\d+):(\d\d)(?::(\d\d))?", text)
    if clock is not None:
        return int(clock[1]) * 60 + int(clock[2]) + int(clock[3] or 0) / 60
    iso = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", text)
    if iso is None or not any(iso.groups()):
        return None
    hours, minutes, seconds = (int(part or 0) for part in iso.groups())
    total = hours * 60 + minutes + seconds / 60
    return total if math.isfinite(total) else None
