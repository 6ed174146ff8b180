"""TopoJSON as map makers write it: whole numbers and a transform, an arc for each ring."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd

STEP = 1e-7


def topology_of(frame: gpd.GeoDataFrame, *names: str) -> dict[str, object]:
    """Give polygons without holes as a topology in degrees, one object of them for each name."""
    frame = frame.to_crs("EPSG:4326").explode()
    west, south, _, _ = frame.total_bounds
    arcs: list[list[list[int]]] = []
    shapes = []
    columns = frame.drop(columns="geometry").to_dict("records")
    for shape, properties in zip(frame.geometry, columns, strict=True):
        at = [
            (round((x - west) / STEP), round((y - south) / STEP)) for x, y in shape.exterior.coords
        ]
        steps = [[b[0] - a[0], b[1] - a[1]] for a, b in itertools.pairwise(at)]
        shapes.append({"type": "Polygon", "arcs": [[len(arcs)]], "properties": properties})
        arcs.append([[*at[0]], *steps])
    one = {"type": "GeometryCollection", "geometries": shapes}
    transform = {"scale": [STEP, STEP], "translate": [west, south]}
    return {
        "type": "Topology", "transform": transform, "arcs": arcs,
        "objects": dict.fromkeys(names or ("areas",), one),
    }  # fmt: skip


def topojson(frame: gpd.GeoDataFrame, *names: str) -> str:
    """Give the same as text."""
    return json.dumps(topology_of(frame, *names))
