"""The register and the rest of a problem's data as plain Python, read once for each plan."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cluster_optimiser.constants import HOMES, SECONDARY_PHASES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from cluster_optimiser.domain import Problem
    from cluster_optimiser.scenario import Scenario


@dataclass(frozen=True, slots=True)
class School:
    """One row of the register, in plain Python."""

    urn: int  # the school, and its place in the matrix of minutes
    position: int  # the school, and its place in the matrix of minutes
    pupils: int  # its pupils, and whether it counts as a secondary school
    is_secondary: bool  # its pupils, and whether it counts as a secondary school
    today: str | None  # today's geographic cluster that it lies in
    unit: str | None  # its unit or its exempt group; the other is None
    exempt: str | None  # its unit or its exempt group; the other is None
    areas: Mapping[str, str | None]  # layer -> area that it lies in, or None
    is_home: bool = False  # stands for those who live in an area: pupils, but no school


class PlainGround:
    """The data of a problem as plain dictionaries, read once for each plan."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.scenario: Scenario = problem.scenario
        self.layers = tuple(problem.authority.layers)
        self.schools = {school.urn: school for school in _schools(problem, self.layers)}
        self.minutes = problem.travel.minutes
        self.exempt_names = {s.exempt for s in self.schools.values() if s.exempt is not None}
        members: defaultdict[str, set[int]] = defaultdict(set)
        for school in self.schools.values():
            if school.unit is not None:
                members[school.unit].add(school.urn)
        self.unit_urns = dict(members)
        self.unit_home = unit_homes(problem)
        self.least, self.most = problem.scenario.size.ends
        self.limit_min = problem.scenario.travel.max_minutes
        self.measured: Mapping[str, Collection[str]] | None = None  # what touches, once asked for

    def is_single_school(self, unit: str) -> bool:
        """Tell whether a unit is one school of a divided cluster, not a cluster of one school."""
        return unit in {f"URN {urn}" for urn in self.unit_urns[unit]}


def unit_homes(problem: Problem) -> dict[str, dict[Any, str | None]]:
    """Give the home area of each unit in each layer that no cluster may cross."""
    layers = problem.scenario.required_layers
    return {layer: _texts(problem.units, f"home.{layer}") for layer in layers}


def text_or_none(value: object) -> str | None:
    """Give a name, or None for whatever a frame uses for nothing."""
    return None if value is None or value is pd.NA or value != value else str(value)  # noqa: PLR0124


def _texts(frame: pd.DataFrame, column: str) -> dict[Any, str | None]:
    return {key: text_or_none(value) for key, value in zip(frame.index, frame[column], strict=True)}


def _schools(problem: Problem, layers: Sequence[str]) -> Iterator[School]:
    register = problem.authority.schools
    unit_of, exempt_of = problem.unit_of.to_dict(), problem.exempt_of.to_dict()
    columns = {layer: _texts(register, f"layer.{layer}") for layer in layers}
    positions = {int(urn): i for i, urn in enumerate(problem.travel.urns)}
    for urn, pupils, phase, today in zip(
        register.index,
        register["pupils"],
        register["phase"],
        register["local_cluster"],
        strict=True,
    ):
        yield School(
            urn=int(urn),
            position=positions[int(urn)],
            pupils=int(pupils),
            is_secondary=phase in SECONDARY_PHASES,
            is_home=phase == HOMES,
            today=text_or_none(today),
            unit=text_or_none(unit_of.get(urn)),
            exempt=text_or_none(exempt_of.get(urn)),
            areas={layer: columns[layer][urn] for layer in layers},
        )
