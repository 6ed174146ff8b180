"""What of a map lies under the areas that readers look at, so that they see where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from cluster_optimiser.constants import CRS_DEGREES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

BUILT_UP = ("residential", "commercial", "retail", "industrial")

SHOWN = {
    "waterway": {"river": "water", "canal": "water"},
    "railway": {"rail": "railway"},
    "landuse": dict.fromkeys(BUILT_UP, "built_up"),
}
"""Tag -> its value -> what of a backdrop it is."""

KINDS = ("built_up", "water", "railway", "main_road")
"""What a backdrop has, the lowest first."""

MAIN_CLASSES = ("motorway", "trunk", "primary")

DETAIL_M = 25.0
"""To this lines are drawn, or coarser where there are very many."""

MOST_POINTS = 8_000
"""A map is read, not measured on: so many points are some tens of kilobytes."""

LEAST_BUILT_UP_M2 = 100_000.0
"""Smaller grounds are hamlets."""

GAP_M = 60.0
"""Built-up grounds on the two sides of a road are one."""


def shown_kind(tags: Mapping[str, str]) -> str:
    """Give what of a backdrop a way is; an empty string for nothing."""
    if tags.get("service") or tags.get("tunnel") in {"yes", "culvert"}:
        return ""
    found = (SHOWN[key].get(tags[key], "") for key in SHOWN if key in tags)
    return next(filter(None, found), "")


def shown_shape(kind: str, places: list[tuple[float, float]]) -> BaseGeometry | None:
    """Give the shape of a way: ground where it is built up, else a line; None where it is cut."""
    if kind != "built_up":
        return shapely.LineString(places) if len(places) > 1 else None
    is_ring = len(places) > 3 and places[0] == places[-1]  # noqa: PLR2004 - as a triangle has
    return shapely.Polygon(places) if is_ring else None


def make_backdrop(
    shown: Mapping[int, tuple[str, BaseGeometry]],
    roads: gpd.GeoDataFrame,
    within: BaseGeometry | None,
) -> gpd.GeoDataFrame:
    """Give one shape of each kind, cut to an area and drawn as coarsely as readers can bear."""
    ways = gpd.GeoDataFrame(
        {"kind": [kind for kind, _ in shown.values()]},
        geometry=[shape for _, shape in shown.values()],
        crs=CRS_DEGREES,
    ).to_crs(roads.crs)
    shapes = {kind: ways.geometry[ways["kind"] == kind].to_numpy() for kind in KINDS}
    is_main = roads["road_class"].isin(MAIN_CLASSES) & ~roads["is_link"].astype(bool)
    shapes["main_road"] = roads.geometry[is_main].to_numpy()
    made = {kind: _joined(kind, shape) for kind, shape in shapes.items() if len(shape)}
    if within is not None:
        made = {kind: shape.intersection(within) for kind, shape in made.items()}
    detail_m, drawn = DETAIL_M, made
    while True:
        drawn = {kind: shapely.simplify(shape, detail_m) for kind, shape in made.items()}
        if sum(map(shapely.get_num_coordinates, drawn.values())) <= MOST_POINTS:
            break
        detail_m *= 1.5
    drawn = {kind: shape for kind, shape in drawn.items() if not shape.is_empty}
    return gpd.GeoDataFrame({"kind": list(drawn)}, geometry=list(drawn.values()), crs=roads.crs)


def _joined(kind: str, shapes: NDArray[np.object_]) -> BaseGeometry:
    if kind != "built_up":
        return shapely.line_merge(shapely.union_all(shapes))
    valid = np.array([shapely.make_valid(shape) for shape in shapes], dtype=object)
    grounds = shapely.buffer(shapely.union_all(shapely.buffer(valid, GAP_M / 2)), -GAP_M / 2)
    parts = np.atleast_1d(shapely.get_parts(grounds))
    kept: BaseGeometry = shapely.MultiPolygon(
        [part for part in parts if part.area >= LEAST_BUILT_UP_M2]
    )
    return kept
