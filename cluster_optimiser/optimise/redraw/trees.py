"""A first plan at once: random spanning trees are cut in two until each side is a legal cluster.

Sides of a tree are in one piece, and of its many edges one leaves both sides the pupils and hubs
that they need: so a plan is found in a moment where sizes have some room, however many the units.
It is far from the best, and for when time is over before a program has found one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from cluster_optimiser.optimise.redraw.legal import is_legal_cluster, is_legal_plan
from cluster_optimiser.optimise.redraw.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cluster_optimiser.optimise.redraw.model import Limits
    from cluster_optimiser.optimise.redraw.pairs import Cluster, RedrawGround
    from cluster_optimiser.optimise.redraw.search import How

TREES = 6
"""Trees that are tried to cut a part in two."""

AFRESH = 10
"""Times that it is begun anew."""

BETWEEN_HUBS = 0.5
"""What an edge between units of different nearest hubs weighs more, where others weigh up to 1."""


def cut_from_trees(
    ground: RedrawGround, units: Collection[int], limits: Limits, how: How
) -> tuple[Cluster, ...]:
    """Give a legal plan without exceptions, or none; units over the maximum stand alone in it."""
    size = ground.problem.scenario.size
    alone = [frozenset([i]) for i in sorted(units) if size.is_over(ground.pupils[i])]
    graph = nx.Graph()
    graph.add_nodes_from(sorted(set(units).difference(*alone)))
    graph.add_edges_from((i, j) for i in graph for j in sorted(ground.neighbours[i]) if j in graph)
    parts = [frozenset(part) for part in nx.connected_components(graph)]
    numbers = _numbers(ground, parts, limits, len(alone))
    cutting = _Cutting(ground, graph, how)
    found = [cutting.cut(part, n) for part, n in zip(parts, numbers, strict=True)]
    clusters = sorted([*alone, *(cluster for held in found for cluster in held)], key=sorted)
    is_legal = all(found) and limits.fewest <= len(clusters) <= limits.most
    is_legal = is_legal and is_legal_plan(ground, clusters, is_shaped=how.is_shaped, n_exceptions=0)
    most_of = ground.problem.scenario.most_of.items()
    is_legal = is_legal and all(value_of(ground, term, clusters) <= most for term, most in most_of)
    return tuple(clusters) if is_legal else ()


def _numbers(
    ground: RedrawGround, parts: Sequence[Cluster], limits: Limits, n_alone: int
) -> list[int]:
    """Give a number of clusters of middle size to each part, within the limits of all."""
    pupils = [ground.pupils_of(part) for part in parts]
    numbers = [max(1, round(p / ground.problem.scenario.size.middle)) for p in pupils]
    goal = min(max(sum(numbers) + n_alone, limits.fewest), limits.most) - n_alone
    while sum(numbers) != goal and parts:
        step = 1 if sum(numbers) < goal else -1
        at = max(range(len(parts)), key=lambda at: step * pupils[at] / numbers[at])
        if numbers[at] + step < 1:
            break
        numbers[at] += step
    return numbers


class _Cutting:
    def __init__(self, ground: RedrawGround, graph: nx.Graph, how: How) -> None:
        self.ground, self.graph, self.how = ground, graph, how
        self.size = ground.problem.scenario.size
        self.rng = np.random.default_rng(how.seed)
        self.homes = {hub.unit for hub in ground.hubs}
        self.nearest = ground.shortest.argmin(axis=1)

    def cut(self, part: Cluster, n_clusters: int) -> list[Cluster]:
        """Give clusters of a part, or none."""
        for _ in range(AFRESH):
            found = self._cut(part, n_clusters)
            if found or self.how.is_over:
                break
        return found

    def _cut(self, part: Cluster, n_clusters: int) -> list[Cluster]:
        if n_clusters == 1:
            is_legal = not self.size.is_under(self.ground.pupils_of(part)) and is_legal_cluster(
                self.ground, part, is_shaped=self.how.is_shaped
            )
            return [part] if is_legal else []
        for _ in range(TREES):
            side, n = self._side(part, n_clusters)
            one = self._cut(side, n) if side else []
            other = self._cut(part - side, n_clusters - n) if one else []
            if other or self.how.is_over:
                return [*one, *other] if other else []
        return []

    def _side(self, part: Cluster, n_clusters: int) -> tuple[Cluster, int]:
        """Give a side of a random tree and its number of clusters, near a half; empty if none."""
        rng, tree = self.rng, self._tree(part)
        pupils = {i: self.ground.pupils[i] for i in tree}
        n_hubs = {i: int(i in self.homes) for i in tree}
        edges = list(nx.dfs_edges(tree, min(tree)))
        for parent, child in reversed(edges):
            pupils[parent] += pupils[child]
            n_hubs[parent] += n_hubs[child]
        all_pupils, all_hubs = pupils[min(tree)], n_hubs[min(tree)]
        fitting = [
            (abs(2 * n - n_clusters), rng.random(), child, n)
            for _, child in edges
            for n in range(1, min(n_clusters - 1, n_hubs[child]) + 1)
            if all_hubs - n_hubs[child] >= n_clusters - n
            and self._fits(pupils[child], n)
            and self._fits(all_pupils - pupils[child], n_clusters - n)
        ]
        if not fitting:
            return frozenset(), 0
        *_, child, n = min(fitting)
        return frozenset([child, *nx.descendants(nx.DiGraph(edges), child)]), n

    def _fits(self, pupils: int, n_clusters: int) -> bool:
        return n_clusters * self.size.min_pupils <= pupils <= n_clusters * self.size.max_pupils

    def _tree(self, part: Cluster) -> nx.Graph:
        graph = self.graph.subgraph(part)
        for one, other in graph.edges:
            is_between = self.nearest[one] != self.nearest[other]
            graph.edges[one, other]["at"] = self.rng.random() + BETWEEN_HUBS * is_between
        return nx.minimum_spanning_tree(graph, weight="at")
