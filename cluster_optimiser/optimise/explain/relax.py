"""Relaxations: the least change of a scenario, in one direction or two, that admits a plan.

Each is solved again from the changed scenario alone, and one step less is proved to have no plan.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.explain.trial import Trial
from cluster_optimiser.optimise.explain.trial_rules import with_values
from cluster_optimiser.rules import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.optimise.explain.directions import Direction, Relaxation, Step
    from cluster_optimiser.optimise.explain.trial import Lab


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
        step = direction.least(lab, base) if verdict == "FEASIBLE" else None
        relaxation = checked(lab, step) if step is not None else None
        if relaxation is not None and relaxation.is_feasible:
            relaxations.append(relaxation)
        else:
            unsettled.append(direction)
    return _without_wider(relaxations), tuple(hopeless), tuple(unsettled)


def _without_wider(relaxations: Sequence[Relaxation]) -> tuple[Relaxation, ...]:
    """Leave out exceptions of any units where as few of the named ones do."""
    value = {r.direction: r.value for r in relaxations}
    named = value.get("size.max_exceptions", float("inf"))
    return tuple(r for r in relaxations if r.direction != "size.exceptions" or r.value < named)


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
            combination = _combined(lab, base, one, other)
            if combination is not None:
                found.setdefault(
                    " and ".join(sorted(r.words for r in combination.relaxations)), combination
                )
    return tuple(found.values())


def _combined(lab: Lab, base: Trial, one: Direction, other: Direction) -> Combination | None:
    first = one.least(lab, other.loosen(base))
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
