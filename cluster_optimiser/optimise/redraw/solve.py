"""Method redraw: the best plan around hubs, part by part of the map, with its bound."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from cluster_optimiser.constants import EFFORT_DIGITS
from cluster_optimiser.deadline import left_s, most_mb, within
from cluster_optimiser.domain import Plan, Problem, Solution, Stage, Status
from cluster_optimiser.errors import ClusterOptimiserError, InfeasibleError, NoPlanFoundError
from cluster_optimiser.geography import build_problem
from cluster_optimiser.inputs.checking import listed
from cluster_optimiser.optimise.costs import are_largest
from cluster_optimiser.optimise.merging.merge import solve_merge
from cluster_optimiser.optimise.naming import assign_schools
from cluster_optimiser.optimise.redraw.engines import CpSat, Engine, Highs
from cluster_optimiser.optimise.redraw.legal import is_legal_plan, with_idle_units_near
from cluster_optimiser.optimise.redraw.lexicographic import PartPlan, repaired
from cluster_optimiser.optimise.redraw.pairs import Cluster, RedrawGround, redraw_ground
from cluster_optimiser.optimise.redraw.parts import parts_of, solve_parts, soon
from cluster_optimiser.optimise.redraw.search import FEW, How
from cluster_optimiser.optimise.redraw.telling import redraw_names
from cluster_optimiser.optimise.redraw.terms import (
    is_within_limits,
    stage_names,
    stage_scale,
)
from cluster_optimiser.progress import are_plans_wanted, listening
from cluster_optimiser.proofs import RedrawProof

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINES: dict[str, type[Engine]] = {"HiGHS": Highs, "CP-SAT": CpSat}

FEW_PAIRS = 5_000
"""Pairs of a unit and a hub up to which CP-SAT proves many units sooner than HiGHS does."""

FLOATING_SCALE = 10_000
"""Integers a unit from which weights are too fine for a solver in floating point."""

SHARE_OF_TIME = 0.4
"""Share of the time that plans with the nearest hubs only may take."""


def solve_redraw(
    problem: Problem,
    *,
    seed: int = 0,
    time_limit_s: float | None = None,
    engine: str | None = None,
    few: int = FEW,
) -> Plan:
    ground = redraw_ground(problem)
    _refuse_unplaceable(ground)
    redraw = problem.scenario.redraw
    with within(time_limit_s):
        left = left_s()
    deadline = None if left is None else time.monotonic() + left
    is_fine = len(ground.cost) <= FEW_PAIRS or any(
        stage_scale(ground, name) > FLOATING_SCALE for name in stage_names(ground)
    )
    how = How(
        ENGINES[engine or "CP-SAT"](),
        engine_of_many=ENGINES[engine or ("CP-SAT" if is_fine else "HiGHS")](),
        is_shaped=redraw.shape == "towards the hub",
        seed=seed,
        deadline=deadline,
        few=few,
    )
    start = _start(ground, how)
    near: list[Cluster] = []
    if redraw.nearest_hubs is not None:
        near = _among_nearest(ground, how, redraw.nearest_hubs, start)
    shown = near or start or (merged_start(ground, how) if are_plans_wanted() else [])
    plans = solve_parts(ground, how, near or start, shown=shown)
    statuses = {plan.status for plan in plans}
    if "INFEASIBLE" in statuses:
        _raise_infeasible(ground)
    if "UNKNOWN" in statuses:
        limit = "in time" if time_limit_s is None else f"within {time_limit_s:g} s"
        message = f"no plan was found {limit}; none is proved impossible"
        raise NoPlanFoundError(message)
    found = [cluster for plan in plans for cluster in plan.clusters]
    clusters = with_idle_units_near(ground, found, is_shaped=how.is_shaped)
    names = redraw_names(ground, clusters)
    cluster_of = {ground.units[i]: name for name, c in zip(names, clusters, strict=True) for i in c}
    stages = _stages(ground, plans)
    proof = _proof(ground, plans, how)
    if redraw.nearest_hubs is not None:
        proof = replace(
            proof,
            nearest_hubs_tried_first=redraw.nearest_hubs,
            best_has_nearest_hubs=_has_nearest(ground, clusters, redraw.nearest_hubs),
        )
    status: Status = "OPTIMAL" if statuses == {"OPTIMAL"} else "FEASIBLE"
    return Plan(
        label=problem.scenario.option,
        assignment=assign_schools(problem, cluster_of),
        solution=Solution(status=status, stages=stages, proof=proof),
    )


def _start(ground: RedrawGround, how: How) -> list[Cluster]:
    """Give a plan to begin with where a part may run out of time or memory, as far as it goes."""
    parts = parts_of(ground)
    start = merged_start(ground, how) if max(map(len, parts)) > how.few else []
    is_limited = how.deadline is not None or most_mb() < math.inf
    return start if start or not is_limited else soon(ground, parts, how)


def _among_nearest(
    ground: RedrawGround, how: How, nearest_hubs: int, start: Sequence[Cluster]
) -> list[Cluster]:
    """Give the best plan in which each unit joins one of its nearest hubs: a start, not a proof."""
    near = replace(how.with_share(SHARE_OF_TIME), nearest_hubs=nearest_hubs)
    plans = solve_parts(ground, near, start)
    return (
        [] if any(not plan.clusters for plan in plans) else [c for p in plans for c in p.clusters]
    )


def _has_nearest(ground: RedrawGround, clusters: Sequence[Cluster], nearest_hubs: int) -> bool:
    """Tell whether every unit is in the cluster of one of so many nearest hubs, or of its own."""
    for cluster in clusters:
        meeting = ground.meeting(cluster)
        for i in cluster:
            if meeting is None or ground.hubs[meeting.number].unit == i:
                continue
            near = [h for h in range(len(ground.hubs)) if (i, h) in ground.cost]
            near.sort(key=lambda h, i=i: (ground.nearest[i, h], h))  # type: ignore[misc]
            if meeting.number not in near[:nearest_hubs]:
                return False
    return True


def _refuse_unplaceable(ground: RedrawGround) -> None:
    placed = {i for i, _ in ground.cost}
    left = [ground.units[i] for i in range(len(ground.units)) if i not in placed]
    if left:
        names = [_shown(ground, name) for name in left]
        limit = ground.places.limit_min
        within = f" within {limit:g} minutes" if limit is not None else ""
        message = (
            f"no plan exists: {listed(names)} can be joined to no hub{within} "
            "without crossing a border that no cluster may cross"
        )
        raise InfeasibleError(message)


def _shown(ground: RedrawGround, unit: str) -> str:
    if not unit.startswith("URN "):
        return unit
    school = ground.problem.authority.schools["name"].loc[int(unit.removeprefix("URN "))]
    return f"{school} ({unit})"


def _raise_infeasible(ground: RedrawGround) -> None:
    message = (
        f"no plan exists, proved: {len(ground.units)} units cannot be divided into "
        f"{ground.problem.scenario.count} connected clusters around the {len(ground.hubs)} hubs "
        "that keep the rules on size, travel, layers, pins and numbers of schools"
    )
    raise InfeasibleError(message)


def _stages(ground: RedrawGround, plans: Sequence[PartPlan]) -> tuple[Stage, ...]:
    """Gather the stages of all parts, as far as each was proved in all of them."""
    stages = []
    for number, name in enumerate(stage_names(ground)):
        of_part = [plan.stages[number] for plan in plans if len(plan.stages) > number]
        if len(of_part) < len(plans):
            break
        scale = stage_scale(ground, name)
        gather = max if are_largest([name])[0] else sum
        value, bound = gather(s.value for s in of_part), gather(s.bound for s in of_part)
        is_best = all(s.status == "OPTIMAL" for s in of_part)
        stages.append(
            Stage(
                term=name,
                status="OPTIMAL" if is_best else "FEASIBLE",
                objective=float(value / scale),
                bound=float(bound / scale),
                gap=float((value - bound) / max(scale, Fraction(abs(value)))),
                deterministic_time=round(sum(s.effort for s in of_part), EFFORT_DIGITS),
            )
        )
    return tuple(stages)


def _proof(ground: RedrawGround, plans: Sequence[PartPlan], how: How) -> RedrawProof:
    engines = {how.engine_for(len(part)).name for part in parts_of(ground)}
    return RedrawProof(
        n_units=len(ground.units),
        n_hubs=len(ground.hubs),
        n_pairs=sum(plan.n_pairs for plan in plans),
        n_parts=len(plans),
        n_separators=sum(plan.n_cuts for plan in plans),
        n_programs=sum(plan.n_rounds for plan in plans),
        engine=" and ".join(sorted(engines)),
    )


def merged_start(ground: RedrawGround, how: How) -> list[Cluster]:
    """Give the best plan of whole clusters, if it is a legal redraw."""
    problem = ground.problem
    scenario = problem.scenario
    merge = scenario.merged()
    if merge is None:
        return []
    left_s = how.left_s()
    try:
        whole = build_problem(merge, problem.authority, problem.territory)
        # Its bound is of another problem: whoever listens would take it for this one's.
        with listening(lambda _: None):
            plan = solve_merge(
                whole, seed=how.seed, time_limit_s=None if left_s is None else left_s / 4
            )
    except ClusterOptimiserError:
        return []
    cluster_of = plan.assignment.loc[problem.unit_of.index].groupby(problem.unit_of.to_numpy())
    names = cluster_of.first().to_dict()
    members: dict[str, set[int]] = {}
    for i, unit in enumerate(ground.units):
        members.setdefault(str(names[unit]), set()).add(i)
    start = [frozenset(units) for _, units in sorted(members.items())]
    start = repaired(ground, start, how)
    is_legal = (
        is_legal_plan(ground, start, is_shaped=how.is_shaped)
        and scenario.count.allows(len(start))
        # A merge may meet at any school, so its limits are not those of ways to hubs.
        and is_within_limits(ground, start)
    )
    return start if is_legal else []
