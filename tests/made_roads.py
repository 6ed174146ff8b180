"""A made road network: its places are given, its roads are invented. Nothing in it is real."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import numpy as np
import shapely
from pyproj import Transformer
from scipy.spatial import Delaunay

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

KINDS = (
    {"highway": "primary", "maxspeed": "GB:nsl_single"},
    {"highway": "secondary", "maxspeed": "national"},
    {"highway": "tertiary", "maxspeed": "40 mph"},
    {"highway": "tertiary"},
    {"highway": "unclassified"},
    {"highway": "unclassified"},
    {"highway": "residential", "maxspeed": "20 mph;30 mph"},
    {"highway": "residential", "lit": "yes"},
)
"""Tags that made roads have, in turn; the first are given to the longest roads."""

BEND_SHARE = 0.1
"""How far the middle of a made road is off the straight line."""


def made_network(
    places: NDArray[np.float64], *, n_more: int, seed: int, water: BaseGeometry | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Make junctions and the roads between them.

    Places get a junction each beside them, up to 200 m off; more are strewn between. Roads are the
    edges of a triangulation that have no other junction in the circle over them, so that they look
    like roads; none crosses water.
    """
    rng = np.random.default_rng(seed)
    low, high = places.min(axis=0), places.max(axis=0)
    beside = places + rng.uniform(-150, 150, places.shape)
    xy = np.vstack([beside, rng.uniform(low, high, (n_more, 2))])
    triangles = Delaunay(xy).simplices
    pairs = np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    middle = xy[pairs].mean(axis=1)
    radius = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T) / 2
    tree = shapely.STRtree(shapely.points(xy))
    circles = shapely.buffer(shapely.points(middle), radius * 0.99)
    inside = np.bincount(tree.query(circles, predicate="intersects")[0], minlength=len(pairs))
    pairs = pairs[inside == 0]
    if water is not None:
        lines = shapely.linestrings(xy[pairs])
        pairs = pairs[~shapely.intersects(lines, water)]
    return xy, pairs


def write_made_osm(
    path: Path,
    places: NDArray[np.float64],
    *,
    n_more: int,
    seed: int,
    water: BaseGeometry | None = None,
) -> None:
    """Write a made network as OSM XML; places are in EPSG:27700."""
    xy, pairs = made_network(places, n_more=n_more, seed=seed, water=water)
    rng = np.random.default_rng(seed)
    length = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    across = np.column_stack([-(xy[pairs[:, 1]] - xy[pairs[:, 0]])[:, 1], length])
    across[:, 1] = (xy[pairs[:, 1]] - xy[pairs[:, 0]])[:, 0]
    bends = xy[pairs].mean(axis=1) + across * rng.uniform(-BEND_SHARE, BEND_SHARE, (len(pairs), 1))
    to_degrees = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(*np.vstack([xy, bends]).T)
    order = np.argsort(np.argsort(-length)) * len(KINDS) // max(len(length), 1)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="made">']
    lines += [
        f'<node id="{i}" lat="{y:.7f}" lon="{x:.7f}" version="1"/>'
        for i, (x, y) in enumerate(zip(lon, lat, strict=True), start=1)
    ]
    for i, (a, b) in enumerate(pairs.tolist()):
        nodes = (a + 1, len(xy) + i + 1, b + 1)
        refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
        tags = {**KINDS[int(order[i])], "name": f"Made Road {i + 1}"}
        if i % 40 == 7:  # a few are one-way
            tags["oneway"] = "yes"
        written = "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())
        lines.append(f'<way id="{i + 1}" version="1">{refs}{written}</way>')
    path.write_text("\n".join([*lines, "</osm>", ""]), encoding="utf-8")
