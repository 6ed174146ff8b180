"""Method merge: the best plan of whole units, proved twice where the second proof is in reach."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce
from itertools import islice
from operator import or_
from typing import TYPE_CHECKING, Any

from cluster_optimiser.deadline import is_over, left_s, most_mb, share_of_left, within
from cluster_optimiser.domain import Plan, Problem, Solution, Stage, Status
from cluster_optimiser.errors import ClusterOptimiserError, InfeasibleError, NoPlanFoundError
from cluster_optimiser.inputs.checking import listed
from cluster_optimiser.optimise.bounds import stage_bound
from cluster_optimiser.optimise.candidates import (
    CandidateGroup,
    Judge,
    TooManySetsError,
    candidate_groups,
    sets_of_units,
    unit_adjacency,
)
from cluster_optimiser.optimise.continuing import continuing_of, refuse_divided
from cluster_optimiser.optimise.costs import (
    are_largest,
    decimal_costs,
    exceeds_safe_total,
    group_costs,
    plan_cost,
    stage_scales,
)
from cluster_optimiser.optimise.keeping import Keeping, robust_keeping
from cluster_optimiser.optimise.merging.narrowing import narrowed_cover
from cluster_optimiser.optimise.merging.neighbourhoods import first_plan
from cluster_optimiser.optimise.merging.partition import MANY_GROUPS, Cover, best_cover, cover_of
from cluster_optimiser.optimise.merging.versions import among_words, first_unlike, unlike_plan
from cluster_optimiser.optimise.naming import assign_schools, cluster_names
from cluster_optimiser.optimise.universe.sweep import Sweep, sweep
from cluster_optimiser.proofs import MergeProof
from cluster_optimiser.terms import TIE_BREAK, WEIGHTED, term_scale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_optimiser.optimise.merging.partition import Unlike

SHARE_OF_LISTING = 0.6
"""Share of the time that listing all groups may take; the rest is then left to a plan unproved."""

SHARE_OF_SEARCH = 0.8
"""Share of the time that a plan without proof may take; the rest bounds, judges and writes it."""

MOST_JUDGED = 20_000
"""Groups that are looked at to tell whether a unit is in no cluster, or only in no plan."""


def solve_merge(
    problem: Problem,
    *,
    earlier: Sequence[Plan] = (),
    seed: int = 0,
    time_limit_s: float | None = None,
) -> Plan:
    """Find the best plan of a merge scenario."""
    if earlier:
        refuse_divided(problem)
    with within(time_limit_s):
        return _solve_merge(problem, earlier, seed)


def _solve_merge(problem: Problem, earlier: Sequence[Plan], seed: int) -> Plan:
    scenario = problem.scenario
    is_plain = (
        not earlier
        and all(row.is_of_groups for row in scenario.objective.rows)
        and continuing_of(problem, ()) is None
    )
    try:
        with share_of_left(SHARE_OF_LISTING if is_plain else 1):
            groups = candidate_groups(problem)
    except (TooManySetsError, NoPlanFoundError) as error:
        if not is_plain:
            raise
        return _unproved(problem, error, seed)
    _refuse_unplaceable(problem, groups)
    n_units = len(problem.units)
    unlike = [unlike_plan(problem, plan) for plan in earlier]
    keeping = robust_keeping(problem, groups)
    continuing = continuing_of(problem, groups)
    swept, start = _begun(problem, groups, seed) if is_plain else (None, [])
    if is_plain and keeping is None and len(groups) > MANY_GROUPS:
        # What the sweep says of the terms is proved once more; what it chose among equals is kept.
        cover = narrowed_cover(
            problem, groups, start=start, is_tie_broken=swept is not None, seed=seed
        )
    else:
        cover = best_cover(
            groups,
            scenario,
            n_units,
            unlike=unlike,
            keeping=keeping,
            continuing=continuing,
            start=frozenset(group.mask for group in start),
            seed=seed,
            time_limit_s=left_s(),
        )
    proof = MergeProof(
        n_units=n_units,
        n_candidates=len(groups),
        n_ruled_out=cover.n_ruled_out,
        is_tie_open=cover.is_tie_open or None,
        row_total_over_2_31=exceeds_safe_total(groups, scenario, seed),
        **(
            _second_proof(problem, groups, cover, unlike, keeping, swept=swept, seed=seed)
            if continuing is None
            else {"second_method": "no_sum"}
        ),
        n_projections=None if keeping is None else keeping.n_projections,
        n_projections_kept=None if keeping is None else keeping.kept(cover.chosen).bit_count(),
        among=among_words(problem, earlier) if earlier else None,
    )
    if cover.status == "INFEASIBLE":
        raise InfeasibleError(_why(problem, groups, proof))
    return _as_plan(problem, [groups[i] for i in cover.chosen], cover, proof)


def _begun(
    problem: Problem, groups: Sequence[CandidateGroup], seed: int
) -> tuple[Sweep | None, list[CandidateGroup]]:
    """Begin with the sweep's plan where groups are many and time is not limited.

    The sweep is then not made again.
    """
    if problem.scenario.count.span(len(problem.units))[1] == 2:  # noqa: PLR2004 - one, and the rest
        return None, _of_two(problem, groups, seed)
    if len(groups) <= MANY_GROUPS or left_s() is not None or most_mb() != math.inf:
        return None, []
    swept = _swept(problem, groups, _swept_costs(problem, groups, seed)[0])
    return swept, [] if swept is None else [groups[i] for i in swept.chosen]


def _of_two(problem: Problem, groups: Sequence[CandidateGroup], seed: int) -> list[CandidateGroup]:
    """Give the best plan of a group and what it leaves, or none."""
    at = {group.mask: i for i, group in enumerate(groups)}
    everything = reduce(or_, at)
    pairs = [(i, at[everything ^ mask]) for mask, i in at.items() if everything ^ mask in at]
    costs = group_costs(groups, problem.scenario.objective, seed=seed)
    gathers = [max if is_largest else sum for is_largest in are_largest(costs)]
    rows = [*zip(gathers, costs.values(), strict=True)]
    size, most_of = problem.scenario.size, problem.scenario.most_of

    def is_legal(*pair: CandidateGroup) -> bool:
        return size.spares(sum(group.is_exception for group in pair)) and all(
            plan_cost(term, pair) <= most for term, most in most_of.items()
        )

    kept = [(i, j) for i, j in pairs if i < j and is_legal(groups[i], groups[j])]

    def total(pair: tuple[int, int]) -> tuple[int, ...]:
        return tuple(gather(row[i] for i in pair) for gather, row in rows)

    return [groups[i] for i in min(kept, key=total, default=())]


def _unproved(problem: Problem, error: ClusterOptimiserError, seed: int) -> Plan:
    """Give a plan where there are too many groups to list them all."""
    with share_of_left(SHARE_OF_SEARCH):
        found = first_plan(problem, seed=seed)
    if found is None:
        raise error
    proof = MergeProof(n_units=len(problem.units), second_method="no_listing")
    return _as_plan(problem, found, _cover_of(problem, found, seed), proof)


def _cover_of(problem: Problem, chosen: Sequence[CandidateGroup], seed: int) -> Cover:
    """Say of a plan that was not proved what no plan can better, up to the first stage it might."""
    objective = problem.scenario.objective
    of_terms = group_costs(chosen, objective, seed=seed)
    stages: list[Stage] = []
    for term, costs in of_terms.items():
        if term == TIE_BREAK or (stages and stages[-1].status == "FEASIBLE"):
            break
        scale = stage_scales(objective)[term]
        value = float((sum(costs) if term == WEIGHTED else plan_cost(term, chosen)) / scale)
        bound = stage_bound(problem, term, chosen)
        gap = (value - bound) / max(1.0, abs(value))
        # A weighted sum and its bound are rounded: that they look alike proves nothing.
        status: Status = "OPTIMAL" if value == bound and term != WEIGHTED else "FEASIBLE"
        stages.append(Stage(term, status, value, bound, gap, deterministic_time=0.0))
    return cover_of((), stages, (), of_terms)


def _as_plan(
    problem: Problem, chosen: Sequence[CandidateGroup], cover: Cover, proof: MergeProof
) -> Plan:
    names = cluster_names(problem, [group.units for group in chosen])
    cluster_of = {
        unit: name for name, group in zip(names, chosen, strict=True) for unit in group.units
    }
    return Plan(
        label=problem.scenario.option,
        assignment=assign_schools(problem, cluster_of),
        solution=Solution(status=cover.status, stages=cover.stages, proof=proof),
    )


def _refuse_unplaceable(problem: Problem, groups: Sequence[CandidateGroup]) -> None:
    covered = 0
    for group in groups:
        covered |= group.mask
    names = problem.unit_names
    pupils = problem.units["pupils"].to_list()
    left = [
        f"{name} ({pupils[i]:,} pupils)" for i, name in enumerate(names) if not covered >> i & 1
    ]
    if left:
        limits = "limits, " if problem.scenario.most_of else ""
        rules = f"rules on size, travel, hubs, layers, {limits}pins and numbers of schools"
        fate = f"can be in no cluster that keeps the {rules}"
        if _is_in_a_cluster(problem, ~covered):
            most = problem.scenario.count.span(len(names))[1]
            fate = f"can be in no plan with so few clusters (at most {most}) that keeps the {rules}"
        message = f"no plan exists: {listed(left)} {fate}"
        raise InfeasibleError(message)


def _is_in_a_cluster(problem: Problem, units: int) -> bool:
    """Tell whether one of some units may be in a cluster, though in none of a plan, or cannot tell.

    Where the number of clusters is limited, groups that no plan can hold are left out.
    """
    if problem.scenario.count.span(len(problem.units))[1] == len(problem.units):
        return False
    judge = Judge(problem)
    found = sets_of_units(unit_adjacency(problem), judge.unit_pupils, problem.scenario.size)
    masks = list(islice(found, MOST_JUDGED + 1))
    return len(masks) > MOST_JUDGED or any(g.mask & units for g in judge.candidates(masks))


def _second_proof(
    problem: Problem,
    groups: Sequence[CandidateGroup],
    cover: Cover,
    unlike: Sequence[Unlike],
    keeping: Keeping | None,
    *,
    swept: Sweep | None = None,
    seed: int,
) -> dict[str, Any]:
    if unlike or keeping is not None:
        return _proof_in_order(problem, groups, cover, unlike, keeping, seed=seed)
    if swept is None and is_over():
        return {"second_method": "no_sweep"}
    costs, scale = _swept_costs(problem, groups, seed)
    outcome = swept or _swept(problem, groups, costs)
    if outcome is None:
        return {"second_method": "no_sweep"}
    best, is_known = outcome.best, cover.status == "OPTIMAL"
    cover.refuse_other(
        f"the sweep finds {outcome.n_plans} plans, the best {best}",
        is_best=is_known and best is not None and _says_the_same(problem, best, scale, cover),
        has_plan=outcome.n_plans > 0,
    )
    return {
        "n_legal_plans": outcome.n_plans,
        "second_method": cover.second("sweep"),
        "n_sweep_states": outcome.n_states,
    }


def _swept(
    problem: Problem, groups: Sequence[CandidateGroup], costs: Mapping[str, Sequence[int]]
) -> Sweep | None:
    return sweep(problem, groups, list(costs.values()), are_largest=are_largest(costs))


def _swept_costs(
    problem: Problem, groups: Sequence[CandidateGroup], seed: int
) -> tuple[dict[str, Sequence[int]], Fraction]:
    """Give the costs of each stage as the sweep adds them up, and the scale of a weighted sum."""
    costs: dict[str, Sequence[int]] = dict(
        group_costs(groups, problem.scenario.objective, seed=seed)
    )
    weights = problem.scenario.objective.weights
    if not weights:
        return costs, Fraction(1)
    of_terms = {term: [group.costs[term] for group in groups] for term in weights}
    costs[WEIGHTED], scale = decimal_costs(weights, of_terms, term_scale)
    return costs, scale


def _says_the_same(problem: Problem, best: tuple[int, ...], scale: Fraction, cover: Cover) -> bool:
    """Compare totals that two methods found; weighted sums, each in a scale of its own, as told."""
    objective = problem.scenario.objective
    if not objective.weights:
        return best[: len(cover.totals)] == cover.totals
    first, *others = cover.totals
    is_same = best[0] / scale == first / stage_scales(objective)[WEIGHTED]
    return is_same and [*best[1 : len(cover.totals)]] == others


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
    cover.refuse_other(
        f"going through the plans in order finds {first.costs}",
        is_best=first.costs is not None and first.costs[: len(cover.totals)] == cover.totals,
        has_plan=first.costs is not None,
    )
    return {
        "n_legal_plans": first.n_plans,
        "second_method": cover.second("in_order_until" if unlike else "in_order"),
        "n_better_plans_too_alike": first.n_passed if unlike else None,
    }


def _why(problem: Problem, groups: Sequence[CandidateGroup], proof: MergeProof) -> str:
    checked = " (by two exact methods)" if proof.n_legal_plans is not None else ""
    return (
        f"no plan exists, proved{checked}: every unit is in some of the {len(groups)} legal "
        f"clusters, but no choice of {problem.scenario.count} of them holds each unit once with at "
        f"most {problem.scenario.numbers_of(len(problem.units)).small} under the minimum"
    )
