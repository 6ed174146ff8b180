r"""What no plan can better, whatever its groups: for rules without which there are too many groups.

For pupil minutes, the k-median relaxation: units u are served from at most k schools j, wherever
they lie. Its Lagrangian bound (Cornuejols, Fisher, Nemhauser 1977) holds for every multiplier,

    L(m) = sum_u m_u + (sum of the k smallest of sum_u min(0, c_uj - m_u), where below 0)

and is worked out in whole numbers at the best multipliers that were found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_optimiser.constants import CENTIMINUTES_PER_MINUTE
from cluster_optimiser.geography.travel import UNKNOWN, to_centiminutes
from cluster_optimiser.geography.units import school_positions
from cluster_optimiser.optimise.costs import plan_cost
from cluster_optimiser.terms import WEIGHTED, known_bound, term_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.arrays import Ints
    from cluster_optimiser.domain import Problem
    from cluster_optimiser.optimise.candidates import CandidateGroup

_STEPS = 400
_PATIENCE = 15


def stage_bound(problem: Problem, stage: str, groups: Sequence[CandidateGroup]) -> float:
    """Give a value that no plan can better in a stage, where a plan of groups is known."""
    known = {t: float(plan_cost(t, groups) / term_scale(t)) for t in groups[0].costs}
    if stage != WEIGHTED:
        return lower_bound(problem, stage, known=known.get(stage, 0.0))
    weights = problem.scenario.objective.weights
    return sum(w * lower_bound(problem, term, known=known[term]) for term, w in weights.items())


def lower_bound(problem: Problem, term: str, *, known: float) -> float:
    """Give a value that no plan of a scenario can better in one term."""
    bound = known_bound(term)
    if bound == "fewest":
        return float(min(known, _fewest_clusters(problem)))
    if bound == "joined":
        return float(min(known, len(problem.units) - _most_clusters(problem)))
    if bound == "median":
        least = _median_bound(
            _ways(problem), _most_clusters(problem), known * CENTIMINUTES_PER_MINUTE
        )
        return min(known, least / CENTIMINUTES_PER_MINUTE)
    return 0.0


def _fewest_clusters(problem: Problem) -> int:
    size, pupils = problem.scenario.size, [int(p) for p in problem.units["pupils"]]
    return max(problem.scenario.count.span(len(pupils))[0], size.fewest(pupils))


def _most_clusters(problem: Problem) -> int:
    size, pupils = problem.scenario.size, [int(p) for p in problem.units["pupils"]]
    return min(problem.scenario.count.span(len(pupils))[1], size.most(pupils))


def _ways(problem: Problem) -> Ints:
    """Give pupil centiminutes from each unit (row) to each school that is not exempt (column)."""
    ways = to_centiminutes(problem.travel.minutes)
    # A way that is not known counts as none, which can only make the bound lower.
    ways = np.where(ways == UNKNOWN, 0, ways)
    pupils = problem.authority.schools["pupils"].to_numpy(dtype=np.int64)
    positions = school_positions(problem)
    schools = [positions[name] for name in problem.unit_names]
    places = np.sort(np.concatenate(schools))
    return np.array([pupils[at] @ ways[np.ix_(at, places)] for at in schools])


def _dual(costs: Ints, most: int, multipliers: Ints) -> int:
    gains = np.minimum(0, costs - multipliers[:, None]).sum(axis=0)
    return int(multipliers.sum() + np.sort(np.minimum(gains, 0))[:most].sum())


def _median_bound(costs: Ints, most: int, known: float) -> int:
    """Find multipliers by the subgradient method; the bound at each is exact."""
    multipliers = np.sort(costs, axis=1)[:, min(most, costs.shape[1] - 1)]
    best = max(0, _dual(costs, most, multipliers))
    scale, waited = 2.0, 0
    for _ in range(_STEPS):
        gains = np.minimum(0, costs - multipliers[:, None])
        opened = np.argsort(gains.sum(axis=0), kind="stable")[:most]
        slope = 1 - (gains[:, opened] < 0).sum(axis=1)
        norm = int((slope**2).sum())
        if norm == 0:
            break
        step = scale * max(known - best, 1.0) / norm
        multipliers = np.maximum(0, np.rint(multipliers + step * slope)).astype(np.int64)
        value = _dual(costs, most, multipliers)
        waited = 0 if value > best else waited + 1
        best = max(best, value)
        if waited >= _PATIENCE:
            scale, waited = scale / 2, 0
    return best
