"""Nested plans counted and the best found without a solver: the second proof of two levels.

First every grouping by itself: all ways to divide it into clusters, by number of clusters and of
exceptions, with the least costs of each. Then all ways to divide the units into groupings. Costs
are vectors compared term by term, which keep their order when the same vector is added to both, so
the least of a whole is made of the least of its parts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.geography.alignment import LAYER_PREFIX, binding_homes, home_and_misaligned
from cluster_optimiser.optimise.candidates import CandidateGroup, bit_positions, candidate_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cluster_optimiser.domain import Problem

MAX_STATES = 2_000_000
"""States above which the second proof gives up."""

Vector = tuple[int, ...]
Key = tuple[int, ...]
"""What couples the parts of a plan: numbers of clusters, exceptions, groupings."""
CountedWays = dict[Key, tuple[Vector, int]]


@dataclass(frozen=True, slots=True)
class Nested:
    n_plans: int  # exact number of nested plans: clusters together with groupings
    best: Vector | None  # least cost vector; None where there is no plan
    n_states: int  # states visited


def _add(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _merge(into: CountedWays, key: Key, costs: Vector, n_ways: int) -> None:
    if key in into:
        least, n_before = into[key]
        into[key] = (min(least, costs), n_before + n_ways)
    else:
        into[key] = (costs, n_ways)


class _TooManyError(Exception):
    """More states than are allowed."""


class _Partitions:
    """All ways to divide a set of units into parts, remembered by the set."""

    def __init__(
        self,
        parts: Iterable[tuple[int, CountedWays]],
        keep: Callable[[Key], bool],
        nothing: CountedWays,
    ) -> None:
        # Each part is found by its lowest unit: the one that is to be covered next.
        self.by_lowest: dict[int, list[tuple[int, CountedWays]]] = {}
        for mask, ways in parts:
            self.add(mask, ways)
        self.keep = keep
        self.known: dict[int, CountedWays] = {0: nothing}

    def add(self, mask: int, ways: CountedWays) -> None:
        self.by_lowest.setdefault(mask & -mask, []).append((mask, ways))

    def of(self, mask: int) -> CountedWays:
        if mask not in self.known:
            if len(self.known) >= MAX_STATES:
                raise _TooManyError
            found: CountedWays = {}
            for part, ways in self.by_lowest.get(mask & -mask, ()):
                if part & ~mask:
                    continue
                for key, (costs, n_ways) in self.of(mask & ~part).items():
                    for own_key, (own, n_own) in ways.items():
                        total = _add(key, own_key)
                        if self.keep(total):
                            _merge(found, total, _add(costs, own), n_ways * n_own)
            self.known[mask] = found
        return self.known[mask]


def _rows(costs: Sequence[Sequence[int]]) -> list[Vector]:
    return list(zip(*costs, strict=True))


def nested_sweep(
    problem: Problem,
    lower: Sequence[Homed],
    upper: Sequence[Homed],
    lower_costs: Sequence[Sequence[int]],
    upper_costs: Sequence[Sequence[int]],
) -> Nested | None:
    if problem.upper is None:
        return None
    rules = problem.scenario, problem.upper.scenario
    below, above = (rule.numbers_of(len(problem.units)) for rule in rules)

    def may_go_on(key: Key) -> bool:
        n_clusters, n_small, n_groupings, n_small_groupings = key
        return (
            n_clusters <= below.most
            and n_groupings <= above.most
            and n_small <= below.small
            and n_small_groupings <= above.small
        )

    nothing: CountedWays = {(0, 0, 0, 0): ((0,) * len(lower_costs), 1)}
    place = _west_to_east(problem)
    parts_of_home: dict[object, list[tuple[int, CountedWays]]] = {}
    for cluster, row in zip(lower, _rows(lower_costs), strict=True):
        ways: CountedWays = {(1, int(cluster.group.is_exception), 0, 0): (row, 1)}
        part = _moved(cluster.group.mask, place), ways
        parts_of_home.setdefault(cluster.home, []).append(part)
    inner = {h: _Partitions(parts, may_go_on, nothing) for h, parts in parts_of_home.items()}
    outer = _Partitions([], may_go_on, nothing)
    try:
        for grouping, row in zip(upper, _rows(upper_costs), strict=True):
            mask = _moved(grouping.group.mask, place)
            ways = inner[grouping.home].of(mask)
            if ways:
                outer.add(mask, _with_grouping(ways, grouping, row))
        whole = outer.of((1 << len(problem.units)) - 1)
    except _TooManyError:
        return None
    legal: Mapping[Key, tuple[Vector, int]] = {
        key: ways
        for key, ways in whole.items()
        if key[0] >= below.fewest and key[2] >= above.fewest
    }
    return Nested(
        n_plans=sum(n for _, n in legal.values()),
        best=min((costs for costs, _ in legal.values()), default=None),
        n_states=sum(len(p.known) for p in inner.values()) + len(outer.known),
    )


def _west_to_east(problem: Problem) -> list[int]:
    """Give each unit its place from west to east: so swept, few sets of units lie open at once."""
    x_m = problem.units.geometry.centroid.x.to_list()
    order = sorted(range(len(x_m)), key=lambda i: (x_m[i], i))
    place = [0] * len(x_m)
    for new, old in enumerate(order):
        place[old] = new
    return place


def _moved(mask: int, place: Sequence[int]) -> int:
    return sum(1 << place[i] for i in bit_positions(mask))


def _with_grouping(ways: CountedWays, grouping: Homed, row: Vector) -> CountedWays:
    own = (0, 0, 1, int(grouping.group.is_exception))
    return {_add(key, own): (_add(costs, row), n) for key, (costs, n) in ways.items()}


Home = tuple[object, ...]
"""Area of each layer that no grouping crosses; or the cluster alone, where none is known."""


@dataclass(frozen=True, slots=True)
class Homed:
    group: CandidateGroup  # the candidate
    home: Home

    def holds(self, cluster: Homed) -> bool:
        """Tell whether a cluster lies inside this grouping."""
        return self.home == cluster.home and not cluster.group.mask & ~self.group.mask


def homed_candidates(problem: Problem, above: Problem) -> tuple[list[Homed], list[Homed]]:
    """Enumerate clusters, and groupings with each home that their clusters may have.

    A grouping is made of clusters, which may reach over a border: so the layers that it may not
    cross are left to the homes of its clusters.
    """
    layers = tuple(binding_homes(above))
    held = _held(problem, layers)
    lower = [Homed(group, _home(group, held, len(layers))) for group in candidate_groups(problem)]
    of_home: defaultdict[Home, list[int]] = defaultdict(list)
    for cluster in lower:
        of_home[cluster.home].append(cluster.group.mask)
    free = above.scenario.crossing(layers)
    upper = [
        Homed(group, home)
        for group in candidate_groups(replace(above, scenario=free))
        for home, masks in of_home.items()
        if _cover(group.mask, masks)
    ]
    return lower, upper


Held = dict[str, list[tuple[tuple[str | None, ...], int]]]
"""Of each unit's schools the area of each layer, and the pupils."""


def _held(problem: Problem, layers: Sequence[str]) -> Held:
    schools = problem.authority.schools.loc[problem.unit_of.index]
    columns = [
        [None if pd.isna(area) else str(area) for area in schools[LAYER_PREFIX + layer]]
        for layer in layers
    ]
    areas = zip(*columns, strict=True) if layers else [()] * len(schools)
    held: Held = defaultdict(list)
    for unit, of_school, pupils in zip(problem.unit_of, areas, schools["pupils"], strict=True):
        held[str(unit)].append((of_school, int(pupils)))
    return held


def _home(group: CandidateGroup, held: Held, n_layers: int) -> Home:
    rows = [row for unit in group.units for row in held[unit]]
    homes = [
        home_and_misaligned((areas[layer], pupils) for areas, pupils in rows)[0]
        for layer in range(n_layers)
    ]
    # Where no area is known a cluster shares its home with no other.
    return ("alone", group.mask) if None in homes else tuple(homes)


def _cover(mask: int, parts: Sequence[int]) -> bool:
    """Tell whether the parts that lie inside a set leave none of it out."""
    covered = 0
    for part in parts:
        if not part & ~mask:
            covered |= part
    return covered == mask
