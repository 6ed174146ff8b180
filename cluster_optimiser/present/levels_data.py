"""What the page's script needs to switch one map between levels that fit into each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
import shapely

from cluster_optimiser.comparison.levels import above
from cluster_optimiser.present.shapes import PALETTE
from cluster_optimiser.words import is_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.domain import Result


def _colours(shapes: Sequence[BaseGeometry]) -> list[int]:
    """Colour areas so that neighbours differ; -1, which is white, where the colours run out."""
    graph = nx.Graph()
    graph.add_nodes_from(range(len(shapes)))
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    graph.add_edges_from((int(a), int(b)) for a, b in zip(left, right, strict=True) if a < b)
    found = nx.greedy_color(graph, strategy="DSATUR")
    return [found[i] if found[i] < len(PALETTE) else -1 for i in range(len(shapes))]


def _area(
    upper: Result, spot: Callable[[BaseGeometry | None], list[int] | None]
) -> dict[str, Any] | None:
    """Put the groupings of each area together, so that areas are drawn and counted like clusters.

    A cluster without ground of its own stands for itself, after the areas.
    """
    layers = upper.problem.scenario.required_layers
    clusters = upper.score.clusters
    is_exempt = clusters["is_exempt"].astype(bool)
    if not layers or clusters.loc[~is_exempt, f"home_{layers[0]}"].map(is_unknown).any():
        return None
    homes = clusters[f"home_{layers[0]}"].astype(str).where(~is_exempt)
    areas = sorted(homes.dropna().unique())
    names = [*areas, *clusters.loc[is_exempt, "cluster"].astype(str)]
    at = {name: i for i, name in enumerate(names)}
    shapes = [shapely.union_all(clusters.geometry[homes == area].to_numpy()) for area in areas]
    return {
        "names": names,
        "of": [at[str(key)] for key in homes.fillna(clusters["cluster"])],
        "exempt": list(range(len(areas), len(names))),
        "colour": [*_colours(shapes), *[-1] * int(is_exempt.sum())],
        "spots": [*(spot(shape) for shape in shapes), *[None] * int(is_exempt.sum())],
    }


def levels_data(
    results: Sequence[Result], spot: Callable[[BaseGeometry | None], list[int] | None]
) -> list[dict[str, Any]]:
    """Say which options are the levels of one nested plan, and what lies above them."""
    today = next(
        (i for i, r in enumerate(results) if r.problem.scenario.method == "keep"),
        -1,
    )
    found = []
    for lower, result in enumerate(results):
        upper = above(result, results)
        if upper is None:
            continue
        at = next(i for i, other in enumerate(results) if other is upper)
        layers, titles = upper.problem.scenario.required_layers, upper.problem.authority.layers
        found.append(
            {
                "lower": lower,
                "upper": at,
                "today": today,
                "area": _area(upper, spot),
                "area_title": titles[layers[0]].title if layers else "",
            }
        )
    return found
