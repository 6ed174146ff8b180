"""What is asked of a scenario besides its best plan: all legal plans, and why there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cluster_optimiser.batch.ground import Place, place_of
from cluster_optimiser.batch.one import prepare
from cluster_optimiser.deadline import left_s, within
from cluster_optimiser.errors import InputError, NoPlanFoundError
from cluster_optimiser.findings import IDLE_TERM, told_together
from cluster_optimiser.inputs import load_plan
from cluster_optimiser.optimise.explain.explanation import (
    TIME_LIMIT_S,
    Explanation,
    refuse_no_rules,
)
from cluster_optimiser.optimise.explain.explanation import explain as explain_problem
from cluster_optimiser.optimise.explain.trial import Lab, Trial
from cluster_optimiser.optimise.levels.joint import explain_levels
from cluster_optimiser.optimise.universe.all_plans import Counted, Universe

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cluster_optimiser.domain import Problem
    from cluster_optimiser.scenario import Scenario


def universe(
    scenario: Scenario | str | Path, *, place: Place | None = None, seed: int = 0
) -> Universe:
    """Work out all legal plans of a merge scenario.

    Parameters
    ----------
    scenario
        A scenario, or the path of its file.
    place
        Its authority and ground; read if not given.
    seed
        Fixes the plan of another scenario whose clusters are the units.

    Returns
    -------
    The universe.

    Raises
    ------
    InputError, ScenarioError
        If the data or the scenario has faults.
    ClusterOptimiserError
        If there are too many states to be held.
    """
    return Universe.of(_merge_problem(scenario, place, seed))


def counted(scenario: Scenario | str | Path, *, seed: int = 0) -> Counted | None:
    """Count the legal plans of a merge scenario that are too many to be held, if that can be."""
    return Counted.of(_merge_problem(scenario, None, seed))


def explain(
    scenario: Scenario | str | Path,
    *,
    place: Place | None = None,
    seed: int = 0,
    time_limit_s: float = TIME_LIMIT_S,
) -> Explanation:
    """Say why a merge scenario has no plan and what would admit one, or what its rules cost.

    Parameters
    ----------
    scenario
        A scenario, or the path of its file.
    place
        Its authority and ground; read if not given.
    seed
        Fixes the plan of another scenario whose clusters are the units.
    time_limit_s
        Seconds of solving.

    Returns
    -------
    The explanation.

    Raises
    ------
    InputError, ScenarioError
        If the data or the scenario has faults.
    """
    with within(time_limit_s):
        problem = prepare(scenario, place=place, seed=seed)
        refuse_no_rules(problem.scenario)
        limit_s = left_s() or 0.0
        ask = explain_problem if problem.upper is None else explain_levels
        found = ask(problem, time_limit_s=limit_s)
        return found if found.is_feasible else _on_ground(found, problem, place, seed)


def _on_ground(found: Explanation, problem: Problem, place: Place | None, seed: int) -> Explanation:
    """Say what is odd about the ground: first what is the cause or may be, last what is not."""
    warned = [
        one
        for one in problem.findings
        if one.grade == "warning" and not one.is_accepted and one.kind != IDLE_TERM
    ]
    joining = [one for one in warned if one.links]
    others = tuple(words for _, words in told_together(one for one in warned if not one.links))
    words = tuple(words for _, words in told_together(joining))
    if not joining or problem.upper is not None:
        return replace(found, ground=(*words, *others))
    joined = problem.scenario.contiguity.joining(pair for one in joining for pair in one.links)
    settled = problem.scenario.model_copy(update={"contiguity": joined})
    problem = prepare(settled, place=place or place_of(settled), seed=seed)
    try:
        verdict = Lab(problem, time_limit_s=max(left_s() or 0.0, 1.0)).check(Trial(settled))
    except NoPlanFoundError:
        verdict = "UNKNOWN"
    if verdict == "INFEASIBLE":
        return replace(found, ground=others, besides=words)
    return replace(found, ground=(*words, *others), is_ground_cause=verdict == "FEASIBLE")


def rank(found: Universe, plan_file: str | Path) -> pd.DataFrame:
    """Say how many legal plans are better, equal and worse than the plan of a file."""
    plan = load_plan(plan_file, found.problem.authority)
    try:
        return found.rank(plan)
    except InputError as error:
        raise InputError([replace(fault, file=str(plan_file)) for fault in error.faults]) from None


def _merge_problem(scenario: Scenario | str | Path, place: Place | None, seed: int) -> Problem:
    problem = prepare(scenario, place=place, seed=seed)
    problem.scenario.refuse_no_merge()
    return problem
