"""Where roads are wanted, and how much of it has any: an authority with a margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from cluster_optimiser.constants import CRS_DEGREES, CRS_METRES, METRES_PER_KM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.domain import Authority, RoadNetwork

Box = tuple[float, float, float, float]
"""West, south, east and north in degrees."""


OUTLINE_DETAIL_M = 100.0
"""To this the margin's edge is simplified: it is a margin."""

SQUARE_M = 2_000.0
"""Side of the squares by which is told where a map has roads."""


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """Where roads are wanted."""

    within: BaseGeometry | None
    box: Box  # its box in degrees
    crs: str = CRS_METRES  # that it is in, and roads are to be in


def area_around(authority: Authority, *, margin_km: float) -> Area:
    outline = shapely.simplify(authority.outline, OUTLINE_DETAIL_M)
    within = shapely.buffer(outline, margin_km * METRES_PER_KM + OUTLINE_DETAIL_M)
    west, south, east, north = (
        gpd.GeoSeries([within], crs=authority.crs).to_crs(CRS_DEGREES).total_bounds
    )
    return Area(within, (float(west), float(south), float(east), float(north)), authority.crs)


EVERYWHERE = Area(None, (-180.0, -90.0, 180.0, 90.0))


def coverage(network: RoadNetwork, authority: Authority, *, margin_km: float) -> gpd.GeoDataFrame:
    """Tell of each square of the authority and its margin whether the map has a road in it."""
    outline = shapely.simplify(authority.outline, OUTLINE_DETAIL_M)
    wide = shapely.buffer(outline, margin_km * METRES_PER_KM)
    west, south, east, north = (np.array(wide.bounds) / SQUARE_M).tolist()
    x, y = np.meshgrid(np.arange(np.floor(west), east), np.arange(np.floor(south), north))
    squares = shapely.box(x, y, x + 1, y + 1).ravel()
    squares = shapely.transform(squares, lambda xy: xy * SQUARE_M)
    shapely.prepare([wide, outline])
    squares = squares[shapely.intersects(wide, squares)]
    has_road = np.zeros(len(squares), dtype=bool)
    lines = network.roads.geometry.to_numpy()[~network.roads["is_ferry"].to_numpy(dtype=bool)]
    has_road[shapely.STRtree(squares).query(lines, predicate="intersects")[1]] = True
    columns = {"is_inside": shapely.intersects(outline, squares), "has_road": has_road}
    return gpd.GeoDataFrame(columns, geometry=squares, crs=authority.crs)


def coverage_facts(network: RoadNetwork, authority: Authority, margin_km: float) -> dict[str, str]:
    """Give the shares of squares with roads, and those without, as a road file keeps them."""
    squares = coverage(network, authority, margin_km=margin_km)
    shares = squares.groupby("is_inside")["has_road"].mean()
    corners = squares.geometry[~squares["has_road"]].bounds[["minx", "miny"]] / METRES_PER_KM
    return {
        **{
            f"{name}_share": f"{shares[inside]:.3f}" if inside in shares else ""
            for name, inside in (("outline", True), ("margin", False))
        },
        BARE: " ".join(f"{x:.0f},{y:.0f}" for x, y in corners.to_numpy()),
    }


BARE = "bare_squares_km"
"""The fact that names squares without roads by their south-west corners."""


def bare_squares(about: Mapping[str, str]) -> BaseGeometry:
    """Give the ground without roads that a road file tells of; empty if it tells of none."""
    corners = [tuple(map(float, text.split(","))) for text in about.get(BARE, "").split()]
    x, y = np.array(corners or np.empty((0, 2))).T * METRES_PER_KM
    return shapely.union_all(shapely.box(x, y, x + SQUARE_M, y + SQUARE_M))
