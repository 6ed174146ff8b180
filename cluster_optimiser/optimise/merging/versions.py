"""Several versions of one option: the best plans that differ enough from one another.

Two plans are compared by pupils in different company: those of the clusters that only one of the
two plans has. A later version is the best plan with at least the stated share of them towards every
version before it. CP-SAT solves it with one more row a version; here it is found again by going
through all plans in exact order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

from cluster_optimiser.geography.territory import in_full
from cluster_optimiser.optimise.merging.partition import Unlike
from cluster_optimiser.optimise.universe.diagram import counts_to_go
from cluster_optimiser.optimise.universe.kept import ordered_plans
from cluster_optimiser.optimise.universe.states import build_diagram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Plan, Problem
    from cluster_optimiser.optimise.candidates import CandidateGroup
    from cluster_optimiser.optimise.keeping import Keeping

MAX_STATES = 200_000
"""States above which the plans are not gone through."""

MAX_PLANS = 100_000
"""Plans that are gone through before giving up."""


@dataclass(frozen=True, slots=True)
class FirstUnlike:
    """What going through all plans in order found."""

    costs: tuple[int, ...] | None
    n_passed: int  # better plans that do not differ enough
    n_plans: int  # all legal plans, however alike


def unlike_plan(problem: Problem, plan: Plan) -> Unlike:
    """Give an earlier version as its groups, and the pupils that may stay in the same company."""
    position = problem.unit_at
    cluster_of = plan.assignment.loc[problem.unit_of.index].groupby(problem.unit_of).first()
    masks: dict[str, int] = {}
    for unit, cluster in cluster_of.items():
        masks[str(cluster)] = masks.get(str(cluster), 0) | 1 << position[str(unit)]
    return Unlike(frozenset(masks.values()), _total(problem) - _least(problem))


def _total(problem: Problem) -> int:
    return int(problem.units["pupils"].sum())


def _least(problem: Problem) -> int:
    """Give the fewest pupils in different company, by the share as it is written in the file."""
    share = Fraction(str(problem.scenario.versions.differ_pupils))
    return math.ceil(_total(problem) * share)


def among_words(problem: Problem, earlier: Sequence[Plan]) -> str:
    """Say in words among which plans a later version is the best."""
    names = in_full([plan.label for plan in earlier])
    share = problem.scenario.versions.differ_pupils
    return (
        f"plans in which at least {_least(problem):,} pupils ({share:.0%}) are with other schools "
        f"than in {names}"
    )


def first_unlike(
    problem: Problem,
    groups: Sequence[CandidateGroup],
    unlike: Sequence[Unlike],
    keeping: Keeping | None = None,
    *,
    seed: int,
) -> FirstUnlike | None:
    """Find the best plan that differs enough by going through all plans in order."""
    diagram = build_diagram(problem, groups, max_states=MAX_STATES)
    if diagram is None:
        return None
    n_plans = int(counts_to_go(diagram)[0]) if diagram.has_plans else 0
    common = [
        [group.pupils if group.mask in earlier.masks else 0 for group in groups]
        for earlier in unlike
    ]
    passed = 0
    plans = ordered_plans(diagram, groups, problem.scenario.objective, keeping, seed=seed)
    for found in islice(plans, MAX_PLANS):
        if found is None:
            return None
        vector, chosen = found
        if all(
            sum(pupils[i] for i in chosen) <= earlier.most_pupils
            for pupils, earlier in zip(common, unlike, strict=True)
        ):
            return FirstUnlike(vector, passed, n_plans)
        passed += 1
    return FirstUnlike(None, passed, n_plans) if passed == n_plans else None
