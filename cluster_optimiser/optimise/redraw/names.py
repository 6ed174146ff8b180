"""Names of redrawn clusters: those of the hubs they are built around."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.naming import cluster_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.optimise.redraw.pairs import Cluster, RedrawGround


def redraw_names(ground: RedrawGround, clusters: Sequence[Cluster]) -> list[str]:
    """Name each cluster, unique within the plan.

    A cluster that consists of whole clusters of today is named after them, as in a merge. Any other
    bears the name of today's cluster that its hub belongs to, with the hub's own name where
    several would be called the same. One made of areas where pupils live bears its hub's.
    """
    problem = ground.problem
    is_of_areas = problem.authority.has_areas
    schools = problem.authority.schools
    today = schools["local_cluster"].loc[problem.unit_of.index]
    n_today = Counter(today)
    merged = cluster_names(problem, [[ground.units[i] for i in sorted(c)] for c in clusters])
    names: list[tuple[str, str]] = []
    for cluster, as_merged in zip(clusters, merged, strict=True):
        units = {ground.units[i] for i in cluster}
        held = Counter(today[problem.unit_of.isin(units).to_numpy()])
        meeting = ground.meeting(cluster)
        if meeting is not None and is_of_areas:
            hub = schools.iloc[ground.hubs[meeting[0]].position]
            names.append((str(hub["name"]), f"{hub['name']} ({hub['local_cluster']})"))
        elif all(n_today[name] == n for name, n in held.items()) or meeting is None:
            names.append((as_merged, as_merged))
        else:
            hub = schools.iloc[ground.hubs[meeting[0]].position]
            names.append((str(hub["local_cluster"]), f"{hub['local_cluster']} ({hub['name']})"))
    times = Counter(short for short, _ in names)
    once = [short if times[short] == 1 else long for short, long in names]
    seen: Counter[str] = Counter()
    unique = []
    for name in once:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return unique
