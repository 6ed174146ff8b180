"""Scenarios checked against the data that they speak of, every fault of all of them in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.batch.gather import read_scenarios
from cluster_optimiser.batch.ground import ground_of, place_of, refuse_faults, refuse_unknown_names
from cluster_optimiser.batch.places import plan_path
from cluster_optimiser.errors import Fault, InputError, ScenarioError
from cluster_optimiser.inputs import load_plan
from cluster_optimiser.scenario import Scenario, authority_folder, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cluster_optimiser.batch.ground import Place


def _ignore(*_: object) -> None:
    """Do nothing with a place or a scenario."""


def data_faults(
    scenarios: Sequence[Scenario],
    *,
    on_place: Callable[[Place], None] = _ignore,
    on_sound: Callable[[Scenario, Place], None] = _ignore,
) -> tuple[list[Fault], list[Fault]]:
    """Find every fault that shows when scenarios meet their data.

    Authorities are read one after another and let go: a batch may have more of them than memory
    holds.
    """
    of_scenarios: list[Fault] = []
    of_data: list[Fault] = []
    by_folder: dict[Path, list[Scenario]] = {}
    for scenario in scenarios:
        try:
            by_folder.setdefault(authority_folder(scenario), []).append(scenario)
        except ScenarioError as error:
            of_scenarios += error.faults
    for here in by_folder.values():
        try:
            place = place_of(here[0])
        except InputError as error:
            of_data += error.faults
            continue
        on_place(place)
        of_data += place.faults
        for scenario in here:
            try:
                refuse_unknown_names(scenario, place)
                if scenario.method == "file":
                    load_plan(plan_path(scenario), place.authority)
                if scenario.contiguity.is_refusing:
                    refuse_faults(scenario, ground_of(scenario, place), place)
                on_sound(scenario, place)
            except ScenarioError as error:
                of_scenarios += [locate(fault, scenario.files) for fault in error.faults]
            except InputError as error:
                of_data += error.faults
    return of_scenarios, of_data


def load_batch(
    paths: Sequence[Path], *, on_place: Callable[[Place], None] = _ignore
) -> list[Scenario]:
    """Read scenarios and their authorities, gathering every fault of all of them."""
    scenarios, faults = read_scenarios(paths)
    raise_faults(faults, scenarios, on_place=on_place)
    return scenarios


def raise_faults(
    faults: Sequence[Fault],
    scenarios: Sequence[Scenario],
    *,
    on_place: Callable[[Place], None] = _ignore,
    on_sound: Callable[[Scenario, Place], None] = _ignore,
) -> None:
    """Raise the faults that are known already together with those that the data shows."""
    of_scenarios, of_data = data_faults(scenarios, on_place=on_place, on_sound=on_sound)
    if of_data:
        raise InputError([*of_data, *faults, *of_scenarios])
    if faults or of_scenarios:
        raise ScenarioError([*faults, *of_scenarios])
