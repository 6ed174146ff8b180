r"""Where a plan ranks among all legal plans, exactly, without listing them.

A path crosses from before a cut of the layers to behind it by one arc, which leads to a node s.
With F(s) the costs of the ways to s that cross there and B(s) those of the completions of s, both
with their numbers,

    plans with a cost of at most t = sum over s of |{(a, b) in F(s) x B(s): a + b <= t}|

and each a needs one search among the sorted b, or each b one among the a: as many searches as the
smaller side has costs. Half-way through the map both hold about the square root of the number of
plans. Costs compared term by term are columns, earlier columns first.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cluster_optimiser.optimise.universe.diagram import (
    EXACT_TOTAL,
    Diagram,
    backwards,
    by_value,
    counts_to_go,
    least_to_go,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cluster_optimiser.arrays import Floats, Ints

MAX_ENTRIES = 12_000_000
"""Costs kept on both sides of the cut, above which ranks are bounded from rounded costs."""

_LISTED_A_SEARCH = 1.0
"""Pairs for each cost that is searched for which are listed and sorted: that takes as long."""

_DRAWN_A_SEARCH = 0.1
"""Plans for each cost that is searched for which are drawn to guess a quantile from."""
_ERRORS = 1.5
"""Roots of a sample, which is three standard errors, that a quantile is guessed within."""

_COLUMN_BITS = 62
_CELLS_AN_ENTRY = 8

Side = Literal["left", "right"]


def columns_of(costs: Ints, least: Sequence[int], greatest: Sequence[int]) -> Ints:
    """Put terms together into as few columns as compare in the same order."""
    columns: list[Ints] = []
    total = 0
    for row, low, high in zip(costs, least, greatest, strict=True):
        # A term that differs by less than the width never outweighs one step of an earlier term.
        width = high - low + 1
        if columns and total * width + high < 2**_COLUMN_BITS:
            columns[-1] = columns[-1] * width + row
            total = total * width + high
        else:
            columns.append(row.copy())
            total = high
    return np.array(columns)


@dataclass(frozen=True, slots=True, eq=False)
class _Multiset:
    """Costs by node with their numbers: node ascending, then cost."""

    node: Ints
    value: Ints
    count: NDArray[Any]

    def __len__(self) -> int:
        """Give the number of costs."""
        return len(self.node)


def _order_of(node: Ints, value: Ints) -> Ints:
    """Sort by node, then by cost."""
    if len(value) == 1 and value.size:
        least = int(value.min())
        width = int(value.max()) - least + 1
        if (int(node.max()) + 1) * width < 2**_COLUMN_BITS:
            return np.argsort(node * width + (value[0] - least))
    return np.lexsort((*value[::-1], node))


def _gathered(node: Ints, value: Ints, count: NDArray[Any], step: int) -> _Multiset:
    """Sort, and add up the numbers of equal costs of a node; costs of one column are steps."""
    if len(value) == 1 and len(node) and count.dtype != np.object_:
        first, least = int(node.min()), int(value.min())
        width = (int(value.max()) - least) // step + 1
        n_cells = (int(node.max()) - first + 1) * width
        # A cell for every cost that a node may have is filled sooner than sorted; sums are exact.
        if n_cells <= _CELLS_AN_ENTRY * len(node) and int(count.sum()) < EXACT_TOTAL:
            cells = (node - first) * width + (value[0] - least) // step
            sums = np.bincount(cells, weights=count)
            cells = np.flatnonzero(sums)
            node, steps = np.divmod(cells, width)
            value = (least + step * steps)[None, :]
            return _Multiset(node + first, value, sums[cells].astype(np.int64))
    order = _order_of(node, value)
    node, value = node[order], value[:, order]
    is_new = np.ones(len(order), dtype=np.bool_)
    is_new[1:] = (node[1:] != node[:-1]) | (value[:, 1:] != value[:, :-1]).any(axis=0)
    firsts = np.flatnonzero(is_new)
    return _Multiset(node[firsts], value[:, firsts], np.add.reduceat(count[order], firsts))


def runs(starts: Ints, lengths: Ints) -> Ints:
    """Give the positions of one or several runs, one after another.

    Examples
    --------
    >>> runs(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) + np.repeat(starts - ends + lengths, lengths)


_Parts = list[tuple["Ints", "Ints", "NDArray[Any]"]]


def _joined(parts: _Parts, costs: Ints) -> _Multiset:
    node, value, count = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
    return _gathered(node, value, count, max(1, int(np.gcd.reduce(costs[0]))))


@dataclass(slots=True, eq=False)
class _Sweep:
    """Goes through a diagram up to a cut, layer by layer: all together fill the memory."""

    diagram: Diagram
    costs: Ints
    cut: int
    dtype: np.dtype[Any]
    waiting: list[_Parts] = field(init=False)  # of each layer, ways to its nodes

    def __post_init__(self) -> None:
        root, nothing = np.zeros(1, np.int64), np.zeros((len(self.costs), 1), np.int64)
        self.waiting = [[] for _ in self.diagram.layers[1:]]
        self.waiting[0].append((root, nothing, np.ones(1, dtype=self.dtype)))

    def layers(self) -> Iterator[_Multiset]:
        """Give the costs of the ways to the nodes of each layer before the cut."""
        diagram = self.diagram
        layer_of = np.repeat(np.arange(len(self.waiting)), np.diff(diagram.layers))
        for layer in range(self.cut):
            if not self.waiting[layer]:
                continue
            here = self._joined(layer)
            yield here
            degrees = diagram.arcs[here.node + 1] - diagram.arcs[here.node]
            arcs = runs(diagram.arcs[here.node], degrees)
            to = diagram.to[arcs].astype(np.int64)
            value = np.repeat(here.value, degrees, axis=1) + self.costs[:, diagram.group[arcs]]
            count = np.repeat(here.count, degrees)
            for target, some in by_value(layer_of[to]):
                self.waiting[target].append((to[some], value[:, some], count[some]))

    def crossing(self) -> _Multiset:
        """Give the costs of the ways that cross the cut, to the nodes that they lead to."""
        for _ in self.layers():
            pass
        layers = [self._joined(i) for i in range(self.cut, len(self.waiting)) if self.waiting[i]]
        kinds = ("node", "value", "count")
        return _Multiset(*(np.concatenate([getattr(s, k) for s in layers], axis=-1) for k in kinds))

    def _joined(self, layer: int) -> _Multiset:
        parts, self.waiting[layer] = self.waiting[layer], []
        return _joined(parts, self.costs)


def _n_costs_to_go(diagram: Diagram, columns: Ints) -> Floats:
    """Give how many different costs the completions of every node can have at the most."""
    counts: Floats = counts_to_go(diagram).astype(np.float64)
    if len(columns) > 1:
        return counts
    least, least_of_negative = least_to_go(diagram, columns)[0], least_to_go(diagram, -columns)[0]
    step = max(1, int(np.gcd.reduce(columns[0])))
    return np.asarray(np.minimum(counts, (-least_of_negative - least) // step + 1))


def _chosen_cut(diagram: Diagram, columns: Ints) -> tuple[int, float]:
    """Choose the layer where both sides together hold fewest costs; say about how many."""
    come = _n_costs_to_go(backwards(diagram), columns)[::-1]
    go = _n_costs_to_go(diagram, columns)
    before = np.concatenate([[0.0], np.cumsum(come)])[diagram.layers[:-1]]
    behind = np.concatenate([np.cumsum(go[::-1])[::-1], [0.0]])[diagram.layers[:-1]]
    cut = int((before + behind).argmin())
    return cut, float(before[cut] + behind[cut])


def entries_needed(diagram: Diagram, columns: Ints) -> float:
    """Say about how many costs `Halves` would keep."""
    return _chosen_cut(diagram, columns)[1]


class Halves:
    """The costs on both sides of a cut, from which ranks are read."""

    def __init__(self, diagram: Diagram, columns: Ints) -> None:
        least = int(least_to_go(diagram, columns)[0, 0])
        greatest = -int(least_to_go(diagram, -columns)[0, 0])
        cut, _ = _chosen_cut(diagram, columns)
        self.columns = columns
        self.bounds = (least, greatest)
        self._few, self._many = sorted(_both_sides(diagram, columns, cut), key=_Multiset.__len__)
        self._tabulate()
        self.n_plans = self.count(None)
        self._seen = [(least - 1, 0), (greatest, self.n_plans)]

    def _tabulate(self) -> None:
        """Make one sorted key of node and cost, to be searched in one go."""
        kinds = np.unique(self._few.node)
        node_many = np.searchsorted(kinds, self._many.node)
        self._node = np.searchsorted(kinds, self._few.node)
        value = self._many.value
        self._least = int(value[0].min())
        self._width = int(value[0].max()) - self._least + 2
        self._table: Ints | None = None
        rank = value[0] - self._least + 1
        if len(value) > 1 or len(kinds) * self._width >= 2**_COLUMN_BITS:
            # Costs become their rank among all costs, so that the key fits.
            self._table = _gathered(np.zeros_like(value[0]), value, self._many.count, 1).value
            self._width = self._table.shape[1] + 1
            rank = _positions(self._table, value, side="right")
        self._keys = node_many * self._width + rank
        count = self._many.count
        self._ends = np.concatenate([np.zeros(1, dtype=count.dtype), np.cumsum(count)])
        self._starts = np.searchsorted(self._keys, self._node * self._width)

    @property
    def n_entries(self) -> int:
        """Costs kept on both sides."""
        return len(self._node) + len(self._keys)

    def cost_of(self, groups: Sequence[int]) -> list[int]:
        """Give the cost of a plan, one number a column."""
        cost: list[int] = self.columns[:, list(groups)].sum(axis=1).tolist()
        return cost

    def _found(self, cost: Sequence[int] | None, side: Side) -> Ints:
        """Give, for each way that crosses, the end of the completions within the cost."""
        if cost is None:
            rank = np.full(len(self._node), self._width - 1)
        else:
            left = np.array(cost, dtype=np.int64)[:, None] - self._few.value
            if self._table is None:
                rank = left[0] - self._least + (side == "right")
                rank = np.clip(rank, 0, self._width - 1)
            else:
                rank = _positions(self._table, left, side=side)
        wanted = self._node * self._width + rank
        return np.asarray(np.searchsorted(self._keys, wanted, side="right"))

    def count(self, cost: Sequence[int] | None, *, is_equal_counted: bool = True) -> int:
        """Count the plans of at most a cost."""
        found = self._found(cost, "right" if is_equal_counted else "left")
        # Sums of 64 bits may pass their range, but differences of two of them are right again.
        return int((self._few.count * (self._ends[found] - self._ends[self._starts])).sum())

    def value_at(self, rank: int, *, guesses: Sequence[int] = ()) -> int:
        """Give the cost of the plan at a rank, plans sorted by a cost of one column."""
        waiting = [*guesses]
        while True:
            at = bisect_left(self._seen, rank, key=lambda seen: seen[1])
            (low, below), (high, upto) = self._seen[at - 1], self._seen[at]
            if upto - below <= _LISTED_A_SEARCH * len(self._few):
                first, last = self._found([low], "right"), self._found([high], "right")
                return self._listed(first, last, rank - below)
            if high - low == 1:
                return high
            if not waiting:
                waiting = [(low + high) // 2, *self._guesses(low, high, rank - below, upto - below)]
            middle = waiting.pop()
            if low < middle < high:
                insort(self._seen, (middle, self.count([middle])))

    @cached_property
    def _drawn(self) -> Ints:
        """Draw plans evenly and sort their costs: for guesses only, nothing rests on them."""
        draw, n_drawn = np.random.default_rng(0), int(_DRAWN_A_SEARCH * len(self._few))
        ends = self._ends.astype(np.float64)
        first, last = ends[self._starts], ends[self._found(None, "right")]
        weights = np.cumsum(self._few.count.astype(np.float64) * (last - first))
        come = np.searchsorted(weights, draw.random(n_drawn) * weights[-1])
        at = first[come] + draw.random(n_drawn) * (last - first)[come]
        go = np.searchsorted(ends[1:], at, side="right")
        return np.sort(self._few.value[0, come] + self._many.value[0].take(go, mode="clip"))

    def _guesses(self, low: int, high: int, rank: int, n_plans: int) -> list[int]:
        """Guess between which costs a plan is, by its rank among those between two others."""
        some = self._drawn[slice(*np.searchsorted(self._drawn, [low, high]))]
        at, spare = len(some) * rank // n_plans, int(_ERRORS * math.sqrt(len(some)))
        places = (at - spare, at + spare) if len(some) else ()
        return [int(some.take(place, mode="clip")) for place in places]

    def _listed(self, first: Ints, last: Ints, rank: int) -> int:
        pairs = runs(first, last - first)
        come = np.repeat(np.arange(len(first)), last - first)
        value = self._few.value[0, come] + self._many.value[0, pairs]
        count = self._few.count[come] * self._many.count[pairs]
        order = np.argsort(value)
        total = np.cumsum(count[order])
        return int(value[order[int(np.searchsorted(total, rank))]])


def _both_sides(diagram: Diagram, columns: Ints, cut: int) -> tuple[_Multiset, _Multiset]:
    """Give the costs of the ways that cross the cut, and of the completions of where they lead."""
    dtype = counts_to_go(diagram).dtype
    come = _Sweep(diagram, columns, cut, dtype).crossing()
    parts: _Parts = []
    n_behind = len(diagram.layers) - 1 - cut
    for some in _Sweep(backwards(diagram), columns, n_behind, dtype).layers():
        node = diagram.n_nodes - 1 - some.node
        is_used = np.isin(node, come.node)
        parts.append((node[is_used], some.value[:, is_used], some.count[is_used]))
    return come, _joined(parts, columns)


def _positions(table: Ints, wanted: Ints, *, side: Side) -> Ints:
    """Find where columns belong among sorted columns, as `numpy.searchsorted` does for numbers."""
    if len(table) == 1:
        return np.asarray(np.searchsorted(table[0], wanted[0], side=side))
    n_table = table.shape[1]
    both = np.concatenate([table, wanted], axis=1)
    # Of equals, those of the table come first if they are to be counted, else last.
    is_wanted = np.arange(both.shape[1]) >= n_table
    order = np.lexsort((is_wanted if side == "right" else ~is_wanted, *both[::-1]))
    n_before = np.cumsum(order < n_table)
    positions = np.empty(both.shape[1], dtype=np.int64)
    positions[order] = n_before
    return np.asarray(positions[n_table:])


def distribution(diagram: Diagram, costs: Ints) -> dict[int, int]:
    """Count the plans of every value of a cost that takes few values."""
    if not diagram.has_plans:
        return {}
    last = len(diagram.layers) - 2
    found = _Sweep(diagram, costs[None, :], last, counts_to_go(diagram).dtype).crossing()
    return dict(zip(found.value[0].tolist(), map(int, found.count), strict=True))
