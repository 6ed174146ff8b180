r"""The exact front of two or three objectives over all legal plans.

Labels (cost vectors of the ways to a node) move along the arcs. Two rules keep them few, neither of
which can lose a point of the front: at one node a label goes where another is nowhere worse; and a
label goes where some plan already known is nowhere worse than the label's ideal, its own costs and,
term by term, the least that are still to come.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import permutations, product
from typing import TYPE_CHECKING

import numpy as np

from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.optimise.universe.diagram import (
    Diagram,
    best_path,
    by_value,
    largest_to_go,
    least_to_go,
    totals,
)
from cluster_optimiser.optimise.universe.ranking import runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cluster_optimiser.arrays import Bools, Ints

_TWO = 2

MAX_LABELS = 20_000_000
"""Labels kept above which the front is not worked out."""

_STEPS = {2: 24, 3: 8}
"""Number of terms -> steps of the weights whose best plans are known from the start."""
_WEIGHT_BITS = 60
_CHUNK = 1 << 22

Point = tuple[int, ...]


def nondominated(values: Ints, node: Ints) -> Ints:
    """Find the labels than which no other of the same node is nowhere worse.

    Examples
    --------
    >>> nondominated(np.array([[1, 2, 2, 3], [5, 5, 4, 4]]), np.zeros(4, dtype=np.int64)).tolist()
    [0, 2]
    """
    order = np.lexsort((*values[::-1], node))
    node, last = node[order], values[-1, order]
    if len(values) == _TWO:
        # Numbers fall from node to node, so that the least so far starts afresh with each.
        step = int(last.max(initial=0)) - int(last.min(initial=0)) + 1
        falling = last - (np.cumsum(np.diff(node, prepend=node[:1]) != 0)) * step
        before = np.minimum.accumulate(falling)
        is_kept = np.ones(len(order), dtype=np.bool_)
        is_kept[1:] = falling[1:] < before[:-1]
        return np.asarray(order[is_kept])
    return np.asarray(order[_on_staircase(node.tolist(), values[1, order].tolist(), last.tolist())])


def _on_staircase(nodes: list[int], seconds: list[int], thirds: list[int]) -> list[int]:
    """Find, among labels sorted by node and terms, those no earlier one of the node beats."""
    kept: list[int] = []
    steps: list[int] = []
    heights: list[int] = []
    current = -1
    for i, (node, second, third) in enumerate(zip(nodes, seconds, thirds, strict=True)):
        if node != current:
            current, steps, heights = node, [], []
        at = bisect_right(steps, second)
        if at and heights[at - 1] <= third:
            continue
        kept.append(i)
        at = bisect_left(steps, second)
        end = at
        while end < len(steps) and heights[end] >= third:
            end += 1
        steps[at:end] = [second]
        heights[at:end] = [third]
    return kept


def _known_plans(
    diagram: Diagram, costs: Ints, largest: Sequence[bool]
) -> dict[Point, tuple[int, ...]]:
    """Find some plans of the front: best in each order of the terms and for many weights."""
    n_terms = len(costs)
    rows = [costs[list(order)] for order in permutations(range(n_terms))]
    spread = np.maximum(costs.max(axis=1, initial=1), 1)
    longest = len(diagram.layers)
    unit = [(1 << _WEIGHT_BITS) // (n_terms * longest * _STEPS[n_terms] * int(s)) for s in spread]
    for shares in product(range(1, _STEPS[n_terms]), repeat=n_terms):
        if sum(shares) == _STEPS[n_terms]:
            weights = np.array([share * u for share, u in zip(shares, unit, strict=True)])
            rows.append((weights[:, None] * costs).sum(axis=0, keepdims=True))
    known: dict[Point, tuple[int, ...]] = {}
    for row in rows:
        groups = best_path(diagram, row)
        known.setdefault(totals(costs, groups, largest), groups)
    vectors = np.array(list(known)).T
    kept = nondominated(vectors, np.zeros(vectors.shape[1], dtype=np.int64))
    return {tuple(vectors[:, i].tolist()): known[tuple(vectors[:, i].tolist())] for i in kept}


def _is_open(ideal: Ints, known: Ints) -> Bools:
    """Tell which ideals no known plan reaches."""
    is_open = np.ones(ideal.shape[1], dtype=np.bool_)
    left = np.arange(ideal.shape[1])
    for point in known.T:
        beaten = (point[:, None] <= ideal[:, left]).all(axis=0)
        is_open[left[beaten]] = False
        left = left[~beaten]
    return is_open


_Part = tuple["Ints", "Ints", "Ints", "Ints"]
"""Labels on their way: node, cost vector, label and group they come from."""


def front(
    diagram: Diagram, costs: Ints, *, are_largest: Sequence[bool] = (), max_labels: int = MAX_LABELS
) -> dict[Point, tuple[int, ...]]:
    """Find every cost vector than which no legal plan is nowhere worse, with a plan for each.

    A plan has the sum of its groups' costs, or the largest of them where that is said of a row.
    """
    if not diagram.has_plans:
        return {}
    largest = are_largest or (False,) * len(costs)
    points = _known_plans(diagram, costs, largest)
    known = np.array(list(points)).T
    ideal = np.array(
        [
            largest_to_go(diagram, row) if is_largest else least_to_go(diagram, row[None, :])[0]
            for row, is_largest in zip(costs, largest, strict=True)
        ]
    )
    sweep = _LabelSweep(diagram, costs, largest, ideal, known, max_labels=max_labels)
    vectors = sweep.run()
    first = sweep.n_labels - vectors.shape[1]
    for k, vector in enumerate(vectors.T.tolist()):
        points.setdefault(tuple(vector), sweep.groups_of(first + k))
    both = np.array(list(points)).T
    kept = nondominated(both, np.zeros(both.shape[1], dtype=np.int64))
    return {point: points[point] for point in map(tuple, both[:, kept].T.tolist())}


class _LabelSweep:
    """Moves labels from the root to the terminal."""

    def __init__(
        self,
        diagram: Diagram,
        costs: Ints,
        largest: Sequence[bool],
        ideal: Ints,
        known: Ints,
        *,
        max_labels: int,
    ) -> None:
        self.diagram, self.costs, self.ideal, self.known = diagram, costs, ideal, known
        self.max_labels = max_labels
        self.largest = np.array(largest, dtype=np.bool_)[:, None]
        self.parents: list[Ints] = []
        self.groups: list[Ints] = []
        self.n_labels = 0

    def run(self) -> Ints:
        """Give the cost vectors that arrive, those that known plans reach left out."""
        n_layers = len(self.diagram.layers) - 1
        layer_of = np.repeat(np.arange(n_layers), np.diff(self.diagram.layers))
        waiting: list[list[_Part]] = [[] for _ in range(n_layers)]
        none = np.full(1, -1, dtype=np.int64)
        waiting[0].append((none + 1, np.zeros((len(self.costs), 1), np.int64), none, none))
        value = np.zeros((len(self.costs), 0), np.int64)
        for layer in range(n_layers):
            value = value[:, :0]
            if not waiting[layer]:
                continue
            node, value, parent, group = (
                np.concatenate(part, axis=-1) for part in zip(*waiting[layer], strict=True)
            )
            waiting[layer] = []
            kept = nondominated(value, node)
            node, value = node[kept], value[:, kept]
            self.parents.append(parent[kept])
            self.groups.append(group[kept])
            for moved in self._moved(node, value):
                for target, some in by_value(layer_of[moved[0]]):
                    part = (moved[0][some], moved[1][:, some], moved[2][some], moved[3][some])
                    waiting[target].append(part)
            self.n_labels += len(kept)
            if self.n_labels > self.max_labels:
                message = (
                    f"the front is not worked out: it takes more than {self.max_labels:,} cost "
                    "vectors; choose fewer terms, or narrow the scenario"
                )
                raise ClusterOptimiserError(message)
        return value

    def _joined(self, some: Ints, more: Ints) -> Ints:
        """Add costs up, or take the larger."""
        return np.where(self.largest, np.maximum(some, more), some + more)

    def _moved(self, node: Ints, value: Ints) -> Iterator[_Part]:
        """Move the labels of a layer along their arcs, some at a time."""
        diagram = self.diagram
        degrees = diagram.arcs[node + 1] - diagram.arcs[node]
        ends = np.cumsum(degrees)
        begin = 0
        while begin < len(node):
            done = int(ends[begin - 1]) if begin else 0
            end = max(begin + 1, int(np.searchsorted(ends, done + _CHUNK, side="right")))
            some = slice(begin, end)
            arcs = runs(diagram.arcs[node[some]], degrees[some])
            label = np.repeat(np.arange(begin, min(end, len(node))), degrees[some])
            to, group = diagram.to[arcs].astype(np.int64), diagram.group[arcs].astype(np.int64)
            now = self._joined(value[:, label], self.costs[:, group])
            kept = _is_open(self._joined(now, self.ideal[:, to]), self.known)
            yield to[kept], now[:, kept], label[kept] + self.n_labels, group[kept]
            begin = end

    def groups_of(self, label: int) -> tuple[int, ...]:
        """Give the groups that a label is made of."""
        chosen = []
        starts = np.cumsum([0, *map(len, self.parents)])
        while label > 0:
            layer = int(np.searchsorted(starts, label, side="right")) - 1
            chosen.append(int(self.groups[layer][label - starts[layer]]))
            label = int(self.parents[layer][label - starts[layer]])
        return tuple(sorted(chosen))
