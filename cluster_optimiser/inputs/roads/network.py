"""Stretches of road between junctions, made of the ways of a map."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from cluster_optimiser.constants import CRS_DEGREES, CRS_METRES
from cluster_optimiser.domain import RoadNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.inputs.roads.tags import RoadTags

N_UNREAD_LIMITS = 10
"""Texts of limits that could not be read, the most frequent first, that are kept for people."""

ATTRIBUTION = "© OpenStreetMap contributors, Open Database Licence (ODbL) 1.0"
"""What the licence of the data asks to be said wherever something made of it is shown."""


@dataclass(slots=True)
class Ways:
    """The drivable ways of a map, as read."""

    places: dict[int, tuple[float, float]] = field(default_factory=dict)
    segments: list[tuple[int, int, int]] = field(default_factory=list)
    tags: dict[int, RoadTags] = field(default_factory=dict)  # way -> what its tags say
    closed: set[int] = field(default_factory=set)  # nodes with a barrier that stops cars

    def add(self, way: int, tags: RoadTags, nodes: list[int]) -> None:
        """Add a way."""
        self.tags[way] = tags
        self.segments += [(a, b, way) for a, b in pairwise(nodes) if a != b]


def build_network(
    ways: Ways, about: Mapping[str, str], *, within: BaseGeometry | None = None
) -> RoadNetwork:
    """Put the pieces of ways together to stretches between junctions."""
    # A way that two tiles of a download share is read twice.
    segments = np.array(sorted(set(ways.segments)), dtype=np.int64).reshape(-1, 3)
    numbers, ends = np.unique(segments[:, :2], return_inverse=True)
    ends = ends.reshape(-1, 2)
    is_closed = np.isin(numbers, np.fromiter(ways.closed, dtype=np.int64, count=len(ways.closed)))
    chains = _chains(ends, segments[:, 2], _interior(ends, segments[:, 2], is_closed))
    places = np.array([ways.places[number] for number in numbers.tolist()]).reshape(-1, 2)
    roads = _frame(chains, ends, segments[:, 2], places, ways.tags)
    roads = _open_ended(roads, is_closed)
    if within is not None:
        roads = roads[roads.intersects(within)]
    _, compact = np.unique(roads[["from_node", "to_node"]].to_numpy(), return_inverse=True)
    roads[["from_node", "to_node"]] = compact.reshape(-1, 2)
    unread = Counter(tags.limit_text for tags in ways.tags.values() if tags.limit_text)
    listed = "; ".join(f"{text} ({n})" for text, n in _most_frequent(unread))
    facts = {**about, "attribution": ATTRIBUTION, "unread_limits": listed}
    return RoadNetwork(roads.reset_index(drop=True), facts)


def _most_frequent(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:N_UNREAD_LIMITS]


def _interior(
    ends: NDArray[np.int64], way: NDArray[np.int64], is_closed: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Tell which nodes lie inside a stretch: one way comes and goes, and nothing else is there."""
    n = len(is_closed)
    coming, going = np.bincount(ends[:, 1], minlength=n), np.bincount(ends[:, 0], minlength=n)
    way_in, way_out = np.full(n, -1, dtype=np.int64), np.full(n, -2, dtype=np.int64)
    way_in[ends[:, 1]], way_out[ends[:, 0]] = way, way
    return np.asarray((coming == 1) & (going == 1) & (way_in == way_out) & ~is_closed)


def _chains(
    ends: NDArray[np.int64], way: NDArray[np.int64], interior: NDArray[np.bool_]
) -> list[list[int]]:
    """Give the segments of each stretch, in order; rings that meet nothing are left out."""
    following = np.full(len(interior), -1, dtype=np.int64)
    following[ends[:, 0]] = np.arange(len(ends))
    follow = np.where(interior[ends[:, 1]], following[ends[:, 1]], -1).tolist()
    starts = np.flatnonzero(~interior[ends[:, 0]])
    chains = []
    for start in starts[np.argsort(way[starts], kind="stable")].tolist():
        chain, at = [start], follow[start]
        while at >= 0:
            chain.append(at)
            at = follow[at]
        chains.append(chain)
    return chains


def _frame(
    chains: list[list[int]],
    ends: NDArray[np.int64],
    way: NDArray[np.int64],
    places: NDArray[np.float64],
    tags_of: Mapping[int, RoadTags],
) -> gpd.GeoDataFrame:
    from osmnx.distance import great_circle  # noqa: PLC0415 - a second, for readers of maps

    to_metres = Transformer.from_crs(CRS_DEGREES, CRS_METRES, always_xy=True)
    xy = np.column_stack(to_metres.transform(places[:, 0], places[:, 1])).reshape(-1, 2)
    start, end = places[ends[:, 0]], places[ends[:, 1]]
    segment_m = np.asarray(great_circle(start[:, 1], start[:, 0], end[:, 1], end[:, 0]))
    rows, lines = [], []
    for chain in chains:
        tags = tags_of[int(way[chain[0]])]
        nodes = [*ends[chain, 0].tolist(), int(ends[chain[-1], 1])]
        if tags.direction == "backward":
            nodes.reverse()
        lines.append(xy[nodes])
        rows.append((nodes[0], nodes[-1], int(way[chain[0]]), float(segment_m[chain].sum()), tags))
    return gpd.GeoDataFrame(
        {
            "from_node": pd.Series([row[0] for row in rows], dtype="int64"),
            "to_node": pd.Series([row[1] for row in rows], dtype="int64"),
            "way": pd.Series([row[2] for row in rows], dtype="int64"),
            "length_m": pd.Series([row[3] for row in rows], dtype="float64"),
            **tag_columns([row[4] for row in rows]),
        },
        geometry=[shapely.LineString(line) for line in lines],
        crs=CRS_METRES,
    )


def tag_columns(tags: list[RoadTags]) -> dict[str, pd.Series]:
    """Give the columns of a network that come from tags."""
    return {
        "name": pd.Series([t.name for t in tags], dtype="object"),
        "road_class": pd.Series([t.road_class for t in tags], dtype="object"),
        "is_link": pd.Series([t.is_link for t in tags], dtype="bool"),
        "is_dual": pd.Series([t.is_dual for t in tags], dtype="bool"),
        "is_roundabout": pd.Series([t.is_roundabout for t in tags], dtype="bool"),
        "is_ferry": pd.Series([t.is_ferry for t in tags], dtype="bool"),
        "is_one_way": pd.Series([t.direction != "both" for t in tags], dtype="bool"),
        "limit_kmh": pd.Series([t.limit_kmh for t in tags], dtype="float64"),
        "limit_from": pd.Series([t.limit_from for t in tags], dtype="object"),
        "ferry_min": pd.Series([t.ferry_min for t in tags], dtype="float64"),
    }


def _open_ended(roads: gpd.GeoDataFrame, is_closed: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    """Give every stretch that comes to a closed barrier an end of its own."""
    number = len(is_closed)
    for column in ("from_node", "to_node"):
        nodes = roads[column].to_numpy().copy()
        stopped = np.flatnonzero(is_closed[nodes])
        nodes[stopped] = number + np.arange(len(stopped))
        number += len(stopped)
        roads = roads.assign(**{column: nodes})
    return roads
