"""What a redraw is made from: units, hubs, and which unit may join which hub at what cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from cluster_optimiser.constants import CENTIMINUTES_PER_MINUTE, SECONDARY_PHASES
from cluster_optimiser.geography.alignment import LAYER_PREFIX
from cluster_optimiser.geography.travel import UNKNOWN, to_centiminutes
from cluster_optimiser.geography.units import pinned_units, school_positions
from cluster_optimiser.optimise.candidates import bit_positions, unit_adjacency

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cluster_optimiser.domain import Problem

Cluster = frozenset[int]
"""Positions of the units of a cluster."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A school that a cluster may be built around."""

    position: int  # the school, in the order of the register
    unit: int  # position of the unit it belongs to


class Ways:
    """Minutes and pupils of the schools of each unit, looked up once."""

    def __init__(self, problem: Problem) -> None:
        self.minutes = to_centiminutes(problem.travel.minutes)
        self.pupils = problem.authority.schools["pupils"].to_numpy(dtype=np.int64)
        found = school_positions(problem)
        self.schools = [found[str(name)] for name in problem.units.index]

    def of(self, unit: int, hub: Hub) -> tuple[int | None, int, int]:
        """Give what it costs a unit to reach a hub."""
        members = self.schools[unit]
        ways, pupils = self.minutes[members, hub.position], self.pupils[members]
        is_unknown = ways == UNKNOWN
        if (is_unknown & (pupils > 0)).any():
            return None, UNKNOWN, UNKNOWN
        longest = UNKNOWN if is_unknown.any() else int(ways.max())
        shortest = int(ways[~is_unknown].min()) if not is_unknown.all() else UNKNOWN
        return int((pupils * np.where(is_unknown, 0, ways)).sum()), longest, shortest


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A problem in the numbers of the model."""

    problem: Problem
    ways: Ways  # minutes of its schools
    units: tuple[str, ...]
    pupils: tuple[int, ...]
    n_secondary: tuple[int, ...]
    neighbours: tuple[frozenset[int], ...]  # of each unit, borders of required layers cut
    hubs: tuple[Hub, ...]
    cost: Mapping[tuple[int, int], int]
    longest: Mapping[tuple[int, int], int]
    nearest: Mapping[tuple[int, int], int]
    exceptable: frozenset[int]  # units that an exception may be made of
    together: tuple[frozenset[int], ...]  # pins: sets of units; pairs of sets
    apart: tuple[tuple[frozenset[int], frozenset[int]], ...]  # pins: sets of units; pairs of sets
    oversize: tuple[Cluster, ...]  # existing clusters over the maximum that may stand as they are
    by_area: Mapping[str, tuple[Mapping[str, int], ...]]

    def parts(self) -> list[tuple[int, ...]]:
        """Give the connected parts of the map, borders of required layers cut."""
        graph = nx.Graph()
        graph.add_nodes_from(range(len(self.units)))
        graph.add_edges_from((i, j) for i, near in enumerate(self.neighbours) for j in near)
        graph.add_edges_from(pair for pin in self.together for pair in pairwise(sorted(pin)))
        return [tuple(sorted(part)) for part in nx.connected_components(graph)]

    def pupils_of(self, cluster: Iterable[int]) -> int:
        """Add up pupils."""
        return sum(self.pupils[i] for i in cluster)

    def meeting(self, cluster: Cluster) -> tuple[int, int, int] | None:
        """Find the meeting place of a cluster: its hub school with the fewest pupil minutes."""
        best: tuple[int, int] | None = None
        for number, hub in enumerate(self.hubs):
            if hub.unit not in cluster:
                continue
            costs = [self.ways.of(unit, hub)[0] for unit in cluster]
            known = [cost for cost in costs if cost is not None]
            if len(known) == len(costs) and (best is None or sum(known) < best[0]):
                best = (sum(known), number)
        if best is None:
            return None
        total, number = best
        longest = [self.ways.of(unit, self.hubs[number])[1] for unit in cluster]
        return number, total, UNKNOWN if UNKNOWN in longest else max(longest)


def _hubs(problem: Problem) -> tuple[Hub, ...]:
    wanted = problem.scenario.hubs
    schools = problem.authority.schools
    unit_at = {str(name): i for i, name in enumerate(problem.units.index)}
    hubs = []
    for position, (urn, phase) in enumerate(schools["phase"].items()):
        is_hub = (
            wanted == "any"
            or (wanted == "secondary" and phase in SECONDARY_PHASES)
            or (not isinstance(wanted, str) and urn in wanted)
        )
        if is_hub and urn in problem.unit_of.index:
            hubs.append(Hub(position, unit_at[str(problem.unit_of.loc[urn])]))
    return tuple(hubs)


def _by_area(problem: Problem, ways: Ways) -> dict[str, tuple[Mapping[str, int], ...]]:
    schools = problem.authority.schools
    pupils = schools["pupils"].to_numpy(dtype=np.int64)
    members = ways.schools
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
    if problem.scenario.size.oversize != "keep":
        return []
    today = problem.authority.schools["local_cluster"].loc[problem.unit_of.index]
    units_of = problem.unit_of.groupby(today).unique()
    sets = {frozenset([str(u)]) for u in problem.units.index if not str(u).startswith("URN ")}
    sets |= {
        frozenset(map(str, units))
        for name, units in units_of.items()
        if set(today[problem.unit_of.isin(units)]) == {name}
    }
    position = {str(name): i for i, name in enumerate(problem.units.index)}
    graph = nx.Graph([(i, j) for i, near in enumerate(neighbours) for j in near])
    graph.add_nodes_from(range(len(neighbours)))
    found = []
    for units in sets:
        cluster = frozenset(position[u] for u in units)
        pupils = int(problem.units["pupils"].iloc[sorted(cluster)].sum())
        is_one = nx.is_connected(graph.subgraph(cluster))
        if pupils > problem.scenario.size.max_pupils and is_one:
            found.append(cluster)
    return sorted(found, key=sorted)


def redraw_ground(problem: Problem) -> Ground:
    """Put a problem into the numbers of the model."""
    scenario = problem.scenario
    units = tuple(str(name) for name in problem.units.index)
    neighbours = tuple(frozenset(bit_positions(bits)) for bits in unit_adjacency(problem))
    hubs = _hubs(problem)
    ways = Ways(problem)
    limit_min = scenario.travel.max_minutes
    graph = nx.Graph([(i, j) for i, near in enumerate(neighbours) for j in near])
    graph.add_nodes_from(range(len(units)))
    part_of = {i: n for n, part in enumerate(nx.connected_components(graph)) for i in part}
    cost, longest, nearest = {}, {}, {}
    for number, hub in enumerate(hubs):
        for unit in range(len(units)):
            pupil_ways, far, near = ways.of(unit, hub)
            if part_of[unit] != part_of[hub.unit] or pupil_ways is None:
                continue
            is_within = far != UNKNOWN and far / CENTIMINUTES_PER_MINUTE <= (limit_min or 0)
            if limit_min is None or is_within:
                cost[unit, number] = pupil_ways
                longest[unit, number], nearest[unit, number] = far, near
    position = {name: i for i, name in enumerate(units)}

    def numbers(names: tuple[str, ...]) -> frozenset[int]:
        return frozenset(position[name] for name in pinned_units(problem, names))

    pins, named = scenario.pins, scenario.size.exceptions
    return Ground(
        problem=problem,
        ways=ways,
        units=units,
        pupils=tuple(int(p) for p in problem.units["pupils"]),
        n_secondary=tuple(int(n) for n in problem.units["n_secondary"]),
        neighbours=neighbours,
        hubs=hubs,
        cost=cost,
        longest=longest,
        nearest=nearest,
        exceptable=frozenset(range(len(units))) if named is None else numbers(named),
        together=tuple(numbers(names) for names in pins.together),
        apart=tuple(
            (numbers((a,)), numbers((b,)))
            for names in pins.apart
            for k, a in enumerate(names)
            for b in names[k + 1 :]
        ),
        oversize=tuple(_oversize(problem, neighbours)),
        by_area=_by_area(problem, ways),
    )
