r"""Set partitioning in CP-SAT: the best exact cover of the units by candidate groups.

Binary x_C for each candidate C; minimise, one term after another, sum_C c_t(C) x_C subject to the
constraints below, each one function.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ortools.sat.python import cp_model

from cluster_optimiser.constants import EFFORT_DIGITS, MAX_ROW_TOTAL
from cluster_optimiser.domain import Stage, Status
from cluster_optimiser.errors import NoPlanFoundError, VerificationError
from cluster_optimiser.optimise.candidates import CandidateGroup, bit_positions
from cluster_optimiser.optimise.continuing import TERM as CHANGED
from cluster_optimiser.optimise.continuing import Continuing, carry_on_once, with_continuing
from cluster_optimiser.optimise.costs import MOST_TOTAL, are_largest, group_costs, stage_scales
from cluster_optimiser.optimise.exactly import Answer, Largest, Sum, hold, minimise, one_worker
from cluster_optimiser.optimise.watching import solve
from cluster_optimiser.terms import TIE_BREAK, lookup

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from fractions import Fraction

    from cluster_optimiser.optimise.keeping import Keeping
    from cluster_optimiser.proofs import SecondMethod
    from cluster_optimiser.scenario import Count, Scenario

Variables = list[cp_model.IntVar]

MANY_GROUPS = 5_000
"""Candidates from which CP-SAT may need a plan to begin with."""

MOST_IN_CLIQUES = 50_000
"""Candidates up to which CP-SAT looks for larger sets of which one at most is in a plan: of 79,940
that alone takes minutes."""


@dataclass(frozen=True, slots=True)
class Cover:
    """The outcome of a partition model."""

    status: Status  # OPTIMAL, FEASIBLE or INFEASIBLE for the whole order
    chosen: tuple[int, ...]  # positions of the chosen candidates; empty when infeasible
    stages: tuple[Stage, ...]  # each solve in turn
    totals: tuple[int, ...] = ()  # value of each stage in its integers
    n_ruled_out: int | None = None  # candidates that no plan as good can hold, where that was used
    is_tie_open: bool = False  # proved best, but the tie-break was not solved in time

    def second(self, method: SecondMethod) -> SecondMethod:
        """Say by which method the best was found again: by none where this is not known best."""
        return "no_first" if self.status == "FEASIBLE" else method

    def refuse_other(self, found: str, *, is_best: bool, has_plan: bool) -> None:
        """Refuse what a second method finds if that is another best, or a plan where none is."""
        is_known = self.status == "OPTIMAL"
        if not (is_best if is_known else has_plan == (self.status == "FEASIBLE")):
            first = f"CP-SAT says {self.status} {[stage.objective for stage in self.stages]}"
            message = f"{first}, {found}: please report this"
            raise VerificationError(message)


def cover_of(
    chosen: Iterable[int],
    stages: Sequence[Stage],
    totals: Sequence[int],
    terms: Collection[str],
    *,
    n_ruled_out: int | None = None,
) -> Cover:
    """Say what is proved of a plan: the tie-break only chooses between equals."""
    n_proved = sum(stage.status == "OPTIMAL" for stage in stages)
    is_best = n_proved >= len(set(terms) - {TIE_BREAK})
    n_told = n_proved if is_best else len(stages)
    return Cover(
        "OPTIMAL" if is_best else "FEASIBLE",
        tuple(chosen),
        tuple(stages[:n_told]),
        tuple(totals[:n_told]),
        n_ruled_out,
        is_tie_open=is_best and n_proved < len(terms),
    )


def cover_each_unit_once(
    model: cp_model.CpModel, x: Variables, groups: Sequence[CandidateGroup], n_units: int
) -> None:
    """Add: for every unit u, sum of x_C over candidates C that hold u equals 1."""
    holders: list[Variables] = [[] for _ in range(n_units)]
    for variable, group in zip(x, groups, strict=True):
        for i in bit_positions(group.mask):
            holders[i].append(variable)
    for variables in holders:
        model.add_exactly_one(variables)


def limit_count(model: cp_model.CpModel, x: Variables, count: Count) -> None:
    """Add: fewest clusters <= sum of x_C <= most clusters."""
    fewest, most = count.span(len(x))
    model.add_linear_constraint(sum(x), fewest, max(fewest, most))


def limit_exceptions(
    model: cp_model.CpModel, x: Variables, groups: Sequence[CandidateGroup], max_exceptions: int
) -> None:
    """Add: sum of x_C over candidates under the minimum <= max_exceptions."""
    small = [v for v, group in zip(x, groups, strict=True) if group.is_exception]
    if small:
        model.add(sum(small) <= max_exceptions)


def limit_terms(
    model: cp_model.CpModel,
    x: Variables,
    groups: Sequence[CandidateGroup],
    most_of: Mapping[str, int],
) -> None:
    """Add for each limited term t that is a sum: sum of c_t(C) x_C <= the most of it."""
    for term, most in most_of.items():
        if lookup(term).adds_up:
            hold(model, Sum(x, [group.costs[term] for group in groups]), most)


def largest_of(
    model: cp_model.CpModel,
    x: Variables,
    groups: Sequence[CandidateGroup],
    costs: Sequence[int],
    n_units: int,
) -> Largest:
    """Add for each unit u: sum of c(C) x_C over the candidates that hold u <= t; give t."""
    top = model.new_int_var(0, max(costs, default=0), "largest")
    for unit in range(n_units):
        held = [i for i, group in enumerate(groups) if group.mask >> unit & 1]
        if sum(costs[i] for i in held) <= MAX_ROW_TOTAL:
            row = Sum([x[i] for i in held], [costs[i] for i in held])
            model.add(row.expression <= top)
        else:
            for i in held:
                model.add(costs[i] * x[i] <= top)
    bound = [1, *(0 for _ in x)]
    return Largest([top, *x], bound, [max(costs, default=0), *bound[1:]], costs)


@dataclass(frozen=True, slots=True)
class Unlike:
    """An earlier plan that a plan must differ from."""

    masks: frozenset[int]  # its groups as bits
    most_pupils: int  # most pupils that may be in a group that both plans have


def limit_likeness(
    model: cp_model.CpModel, x: Variables, groups: Sequence[CandidateGroup], unlike: Unlike
) -> None:
    """Add: sum of p(C) x_C over the groups C of an earlier plan <= most pupils in common."""
    common = [(v, g.pupils) for v, g in zip(x, groups, strict=True) if g.mask in unlike.masks]
    variables, pupils = [v for v, _ in common], [p for _, p in common]
    model.add(cp_model.LinearExpr.weighted_sum(variables, pupils) <= unlike.most_pupils)


def lose_projections(
    model: cp_model.CpModel,
    x: Variables,
    groups: Sequence[CandidateGroup],
    keeping: Keeping,
    n_units: int,
) -> Sum:
    """Add for each projection s a Boolean l_s that is true where the plan is not legal in it.

    For each unit u: sum of x_C over the candidates that hold u and are not legal in s <= l_s; at
    most one of them is chosen. And the sum of x_C over those that are small in s, less the
    exceptions allowed, <= M l_s. Projections in which the same candidates are legal share a
    Boolean.
    """
    alike: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
    positions = range(len(groups))
    for s in range(keeping.n_projections):
        broken = tuple(i for i in positions if not keeping.is_fine[i] >> s & 1)
        small = tuple(i for i in positions if keeping.is_small[i] >> s & 1)
        alike[broken, small] = alike.get((broken, small), 0) + 1
    lost: Variables = []
    for number, (broken, small) in enumerate(alike):
        is_lost = model.new_bool_var(f"lost {number}")
        lost.append(is_lost)
        for unit in range(n_units):
            held = [x[i] for i in broken if groups[i].mask >> unit & 1]
            if held:
                model.add(sum(held) <= is_lost)
        if len(small) > keeping.most_small:
            most = min(len(small), n_units)
            model.add(sum(x[i] for i in small) - most * is_lost <= keeping.most_small)
    return Sum(lost, list(alike.values()))


def build_model(
    groups: Sequence[CandidateGroup],
    scenario: Scenario,
    n_units: int,
    unlike: Sequence[Unlike] = (),
) -> tuple[cp_model.CpModel, Variables]:
    """Build the model of all legal plans, without an objective."""
    model = cp_model.CpModel()
    x = [model.new_bool_var("+".join(group.units)) for group in groups]
    cover_each_unit_once(model, x, groups, n_units)
    limit_count(model, x, scenario.count)
    limit_exceptions(model, x, groups, scenario.numbers_of(n_units).small)
    limit_terms(model, x, groups, scenario.most_of)
    for earlier in unlike:
        limit_likeness(model, x, groups, earlier)
    return model, x


def new_solver(seed: int, time_limit_s: float | None, *, n_groups: int = 0) -> cp_model.CpSolver:
    """Make a solver whose answer depends on the seed alone."""
    solver = one_worker(seed)
    # "Each unit in one group" in the linear relaxation too, whose bound is then nearly the answer.
    solver.parameters.linearization_level = 2
    if n_groups > MOST_IN_CLIQUES:
        # Looking for larger sets of groups of which one at most is in a plan takes minutes there.
        solver.parameters.merge_at_most_one_work_limit = 0.0
    if time_limit_s is not None:
        solver.parameters.max_time_in_seconds = max(time_limit_s, 0.0)
    return solver


def stage_of(term: str, scale: Fraction, answer: Answer) -> Stage:
    """Say of a stage what was found, in its own unit."""
    value = float(answer.total / scale)
    bound = float((answer.bound or 0) / scale)
    return Stage(
        term=term,
        status=answer.status,
        objective=value,
        bound=bound,
        gap=abs(value - bound) / max(1.0, abs(value)),
        deterministic_time=round(answer.effort, EFFORT_DIGITS),
    )


def best_cover(  # noqa: PLR0913 - what couples the groups of a plan, each by itself
    groups: Sequence[CandidateGroup],
    scenario: Scenario,
    n_units: int,
    *,
    unlike: Sequence[Unlike] = (),
    keeping: Keeping | None = None,
    continuing: Continuing | None = None,
    start: Collection[int] = (),
    seed: int = 0,
    time_limit_s: float | None = None,
) -> Cover:
    """Find the best plan: each term minimised with those before it held at their best.

    A plan to begin with is given as its sets of units.
    """
    model, x = build_model(groups, scenario, n_units, unlike)
    for variable, group in zip(x, groups if start else (), strict=bool(start)):
        model.add_hint(variable, group.mask in start)
    costs = group_costs(groups, scenario.objective, seed=seed)
    values: dict[str, Sum] = {
        term: largest_of(model, x, groups, row, n_units) if is_largest else Sum(x, row)
        for (term, row), is_largest in zip(costs.items(), are_largest(costs), strict=True)
    }
    if keeping is not None:
        lost = lose_projections(model, x, groups, keeping, n_units)
        values |= {r.name: lost for r in scenario.objective.rows if r.gathers == "projections"}
    if continuing is not None:
        changed = carry_on_once(model, x, continuing)
        values = with_continuing(values, changed, groups, scenario.objective)
        if CHANGED in scenario.most_of:
            hold(model, changed, scenario.most_of[CHANGED])
    scales = stage_scales(scenario.objective)
    in_order = {term: (values[term], scale) for term, scale in scales.items()}
    return solve_stages(model, x, in_order, seed=seed, time_limit_s=time_limit_s)


def solve_stages(
    model: cp_model.CpModel,
    x: Variables,
    values: Mapping[str, tuple[Sum, Fraction]],
    *,
    seed: int = 0,
    time_limit_s: float | None = None,
) -> Cover:
    """Minimise one stage after another, each held at its best for those that follow.

    A stage is a sum, and how many of its integers make one of its unit.
    """
    started = time.monotonic()
    stages: list[Stage] = []
    totals: list[int] = []
    chosen: tuple[int, ...] = ()

    def timed() -> cp_model.CpSolver:
        left_s = None if time_limit_s is None else time_limit_s - (time.monotonic() - started)
        return new_solver(seed, left_s, n_groups=len(x))

    for term, (total, scale) in values.items():
        run = partial(solve, model=model, stage=term, scale=float(scale))
        answer = minimise(model, total, x, timed, run, most=MOST_TOTAL)
        if answer.status == "INFEASIBLE":
            return Cover("INFEASIBLE", (), tuple(stages))
        if answer.status == "UNKNOWN" and not chosen:
            limit = "in memory" if time_limit_s is None else f"within {time_limit_s:g} s"
            message = f"no plan was found {limit}; none is proved impossible"
            raise NoPlanFoundError(message)
        if answer.status == "UNKNOWN":
            break
        chosen = tuple(i for i, is_in in enumerate(answer.values) if is_in)
        stages.append(stage_of(term, scale, answer))
        totals.append(answer.total)
        if answer.status == "FEASIBLE":
            break
        hold(model, total, answer.total)
        model.clear_hints()  # type: ignore[no-untyped-call]
        for variable, value in zip(x, answer.values, strict=True):
            model.add_hint(variable, value)
    return cover_of(chosen, stages, totals, values)
