"""Parts of the map that no cluster crosses are solved apart, and put together exactly.

Costs add up over the parts, so the best plan consists of the best plans of the parts, unless the
number of clusters or of exceptions couples them. Then each part is solved for each number it may
have, and the best choice of numbers is looked up: the sum of lexicographic costs is least for
fixed numbers if and only if each part's is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.costs import are_largest
from cluster_optimiser.optimise.redraw.lexicographic import (
    PartPlan,
    at_hand,
    easy_start,
    solve_part,
)
from cluster_optimiser.optimise.redraw.model import Limits
from cluster_optimiser.optimise.redraw.telling import Telling, tell_nobody
from cluster_optimiser.optimise.redraw.terms import stage_names, value_of
from cluster_optimiser.optimise.redraw.trees import cut_from_trees
from cluster_optimiser.progress import are_plans_wanted
from cluster_optimiser.terms import known_bound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.optimise.redraw.pairs import Cluster, RedrawGround
    from cluster_optimiser.optimise.redraw.search import How

SOON_S = 30.0
"""Seconds for a part of a plan that is only looked at; most are found in one."""

FEW_HUBS = 4
"""Hubs of each unit that a plan of many of them to begin with is looked for among."""

_Choice = tuple[tuple[int, ...], list[PartPlan]]
"""Costs of the stages, and the plans that have them."""


def parts_of(ground: RedrawGround) -> list[tuple[int, ...]]:
    """Give the parts of the map that may be solved apart."""
    parts, scenario = ground.parts(), ground.problem.scenario
    coupling = {row.of_parts for row in scenario.objective.rows}
    if scenario.most_of or "never" in coupling:
        # What one part has of a limited term, another may not have.
        return [tuple(range(len(ground.units)))]
    if "today" in coupling:
        seen: dict[str, int] = {}
        for number, part in enumerate(parts):
            for name in {t for i in part for t in ground.by_area["today"][i]}:
                if seen.setdefault(name, number) != number:
                    # A cluster of today lies in two parts, but only one of them may continue it.
                    return [tuple(range(len(ground.units)))]
    return parts


def solve_parts(
    ground: RedrawGround, how: How, start: Sequence[Cluster] = (), *, shown: Sequence[Cluster] = ()
) -> list[PartPlan]:
    """Solve every part, and choose numbers of clusters where they are coupled.

    ``shown`` is a plan for whoever listens; it changes nothing of what is found.
    """
    least, highest, exceptions = ground.problem.scenario.numbers_of(len(ground.units))
    parts = parts_of(ground)
    is_bounding = how.nearest_hubs is None
    telling = Telling(ground, len(parts), is_shaped=how.is_shaped, is_bounding=is_bounding)
    if not (start or shown) and are_plans_wanted():
        shown = soon(ground, parts, how)
    at_first = [_within(part, start or shown) for part in parts]
    telling.begin(at_first, [_span(ground, part)[0] for part in parts])

    def or_told(plan: PartPlan, part: int) -> PartPlan:
        is_told = plan.status == "UNKNOWN" and telling.plans.get(part)
        return at_hand(ground, telling.plans[part], plan.bound) if is_told else plan

    if len(parts) == 1:
        limits = Limits(max(least, _span(ground, parts[0])[0]), highest, exceptions)
        heard = replace(how, tell=telling.of_part(0))
        return [or_told(solve_part(ground, parts[0], limits, heard, start=start), 0)]
    spans = [_span(ground, part) for part in parts]
    fewest = sum(low for low, _ in spans)
    plans = []
    waiting = sum(map(len, parts))
    free = []
    for number, (part, (low, high)) in enumerate(zip(parts, spans, strict=True)):
        most = min(high, highest - fewest + low)
        brief = replace(_share(how, len(part) / waiting), tell=telling.of_part(number))
        waiting -= len(part)
        free.append(Limits(low, most, exceptions))
        plan = or_told(
            solve_part(ground, part, free[-1], brief, start=_within(part, start)), number
        )
        plans.append(plan)
        if plan.status in {"INFEASIBLE", "UNKNOWN"}:
            return plans
    largest = are_largest(stage_names(ground))
    if any(largest):
        plans = _levelled(ground, parts, free, how, plans)
    if _fits(ground, plans):
        return plans
    if any(largest):
        # Choices of numbers are added up over the parts, which that term is not.
        whole = Limits(least, highest, exceptions)
        return [solve_part(ground, sorted(i for part in parts for i in part), whole, how)]
    chosen = _by_numbers(ground, parts, spans, replace(how, tell=tell_nobody), plans)
    if telling.shown and any(plan.status == "UNKNOWN" for plan in chosen):
        return [
            at_hand(ground, _within(part, telling.shown), plan.stages[0].bound)
            for part, plan in zip(parts, plans, strict=True)
        ]
    return chosen


def _share(how: How, share: float) -> How:
    """Have a part take its share of the time that is left."""
    left_s = how.left_s()
    return how if left_s is None else how.within(left_s * share)


def _levelled(
    ground: RedrawGround,
    parts: Sequence[Sequence[int]],
    limits: Sequence[Limits],
    how: How,
    plans: Sequence[PartPlan],
) -> list[PartPlan]:
    """Let each part have of a stage that is the largest of all what the worst part has.

    That is more than a part by itself would need, which may better its later stages.
    """
    names, found = stage_names(ground), list(plans)
    held: dict[str, int] = {}
    for at, is_largest in enumerate(are_largest(names)):
        if any(len(p.stages) <= at or p.stages[at].status != "OPTIMAL" for p in found):
            break
        if not is_largest:
            continue
        held[names[at]] = most = max(plan.stages[at].value for plan in found)
        anew = [k for k, p in enumerate(found) if p.stages[at].value < most and names[at + 1 :]]
        for n, k in enumerate(anew):
            brief = replace(_share(how, 1 / (len(anew) - n)), tell=tell_nobody)
            start = found[k].clusters
            plan = solve_part(ground, parts[k], limits[k], brief, start=start, held=held)
            if not plan.clusters:
                plan = replace(found[k], status="FEASIBLE", stages=found[k].stages[: at + 1])
            found[k] = plan
    return found


def soon(ground: RedrawGround, parts: Sequence[Sequence[int]], how: How) -> list[Cluster]:
    """Give what is found at once of a plan: to be looked at, or to begin with."""
    fewest, most, exceptions = ground.problem.scenario.numbers_of(len(ground.units))
    found: list[Cluster] = []
    for part in parts:
        low, high = _span(ground, part)
        limits = Limits(max(low, fewest) if len(parts) == 1 else low, min(high, most), exceptions)
        if limits.fewest > limits.most:
            return []
        # Of many units a plan is soon found among few hubs; of few it is sooner found among all.
        near = replace(how, nearest_hubs=FEW_HUBS) if len(part) > how.few else how
        found += easy_start(ground, part, limits, near.within(SOON_S)) or cut_from_trees(
            ground, part, limits, how.within(SOON_S)
        )
    return found


def _within(part: Sequence[int], start: Sequence[Cluster]) -> list[Cluster]:
    """Give the clusters of a plan that lie in a part."""
    held = set(part)
    return [cluster for cluster in start if cluster <= held]


def _span(ground: RedrawGround, part: Sequence[int]) -> tuple[int, int]:
    """Give the fewest and the most clusters that a part can have by its pupils and hubs."""
    size = ground.problem.scenario.size
    held = set(part)
    pupils = ground.pupils_of(part)
    standing = [c for c in ground.oversize if c <= held]
    n_hubs = sum(hub.unit in held for hub in ground.hubs) + len(standing)
    apart = sorted((ground.pupils_of(cluster) for cluster in standing), reverse=True)
    rest = (pupils - sum(apart[:n]) for n in range(len(apart) + 1))
    fewest = max(1, min(n + max(0, size.filled(r)) for n, r in enumerate(rest)))
    return fewest, max(1, min(n_hubs, pupils // size.lowest)) if size.lowest else n_hubs


def _n_exceptions(ground: RedrawGround, plan: PartPlan) -> int:
    size = ground.problem.scenario.size
    return sum(size.is_under(ground.pupils_of(cluster)) for cluster in plan.clusters)


def _fits(ground: RedrawGround, plans: Sequence[PartPlan]) -> bool:
    count, size = ground.problem.scenario.count, ground.problem.scenario.size
    n_clusters = sum(len(plan.clusters) for plan in plans)
    n_exceptions = sum(_n_exceptions(ground, plan) for plan in plans)
    return count.allows(n_clusters) and size.spares(n_exceptions)


def _by_numbers(
    ground: RedrawGround,
    parts: Sequence[Sequence[int]],
    spans: Sequence[tuple[int, int]],
    how: How,
    alone: Sequence[PartPlan],
) -> list[PartPlan]:
    """Solve each part for each number of clusters and exceptions; choose the best numbers."""
    count, size = ground.problem.scenario.count, ground.problem.scenario.size
    numbers = ground.problem.scenario.numbers_of(len(ground.units))
    fewest, names = sum(low for low, _ in spans), stage_names(ground)
    # By the number of clusters and of exceptions so far.
    best: dict[tuple[int, int], _Choice] = {(0, 0): ((), [])}
    known, spare = _nearest_numbers(ground, parts, spans, how, alone)
    is_proved = True
    for at, (part, (low, high)) in enumerate(zip(parts, spans, strict=True)):
        most = min(high, numbers.most - fewest + low)
        most_of_first = None if spare is None else alone[at].stages[0].bound + spare
        options: dict[tuple[int, int], tuple[tuple[int, ...], PartPlan]] = {}
        for n_clusters in range(low, most + 1):
            for n_exceptions in range(numbers.small + 1):
                limits = Limits(n_clusters, n_clusters, n_exceptions)
                plan = known.get((at, limits)) or solve_part(
                    ground, part, limits, how, most_of_first=most_of_first
                )
                is_proved &= plan.status in {"OPTIMAL", "INFEASIBLE"}
                if plan.clusters:
                    # Of all stages: those that time did not allow were not solved.
                    costs = tuple(value_of(ground, name, plan.clusters) for name in names)
                    options[n_clusters, _n_exceptions(ground, plan)] = costs, plan
        grown: dict[tuple[int, int], _Choice] = {}
        for (k, e), (costs, chosen) in best.items():
            for (n, x), (of_plan, plan) in options.items():
                if not size.spares(e + x):
                    continue
                total = tuple(map(sum, zip(costs, of_plan, strict=True))) if costs else of_plan
                key = k + n, e + x
                if key not in grown or total < grown[key][0]:
                    grown[key] = total, [*chosen, plan]
        best = grown
    legal = [choice for (k, _), choice in sorted(best.items()) if count.allows(k)]
    if not legal:
        return [PartPlan("INFEASIBLE" if is_proved else "UNKNOWN")]
    chosen = min(legal, key=lambda choice: choice[0])[1]
    # Numbers that time did not allow may have a better plan: only each part's own bound is sure.
    pairs = zip(chosen, alone, strict=True)
    return chosen if is_proved else [_unproved(plan, own) for plan, own in pairs]


def _nearest_numbers(
    ground: RedrawGround,
    parts: Sequence[Sequence[int]],
    spans: Sequence[tuple[int, int]],
    how: How,
    alone: Sequence[PartPlan],
) -> tuple[dict[tuple[int, Limits], PartPlan], int | None]:
    """Solve the numbers nearest to those that the parts would have alone.

    Gives plans by part and limits, and by how much a part may exceed its own bound in the first
    stage where the choice of numbers is to be better; None where nothing is known of that.
    """
    least, most, exceptions = ground.problem.scenario.numbers_of(len(ground.units))
    numbers = [len(plan.clusters) for plan in alone]
    # What is best of any number in a part is best of its own number.
    found = {
        (at, Limits(n, n, 0)): plan
        for at, (n, plan) in enumerate(zip(numbers, alone, strict=True))
        if plan.status == "OPTIMAL" and not exceptions
    }
    goal = min(max(sum(numbers), least), most)
    step = 1 if sum(numbers) < goal else -1
    for _ in range(abs(goal - sum(numbers))):
        # The part that is largest a cluster where there are to be more, smallest where fewer.
        free = [at for at, (low, high) in enumerate(spans) if low <= numbers[at] + step <= high]
        free.sort(key=lambda at: -step * ground.pupils_of(parts[at]) / numbers[at])
        for at in free[:1]:
            numbers[at] += step
    if sum(numbers) != goal or known_bound(stage_names(ground)[0]) in {"fewest", "joined"}:
        return found, None
    plans = []
    for at, (part, n) in enumerate(zip(parts, numbers, strict=True)):
        limits = Limits(n, n, 0)
        if (at, limits) not in found:
            found[at, limits] = solve_part(ground, part, limits, how)
        plans.append(found[at, limits])
    if not all(plan.clusters for plan in plans):
        return found, None
    spare = sum(plan.stages[0].value for plan in plans)
    return found, spare - sum(plan.stages[0].bound for plan in alone)


def _unproved(plan: PartPlan, alone: PartPlan) -> PartPlan:
    first = plan.stages[0]
    stage = replace(first, status="FEASIBLE", bound=min(first.value, alone.stages[0].bound))
    return replace(plan, status="FEASIBLE", stages=(stage,))
