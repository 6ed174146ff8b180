"""One scenario of a batch, run in whatever process, and its folder written whole.

What goes from process to process is small: a task names files, and its outcome is a folder.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cluster_optimiser import present
from cluster_optimiser.batch.folders import replace_folder, staging
from cluster_optimiser.batch.ground import Place, ground_of, place_of, told
from cluster_optimiser.batch.ledger import RECORD_FILE, Record, hash_files
from cluster_optimiser.batch.one import run_scenario
from cluster_optimiser.batch.shelf import content
from cluster_optimiser.batch.surveys import survey_of
from cluster_optimiser.batch.tasks import Made, Task
from cluster_optimiser.deadline import all_but, within
from cluster_optimiser.domain import Plan, Result, Solution, Status, Unsolved
from cluster_optimiser.errors import InfeasibleError, NoPlanFoundError, writing
from cluster_optimiser.findings import Finding, told_together
from cluster_optimiser.identity import key_of, stamp_of
from cluster_optimiser.inputs.plans import read_plan
from cluster_optimiser.progress import progress_to

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

RESULTS_HELD = 16
"""Results that a process keeps for the comparison, rather than reading them again."""

PAGE_S = 1.5
"""Seconds of the time limit that all plans leave for the page, which is written after them."""

_RESULTS: OrderedDict[tuple[Path, str], Result] = OrderedDict()


def hold(folder: Path, result: Result) -> None:
    _RESULTS[folder, result.stamp] = result
    while len(_RESULTS) > RESULTS_HELD:
        _RESULTS.popitem(last=False)


def held(folder: Path, stamp_: str) -> Result | None:
    """Give a result that was kept, if it is still there."""
    return _RESULTS.get((folder, stamp_))


def warm_up() -> None:
    """Do nothing: a process that was asked to has imported all that it needs."""


_ONE_AT_A_TIME = threading.Lock()
"""Libraries that read geometry are not made for several threads; nor is one core."""


def work(task: Task) -> Made | None:
    """Run a scenario and write its folder, whole or not at all."""
    how = task.options
    # From reading to the last proof: what is written after it takes as long as it takes.
    with _ONE_AT_A_TIME, within(how.time_limit_s, memory_mb=how.memory_mb):
        place = place_of(task.scenario)
        with present.speaking_for(place.authority):
            return _work(task, place)


def _work(task: Task, place: Place) -> Made | None:
    folder = task.out / task.scenario.option
    # With the hashes of what was really read.
    inputs = {**task.parts["inputs"], **place.authority.inputs}
    parts = {**task.parts, "inputs": dict(sorted(inputs.items()))}
    with progress_to(task.progress):
        made = _solve(task, place, stamp_of(parts))
    with writing(task.out), staging(task.out) as temporary:
        new = temporary / task.scenario.option
        new.mkdir()
        if isinstance(made, Unsolved):
            present.write_unsolved(made, new)
            status = made.status
        else:
            if task.options.outputs == "all":
                with all_but(PAGE_S):
                    made = replace(made, survey=survey_of(made))
            present.write_result(made, new, maps=task.options.outputs == "all")
            status = made.plan.solution.status
            hold(folder, made)
        _sign(task, parts, new, status)
        replace_folder(new, folder, temporary)
    is_shown = task.options.outputs == "all" and not task.scenario.sweep
    if isinstance(made, Unsolved) or not is_shown:
        return None
    return Made(made.score, made.violations, made.objective, made.outlook, made.survey)


def _sign(task: Task, parts: Mapping[str, Any], folder: Path, status: Status) -> None:
    """Write the record of a folder that is otherwise finished."""
    record = Record(
        key=key_of(parts),
        parts=parts,
        status=status,
        time_limit_s=task.options.time_limit_s,
        memory_mb=task.options.memory_mb,
        outputs=task.options.outputs,
        files=hash_files(folder),
    )
    (folder / RECORD_FILE).write_text(record.text(), encoding="utf-8", newline="\n")


def _first_look(findings: Sequence[Finding]) -> str:
    """Say that the ground may be the cause, where it is warned of."""
    warned = [words for grade, words in told_together(findings) if grade == "warning"]
    return f". Look at the ground first: {' '.join(warned)}" if warned else ""


def plan_of(label: str, out: Path, place: Place) -> Plan:
    """Read the plan that a scenario of the batch has been given."""
    path = out / label / "plan.csv"
    assignment = read_plan(content(path), place.authority, str(path))
    return Plan(label, assignment, Solution(status="GIVEN"))


def _solve(task: Task, place: Place, stamp: str) -> Result | Unsolved:
    scenario, started = task.scenario, time.perf_counter()
    parent, earlier = None, []
    if not task.blocked:
        if scenario.units_scenario:
            parent = plan_of(scenario.units_scenario, task.out, place)
        earlier = [plan_of(label, task.out, place) for label in scenario.earlier]

    def without_plan(status: Status, message: str) -> Unsolved:
        findings = ground_of(scenario, place)
        return Unsolved(
            scenario=scenario,
            authority=told(place.authority, findings),
            status=status,
            message=message if status != "INFEASIBLE" else f"{message}{_first_look(findings)}",
            seconds=time.perf_counter() - started,
            seed=task.seed,
            stamp=stamp,
        )

    if task.blocked:
        return without_plan("UNKNOWN", task.blocked)
    try:
        return run_scenario(
            scenario,
            place=place,
            parent=parent,
            earlier=earlier,
            seed=task.seed,
            time_limit_s=task.options.time_limit_s,
            stamp=stamp,
        )
    except InfeasibleError as error:
        return without_plan("INFEASIBLE", str(error))
    except NoPlanFoundError as error:
        return without_plan("UNKNOWN", str(error))
