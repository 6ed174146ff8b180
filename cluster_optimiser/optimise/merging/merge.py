"""Method merge: the best plan of whole units, proved twice where the second proof is in reach."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from cluster_optimiser.domain import Plan, Solution
from cluster_optimiser.errors import InfeasibleError, VerificationError
from cluster_optimiser.optimise.candidates import candidate_groups
from cluster_optimiser.optimise.costs import exceeds_safe_total, group_costs, stage_scales
from cluster_optimiser.optimise.keeping import robust_keeping
from cluster_optimiser.optimise.merging.partition import best_cover
from cluster_optimiser.optimise.merging.versions import among_words, first_unlike, unlike_plan
from cluster_optimiser.optimise.naming import assign_schools, cluster_names
from cluster_optimiser.optimise.universe.sweep import sweep
from cluster_optimiser.optimise.weighting import decimal_costs
from cluster_optimiser.proofs import MergeProof
from cluster_optimiser.terms import WEIGHTED, term_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Problem
    from cluster_optimiser.optimise.candidates import CandidateGroup
    from cluster_optimiser.optimise.keeping import Keeping
    from cluster_optimiser.optimise.merging.partition import Cover, Unlike

NAMED = 5
"""A message names so many ids, then says how many more."""


def solve_merge(
    problem: Problem,
    *,
    earlier: Sequence[Plan] = (),
    seed: int = 0,
    time_limit_s: float | None = None,
) -> Plan:
    """Find the best plan of a merge scenario."""
    scenario = problem.scenario
    groups = candidate_groups(problem)
    _refuse_unplaceable(problem, groups)
    n_units = len(problem.units)
    unlike = [unlike_plan(problem, plan) for plan in earlier]
    keeping = robust_keeping(problem, groups)
    cover = best_cover(
        groups,
        scenario,
        n_units,
        unlike=unlike,
        keeping=keeping,
        seed=seed,
        time_limit_s=time_limit_s,
    )
    proof = MergeProof(
        n_units=n_units,
        n_candidates=len(groups),
        row_total_over_2_31=exceeds_safe_total(groups, scenario, seed),
        **_second_proof(problem, groups, cover, unlike, keeping, seed=seed),
        n_projections=None if keeping is None else keeping.n_projections,
        n_projections_kept=None if keeping is None else keeping.kept(cover.chosen).bit_count(),
        among=among_words(problem, earlier) if earlier else None,
    )
    if cover.status == "INFEASIBLE":
        raise InfeasibleError(_why(problem, groups, proof))
    chosen = [groups[i] for i in cover.chosen]
    names = cluster_names(problem, [group.units for group in chosen])
    cluster_of = {
        unit: name for name, group in zip(names, chosen, strict=True) for unit in group.units
    }
    return Plan(
        label=scenario.option,
        assignment=assign_schools(problem, cluster_of),
        solution=Solution(status=cover.status, stages=cover.stages, proof=proof),
    )


def _refuse_unplaceable(problem: Problem, groups: Sequence[CandidateGroup]) -> None:
    covered = 0
    for group in groups:
        covered |= group.mask
    names = [str(name) for name in problem.units.index]
    pupils = problem.units["pupils"].to_list()
    left = [
        f"{name} ({pupils[i]:,} pupils)" for i, name in enumerate(names) if not covered >> i & 1
    ]
    if left:
        more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
        message = (
            f"no plan exists: {', '.join(left[:NAMED])}{more} can be in no cluster that keeps the "
            "rules on size, travel, hubs, layers, pins and secondary schools"
        )
        raise InfeasibleError(message)


def _second_proof(
    problem: Problem,
    groups: Sequence[CandidateGroup],
    cover: Cover,
    unlike: Sequence[Unlike],
    keeping: Keeping | None,
    *,
    seed: int,
) -> dict[str, Any]:
    costs = group_costs(groups, problem.scenario.objective, seed=seed)
    if unlike or keeping is not None:
        return _proof_in_order(problem, groups, cover, unlike, keeping, seed=seed)
    weights = problem.scenario.objective.weights
    scale = Fraction(1)
    if weights:
        of_terms = {term: [group.costs[term] for group in groups] for term in weights}
        costs[WEIGHTED], scale = decimal_costs(weights, of_terms, term_scale)
    outcome = sweep(problem, groups, list(costs.values()))
    if outcome is None:
        return {"second_method": "no_sweep"}
    if cover.status == "OPTIMAL":
        agrees = outcome.best is not None and _says_the_same(problem, outcome.best, scale, cover)
    else:
        agrees = (outcome.n_plans == 0) == (cover.status == "INFEASIBLE")
    if not agrees:
        message = (
            f"CP-SAT says {cover.status} {[s.objective for s in cover.stages]}, the sweep finds "
            f"{outcome.n_plans} plans, the best {outcome.best}: please report this"
        )
        raise VerificationError(message)
    return {
        "n_legal_plans": outcome.n_plans,
        "second_method": "sweep",
        "n_sweep_states": outcome.n_states,
    }


def _says_the_same(problem: Problem, best: tuple[int, ...], scale: Fraction, cover: Cover) -> bool:
    """Compare totals that two methods found; weighted sums, each in a scale of its own, as told."""
    objective = problem.scenario.objective
    if not objective.weights:
        return best == cover.totals
    own = stage_scales(objective)[WEIGHTED]
    return best[0] / scale == cover.totals[0] / own and best[1:] == cover.totals[1:]


def _proof_in_order(
    problem: Problem,
    groups: Sequence[CandidateGroup],
    cover: Cover,
    unlike: Sequence[Unlike],
    keeping: Keeping | None,
    *,
    seed: int,
) -> dict[str, Any]:
    """Find the plan again by going through all plans, the best first."""
    first = first_unlike(problem, groups, unlike, keeping, seed=seed)
    if first is None:
        return {"second_method": "no_order"}
    if cover.status == "OPTIMAL":
        agrees = first.costs == cover.totals
    else:
        agrees = (first.costs is None) == (cover.status == "INFEASIBLE")
    if not agrees:
        message = (
            f"CP-SAT says {cover.status} {[s.objective for s in cover.stages]}, going through the "
            f"plans in order finds {first.costs}: please report this"
        )
        raise VerificationError(message)
    return {
        "n_legal_plans": first.n_plans,
        "second_method": "in_order_until" if unlike else "in_order",
        "n_better_plans_too_alike": first.n_passed if unlike else None,
    }


def _why(problem: Problem, groups: Sequence[CandidateGroup], proof: MergeProof) -> str:
    count = problem.scenario.count
    n_clusters = f"{count.min} to {count.max}" if count.max else f"{count.min} or more"
    checked = " (by two exact methods)" if proof.n_legal_plans is not None else ""
    return (
        f"no plan exists, proved{checked}: every unit is in some of the {len(groups)} legal "
        f"clusters, but no choice of {n_clusters} of them holds each unit once with at most "
        f"{problem.scenario.size.max_exceptions} under the minimum"
    )
