"""An authority with its ground, and what a scenario finds there, before anything is solved.

Nothing that solves, checks plans or draws is imported here: `check` is quick.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cluster_optimiser.batch.ledger import input_hashes
from cluster_optimiser.batch.places import beside
from cluster_optimiser.comparison.money import refuse_formula
from cluster_optimiser.errors import Fault, InputError, ScenarioError
from cluster_optimiser.findings import Finding, caveats_of, gravest, open_faults
from cluster_optimiser.geography import build_territory
from cluster_optimiser.geography.divided import refuse_division
from cluster_optimiser.geography.ground import authority_findings, scenario_findings
from cluster_optimiser.geography.pairs import pairs_of
from cluster_optimiser.geography.units import refuse_all_exempt
from cluster_optimiser.identity import key_of
from cluster_optimiser.inputs import check_names, load_authority, projections_of
from cluster_optimiser.optimise.costs import weight_faults
from cluster_optimiser.rules import NEEDS_ROLLS
from cluster_optimiser.scenario import Scenario, authority_folder, load_scenario, locate
from cluster_optimiser.terms import needing, term_scale

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cluster_optimiser.domain import Authority, Territory

PLACES_HELD = 3
"""Authorities that a process keeps; the one used longest ago goes first."""

_PLACES: OrderedDict[tuple[Path, str], Place] = OrderedDict()
_CHANGED: list[Place] = []


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """An authority with its ground: read once, used by every scenario."""

    authority: Authority  # the authority, and what `build_territory` made of it
    territory: Territory  # the authority, and what `build_territory` made of it
    findings: tuple[Finding, ...] = ()  # of the ground report, whatever the scenario
    known: dict[str, Any] = field(default_factory=dict)  # what scenarios have in common there

    @property
    def faults(self) -> list[Fault]:
        return [one.fault(self.authority.register) for one in open_faults(self.findings)]


def load_place(scenario: Scenario) -> Place:
    """Read a scenario's authority, build its ground and compare its sources."""
    return place_at(authority_folder(scenario))


def place_with(authority: Authority) -> Place:
    """Give the ground of an authority that is at hand, built once for each."""
    for place in _CHANGED:
        if place.authority is authority:
            return place
    territory = build_territory(authority)
    _CHANGED.append(Place(authority, territory, authority_findings(authority, territory)))
    del _CHANGED[:-PLACES_HELD]
    return _CHANGED[-1]


def place_at(folder: Path) -> Place:
    """Read an authority's folder, build its ground and compare its sources."""
    return place_with(load_authority(folder))


def ground_of(scenario: Scenario, place: Place) -> tuple[Finding, ...]:
    own = scenario_findings(scenario, place.authority, place.territory, place.known)
    return gravest((*place.findings, *own))


def refuse_faults(scenario: Scenario, findings: Sequence[Finding], place: Place) -> None:
    """Refuse a scenario whose own rules make faults of what is on the ground."""
    own = [
        one.fault(scenario.file_name) for one in open_faults(findings) if one not in place.findings
    ]
    if own:
        raise ScenarioError(own)


def told(authority: Authority, findings: Sequence[Finding]) -> Authority:
    """Add what the ground report warns of to what every output must say."""
    caveats = dict.fromkeys([*authority.caveats, *caveats_of(findings)])
    return dataclasses.replace(authority, caveats=tuple(caveats))


def place_of(scenario: Scenario) -> Place:
    """Give a scenario's authority and ground, read once in this process."""
    folder = authority_folder(scenario)
    key = (folder, key_of(input_hashes(folder)))
    if key not in _PLACES:
        _PLACES[key] = load_place(scenario)
        while len(_PLACES) > PLACES_HELD:
            _PLACES.popitem(last=False)
    _PLACES.move_to_end(key)
    return _PLACES[key]


def upper_scenario(scenario: Scenario) -> Scenario | None:
    label = scenario.upper
    if label is None:
        return None
    path = beside(scenario, label)
    if path is None or label == scenario.option:
        problem = f'no other scenario in this folder has the option "{label}"'
        remedy = "Name the scenario that says what groupings may be."
        fault = scenario.fault("levels.upper", problem, remedy)
        raise ScenarioError([locate(fault, scenario.files)])
    above = load_scenario(path)
    if not above.groups(scenario):
        problem = f'"{label}" does not merge, exempts other schools, or counts projections'
        remedy = "Both levels merge the same schools: let them extend the same file."
        fault = scenario.fault("levels.upper", problem, remedy)
        raise ScenarioError([locate(fault, scenario.files)])
    return above


@contextmanager
def _gathering(faults: list[Fault]) -> Iterator[None]:
    """Add the faults of an error to others instead of ending with it."""
    try:
        yield
    except ScenarioError as error:
        faults += error.faults


def refuse_unknown_names(scenario: Scenario, place: Place) -> None:
    """Refuse a scenario that uses names its authority does not know."""
    file = scenario.file_name
    # Units of a nested scenario are known only once its parent is solved; today's clusters always.
    faults = check_names(scenario, place.authority, place.territory.clusters.index, file)
    with _gathering(faults):
        upper_scenario(scenario)
    with _gathering(faults):
        refuse_division(scenario)
    faults += _area_faults(scenario, place.authority)
    faults += weight_faults(scenario, place.authority.schools, term_scale, file)
    faults += _projection_faults(scenario, place)
    try:
        pairs_of(scenario, place.authority, place.territory.clusters.index)
    except InputError as error:
        faults += error.faults
    if not faults:  # what columns hold can be asked once all are known
        with _gathering(faults):
            refuse_all_exempt(scenario, place.authority.schools)
        with _gathering(faults):
            refuse_formula(scenario, place.authority.schools)
    if faults:
        raise ScenarioError([locate(fault, scenario.files) for fault in faults])


def _area_faults(scenario: Scenario, authority: Authority) -> list[Fault]:
    """Find what does not go with areas of pupils who live there, or asks for areas without any."""
    if not authority.has_areas:
        if scenario.units != "areas":
            return []
        problem = f"{authority.name} has no areas with the pupils who live there"
        remedy = "Add [areas] with file and pupils to authority.toml, or write other units."
        return [scenario.fault("units", problem, remedy)]
    faults = []
    if scenario.units in {"clusters", "schools"} or scenario.method == "keep":
        problem = "pupils are counted in the areas where they live, and there are no clusters yet"
        remedy = 'Write method = "redraw" and units = "areas".'
        faults.append(scenario.fault("units", problem, remedy))
    stated = {name for name in NEEDS_ROLLS if name in scenario.stated}
    if any(map(scenario.asks, needing("today"))):
        stated.add("objective")
    problem = "it needs pupils at their schools, or clusters of today; here pupils count at home"
    remedy = "Remove it, or use another authority."
    return [*faults, *(scenario.fault(name, problem, remedy) for name in sorted(stated))]


def _projection_faults(scenario: Scenario, place: Place) -> Sequence[Fault]:
    """Find what is wrong with projections; those that need no file are looked at once."""
    asked = scenario.projection
    if asked is None:
        return ()
    sound = place.known.setdefault("projections", set())
    key = asked.model_dump_json()
    if asked.file is None and key in sound:
        return ()
    try:
        projections_of(scenario, place.authority)
    except InputError as error:
        return error.faults
    sound.add(key)
    return ()
