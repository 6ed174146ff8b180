"""Which areas are neighbours: shared boundaries and the dual graph."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import shapely

from cluster_optimiser.geography.travel import drive_between
from cluster_optimiser.scenario.numbers import SNAP_M

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from cluster_optimiser.arrays import Floats
    from cluster_optimiser.domain import TravelMinutes
    from cluster_optimiser.scenario import Contiguity


def shared_boundaries(
    areas: gpd.GeoSeries, *, snap_m: float = SNAP_M
) -> dict[tuple[str, str], float]:
    """Measure the boundary that every two areas share.

    The exact common boundary where borders are drawn alike; where they differ by up to `snap_m`,
    the length along which they run so close, see `_beside_m`.
    """
    shapes = areas.to_numpy()
    names = list(areas.index)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=snap_m)
    keep = left < right
    left, right = left[keep], right[keep]
    borders = shapely.boundary(shapes)
    shared_m = shapely.length(shapely.intersection(borders[left], borders[right]))
    if snap_m > 0:
        sides = [
            _beside_m(*_near_each_other(borders[one], shapes[one], shapes[other], snap_m))
            for one, other in ((left, right), (right, left))
        ]
        shared_m = np.maximum(shared_m, np.minimum(*sides))
    return {
        (names[i], names[j]): float(metres)
        for i, j, metres in sorted(zip(left, right, shared_m, strict=True))
        if metres > 0
    }


def _near_each_other(
    borders: NDArray[np.object_],
    shapes: NDArray[np.object_],
    others: NDArray[np.object_],
    snap_m: float,
) -> tuple[NDArray[np.object_], NDArray[np.object_], float]:
    """Cut what lies too far from the other of a pair to matter: most of a border does."""
    corners = np.stack([shapely.bounds(shapes), shapely.bounds(others)])
    west_south = corners[:, :, :2].max(axis=0) - 5 * snap_m
    east_north = corners[:, :, 2:].min(axis=0) + 5 * snap_m
    frames = shapely.box(*west_south.T, *east_north.T)
    return shapely.intersection(borders, frames), shapely.intersection(others, frames), snap_m


def _beside_m(borders: NDArray[np.object_], others: NDArray[np.object_], snap_m: float) -> Floats:
    """Measure along borders, piece by piece, how far each runs beside another area.

    A piece within `snap_m` of the other area counts less what it grows by when twice that distance
    is allowed: borders that run side by side grow by nothing, and what merely comes near, such as
    corners and teeth at whatever angle, grows by as much as it had.
    """
    close, wide = (shapely.buffer(others, times * snap_m) for times in (1, 2))
    found = shapely.line_merge(shapely.intersection(borders, wide))
    pieces, of_pair = shapely.get_parts(found, return_index=True)
    close_m = shapely.length(shapely.intersection(pieces, close[of_pair]))
    beside_m = 2 * close_m - shapely.length(pieces)
    counted = np.where(beside_m > snap_m, beside_m, 0.0)
    total = np.bincount(of_pair, weights=counted, minlength=len(borders))
    return np.asarray(total, dtype=np.float64)


def cluster_drives(
    shared_m: Mapping[tuple[str, str], float],
    schools: pd.DataFrame,
    travel: TravelMinutes,
    contiguity: Contiguity,
) -> dict[tuple[str, str], tuple[float, str]]:
    """Give the drive between every two of today's clusters that touch, where it matters."""
    if not contiguity.goes_by_drives:
        return {}
    local, names = schools["local_cluster"].to_numpy(), schools["name"].to_numpy()
    held = {area: np.flatnonzero(local == area) for pair in shared_m for area in pair}
    drives = {}
    for a, b in shared_m:
        drive = drive_between(travel.minutes, held[a], held[b])
        between = ""
        if drive.positions is not None:
            between = " and ".join(str(names[position]) for position in drive.positions)
        drives[a, b] = (drive.minutes, between)
    return drives


def with_pairs(
    shared_m: Mapping[tuple[str, str], float], pairs: Sequence[tuple[str, str]] | None
) -> Mapping[tuple[str, str], float]:
    """Give the borders of the neighbours that a file states, 0 m where they share none."""
    if pairs is None:
        return shared_m
    either = {frozenset(pair): metres for pair, metres in shared_m.items()}
    return {pair: either.get(frozenset(pair), 0.0) for pair in pairs}


def idle_and_useful(
    graph: nx.Graph, contiguity: Contiguity
) -> dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]]:
    """Part the barriers and the links into those that change a graph of neither and the others.

    Names that are no areas of the graph are schools': they come in when clusters are divided.
    """
    parted = {}
    for kind, pairs in {"barrier": contiguity.barriers, "link": contiguity.links}.items():
        known = [(a, b) for a, b in pairs if a in graph and b in graph]
        useful = [pair for pair in known if graph.has_edge(*pair) == (kind == "barrier")]
        parted[kind] = [pair for pair in known if pair not in useful], useful
    return parted


def dual_graph(
    names: Iterable[str],
    shared_m: Mapping[tuple[str, str], float],
    contiguity: Contiguity,
    drives: Mapping[tuple[str, str], tuple[float, str]] | None = None,
) -> tuple[nx.Graph, tuple[str, ...]]:
    if contiguity.goes_by_drives and drives is None:
        raise ValueError("a longest drive between neighbours is set, but no drives are given")
    drives = drives or {}
    graph = nx.Graph()
    graph.add_nodes_from(names)
    notes = []
    for (a, b), metres in shared_m.items():
        if contiguity.is_border(metres) or contiguity.file is not None:
            too_far = _too_far(contiguity, drives.get((a, b)))
            if too_far:
                notes.append(f"{a} and {b} touch but do not count as adjacent: {too_far}")
            else:
                graph.add_edge(a, b, shared_m=metres)
        else:
            notes.append(
                f"{a} and {b} touch along {metres:.0f} m only and do not count as adjacent"
            )
    for kind, (idle, useful) in idle_and_useful(graph, contiguity).items():
        is_link = kind == "link"
        are = "adjacent" if is_link else "not adjacent"
        notes += [f"the {kind} {a} - {b} changes nothing: they are {are}" for a, b in idle]
        for a, b in useful:
            if is_link:
                graph.add_edge(a, b, shared_m=shared_m.get((a, b), shared_m.get((b, a), 0.0)))
                notes.append(f"{a} and {b} count as adjacent: a stated link")
            else:
                graph.remove_edge(a, b)
                notes.append(f"{a} and {b} touch but do not count as adjacent: a stated barrier")
    return graph, tuple(notes)


def bridged(graph: nx.Graph, placed: Collection[str], contiguity: Contiguity) -> nx.Graph:
    """Make all areas adjacent that touch the same ground without a school, where that is asked."""
    if not contiguity.is_bridging:
        return graph
    joined = graph.copy()
    for empty in nx.connected_components(graph.subgraph(set(graph) - set(placed))):
        beside = sorted({name for area in empty for name in graph[area]} - empty)
        for a, b in combinations(beside, 2):
            if not joined.has_edge(a, b):
                joined.add_edge(a, b, shared_m=0.0)
    return joined


def _too_far(contiguity: Contiguity, drive: tuple[float, str] | None) -> str:
    """Say why a drive is too long; an empty string if it is not, or there is no limit."""
    minutes, between = drive if drive is not None else (math.nan, "")
    if contiguity.is_drive(minutes):
        return ""
    if math.isnan(minutes):
        return "no drive between a school of the one and a school of the other is known"
    return (
        f"the drive between their nearest schools ({between}) takes {minutes:.1f} minutes, "
        f"{contiguity.max_minutes:g} are allowed"
    )


def merged_graph(graph: nx.Graph, groups: Mapping[str, Sequence[str]]) -> nx.Graph:
    """Make the dual graph of areas that are groups of a dual graph's nodes."""
    group_of = {node: name for name, nodes in groups.items() for node in nodes}
    merged = nx.Graph()
    merged.add_nodes_from(groups)
    for a, b, metres in graph.edges(data="shared_m"):
        first, second = group_of.get(a), group_of.get(b)
        if first is None or second is None or first == second:
            continue
        before = merged.get_edge_data(first, second, {"shared_m": 0.0})["shared_m"]
        merged.add_edge(first, second, shared_m=before + metres)
    return merged
