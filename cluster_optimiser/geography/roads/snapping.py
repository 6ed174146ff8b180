"""Schools put on the road network: each at the point of a road that is nearest to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from cluster_optimiser.constants import COORDINATE_GRID_M

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from cluster_optimiser.domain import RoadNetwork
    from cluster_optimiser.geography.roads.weights import Arcs

UNSNAPPED = ("motorway", "ferry")
"""Classes of road that nobody's gate is on; slip roads neither."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapped:
    """Where places lie on a network."""

    row: NDArray[np.int64]  # the stretch nearest to each place
    share: NDArray[np.float64]  # how far along its line, 0 to 1
    distance_m: NDArray[np.float64]  # from the place to that point, in a straight line


def snap(points: gpd.GeoSeries, network: RoadNetwork, is_main: NDArray[np.bool_]) -> Snapped:
    """Find the nearest point of a road for every place."""
    roads = network.roads
    is_open = (
        is_main[roads["from_node"].to_numpy()]
        & is_main[roads["to_node"].to_numpy()]
        & ~roads["road_class"].isin(UNSNAPPED).to_numpy()
        & ~roads["is_link"].to_numpy(dtype=bool)
    )
    rows = np.flatnonzero(is_open)
    lines, sites = roads.geometry.to_numpy()[rows], points.to_numpy()
    if not len(rows):
        nowhere = np.zeros(len(sites))
        return Snapped(nowhere.astype(np.int64), nowhere, np.full(len(sites), np.inf))
    which, nearest = shapely.STRtree(lines).query_nearest(sites, all_matches=True)
    first = np.full(len(sites), len(lines))
    np.minimum.at(first, which, nearest)
    along_m, length_m = shapely.line_locate_point(lines[first], sites), shapely.length(lines[first])
    share = along_m / np.maximum(length_m, COORDINATE_GRID_M)
    # A hair from a junction is at the junction.
    share = np.where(along_m < COORDINATE_GRID_M, 0.0, share)
    share = np.where(along_m > length_m - COORDINATE_GRID_M, 1.0, share)
    return Snapped(rows[first], share, shapely.distance(lines[first], sites))


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """A network with places as nodes."""

    tail: NDArray[np.int64]  # the arcs, those along a road with a place on it cut there
    head: NDArray[np.int64]  # the arcs, those along a road with a place on it cut there
    time_us: NDArray[np.int64]  # the arcs, those along a road with a place on it cut there
    nodes: NDArray[np.int64]  # the node of each place


def split_at(arcs: Arcs, network: RoadNetwork, snapped: Snapped) -> Split:
    """Cut the arcs at the places that lie on them."""
    roads = network.roads
    stations, station_of = np.unique(
        np.column_stack([snapped.row, snapped.share]), axis=0, return_inverse=True
    )
    on_row = stations[:, 0].astype(np.int64)
    share = stations[:, 1]
    node = arcs.n_nodes + np.arange(len(stations))
    # At the very end of a road the place is the node there.
    node = np.where(share <= 0, roads["from_node"].to_numpy()[on_row], node)
    node = np.where(share >= 1, roads["to_node"].to_numpy()[on_row], node)
    is_inside = (share > 0) & (share < 1)
    tail, head, time_us = [arcs.tail], [arcs.head], [arcs.drive_us + arcs.delay_us]
    is_cut = np.isin(arcs.row, on_row[is_inside])
    for array in (tail, head, time_us):
        array[0] = array[0][~is_cut]
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
        tail.append(stops[:-1])
        head.append(stops[1:])
        time_us.append(np.maximum(1, times))
    return Split(
        np.concatenate(tail),
        np.concatenate(head),
        np.concatenate(time_us),
        node[station_of.reshape(-1)],
    )
