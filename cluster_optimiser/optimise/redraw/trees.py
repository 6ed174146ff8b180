"""A first plan of a redraw, cut from spanning trees."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.redraw.legal import is_legal_cluster, is_legal_plan
from cluster_optimiser.optimise.redraw.terms import is_within_limits
from cluster_optimiser.optimise.trees import Trees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.optimise.redraw.model import Limits
    from cluster_optimiser.optimise.redraw.pairs import Cluster, RedrawGround
    from cluster_optimiser.optimise.redraw.search import How


def cut_from_trees(
    ground: RedrawGround, units: Sequence[int], limits: Limits, how: How
) -> tuple[Cluster, ...]:
    """Give a legal plan of a part without exceptions, or none."""
    scenario = ground.problem.scenario
    back = sorted(units)
    at = {unit: k for k, unit in enumerate(back)}

    def here(cluster: Cluster) -> Cluster:
        return frozenset(back[k] for k in cluster)

    least, most_pupils = scenario.size.ends
    trees = Trees(
        neighbours=[[at[j] for j in ground.neighbours[i] if j in at] for i in back],
        pupils=[ground.pupils[i] for i in back],
        least=least,
        most=most_pupils,
        is_legal=lambda cluster: is_legal_cluster(ground, here(cluster), is_shaped=how.is_shaped),
        is_over=lambda: how.is_over,
        random=Random(how.seed),  # noqa: S311 - which trees come first, no secret
        homes={at[hub.unit] for hub in ground.hubs if hub.unit in at},
        kind=ground.shortest[back].argmin(axis=1).tolist(),
    )
    clusters = [here(cluster) for cluster in trees.plan(limits.fewest, limits.most)]
    is_legal = is_legal_plan(ground, clusters, is_shaped=how.is_shaped, n_exceptions=0)
    return tuple(clusters) if is_legal and is_within_limits(ground, clusters) else ()
