"""Numbers of clusters that stay: a place keeps the number of today's cluster in every plan."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster_optimiser.domain import Result


@functools.lru_cache(maxsize=128)
def cluster_numbers(result: Result) -> Mapping[str, str]:
    """Give the number of each cluster by id: that of today's with most of its pupils.

    Today's clusters are numbered by name. Where one is divided, the part with more of its pupils
    has its number; what is left over, and clusters without ground, are numbered on.
    What is given is shared, and not to be altered.
    """
    problem = result.problem
    schools = problem.authority.schools.loc[problem.unit_of.index]
    clusters = result.score.clusters
    if problem.authority.has_areas:  # hundreds of areas: their numbers say nothing
        return {str(cluster_id): str(i) for i, cluster_id in enumerate(clusters.index, start=1)}
    names = sorted(problem.authority.schools["local_cluster"].dropna().astype(str).unique())
    at = {name: i for i, name in enumerate(names)}
    place = {str(name): i for i, name in enumerate(clusters["cluster"])}
    held = schools["pupils"].groupby(
        [result.plan.assignment.reindex(schools.index), schools["local_cluster"]]
    )
    claims = sorted(
        (-int(pupils), place[str(cluster)], at[str(local)])
        for (cluster, local), pupils in held.sum().items()
    )
    found: dict[int, int] = {}
    for _, cluster, local in claims:
        if cluster not in found and local not in found.values():
            found[cluster] = local
    spare = iter(range(len(names), len(names) + len(clusters)))
    return {
        str(cluster_id): str(1 + (found[i] if i in found else next(spare)))
        for i, cluster_id in enumerate(clusters.index)
    }
