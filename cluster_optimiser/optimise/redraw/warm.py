"""A legal plan to begin with, and a better one by re-solving a few neighbouring clusters at a time.

Today's clusters merged are a legal redraw wherever they keep its rules. From there each of them
and two neighbours are taken out, solved exactly, and put back if better.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.geography import build_problem
from cluster_optimiser.optimise.merging.merge import solve_merge
from cluster_optimiser.optimise.redraw.lexicographic import solve_part
from cluster_optimiser.optimise.redraw.model import Limits
from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.optimise.redraw.parts import solve_parts
from cluster_optimiser.optimise.redraw.separators import is_legal, pieces
from cluster_optimiser.optimise.redraw.terms import stage_names, value_of
from cluster_optimiser.scenario import Objective, Redraw, Urban

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cluster_optimiser.optimise.redraw.lexicographic import How
    from cluster_optimiser.optimise.redraw.pairs import Cluster, Ground

AT_ONCE = 3
"""Clusters that are solved anew together: enough to exchange units in a ring, and soon proved."""

MOST_RINGS = 1
"""Rings of neighbours around a broken cluster that are solved anew with it."""

SHARE_OF_TIME = 0.1
"""Share of the time that one such solve may take."""


def merged_start(ground: Ground, how: How) -> list[Cluster]:
    """Give the best plan of whole clusters, if it is a legal redraw.

    Parameters
    ----------
    ground
        The problem in numbers.
    how
        How long there is.

    Returns
    -------
    Units of each cluster; nothing where there is no such plan.
    """
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
    return start if is_legal_plan(ground, start, how) else []


def joined_start(ground: Ground, how: How) -> list[Cluster]:
    """Give a plan that keeps to the areas of some layer, solved area by area and joined.

    Parameters
    ----------
    ground
        The problem in numbers.
    how
        How to solve, and until when.

    Returns
    -------
    Units of each cluster; nothing where no layer gives a legal plan.
    """
    problem, scenario = ground.problem, ground.problem.scenario
    n_areas = {name: len(areas) for name, areas in problem.territory.layers.items()}
    objective = Objective(order=("count", "pupil_minutes"))
    # The more areas the smaller the parts and the sooner they are solved; too many have no plan.
    for layer in sorted(n_areas, key=lambda name: (-n_areas[name], name)):
        if n_areas[layer] == 1 or layer in scenario.required_layers or how.is_over:
            continue
        narrow = scenario.model_copy(
            update={"within": (*scenario.within, layer), "objective": objective}
        )
        divided = redraw_ground(replace(problem, scenario=narrow))
        left_s = how.left_s()
        plans = solve_parts(divided, how if left_s is None else how.within(left_s / 2))
        joined = sorted((c for plan in plans for c in plan.clusters), key=sorted)
        is_whole = sum(map(len, joined)) == len(ground.units)
        if is_whole and is_legal_plan(ground, joined, how):
            return joined
    return []


def repaired(ground: Ground, start: Sequence[Cluster], how: How) -> list[Cluster]:
    """Solve anew what is around clusters that are no legal ones once single schools count.

    A cluster of today on two sides of a river is one unit of a merge, but not one piece.

    Parameters
    ----------
    ground
        The problem in numbers.
    start
        A plan whose clusters keep the rules but for some.
    how
        How to solve, and until when.

    Returns
    -------
    The plan, mended as far as that was possible.
    """
    clusters = list(start)
    for _ in range(len(start)):
        broken = [c for c in clusters if not _is_legal_alone(ground, c, how)]
        if not broken or how.is_over:
            break
        moved = _moved(ground, clusters, broken[0], how)
        if moved:
            clusters = moved
            continue
        around = {broken[0]}
        for _ring in range(MOST_RINGS):
            reached = {j for c in around for i in c for j in ground.neighbours[i]}
            around |= {c for c in clusters if c & reached}
            units = sorted(i for c in around for i in c)
            plan = solve_part(ground, units, Limits(len(around), len(around), 0), _brief(how))
            if plan.clusters:
                clusters = [*(c for c in clusters if c not in around), *plan.clusters]
                break
        else:
            break
    return sorted(clusters, key=sorted)


def _moved(ground: Ground, clusters: Sequence[Cluster], broken: Cluster, how: How) -> list[Cluster]:
    """Give the pieces of a broken cluster but its largest to neighbours; nothing if none fits."""
    found = [c for c in clusters if c != broken]
    first, *others = sorted(
        pieces(ground.neighbours, broken), key=lambda piece: (-ground.pupils_of(piece), min(piece))
    )
    for piece in others:
        around = {j for i in piece for j in ground.neighbours[i]}
        taker = next(
            (c for c in found if c & around and _is_legal_alone(ground, c | piece, how)), None
        )
        if taker is None:
            return []
        found[found.index(taker)] = taker | piece
    return [*found, first] if _is_legal_alone(ground, first, how) else []


def _brief(how: How) -> How:
    """Give the same with a share of the time that is left."""
    left_s = how.left_s()
    return replace(how if left_s is None else how.within(left_s * SHARE_OF_TIME), nearest_hubs=None)


def is_legal_plan(ground: Ground, clusters: Sequence[Cluster], how: How) -> bool:
    """Tell whether clusters keep every rule of a redraw.

    Parameters
    ----------
    ground
        The problem in numbers.
    clusters
        Units of each cluster.
    how
        Whether the shape rule is to be kept.

    Returns
    -------
    True where they do.
    """
    scenario = ground.problem.scenario
    size, count = scenario.size, scenario.count
    small = [c for c in clusters if ground.pupils_of(c) < size.min_pupils]
    return (
        count.min <= len(clusters) <= (count.max or len(clusters))
        and len(small) <= size.max_exceptions
        and all(cluster <= ground.exceptable for cluster in small)
        and all(_is_legal_alone(ground, cluster, how) for cluster in clusters)
    )


def _is_legal_alone(ground: Ground, cluster: Cluster, how: How) -> bool:
    scenario = ground.problem.scenario
    fits = ground.pupils_of(cluster) <= scenario.size.max_pupils or cluster in ground.oversize
    enough = sum(ground.n_secondary[i] for i in cluster) >= scenario.secondary.min
    together = all(pin & cluster in (frozenset(), pin) for pin in ground.together)
    apart = not any(one & cluster and other & cluster for one, other in ground.apart)
    return (
        fits
        and enough
        and together
        and apart
        and is_legal(ground, cluster, is_shaped=how.is_shaped)
    )


def improved(ground: Ground, start: Sequence[Cluster], how: How) -> list[Cluster]:
    """Solve a few neighbouring clusters anew at a time, until nothing is better or time is over.

    Parameters
    ----------
    ground
        The problem in numbers.
    start
        A legal plan.
    how
        How to solve, and until when.

    Returns
    -------
    A legal plan at least as good.
    """
    best = list(start)
    value = _values(ground, best)
    tried: set[frozenset[Cluster]] = set()
    while not how.is_over:
        fresh = next((group for group in _groups(ground, best) if group not in tried), None)
        if fresh is None:
            break
        tried.add(fresh)
        units = sorted(i for cluster in fresh for i in cluster)
        n_small = sum(ground.pupils_of(c) < ground.problem.scenario.size.min_pupils for c in fresh)
        plan = solve_part(
            ground,
            units,
            Limits(len(fresh), len(fresh), n_small),
            _brief(how),
            start=sorted(fresh, key=sorted),
        )
        found = [*(c for c in best if c not in fresh), *plan.clusters]
        if plan.clusters and (better := _values(ground, found)) < value:
            best, value = found, better
    return sorted(best, key=sorted)


def _values(ground: Ground, clusters: Sequence[Cluster]) -> tuple[int, ...]:
    return tuple(value_of(ground, stage, clusters) for stage in stage_names(ground))


def _groups(ground: Ground, clusters: Sequence[Cluster]) -> Iterator[frozenset[Cluster]]:
    """Give groups of `AT_ONCE` neighbouring clusters, those with the longest borders first."""
    of_unit = {i: c for c in clusters for i in c}
    for cluster in sorted(clusters, key=sorted):
        borders: dict[Cluster, int] = {}
        for i in cluster:
            for j in ground.neighbours[i]:
                other = of_unit.get(j)
                if other is not None and other != cluster:
                    borders[other] = borders.get(other, 0) + 1
        near = sorted(borders, key=lambda c: (-borders[c], sorted(c)))
        for one, other in itertools.pairwise(near):
            yield frozenset((cluster, one, other))
        if len(near) == 1:
            yield frozenset((cluster, near[0]))
