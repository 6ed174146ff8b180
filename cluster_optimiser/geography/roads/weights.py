"""How long each stretch of road takes, and where a driver may have to give way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cluster_optimiser.inputs.roads.tags import FERRY, KMH_PER_MPH, ROAD_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from cluster_optimiser.arrays import Bools, Floats, Ints
    from cluster_optimiser.domain import RoadAssumptions, RoadNetwork

METRES_PER_S_PER_KMH = 1 / 3.6

MICROSECONDS = 1_000_000
"""Times are whole microseconds, so that a sum is the same in whatever order it is made."""

SECONDS_PER_MINUTE = 60.0

_RANK = {name: rank for rank, name in enumerate(ROAD_CLASSES)} | {FERRY: len(ROAD_CLASSES) - 1}
"""Who gives way to whom, as good as the map can tell: the higher number to the lower."""

_SERVICE_RANK = 8.0
"""Of a class that nobody knows."""

_LINK_RANK = 0.5
"""What a slip road ranks behind its class."""

_JUNCTION = 3
"""Arms that make a junction."""

_BEHIND = 0.25
"""What an arm that is not of the straight road through a junction ranks behind those that are."""

_SHARPEST = np.radians(130)
"""No stream of traffic turns more than this: it would go back where it came from."""

_ARM_M = 20.0
"""By so much of it is told where an arm points."""


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """A network in one direction each: what shortest paths are found on."""

    n_nodes: int  # nodes have the numbers from 0 to below this
    tail: Ints  # from node, to node of each arc
    head: Ints  # from node, to node of each arc
    drive_us: Ints  # microseconds along the arc
    delay_us: Ints  # microseconds at its end, for giving way and traffic lights
    row: Ints  # the stretch of the network that the arc goes along
    is_backward: Bools  # against the direction of its line


def road_speeds_kmh(
    roads: pd.DataFrame, assumptions: RoadAssumptions, limit: str = "limit_kmh"
) -> Floats:
    """Give the speed that is kept up on each stretch, there or (by ``limit_back_kmh``) back.

    speed = min(limit x share, most of the class); where the map has no limit, the one taken for
    the class.
    """
    untagged = _by_class(roads["road_class"], assumptions.untagged_mph)
    limits = roads[limit].to_numpy(dtype=np.float64)
    limits = np.where(np.isnan(limits), untagged * KMH_PER_MPH, limits)
    is_dual = roads["is_dual"].to_numpy(dtype=bool) & (roads["road_class"] != "motorway").to_numpy()
    most = _by_class(roads["road_class"], assumptions.open_road_mph)
    most = np.where(is_dual, assumptions.open_road_mph["dual"], most) * KMH_PER_MPH
    return np.minimum(limits * assumptions.limit_share, most)


def _by_class(classes: pd.Series, mph: Mapping[str, float]) -> Floats:
    return np.asarray(classes.map(lambda name: mph.get(name, mph["service"])), dtype=np.float64)


def drive_us(roads: pd.DataFrame, assumptions: RoadAssumptions, limit: str = "limit_kmh") -> Ints:
    """Give how long each stretch takes, ferries with their waiting."""
    length_m = roads["length_m"].to_numpy(dtype=np.float64)
    seconds = length_m / (road_speeds_kmh(roads, assumptions, limit) * METRES_PER_S_PER_KMH)
    crossing_min = roads["ferry_min"].to_numpy(dtype=np.float64)
    by_length_s = length_m / (assumptions.ferry_kmh * METRES_PER_S_PER_KMH)
    crossing_s = np.where(np.isnan(crossing_min), by_length_s, crossing_min * SECONDS_PER_MINUTE)
    crossing_s = crossing_s + assumptions.ferry_wait_min * SECONDS_PER_MINUTE
    seconds = np.where(roads["is_ferry"].to_numpy(dtype=bool), crossing_s, seconds)
    return np.maximum(1, np.rint(seconds * MICROSECONDS)).astype(np.int64)


def make_arcs(network: RoadNetwork, assumptions: RoadAssumptions) -> Arcs:
    roads = network.roads
    is_used = np.ones(len(roads), dtype=bool)
    if not assumptions.is_with_ferries:
        is_used = ~roads["is_ferry"].to_numpy(dtype=bool)
    forward = np.flatnonzero(is_used)
    backward = np.flatnonzero(is_used & ~roads["is_one_way"].to_numpy(dtype=bool))
    start, end = roads["from_node"].to_numpy(), roads["to_node"].to_numpy()
    row = np.concatenate([forward, backward])
    tail = np.concatenate([start[forward], end[backward]])
    head = np.concatenate([end[forward], start[backward]])
    there, back = (drive_us(roads, assumptions, f"limit{of}_kmh") for of in ("", "_back"))
    lights = np.concatenate(
        [roads["signals"].to_numpy()[forward], roads["signals_back"].to_numpy()[backward]]
    ).astype(np.int64)
    is_backward = np.arange(len(row)) >= len(forward)
    yields = (lights == 0) & _gives_way(network, tail, head, row, is_backward)
    delay_s = yields * assumptions.junction_delay_s + lights * assumptions.signal_delay_s
    return Arcs(
        n_nodes=network.n_nodes,
        tail=tail,
        head=head,
        drive_us=np.concatenate([there[forward], back[backward]]),
        delay_us=np.rint(delay_s * MICROSECONDS).astype(np.int64),
        row=row,
        is_backward=is_backward,
    )


def _ranks(roads: pd.DataFrame) -> Floats:
    rank = roads["road_class"].map(_RANK).fillna(_SERVICE_RANK).to_numpy(dtype=np.float64)
    return np.asarray(rank + _LINK_RANK * roads["is_link"].to_numpy(dtype=bool))


def _gives_way(
    network: RoadNetwork, tail: Ints, head: Ints, row: Ints, is_backward: Bools
) -> Bools:
    """Tell at the end of which arcs a driver gives way.

    Where a roundabout is entered; and at a junction of three arms or more if traffic that has the
    right of way comes into a road on which the driver may go on. The right of way is with the
    higher class, and among equals with the straightest way through. So nobody gives way on a
    roundabout, nor where a road parts into two carriageways or these come together.
    """
    roads, n = network.roads, network.n_nodes
    rank = _ranks(roads)[row]
    n_arms = np.bincount(roads[["from_node", "to_node"]].to_numpy().ravel(), minlength=n)
    ends = pd.DataFrame({"node": head, "arc": np.arange(len(head))})
    starts = pd.DataFrame({"node": tail, "onto": np.arange(len(tail))})
    turns = ends[n_arms[head] >= _JUNCTION].merge(starts, on="node", sort=False)
    node, arc, onto = (turns[name].to_numpy() for name in ("node", "arc", "onto"))
    arrives, leaves = _headings(roads, row, is_backward)
    angle = np.abs((leaves[onto] - arrives[arc] + np.pi) % (2 * np.pi) - np.pi)
    goes = (angle < _SHARPEST) & (row[arc] != row[onto])
    node, arc, onto, angle = node[goes], arc[goes], onto[goes], angle[goes].round(6)
    best = np.full(n, np.inf)
    np.minimum.at(best, np.concatenate([head, tail]), np.tile(rank, 2))
    order = np.lexsort((onto, arc, angle, node))
    order = order[(rank[arc] == best[node])[order] & (rank[onto] == best[node])[order]]
    through = order[np.unique(node[order], return_index=True)[1]]
    straight = np.full((2, n), -1)
    straight[:, node[through]] = row[arc[through]], row[onto[through]]
    priority = rank + _BEHIND * (row != straight[:, head]).all(axis=0)
    first = np.full(len(tail), np.inf)
    np.minimum.at(first, onto, priority[arc])
    must = np.zeros(len(head), dtype=bool)
    must[arc[first[onto] < priority[arc]]] = True
    is_round = roads["is_roundabout"].to_numpy(dtype=bool)
    has_round = np.zeros(n, dtype=bool)
    has_round[roads.loc[is_round, ["from_node", "to_node"]].to_numpy().ravel()] = True
    return np.asarray(~is_round[row] & (must | has_round[head]))


def _headings(roads: gpd.GeoDataFrame, row: Ints, is_backward: Bools) -> tuple[Floats, Floats]:
    """Give the direction of travel at the end and at the start of each arc, in radians."""
    lines = roads.geometry.to_numpy()
    headings = []
    for near, sign in ((0.0, 1.0), (-1e-9, -1.0)):
        at, on = (
            shapely.get_coordinates(shapely.line_interpolate_point(lines, x))
            for x in (near, sign * _ARM_M)
        )
        headings.append(np.arctan2(*(sign * (on - at)).T[::-1]))
    start, end = headings
    arrives = np.where(is_backward, start[row] + np.pi, end[row])
    return arrives, np.where(is_backward, end[row] + np.pi, start[row])


def parts_of(arcs: Arcs) -> Ints:
    """Give the part of each node: within one part all nodes can be reached from each other."""
    if not len(arcs.tail):
        return np.arange(arcs.n_nodes)
    ones = np.ones(len(arcs.tail))
    graph = coo_array((ones, (arcs.tail, arcs.head)), shape=(arcs.n_nodes, arcs.n_nodes))
    _, part = connected_components(graph.tocsr(), directed=True, connection="strong")
    return np.asarray(part, dtype=np.int64)
