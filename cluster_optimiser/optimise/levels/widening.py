"""Why no clusters fit into groupings: the least widening of the groupings' sizes that lets some."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from cluster_optimiser.errors import InfeasibleError, NoPlanFoundError
from cluster_optimiser.optimise.explain.directions import Relaxation
from cluster_optimiser.optimise.explain.explanation import TIME_LIMIT_S, Explanation
from cluster_optimiser.optimise.levels.joint import above, can_nest, solve_levels
from cluster_optimiser.terms import TIE_BREAK, UPPER

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem

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
    size = above(problem).scenario.size
    widest = int(WIDEST_SHARE * (size.min_pupils if bound == "min" else size.max_pupils))
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


def _suffices(problem: Problem, bound: Literal["min", "max"], pupils: int, until_s: float) -> bool:
    left_s = until_s - time.monotonic()
    if left_s <= 0:
        raise _LateError
    upper = above(problem)
    size = upper.scenario.size
    changes = (
        {"min_pupils": size.min_pupils - pupils}
        if bound == "min"
        else {"max_pupils": size.max_pupils + pupils}
    )
    scenario = upper.scenario.model_copy(update={"size": size.model_copy(update=changes)})
    return can_nest(replace(problem, upper=replace(upper, scenario=scenario)), time_limit_s=left_s)


def _relaxation(problem: Problem, bound: Literal["min", "max"], pupils: int) -> Relaxation:
    scenario = above(problem).scenario
    key = f"size.{bound}_pupils"
    stated = scenario.size.min_pupils if bound == "min" else scenario.size.max_pupils
    value = stated - pupils if bound == "min" else stated + pupils
    verb = "lower" if bound == "min" else "raise"
    return Relaxation(
        direction=f"upper.size.{bound}",
        stated=stated,
        value=value,
        unit="pupils",
        changes={key: value},
        units=(),
        words=f"{verb} the {bound}imum of groupings in scenario {scenario.option} from {stated:,} "
        f"to {value:,} pupils",
        is_feasible=True,
        is_minimal=True,
    )
