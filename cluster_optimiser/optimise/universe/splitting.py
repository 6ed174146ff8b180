"""Plans of a diagram whose cost lies in a range: those with few clusters, those near the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_optimiser.optimise.universe.diagram import (
    ArcLayer,
    Diagram,
    assemble,
    by_value,
    least_to_go,
    merge_equal,
)

if TYPE_CHECKING:
    from cluster_optimiser.arrays import Ints

_FREE = np.iinfo(np.int64).min
"""Stands for a cost so far that no completion can take out of the range."""

Range = tuple["Ints", "Ints"]
"""Lowest and highest value of every node."""

_Waiting = tuple[int, "Ints", "Ints"]
"""Layer and arcs that lead to some split nodes; those nodes, as node and cost so far."""


def restrict(
    diagram: Diagram, costs: Ints, *, lowest: int, highest: int, max_states: int
) -> Diagram | None:
    """Keep the plans whose cost lies in a range.

    Nodes are split by the cost so far, but only where some completions stay in the range and others
    do not: a sum that no completion can take out of the range is not told apart any more.
    """
    if not diagram.has_plans:
        return diagram
    least = least_to_go(diagram, costs[None, :])[0]
    greatest = -least_to_go(diagram, -costs[None, :])[0]
    if least[0] >= lowest and greatest[0] <= highest:
        return diagram
    lows, highs = (lowest - greatest, lowest - least), (highest - least, highest - greatest)
    split = _Split(diagram, costs, possible=(lows[0], highs[0]), certain=(lows[1], highs[1]))
    return split.within(max_states)


class _Split:
    """Splits the nodes of a diagram by the cost so far.

    For each node ``possible`` is the range of costs so far that some completion may bring into the
    range that is wanted, ``certain`` that of those which no completion can take out of it.
    """

    def __init__(self, diagram: Diagram, costs: Ints, *, possible: Range, certain: Range) -> None:
        self.diagram, self.costs = diagram, costs
        self.possible, self.certain = possible, certain
        self.layer_of = np.repeat(np.arange(len(diagram.layers) - 1), np.diff(diagram.layers))

    def within(self, max_states: int) -> Diagram | None:
        """Build the split diagram, or give up where it takes more nodes than allowed."""
        diagram = self.diagram
        n_layers = len(diagram.layers) - 1
        waiting: list[list[_Waiting]]
        waiting = [[] for _ in range(n_layers)]
        made: list[ArcLayer] = []
        sizes: list[int] = []
        keys = np.array([[0], [0]], dtype=np.int64)
        for layer in range(n_layers):
            if layer and waiting[layer]:
                keys = np.concatenate([some[2] for some in waiting[layer]], axis=1)
                kind, firsts = merge_equal(keys)
                begin = 0
                for place, arcs, _ in waiting[layer]:
                    made[place].to[arcs] = sum(sizes) + kind[begin : begin + len(arcs)]
                    begin += len(arcs)
                keys = keys[:, firsts]
            elif layer:
                keys = keys[:, :0]
            sizes.append(keys.shape[1])
            if sum(sizes) > max_states:
                return None
            if layer < n_layers - 1:
                made.append(self._arcs(layer, keys, waiting))
        return assemble(sizes, made, n_groups=diagram.n_groups, order=diagram.order)

    def _arcs(self, layer: int, keys: Ints, waiting: list[list[_Waiting]]) -> ArcLayer:
        """Give the arcs of split nodes, and hand on the nodes they lead to."""
        diagram = self.diagram
        node, sums = keys
        degrees = diagram.arcs[node + 1] - diagram.arcs[node]
        source = np.repeat(np.arange(len(node)), degrees)
        within = np.arange(len(source)) - np.repeat(np.cumsum(degrees) - degrees, degrees)
        old = np.repeat(diagram.arcs[node], degrees) + within
        to, group = diagram.to[old], diagram.group[old]
        is_free = sums[source] == _FREE
        total = np.where(is_free, 0, sums[source]) + self.costs[group]
        keep = is_free | ((total >= self.possible[0][to]) & (total <= self.possible[1][to]))
        is_free |= (total >= self.certain[0][to]) & (total <= self.certain[1][to])
        total = np.where(is_free, _FREE, total)
        source, to, group, total = source[keep], to[keep], group[keep], total[keep]
        for target, arcs in by_value(self.layer_of[to]):
            waiting[target].append((layer, arcs, np.array([to[arcs], total[arcs]])))
        return ArcLayer(source.astype(np.int32), np.full(len(to), -1, np.int32), group)
