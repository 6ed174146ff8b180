"""Reading road networks that osmnx has saved as GraphML."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import numpy as np
import shapely

from cluster_optimiser.constants import CRS_DEGREES
from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.roads.area import EVERYWHERE
from cluster_optimiser.inputs.roads.network import Ways
from cluster_optimiser.inputs.roads.tags import USEFUL_TAGS, read_tags

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import networkx as nx
    from shapely.geometry.base import BaseGeometry

GRAPHML_SUFFIXES = (".graphml",)

_LENGTH_DECIMALS = 2
"""Two edges of the same way between the same nodes are its two directions if as long to here."""

Key = tuple[int, int, tuple[int, ...], float]


def read_graphml(path: Path, *, into: Ways | None = None) -> tuple[Ways, str]:
    """Read a network that osmnx has saved, and the day it was made: each edge as a way."""
    graph, ways = _open(path), into or Ways()
    pairs: defaultdict[Key, list[tuple[int, int, dict[str, Any]]]] = defaultdict(list)
    for a, b, data in graph.edges(data=True):
        numbers = tuple(sorted(np.atleast_1d(data.get("osmid", 0)).astype(np.int64).tolist()))
        length_m = round(float(data["length"]), _LENGTH_DECIMALS)
        pairs[min(a, b), max(a, b), numbers, length_m].append((a, b, data))
    between = -1 - sum(number < 0 for number in ways.places)
    for node, data in graph.nodes(data=True):
        ways.add_node(int(node), data)
    for way, (a, b, data, is_two_way) in enumerate(
        (found for key in sorted(pairs) for found in _directions(pairs[key])),
        max(ways.tags, default=-1) + 1,
    ):
        tags = read_tags(_tags(data, is_two_way=is_two_way))
        if tags is not None:
            line = shapely.get_coordinates(_line(graph, a, b, data)).tolist()
            nodes = [a, *range(between, between - len(line) + 2, -1), b]
            between -= len(line) - 2
            placed = [(int(n), *at) for n, at in zip(nodes, line, strict=True)]
            ways.add_way(way, tags, placed, EVERYWHERE.box)
    return ways, str(graph.graph.get("created_date", ""))[:10]


def _open(path: Path) -> nx.MultiDiGraph:
    import osmnx  # noqa: PLC0415 - a second, and only these files need it
    from networkx import NetworkXError  # noqa: PLC0415

    try:
        graph = osmnx.io.load_graphml(path)
        if str(graph.graph["crs"]).lower() != CRS_DEGREES.lower():
            graph = osmnx.projection.project_graph(graph, to_latlong=True)
        for _, data in graph.nodes(data=True):
            float(data["x"]), float(data["y"])
        for _, _, data in graph.edges(data=True):
            float(data["length"])
    except (NetworkXError, ParseError, KeyError, ValueError, TypeError, OSError) as error:
        problem = f"the file cannot be read as a network that osmnx has saved: {error!r}"
        remedy = "Save it with osmnx.save_graphml, or use the .osm or .osm.pbf file."
        raise InputError.of(path, problem, remedy) from None
    return graph


def _directions(
    edges: list[tuple[int, int, dict[str, Any]]],
) -> list[tuple[int, int, dict[str, Any], bool]]:
    """Pair the edges of a road that go there with those that come back."""
    # The halves of a small roundabout look like there and back, but for what osmnx says of them.
    single = [edge for edge in edges if edge[2].get("oneway") is True]
    open_both = [edge for edge in edges if edge[2].get("oneway") is not True]
    there = [edge for edge in open_both if edge[0] <= edge[1]]
    back = [edge for edge in open_both if edge[0] > edge[1]]
    n_both = min(len(there), len(back))
    return [
        *((*edge, True) for edge in there[:n_both]),
        *((*edge, False) for edge in [*single, *there[n_both:], *back[n_both:]]),
    ]


def _tags(data: Mapping[str, Any], *, is_two_way: bool) -> dict[str, str]:
    tags = {}
    for key in USEFUL_TAGS:
        value = data.get(key)
        if isinstance(value, list):
            tags[key] = ";".join(map(str, value)) if "maxspeed" in key else str(value[0])
        elif value is not None:
            tags[key] = str(value)
    # Which way an edge goes is in the graph itself, and its limit is in maxspeed already.
    tags.pop("oneway:motor_vehicle", None)
    tags["oneway"] = "no" if is_two_way else "yes"
    return tags


def _line(graph: nx.MultiDiGraph, a: int, b: int, data: Mapping[str, Any]) -> BaseGeometry:
    drawn = data.get("geometry")
    if drawn is not None:
        return drawn  # type: ignore[no-any-return]
    ends = [(float(graph.nodes[node]["x"]), float(graph.nodes[node]["y"])) for node in (a, b)]
    return shapely.LineString(ends)
