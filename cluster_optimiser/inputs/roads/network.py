"""Stretches of road between junctions, made of the ways of a map."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod, Transformer

from cluster_optimiser.constants import CRS_DEGREES, CRS_METRES
from cluster_optimiser.domain import RoadNetwork
from cluster_optimiser.inputs.roads.backdrop import make_backdrop, shown_kind, shown_shape
from cluster_optimiser.inputs.roads.tags import RoadTags, is_closed_barrier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.arrays import Bools, Ints
    from cluster_optimiser.inputs.roads.area import Box

N_UNREAD_LIMITS = 10
"""Texts of limits that could not be read, the most frequent first, that are kept for people."""

ATTRIBUTION = "© OpenStreetMap contributors, Open Database Licence (ODbL) 1.0"
"""What the licence of the data asks to be said wherever something made of it is shown."""

SPHERE = Geod(a=6_371_009, b=6_371_009)
"""As osmnx has it, so that its lengths and ours are the same."""

FLAGS = ("is_link", "is_dual", "is_roundabout", "is_ferry", "is_one_way")

NEWER = ("limit_back_kmh", "signals", "signals_back")
"""Columns that road files of before 2026-11 do not have."""

COLUMNS = (
    *("from_node", "to_node", "way", "length_m", "name", "road_class"),
    *(*FLAGS, "limit_kmh", "limit_from", "ferry_min", *NEWER),
)
"""Columns of the layer ``roads``, besides the line."""

TURN_COLUMNS = ("from_way", "node", "to_way", "is_only")


@dataclass(slots=True)
class Ways:
    """The drivable ways of a map, as read; of one file or of several that overlap."""

    places: dict[int, tuple[float, float]] = field(default_factory=dict)
    segments: list[tuple[int, int, int]] = field(default_factory=list)
    tags: dict[int, RoadTags] = field(default_factory=dict)  # way -> what its tags say
    closed: set[int] = field(default_factory=set)  # nodes with a barrier that stops cars
    signals: dict[int, str] = field(default_factory=dict)  # node -> direction that they are for
    turns: set[tuple[int, int, int, bool]] = field(default_factory=set)
    unread_turns: set[int] = field(default_factory=set)  # relations, such as over a way
    shown: dict[int, tuple[str, BaseGeometry]] = field(default_factory=dict)  # of the backdrop

    def add_node(self, node: int, tags: Mapping[str, str]) -> None:
        if is_closed_barrier(tags):
            self.closed.add(node)
        if tags.get("highway") == "traffic_signals":
            self.signals[node] = tags.get("traffic_signals:direction", "both")

    def add_way(
        self, way: int, tags: RoadTags, nodes: Iterable[tuple[int, float, float] | None], box: Box
    ) -> bool:
        """Add a way that comes into a box, without nodes that are None; False if all are."""
        west, south, east, north = box
        pieces: list[list[int]] = [[]]
        places: dict[int, tuple[float, float]] = {}
        for node in nodes:
            if node is None:
                # Extracts are cut: what lies beyond has no place.
                pieces.append([])
                continue
            places[node[0]] = node[1:]
            pieces[-1].append(node[0])
        if any(west <= lon <= east and south <= lat <= north for lon, lat in places.values()):
            self.places.update(places)
            self.tags[way] = tags
            for piece in pieces:
                self.segments += [(a, b, way) for a, b in pairwise(piece) if a != b]
        return bool(places)

    def show(
        self,
        way: int,
        tags: Mapping[str, str],
        nodes: Iterable[tuple[int, float, float] | None],
        box: Box,
    ) -> None:
        """Note a way that a map shows without its being a road, if it comes into a box."""
        kind, (west, south, east, north) = shown_kind(tags), box
        places = [node[1:] for node in nodes if node is not None] if kind else []
        if any(west <= lon <= east and south <= lat <= north for lon, lat in places):
            shape = shown_shape(kind, places)
            if shape is not None:
                self.shown[way] = kind, shape

    def add_restriction(
        self, relation: int, tags: Mapping[str, str], members: Iterable[tuple[str, int, str]]
    ) -> None:
        """Add a restriction of turns; members are kind (n, w, r), number and role."""
        kind = tags.get("restriction:motorcar", tags.get("restriction", ""))
        if "motorcar" in tags.get("except", "").split(";"):
            return
        of_role: dict[str, list[tuple[str, int]]] = {"from": [], "via": [], "to": []}
        for letter, number, role in members:
            of_role.setdefault(role, []).append((letter, number))
        if not kind.startswith(("no_", "only_")) or [v[0] for v in of_role["via"]] != ["n"]:
            # Over a way, or at certain hours.
            self.unread_turns.add(relation)
            return
        node, is_only = of_role["via"][0][1], kind.startswith("only_")
        self.turns |= {(a, node, b, is_only) for _, a in of_role["from"] for _, b in of_role["to"]}


def build_network(
    ways: Ways,
    about: Mapping[str, str],
    *,
    within: BaseGeometry | None = None,
    crs: str = CRS_METRES,
) -> RoadNetwork:
    """Put the pieces of ways together to stretches between junctions."""
    # A way that two files or tiles share is read twice.
    segments = np.array(sorted(set(ways.segments)), dtype=np.int64).reshape(-1, 3)
    numbers, ends = np.unique(segments[:, :2], return_inverse=True)
    ends = ends.reshape(-1, 2)
    is_closed = np.isin(numbers, np.fromiter(ways.closed, dtype=np.int64, count=len(ways.closed)))
    chains = _chains(ends, segments[:, 2], _interior(ends, segments[:, 2], is_closed))
    roads = _frame(chains, ends, segments[:, 2], numbers, ways, crs)
    roads = _open_ended(roads, is_closed)
    if within is not None:
        roads = roads[roads.intersects(within)]
    kept, compact = np.unique(roads[["from_node", "to_node"]].to_numpy(), return_inverse=True)
    roads[["from_node", "to_node"]] = compact.reshape(-1, 2)
    unread = Counter(tags.limit_text for tags in ways.tags.values() if tags.limit_text)
    often = sorted(unread.items(), key=lambda item: (-item[1], item[0]))[:N_UNREAD_LIMITS]
    facts = {
        **about,
        "attribution": ATTRIBUTION,
        "unread_limits": "; ".join(f"{text} ({n})" for text, n in often),
        "unread_turns": str(len(ways.unread_turns)),
    }
    turns = _turns(ways, numbers[kept[kept < len(numbers)]])
    roads = roads.reset_index(drop=True)
    return RoadNetwork(roads, facts, turns, make_backdrop(ways.shown, roads, within))


def _turns(ways: Ways, numbers: Ints) -> pd.DataFrame:
    """Give the turns at nodes that the network has, by their new numbers."""
    turns = pd.DataFrame(sorted(ways.turns), columns=list(TURN_COLUMNS))
    turns = turns.astype({"from_way": "int64", "node": "int64", "to_way": "int64"})
    turns["is_only"] = turns["is_only"].astype(bool)
    turns = turns[turns["node"].isin(numbers) & turns["to_way"].isin(ways.tags)]
    return turns.assign(node=np.searchsorted(numbers, turns["node"])).reset_index(drop=True)


def _interior(ends: Ints, way: Ints, is_closed: Bools) -> Bools:
    """Tell which nodes lie inside a stretch: one way comes and goes, and nothing else is there."""
    n = len(is_closed)
    coming, going = np.bincount(ends[:, 1], minlength=n), np.bincount(ends[:, 0], minlength=n)
    way_in, way_out = np.full(n, -1, dtype=np.int64), np.full(n, -2, dtype=np.int64)
    way_in[ends[:, 1]], way_out[ends[:, 0]] = way, way
    return np.asarray((coming == 1) & (going == 1) & (way_in == way_out) & ~is_closed)


def _chains(ends: Ints, way: Ints, interior: Bools) -> list[list[int]]:
    """Give the segments of each stretch, in order; rings that meet nothing are left out."""
    following = np.full(len(interior), -1, dtype=np.int64)
    following[ends[:, 0]] = np.arange(len(ends))
    follow = np.where(interior[ends[:, 1]], following[ends[:, 1]], -1).tolist()
    starts = np.flatnonzero(~interior[ends[:, 0]])
    chains = []
    for start in starts[np.argsort(way[starts], kind="stable")].tolist():
        chain, at = [start], follow[start]
        while at >= 0:
            chain.append(at)
            at = follow[at]
        chains.append(chain)
    return chains


def _frame(
    chains: list[list[int]], ends: Ints, way: Ints, numbers: Ints, ways: Ways, crs: str
) -> gpd.GeoDataFrame:
    places = np.array([ways.places[number] for number in numbers.tolist()]).reshape(-1, 2)
    to_metres = Transformer.from_crs(CRS_DEGREES, crs, always_xy=True)
    xy = np.column_stack(to_metres.transform(places[:, 0], places[:, 1])).reshape(-1, 2)
    start, end = places[ends[:, 0]], places[ends[:, 1]]
    segment_m = SPHERE.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])[2]
    lights = [ways.signals.get(number, "") for number in numbers.tolist()]
    with_way, against = (
        np.array([of in ("both", direction) for of in lights], dtype=bool)
        for direction in ("forward", "backward")
    )
    rows, lines = [], []
    for chain in chains:
        number = int(way[chain[0]])
        tags = ways.tags[number]
        nodes = [*ends[chain, 0].tolist(), int(ends[chain[-1], 1])]
        is_turned = tags.direction == "backward"
        if is_turned:
            nodes.reverse()
        there, back = (against, with_way) if is_turned else (with_way, against)
        limits = (tags.limit_kmh, tags.limit_back_kmh)
        lines.append(shapely.LineString(xy[nodes]))
        row = {
            "from_node": nodes[0],
            "to_node": nodes[-1],
            "way": number,
            "length_m": float(segment_m[chain].sum()),
            "name": tags.name,
            "road_class": tags.road_class,
            "is_link": tags.is_link,
            "is_dual": tags.is_dual,
            "is_roundabout": tags.is_roundabout,
            "is_ferry": tags.is_ferry,
            "is_one_way": tags.direction != "both",
            "limit_kmh": limits[is_turned],
            "limit_back_kmh": limits[not is_turned],
            "limit_from": tags.limit_from,
            "signals": int(there[nodes[1:]].sum()),
            "signals_back": int(back[nodes[:-1]].sum()),
            "ferry_min": tags.ferry_min,
        }
        rows.append(row)
    numeric = {"limit_kmh": "float64", "limit_back_kmh": "float64", "ferry_min": "float64"}
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(numeric)
    return gpd.GeoDataFrame(frame, geometry=lines, crs=crs)


def _open_ended(roads: gpd.GeoDataFrame, is_closed: Bools) -> gpd.GeoDataFrame:
    """Give every stretch that comes to a closed barrier an end of its own."""
    number = len(is_closed)
    for column in ("from_node", "to_node"):
        nodes = roads[column].to_numpy().copy()
        stopped = np.flatnonzero(is_closed[nodes])
        nodes[stopped] = number + np.arange(len(stopped))
        number += len(stopped)
        roads = roads.assign(**{column: nodes})
    return roads
