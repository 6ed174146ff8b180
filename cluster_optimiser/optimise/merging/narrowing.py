"""The best cover of many groups: those that no good plan can hold are ruled out, stage by stage.

What is proved in fractions says of every group what a plan costs at least that holds it. The groups
that cost least are solved first, then more of them, until those that are left out can only make a
plan worse than the one there is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from itertools import zip_longest
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from cluster_optimiser.constants import MAX_ROW_TOTAL
from cluster_optimiser.deadline import is_over, left_s, share_of_left, within
from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.optimise.bounds import stage_bound
from cluster_optimiser.optimise.candidates import CandidateGroup, membership, unit_adjacency
from cluster_optimiser.optimise.costs import MOST_TOTAL, are_largest, group_costs, stage_scales
from cluster_optimiser.optimise.exactly import Answer, Sum, hold, minimise, whole_bound
from cluster_optimiser.optimise.merging.neighbourhoods import first_plan, units_around
from cluster_optimiser.optimise.merging.partition import (
    Cover,
    build_model,
    cover_of,
    largest_of,
    new_solver,
    stage_of,
)
from cluster_optimiser.optimise.merging.reach import Reach, Row, reach_of, row_of
from cluster_optimiser.optimise.watching import solve
from cluster_optimiser.progress import Progress, listener, listening
from cluster_optimiser.terms import TIE_BREAK, known_bound, lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from fractions import Fraction

    from cluster_optimiser.arrays import Ints
    from cluster_optimiser.domain import Problem, Stage, Status

CORE = 1_000
"""Groups that are solved first, those that cost least beyond what is proved."""

WIDER = 4
"""So many times more of them are solved next."""

QUICK_BOUNDS = frozenset({"fewest", "joined"})
"""What is known of these by pupils alone."""

IMPOSSIBLE = 2**62
"""The bound of what has no plan."""

SHARE_OF_FRACTIONS = 0.5
"""Share of the time left that may be spent on what no plan can better."""

SHARE_OF_CORE = 0.5
"""Share of the time left that a solve may take which is not the last."""

SHARE_OF_BETTERMENT = 0.7
"""Share of the time left in which a plan is bettered part by part."""

WRITING_S = 2e-6
"""Seconds that each number of a program takes until it is solved."""

MANY_UNITS = 500
"""Units from which a plan is made and bettered part by part before it is solved as a whole."""

LEAST_VALUE = 0.3
"""Groups with so much in the solution in fractions may begin a plan."""

REGION_UNITS = 60
"""Units of a part of the map that is divided anew while the rest of a plan stays."""

REGION_GROUPS = 500
"""Groups of such a part that are tried, those that cost least beyond what is proved."""

TRIES_OF_A_SIZE = 4
"""Parts of one size are tried in vain for a quarter of the plan's clusters, then larger ones."""

REGION_S = 2.0
"""Seconds that it may take."""


def narrowed_cover(
    problem: Problem,
    groups: Sequence[CandidateGroup],
    *,
    start: Sequence[CandidateGroup] = (),
    is_tie_broken: bool = False,
    seed: int = 0,
) -> Cover:
    """Find the best plan: each term minimised with those before it held at their best.

    Where the start is told to come first among its equals, nothing is solved to choose among them.
    """
    solved = _Stages(problem, groups, seed)
    solved.take(start)
    begun = solved.plan
    stages: list[Stage] = []
    totals: list[int] = []
    for stage, following in zip_longest(solved.costs, [*solved.costs][1:]):
        if stage == TIE_BREAK and is_tie_broken and solved.plan == begun:
            total = solved.value(stage) or 0
            answer = Answer("OPTIMAL", total=total, bound=total)
        else:
            answer = solved.minimise(stage, following)
        if answer.status == "INFEASIBLE":
            return Cover("INFEASIBLE", (), tuple(stages))
        if not solved.plan:
            message = "no plan was found in time; none is proved impossible"
            raise NoPlanFoundError(message)
        stages.append(stage_of(stage, solved.scales[stage], answer))
        totals.append(answer.total)
        if answer.status != "OPTIMAL":
            break
    n_ruled_out = len(groups) - len(solved.kept)
    return cover_of(sorted(solved.plan), stages, totals, solved.costs, n_ruled_out=n_ruled_out)


@dataclass(slots=True)
class _Stages:
    problem: Problem
    groups: Sequence[CandidateGroup]
    seed: int
    plan: list[int] = field(default_factory=list)  # positions of the groups of the best one known
    costs: dict[str, Ints] = field(init=False)  # of every group, by stage
    kept: Ints = field(init=False)  # what a plan as good as the best may hold
    held: list[tuple[Ints, int]] = field(default_factory=list)
    effort: float = 0.0  # of the stage
    ahead: Reach | None = None  # what was proved of the next stage already, of what is kept
    scales: dict[str, Fraction] = field(init=False)
    are_largest: dict[str, bool] = field(init=False)
    holders: csr_array = field(init=False)
    adjacency: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = np.arange(len(self.groups))
        objective = self.problem.scenario.objective
        self.scales = stage_scales(objective)
        costs = group_costs(self.groups, objective, seed=self.seed)
        self.costs = {stage: np.array(row) for stage, row in costs.items()}
        self.are_largest = dict(zip(costs, are_largest(costs), strict=True))
        self.adjacency = unit_adjacency(self.problem)
        masks = [group.mask for group in self.groups]
        self.holders = csr_array(membership(masks, self.n_units).T.astype(np.float64))

    @property
    def n_units(self) -> int:
        """Units of the map."""
        return len(self.problem.units)

    def take(self, found: Iterable[CandidateGroup]) -> None:
        """Have a plan be the best one known, if it is one of these groups."""
        masks = {group.mask for group in found}
        plan = [i for i, group in enumerate(self.groups) if group.mask in masks]
        if plan and len(plan) == len(masks):
            self.plan = plan

    def minimise(self, stage: str, following: str | None) -> Answer:
        """Minimise one stage, those before it held, and keep the groups of plans as good."""
        self.effort = 0.0
        bound = self._known_bound(stage, is_quick=True)
        if self._is_above(stage, bound) and self.plan and self._is_too_late():
            return Answer("FEASIBLE", total=self.value(stage) or 0, bound=bound)
        reach = self._reach(stage) if self._is_above(stage, bound) else None
        least = reach.least() if reach else np.full(len(self.kept), bound)
        bound = max(bound, reach.bound if reach else 0)
        if reach and self._is_above(stage, bound):
            if self.n_units > MANY_UNITS:
                self._better(stage, reach, following)
            elif following and int((least <= bound).sum()) > CORE:
                self._look_ahead(stage, bound, following)
        elif reach is None and not self.plan and len(self.kept) > CORE:
            self._begin(None)
        bound = max(bound, self._widen(stage, bound, reach, following))
        value = self.value(stage)
        if reach is None and value is not None and value > bound:
            bound = max(bound, self._known_bound(stage, is_quick=False))
        if value is None:
            status: Status = "INFEASIBLE" if bound == IMPOSSIBLE else "UNKNOWN"
            return Answer(status, effort=self.effort)
        if value > bound:
            return Answer("FEASIBLE", total=value, bound=bound, effort=self.effort)
        self._hold(stage, least, value)
        return Answer("OPTIMAL", total=value, bound=value, effort=self.effort)

    def _widen(self, stage: str, bound: int, reach: Reach | None, following: str | None) -> int:
        """Solve with more and more groups; give the bound that this proves."""
        order = np.argsort(reach.beyond, kind="stable") if reach else np.arange(len(self.kept))
        least = reach.least() if reach else np.full(len(self.kept), bound)
        n_core = CORE if reach else len(self.kept)
        while self._is_above(stage, bound):
            value = self.value(stage)
            fits = order if value is None else order[least[order] <= value]
            n_core = n_core if len(fits) > WIDER * n_core else len(fits)
            core, rest = fits[:n_core], fits[n_core:]
            # What some of the groups cannot better is no bound of all.
            tell, proved = listener(), float(bound / self.scales[stage])
            bounded = partial(_bounded, tell, proved) if len(rest) else tell
            with share_of_left(SHARE_OF_CORE if len(rest) else 1), listening(bounded):
                answer = self._solve(stage, core, bound)
            value = self.value(stage)
            is_settled = answer.status in {"OPTIMAL", "INFEASIBLE"}
            # What is left out can only make a plan as dear as the cheapest of it.
            lowest = IMPOSSIBLE if not len(rest) else int(least[rest[0]])
            if is_settled and (value is None or value <= lowest):
                bound = lowest if value is None else value
            elif not len(rest):
                return max(bound, answer.bound or bound)
            if bound == IMPOSSIBLE or is_over():
                break
            is_first = n_core == CORE and self.n_units <= MANY_UNITS
            if reach and is_first and self._is_above(stage, bound):
                self._better(stage, reach, following)
            n_core *= WIDER
        return bound

    def _is_too_late(self) -> bool:
        """Tell whether a program could not even be written in the time that is left."""
        limit_s = left_s()
        return limit_s is not None and limit_s < self.holders[:, self.kept].nnz * WRITING_S

    def _known_bound(self, stage: str, *, is_quick: bool) -> int:
        """Give what no plan can better by its pupils or ways alone, where one is known."""
        if not self.plan or (is_quick and known_bound(stage) not in QUICK_BOUNDS):
            return 0
        known = stage_bound(self.problem, stage, [self.groups[i] for i in self.plan])
        return whole_bound(known * float(self.scales[stage])) or 0

    def value(self, stage: str) -> int | None:
        """Give what the best plan known has of a stage; None without one."""
        if not self.plan:
            return None
        found = self.costs[stage][self.plan]
        return int(found.max() if self.are_largest[stage] else found.sum())

    def _is_above(self, stage: str, bound: int) -> bool:
        value = self.value(stage)
        return value is None or value > bound

    def _hold(self, stage: str, least: Ints, value: int) -> None:
        """Have what follows be as good in a stage as can be."""
        if self.are_largest[stage]:
            least = self.costs[stage][self.kept]
        else:
            self.held.append((self.costs[stage], value))
        as_good = least <= value
        self.kept = self.kept[as_good]
        if self.ahead is not None:
            self.ahead = replace(self.ahead, beyond=self.ahead.beyond[as_good])

    def _look_ahead(self, stage: str, bound: int, following: str) -> None:
        """Look among what is good in the next stage for a plan that has the bound of this one.

        Plans alike in this stage are many, and nothing tells them apart.
        """
        self.held.append((self.costs[stage], bound))
        with share_of_left(SHARE_OF_CORE), listening(_unheard):
            ahead = self._reach(following)
            if ahead is not None:
                core = np.argsort(ahead.beyond, kind="stable")[:CORE]
                self._solve(following, core, ahead.bound, is_any_better=True)
        self.held.pop()
        self.ahead = None if self._is_above(stage, bound) else ahead

    def _begin(self, reach: Reach | None) -> None:
        """Make a plan, of the solution in fractions where there is one."""
        begin: list[CandidateGroup] = []
        if reach is not None:
            near = np.argsort(-reach.values, kind="stable")
            near = near[reach.values[near] >= LEAST_VALUE]
            begin = [g for g in (self.groups[i] for i in self.kept[near]) if not g.is_exception]
        found = first_plan(self.problem, seed=self.seed, is_bettered=False, begin=begin)
        self.take(found or ())

    def _better(self, stage: str, reach: Reach, following: str | None) -> None:
        """Make a plan of the solution in fractions, and divide parts of the map anew for a time."""
        with share_of_left(SHARE_OF_BETTERMENT):
            if not self.plan:
                self._begin(reach)
            random = Random(self.seed)  # noqa: S311 - which part comes next, no secret
            waited = 0
            while self.plan and waited < 3 * len(self.plan) and not is_over():
                # What is equal in the stage is told apart once nothing else is gained.
                is_blended = waited > len(self.plan)
                costs = self._blended(stage, following) if is_blended else self.costs[stage]
                before = costs[self.plan].sum()
                # A smaller part may have too little to spare for a cluster less.
                times = 1 + waited // (len(self.plan) // TRIES_OF_A_SIZE + 1)
                core = self._part(random.randrange(self.n_units), reach, times)
                with within(REGION_S), listening(_unheard):
                    self._solve(stage, core, reach.bound, costs=costs)
                waited = 0 if costs[self.plan].sum() < before else waited + 1

    def _blended(self, stage: str, following: str | None) -> Ints:
        """Give what groups cost in a stage, and what they cost in the next where that is equal."""
        costs = self.costs[stage]
        if following is None or self.are_largest[following]:
            return costs
        second = self.costs[following]
        most = int(second[self.plan].sum()) + 1
        return (
            costs * most + second if int(costs[self.plan].sum() + 1) * most < MOST_TOTAL else costs
        )

    def _part(self, unit: int, reach: Reach, times: int) -> Ints:
        """Give groups that divide the map around a unit, and those of the plan elsewhere."""
        pieces = [self.groups[i].mask for i in self.plan]
        part = units_around(pieces, self.adjacency, 1 << unit, times * REGION_UNITS)
        outside = ~membership([part], self.n_units)[0]
        inside = np.flatnonzero(self.holders[:, self.kept].T @ outside.astype(np.float64) == 0)
        near = inside[np.argsort(reach.beyond[inside], kind="stable")[: times * REGION_GROUPS]]
        return np.union1d(near, np.searchsorted(self.kept, self.plan))

    def _reach(self, stage: str) -> Reach | None:
        """Bound the plans of the groups that are kept, where they are many."""
        if self.ahead is not None:
            ahead, self.ahead = self.ahead, None
            return ahead
        if self.are_largest[stage] or len(self.kept) <= CORE:
            return None
        fewest, most_groups, most_small = self.problem.scenario.numbers_of(self.n_units)
        ones = np.ones(len(self.kept), dtype=np.int64)
        rows = [Row(csr_array(-ones[None, :]), -fewest)]
        if most_groups < self.n_units:
            rows.append(row_of(ones, most_groups))
        small = np.array([self.groups[i].is_exception for i in self.kept], dtype=np.int64)
        if small.any():
            rows.append(row_of(small, most_small))
        rows += [row_of(held[self.kept], most) for held, most in self.held]
        for term, most in self.problem.scenario.most_of.items():
            if lookup(term).adds_up:
                own = [self.groups[i].costs[term] for i in self.kept]
                rows.append(row_of(np.array(own), most))
        value = self.value(stage)
        with share_of_left(SHARE_OF_FRACTIONS):
            found = reach_of(
                self.costs[stage][self.kept],
                self.holders[:, self.kept],
                rows,
                most_groups=most_groups,
                known=value,
            )
        scale = self.scales[stage]
        known = None if value is None else float(value / scale)
        listener()(Progress(stage, known, None if found is None else float(found.bound / scale)))
        return found

    def _solve(
        self,
        stage: str,
        core: Ints,
        bound: int,
        *,
        is_any_better: bool = False,
        costs: Ints | None = None,
    ) -> Answer:
        """Minimise with some of the groups that are kept; take the plan if it is better."""
        among = self.kept[core]
        groups = [self.groups[i] for i in among]
        model, x = build_model(groups, self.problem.scenario, self.n_units)
        for held, most in self.held:
            hold(model, Sum(x, held[among].tolist()), most)
        in_plan = set(self.plan)
        if in_plan:
            for variable, i in zip(x, among.tolist(), strict=True):
                model.add_hint(variable, i in in_plan)
        own = (self.costs[stage] if costs is None else costs)[among].tolist()
        if self.are_largest[stage]:
            total: Sum = largest_of(model, x, groups, own, self.n_units)
        else:
            total = Sum(x, own)
            if costs is None and total.most <= MAX_ROW_TOTAL:
                model.add(total.expression >= bound)
        run = partial(solve, model=model, stage=stage, scale=float(self.scales[stage]))
        answer = minimise(
            model,
            total,
            x,
            lambda: new_solver(self.seed, left_s(), n_groups=len(x)),
            run,
            most=MOST_TOTAL,
        )
        self.effort += answer.effort
        known = self.value(stage) if costs is None else int(costs[self.plan].sum())
        if answer.values and (is_any_better or known is None or answer.total < known):
            self.plan = among[np.array(answer.values, dtype=bool)].tolist()
        return answer


def _bounded(tell: Callable[[Progress], None], bound: float, told: Progress) -> None:
    """Tell of a program with what was proved before it."""
    tell(replace(told, bound=bound))


def _unheard(_: Progress) -> None:
    """Hear nothing of what is solved for other costs, or for a guess."""
