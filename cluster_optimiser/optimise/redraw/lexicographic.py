"""One part of the map solved: each stage minimised, contiguity added as needed, then held."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.costs import are_largest
from cluster_optimiser.optimise.redraw.engines import Ask, CpSat, Highs
from cluster_optimiser.optimise.redraw.legal import is_legal_cluster, with_strays_moved
from cluster_optimiser.optimise.redraw.linear import LinearObjective
from cluster_optimiser.optimise.redraw.model import Assignment, Limits, build_model
from cluster_optimiser.optimise.redraw.prove import prove
from cluster_optimiser.optimise.redraw.search import Search, hint_of, solve_largest, solve_stage
from cluster_optimiser.optimise.redraw.telling import tell_nobody
from cluster_optimiser.optimise.redraw.terms import (
    compact,
    is_within_limits,
    objective_of,
    stage_names,
    value_of,
    ways_of,
)
from cluster_optimiser.optimise.redraw.tightening import tighten_sizes
from cluster_optimiser.terms import bounded_as, known_bound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_optimiser.domain import Status
    from cluster_optimiser.optimise.redraw.pairs import Cluster, RedrawGround
    from cluster_optimiser.optimise.redraw.search import How

MOST_RINGS = 1
"""Rings of neighbours around a broken cluster that are solved anew with it."""

SHARE_OF_TIME = 0.1
"""Share of the time that one such solve may take."""

MOST_BY_NUMBER = 125
"""Units of a part that is solved number by number where time is short."""

SHARE_OF_NUMBER = 0.08
"""Share of the time left that a number of clusters may take at first."""

SHARE_OF_START = 0.3
"""Share of the time that a plan to begin with may take."""


@dataclass(frozen=True, slots=True)
class PartStage:
    status: Status  # OPTIMAL or FEASIBLE
    value: int  # integers of the stage's scale
    bound: int  # integers of the stage's scale
    effort: float  # the engine's measure of effort


@dataclass(frozen=True, slots=True)
class PartPlan:
    status: Status  # OPTIMAL, FEASIBLE, INFEASIBLE or UNKNOWN
    clusters: tuple[Cluster, ...] = ()  # units of each cluster; empty where there is none
    stages: tuple[PartStage, ...] = ()  # the stages that were solved
    n_pairs: int = 0  # size of the model, separators added, programs solved
    n_cuts: int = 0  # size of the model, separators added, programs solved
    n_rounds: int = 0  # size of the model, separators added, programs solved
    bound: int | None = None  # no plan has less of the first stage, where none is known


def solve_part(
    ground: RedrawGround,
    units: Sequence[int],
    limits: Limits,
    how: How,
    *,
    start: Sequence[Cluster] = (),
    most_of_first: int | None = None,
    held: Mapping[str, int] | None = None,
) -> PartPlan:
    """Find the best plan of one part of the map, stage after stage.

    Plans that have more of the first stage than ``most_of_first`` are of no use and left out. Of
    stages that are ``held`` any plan will do that has at most so much.

    Where the number of clusters comes first it is tried out from the fewest on, or from the most
    down: with a fixed number the rest is proved quickly, while the number itself has a weak
    relaxation.
    """
    names = stage_names(ground)
    first = known_bound(names[0])
    if first not in {"fewest", "joined"} or limits.fewest == limits.most:
        is_small = len(units) <= (MOST_BY_NUMBER if how.few else 0)
        is_urgent = how.deadline is not None and is_small
        if is_urgent and limits.fewest < limits.most:
            return _number_by_number(ground, units, limits, how, start, most_of_first, held)
        return _solve_stages(ground, units, limits, how, start, most_of_first, held)
    fewest = limits.fewest
    if first == "fewest" and len(units) <= how.few:
        fewest = max(fewest, _fewest(ground, units, limits, how))
    numbers = range(fewest, limits.most + 1)
    for n_clusters in numbers if first == "fewest" else reversed(numbers):
        fixed = Limits(n_clusters, n_clusters, limits.exceptions)
        plan = _solve_stages(ground, units, fixed, how, start, held=held)
        if plan.status == "UNKNOWN" and start:
            # Not known whether so few would do: what is at hand, and how few it might be.
            bound = n_clusters if first == "fewest" else len(units) - n_clusters
            return at_hand(ground, start, bound)
        if plan.status != "INFEASIBLE":
            return plan
    return PartPlan("INFEASIBLE")


def at_hand(ground: RedrawGround, clusters: Sequence[Cluster], bound: int | None) -> PartPlan:
    """Give a plan of which no more is known than what no plan betters in the first stage."""
    value = value_of(ground, stage_names(ground)[0], clusters)
    stage = PartStage("FEASIBLE", value, min(value, bound or 0), 0.0)
    return PartPlan("FEASIBLE", tuple(clusters), (stage,))


def _number_by_number(
    ground: RedrawGround,
    units: Sequence[int],
    limits: Limits,
    how: How,
    start: Sequence[Cluster],
    most_of_first: int | None,
    held: Mapping[str, int] | None,
) -> PartPlan:
    """Solve each number of clusters by itself: briefly at first, then those that are still open.

    With a fixed number the best plan is soon proved, but where clusters are as many as there can be
    and all of them just large enough. Such a number is bounded in fractions first, as a map of many
    units is, with one solver and then the other: which of them proves it, nobody knows before. What
    is better with no number is better with none.
    """
    first = stage_names(ground)[0]
    middle = _middle(ground, units, limits)
    waiting = [*range(middle, limits.most + 1), *reversed(range(limits.fewest, middle))]
    best, bounds = PartPlan("INFEASIBLE"), dict.fromkeys(waiting, 0)
    begun = {len(start): tuple(start)}
    briefly = replace(how, engine_of_many=CpSat())
    rounds = [briefly, replace(how, few=0, engine_of_many=Highs()), replace(briefly, few=0)]
    for n_rounds, way in zip(range(len(rounds), 0, -1), rounds, strict=True):
        asked, waiting = waiting, []
        for at, n_clusters in enumerate(asked):
            fixed = Limits(n_clusters, n_clusters, limits.exceptions)
            share = SHARE_OF_NUMBER if way is briefly else 1 / (len(asked) * n_rounds - at)
            share = share if best.clusters or start else max(share, SHARE_OF_START)
            quiet = replace(way.with_share(share), tell=tell_nobody)
            cutoff = most_of_first
            if best.stages and not are_largest([first])[0]:
                cutoff = best.stages[0].value
            plan = _solve_stages(
                ground, units, fixed, quiet, begun.get(n_clusters, ()), cutoff, held
            )
            bound = plan.stages[0].bound if plan.stages else plan.bound
            bounds[n_clusters] = max(bounds[n_clusters], bound or 0)
            if plan.status not in {"OPTIMAL", "INFEASIBLE"}:
                waiting.append(n_clusters)
            if plan.clusters:
                begun[n_clusters] = plan.clusters
            if plan.clusters and (not best.clusters or _is_better(plan, best)):
                best = plan
                how.tell(first, best.clusters, None)
    if not waiting:
        return best
    bound = min(bounds[n] for n in waiting)
    if not best.clusters:
        return PartPlan("UNKNOWN", bound=bound)
    stage = best.stages[0]
    bound = min(stage.value, bound)
    how.tell(first, best.clusters, bound)
    is_best = bound == stage.value
    stage = replace(stage, status="OPTIMAL" if is_best else "FEASIBLE", bound=bound)
    is_all = is_best and len(stage_names(ground)) == 1
    return replace(best, status="OPTIMAL" if is_all else "FEASIBLE", stages=(stage,))


def _is_better(plan: PartPlan, other: PartPlan) -> bool:
    """Compare two plans as far as both are known; of equals more is known of the better."""
    n_known = min(len(plan.stages), len(other.stages))

    def order(one: PartPlan) -> tuple[list[int], int, bool]:
        values = [stage.value for stage in one.stages[:n_known]]
        return values, -len(one.stages), one.status != "OPTIMAL"

    return order(plan) < order(other)


def _fewest(ground: RedrawGround, units: Sequence[int], limits: Limits, how: How) -> int:
    """Give a number of clusters that a plan has at least, in one piece each or not."""
    a = build_model(ground, units, limits, nearest_hubs=how.nearest_hubs)
    brief = how.with_share(SHARE_OF_TIME)
    ask = Ask(seed=how.seed, time_limit_s=brief.left_s())
    outcome = how.engine.solve(a.model, objective_of(a, bounded_as("fewest")), ask)
    if outcome.status == "INFEASIBLE":
        return limits.most + 1
    return outcome.bound


def _middle(ground: RedrawGround, units: Sequence[int], limits: Limits) -> int:
    """Give the number of clusters of middle size."""
    n_clusters = round(ground.pupils_of(units) / ground.problem.scenario.size.middle)
    return min(max(n_clusters, limits.fewest, 1), limits.most)


def easy_start(
    ground: RedrawGround, units: Sequence[int], limits: Limits, how: How
) -> tuple[Cluster, ...]:
    """Give the best plan of clusters of middle size: with that number it is soon found.

    What is hard is to have as many clusters as there can be, all of them just large enough. A plan
    is wanted whatever becomes of that until the time is over.
    """
    n_clusters = _middle(ground, units, limits)
    fixed = Limits(n_clusters, n_clusters, limits.exceptions)
    # Its bound is that of plans with this number: whoever listens would take it for that of all.
    quiet = replace(how.with_share(SHARE_OF_START), tell=tell_nobody)
    return _solve_stages(ground, units, fixed, quiet, ()).clusters


def _solve_stages(
    ground: RedrawGround,
    units: Sequence[int],
    limits: Limits,
    how: How,
    start: Sequence[Cluster],
    most_of_first: int | None = None,
    held: Mapping[str, int] | None = None,
) -> PartPlan:
    held = held or {}
    a = _model(ground, units, limits, how, most_of_first, held)
    fits = limits.fewest <= len(start) <= limits.most and is_within_limits(ground, start)
    search = Search(
        list(start) if fits else [],
        hint=hint_of(a, start) if start else {},
        held={**ground.problem.scenario.most_of, **held},
        n_exceptions=limits.exceptions,
    )
    stages: list[PartStage] = []
    status: Status = "OPTIMAL"
    for name in stage_names(ground):
        if known_bound(name) in {"fewest", "joined"} and limits.fewest == limits.most:
            is_count = known_bound(name) == "fewest"
            value = limits.fewest if is_count else len(units) - limits.fewest
            stages.append(PartStage("OPTIMAL", value, value, 0.0))
            how.tell(name, (), value)
            continue
        if name in held:
            stages.append(PartStage("OPTIMAL", held[name], held[name], 0.0))
            continue
        objective = objective_of(a, name)
        search.begin()
        status = _solved(a, name, objective, search, how, limits)
        if status in {"INFEASIBLE", "UNKNOWN"}:
            bound = None if stages else search.bound
            return PartPlan(status, (), (), len(a.x), search.n_cuts, search.n_rounds, bound)
        value = value_of(ground, name, search.clusters)
        # A plan found before the model may be better than all that the model's pairs can form.
        bound = (
            value
            if status == "OPTIMAL"
            else min(0 if search.bound is None else search.bound, value)
        )
        stages.append(PartStage(status, value, bound, search.effort))
        if status != "OPTIMAL":
            break
        search.held[name] = value
        a.model.row(objective.terms, high=search.value - objective.constant)
    if not search.clusters:
        return _any_plan(a, search, how, tuple(stages))
    return PartPlan(
        status, tuple(search.clusters), tuple(stages), len(a.x), search.n_cuts, search.n_rounds
    )


def _solved(
    a: Assignment, name: str, objective: LinearObjective, search: Search, how: How, limits: Limits
) -> Status:
    if are_largest([name])[0]:
        return solve_largest(a, name, ways_of(a, name), compact(a), search, how)
    if len(a.units) <= how.few:
        return solve_stage(a, name, objective, search, how)
    is_free = limits.fewest != limits.most
    begin = partial(easy_start, a.ground, a.units, limits) if is_free else None
    again = partial(solved_again, a.ground, limits)
    return prove(a, name, objective, search, how, partial(repaired, a.ground), again, begin)


def _model(
    ground: RedrawGround,
    units: Sequence[int],
    limits: Limits,
    how: How,
    most_of_first: int | None,
    held: Mapping[str, int],
) -> Assignment:
    """Build the model of a part, with what its terms may be at most."""
    a = build_model(ground, units, limits, nearest_hubs=how.nearest_hubs, is_shaped=how.is_shaped)
    if len(units) > how.few:
        tighten_sizes(a, ground.problem.scenario.size)
    limited = [*ground.problem.scenario.most_of.items(), *held.items()]
    if most_of_first is not None:
        limited.append((stage_names(ground)[0], most_of_first))
    for term, most in limited:
        objective = objective_of(a, term)
        a.model.row(objective.terms, high=most - objective.constant)
    return a


def _any_plan(a: Assignment, search: Search, how: How, stages: tuple[PartStage, ...]) -> PartPlan:
    """Find any plan, where the number of clusters was all that was asked for and is fixed."""
    status = solve_stage(a, stage_names(a.ground)[0], LinearObjective(()), search, how)
    return PartPlan(
        "OPTIMAL" if search.clusters else status,
        tuple(search.clusters),
        stages,
        len(a.x),
        search.n_cuts,
        search.n_rounds,
    )


def solved_again(
    ground: RedrawGround, limits: Limits, near: Sequence[Cluster], n_others: int, how: How
) -> Sequence[Cluster]:
    """Solve neighbouring clusters of a plan anew, one more or fewer of them."""
    units = sorted(i for cluster in near for i in cluster)
    size = ground.problem.scenario.size
    small = sum(size.is_under(ground.pupils_of(cluster)) for cluster in near)
    most = min(len(near) + 1, limits.most - n_others)
    free = Limits(max(1, len(near) - 1, limits.fewest - n_others), most, small)
    brief = replace(
        how.with_share(SHARE_OF_TIME), nearest_hubs=None, few=len(units), tell=tell_nobody
    )
    return _solve_stages(ground, units, free, brief, near).clusters


def repaired(ground: RedrawGround, start: Sequence[Cluster], how: How) -> list[Cluster]:
    """Solve anew what is around clusters that are no legal ones once single schools count.

    A cluster of today on two sides of a river is one unit of a merge, but not one piece.
    """
    size = ground.problem.scenario.size
    clusters = with_strays_moved(ground, start, is_shaped=how.is_shaped)
    for _ in range(len(start)):
        broken = [c for c in clusters if not is_legal_cluster(ground, c, is_shaped=how.is_shaped)]
        small = [c for c in clusters if size.is_under(ground.pupils_of(c))]
        if not size.spares(len(small)):
            # What was moved away was needed.
            broken += sorted(small, key=lambda c: (ground.pupils_of(c), sorted(c)))
        if not broken or how.is_over:
            break
        around = {broken[0]}
        for _ring in range(MOST_RINGS):
            reached = {j for c in around for i in c for j in ground.neighbours[i]}
            around |= {c for c in clusters if c & reached}
            units = sorted(i for c in around for i in c)
            brief = replace(
                how.with_share(SHARE_OF_TIME), nearest_hubs=None, few=len(units), tell=tell_nobody
            )
            plan = solve_part(ground, units, Limits(len(around), len(around), 0), brief)
            if plan.clusters:
                clusters = [*(c for c in clusters if c not in around), *plan.clusters]
                break
        else:
            break
    return sorted(clusters, key=sorted)
