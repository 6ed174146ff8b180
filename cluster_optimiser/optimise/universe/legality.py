"""Which candidate groups a plan is made of, or every reason why it is no legal plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pandas as pd

from cluster_optimiser.domain import Plan, Problem
from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.inputs.checking import listed
from cluster_optimiser.optimise.candidates import CandidateGroup, reached, unit_adjacency
from cluster_optimiser.optimise.costs import plan_cost
from cluster_optimiser.terms import term_scale

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    PlanLike = Plan | pd.Series | Collection[int] | Collection[AbstractSet[str]]
    """A plan, its assignment, its clusters as sets of units, or positions of candidate groups."""

_FILE = "plan"


def positions_of(
    problem: Problem, groups: Sequence[CandidateGroup], plan: PlanLike
) -> tuple[int, ...]:
    """Find the candidate groups that a plan is made of."""
    if isinstance(plan, Plan):
        plan = plan.assignment
    if isinstance(plan, pd.Series):
        clusters = _clusters_of(problem, plan)
    else:
        given = list(plan)
        if any(isinstance(item, int) and not 0 <= item < len(groups) for item in given):
            raise InputError([_fault("", f"there are only {len(groups)} candidate groups", "")])
        clusters = {
            f"cluster {i + 1}": frozenset(groups[item].units)
            if isinstance(item, int)
            else frozenset(item)
            for i, item in enumerate(cast("list[int | AbstractSet[str]]", given))
        }
    return _candidates_of(problem, groups, clusters)


def _fault(subject: str, problem: str, remedy: str) -> Fault:
    return Fault(_FILE, 0, subject, problem, remedy or "Give a legal plan of this scenario.")


def _clusters_of(problem: Problem, assignment: pd.Series) -> dict[str, frozenset[str]]:
    """Give the units of each cluster of an assignment; every unit must be whole."""
    given = assignment.reindex(problem.unit_of.index)
    missing = [str(urn) for urn in given.index[given.isna()]]
    faults = []
    if missing:
        have = "1 school has" if len(missing) == 1 else f"{len(missing)} schools have"
        problem_text = f"{have} no cluster: URN {listed(missing)}"
        faults.append(_fault("", problem_text, "Give every school of a unit a cluster."))
    clusters: dict[str, set[str]] = {}
    known = given.dropna().astype(str)
    for unit, members in known.groupby(problem.unit_of.reindex(known.index), sort=True):
        names = sorted(set(members))
        if len(names) > 1:
            divided = f"it is divided between {listed(names)}"
            faults.append(_fault(f"unit {unit}", divided, "Keep units whole."))
        for name in names:
            clusters.setdefault(name, set()).add(str(unit))
    if faults:
        raise InputError(faults)
    return {name: frozenset(units) for name, units in sorted(clusters.items())}


def _candidates_of(
    problem: Problem, groups: Sequence[CandidateGroup], clusters: Mapping[str, frozenset[str]]
) -> tuple[int, ...]:
    position = {frozenset(group.units): i for i, group in enumerate(groups)}
    faults = [
        _fault(name, _why_no_candidate(problem, units), "Change the cluster, or the scenario.")
        for name, units in clusters.items()
        if units not in position
    ]
    faults += _cover_faults(problem, clusters)
    chosen = [position[units] for units in clusters.values() if units in position]
    if not faults:
        faults = _number_faults(problem, [groups[i] for i in chosen])
    if faults:
        raise InputError(faults)
    return tuple(sorted(chosen))


def _cover_faults(problem: Problem, clusters: Mapping[str, frozenset[str]]) -> list[Fault]:
    holders: dict[str, list[str]] = {unit: [] for unit in problem.unit_names}
    for name, units in clusters.items():
        for unit in units:
            holders.setdefault(unit, []).append(name)
    faults = []
    for unit, names in sorted(holders.items()):
        if unit not in problem.units.index:
            faults.append(_fault(f"unit {unit}", "there is no such unit", ""))
        elif len(names) != 1:
            held = "in no cluster" if not names else f"in several clusters: {listed(names)}"
            faults.append(_fault(f"unit {unit}", f"it is {held}", "Give it one cluster."))
    return faults


def _number_faults(problem: Problem, chosen: Sequence[CandidateGroup]) -> list[Fault]:
    count, most_small = problem.scenario.count, problem.scenario.numbers_of(len(chosen)).small
    n_small = sum(group.is_exception for group in chosen)
    faults = []
    if not count.allows(len(chosen)):
        text = f"it has {len(chosen)} clusters, the scenario allows {count}"
        faults.append(_fault("", text, ""))
    if n_small > most_small:
        text = f"{n_small} clusters are under the minimum, the scenario allows {most_small}"
        faults.append(_fault("", text, ""))
    for term, most in problem.scenario.most_of.items():
        value = plan_cost(term, chosen)
        if value > most:
            scale = term_scale(term)
            text = f"{term} is {value / scale:,.10g}, the scenario allows {most / scale:,.10g}"
            faults.append(_fault("", text, ""))
    return faults


def _why_no_candidate(problem: Problem, units: frozenset[str]) -> str:
    """Say why a set of units may not be a cluster."""
    held = f"its units {listed(sorted(units))} may not be a cluster: "
    names = problem.unit_names
    if not units <= set(names):
        return held + "some are no units of this scenario"
    size, (least, most) = problem.scenario.size, problem.scenario.size.ends
    pupils = sum(int(problem.units["pupils"][unit]) for unit in units)
    if size.refuses(pupils, is_one=len(units) == 1):
        return held + f"{pupils:,} pupils are over the maximum of {most:,}"
    if pupils < size.lowest:
        return held + f"{pupils:,} pupils are under the minimum of {least:,}"
    mask = sum(1 << i for i, name in enumerate(names) if name in units)
    pupils_of = problem.units["pupils"].tolist()
    if reached(mask & -mask, ~mask, unit_adjacency(problem), pupils_of)[0] != mask:
        return held + "they are not contiguous, or cross a layer that no cluster may cross"
    return held + "they break another rule, which the command `evaluate` names"
