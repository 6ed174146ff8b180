"""Which areas are neighbours: shared boundaries and the dual graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd

    from cluster_optimiser.scenario import Contiguity

SNAP_M = 1.0
"""Borders drawn within this distance of each other count as one: files drawn by hand have gaps."""

END_ALLOWANCE_M = 4 * SNAP_M
"""What the snapping may add at the two ends of a shared border, taken off again."""


def shared_boundaries(areas: gpd.GeoSeries) -> dict[tuple[str, str], float]:
    """Measure the boundary that every two areas share.

    The exact common boundary where borders are drawn alike; where they differ by up to `SNAP_M`,
    the length of the one within that distance of the other, less what the snapping adds at the
    ends.

    Parameters
    ----------
    areas
        Polygons in EPSG:27700, the index naming them.

    Returns
    -------
    (first, second), in the order of the index, -> metres; pairs that share none are left out.
    """
    shapes = areas.to_numpy()
    names = list(areas.index)
    tree = shapely.STRtree(shapes)
    left, right = tree.query(shapes, predicate="dwithin", distance=SNAP_M)
    keep = left < right
    left, right = left[keep], right[keep]
    borders = shapely.boundary(shapes)
    near = shapely.buffer(shapes, SNAP_M)
    exact_m = shapely.length(shapely.intersection(borders[left], borders[right]))
    snapped_m = shapely.length(shapely.intersection(borders[left], near[right])) - END_ALLOWANCE_M
    shared_m = np.maximum(exact_m, snapped_m)
    return {
        (names[i], names[j]): float(metres)
        for i, j, metres in sorted(zip(left, right, shared_m, strict=True))
        if metres > 0
    }


def dual_graph(
    names: Iterable[str], shared_m: Mapping[tuple[str, str], float], contiguity: Contiguity
) -> tuple[nx.Graph, tuple[str, ...]]:
    """Make the graph of adjacent areas.

    Parameters
    ----------
    names
        The areas.
    shared_m
        Shared boundary in metres of pairs of areas.
    contiguity
        The least shared boundary, links and barriers.

    Returns
    -------
    The graph, edges carrying ``shared_m``; and what a person should know: which links and barriers
    changed something, which changed nothing, which touching pairs fell under the least boundary.
    """
    graph = nx.Graph()
    graph.add_nodes_from(names)
    notes = []
    for (a, b), metres in shared_m.items():
        if metres >= contiguity.min_shared_m:
            graph.add_edge(a, b, shared_m=metres)
        else:
            notes.append(
                f"{a} and {b} touch along {metres:.0f} m only and do not count as adjacent"
            )
    for a, b in contiguity.barriers:
        if graph.has_edge(a, b):
            graph.remove_edge(a, b)
            notes.append(f"{a} and {b} touch but do not count as adjacent: a stated barrier")
        else:
            notes.append(f"the barrier {a} - {b} changes nothing: they are not adjacent")
    for a, b in contiguity.links:
        if graph.has_edge(a, b):
            notes.append(f"the link {a} - {b} changes nothing: they are adjacent")
        else:
            graph.add_edge(a, b, shared_m=shared_m.get((a, b), shared_m.get((b, a), 0.0)))
            notes.append(f"{a} and {b} count as adjacent: a stated link")
    return graph, tuple(notes)


def merged_graph(graph: nx.Graph, groups: Mapping[str, Sequence[str]]) -> nx.Graph:
    """Make the dual graph of areas that are groups of a dual graph's nodes.

    Parameters
    ----------
    graph
        The dual graph, edges carrying ``shared_m``.
    groups
        Name of each new area -> the nodes it is made of.

    Returns
    -------
    The graph of the groups; the boundary of two groups is the sum over their adjacent nodes.
    """
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
