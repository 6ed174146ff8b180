"""A legal plan to begin with: today's clusters merged, wherever they keep the rules of a redraw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.geography import build_problem
from cluster_optimiser.optimise.merging.merge import solve_merge
from cluster_optimiser.optimise.redraw.legal import (
    is_legal_plan,
)
from cluster_optimiser.optimise.redraw.lexicographic import repaired
from cluster_optimiser.progress import listening
from cluster_optimiser.scenario import Redraw, Urban

if TYPE_CHECKING:
    from cluster_optimiser.optimise.redraw.pairs import Cluster, RedrawGround
    from cluster_optimiser.optimise.redraw.search import How


def merged_start(ground: RedrawGround, how: How) -> list[Cluster]:
    """Give the best plan of whole clusters, if it is a legal redraw."""
    problem = ground.problem
    scenario = problem.scenario
    units = "clusters" if scenario.units == "schools" else scenario.units
    if units not in {"clusters", "schools"}:
        return []
    merge = scenario.model_copy(
        update={"method": "merge", "units": units, "urban": Urban(), "redraw": Redraw()}
    )
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
    count = scenario.count
    is_legal = is_legal_plan(ground, start, is_shaped=how.is_shaped)
    return start if is_legal and count.min <= len(start) <= (count.max or len(start)) else []
