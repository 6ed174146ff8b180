"""One scenario from data to a verified plan; `run_scenario` reads as the whole flow."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cluster_optimiser.batch.ground import (
    Place,
    ground_of,
    load_place,
    place_of,
    place_with,
    refuse_faults,
    refuse_unknown_names,
    told,
    upper_scenario,
)
from cluster_optimiser.batch.ledger import input_hashes, parts_of, plan_digest
from cluster_optimiser.batch.places import beside, plan_path, scenario_files
from cluster_optimiser.domain import Authority, Plan, Problem, Result, Solution
from cluster_optimiser.errors import InputError, ScenarioError
from cluster_optimiser.geography import build_problem
from cluster_optimiser.identity import stamp_of
from cluster_optimiser.inputs import load_authority, load_plan
from cluster_optimiser.inputs.plans import read_plan
from cluster_optimiser.optimise import solve_levels, solve_merge, solve_redraw
from cluster_optimiser.optimise.naming import assign_schools
from cluster_optimiser.rules import OWN, RULES
from cluster_optimiser.scenario import Scenario, load_scenario, locate, locating
from cluster_optimiser.scenario.reading import as_scenario
from cluster_optimiser.scoring import objective_values, score
from cluster_optimiser.terms import gathered
from cluster_optimiser.verification import n_not_legal, outlook_of, verify, verify_plan

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

GROUND = {"method", "projection"} | {
    key.partition(".")[0] for rule in RULES for key in rule.keys if rule.makes_ground
}
"""What of a scenario its units, their neighbours and its projections are made from."""


def parts_of_run(
    scenario: Scenario, authority: Authority, seed: int, *, builds_on: Sequence[Plan] = ()
) -> dict[str, Any]:
    """Put together what a result depends on, with the hashes of what was really read."""
    inputs = {**input_hashes(authority.folder), **authority.inputs}
    plans = {plan.label: plan_digest(plan.assignment.items()) for plan in builds_on}
    return parts_of(scenario, inputs=inputs, seed=seed, builds_on=plans)


def make_plan(
    problem: Problem, *, earlier: Sequence[Plan], seed: int, time_limit_s: float | None
) -> Plan:
    """Make the plan of a problem by the method of its scenario."""
    scenario = problem.scenario
    if OWN and (scenario.method == "redraw" or problem.upper is not None):
        how = "a redraw" if scenario.method == "redraw" else "a merge with levels"
        problem_ = f"{how} cannot keep your own rules while it solves: {', '.join(sorted(OWN))}"
        remedy = "Forget them (co.forget), solve, and co.evaluate the plan with them."
        raise ScenarioError.of("scenario", problem_, remedy, subject="method")
    if scenario.method == "merge" and problem.upper is not None:
        return solve_levels(problem, seed=seed, time_limit_s=time_limit_s)
    if scenario.method == "merge":
        return solve_merge(problem, earlier=earlier, seed=seed, time_limit_s=time_limit_s)
    if scenario.method == "redraw":
        return solve_redraw(problem, seed=seed, time_limit_s=time_limit_s)
    if scenario.method == "keep":
        assignment = assign_schools(problem, {unit: unit for unit in problem.unit_names})
    else:
        assignment = load_plan(plan_path(scenario), problem.authority)
    return Plan(scenario.option, assignment, Solution(status="GIVEN"))


def prepare(
    scenario: Scenario | str | Path,
    *,
    place: Place | None = None,
    parent: Plan | None = None,
    seed: int = 0,
    time_limit_s: float | None = None,
    kept: MutableMapping[str, Problem] | None = None,
) -> Problem:
    """Put together the problem of a scenario.

    Problems in ``kept`` lend their ground to scenarios that differ from theirs in other rules only.
    """
    scenario = as_scenario(scenario)
    place = place or load_place(scenario)
    if place.faults:
        raise InputError(place.faults)
    scenario.refuse_invalid()
    refuse_unknown_names(scenario, place)
    if parent is None and scenario.units_scenario:
        parent = _run_parent(scenario, place, seed=seed, time_limit_s=time_limit_s)
    findings = ground_of(scenario, place)
    refuse_faults(scenario, findings, place)
    is_kept = kept is not None and parent is None and not scenario_files(scenario)
    key = scenario.model_dump_json(include=GROUND) if is_kept else ""
    like = kept.get(key) if kept is not None else None
    authority = told(place.authority, findings)
    if like is not None and like.territory is place.territory:
        problem = dataclasses.replace(like, scenario=scenario, authority=authority, upper=None)
    else:
        with locating(scenario.files):
            problem = build_problem(scenario, authority, place.territory, parent=parent)
    problem = dataclasses.replace(problem, findings=findings)
    if kept is not None and key:
        kept[key] = problem
    above = upper_scenario(scenario)
    if above is None:
        return problem
    upper = build_problem(above.grouping(scenario), place.authority, place.territory, parent=parent)
    return dataclasses.replace(problem, upper=upper)


def run_scenario(
    scenario: Scenario | str | Path,
    *,
    place: Place | None = None,
    parent: Plan | None = None,
    earlier: Sequence[Plan] = (),
    seed: int = 0,
    time_limit_s: float | None = None,
    stamp: str = "",
) -> Result:
    """Run one scenario, from data to a verified, scored plan.

    Parameters
    ----------
    scenario
        A scenario, or the path of its file.
    place
        Its authority and ground; read if not given.
    parent
        The plan whose clusters are the units, where ``units`` is a label; where not given, the
        scenario of that label beside the file is run first.
    earlier
        The versions that come before this one, for a scenario of `Scenario.all_versions`.
    seed
        Fixes the search and the choice between equal plans.
    time_limit_s
        Seconds of solving; without it until proved.
    stamp
        The run's stamp, where it is known; else worked out.

    Returns
    -------
    The result.

    Raises
    ------
    InputError, ScenarioError
        If the data or the scenario has faults.
    InfeasibleError
        If it is proved that there is no plan.
    NoPlanFoundError
        If the time ran out before a first plan.
    VerificationError
        If the plan does not stand up to the independent check.
    """
    scenario = as_scenario(scenario)
    place = place or load_place(scenario)
    started = time.perf_counter()
    if parent is None and scenario.units_scenario:
        parent = _run_parent(scenario, place, seed=seed, time_limit_s=time_limit_s)
    problem = prepare(scenario, place=place, parent=parent)
    with locating(scenario.files):
        plan = make_plan(problem, earlier=earlier, seed=seed, time_limit_s=time_limit_s)
    seconds = time.perf_counter() - started
    before = [*filter(None, [parent]), *earlier]
    stamp = stamp or stamp_of(parts_of_run(scenario, place.authority, seed, builds_on=before))
    result = result_of(problem, plan, seconds=seconds, seed=seed, stamp=stamp)
    verify(result)
    return result


def result_of(problem: Problem, plan: Plan, *, seconds: float, seed: int, stamp: str) -> Result:
    """Score and judge a plan, from nothing but the problem and the plan."""
    scenario = problem.scenario
    scored = score(problem, plan.assignment, plan.label)
    judged = verify_plan(problem, plan.assignment)
    outlook = outlook_of(problem, judged)
    objective = objective_values(problem, scored.metrics)
    if outlook is not None:
        objective |= dict.fromkeys(gathered("projections"), n_not_legal(outlook))
    return Result(
        problem=problem,
        plan=plan,
        score=scored,
        violations=judged.violations,
        objective={term: objective[term] for term in scenario.objective.terms if term in objective},
        seconds=seconds,
        seed=seed,
        stamp=stamp,
        caveats=problem.authority.caveats,
        outlook=outlook,
    )


def run(
    scenario: Scenario | str | Path,
    authority: Authority | str | Path | None = None,
    *,
    parent: Plan | None = None,
    seed: int = 0,
    time_limit_s: float | None = None,
) -> Result:
    """Run a scenario on an authority, which is read once for many scenarios.

    Parameters
    ----------
    scenario
        A scenario, or the path of its file.
    authority
        An authority, also one changed in Python, or its folder; without it the scenario's own.
    parent
        The plan whose clusters are the units, where ``units`` is a label, as in `run_scenario`.
    seed
        Fixes the search and the choice between equal plans.
    time_limit_s
        Seconds of solving; without it until proved.

    Returns
    -------
    The result.

    Raises
    ------
    InputError, ScenarioError
        If the data or the scenario has faults.
    InfeasibleError
        If it is proved that there is no plan.
    NoPlanFoundError
        If the time ran out before a first plan.
    VerificationError
        If the plan does not stand up to the independent check.
    """
    scenario = as_scenario(scenario)
    place = _place(scenario, authority)
    return run_scenario(scenario, place=place, parent=parent, seed=seed, time_limit_s=time_limit_s)


def _place(scenario: Scenario, authority: Authority | str | Path | None) -> Place:
    if authority is None:
        return place_of(scenario)
    if isinstance(authority, (str, Path)):
        authority = load_authority(authority)
    return place_with(authority)


def evaluate(
    plan: str | Path | pd.Series | pd.DataFrame,
    scenario: Scenario | str | Path,
    authority: Authority | str | Path | None = None,
    *,
    place: Place | None = None,
) -> Result:
    """Judge a plan by a scenario, as if it were the scenario's own.

    Parameters
    ----------
    plan
        A CSV ``urn,cluster``, a frame with these two columns (or ``urn`` as its index), or a series
        of clusters with URNs as its index; every school once.
    scenario
        The scenario whose rules and objective it is judged by, or the path of its file.
    authority
        An authority, also one changed in Python, or its folder; without it the scenario's own.
    place
        The same with its ground, where it is at hand.

    Returns
    -------
    The result; ``violations`` tells whether it is legal.

    Raises
    ------
    InputError, ScenarioError
        If the plan, the data or the scenario has faults.
    """
    scenario = as_scenario(scenario)
    place = place or _place(scenario, authority)
    # Its meeting places are those of the scenario, whatever the method.
    redraw = scenario.redraw.model_copy(update={"hubs": scenario.hubs})
    made = plan if isinstance(plan, (pd.Series, pd.DataFrame)) else None
    path = str(Path(plan).resolve()) if isinstance(plan, (str, Path)) else "a plan made in Python"
    given = scenario.model_copy(update={"method": "file", "plan": path, "redraw": redraw})
    if made is None:
        return run_scenario(given, place=place)
    assignment = read_plan(_as_csv(made), place.authority, path)
    before = [Plan("plan", assignment, Solution(status="GIVEN"))]
    stamp = stamp_of(parts_of_run(given, place.authority, 0, builds_on=before))
    result = result_of(
        prepare(given, place=place),
        Plan(given.option, assignment, Solution(status="GIVEN")),
        seconds=0.0,
        seed=0,
        stamp=stamp,
    )
    verify(result)
    return result


def _as_csv(plan: pd.Series | pd.DataFrame) -> bytes:
    """Give a plan made in Python as its file, so that its faults are told alike."""
    frame = plan.rename("cluster").to_frame() if isinstance(plan, pd.Series) else plan
    if "urn" not in frame.columns:
        frame = frame.rename_axis("urn").reset_index()
    return frame.to_csv(index=False).encode()


def _run_parent(
    scenario: Scenario, place: Place, *, seed: int, time_limit_s: float | None
) -> Plan | None:
    """Run the scenario beside this one whose label its units bear; None if there is none."""
    path = beside(scenario, str(scenario.units_scenario))
    if path is None:
        return None
    _refuse_circle(scenario)
    return run_scenario(path, place=place, seed=seed, time_limit_s=time_limit_s).plan


def _refuse_circle(scenario: Scenario) -> None:
    """Follow the units of a scenario from file to file; they must come to an end."""
    labels = [scenario.option]
    here: Scenario = scenario
    while here.units_scenario and (path := beside(here, here.units_scenario)) is not None:
        here = load_scenario(path)
        if here.option in labels:
            circle = " -> ".join([*labels[labels.index(here.option) :], here.option])
            fault = here.fault("units", f"units go in a circle: {circle}", "Break it.")
            raise ScenarioError([locate(fault, here.files)])
        labels.append(here.option)
