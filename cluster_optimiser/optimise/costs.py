"""What candidate groups cost in each stage of an objective, in whole numbers.

A weight is the decimal that its file writes. Every term is a whole number of its own scale, so with
the common denominator of all weights their sum is a whole number too, and nothing is rounded.
Weights that would not fit are refused.
"""

from __future__ import annotations

import hashlib
import sys
from decimal import Decimal
from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING

import numpy as np

from cluster_optimiser.constants import CENTIPUPILS_PER_PUPIL, MAX_ROW_TOTAL
from cluster_optimiser.errors import Fault
from cluster_optimiser.scenario.numbers import MOST_MINUTES
from cluster_optimiser.terms import TIE_BREAK, WEIGHTED, lookup, term_scale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from cluster_optimiser.optimise.candidates import CandidateGroup
    from cluster_optimiser.scenario import Objective, Scenario

TIE_BITS = 20
"""Width of the tie-break's pseudo-random costs: wide enough to tell plans apart, narrow enough to
add up safely."""

MOST_IN_FRACTIONS = 1e5
"""HiGHS is given no larger costs where it solves in fractions."""

MOST_TOTAL = 2**60
"""Largest weighted sum of a plan: sums, differences and bounds of it then fit into 64 bits."""


def scale_in_fractions(costs: NDArray[np.number]) -> float:
    """Give what costs are divided by for a solver that works to absolute tolerances."""
    return max(1.0, float(np.abs(costs).max(initial=0)) / MOST_IN_FRACTIONS)


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


def exact_factors(
    weights: Mapping[str, float], scale_of: Callable[[str], int]
) -> tuple[dict[str, int], Fraction]:
    """Give a whole factor for each term's integers, and how many of their sum make one."""
    exact = {term: Fraction(str(weight)) / scale_of(term) for term, weight in weights.items()}
    scale = lcm(*(f.denominator for f in exact.values()))
    factors = {term: int(f * scale) for term, f in exact.items()}
    common = gcd(*factors.values()) or 1
    return {term: f // common for term, f in factors.items()}, Fraction(scale, common)


def decimal_costs(
    weights: Mapping[str, float], of_terms: Mapping[str, list[int]], scale_of: Callable[[str], int]
) -> tuple[list[int], Fraction]:
    """Work out weighted costs again in another way, for the second proof: by powers of ten.

    Gives the costs, and how many of their integers make one of the weighted sum.
    """
    written = {term: Decimal(str(weight)).normalize() for term, weight in weights.items()}
    lowest = min(int(w.as_tuple().exponent) for w in written.values())
    common = lcm(*(scale_of(term) for term in weights))
    costs = [0] * len(next(iter(of_terms.values()), []))
    for term, weight in written.items():
        whole = int(weight.scaleb(-lowest)) * (common // scale_of(term))
        costs = [total + whole * cost for total, cost in zip(costs, of_terms[term], strict=True)]
    divisor = gcd(*costs) or 1
    return [cost // divisor for cost in costs], Fraction(10) ** -lowest * common / divisor


def _most(scenario: Scenario, schools: pd.DataFrame, term: str) -> int:
    """Give what the integers of a term come to at the most in any plan."""
    pupils, n, row = int(schools["pupils"].sum()), len(schools), lookup(term)
    most = {
        "schools": n,
        "target": pupils + n * scenario.size.target,
        "pupils": pupils * max(1, len(row.of_layers(scenario.preferred_layers))),
        "ways": pupils * int(MOST_MINUTES) * max(CENTIPUPILS_PER_PUPIL, row.scale),
    }
    return most[row.most]


def weight_faults(
    scenario: Scenario, schools: pd.DataFrame, scale_of: Callable[[str], int], file: str
) -> list[Fault]:
    """Refuse weights whose exact sum could pass what 64 bits hold, and offer some that fit."""
    weights = scenario.objective.weights

    def total(some: Mapping[str, float]) -> int:
        factors, _ = exact_factors(some, scale_of)
        return sum(f * _most(scenario, schools, term) for term, f in factors.items())

    if not weights or total(weights) <= MOST_TOTAL:
        return []
    offered = dict(weights)
    for digits in range(sys.float_info.dig, 0, -1):
        offered = {term: float(f"{weight:.{digits}g}") for term, weight in weights.items()}
        if total(offered) <= MOST_TOTAL:
            break
    while total(offered) > MOST_TOTAL:
        heavy = max(offered, key=lambda t: Fraction(str(offered[t])) / scale_of(t))
        offered[heavy] = float(f"{offered[heavy] / 10:.1g}")
    shown = ", ".join(f'"{term}" = {weight:.15g}' for term, weight in offered.items())
    problem = "the weights have too many digits between them to be added up exactly"
    return [Fault(file, 0, "objective.weights", problem, f"Write weights = {{ {shown} }}.")]
