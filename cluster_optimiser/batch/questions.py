"""What is asked of a scenario besides its best plan: all legal plans, and why there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cluster_optimiser.batch.one import prepare
from cluster_optimiser.deadline import left_s, within
from cluster_optimiser.errors import Fault, ScenarioError
from cluster_optimiser.inputs import load_plan
from cluster_optimiser.optimise.explain.explanation import TIME_LIMIT_S
from cluster_optimiser.optimise.explain.explanation import explain as explain_problem
from cluster_optimiser.optimise.levels.widening import explain_levels
from cluster_optimiser.optimise.universe.all_plans import Universe

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cluster_optimiser.batch.ground import Place
    from cluster_optimiser.domain import Problem
    from cluster_optimiser.optimise.explain.explanation import Explanation
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
        return _explained(_merge_problem(scenario, place, seed, allow_levels=True))


def _explained(problem: Problem) -> Explanation:
    limit_s = left_s() or 0.0
    ground = tuple(
        one.text for one in problem.findings if one.grade == "warning" and not one.is_accepted
    )
    if problem.scenario.levels is not None:
        return replace(explain_levels(problem, time_limit_s=limit_s), ground=ground)
    return replace(explain_problem(problem, time_limit_s=limit_s), ground=ground)


def rank(found: Universe, plan_file: str | Path) -> pd.DataFrame:
    """Say how many legal plans are better, equal and worse than the plan of a file."""
    return found.rank(load_plan(plan_file, found.problem.authority))


def _merge_problem(
    scenario: Scenario | str | Path,
    place: Place | None,
    seed: int,
    *,
    allow_levels: bool = False,
) -> Problem:
    problem = prepare(scenario, place=place, seed=seed)
    if problem.scenario.method != "merge":
        method = problem.scenario.method
        files = problem.scenario.files
        fault = Fault(
            files[0].name if files else "scenario",
            0,
            "method",
            f'only a scenario of method "merge" has a universe, not "{method}"',
            "Name one that merges.",
        )
        raise ScenarioError([fault])
    if problem.scenario.levels is not None and not allow_levels:
        files = problem.scenario.files
        fault = Fault(
            files[0].name if files else "scenario",
            0,
            "levels",
            "all plans of two levels at once cannot be asked for",
            "Remove [levels] in a copy of the file to ask about the clusters alone.",
        )
        raise ScenarioError([fault])
    return problem
