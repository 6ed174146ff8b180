"""What a redraw is made from: units, hubs, and which unit may join which hub at what cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from cluster_optimiser.geography.alignment import LAYER_PREFIX
from cluster_optimiser.geography.measures import Measures
from cluster_optimiser.geography.travel import UNKNOWN, to_centiminutes
from cluster_optimiser.geography.units import school_positions
from cluster_optimiser.optimise.candidates import bit_positions, unit_adjacency
from cluster_optimiser.optimise.pinned import Pinned, exceptable
from cluster_optimiser.optimise.ranges import OwnRanges, own_ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cluster_optimiser.arrays import Ints
    from cluster_optimiser.domain import Problem
    from cluster_optimiser.geography.meeting import MeetingPlace, MeetingPlaces

FAR = np.iinfo(np.int64).max
"""Stands for a way that is not known, where ways are compared."""

Cluster = frozenset[int]
"""Positions of the units of a cluster."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A school that a cluster may be built around."""

    position: int  # the school, in the order of the register
    unit: int  # position of the unit it belongs to


@dataclass(frozen=True, slots=True, eq=False)
class RedrawGround:
    """A problem in the numbers of the model."""

    problem: Problem
    measures: Measures  # of sets of its units
    places: MeetingPlaces  # its hubs, in the same order
    shortest: Ints  # centiminutes from a unit's nearest school (row) to a hub (column)
    units: tuple[str, ...]
    pupils: tuple[int, ...]
    neighbours: tuple[frozenset[int], ...]  # of each unit, borders of required layers cut
    hubs: tuple[Hub, ...]
    cost: Mapping[tuple[int, int], int]
    nearest: Mapping[tuple[int, int], int]
    exceptable: frozenset[int]  # units that an exception may be made of
    together: tuple[frozenset[int], ...]  # pins: sets of units; pairs of sets
    apart: tuple[tuple[frozenset[int], frozenset[int]], ...]  # pins: sets of units; pairs of sets
    oversize: tuple[Cluster, ...]  # existing clusters over the maximum that may stand as they are
    by_area: Mapping[str, tuple[Mapping[str, int], ...]]
    own: OwnRanges

    def parts(self) -> list[tuple[int, ...]]:
        """Give the connected parts of the map, borders of required layers cut."""
        graph = nx.Graph()
        graph.add_nodes_from(range(len(self.units)))
        graph.add_edges_from((i, j) for i, near in enumerate(self.neighbours) for j in near)
        graph.add_edges_from(pair for pin in self.together for pair in pairwise(sorted(pin)))
        return [tuple(sorted(part)) for part in nx.connected_components(graph)]

    def pupils_of(self, cluster: Iterable[int]) -> int:
        return sum(self.pupils[i] for i in cluster)

    def meeting(self, cluster: Cluster) -> MeetingPlace | None:
        return self.places.of_one(sorted(cluster))


def _by_area(problem: Problem, members: Sequence[Ints]) -> dict[str, tuple[Mapping[str, int], ...]]:
    schools = problem.authority.schools
    pupils = schools["pupils"].to_numpy(dtype=np.int64)
    columns = {layer: LAYER_PREFIX + layer for layer in problem.authority.layers}
    found: dict[str, tuple[Mapping[str, int], ...]] = {}
    for name, column in {**columns, "today": "local_cluster"}.items():
        areas = schools[column].to_list()
        rows: list[Mapping[str, int]] = []
        for positions in members:
            held: Counter[str] = Counter()
            for position in positions:
                area = areas[position]
                if isinstance(area, str) and pupils[position]:
                    held[area] += int(pupils[position])
            rows.append(dict(held))
        found[name] = tuple(rows)
    return found


def _oversize(problem: Problem, neighbours: tuple[frozenset[int], ...]) -> list[Cluster]:
    """Give the existing clusters over the maximum that are in one piece and in whole units."""
    size = problem.scenario.size
    today = problem.authority.schools["local_cluster"].loc[problem.unit_of.index]
    units_of = problem.unit_of.groupby(today).unique()
    sets = {frozenset([unit]) for unit in problem.unit_names if not unit.startswith("URN ")}
    sets |= {
        frozenset(map(str, units))
        for name, units in units_of.items()
        if set(today[problem.unit_of.isin(units)]) == {name}
    }
    position = problem.unit_at
    graph = nx.Graph([(i, j) for i, near in enumerate(neighbours) for j in near])
    graph.add_nodes_from(range(len(neighbours)))
    found = []
    for units in sets:
        cluster = frozenset(position[u] for u in units)
        pupils = int(problem.units["pupils"].iloc[sorted(cluster)].sum())
        is_one = nx.is_connected(graph.subgraph(cluster))
        if is_one and size.is_over(pupils) and not size.refuses(pupils, is_one=True):
            found.append(cluster)
    return sorted(found, key=sorted)


def redraw_ground(problem: Problem) -> RedrawGround:
    units = tuple(problem.unit_names)
    neighbours = tuple(frozenset(bit_positions(bits)) for bits in unit_adjacency(problem))
    at = school_positions(problem)
    schools = [at[name] for name in units]
    measures = Measures(problem, schools)
    places = measures.places
    hubs = tuple(map(Hub, places.positions.tolist(), places.unit_of.tolist()))
    ways = to_centiminutes(problem.travel.minutes)[:, places.positions]
    ways = np.where(ways == UNKNOWN, FAR, ways)
    shortest = np.array([ways[members].min(axis=0, initial=FAR) for members in schools])
    near = places.near
    graph = nx.Graph([(i, j) for i, near in enumerate(neighbours) for j in near])
    graph.add_nodes_from(range(len(units)))
    part_of = {i: n for n, part in enumerate(nx.connected_components(graph)) for i in part}
    cost, nearest = {}, {}
    for number, hub in enumerate(hubs):
        for unit in range(len(units)):
            if part_of[unit] != part_of[hub.unit] or places.blocked[unit, number]:
                continue
            if near[unit, number]:
                cost[unit, number] = int(places.added[unit, number])
                nearest[unit, number] = int(shortest[unit, number])
    pinned = Pinned.of(problem)
    return RedrawGround(
        problem=problem,
        measures=measures,
        places=places,
        shortest=shortest,
        units=units,
        pupils=tuple(int(p) for p in problem.units["pupils"]),
        neighbours=neighbours,
        hubs=hubs,
        cost=cost,
        nearest=nearest,
        exceptable=frozenset(bit_positions(exceptable(problem))),
        together=tuple(frozenset(bit_positions(pin)) for _, pin in pinned.together),
        apart=tuple(
            (frozenset(bit_positions(a)), frozenset(bit_positions(b))) for _, a, b in pinned.apart
        ),
        oversize=tuple(_oversize(problem, neighbours)),
        by_area=_by_area(problem, schools),
        own=own_ranges(problem),
    )
