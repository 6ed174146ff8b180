"""Main roads, water, railways and built-up ground below the areas of every map."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import shapely

from cluster_optimiser.inputs.roads.store import read_backdrop
from cluster_optimiser.present.mosaic import flat_steps

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from cluster_optimiser.domain import Authority
    from cluster_optimiser.present.mosaic import Grid

LOOK = {
    "built_up": {"stroke": False, "fill": True, "fillColor": "#22303a", "fillOpacity": 0.14},
    "water": {"color": "#1b5c8a", "weight": 1.4, "opacity": 0.85},
    "railway": {"color": "#22303a", "weight": 1.1, "opacity": 0.8, "dashArray": "6 3"},
    "main_road": {"color": "#7a3f00", "weight": 1.5, "opacity": 0.75},
}
"""How each kind is drawn, as Leaflet names it, the lowest first."""


@lru_cache(maxsize=8)
def _read(file: Path, sha256: str) -> gpd.GeoDataFrame | None:
    del sha256  # of the bytes: another file under the same name is read again
    return read_backdrop(file)


def backdrop_of(authority: Authority) -> dict[str, gpd.GeoSeries]:
    """Give what lies below an authority's areas, by kind; nothing without a road file."""
    spec = authority.travel.roads
    found = None if spec is None else _read(spec.file, spec.sha256)
    if found is None:
        return {}
    shapes = {kind: found.geometry[found["kind"] == kind] for kind in LOOK}
    return {kind: shape for kind, shape in shapes.items() if len(shape)}


def backdrop_data(authority: Authority, grid: Grid) -> list[list[object]]:
    """Write each kind as its look and its lines on the grid of the page."""
    made: list[list[object]] = []
    for kind, shapes in backdrop_of(authority).items():
        parts = shapely.get_parts(shapes.to_numpy())
        rings = [p.exterior if p.geom_type == "Polygon" else p for p in parts]
        lines = [flat_steps(grid.place(shapely.get_coordinates(ring)).tolist()) for ring in rings]
        made.append([kind, LOOK[kind], lines])
    return made
