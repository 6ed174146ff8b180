"""How plans stand if pupils change: one plan of a file, or every plan of a results folder."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from cluster_optimiser.batch import shelf
from cluster_optimiser.batch.ground import Place, load_place, refuse_unknown_names
from cluster_optimiser.batch.one import run_scenario
from cluster_optimiser.domain import Plan, Result, Solution
from cluster_optimiser.errors import InputError, ScenarioError
from cluster_optimiser.inputs import load_plan
from cluster_optimiser.scenario import Scenario, parse_scenario
from cluster_optimiser.scenario.reading import as_scenario


def sensitivity(
    what: str | Path, scenario: Scenario | str | Path, *, place: Place | None = None
) -> list[Result]:
    """Say of plans which clusters leave the range of pupils, and when, if pupils change.

    Parameters
    ----------
    what
        A plan, CSV ``urn,cluster``, judged by the scenario's own rules; or a results folder, each
        plan of which is judged by the rules of its own scenario.
    scenario
        The scenario whose projections count, or the path of its file.
    place
        Its authority and ground; read if not given.

    Returns
    -------
    The plans as results; ``outlook`` of each says how it stands.

    Raises
    ------
    InputError, ScenarioError
        If plans, data or scenario have faults, or the scenario has no projection.
    """
    scenario = as_scenario(scenario)
    if scenario.projection is None:
        problem = "the scenario has no projection of pupils"
        remedy = "Add a table [projection]."
        raise ScenarioError([scenario.fault("projection", problem, remedy)])
    place = place or load_place(scenario)
    refuse_unknown_names(scenario, place)
    what = Path(what)
    if what.is_dir():
        return _of_folder(what, scenario, place)
    return [run_scenario(_given(scenario, what, scenario), place=place)]


def _given(rules: Scenario, plan: Path, scenario: Scenario) -> Scenario:
    """Give the rules of one scenario, a plan file, and the projections of another scenario."""
    changes: dict[str, Any] = {
        "method": "file",
        "plan": str(plan.resolve()),
        "projection": scenario.projection,
    }
    given = rules.model_copy(update=changes)
    given._files = scenario.files  # noqa: SLF001 - a copy made in Python keeps its provenance
    return given


def _of_folder(folder: Path, scenario: Scenario, place: Place) -> list[Result]:
    rules = {label: _rules(folder / label / "manifest.json") for label in shelf.labels(folder)}
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        plans = {label: _plan_file(folder / label, Path(temporary)) for label in rules}
        for label, one in rules.items():
            plan, parent = plans[label], None
            if plan is None:
                continue
            units = plans.get(one.units_scenario or "")
            if units is not None:
                schools = load_plan(units, place.authority)
                parent = Plan(str(one.units_scenario), schools, Solution(status="GIVEN"))
            given = _given(one, plan, scenario)
            results.append(run_scenario(given, place=place, parent=parent))
    if not results:
        problem = "the folder holds no plan with its manifest"
        raise InputError.of(folder, problem, "Give a folder that `run` wrote, or a plan CSV.")
    return results


def _plan_file(run: Path, temporary: Path) -> Path | None:
    """Give the file of a run's plan, a copy where it was put away; None where it has no plan."""
    file = run / "plan.csv"
    if file.name not in shelf.names(run):
        return None
    if not file.is_file():
        file = temporary / f"{run.name}.csv"
        file.write_bytes(shelf.content(run / "plan.csv"))
    return file


def _rules(manifest: Path) -> Scenario:
    """Read the scenario that a plan of a results folder was made by."""
    file = f"{manifest.parent.name}/{manifest.name}"
    try:
        return parse_scenario(json.loads(shelf.text(manifest))["scenario"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = "the scenario of the plan cannot be read"
        remedy = "Make the results again with `run`."
        raise InputError.of(file, problem, remedy, subject="scenario") from error
