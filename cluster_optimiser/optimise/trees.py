"""A first plan at once: random spanning trees are cut in two until each side is a legal cluster.

Sides of a tree are in one piece, and of its many edges one leaves both sides the pupils and hubs
that they need: so a plan is found in a moment where sizes have some room, however many the units.
It is far from the best, and for when time is over before a program has found one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import networkx as nx

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from random import Random

TREES = 6
"""Trees that are tried to cut a part in two."""

MOST_TREES = 3_000
"""Trees that are tried for a plan: where rules forbid what sizes allow, more would not help."""

MOST_FOR_SOME = 20
"""Trees that are tried to divide some clusters anew."""

BETWEEN = 0.5
"""What an edge between units of different kinds weighs more, where others weigh up to 1."""

Units = frozenset[int]


@dataclass(slots=True, eq=False)
class Trees:
    neighbours: Sequence[Collection[int]]
    pupils: Sequence[int]
    least: int  # pupils of a cluster
    most: int  # pupils of a cluster
    is_legal: Callable[[Units], bool]  # whether units within that range are a cluster
    is_over: Callable[[], bool]  # whether the time is
    random: Random
    homes: Collection[int] | None = None  # units that a cluster may meet in; None of any
    kind: Sequence[int] | None = None  # of each unit: borders between kinds are cut first
    graph: nx.Graph = field(init=False)
    left: int = 0  # trees that may still be tried

    def __post_init__(self) -> None:
        self.graph = nx.Graph()
        self.graph.add_nodes_from(range(len(self.pupils)))
        ends = ((i, j) for i, near in enumerate(self.neighbours) for j in sorted(near) if i < j)
        self.graph.add_edges_from(ends)

    def plan(self, fewest: int, most: int) -> list[Units]:
        """Give a plan of clusters of about middle size, or none; what is too large stands alone."""
        self.left = MOST_TREES
        alone = [frozenset([i]) for i, pupils in enumerate(self.pupils) if pupils > self.most]
        rest = self.graph.subgraph(set(self.graph).difference(*alone))
        parts = [frozenset(part) for part in nx.connected_components(rest)]
        numbers = self._numbers(parts, fewest - len(alone), most - len(alone))
        found = [self._begun_anew(part, n) for part, n in zip(parts, numbers, strict=True)]
        clusters = [*alone, *(cluster for held in found for cluster in held)]
        is_plan = all(found) and fewest <= len(clusters) <= most
        return sorted(clusters, key=sorted) if is_plan else []

    def divisions(self, part: Units, n_clusters: int, most: int) -> list[list[Units]]:
        """Divide connected units anew: into two where a random tree can be cut, else once."""
        if n_clusters == 2:  # noqa: PLR2004 - each cut of one tree is a division
            return [[side, part - side] for side, _ in self.sides(part, n_clusters, most=most)]
        self.left = MOST_FOR_SOME
        found = self._cut(part, n_clusters)
        return [found] if found else []

    def _numbers(self, parts: Sequence[Units], fewest: int, most: int) -> list[int]:
        """Give a number of clusters of middle size to each part, within the limits of all."""
        pupils = [self._pupils_of(part) for part in parts]
        room = [sum(self.homes is None or i in self.homes for i in part) for part in parts]
        middle = (self.least + self.most) / 2
        numbers = [max(1, min(r, round(p / middle))) for r, p in zip(room, pupils, strict=True)]
        goal = min(max(sum(numbers), fewest), most)
        while sum(numbers) != goal:
            step = 1 if sum(numbers) < goal else -1
            free = [at for at, n in enumerate(numbers) if 1 <= n + step <= room[at]]
            if not free:
                break
            numbers[max(free, key=lambda at: step * pupils[at] / numbers[at])] += step
        return numbers

    @property
    def _is_over(self) -> bool:
        return self.left <= 0 or self.is_over()

    def _begun_anew(self, part: Units, n_clusters: int) -> list[Units]:
        found = self._cut(part, n_clusters)
        while not found and not self._is_over and n_clusters > 1:
            found = self._cut(part, n_clusters)
        return found

    def _cut(self, part: Units, n_clusters: int) -> list[Units]:
        if n_clusters == 1:
            is_legal = self._fits(self._pupils_of(part), 1) and self.is_legal(part)
            return [part] if is_legal else []
        for _ in range(TREES):
            sides = self.sides(part, n_clusters, most=1)
            for side, n in sides:
                one = self._cut(side, n)
                other = self._cut(part - side, n_clusters - n) if one else []
                if other:
                    return [*one, *other]
            if self._is_over:
                break
        return []

    def sides(self, part: Units, n_clusters: int, *, most: int) -> list[tuple[Units, int]]:
        """Give sides of a random tree, and how many clusters each is to be; those near half first.

        Both sides have the pupils and hubs that their clusters need.
        """
        self.left -= 1
        root, tree = min(part), self._tree(part)
        pupils = {i: self.pupils[i] for i in tree}
        n_homes = {i: int(self.homes is None or i in self.homes) for i in tree}
        edges = list(nx.dfs_edges(tree, root))
        for parent, child in reversed(edges):
            pupils[parent] += pupils[child]
            n_homes[parent] += n_homes[child]
        fitting = [
            (abs(2 * n - n_clusters), self.random.random(), child, n)
            for _, child in edges
            for n in range(1, min(n_clusters - 1, n_homes[child]) + 1)
            if n_homes[root] - n_homes[child] >= n_clusters - n
            and self._fits(pupils[child], n)
            and self._fits(pupils[root] - pupils[child], n_clusters - n)
        ]
        below = nx.DiGraph(edges)
        return [
            (frozenset([child, *nx.descendants(below, child)]), n)
            for *_, child, n in sorted(fitting)[:most]
        ]

    def _pupils_of(self, units: Units) -> int:
        return sum(self.pupils[i] for i in units)

    def _fits(self, pupils: int, n_clusters: int) -> bool:
        return n_clusters * self.least <= pupils <= n_clusters * self.most

    def _tree(self, part: Units) -> nx.Graph:
        graph = self.graph.subgraph(part)
        for one, other in graph.edges:
            is_between = self.kind is not None and self.kind[one] != self.kind[other]
            graph.edges[one, other]["at"] = self.random.random() + BETWEEN * is_between
        return nx.minimum_spanning_tree(graph, weight="at")
