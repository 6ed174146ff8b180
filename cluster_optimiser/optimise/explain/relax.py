"""Relaxations: the least change of a scenario, in one direction or two, that admits a plan.

Each is solved again from the changed scenario alone, and one step less is proved to have no plan.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from cluster_optimiser.deadline import in_time
from cluster_optimiser.inputs.checking import listed
from cluster_optimiser.optimise.explain.trial import Lab, Trial
from cluster_optimiser.optimise.explain.trial_rules import with_values
from cluster_optimiser.optimise.merging.partition import build_model
from cluster_optimiser.rules import FAMILIES
from cluster_optimiser.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ortools.sat.python import cp_model

    from cluster_optimiser.optimise.candidates import CandidateGroup
    from cluster_optimiser.scenario import Scenario

ValueT = TypeVar("ValueT")

Value = float | str | list[list[str]] | list[str] | None

STRIDE = 4
"""How much longer each stride over values is than the one before."""

DROPPED = "rules"
"""Unit of a relaxation that drops a rule, or an entry of one, whole."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The least change in one direction that admits a plan, with what is proved of it."""

    direction: str
    stated: float
    value: float
    unit: str  # what the number counts: pupils, clusters, minutes, metres, schools, units or rules
    changes: Mapping[str, Value]
    units: tuple[str, ...]  # the units concerned: exceptions, or those that cross a border
    words: str  # the change in a few words
    is_feasible: bool = False  # true where the changed scenario was solved and has a plan
    is_minimal: bool = False  # true where one step less was proved to have none


@dataclass(frozen=True, slots=True)
class Step:
    """A relaxation with the trials that prove it."""

    relaxation: Relaxation  # the relaxation
    trial: Trial  # the changed scenario
    short: Trial | None = None
    is_short_refuted: bool = False  # one step less was proved to have no plan as an optimum


@dataclass(frozen=True, slots=True)
class Direction:
    """A way to loosen a scenario."""

    key: str
    family: str  # the rule family that it loosens
    loosen: Callable[[Trial], Trial]  # gives a trial with the rule loosened as far as can be
    least: Callable[[Lab, Trial], Step | None]
    narrower: str = ""  # the direction that is named alone where it does with as few


def changed(trial: Trial, values: Mapping[str, object]) -> Trial:
    """Give a trial with the values of some dotted keys of its scenario replaced."""
    return replace(trial, scenario=with_values(trial.scenario, values))


def freed(trial: Trial, family: str) -> Trial:
    """Give a trial without one rule; what sizes are measured from stays."""
    kept = {"size.target_pupils": trial.scenario.size.target} if family.startswith("size.") else {}
    return changed(trial, {**kept, **FAMILIES[family].free})


def first_of(
    lab: Lab, values: Sequence[ValueT], loosen: Callable[[ValueT], Trial]
) -> tuple[ValueT, Trial, Trial | None] | None:
    """Give the first value whose trial has a plan, as all after it have; and the trial before.

    From the first on, by ever longer strides, then back by halves: the nearer, the fewer groups.
    """
    trials = [loosen(value) for value in values]
    low, high, stride = 0, len(trials), 1
    while low < high:
        middle = min(low + stride - 1, (low + high) // 2)
        if lab.verdict(trials[middle]) == "FEASIBLE":
            high = middle
        else:
            low = middle + 1
        stride *= STRIDE
    if low == len(trials):
        return None
    return values[low], trials[low], trials[low - 1] if low else None


def cheapest(
    lab: Lab, groups: Sequence[CandidateGroup], scenario: Scenario, rows: Sequence[Sequence[int]]
) -> tuple[tuple[int, ...], list[CandidateGroup]] | None:
    """Find the plan of least costs, row after row: the costs and the groups, or None."""
    model, x = build_model(groups, scenario, len(lab.names))
    values: list[int] = []
    chosen: list[CandidateGroup] = []
    for row in rows:
        cost: cp_model.LinearExprT = sum(c * v for c, v in zip(row, x, strict=True) if c)
        model.minimize(cost)
        verdict, solver = lab.solve(model)
        is_proved = solver.objective_value <= solver.best_objective_bound
        if verdict != "FEASIBLE" or not is_proved:
            return None
        values.append(round(solver.objective_value))
        chosen = [g for g, v in zip(groups, x, strict=True) if solver.boolean_value(v)]
        model.add(cost <= values[-1])
    return tuple(values), chosen


def dropped(
    key: str, trial: Trial, changed: Trial, changes: Mapping[str, Value], words: str
) -> Step:
    return Step(Relaxation(key, 0, 1, DROPPED, changes, (), words), changed, trial)


some = partial(listed, most=4)
so_many = partial(say, "count.pupils")


@dataclass(frozen=True, slots=True)
class Combination:
    """Two changes that admit a plan together though neither does alone."""

    relaxations: tuple[Relaxation, ...]
    words: str  # both in a few words


def checked(lab: Lab, step: Step) -> Relaxation:
    """Solve a relaxation from its changed scenario, and one step less."""
    is_minimal = step.is_short_refuted
    if step.short is not None:
        is_minimal = lab.check(step.short) == "INFEASIBLE"
    is_feasible = lab.check(step.trial) == "FEASIBLE"
    return replace(step.relaxation, is_feasible=is_feasible, is_minimal=is_minimal)


def single_relaxations(
    lab: Lab, directions: Sequence[Direction]
) -> tuple[tuple[Relaxation, ...], tuple[Direction, ...], tuple[Direction, ...]]:
    base = Trial(lab.problem.scenario)
    relaxations, hopeless, unsettled = [], [], []
    for direction in directions:
        verdict = lab.verdict(direction.loosen(base))
        if verdict == "INFEASIBLE":
            hopeless.append(direction)
            continue
        step = None
        if verdict == "FEASIBLE":
            step = in_time(partial(direction.least, lab, base), None)
        relaxation = checked(lab, step) if step is not None else None
        if relaxation is not None and relaxation.is_feasible:
            relaxations.append(relaxation)
        else:
            unsettled.append(direction)
    return _without_wider(relaxations, directions), tuple(hopeless), tuple(unsettled)


def _without_wider(
    relaxations: Sequence[Relaxation], directions: Sequence[Direction]
) -> tuple[Relaxation, ...]:
    """Leave out those of any units where as few of the named ones do."""
    value = {r.direction: r.value for r in relaxations}
    most = {d.key: value[d.narrower] for d in directions if d.narrower in value}
    return tuple(r for r in relaxations if r.value < most.get(r.direction, float("inf")))


def combined_relaxations(
    lab: Lab, directions: Sequence[Direction], clash: Sequence[str]
) -> tuple[Combination, ...]:
    """Find the least relaxations in pairs of directions of which neither suffices alone."""
    base = Trial(lab.problem.scenario)
    found: dict[str, Combination] = {}
    for first, second in itertools.combinations(directions, 2):
        is_pair = first.family != second.family and {first.family, second.family} & set(clash)
        if not is_pair or lab.verdict(second.loosen(first.loosen(base))) != "FEASIBLE":
            continue
        for one, other in ((first, second), (second, first)):
            combination = in_time(partial(_combined, lab, base, one, other), None)
            if combination is not None:
                found.setdefault(
                    " and ".join(sorted(r.words for r in combination.relaxations)), combination
                )
    return tuple(found.values())


def _combined(lab: Lab, base: Trial, one: Direction, other: Direction) -> Combination | None:
    first = one.least(lab, other.loosen(base))
    if first is not None and first.relaxation.unit == DROPPED:
        # Of what is dropped whole nothing was found: it is the same of the base.
        alone = one.least(lab, base)
        first = None if alone is None else replace(alone, short=first.short)
    if first is None:
        return None
    # The first change by itself, without the loosening of the other that it was found with.
    settled = _applied(base, first)
    second = other.least(lab, settled)
    if second is None:
        return None
    of_first = checked(lab, replace(first, trial=second.trial))
    of_second = checked(lab, second)
    if not (of_first.is_feasible and of_second.is_feasible):
        return None
    return Combination((of_first, of_second), f"{of_first.words}, and {of_second.words}")


def _applied(base: Trial, step: Step) -> Trial:
    """Give the base with the change of a step and nothing else of the step's trial."""
    key = step.relaxation.direction
    changed = step.trial.scenario
    keys = [*(step.relaxation.changes or (FAMILIES[key].free if key in FAMILIES else ()))]
    keys += ["size.target_pupils"] if key.startswith("size.") else []
    values = {one: changed.at(one) for one in keys}
    return Trial(with_values(base.scenario, values), step.trial.homes)
