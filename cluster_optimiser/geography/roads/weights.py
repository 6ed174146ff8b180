"""How long each stretch of road takes, and where a driver may have to give way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from cluster_optimiser.domain import RoadAssumptions, RoadNetwork

KMH_PER_MPH = 1.60934
"""As in the reader of tags."""

METRES_PER_S_PER_KMH = 1 / 3.6

MICROSECONDS = 1_000_000
"""Times are whole microseconds, so that a sum is the same in whatever order it is made."""

SECONDS_PER_MINUTE = 60.0

_RANK = {
    "motorway": 0,
    "trunk": 1,
    "primary": 2,
    "secondary": 3,
    "tertiary": 4,
    "unclassified": 5,
    "residential": 6,
    "living_street": 7,
    "service": 8,
    "ferry": 8,
}
"""Who gives way to whom, as good as the map can tell: the higher number to the lower."""

_SERVICE_RANK = 8.0

_LINK_RANK = 0.5
"""What a slip road ranks behind its class."""

_JUNCTION = 3
"""Arms that make a junction."""


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """A network in one direction each: what shortest paths are found on."""

    n_nodes: int  # nodes have the numbers from 0 to below this
    tail: NDArray[np.int64]  # from node, to node of each arc
    head: NDArray[np.int64]  # from node, to node of each arc
    drive_us: NDArray[np.int64]  # microseconds along the arc, and at its end for giving way
    delay_us: NDArray[np.int64]  # microseconds along the arc, and at its end for giving way
    row: NDArray[np.int64]  # the stretch of the network that the arc goes along
    is_backward: NDArray[np.bool_]  # against the direction of its line


def road_speeds_kmh(roads: pd.DataFrame, assumptions: RoadAssumptions) -> NDArray[np.float64]:
    """Give the speed that is kept up on each stretch.

    speed = min(limit x share, most of the class); where the map has no limit, the one taken for
    the class.
    """
    untagged = _by_class(roads["road_class"], assumptions.untagged_mph)
    limit = roads["limit_kmh"].to_numpy(dtype=np.float64)
    limit = np.where(np.isnan(limit), untagged * KMH_PER_MPH, limit)
    is_dual = roads["is_dual"].to_numpy(dtype=bool) & (roads["road_class"] != "motorway").to_numpy()
    most = _by_class(roads["road_class"], assumptions.open_road_mph)
    most = np.where(is_dual, assumptions.open_road_mph["dual"], most) * KMH_PER_MPH
    return np.minimum(limit * assumptions.limit_share, most)


def _by_class(classes: pd.Series, mph: Mapping[str, float]) -> NDArray[np.float64]:
    return np.asarray(classes.map(lambda name: mph.get(name, mph["service"])), dtype=np.float64)


def drive_us(roads: pd.DataFrame, assumptions: RoadAssumptions) -> NDArray[np.int64]:
    """Give how long each stretch takes, ferries with their waiting."""
    length_m = roads["length_m"].to_numpy(dtype=np.float64)
    seconds = length_m / (road_speeds_kmh(roads, assumptions) * METRES_PER_S_PER_KMH)
    crossing_min = roads["ferry_min"].to_numpy(dtype=np.float64)
    by_length_s = length_m / (assumptions.ferry_kmh * METRES_PER_S_PER_KMH)
    crossing_s = np.where(np.isnan(crossing_min), by_length_s, crossing_min * SECONDS_PER_MINUTE)
    crossing_s = crossing_s + assumptions.ferry_wait_min * SECONDS_PER_MINUTE
    seconds = np.where(roads["is_ferry"].to_numpy(dtype=bool), crossing_s, seconds)
    return np.maximum(1, np.rint(seconds * MICROSECONDS)).astype(np.int64)


def make_arcs(network: RoadNetwork, assumptions: RoadAssumptions) -> Arcs:
    """Give the arcs of a network."""
    roads = network.roads
    is_used = np.ones(len(roads), dtype=bool)
    if not assumptions.is_with_ferries:
        is_used = ~roads["is_ferry"].to_numpy(dtype=bool)
    forward = np.flatnonzero(is_used)
    backward = np.flatnonzero(is_used & ~roads["is_one_way"].to_numpy(dtype=bool))
    start, end = roads["from_node"].to_numpy(), roads["to_node"].to_numpy()
    row = np.concatenate([forward, backward])
    head = np.concatenate([end[forward], start[backward]])
    gives_way = _gives_way(roads.iloc[forward], row, head, roads, network.n_nodes)
    delay_us = round(assumptions.junction_delay_s * MICROSECONDS)
    return Arcs(
        n_nodes=network.n_nodes,
        tail=np.concatenate([start[forward], end[backward]]),
        head=head,
        drive_us=drive_us(roads, assumptions)[row],
        delay_us=np.where(gives_way, delay_us, 0).astype(np.int64),
        row=row,
        is_backward=np.arange(len(row)) >= len(forward),
    )


def _ranks(roads: pd.DataFrame) -> NDArray[np.float64]:
    rank = roads["road_class"].map(_RANK).fillna(_SERVICE_RANK).to_numpy(dtype=np.float64)
    return np.asarray(rank + _LINK_RANK * roads["is_link"].to_numpy(dtype=bool))


def _gives_way(
    used: pd.DataFrame,
    row: NDArray[np.int64],
    head: NDArray[np.int64],
    roads: pd.DataFrame,
    n_nodes: int,
) -> NDArray[np.bool_]:
    """Tell at the end of which arcs a driver may have to give way.

    At a junction of three or more roads: where a road of higher rank is met, where three or more of
    the same or higher rank meet, and where a roundabout is entered. Not on a roundabout, and not
    where only drives and car parks join.
    """
    arm_rank = np.tile(_ranks(used), 2)
    arm_node = np.concatenate([used["from_node"].to_numpy(), used["to_node"].to_numpy()])
    is_road = arm_rank < _SERVICE_RANK
    n_roads = np.bincount(arm_node[is_road], minlength=n_nodes)
    n_arms = np.bincount(arm_node, minlength=n_nodes)
    is_round = np.tile(used["is_roundabout"].to_numpy(dtype=bool), 2)
    has_round = np.bincount(arm_node[is_round], minlength=n_nodes) > 0
    highest = np.full(n_nodes, np.inf)
    np.minimum.at(highest, arm_node, arm_rank)
    rank = _ranks(roads)[row]
    # How many arms at the arc's end rank as high as the arc, or higher: by a sorted list of both.
    order = np.lexsort((arm_rank, arm_node))
    keys = arm_node[order] * 32.0 + arm_rank[order]
    first = np.searchsorted(keys, head * 32.0, side="left")
    n_as_high = np.searchsorted(keys, head * 32.0 + rank, side="right") - first
    is_junction = np.where(rank >= _SERVICE_RANK, n_arms[head], n_roads[head]) >= _JUNCTION
    on_round = roads["is_roundabout"].to_numpy(dtype=bool)[row]
    must = (highest[head] < rank) | (n_as_high >= _JUNCTION)
    return np.asarray(~on_round & ((is_junction & must) | has_round[head]))


def largest_part(arcs: Arcs) -> NDArray[np.bool_]:
    """Find the largest part of a network in which every place can be reached from every other."""
    if not len(arcs.tail):
        return np.zeros(arcs.n_nodes, dtype=bool)
    graph = coo_array(
        (np.ones(len(arcs.tail)), (arcs.tail, arcs.head)), shape=(arcs.n_nodes, arcs.n_nodes)
    )
    _, part = connected_components(graph.tocsr(), directed=True, connection="strong")
    sizes = np.bincount(part)
    is_largest = sizes[part] == sizes.max()
    return np.asarray(part == part[is_largest.argmax()])
