"""Areas made light enough to draw, borders still shared, and the colours they are drawn in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import networkx as nx
import numpy as np
import shapely

from cluster_optimiser.optimise.colours import Colouring, stable_colours

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.domain import Result

PALETTE = ("#fef5dc", "#c3e4f6", "#5a9b89", "#dfb05d", "#a382ce")
"""Five fills, at least 20 apart (CIEDE2000) from one another in ordinary sight and in simulated
protanopia, deuteranopia and tritanopia; dark text can be read on each (contrast over 4.5)."""

EXEMPT_COLOUR = "#3b4650"
"""Schools of clusters that have no ground of their own."""

MIN_DRAWN_M2 = 50_000.0
"""Pieces under this are left out of drawings, unless an area has no larger one."""

MIN_BORDER_M = 1.0
"""Shared border that makes two areas touch on a map; less is a corner."""


def _large_pieces(shape: BaseGeometry) -> BaseGeometry:
    pieces = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and not p.is_empty]
    large = [piece for piece in pieces if piece.area >= MIN_DRAWN_M2]
    if not large:
        large = [max(pieces, key=lambda piece: piece.area)] if pieces else []
    return large[0] if len(large) == 1 else shapely.MultiPolygon(large)


def drawable(areas: gpd.GeoSeries, *, tolerance_m: float) -> gpd.GeoSeries:
    """Simplify areas together, so that neighbours keep their border in common."""
    kept = areas[~(areas.isna() | areas.is_empty)]
    shapes = shapely.coverage_simplify(kept.to_numpy(), tolerance_m)
    light = kept.copy()
    light[:] = [_large_pieces(shape) for shape in shapes]
    return light


def largest_part(shape: BaseGeometry) -> shapely.Polygon:
    largest: shapely.Polygon = max(shapely.get_parts(shape), key=lambda part: part.area)
    return largest


def touching(areas: gpd.GeoSeries, *, links: Iterable[tuple[str, str]] = ()) -> nx.Graph:
    """Give which areas meet along a line, or are linked."""
    kept = areas[~(areas.isna() | areas.is_empty)]
    names, shapes = kept.index.to_numpy(), kept.to_numpy()
    graph = nx.Graph()
    graph.add_nodes_from(names.tolist())
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = left < right
    left, right = left[pairs], right[pairs]
    shared = shapely.length(shapely.intersection(shapes[left], shapes[right]))
    for i in np.flatnonzero(shared > MIN_BORDER_M):
        graph.add_edge(names[left[i]], names[right[i]])
    graph.add_edges_from((a, b) for a, b in links if a != b and a in graph and b in graph)
    return graph


@dataclass(frozen=True, slots=True)
class PlanColours:
    """Colours of today's clusters and of a plan's, by index into the palette."""

    today: Colouring  # today's geographic cluster -> colour
    plan: Colouring  # the plan's cluster -> colour; exempt clusters have none


_COLOURED: WeakKeyDictionary[Result, PlanColours] = WeakKeyDictionary()


def plan_colours(result: Result) -> PlanColours:
    """Colour a plan so that as many pupils as can be keep the colour of today's map.

    Once for all files that are made of a result.
    """
    found = _COLOURED.get(result)
    if found is None:
        found = _COLOURED[result] = _coloured(result)
    return found


def _coloured(result: Result) -> PlanColours:
    problem = result.problem
    schools = problem.authority.schools
    clusters = result.score.clusters.set_index("cluster").geometry
    new_of: pd.Series = result.plan.assignment.reindex(problem.unit_of.index)
    unit_cluster = dict(zip(problem.unit_of, new_of, strict=True))
    links = [
        (unit_cluster[a], unit_cluster[b])
        for a, b in problem.dual.edges
        if a in unit_cluster and b in unit_cluster
    ]
    today, plan = stable_colours(
        [touching(problem.territory.clusters.geometry), touching(clusters, links=links)],
        [schools["local_cluster"], result.plan.assignment],
        schools["pupils"],
    )
    return PlanColours(today, plan)
