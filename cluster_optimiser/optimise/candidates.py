r"""Candidate groups: every contiguous set of units that may be a cluster, each exactly once.

Units U with pupils p(u), dual graph G. A candidate is a connected set C of U with
lo <= p(C) <= hi that obeys every rule that concerns one cluster alone. Whatever is not linear in a
plan (travel, misalignment, deviation) is a constant of the candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import gcd
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cluster_optimiser.constants import WORD_BITS
from cluster_optimiser.deadline import refuse_if_over
from cluster_optimiser.errors import InfeasibleError, ScenarioError
from cluster_optimiser.geography.alignment import binding_homes
from cluster_optimiser.geography.measures import Measures
from cluster_optimiser.geography.units import school_positions
from cluster_optimiser.optimise.growing import groups_of_few
from cluster_optimiser.optimise.halving import groups_of_two
from cluster_optimiser.optimise.pinned import Pinned, exceptable
from cluster_optimiser.optimise.ranges import own_ranges
from cluster_optimiser.optimise.universe.frontier import Partitions, count_partitions, partitions
from cluster_optimiser.own import broken_by, value_of
from cluster_optimiser.rules import OWN
from cluster_optimiser.terms import lookup, own_terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import geopandas as gpd

    from cluster_optimiser.arrays import Bools, Ints
    from cluster_optimiser.domain import Problem
    from cluster_optimiser.scenario import Scenario
    from cluster_optimiser.scenario.tables import Size

MAX_SETS = 1_000_000
"""Connected sets above which a merge is refused: they would take minutes and all memory."""

_ASK_EVERY = 1_024
"""Sets visited between two looks at the clock."""

MOST_STATES = 300_000
"""States of the frontier above which groups are listed one by one: they take seconds."""

MOST_MADE = 20_000_000
"""States that a unit may make where plans are only counted: two minutes and 6 GB in all."""

MOST_GROWN = 3
"""Clusters up to which plans are grown one by one where the frontier has too many states."""

FEW_SHARE = 8
"""With so many units a cluster or more, clusters are few and large."""


class TooManySetsError(ScenarioError):
    """More sets of units keep the range of pupils than can be listed."""


@dataclass(frozen=True, slots=True)
class CandidateGroup:
    """A set of units that may be a cluster, with its cost in every objective term."""

    units: tuple[str, ...]  # names, sorted
    mask: int  # the same set as bits: bit i is the i-th unit of Problem.units
    pupils: int  # pupils of its schools
    is_exception: bool  # under the minimum
    is_oversize: bool  # one unit over the maximum, standing alone
    costs: Mapping[str, int]  # objective term -> integer: clusters, pupils, or pupil centiminutes


def connected_sets(
    adjacency: Sequence[int],
    pupils: Sequence[int],
    *,
    lowest: int,
    highest: int,
    left_lowest: int = 0,
) -> Iterator[int]:
    """Enumerate the connected sets of a graph whose pupils lie in a range, each exactly once.

    Every set is grown from its smallest member by extension with a forbidden set, and cut where its
    pupils pass the highest or all it may still reach stay under the lowest. With ``left_lowest``
    sets are left out that part units with fewer pupils in all from the rest: no plan holds them.

    Examples
    --------
    >>> path = [0b010, 0b101, 0b010]
    >>> [f"{s:03b}" for s in connected_sets(path, [1, 1, 1], lowest=2, highest=3)]
    ['011', '111', '110']
    """
    n_units, n_visited = len(adjacency), 0
    for root in range(n_units):
        upto = (2 << root) - 1
        stack = [(1 << root, pupils[root], adjacency[root] & ~upto, upto)]
        while stack:
            n_visited += 1
            if n_visited % _ASK_EVERY == 0:
                refuse_if_over(f"sets of units were looked for ({n_visited:,} visited)")
            chosen, total, frontier, forbidden = stack.pop()
            if total > highest:
                continue
            if total < lowest and reached(chosen, forbidden, adjacency, pupils)[1] < lowest:
                continue
            if left_lowest and _traps(chosen, forbidden, adjacency, pupils, left_lowest):
                continue
            everything = (1 << n_units) - 1
            if total >= lowest and not (
                left_lowest and _traps(chosen, everything, adjacency, pupils, left_lowest)
            ):
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


def bit_positions(mask: int) -> list[int]:
    """Give the positions of the bits of a set.

    Examples
    --------
    >>> bit_positions(0b1101)
    [0, 2, 3]
    """
    positions = []
    while mask:
        bit = mask & -mask
        positions.append(bit.bit_length() - 1)
        mask ^= bit
    return positions


def reached(
    start: int, barred: int, adjacency: Sequence[int], pupils: Sequence[int]
) -> tuple[int, int]:
    """Give the units that a set reaches over units that are not barred, and their pupils."""
    total, edge, found = 0, start, start
    while edge:
        bit = edge & -edge
        unit = bit.bit_length() - 1
        total += pupils[unit]
        fresh = adjacency[unit] & ~barred & ~found
        found |= fresh
        edge = (edge ^ bit) | fresh
    return found, total


def _traps(
    chosen: int, forbidden: int, adjacency: Sequence[int], pupils: Sequence[int], lowest: int
) -> bool:
    """Tell whether a set cuts units that it may not take off, with fewer pupils than the lowest."""
    left = forbidden & ~chosen
    while left:
        piece, total = reached(left & -left, chosen, adjacency, pupils)
        if total < lowest:
            return True
        left &= ~piece
    return False


def membership(masks: Sequence[int], n_units: int) -> Bools:
    """Give sets of units as a table.

    Examples
    --------
    >>> membership([0b011, 0b110], 3).astype(int).tolist()
    [[1, 1, 0], [0, 1, 1]]
    """
    n_bytes = (n_units + 7) // 8
    buffer = b"".join(mask.to_bytes(n_bytes, "little") for mask in masks)
    rows = np.frombuffer(buffer, dtype=np.uint8).reshape(len(masks), n_bytes)
    return np.unpackbits(rows, axis=1, bitorder="little")[:, :n_units].astype(np.bool_)


def unit_adjacency(problem: Problem) -> list[int]:
    """Give the neighbours of each unit as bits, borders of required layers cut."""
    position = problem.unit_at
    homes = [*binding_homes(problem).values()]
    bits = [0] * len(position)
    for a, b in problem.dual.edges:
        i, j = position[a], position[b]
        if all(home[i] is not None and home[i] == home[j] for home in homes):
            bits[i] |= 1 << j
            bits[j] |= 1 << i
    return bits


class Judge:
    """Applies the rules of one cluster to sets of units, and works out their costs."""

    def __init__(self, problem: Problem, *, also: tuple[str, ...] = ()) -> None:
        self.problem, self.also = problem, also  # terms measured besides those asked for
        self.scenario = problem.scenario
        self.names = problem.unit_names
        self.unit_pupils = [int(p) for p in problem.units["pupils"]]
        self._pinned = Pinned.of(problem)
        self._measures: Measures | None = None
        self._asked = self.scenario.asked_terms
        self._own = own_ranges(problem)
        self._exceptable = exceptable(problem)

    def may_be_exception(self, mask: int) -> bool:
        """Tell whether a set under the minimum may be an exception."""
        return not mask & ~self._exceptable

    def legal_before_travel(self, masks: Sequence[int]) -> list[int]:
        """Give the sets that break no rule but perhaps the travel limit."""
        members = membership(masks, len(self.names))
        pupils = np.asarray(members @ np.array(self.unit_pupils, dtype=np.int64), dtype=np.int64)
        is_small = self.scenario.size.is_under(pupils).tolist()
        is_fine = self._own.kept(members, pupils)
        return [
            mask
            for mask, small, enough in zip(masks, is_small, is_fine.tolist(), strict=True)
            if enough and self._pinned.kept(mask) and (not small or self.may_be_exception(mask))
        ]

    def candidates(self, masks: Sequence[int]) -> list[CandidateGroup]:
        """Make candidates of connected sets, without those that break a rule."""
        masks = self.legal_before_travel(masks)
        size = self.scenario.size
        if self._measures is None:
            positions = school_positions(self.problem)
            self._measures = Measures(self.problem, [positions[name] for name in self.names])
        members = membership(masks, len(self.names))
        sets = self._measures.sets(members)
        row, unit = np.nonzero(members)
        ends = np.searchsorted(row, np.arange(len(masks) + 1)).tolist()
        held = [self.names[i] for i in unit.tolist()]
        pupils, columns = sets.pupils.tolist(), sets.costs(self.also)
        most_of_each = {t: n for t, n in self.scenario.most_of.items() if not lookup(t).adds_up}
        groups = []
        own = own_terms()
        for i, mask in enumerate(masks):
            if i % _ASK_EVERY == 0:
                refuse_if_over("groups of units were judged")
            costs = {term: max(0, column[i]) for term, column in columns.items()}
            is_known = all(columns[t][i] >= 0 for t in self._asked if t in columns)
            is_less = all(costs[term] <= most for term, most in most_of_each.items())
            if not (is_known and is_less and self._measures.places.allows(sets.meetings[i])):
                continue
            schools = self._schools(mask) if own or OWN else None
            if OWN and broken_by(schools):
                continue
            costs |= {row.name: value_of(row, schools) for row in own if row.adds_up}
            units = tuple(held[ends[i] : ends[i + 1]])
            is_exception, is_oversize = size.is_under(pupils[i]), size.is_over(pupils[i])
            groups.append(CandidateGroup(units, mask, pupils[i], is_exception, is_oversize, costs))
        return groups

    def _schools(self, mask: int) -> gpd.GeoDataFrame:
        """Give the schools of a set of units, for an analyst's own functions."""
        names = {self.names[i] for i in bit_positions(mask)}
        urns = self.problem.unit_of.index[self.problem.unit_of.isin(names)]
        return self.problem.authority.schools.loc[sorted(urns)]


def _within_budget(problem: Problem, masks: Sequence[int]) -> list[int]:
    """Leave out sets that leave more of their area than the clusters that are left can hold.

    Every other area that no cluster crosses needs as many clusters as its pupils fill, so what is
    left of the highest count is this area's.
    """
    highest = problem.scenario.count.span(len(problem.units))[1]
    _, most_pupils = problem.scenario.size.ends
    if highest == len(problem.units) or not masks:
        return [*masks]
    homes = [*binding_homes(problem).values()]
    names = [str([home[i] for home in homes]) for i in range(len(problem.units))]
    area, areas = pd.factorize(np.array(names, dtype=object))
    pupils = problem.units["pupils"].to_numpy(dtype=np.int64)
    is_small = pupils <= most_pupils
    # Of each unit: is it alone over the maximum, the pupils it has otherwise, and is it not.
    facts = np.stack([~is_small, np.where(is_small, pupils, 0), is_small], axis=1).astype(np.int64)
    of_area = np.zeros((len(areas), facts.shape[1]), dtype=np.int64)
    np.add.at(of_area, area, facts)

    def fewest(held: Ints) -> Ints:
        return held[:, 0] + np.maximum(-(-held[:, 1] // most_pupils), held[:, 2] > 0)

    needed = fewest(of_area)
    most = highest - needed.sum() + needed
    members = membership(masks, len(problem.units))
    own = area[members.argmax(axis=1)]
    fits = 1 + fewest(of_area[own] - members @ facts) <= most[own]
    return [mask for mask, is_fine in zip(masks, fits.tolist(), strict=True) if is_fine]


def sets_of_units(
    adjacency: Sequence[int], pupils: Sequence[int], size: Size, *, is_few: bool = False
) -> Iterator[int]:
    """Enumerate the sets of units that keep the size range, without those alone over the maximum.

    Where clusters are few and large, the largest unit of a set is its root, and sets that part too
    small a rest are cut.
    """
    lowest, (_, highest) = size.lowest, size.ends
    if not is_few:
        yield from connected_sets(adjacency, pupils, lowest=lowest, highest=highest)
        return
    order = sorted(range(len(pupils)), key=lambda i: (-pupils[i], i))
    place = {unit: i for i, unit in enumerate(order)}

    def turned(mask: int, to: Mapping[int, int] | Sequence[int]) -> int:
        return sum(1 << to[i] for i in bit_positions(mask))

    found = connected_sets(
        [turned(adjacency[unit], place) for unit in order],
        [pupils[unit] for unit in order],
        lowest=lowest,
        highest=highest,
        left_lowest=lowest,
    )
    for mask in found:
        yield turned(mask, order)


def _sets_of_plans(
    adjacency: Sequence[int], pupils: Sequence[int], scenario: Scenario
) -> list[int] | None:
    """Give the sets of units that are clusters of some plan, by the frontier; None if too many.

    Plans as the sizes, contiguity and the number of clusters allow them, which other rules only
    make fewer.
    """
    alone = [i for i, p in enumerate(pupils) if scenario.size.is_over(p)]
    if alone != scenario.size.standing(pupils):
        return None
    units = [i for i in range(len(pupils)) if i not in alone]
    asked = _asked(adjacency, pupils, scenario, units)
    masks = groups_of_two(asked, most_ways=MAX_SETS) if asked.most <= 2 else None  # noqa: PLR2004
    if masks is None:
        found = partitions(asked, max_states=MOST_STATES)
        masks = None if found is None else found.groups(most_ways=MAX_SETS)
    is_grown = len(units) <= WORD_BITS and asked.most <= MOST_GROWN and asked.lowest > 0
    if masks is None and is_grown:
        masks = groups_of_few(asked, most_ways=MAX_SETS)
    if masks is None or not alone:
        return masks
    return [sum(1 << units[k] for k in bit_positions(mask)) for mask in masks]


def _asked(
    adjacency: Sequence[int], pupils: Sequence[int], scenario: Scenario, units: Sequence[int]
) -> Partitions:
    """Give what plans are as partitions of these units; the others stand alone."""
    place = {unit: k for k, unit in enumerate(units)}
    fewest, most = scenario.count.span(len(pupils))
    n_alone = len(pupils) - len(units)
    # Counted in the largest steps that all are whole numbers of: states are kept in fewer bits.
    step = gcd(*(pupils[i] for i in units)) or 1
    _, most_pupils = scenario.size.ends
    return Partitions(
        adjacency=tuple(
            sum(1 << place[j] for j in bit_positions(adjacency[i]) if j in place) for i in units
        ),
        pupils=tuple(pupils[i] // step for i in units),
        lowest=-(-scenario.size.lowest // step),
        highest=most_pupils // step,
        fewest=max(0, fewest - n_alone),
        most=most - n_alone,
    )


def count_along_edges(problem: Problem) -> dict[int, int] | None:
    """Count the legal plans by their number of clusters, from the edges of the map.

    None where a plan is more than clusters in one piece that keep the range of pupils, or that
    takes too many states.
    """
    scenario, judge = problem.scenario, Judge(problem)
    adjacency, pupils = unit_adjacency(problem), judge.unit_pupils
    is_plain = not (scenario.size.spares(1) or scenario.most_of)
    is_plain &= not any(scenario.size.is_over(p) for p in pupils)
    if not is_plain or len(_sets(problem, judge)) != len(candidate_groups(problem)):
        return None
    asked = _asked(adjacency, pupils, scenario, range(len(pupils)))
    return count_partitions(asked, most_made=MOST_MADE)


def candidate_groups(problem: Problem) -> tuple[CandidateGroup, ...]:
    """Enumerate the candidate groups of a merge scenario."""
    # What an analyst's own functions say is not known to be the same the next time.
    is_own = bool(own_terms() or OWN)
    return _listed.__wrapped__(problem) if is_own else _listed(problem, MAX_SETS)


@lru_cache(maxsize=1)
def _listed(problem: Problem, _: int = 0) -> tuple[CandidateGroup, ...]:
    """Keep the last: a run lists them to solve, to count all plans and to draw its page."""
    judge = Judge(problem)
    alone = [1 << i for i in problem.scenario.size.standing(judge.unit_pupils)]
    masks = _in_order(_sets(problem, judge) + alone, len(judge.names))
    return tuple(judge.candidates(_within_budget(problem, masks)))


def _sets(problem: Problem, judge: Judge) -> list[int]:
    """Give the sets of units in one piece that keep the range of pupils."""
    size, n_units = problem.scenario.size, len(problem.units)
    is_few = problem.scenario.count.span(n_units)[1] * FEW_SHARE <= n_units
    adjacency = unit_adjacency(problem)
    masks = _sets_of_plans(adjacency, judge.unit_pupils, problem.scenario) if is_few else None
    if not masks:
        found = sets_of_units(adjacency, judge.unit_pupils, size, is_few=is_few)
        none, masks = masks, list(islice(found, MAX_SETS + 1))
        if len(masks) > MAX_SETS and none is not None:
            message = (
                "no plan exists, proved: the units cannot be divided into so few connected "
                "clusters that keep the range of pupils"
            )
            raise InfeasibleError(message)
    if len(masks) > MAX_SETS:
        text = f"more than {MAX_SETS:,} groups of units keep the size range"
        remedy = "Narrow size.min_pupils to size.max_pupils, or name a layer in within."
        raise TooManySetsError([problem.scenario.fault("size", text, remedy)])
    return masks


def _in_order(masks: Sequence[int], n_units: int) -> list[int]:
    """Sort sets by their first units, then by the next ones."""
    members = membership(masks, n_units)
    # The k-th unit of each set from 1, and 0 past its last: a set comes before what it begins.
    places = np.zeros((len(masks), int(members.sum(axis=1).max(initial=1))), dtype=np.int32)
    row, unit = np.nonzero(members)
    first = np.searchsorted(row, np.arange(len(masks)))
    places[row, np.arange(len(row)) - first[row]] = unit + 1
    return [masks[i] for i in np.lexsort(places.T[::-1])]
