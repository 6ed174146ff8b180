"""What candidate groups cost in each stage of an objective, in whole numbers."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import TYPE_CHECKING

from cluster_optimiser.constants import MAX_ROW_TOTAL
from cluster_optimiser.optimise.weighting import exact_factors
from cluster_optimiser.terms import TIE_BREAK, WEIGHTED, lookup, term_scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cluster_optimiser.optimise.candidates import CandidateGroup
    from cluster_optimiser.scenario import Objective, Scenario

TIE_BITS = 20
"""Width of the tie-break's pseudo-random costs: wide enough to tell plans apart, narrow enough to
add up safely."""


def stage_scales(objective: Objective) -> dict[str, Fraction]:
    """Give how many of each stage's integers make one of its own unit."""
    scales = {t: Fraction(term_scale(t)) for t in stage_terms(objective) if t != WEIGHTED}
    if objective.weights:
        scales = {WEIGHTED: exact_factors(objective.weights, term_scale)[1], **scales}
    return scales


def stage_terms(objective: Objective) -> tuple[str, ...]:
    return (*((WEIGHTED,) if objective.weights else objective.order), TIE_BREAK)


def group_costs(
    groups: Sequence[CandidateGroup], objective: Objective, *, seed: int
) -> dict[str, list[int]]:
    """Give the integer cost of every candidate in every stage, in the order of the stages.

    A term that does not come of what each candidate has by itself is left out.
    """
    costs: dict[str, list[int]] = {}
    if objective.weights:
        factors, _ = exact_factors(objective.weights, term_scale)
        costs[WEIGHTED] = [sum(f * group.costs[t] for t, f in factors.items()) for group in groups]
    else:
        for row in objective.rows:
            if row.is_of_groups:
                costs[row.name] = [group.costs[row.name] for group in groups]
    costs[TIE_BREAK] = [_tie_cost(group.units, seed) for group in groups]
    return costs


def are_largest(stages: Iterable[str]) -> tuple[bool, ...]:
    """Tell of each stage whether a plan has the largest of its groups' costs, not their sum."""
    return tuple(
        stage not in {WEIGHTED, TIE_BREAK} and lookup(stage).gathers == "most" for stage in stages
    )


def plan_cost(term: str, groups: Iterable[CandidateGroup]) -> int:
    return lookup(term).gather(group.costs[term] for group in groups)


def _tie_cost(units: tuple[str, ...], seed: int) -> int:
    text = f"{seed}|{'|'.join(units)}".encode()
    digest = hashlib.blake2b(text, digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - TIE_BITS)


def exceeds_safe_total(groups: Sequence[CandidateGroup], scenario: Scenario, seed: int) -> bool:
    """Tell whether some row's coefficients add up to more than CP-SAT is known to be safe with.

    Such a row is written in digits, and its optimum checked by the second method, and said so.
    """
    costs = group_costs(groups, scenario.objective, seed=seed)
    return any(
        sum(row) > MAX_ROW_TOTAL
        for row, is_largest in zip(costs.values(), are_largest(costs), strict=True)
        if not is_largest
    )
