"""What speaks of all scenarios of a run together, made from their folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser import present
from cluster_optimiser.batch.ledger import RECORD_FILE
from cluster_optimiser.batch.one import prepare, result_of
from cluster_optimiser.batch.together import sign, together_key
from cluster_optimiser.batch.work import held, hold, place_of, plan_of
from cluster_optimiser.comparison import compare
from cluster_optimiser.domain import Plan, Result, Solution, Stage, Unsolved
from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.inputs import load_plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cluster_optimiser.batch.ledger import Options
    from cluster_optimiser.batch.tasks import Outcome

COMPARISON_FILES = ("index.html", "page.json", "comparison.csv", "assignments.csv")
"""What speaks of all plans of a run together."""


def load_result(outcome: Outcome) -> Result:
    """Give the result of a scenario that has a plan: as kept, or built again from its folder.

    The plan is read, what was proved of it is taken from the manifest, and every number is worked
    out again from plan and data.

    Parameters
    ----------
    outcome
        An outcome with a plan.

    Returns
    -------
    The result, equal to the one that was written.
    """
    record, scenario = outcome.record, outcome.scenario
    kept = held(outcome.folder, record["stamp"])
    if kept is not None:
        return kept
    place, out = place_of(scenario), outcome.folder.parent
    units = scenario.units_scenario
    parent = None if units is None else plan_of(units, out, place)
    problem = prepare(scenario, place=place, parent=parent)
    solution = Solution(
        status=outcome.status,
        stages=tuple(Stage(**stage) for stage in record["stages"]),
        proof=record["proof"],
    )
    assignment = load_plan(outcome.folder / "plan.csv", place.authority)
    result = result_of(
        problem,
        Plan(scenario.option, assignment, solution),
        seconds=record["seconds"],
        seed=record["seed"],
        stamp=record["stamp"],
    )
    hold(outcome.folder, result)
    return result


def load_unsolved(outcome: Outcome) -> Unsolved:
    """Give why a scenario has no plan, from its folder.

    Parameters
    ----------
    outcome
        An outcome without a plan.

    Returns
    -------
    The record that was written, or that it failed.
    """
    record = outcome.record
    return Unsolved(
        scenario=outcome.scenario,
        authority=place_of(outcome.scenario).authority,
        status=outcome.status,
        message=outcome.message,
        seconds=record.get("seconds", 0.0),
        seed=record.get("seed", 0),
        stamp=record.get("stamp", ""),
    )


def write_together(outcomes: Sequence[Outcome], out: Path, options: Options) -> None:
    """Write the comparison and the page of all scenarios of a run.

    Parameters
    ----------
    outcomes
        What `run_batch` gave.
    out
        The results folder.
    options
        How they were run.

    Raises
    ------
    ClusterOptimiserError
        If the folder cannot be written.
    """
    try:
        (out / RECORD_FILE).unlink(missing_ok=True)
        if not any(outcome.has_plan for outcome in outcomes):
            # Those of an earlier run would speak of plans that are no longer there.
            for name in COMPARISON_FILES:
                (out / name).unlink(missing_ok=True)
            return
        results = [load_result(outcome) for outcome in outcomes if outcome.has_plan]
        unsolved = [load_unsolved(outcome) for outcome in outcomes if not outcome.has_plan]
        present.write_comparison(results, compare(results), out, unsolved=unsolved)
        sign(out, together_key(outcomes, options), COMPARISON_FILES)
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror or error}"
        raise ClusterOptimiserError(message) from error
