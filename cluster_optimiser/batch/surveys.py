"""All legal plans of the scenarios that were run, as far as that is quick, and who stands where."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.deadline import is_over
from cluster_optimiser.domain import Problem, Result, Standing, Violation
from cluster_optimiser.errors import ClusterOptimiserError, InputError, NoPlanFoundError
from cluster_optimiser.optimise import candidate_groups
from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.optimise.universe.legality import positions_of
from cluster_optimiser.present import plans_table
from cluster_optimiser.prospects import Survey
from cluster_optimiser.terms import usual_order
from cluster_optimiser.verification import verify_plan

if TYPE_CHECKING:
    from collections.abc import Sequence


MAX_STATES = 100_000
"""States of the diagram above which a run does not work out the universe; the command does."""

MAX_ENTRIES = 1_000_000
"""Costs above which a run only bounds quantiles and ranks; the command has a higher limit."""

MAX_LABELS = 200_000
"""Cost vectors above which a run leaves the front unknown."""


def _universe(problem: Problem) -> Universe:
    return _worked_out(problem, MAX_STATES, MAX_ENTRIES, MAX_LABELS)


@lru_cache(maxsize=1)
def _worked_out(problem: Problem, max_states: int, max_entries: int, max_labels: int) -> Universe:
    """Keep the last: of a scenario that is run by itself it is asked for twice."""
    return Universe.of(
        problem, max_states=max_states, max_entries=max_entries, max_labels=max_labels
    )


def survey_of(result: Result) -> Survey | None:
    """Say what is true of all legal plans of a result's scenario."""
    problem = result.problem
    if problem.scenario.method != "merge":
        return None
    if problem.upper is not None:
        return Survey(n_plans=None, reason="all plans of two levels at once are not counted")
    if is_over() or result.plan.solution.status == "FEASIBLE":
        return Survey(n_plans=None, reason="the time was over before all plans were counted")
    try:
        found = _universe(problem)
    except ClusterOptimiserError as error:
        return Survey(n_plans=None, reason=str(error))
    if not found.n_plans:
        return Survey(n_plans=0)
    terms = usual_order("front", problem.scenario.preferred_layers)
    try:
        front = plans_table(found.pareto(terms), found.groups)
    except ClusterOptimiserError:
        front = None
    counts = pd.DataFrame({"n_plans": pd.Series(found.n_plans_by_count, dtype=object)}).rename_axis(
        "n_clusters"
    )
    survey = Survey(n_plans=found.n_plans, terms=terms, counts=counts, front=front)
    return _compared(survey, found, result)


def _compared(survey: Survey, found: Universe, result: Result) -> Survey:
    """Add how all plans are spread and where the result's stands, as far as the time allows."""
    try:
        survey = replace(survey, distributions=found.distributions())
        survey = replace(survey, rank=found.rank(result.plan))
        return replace(survey, together=found.together(max_states=MAX_STATES))
    except NoPlanFoundError:
        return replace(survey, reason="the time was over before all plans were compared")


def standing_of(results: Sequence[Result]) -> Standing | None:
    """Say where the plans of all options stand among the legal plans of one of them."""
    best: tuple[Problem, dict[str, tuple[int, ...]], dict[str, tuple[Violation, ...]]] | None = None
    for result in results:
        scenario, survey = result.problem.scenario, result.survey
        # Where there was no time to compare one option's plan there is none to compare them all.
        if survey is None or survey.rank is None or scenario.units_scenario:
            continue
        if survey.n_plans == 1:  # it is beside nothing
            continue
        legal, not_legal = _split(result.problem, results)
        if best is None or len(legal) > len(best[1]):
            best = (result.problem, legal, not_legal)
    if best is None:
        return None
    problem, legal, not_legal = best
    universe = _universe(problem)
    tables = {label: universe.rank(groups) for label, groups in legal.items()}
    ranks = pd.concat(tables, names=["option"]) if tables else pd.DataFrame()
    return Standing(problem.scenario.option, ranks, not_legal)


def _split(
    problem: Problem, results: Sequence[Result]
) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[Violation, ...]]]:
    """Give the groups of the plans that are legal, and what the others break."""
    groups = candidate_groups(problem)
    legal: dict[str, tuple[int, ...]] = {}
    not_legal: dict[str, tuple[Violation, ...]] = {}
    for result in results:
        label = result.plan.label
        try:
            legal[label] = positions_of(problem, groups, result.plan)
        except InputError:
            not_legal[label] = verify_plan(problem, result.plan.assignment).violations
    return legal, not_legal
