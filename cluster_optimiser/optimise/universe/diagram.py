r"""The decision diagram: every legal plan as a path, with equal states merged.

Units stand in an order. A node is a set of covered units, always completed at its first uncovered
unit v by a candidate group that holds v and nothing covered; nodes of equal sets are one:

    N(S) = sum over candidates C with v in C, C disjoint from S of N(S + C)

Paths from the root (nothing covered) to the terminal (all covered) are the plans, each once, since
the group that holds the first uncovered unit is unique. Below v all is covered and beyond the
frontier nothing, so a node is a word of bits counted from v. Whatever adds up over groups is a
recurrence over arcs, in time proportional to their number.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cluster_optimiser.arrays import Bools, Ints

EXACT_TOTAL = 2.0**53
"""Whole numbers below it are exact as floats."""

SAFE_TOTAL = 2.0**62
"""Counts below this are kept in 64 bits; above it in integers of Python."""

_NO_VALUE = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Diagram:
    """All plans as paths from node 0, the root, to the last node, the terminal."""

    layers: Ints
    arcs: Ints
    to: NDArray[np.int32]  # node that each arc leads to, always of a later layer
    group: NDArray[np.int32]  # position of the candidate group that each arc adds
    n_groups: int  # number of candidate groups
    order: tuple[int, ...]  # positions of the units in sweep order
    n_visited: int  # states visited while it was built, those without completion too

    @property
    def n_nodes(self) -> int:
        """Nodes on some path, the root and the terminal among them."""
        return len(self.arcs) - 1

    @property
    def has_plans(self) -> bool:
        """Whether there is a path at all."""
        return len(self.to) > 0

    def spans(self) -> Iterator[tuple[slice, slice]]:
        """Give the nodes and the arcs of each layer that has arcs, in sweep order."""
        if not self.has_plans:
            return
        for first, end in zip(self.layers[:-2].tolist(), self.layers[1:-1].tolist(), strict=True):
            if end > first:
                yield slice(first, end), slice(int(self.arcs[first]), int(self.arcs[end]))

    def sources(self, nodes: slice) -> Ints:
        """Give the node that each arc of a run of nodes starts from."""
        degrees = np.diff(self.arcs[nodes.start : nodes.stop + 1])
        return np.repeat(np.arange(nodes.start, nodes.stop), degrees)


@dataclass(slots=True, eq=False)
class ArcLayer:
    """The arcs of one layer while a diagram is made."""

    source: NDArray[np.int32]  # node of each arc, counted within the layer, ascending
    to: NDArray[np.int32]
    group: NDArray[np.int32]  # position of the candidate group of each


def merge_equal(words: NDArray[Any] | Sequence[NDArray[Any]]) -> tuple[Ints, Ints]:
    """Find equal columns."""
    codes = pd.factorize(words[0])[0]
    for row in words[1:]:
        other = pd.factorize(row)[0]
        codes = pd.factorize(codes.astype(np.int64) << 32 | other)[0]
    highest = np.maximum.accumulate(codes)
    is_first = np.diff(highest, prepend=-1) > 0
    return codes.astype(np.int64, copy=False), np.flatnonzero(is_first)


def by_value(values: Ints) -> Iterator[tuple[int, Ints]]:
    """Give each value with the positions that hold it, ascending."""
    # Sixteen bits are sorted by counting.
    order = np.argsort(values.astype(np.uint16), kind="stable")
    begins = np.flatnonzero(np.diff(values[order], prepend=-1))
    for begin, end in pairwise([*begins.tolist(), len(values)]):
        yield int(values[order[begin]]), order[begin:end]


def assemble(
    sizes: Sequence[int], made: list[ArcLayer], *, n_groups: int, order: tuple[int, ...]
) -> Diagram:
    """Put a diagram together, without the nodes from which no path leads to the terminal.

    The layers are used up: arcs are what fills the memory.
    """
    starts = np.concatenate([[0], np.cumsum(sizes)])
    is_alive = np.zeros(starts[-1], dtype=np.bool_)
    is_alive[-1] = True
    kept: list[Bools] = []
    for start, layer in zip(starts[len(made) - 1 :: -1], reversed(made), strict=False):
        leads = (layer.to >= 0) & is_alive[layer.to]
        is_alive[start + layer.source[leads]] = True
        kept.append(leads)
    has_plans = bool(is_alive[0])
    is_alive[0] = True
    number = np.cumsum(is_alive) - 1
    degrees = np.zeros(number[-1] + 1, dtype=np.int64)
    to, group = [], []
    made.reverse()
    for start in starts[: len(kept)]:
        layer, leads = made.pop(), kept.pop()
        if has_plans and leads.any():
            source = number[start + layer.source[leads]]
            degrees += np.bincount(source, minlength=len(degrees))
            to.append(number[layer.to[leads]].astype(np.int32))
            group.append(layer.group[leads])
    none = np.empty(0, dtype=np.int32)
    return Diagram(
        layers=np.concatenate([[0], number[starts[1:] - 1] + 1]),
        arcs=np.concatenate([[0], np.cumsum(degrees)]),
        to=np.concatenate([none, *to]),
        group=np.concatenate([none, *group]),
        n_groups=n_groups,
        order=order,
        n_visited=int(starts[-1]),
    )


def _estimate_to_go(diagram: Diagram) -> float:
    counts = np.zeros(diagram.n_nodes)
    counts[-1] = 1.0
    for nodes, arcs in reversed(list(diagram.spans())):
        values = counts[diagram.to[arcs]]
        counts[nodes] = np.add.reduceat(values, diagram.arcs[nodes] - arcs.start)
    return float(counts[0]) if diagram.has_plans else 0.0


def _zeros(diagram: Diagram) -> NDArray[Any]:
    is_small = _estimate_to_go(diagram) < SAFE_TOTAL
    return np.zeros(diagram.n_nodes, dtype=np.int64 if is_small else np.object_)


def counts_to_go(diagram: Diagram) -> NDArray[Any]:
    """Count the completions of every node."""
    counts = _zeros(diagram)
    counts[-1] = 1
    for nodes, arcs in reversed(list(diagram.spans())):
        values = counts[diagram.to[arcs]]
        counts[nodes] = np.add.reduceat(values, diagram.arcs[nodes] - arcs.start)
    return counts


def counts_to_come(diagram: Diagram) -> NDArray[Any]:
    """Count the ways to every node from the root."""
    counts = _zeros(diagram)
    counts[0] = int(diagram.has_plans)
    for nodes, arcs in diagram.spans():
        np.add.at(counts, diagram.to[arcs], counts[diagram.sources(nodes)])
    return counts


def plans_with_group(diagram: Diagram) -> list[int]:
    """Count the plans that hold each candidate group."""
    come, go = counts_to_come(diagram), counts_to_go(diagram)
    # A product is the number of paths through one arc: it is no more than that of all plans.
    held = np.zeros(diagram.n_groups, dtype=come.dtype)
    for nodes, arcs in diagram.spans():
        through = come[diagram.sources(nodes)] * go[diagram.to[arcs]]
        np.add.at(held, diagram.group[arcs], through)
    return [int(n) for n in held]


def least_to_go(diagram: Diagram, costs: Ints) -> Ints:
    """Give the least cost vector of the completions of every node, earlier terms first."""
    n_terms = len(costs)
    least = np.zeros((n_terms, diagram.n_nodes), dtype=np.int64)
    for nodes, arcs in reversed(list(diagram.spans())):
        begin = diagram.arcs[nodes] - arcs.start
        degrees = np.diff(diagram.arcs[nodes.start : nodes.stop + 1])
        to, group = diagram.to[arcs], diagram.group[arcs]
        is_best = np.ones(len(to), dtype=np.bool_)
        for term in range(n_terms):
            values = np.where(is_best, costs[term][group] + least[term][to], _NO_VALUE)
            least[term, nodes] = np.minimum.reduceat(values, begin)
            if term < n_terms - 1:
                is_best &= values == np.repeat(least[term, nodes], degrees)
    return least


def largest_to_go(diagram: Diagram, costs: Ints) -> Ints:
    """Give for every node the least that the largest cost of a completion can be."""
    least = np.zeros(diagram.n_nodes, dtype=np.int64)
    for nodes, arcs in reversed(list(diagram.spans())):
        values = np.maximum(costs[diagram.group[arcs]], least[diagram.to[arcs]])
        least[nodes] = np.minimum.reduceat(values, diagram.arcs[nodes] - arcs.start)
    return least


def totals(costs: Ints, groups: Sequence[int], are_largest: Sequence[bool]) -> tuple[int, ...]:
    """Give the cost vector of a plan: of each row the sum over its groups, or the largest."""
    held = costs[:, list(groups)]
    return tuple(
        int(row.max(initial=0) if is_largest else row.sum())
        for row, is_largest in zip(held, are_largest, strict=True)
    )


def only(diagram: Diagram, is_kept: Bools) -> Diagram:
    """Keep the plans all of whose groups are kept."""
    made = []
    for first, end in pairwise(diagram.layers[:-1].tolist()):
        arcs = slice(int(diagram.arcs[first]), int(diagram.arcs[end]))
        kept = is_kept[diagram.group[arcs]]
        source = diagram.sources(slice(first, end)) - first
        made.append(
            ArcLayer(
                source[kept].astype(np.int32), diagram.to[arcs][kept], diagram.group[arcs][kept]
            )
        )
    sizes = np.diff(diagram.layers).tolist()
    return assemble(sizes, made, n_groups=diagram.n_groups, order=diagram.order)


def best_in_order(diagram: Diagram, costs: Ints, are_largest: Sequence[bool]) -> tuple[int, ...]:
    """Find the plan with the least cost vector, some rows of which are the largest of its groups.

    Of such a row the least bound is looked for that leaves a plan as good in the sums before it;
    groups over it are then in no better plan.
    """
    sums = costs[:0]
    for row, is_largest in zip(costs, are_largest, strict=True):
        if not is_largest:
            sums = np.concatenate([sums, row[None, :]])
            continue
        best = least_to_go(diagram, sums)[:, 0]
        bounds = np.unique(row[diagram.group])
        low, high = 0, len(bounds) - 1
        while low < high:
            middle = (low + high) // 2
            tried = only(diagram, row <= bounds[middle])
            if tried.has_plans and (least_to_go(tried, sums)[:, 0] == best).all():
                high = middle
            else:
                low = middle + 1
        diagram = only(diagram, row <= bounds[low])
    return best_path(diagram, sums)


def best_path(diagram: Diagram, costs: Ints) -> tuple[int, ...]:
    """Find the plan with the least cost vector; of several the one whose arcs come first."""
    least = least_to_go(diagram, costs)
    node, chosen = 0, []
    while node != diagram.n_nodes - 1:
        arcs = slice(int(diagram.arcs[node]), int(diagram.arcs[node + 1]))
        to, group = diagram.to[arcs], diagram.group[arcs]
        totals = costs[:, group] + least[:, to]
        first = int((totals == least[:, node : node + 1]).all(axis=0).argmax())
        chosen.append(int(group[first]))
        node = int(to[first])
    return tuple(sorted(chosen))


def backwards(diagram: Diagram) -> Diagram:
    """Turn a diagram round: the terminal becomes the root."""
    n_nodes = diagram.n_nodes
    source = np.repeat(np.arange(n_nodes), np.diff(diagram.arcs))
    start = n_nodes - 1 - diagram.to
    # A matrix turned round is sorted by counting.
    held = np.arange(len(start)), start, diagram.arcs
    order = csr_array(held, shape=(n_nodes, n_nodes)).tocsc().data
    return Diagram(
        layers=n_nodes - diagram.layers[::-1],
        arcs=np.concatenate([[0], np.cumsum(np.bincount(start, minlength=n_nodes))]),
        to=(n_nodes - 1 - source[order]).astype(np.int32),
        group=diagram.group[order],
        n_groups=diagram.n_groups,
        order=diagram.order[::-1],
        n_visited=diagram.n_visited,
    )
