"""Scenario files found, read together with their data, and put in order."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import networkx as nx

from cluster_optimiser.batch.one import (
    Place,
    beside,
    load_place,
    plan_path,
    refuse_unknown_names,
)
from cluster_optimiser.errors import (
    Fault,
    InputError,
    ScenarioError,
)
from cluster_optimiser.inputs import load_plan
from cluster_optimiser.scenario import (
    Scenario,
    authority_folder,
    is_scenario,
    load_scenario,
    locate,
    nearest,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def find_scenarios(paths: Sequence[str | Path], *, only: str = "*") -> list[Path]:
    """Find the scenario files that paths mean.

    Parameters
    ----------
    paths
        Scenario files, or folders of them (files without an ``option`` are bases and left out).
    only
        Pattern that the file's name must match, with or without its ending.

    Returns
    -------
    The files, each once, in the order given, folders by name.

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
    once = {path.resolve(): path for path in reversed(found)}
    return [
        path
        for path in reversed(once.values())
        if fnmatchcase(path.stem, only) or fnmatchcase(path.name, only)
    ]


def _written_option(path: Path) -> str:
    """Give the label that a file writes, whatever else is wrong with it; empty if none."""
    with suppress(OSError, ValueError):
        return str(tomllib.loads(path.read_text(encoding="utf-8-sig")).get("option", ""))
    return ""


def _label_faults(scenarios: Sequence[Scenario], faulty: Collection[str]) -> list[Fault]:
    """Give the faults that only show when scenarios are seen together.

    Labels of files with faults of their own are there, and need not be missed.
    """
    faults = []
    first: dict[str, str] = {}
    for scenario in scenarios:
        # Each label is a folder of the results, and some systems take 4a and 4A for the same.
        file, folder = scenario.files[0].name, scenario.option.casefold()
        if folder in first:
            problem = f'option "{scenario.option}" is also that of {first[folder]}'
            fault = Fault(file, 0, "option", problem, "Give each scenario its own label.")
            faults.append(locate(fault, scenario.files))
        first.setdefault(folder, file)
    labels = [scenario.option for scenario in scenarios]
    for scenario in scenarios:
        label = scenario.units_scenario
        if label is not None and label not in labels and label not in faulty:
            like = nearest(label, labels)
            remedy = f'Did you mean "{like}"?' if like else "Run that scenario with this one."
            problem = f'no scenario has the option "{label}"'
            fault = Fault(scenario.files[0].name, 0, "units", problem, remedy)
            faults.append(locate(fault, scenario.files))
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
    The scenarios in the order given, each with all its versions, and the place of each authority
    folder.

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
    faulty: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        try:
            scenario = load_scenario(path)
            scenarios.append(scenario)
            waiting += _missing_parent(scenario, scenarios, waiting)
            folder = authority_folder(scenario)
        except ScenarioError as error:
            of_scenarios += error.faults
            faulty.add(_written_option(path))
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
    versions = [version for scenario in scenarios for version in scenario.all_versions()]
    of_scenarios += _label_faults(versions, faulty)
    if of_data:
        raise InputError([*of_data, *of_scenarios])
    if of_scenarios:
        raise ScenarioError(of_scenarios)
    return versions, places


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
    graph.add_edges_from((label, s.option) for s in scenarios for label in s.earlier)
    place = {label: i for i, label in enumerate(by_label)}
    try:
        ordered = list(nx.lexicographical_topological_sort(graph, key=place.__getitem__))
    except nx.NetworkXUnfeasible:
        labels = [label for label, _ in nx.find_cycle(graph)]
        files = by_label[labels[0]].files
        file = files[0].name if files else "scenarios"
        problem = f"units go in a circle: {' -> '.join(labels)}"
        fault = Fault(file, 0, "units", problem, "Break it.")
        raise ScenarioError([locate(fault, files)]) from None
    return [by_label[label] for label in ordered]
