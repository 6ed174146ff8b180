r"""Candidate groups: every contiguous set of units that may be a cluster, each exactly once.

Units U with pupils p(u), dual graph G. A candidate is a connected set C of U with
lo <= p(C) <= hi that obeys every rule that concerns one cluster alone. Whatever is not linear in a
plan (travel, misalignment, deviation) is a constant of the candidate.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cluster_optimiser.constants import CENTIMINUTES_PER_MINUTE
from cluster_optimiser.geography.alignment import HOME_PREFIX, LAYER_PREFIX, home_and_misaligned
from cluster_optimiser.geography.travel import UNKNOWN, meeting_place, to_centiminutes
from cluster_optimiser.geography.units import pinned_units, school_positions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cluster_optimiser.domain import Problem


@dataclass(frozen=True, slots=True)
class CandidateGroup:
    """A set of units that may be a cluster, with its cost in every objective term.

    Parameters
    ----------
    units
        Names, sorted.
    mask
        The same set as bits: bit i is the i-th unit of ``Problem.units``.
    pupils
        Pupils of its schools.
    is_exception
        Under the minimum.
    is_oversize
        One unit over the maximum, standing alone.
    costs
        Objective term -> integer: clusters, pupils, or pupil centiminutes.
    """

    units: tuple[str, ...]
    mask: int
    pupils: int
    is_exception: bool
    is_oversize: bool
    costs: Mapping[str, int]


def connected_sets(
    adjacency: Sequence[int], pupils: Sequence[int], *, lowest: int, highest: int
) -> Iterator[int]:
    """Enumerate the connected sets of a graph whose pupils lie in a range, each exactly once.

    Every set is grown from its smallest member by extension with a forbidden set, and cut where its
    pupils pass the highest or all it may still reach stay under the lowest.

    Parameters
    ----------
    adjacency
        Neighbours of each unit as bits.
    pupils
        Pupils of each unit.
    lowest, highest
        The range, both ends included.

    Yields
    ------
    int
        The set as bits.

    Examples
    --------
    >>> path = [0b010, 0b101, 0b010]
    >>> [f"{s:03b}" for s in connected_sets(path, [1, 1, 1], lowest=2, highest=3)]
    ['011', '111', '110']
    """
    n_units = len(adjacency)
    for root in range(n_units):
        below = (1 << root) - 1
        stack = [(1 << root, pupils[root], adjacency[root] & ~below & ~(1 << root), below)]
        while stack:
            chosen, total, frontier, forbidden = stack.pop()
            if total > highest:
                continue
            if total < lowest and _reachable(chosen, forbidden, adjacency, pupils) < lowest:
                continue
            if total >= lowest:
                yield chosen
            branches = []
            while frontier:
                bit = frontier & -frontier
                unit = bit.bit_length() - 1
                frontier ^= bit
                forbidden |= bit
                fresh = adjacency[unit] & ~forbidden & ~chosen
                grown = (chosen | bit, total + pupils[unit], frontier | fresh, forbidden)
                branches.append(grown)
            stack.extend(reversed(branches))


def _reachable(chosen: int, forbidden: int, adjacency: Sequence[int], pupils: Sequence[int]) -> int:
    """Give the pupils of a set and of all units it may still grow into."""
    total = 0
    edge = chosen
    reached = chosen
    while edge:
        bit = edge & -edge
        unit = bit.bit_length() - 1
        total += pupils[unit]
        fresh = adjacency[unit] & ~forbidden & ~reached
        reached |= fresh
        edge = (edge ^ bit) | fresh
    return total


class _Judge:
    """Applies the rules of one cluster to sets of units, and works out their costs."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.scenario = problem.scenario
        self.names = [str(name) for name in problem.units.index]
        self.unit_pupils = [int(p) for p in problem.units["pupils"]]
        self.n_secondary = [int(n) for n in problem.units["n_secondary"]]
        positions = school_positions(problem)
        self.schools_of = [positions[name] for name in self.names]
        schools = problem.authority.schools
        self.school_pupils = schools["pupils"].to_numpy(dtype=np.int64)
        self.centiminutes = to_centiminutes(problem.travel.minutes)
        # Pupils of each unit by area: adding up units is much less work than adding up schools.
        self.layers = {
            layer: [self._areas(schools[LAYER_PREFIX + layer], s) for s in self.schools_of]
            for layer in problem.authority.layers
        }
        self.today = [self._areas(schools["local_cluster"], s) for s in self.schools_of]
        pins = self.scenario.pins
        self.together = [self.mask(pinned_units(problem, names)) for names in pins.together]
        # The units that one name of a pin means stay free to share a cluster with one another.
        self.apart = [
            (self.mask(pinned_units(problem, (a,))), self.mask(pinned_units(problem, (b,))))
            for names in pins.apart
            for i, a in enumerate(names)
            for b in names[i + 1 :]
        ]

    def _areas(self, column: pd.Series, positions: np.ndarray) -> list[tuple[str | None, int]]:
        values = column.to_numpy(dtype=object)[positions]
        held: Counter[str | None] = Counter()
        for value, pupils in zip(values, self.school_pupils[positions].tolist(), strict=True):
            held[None if pd.isna(value) else str(value)] += pupils
        return list(held.items())

    def mask(self, units: frozenset[str]) -> int:
        """Give a set of unit names as bits."""
        return sum(1 << i for i, name in enumerate(self.names) if name in units)

    def adjacency(self) -> list[int]:
        """Give the neighbours of each unit as bits, borders of required layers cut."""
        position = {name: i for i, name in enumerate(self.names)}
        homes = [
            self.problem.units[HOME_PREFIX + layer].to_list()
            for layer in self.scenario.required_layers
        ]
        bits = [0] * len(self.names)
        for a, b in self.problem.dual.edges:
            i, j = position[a], position[b]
            if all(home[i] is not None and home[i] == home[j] for home in homes):
                bits[i] |= 1 << j
                bits[j] |= 1 << i
        return bits

    def members(self, mask: int) -> list[int]:
        """Give the positions of the units of a set, ascending."""
        return [i for i in range(len(self.names)) if mask >> i & 1]

    def obeys_pins(self, mask: int) -> bool:
        """Tell whether a set holds pinned units all or none, and no two that stay apart."""
        return all(pin & mask in {0, pin} for pin in self.together) and not any(
            a & mask and b & mask for a, b in self.apart
        )

    def may_be_exception(self, units: tuple[str, ...]) -> bool:
        """Tell whether a set under the minimum may be an exception."""
        named = self.scenario.size.exceptions
        return self.scenario.size.max_exceptions > 0 and (
            named is None or all(unit in named for unit in units)
        )

    def candidate(self, mask: int) -> CandidateGroup | None:
        """Make a candidate of a connected set, or None where it breaks a rule."""
        size = self.scenario.size
        members = self.members(mask)
        units = tuple(self.names[i] for i in members)
        pupils = sum(self.unit_pupils[i] for i in members)
        is_exception = pupils < size.min_pupils
        if is_exception and not self.may_be_exception(units):
            return None
        if not self.obeys_pins(mask):
            return None
        if sum(self.n_secondary[i] for i in members) < self.scenario.secondary.min:
            return None
        schools = np.sort(np.concatenate([self.schools_of[i] for i in members]))
        place = meeting_place(self.centiminutes, self.school_pupils, schools)
        limit_min = self.scenario.travel.max_minutes
        if limit_min is not None and (
            place is None
            or place.max_centiminutes == UNKNOWN
            or place.max_centiminutes / CENTIMINUTES_PER_MINUTE > limit_min
        ):
            return None
        if place is None and "pupil_minutes" in self.scenario.objective.terms:
            return None
        costs = {
            "count": 1,
            "exceptions": int(is_exception),
            "deviation": abs(pupils - size.target),
            "pupil_minutes": place.pupil_centiminutes if place else 0,
            "changed_pupils": home_and_misaligned(a for i in members for a in self.today[i])[1],
        }
        for layer, areas in self.layers.items():
            _, misaligned = home_and_misaligned(a for i in members for a in areas[i])
            costs[f"misaligned.{layer}"] = misaligned
        preferred = self.scenario.preferred_layers
        costs["misaligned"] = sum(costs[f"misaligned.{layer}"] for layer in preferred)
        return CandidateGroup(units, mask, pupils, is_exception, pupils > size.max_pupils, costs)


class _CountBudget:
    """How many clusters each area that no cluster crosses can have at most, by the count range.

    Every other area needs as many clusters as its pupils fill, so what is left of the highest count
    is this area's. A set that leaves more of its area than that can hold is in no plan.
    """

    def __init__(self, problem: Problem, unit_pupils: Sequence[int]) -> None:
        scenario = problem.scenario
        self.pupils = unit_pupils
        self.max_pupils = scenario.size.max_pupils
        homes = [problem.units[HOME_PREFIX + layer].to_list() for layer in scenario.required_layers]
        self.area_of = [str([home[i] for home in homes]) for i in range(len(unit_pupils))]
        self.area: dict[str, int] = {}
        for i, area in enumerate(self.area_of):
            self.area[area] = self.area.get(area, 0) | 1 << i
        fewest = {area: self.fewest(mask) for area, mask in self.area.items()}
        highest = scenario.count.max
        self.most = {
            area: None if highest is None else highest - sum(fewest.values()) + fewest[area]
            for area in self.area
        }

    def fewest(self, mask: int) -> int:
        """Give a lower bound on the clusters that units need."""
        held = [p for i, p in enumerate(self.pupils) if mask >> i & 1]
        large = sum(p > self.max_pupils for p in held)
        small = [p for p in held if p <= self.max_pupils]
        return large + max(-(-sum(small) // self.max_pupils), int(bool(small)))

    def allows(self, mask: int) -> bool:
        """Tell whether the rest of a set's area can be held by the clusters that are left."""
        area = self.area_of[(mask & -mask).bit_length() - 1]
        most = self.most[area]
        return most is None or 1 + self.fewest(self.area[area] & ~mask) <= most


def candidate_groups(problem: Problem) -> tuple[CandidateGroup, ...]:
    """Enumerate the candidate groups of a merge scenario.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    Every candidate, sorted by its units' positions; sets that no plan of the count range can hold
    are left out.
    """
    judge = _Judge(problem)
    budget = _CountBudget(problem, judge.unit_pupils)
    size = problem.scenario.size
    lowest = 0 if size.max_exceptions else size.min_pupils
    masks = list(
        connected_sets(judge.adjacency(), judge.unit_pupils, lowest=lowest, highest=size.max_pupils)
    )
    if size.oversize == "keep":
        masks += [1 << i for i, p in enumerate(judge.unit_pupils) if p > size.max_pupils]
    masks.sort(key=judge.members)
    made = (judge.candidate(mask) for mask in masks if budget.allows(mask))
    return tuple(group for group in made if group is not None)
