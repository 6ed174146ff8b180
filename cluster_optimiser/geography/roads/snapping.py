"""Schools put on the road network: each at the point of a road that is nearest to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.constants import COORDINATE_GRID_M

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.arrays import Bools, Floats, Ints
    from cluster_optimiser.domain import RoadAssumptions, RoadNetwork
    from cluster_optimiser.geography.roads.weights import Arcs

UNSNAPPED = ("motorway", "ferry")
"""Classes of road that nobody's gate is on; slip roads neither."""

LEAST_PART_M = 3_000.0
"""A part with less road than this is taken for a slip of the map if a larger one is near."""

HAIR = 1e-6
"""Share of a stretch that is hardly off its end."""

MOST_WATER_M = 100.0
"""A way to the nearest road that is off the authority's land for longer crosses water."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapped:
    """Where places lie on a network."""

    row: Ints  # the stretch nearest to each place
    share: Floats  # how far along its line, 0 to 1
    distance_m: Floats  # from the place to that point, in a straight line
    part: Ints  # the part of the network that it lies in
    is_lost: Bools  # no road is near enough that can be reached dry


def snap(
    points: gpd.GeoSeries,
    network: RoadNetwork,
    part: Ints,
    assumptions: RoadAssumptions,
    land: BaseGeometry | None = None,
) -> Snapped:
    """Find the nearest point of a road for every place, on its own side of the water.

    ``part`` numbers the parts of the network whose places can all be reached from each other.
    """
    roads, sites = network.roads, points.to_numpy()
    start, end = (part[roads[name].to_numpy()] for name in ("from_node", "to_node"))
    is_open = (start == end) & ~roads["road_class"].isin(UNSNAPPED).to_numpy()
    rows = np.flatnonzero(is_open & ~roads["is_link"].to_numpy(dtype=bool))
    lines = roads.geometry.to_numpy()
    nowhere = np.full(len(sites), -1)
    if not len(rows):
        far, zero = np.full(len(sites), np.inf), np.zeros(len(sites))
        return Snapped(zero.astype(np.int64), zero, far, nowhere, np.isinf(far))
    tree = shapely.STRtree(lines[rows])
    near = pd.DataFrame(
        np.hstack(
            [tree.query_nearest(sites), tree.query(sites, "dwithin", assumptions.no_road_m)]
        ).T,
        columns=["site", "row"],
    ).drop_duplicates()
    near["row"] = rows[near["row"]]
    near["part"] = start[near["row"]]
    near["m"] = shapely.distance(lines[near["row"]], sites[near["site"]])
    near = near.sort_values(["site", "m", "row"]).drop_duplicates(["site", "part"])
    part_m = np.bincount(start[rows], weights=roads["length_m"].to_numpy()[rows])
    is_small = part_m[near["part"]] < min(LEAST_PART_M, part_m.max())
    is_lost = (near["m"] > assumptions.no_road_m) | _is_wet(near, lines, sites, land)
    # Small parts wait behind large ones that are not far off; what cannot be reached comes last.
    near["rank"] = near["m"] + np.where(is_small, assumptions.far_from_road_m, 0.0)
    near = near.assign(is_lost=is_lost).sort_values(["site", "is_lost", "rank", "row"])
    chosen = near.drop_duplicates("site")
    row = chosen["row"].to_numpy()
    along_m, length_m = shapely.line_locate_point(lines[row], sites), shapely.length(lines[row])
    share = along_m / np.maximum(length_m, COORDINATE_GRID_M)
    # A hair from a junction is at the junction.
    share = np.where(along_m < COORDINATE_GRID_M, 0.0, share)
    share = np.where(along_m > length_m - COORDINATE_GRID_M, 1.0, share)
    found = (chosen[name].to_numpy() for name in ("m", "part", "is_lost"))
    return Snapped(row, share, *found)


def _is_wet(
    near: pd.DataFrame,
    lines: NDArray[np.object_],
    sites: NDArray[np.object_],
    land: BaseGeometry | None,
) -> Bools:
    """Tell whose straight way to the road leaves the land and comes back to it."""
    is_wet = np.zeros(len(near), dtype=bool)
    if land is None:
        return is_wet
    shapely.prepare(land)
    rows = near["row"].to_numpy()
    ways = shapely.shortest_line(sites[near["site"]], lines[rows])
    ends = (shapely.get_point(ways, at) for at in (0, -1))
    on_land = np.logical_and(*(shapely.dwithin(land, end, MOST_WATER_M) for end in ends))
    long = np.flatnonzero(on_land & (near["m"].to_numpy() > MOST_WATER_M))
    off_m = shapely.length(shapely.difference(ways[long], land))
    is_wet[long] = off_m > MOST_WATER_M
    return is_wet


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """A network with places as nodes: its arcs, those along a road with a place on it cut there."""

    tail: Ints
    head: Ints
    time_us: Ints
    row: Ints  # the stretch of the network that the arc goes along
    nodes: Ints  # the node of each place


def split_at(arcs: Arcs, network: RoadNetwork, row: Ints, share: Floats) -> Split:
    """Cut the arcs at the places that lie on them."""
    roads = network.roads
    ends = roads[["from_node", "to_node"]].to_numpy()[row]
    # Where turns are forbidden no place is the junction itself, but a hair from it.
    is_ruled = np.isin(ends, network.turns["node"].to_numpy(dtype=np.int64))
    share = np.where(is_ruled[:, 0], np.maximum(share, HAIR), share)
    share = np.where(is_ruled[:, 1], np.minimum(share, 1 - HAIR), share)
    stations, station_of = np.unique(np.column_stack([row, share]), axis=0, return_inverse=True)
    on_row = stations[:, 0].astype(np.int64)
    share = stations[:, 1]
    node = arcs.n_nodes + np.arange(len(stations))
    # At the very end of a road the place is the node there.
    node = np.where(share <= 0, roads["from_node"].to_numpy()[on_row], node)
    node = np.where(share >= 1, roads["to_node"].to_numpy()[on_row], node)
    is_inside = (share > 0) & (share < 1)
    is_cut = np.isin(arcs.row, on_row[is_inside])
    whole = (arcs.tail, arcs.head, arcs.drive_us + arcs.delay_us, arcs.row)
    pieces = [[array[~is_cut]] for array in whole]
    inside: dict[int, list[int]] = {}
    for station in np.flatnonzero(is_inside).tolist():
        inside.setdefault(int(on_row[station]), []).append(station)
    for arc in np.flatnonzero(is_cut).tolist():
        here = inside[int(arcs.row[arc])]
        along = share[here]
        if arcs.is_backward[arc]:
            here, along = here[::-1], 1 - along[::-1]
        reached = np.rint(along * arcs.drive_us[arc]).astype(np.int64)
        times = np.diff(np.concatenate([[0], reached, [arcs.drive_us[arc]]]))
        times[-1] += arcs.delay_us[arc]
        stops = np.concatenate([[arcs.tail[arc]], node[here], [arcs.head[arc]]])
        cut = (stops[:-1], stops[1:], np.maximum(1, times), np.full(len(times), arcs.row[arc]))
        for array, piece in zip(pieces, cut, strict=True):
            array.append(piece)
    tail, head, time_us, of_row = map(np.concatenate, pieces)
    return Split(tail, head, time_us, of_row, node[station_of.reshape(-1)])
