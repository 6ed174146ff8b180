"""A first plan of any map, made and bettered a few clusters at a time.

A few units that lie together are divided anew, exactly, while the rest of the plan stays: first so
that as few pupils as can be are left over, then by the scenario's own order. Where two clusters
hold too many units for that, the plan is cut from random trees, and two or three neighbours at a
time are cut anew where random trees of theirs go best. It ends when the time is over or nothing
more is gained; it proves nothing.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from functools import reduce
from itertools import chain, islice
from operator import or_
from random import Random
from typing import TYPE_CHECKING

from ortools.sat.python import cp_model

from cluster_optimiser.deadline import is_over, left_s, within
from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.optimise.candidates import (
    CandidateGroup,
    Judge,
    bit_positions,
    sets_of_units,
    unit_adjacency,
)
from cluster_optimiser.optimise.costs import MOST_TOTAL, are_largest, group_costs, plan_cost
from cluster_optimiser.optimise.exactly import Sum, hold, minimise
from cluster_optimiser.optimise.merging.partition import largest_of, new_solver
from cluster_optimiser.optimise.trees import Trees
from cluster_optimiser.terms import TIE_BREAK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cluster_optimiser.domain import Problem

MOST_SETS = 1_500
"""Sets of units of a neighbourhood that are weighed at once."""

FIRST_UNITS = 18
"""Units of a neighbourhood to begin with; fewer where that makes too many sets."""

SOLVE_S = 2.0
"""Seconds that a neighbourhood may take."""

CUTS = 12
"""Cuts of a tree that are judged."""

PATIENCE_OF_CUTS = 200
"""Times the clusters that cutting some anew may gain nothing."""


def units_around(
    pieces: Iterable[int], adjacency: Sequence[int], seed_set: int, n_units: int
) -> int:
    """Give the units of whole clusters, and of none, around some units."""
    owner = {i: mask for mask in pieces for i in bit_positions(mask)}
    region, edge = 0, seed_set
    while edge and region.bit_count() < n_units:
        grown = 0
        for i in bit_positions(edge & ~region):
            piece = owner.get(i, 1 << i)
            if region and (region | piece).bit_count() > n_units:
                continue
            region |= piece
            for j in bit_positions(piece):
                grown |= adjacency[j]
        edge = grown & ~region
    return region


@dataclass(slots=True)
class _Search:
    problem: Problem
    seed: int
    begin: InitVar[Sequence[CandidateGroup]] = ()
    judge: Judge = field(init=False)
    adjacency: list[int] = field(init=False)
    pupils: list[int] = field(init=False)
    plan: dict[int, CandidateGroup] = field(default_factory=dict)  # by their sets of units
    left: int = 0  # units in no cluster yet

    def __post_init__(self, begin: Sequence[CandidateGroup]) -> None:
        self.judge = Judge(self.problem)
        self.adjacency = unit_adjacency(self.problem)
        self.pupils = self.judge.unit_pupils
        self.left = (1 << len(self.pupils)) - 1
        size = self.problem.scenario.size
        alone = self.judge.candidates([1 << i for i in size.standing(self.pupils)])
        for group in (*alone, *begin):
            if not group.mask & ~self.left:
                self.plan[group.mask] = group
                self.left &= ~group.mask

    @property
    def is_of_few(self) -> bool:
        """Whether two clusters of middle size hold more units than are divided anew exactly."""
        n_clusters = sum(self.pupils) / max(1.0, self.problem.scenario.size.middle)
        return len(self.pupils) * 2 > n_clusters * FIRST_UNITS

    def trees(self, random: Random) -> Trees:
        least, most = self.problem.scenario.size.ends
        return Trees(
            neighbours=[bit_positions(bits) for bits in self.adjacency],
            pupils=self.pupils,
            least=least,
            most=most,
            is_legal=lambda units: bool(self.judge.candidates([_mask_of(units)])),
            is_over=is_over,
            random=random,
        )

    def begin_with(self, trees: Trees) -> None:
        fewest, most, _ = self.problem.scenario.numbers_of(len(self.pupils))
        cut = self.judge.candidates(sorted(map(_mask_of, trees.plan(fewest, most))))
        if sum(group.mask for group in cut) == (1 << len(self.pupils)) - 1:
            self.plan, self.left = {group.mask: group for group in cut}, 0

    def over(self, groups: Sequence[CandidateGroup]) -> int:
        """Give by how much a plan passes what the scenario limits, all terms together."""
        limits = self.problem.scenario.most_of.items()
        return sum(max(0, plan_cost(term, groups) - most) for term, most in limits)

    @property
    def is_too_much(self) -> bool:
        return bool(self.over([*self.plan.values()]))

    def cut_anew(self, trees: Trees) -> bool:
        """Cut two or three neighbours anew as random trees go best; tell whether that is better."""
        old = [trees.random.choice(sorted(self.plan))]
        for _ in range(trees.random.choice([1, 1, 2])):
            around = reduce(or_, (self.adjacency[i] for m in old for i in bit_positions(m)))
            beside = [mask for mask in sorted(self.plan) if mask not in old and mask & around]
            old += trees.random.sample(beside, min(1, len(beside)))
        region = frozenset(i for mask in old for i in bit_positions(mask))
        divisions = [list(map(_mask_of, cut)) for cut in trees.divisions(region, len(old), CUTS)]
        groups = {g.mask: g for g in self.judge.candidates([*chain(*divisions)])}
        legal = [d for d in divisions if all(mask in groups for mask in d)]
        rest = [g for mask, g in self.plan.items() if mask not in old]
        held = [*rest, *(self.plan[mask] for mask in old)]
        new = [groups[mask] for division in legal for mask in division]
        every = [*held, *new]
        costs = group_costs(every, self.problem.scenario.objective, seed=self.seed)
        costs.pop(TIE_BREAK)
        gathers = [max if is_largest else sum for is_largest in are_largest(costs)]
        n = len(rest)

        def total(at: int) -> list[int]:
            rows = zip(gathers, costs.values(), strict=True)
            terms = [gather([*row[:n], *row[at : at + len(old)]]) for gather, row in rows]
            return [self.over([*rest, *every[at : at + len(old)]]), *terms]

        starts = range(len(held), len(held) + len(new), len(old))
        best = min(starts, key=total, default=n)
        if total(best) >= total(n):
            return False
        chosen = new[best - len(held) :][: len(old)]
        self.plan = {group.mask: group for group in (*rest, *chosen)}
        return True

    def candidates(self, region: int) -> list[CandidateGroup] | None:
        """Give the groups inside a region; None where there are too many."""
        size = self.problem.scenario.size
        units = bit_positions(region)
        place = {unit: i for i, unit in enumerate(units)}
        adjacency = [
            sum(1 << place[j] for j in bit_positions(self.adjacency[u] & region)) for u in units
        ]
        pupils = [self.pupils[u] for u in units]
        masks = list(islice(sets_of_units(adjacency, pupils, size), MOST_SETS + 1))
        if len(masks) > MOST_SETS:
            return None
        alone = [m for m in self.plan if not m & ~region and m.bit_count() == 1]
        sets = {sum(1 << units[i] for i in bit_positions(mask)) for mask in masks} | set(alone)
        return self.judge.candidates(sorted(sets))

    def divide(self, region: int, groups: list[CandidateGroup]) -> bool:
        """Divide a region anew into groups; tell whether it is better divided than before."""
        scenario = self.problem.scenario
        rest = [g for mask, g in self.plan.items() if mask & ~region]
        old = [g for mask, g in self.plan.items() if not mask & ~region]
        model = cp_model.CpModel()
        x = [model.new_bool_var("") for _ in groups]
        units = bit_positions(region)
        slack = [model.new_bool_var("") for _ in units]
        for unit, spare in zip(units, slack, strict=True):
            held = [v for v, g in zip(x, groups, strict=True) if g.mask >> unit & 1]
            model.add_exactly_one([*held, spare])
        n_small = sum(g.is_exception for g in rest)
        small = [v for v, g in zip(x, groups, strict=True) if g.is_exception]
        fewest, most, most_small = scenario.numbers_of(len(self.pupils))
        model.add(sum(small) <= max(0, most_small - n_small))
        model.add(sum(x) <= most - len(rest))
        if not self.left:
            model.add(sum(x) >= fewest - len(rest))
        for variable, group in zip(x, groups, strict=True):
            model.add_hint(variable, group.mask in self.plan)
        costs = group_costs([*groups, *old], scenario.objective, seed=self.seed)
        costs.pop(TIE_BREAK)
        n = len(groups)
        left_over = Sum(slack, [max(1, self.pupils[u]) for u in units])
        stages: list[tuple[Sum, int | None]] = [(left_over, None)]
        for row, is_largest in zip(costs.values(), are_largest(costs), strict=True):
            if is_largest:
                total: Sum = largest_of(model, x, groups, row[:n], len(self.pupils))
                stages.append((total, max(row[n:], default=0)))
            else:
                stages.append((Sum(x, row[:n]), sum(row[n:])))
        return self._take(model, x, groups, stages, region)

    def _take(
        self,
        model: cp_model.CpModel,
        x: list[cp_model.IntVar],
        groups: list[CandidateGroup],
        stages: list[tuple[Sum, int | None]],
        region: int,
    ) -> bool:
        before = sum(max(1, self.pupils[u]) for u in bit_positions(region & self.left))
        is_better = False
        for total, old in stages:
            most = before if old is None else old
            answer = minimise(
                model,
                total,
                x,
                lambda: new_solver(self.seed, SOLVE_S if left_s() is None else left_s()),
                lambda solver: solver.solve(model),
                most=MOST_TOTAL,
            )
            if not answer.values or (not is_better and answer.total > most):
                return False
            if answer.total < most:
                is_better = True
            hold(model, total, answer.total)
            values = answer.values
        if is_better:
            for mask in [m for m in self.plan if not m & ~region]:
                del self.plan[mask]
            self.left |= region
            for group, is_in in zip(groups, values, strict=True):
                if is_in:
                    self.plan[group.mask] = group
                    self.left &= ~group.mask
        return is_better


def first_plan(
    problem: Problem,
    *,
    seed: int = 0,
    is_bettered: bool = True,
    begin: Sequence[CandidateGroup] = (),
) -> list[CandidateGroup] | None:
    """Make a plan, bettered until the time is over or nothing is gained; None where none is met.

    It may begin with some groups, of which those that share units with one before are left out.
    """
    search = _Search(problem, seed, begin)
    random = Random(seed)  # noqa: S311 - which neighbourhood comes next, no secret
    n_units, waited = FIRST_UNITS, 0
    try:
        if search.is_of_few and search.left:
            trees = search.trees(random)
            search.begin_with(trees)
            patience = PATIENCE_OF_CUTS * len(search.plan)
            while (
                (is_bettered or search.is_too_much)
                and not (search.left or is_over())
                and waited < patience
            ):
                waited = 0 if search.cut_anew(trees) else waited + 1
            waited = 0
        while not is_over() and waited < _patience(search) and (search.left or is_bettered):
            if search.left:
                seeds = bit_positions(search.left)
                unit = seeds[0] if waited == 0 else random.choice(seeds)
            else:
                unit = random.randrange(len(search.pupils))
            size = n_units if waited % 3 else max(6, n_units // 2)
            with within(SOLVE_S):
                is_better = _tried(search, 1 << unit, size)
            waited = 0 if is_better else waited + 1
    except NoPlanFoundError:
        pass
    found = list(search.plan.values())
    is_allowed = problem.scenario.count.allows(len(found)) and not search.is_too_much
    return None if search.left or not is_allowed else found


def _tried(search: _Search, seed_set: int, n_units: int) -> bool:
    """Divide what lies around a unit, or less of it where that has too many sets."""
    try:
        while n_units >= 4:  # noqa: PLR2004 - two clusters of two units
            region = units_around(search.plan, search.adjacency, seed_set, n_units)
            groups = search.candidates(region)
            if groups is not None:
                return search.divide(region, groups)
            n_units -= max(2, n_units // 5)
    except NoPlanFoundError:
        return False
    return False


def _mask_of(units: Iterable[int]) -> int:
    return sum(1 << i for i in units)


def _patience(search: _Search) -> int:
    return 10 + 3 * len(search.plan) + (20 if search.left else 0)
