r"""Clusters and the groupings they fit into, chosen together in one model.

Binary x_C for each candidate cluster C. Binary y_Gd for each candidate grouping G, a set of the
same units, and each home d that all its clusters may have: no grouping crosses a layer that it may
not cross, and a cluster counts to the area of most of its pupils. Each unit is in one C and one G,
and a cluster may be chosen only inside a chosen grouping of its own home:

    x_C <= sum of y_Gd over the G that hold all of C, with d the home of C

Since the chosen G do not overlap, the sum is 1 where one of them holds C and 0 where C would cross
from one into another. The order is that of one scenario and then that of the other, so the plan is
best of both together: grouping the best clusters afterwards, or dividing the best groupings, may
find no plan at all. Where there is none, the least widening of the groupings' sizes is looked for.
"""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from cluster_optimiser.domain import Plan, Problem, Solution
from cluster_optimiser.errors import InfeasibleError, NoPlanFoundError
from cluster_optimiser.optimise.continuing import refuse_divided
from cluster_optimiser.optimise.costs import group_costs, stage_scales
from cluster_optimiser.optimise.exactly import Sum
from cluster_optimiser.optimise.explain.explanation import TIME_LIMIT_S, Explanation
from cluster_optimiser.optimise.explain.relax import Relaxation
from cluster_optimiser.optimise.explain.trial_rules import with_values
from cluster_optimiser.optimise.levels.nesting import Homed, homed_candidates, nested_sweep
from cluster_optimiser.optimise.merging.partition import (
    Cover,
    Variables,
    build_model,
    cover_each_unit_once,
    limit_count,
    limit_exceptions,
    solve_stages,
)
from cluster_optimiser.optimise.naming import assign_schools, cluster_names
from cluster_optimiser.proofs import LevelsProof
from cluster_optimiser.terms import TIE_BREAK, UPPER, bounded_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ortools.sat.python import cp_model

Costs = dict[str, tuple[list[int], list[int]]]
"""Stage -> costs of the clusters, and of the groupings; in the order of the stages."""


def stay_inside(
    model: cp_model.CpModel,
    x: Variables,
    y: Variables,
    lower: Sequence[Homed],
    upper: Sequence[Homed],
) -> None:
    """Add: x_C <= sum of y_Gd over the groupings G that hold all units of C and have its home."""
    for variable, cluster in zip(x, lower, strict=True):
        holders = [w for w, grouping in zip(y, upper, strict=True) if grouping.holds(cluster)]
        model.add(variable <= sum(holders))


def joint_costs(
    problem: Problem, lower: Sequence[Homed], upper: Sequence[Homed], *, seed: int
) -> Costs:
    """Give the costs of both levels in the order of the stages."""
    upper_problem = above(problem)
    of_lower = group_costs([c.group for c in lower], problem.scenario.objective, seed=seed)
    # What is joined into groupings are the clusters below, not the units: each is one to be joined.
    joins, objective = bounded_as("joined"), upper_problem.scenario.objective
    groupings = [replace(g.group, costs={**g.group.costs, joins: -1}) for g in upper]
    joined = {**dict.fromkeys(objective.terms, 0), joins: 1}
    clusters = [replace(c.group, costs=joined) for c in lower]
    of_upper = group_costs(groupings, objective, seed=seed)
    of_joined = group_costs(clusters, objective, seed=seed)
    ties = of_lower.pop(TIE_BREAK), of_upper.pop(TIE_BREAK)
    own: Costs = {term: (costs, [0] * len(upper)) for term, costs in of_lower.items()}
    theirs: Costs = {UPPER + t: (of_joined[t], costs) for t, costs in of_upper.items()}
    is_top_down = problem.scenario.is_top_down
    return {**(theirs | own if is_top_down else own | theirs), TIE_BREAK: ties}


def above(problem: Problem) -> Problem:
    if problem.upper is None:
        message = "a scenario with levels was prepared without the level above"
        raise RuntimeError(message)
    return problem.upper


def solve_levels(problem: Problem, *, seed: int = 0, time_limit_s: float | None = None) -> Plan:
    """Find the best clusters that fit into groupings, with the groupings they fit into."""
    upper_problem = above(problem)
    for level in (problem, upper_problem):
        refuse_divided(level)
    lower, upper = homed_candidates(problem, upper_problem)
    costs = joint_costs(problem, lower, upper, seed=seed)
    cover = _best(problem, lower, upper, costs, seed=seed, time_limit_s=time_limit_s)
    proof = LevelsProof(
        n_units=len(problem.units),
        n_candidates=len(lower),
        n_candidate_groupings=len(upper),
        is_tie_open=cover.is_tie_open or None,
        **_second_proof(problem, lower, upper, costs, cover),
    )
    if cover.status == "INFEASIBLE":
        raise InfeasibleError(_why(problem, proof))
    clusters = [lower[i] for i in cover.chosen if i < len(lower)]
    groupings = [upper[i - len(lower)] for i in cover.chosen if i >= len(lower)]
    names = cluster_names(problem, [cluster.group.units for cluster in clusters])
    cluster_of = {u: n for n, c in zip(names, clusters, strict=True) for u in c.group.units}
    grouping_of = {
        name: next(k for k, g in enumerate(groupings, start=1) if g.holds(c))
        for name, c in sorted(zip(names, clusters, strict=True), key=lambda pair: pair[0])
    }
    return Plan(
        label=problem.scenario.option,
        assignment=assign_schools(problem, cluster_of),
        solution=Solution(
            status=cover.status, stages=cover.stages, proof=replace(proof, grouping_of=grouping_of)
        ),
    )


def _model(
    problem: Problem, lower: Sequence[Homed], upper: Sequence[Homed]
) -> tuple[cp_model.CpModel, Variables, Variables]:
    n_units, scenario = len(problem.units), above(problem).scenario
    clusters, groupings = [c.group for c in lower], [g.group for g in upper]
    model, x = build_model(clusters, problem.scenario, n_units)
    y = [model.new_bool_var(f"grouping {i}") for i in range(len(upper))]
    cover_each_unit_once(model, y, groupings, n_units)
    limit_count(model, y, scenario.count)
    limit_exceptions(model, y, groupings, scenario.numbers_of(n_units).small)
    stay_inside(model, x, y, lower, upper)
    return model, x, y


def can_nest(problem: Problem, *, time_limit_s: float | None = None) -> bool:
    model, x, y = _model(problem, *homed_candidates(problem, above(problem)))
    nothing = {TIE_BREAK: (Sum([], []), Fraction(1))}
    cover = solve_stages(model, [*x, *y], nothing, time_limit_s=time_limit_s)
    return cover.status != "INFEASIBLE"


def _best(
    problem: Problem,
    lower: Sequence[Homed],
    upper: Sequence[Homed],
    costs: Costs,
    *,
    seed: int,
    time_limit_s: float | None,
) -> Cover:
    model, x, y = _model(problem, lower, upper)
    both = [*x, *y]
    scales = stage_scales(problem.scenario.objective)
    theirs = stage_scales(above(problem).scenario.objective)
    scales |= {UPPER + term: scale for term, scale in theirs.items()}
    values = {
        term: (Sum(both, [*own, *others]), scales[term]) for term, (own, others) in costs.items()
    }
    return solve_stages(model, both, values, seed=seed, time_limit_s=time_limit_s)


def _second_proof(
    problem: Problem, lower: Sequence[Homed], upper: Sequence[Homed], costs: Costs, cover: Cover
) -> dict[str, Any]:
    rows = [own for own, _ in costs.values()], [theirs for _, theirs in costs.values()]
    found = nested_sweep(problem, lower, upper, *rows)
    if found is None:
        return {"second_method": "no_sweep"}
    cover.refuse_other(
        f"the sweep finds {found.n_plans} nested plans, the best {found.best}",
        is_best=found.best is not None and found.best[: len(cover.totals)] == cover.totals,
        has_plan=found.n_plans > 0,
    )
    return {
        "n_nested_plans": found.n_plans,
        "second_method": cover.second("nested"),
        "n_sweep_states": found.n_states,
    }


def _why(problem: Problem, proof: LevelsProof) -> str:
    least, most = above(problem).scenario.size.ends
    checked = " (by two exact methods)" if proof.n_nested_plans is not None else ""
    return (
        f"no plan exists, proved{checked}: no choice of clusters fits into groupings of "
        f"{least:,} to {most:,} pupils by the rules of "
        f'"{above(problem).scenario.option}"'
    )


FIRST_STEP_PUPILS = 64
"""First change that is tried; it is doubled until it suffices, then narrowed to a pupil."""

WIDEST_SHARE = 0.5
"""No bound is moved by more than this share of itself."""

BOUNDS: tuple[Literal["min", "max"], ...] = ("min", "max")

NOT_PRICED = (
    "What each rule costs is not worked out for two levels together: without [levels] in a copy of "
    "the file, explain does it for the clusters alone."
)


class _LateError(Exception):
    """The time is over."""


def explain_levels(problem: Problem, *, time_limit_s: float = TIME_LIMIT_S) -> Explanation:
    """Say whether clusters fit into groupings, and what change of sizes lets them."""
    started = time.monotonic()
    scenario = problem.scenario
    proof: dict[str, object] = {"n_units": len(problem.units)}
    try:
        solution = solve_levels(problem, time_limit_s=time_limit_s).solution
    except InfeasibleError as error:
        checked = "two exact methods" in str(error)
        proof["second_method"] = f"by {'two methods that agree' if checked else 'one method'}"
        found, unsettled = _least(problem, started + time_limit_s)
        note = (
            f"Only the sizes of the groupings, in the scenario {above(problem).scenario.option}, "
            f"were changed, by no more than {WIDEST_SHARE:.0%}; whether another rule of either "
            "level would do as well was not looked into."
        )
        return Explanation(
            label=scenario.option,
            title=scenario.title,
            status="INFEASIBLE",
            is_feasible=False,
            proof=proof,
            objective={},
            relaxations=found,
            unsettled=unsettled,
            notes=(note,),
        )
    except NoPlanFoundError:
        return Explanation(scenario.option, scenario.title, "UNKNOWN", False, proof, {})  # noqa: FBT003
    n_plans = solution.proof.facts().get("n_nested_plans")
    proof["second_method"] = f"by {'one method' if n_plans is None else 'two methods that agree'}"
    proof["n_nested_plans"] = n_plans
    counted = [f"Both levels together have {n_plans:,} plans."] if isinstance(n_plans, int) else []
    return Explanation(
        label=scenario.option,
        title=scenario.title,
        status=solution.status,
        is_feasible=True,
        proof=proof,
        objective={
            stage.term: stage.objective
            for stage in solution.stages
            if stage.term != TIE_BREAK and not stage.term.startswith(UPPER)
        },
        notes=(*counted, NOT_PRICED),
    )


def _least(problem: Problem, until_s: float) -> tuple[tuple[Relaxation, ...], tuple[str, ...]]:
    found, unsettled = [], []
    for bound in BOUNDS:
        try:
            pupils = _least_change(problem, bound, until_s)
        except (_LateError, NoPlanFoundError):
            unsettled.append(f"the {bound}imum of the groupings")
            continue
        if pupils is not None:
            found.append(_relaxation(problem, bound, pupils))
    return tuple(found), tuple(unsettled)


def _least_change(problem: Problem, bound: Literal["min", "max"], until_s: float) -> int | None:
    """Give the fewest pupils that the bound is to be moved by; None where no change suffices.

    A wider range allows every grouping that a narrower one does, so the changes that suffice are
    all those from some number upwards.
    """
    widest = int(WIDEST_SHARE * above(problem).scenario.at(_key(bound)))
    low, high = 0, min(FIRST_STEP_PUPILS, widest)
    while not _suffices(problem, bound, high, until_s):
        if high == widest:
            return None
        low, high = high, min(2 * high, widest)
    while high - low > 1:
        middle = (low + high) // 2
        if _suffices(problem, bound, middle, until_s):
            high = middle
        else:
            low = middle
    return high


def _key(bound: Literal["min", "max"]) -> str:
    return f"size.{bound}_pupils"


def _widened(problem: Problem, bound: Literal["min", "max"], pupils: int) -> int:
    stated: int = above(problem).scenario.at(_key(bound))
    return stated - pupils if bound == "min" else stated + pupils


def _suffices(problem: Problem, bound: Literal["min", "max"], pupils: int, until_s: float) -> bool:
    left_s = until_s - time.monotonic()
    if left_s <= 0:
        raise _LateError
    upper = above(problem)
    value = _widened(problem, bound, pupils)
    scenario = with_values(upper.scenario, {_key(bound): value})
    return can_nest(replace(problem, upper=replace(upper, scenario=scenario)), time_limit_s=left_s)


def _relaxation(problem: Problem, bound: Literal["min", "max"], pupils: int) -> Relaxation:
    scenario = above(problem).scenario
    stated, value = (_widened(problem, bound, n) for n in (0, pupils))
    verb = "lower" if bound == "min" else "raise"
    return Relaxation(
        direction=f"upper.size.{bound}",
        stated=stated,
        value=value,
        unit="pupils",
        changes={_key(bound): value},
        units=(),
        words=f"{verb} the {bound}imum of groupings in scenario {scenario.option} from {stated:,} "
        f"to {value:,} pupils",
        is_feasible=True,
        is_minimal=True,
    )
