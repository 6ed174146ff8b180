"""From scenario files to a results folder; `run_scenario` reads as the whole flow."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import networkx as nx

from cluster_optimiser import present
from cluster_optimiser.comparison import compare
from cluster_optimiser.domain import Plan, Result, Solution, Unsolved
from cluster_optimiser.errors import (
    ClusterOptimiserError,
    Fault,
    InfeasibleError,
    InputError,
    NoPlanFoundError,
    ScenarioError,
)
from cluster_optimiser.geography import build_problem, build_territory
from cluster_optimiser.inputs import check_names, load_authority, load_plan
from cluster_optimiser.optimise import solve_merge
from cluster_optimiser.optimise.merge import assign_schools
from cluster_optimiser.scenario import (
    Scenario,
    authority_folder,
    is_scenario,
    load_scenario,
    nearest,
)
from cluster_optimiser.scoring import objective_values, score
from cluster_optimiser.verification import verify, verify_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd

    from cluster_optimiser.domain import Authority, Problem, Status, Territory

STAMP_LENGTH = 12
"""Characters of a stamp: enough to tell any two runs apart, short enough to read out."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """An authority with its ground: read once, used by every scenario.

    Parameters
    ----------
    authority, territory
        The authority, and what `build_territory` made of it.
    """

    authority: Authority
    territory: Territory


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of one scenario of a batch.

    Parameters
    ----------
    scenario
        The scenario.
    result
        The result, or None where it has no plan.
    unsolved
        Why it has none, or None where it has one.
    """

    scenario: Scenario
    result: Result | None = None
    unsolved: Unsolved | None = None

    @property
    def status(self) -> Status:
        """Status of the plan, or INFEASIBLE or UNKNOWN where there is none."""
        if self.result is not None:
            return self.result.plan.solution.status
        return self.unsolved.status if self.unsolved is not None else "UNKNOWN"

    @property
    def message(self) -> str:
        """Why there is no plan; empty where there is one."""
        return self.unsolved.message if self.unsolved is not None else ""


def load_place(scenario: Scenario) -> Place:
    """Read a scenario's authority and build its ground.

    Parameters
    ----------
    scenario
        The scenario.

    Returns
    -------
    Authority and territory.

    Raises
    ------
    InputError, ScenarioError
        With every fault.
    """
    authority = load_authority(authority_folder(scenario))
    return Place(authority, build_territory(authority))


def stamp(
    scenario: Scenario, authority: Authority, seed: int, *, parent: Plan | None = None
) -> str:
    """Give a short hash of everything a result depends on: scenario, data, seed and version.

    Parameters
    ----------
    scenario
        The scenario; of method file, the plan that it names is read.
    authority, seed
        The data and the seed.
    parent
        The plan whose clusters are the units.

    Returns
    -------
    `STAMP_LENGTH` hexadecimal figures.
    """
    content = {
        "scenario": scenario.resolved() | {"plan": None},
        "inputs": dict(authority.inputs),
        "plan": _digest(plan_path(scenario).read_bytes()) if scenario.plan else None,
        "units": None if parent is None else parent.assignment.to_dict(),
        "seed": seed,
        "version": version("cluster-optimiser"),
    }
    return _digest(json.dumps(content, sort_keys=True).encode())[:STAMP_LENGTH]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _make_plan(problem: Problem, *, seed: int, time_limit_s: float | None) -> Plan:
    scenario = problem.scenario
    if scenario.method == "merge":
        return solve_merge(problem, seed=seed, time_limit_s=time_limit_s)
    if scenario.method == "keep":
        as_they_are = {str(unit): str(unit) for unit in problem.units.index}
        assignment = assign_schools(problem, as_they_are)
    else:
        assignment = load_plan(plan_path(scenario), problem.authority)
    return Plan(scenario.option, assignment, Solution(status="GIVEN"))


def plan_path(scenario: Scenario) -> Path:
    """Give the plan file of a scenario of method file.

    Parameters
    ----------
    scenario
        A scenario whose ``plan`` is relative to its file, or to the working directory where it was
        made in Python.

    Returns
    -------
    The path.
    """
    home = scenario.files[0].parent if scenario.files else Path.cwd()
    return home / str(scenario.plan)


def run_scenario(
    scenario: Scenario | str | Path,
    *,
    place: Place | None = None,
    parent: Plan | None = None,
    seed: int = 0,
    time_limit_s: float | None = None,
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
    if not isinstance(scenario, Scenario):
        scenario = load_scenario(scenario)
    place = place or load_place(scenario)
    started = time.perf_counter()
    if parent is None and scenario.units_scenario:
        parent = _run_parent(scenario, place, seed=seed, time_limit_s=time_limit_s)
    refuse_unknown_names(scenario, place)
    problem = build_problem(scenario, place.authority, place.territory, parent=parent)
    plan = _make_plan(problem, seed=seed, time_limit_s=time_limit_s)
    scored = score(problem, plan.assignment, plan.label)
    result = Result(
        problem=problem,
        plan=plan,
        score=scored,
        violations=verify_plan(problem, plan.assignment).violations,
        objective=objective_values(problem, scored.metrics),
        seconds=time.perf_counter() - started,
        seed=seed,
        stamp=stamp(scenario, place.authority, seed, parent=parent),
        caveats=place.authority.caveats,
    )
    verify(result)
    return result


def evaluate(
    plan_file: str | Path, scenario: Scenario | str | Path, *, place: Place | None = None
) -> Result:
    """Judge a plan file by a scenario, as if it were the scenario's own.

    Parameters
    ----------
    plan_file
        CSV ``urn,cluster``.
    scenario
        The scenario whose rules and objective it is judged by, or the path of its file.
    place
        Its authority and ground; read if not given.

    Returns
    -------
    The result; ``violations`` tells whether it is legal.

    Raises
    ------
    InputError, ScenarioError
        If the plan, the data or the scenario has faults.
    """
    if not isinstance(scenario, Scenario):
        scenario = load_scenario(scenario)
    given = scenario.model_copy(update={"method": "file", "plan": str(Path(plan_file).resolve())})
    given._files = scenario.files  # noqa: SLF001 - a copy made in Python keeps its provenance
    return run_scenario(given, place=place)


def _run_parent(
    scenario: Scenario, place: Place, *, seed: int, time_limit_s: float | None
) -> Plan | None:
    """Run the scenario beside this one whose label its units bear; None if there is none."""
    path = beside(scenario, str(scenario.units_scenario))
    if path is None:
        return None
    return run_scenario(path, place=place, seed=seed, time_limit_s=time_limit_s).plan


def beside(scenario: Scenario, option: str) -> Path | None:
    """Find the scenario file of an option in the folder of a scenario.

    Parameters
    ----------
    scenario
        The scenario whose folder is searched.
    option
        The label that is looked for.

    Returns
    -------
    The file, or None where there is none, or the scenario was made in Python.
    """
    if not scenario.files:
        return None
    for path in sorted(scenario.files[0].parent.glob("*.toml")):
        with suppress(ScenarioError):
            if is_scenario(path) and load_scenario(path).option == option:
                return path
    return None


def refuse_unknown_names(scenario: Scenario, place: Place) -> None:
    """Refuse a scenario that uses names its authority does not know.

    Parameters
    ----------
    scenario, place
        The scenario and its authority.

    Raises
    ------
    ScenarioError
        With every such name and the nearest right one.
    """
    file = scenario.files[0].name if scenario.files else "scenario"
    # Units of a nested scenario are known only once its parent is solved; today's clusters always.
    faults = check_names(scenario, place.authority, place.territory.clusters.index, file)
    if scenario.method == "redraw":
        remedy = "Use keep, merge or file."
        faults.append(Fault(file, 0, "method", '"redraw" is not built yet', remedy))
    if faults:
        raise ScenarioError(faults)


def find_scenarios(paths: Sequence[str | Path], *, only: str = "*") -> list[Path]:
    """Find the scenario files that paths mean.

    Parameters
    ----------
    paths
        Scenario files, or folders of them (files without an ``option`` are bases and left out).
    only
        Pattern that the file's stem or the scenario's option must match.

    Returns
    -------
    The files, in the order given, folders by name.

    Raises
    ------
    ScenarioError
        If a path does not exist or holds no scenario.
    """
    found: list[Path] = []
    faults = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = [p for p in sorted(path.glob("*.toml")) if is_scenario(p)]
            if not inside:
                faults.append(Fault(str(path), 0, "", "no scenario in this folder", "Add one."))
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            like = nearest(path.name, [p.name for p in path.parent.glob("*")])
            remedy = f'Did you mean "{path.parent / like}"?' if like else "Check the path."
            faults.append(Fault(str(path), 0, "", "there is no such file or folder", remedy))
    if faults:
        raise ScenarioError(faults)
    return [path for path in found if path.match(f"{only}.toml") or path.match(only)]


def _unlabelled_faults(scenarios: Sequence[Scenario]) -> list[Fault]:
    """Give the faults that only show when scenarios are seen together."""
    faults = []
    first: dict[str, str] = {}
    for scenario in scenarios:
        file = scenario.files[0].name
        if scenario.option in first:
            problem = f'option "{scenario.option}" is also that of {first[scenario.option]}'
            faults.append(Fault(file, 0, "option", problem, "Give each scenario its own label."))
        first.setdefault(scenario.option, file)
    for scenario in scenarios:
        label = scenario.units_scenario
        if label is not None and label not in first:
            like = nearest(label, first)
            remedy = f'Did you mean "{like}"?' if like else "Run that scenario with this one."
            problem = f'no scenario has the option "{label}"'
            faults.append(Fault(scenario.files[0].name, 0, "units", problem, remedy))
    return faults


def _missing_parent(
    scenario: Scenario, read: Sequence[Scenario], waiting: Sequence[Path]
) -> list[Path]:
    """Give the file of the scenario that this one builds on, unless it is read anyway."""
    label = scenario.units_scenario
    if label is None or any(other.option == label for other in read):
        return []
    path = beside(scenario, label)
    here = {other.resolve() for other in waiting}
    return [] if path is None or path.resolve() in here else [path]


def load_batch(
    paths: Sequence[Path],
) -> tuple[list[Scenario], dict[Path, Place]]:
    """Read scenarios and their authorities, gathering every fault of all of them.

    Parameters
    ----------
    paths
        Scenario files. One whose units are the clusters of another brings that one with it, if it
        is in the same folder.

    Returns
    -------
    The scenarios in the order given, and the place of each authority folder.

    Raises
    ------
    InputError, ScenarioError
        With every fault of every file; InputError where data has any.
    """
    scenarios: list[Scenario] = []
    places: dict[Path, Place] = {}
    of_scenarios: list[Fault] = []
    of_data: list[Fault] = []
    failed: set[Path] = set()
    waiting = list(paths)
    while waiting:
        try:
            scenario = load_scenario(waiting.pop(0))
            scenarios.append(scenario)
            waiting += _missing_parent(scenario, scenarios, waiting)
            folder = authority_folder(scenario)
        except ScenarioError as error:
            of_scenarios += error.faults
            continue
        try:
            if folder not in places and folder not in failed:
                places[folder] = load_place(scenario)
            if folder in places:
                refuse_unknown_names(scenario, places[folder])
                if scenario.method == "file":
                    load_plan(plan_path(scenario), places[folder].authority)
        except ScenarioError as error:
            of_scenarios += error.faults
        except InputError as error:
            failed.add(folder)
            of_data += error.faults
    of_scenarios += _unlabelled_faults(scenarios)
    if of_data:
        raise InputError([*of_data, *of_scenarios])
    if of_scenarios:
        raise ScenarioError(of_scenarios)
    return scenarios, places


def in_order(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Put scenarios into an order in which each comes after the one whose clusters it uses.

    Parameters
    ----------
    scenarios
        The scenarios; a label of ``units`` that none of them bears has been refused before.

    Returns
    -------
    The same scenarios, otherwise in the order given.

    Raises
    ------
    ScenarioError
        If their units go round in a circle.
    """
    by_label = {scenario.option: scenario for scenario in scenarios}
    graph = nx.DiGraph()
    graph.add_nodes_from(by_label)
    graph.add_edges_from((s.units_scenario, s.option) for s in scenarios if s.units_scenario)
    place = {label: i for i, label in enumerate(by_label)}
    try:
        ordered = list(nx.lexicographical_topological_sort(graph, key=place.__getitem__))
    except nx.NetworkXUnfeasible:
        circle = " -> ".join(a for a, _ in nx.find_cycle(graph))
        fault = Fault("scenarios", 0, "units", f"units go in a circle: {circle}", "Break it.")
        raise ScenarioError([fault]) from None
    return [by_label[label] for label in ordered]


def run_batch(
    scenarios: Sequence[Scenario],
    places: Mapping[Path, Place],
    *,
    seed: int = 0,
    time_limit_s: float | None = None,
    keep_going: bool = True,
    on_start: Callable[[Scenario], None] = lambda _: None,
    on_end: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Run scenarios one after another; an infeasible one is a result, not the end.

    Parameters
    ----------
    scenarios, places
        What `load_batch` gave.
    seed, time_limit_s
        As for `run_scenario`.
    keep_going
        Go on after a scenario without a plan.
    on_start, on_end
        Called before and after each.

    Returns
    -------
    An outcome for each scenario that was reached, in the order given.
    """
    outcomes: dict[str, Outcome] = {}
    for scenario in in_order(scenarios):
        on_start(scenario)
        outcome = _outcome(
            scenario,
            places[authority_folder(scenario)],
            outcomes.get(scenario.units_scenario or ""),
            seed=seed,
            time_limit_s=time_limit_s,
        )
        outcomes[scenario.option] = outcome
        on_end(outcome)
        if outcome.result is None and not keep_going:
            break
    return [outcomes[s.option] for s in scenarios if s.option in outcomes]


def _outcome(
    scenario: Scenario,
    place: Place,
    parent: Outcome | None,
    *,
    seed: int,
    time_limit_s: float | None,
) -> Outcome:
    started = time.perf_counter()
    plan = parent.result.plan if parent and parent.result else None

    def without_plan(status: Status, message: str) -> Outcome:
        unsolved = Unsolved(
            scenario=scenario,
            authority=place.authority,
            status=status,
            message=message,
            seconds=time.perf_counter() - started,
            seed=seed,
            stamp=stamp(scenario, place.authority, seed, parent=plan),
        )
        return Outcome(scenario, unsolved=unsolved)

    if scenario.units_scenario and plan is None:
        message = f'not run: scenario "{scenario.units_scenario}", its units, has no plan'
        return without_plan("UNKNOWN", message)
    try:
        result = run_scenario(
            scenario, place=place, parent=plan, seed=seed, time_limit_s=time_limit_s
        )
    except InfeasibleError as error:
        return without_plan("INFEASIBLE", str(error))
    except NoPlanFoundError as error:
        return without_plan("UNKNOWN", str(error))
    return Outcome(scenario, result)


@contextmanager
def _staging(out: Path) -> Iterator[Path]:
    """Give a temporary folder beside the final ones; it is gone afterwards, whatever happened."""
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".partial-", dir=out))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replace_folder(new: Path, final: Path, staging: Path) -> None:
    """Put a finished folder in the place of an older one."""
    if final.exists():
        final.replace(staging / f"old-{final.name}")
    new.replace(final)


def write_results(
    outcomes: Sequence[Outcome], out: Path, *, on_end: Callable[[Outcome], None] = lambda _: None
) -> pd.DataFrame:
    """Write the results folder: each scenario's folder, then the comparison and the page.

    Everything is written to a temporary place first and renamed: nobody ever meets half of it.

    Parameters
    ----------
    outcomes
        What `run_batch` gave.
    out
        The results folder; made if it is not there.
    on_end
        Called after each scenario is written.

    Returns
    -------
    The comparison table.

    Raises
    ------
    ClusterOptimiserError
        If the folder cannot be written.
    """
    results = [outcome.result for outcome in outcomes if outcome.result is not None]
    comparison = compare(results)
    try:
        with _staging(out) as staging:
            for outcome in outcomes:
                label = outcome.scenario.option
                folder = staging / label
                folder.mkdir()
                if outcome.result is not None:
                    present.write_result(outcome.result, folder)
                if outcome.unsolved is not None:
                    present.write_unsolved(outcome.unsolved, folder)
                _replace_folder(folder, out / label, staging)
                on_end(outcome)
            if results:
                unsolved = [o.unsolved for o in outcomes if o.unsolved is not None]
                present.write_comparison(results, comparison, out, unsolved=unsolved)
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror or error}"
        raise ClusterOptimiserError(message) from error
    return comparison
