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
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cluster_optimiser.optimise.universe.diagram import (
    EXACT_TOTAL,
    Diagram,
    backwards,
    counts_to_go,
    least_to_go,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

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

_AT_ONCE = 2**19
"""Costs that are sorted at once, at most, but for those of a single node."""

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


def _gathered(node: Ints, value: Ints, count: NDArray[Any]) -> _Multiset:
    """Sort, and add up the numbers of equal costs of a node."""
    if len(value) == 1 and len(node) and count.dtype != np.object_:
        least = int(value.min())
        width = int(value.max()) - least + 1
        n_cells = (int(node.max()) + 1) * width
        # A cell for every cost that a node may have is filled sooner than sorted; sums are exact.
        if n_cells <= _CELLS_AN_ENTRY * len(node) and int(count.sum()) < EXACT_TOTAL:
            sums = np.bincount(node * width + (value[0] - least), weights=count)
            cells = np.flatnonzero(sums)
            node, value = np.divmod(cells, width)
            return _Multiset(node, (least + value)[None, :], sums[cells].astype(count.dtype))
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


class _Ways:
    """What the completions of nodes cost, with their numbers: a run of each node, ascending."""

    def __init__(self, diagram: Diagram, costs: Ints) -> None:
        self._diagram, self._costs = diagram, costs
        self._begin = np.zeros(diagram.n_nodes, dtype=np.int64)
        self._size = np.zeros(diagram.n_nodes, dtype=np.int64)
        self._size[-1] = 1  # to the terminal there is one way, and it costs nothing
        self._value = np.zeros((1, len(costs)), dtype=np.int64)
        self._count = np.ones(1, dtype=counts_to_go(diagram).dtype)
        self._n = 1  # entries; behind them is room for more

    def work_out(self, first: int) -> None:
        """Work out all nodes from one on, which is the first of a layer."""
        for nodes, arcs in reversed(list(self._diagram.spans())):
            if nodes.start < first:
                break
            self._take(self._diagram.sources(nodes), np.arange(arcs.start, arcs.stop))

    def cross(self, first: int) -> tuple[Ints, _Multiset]:
        """Give the nodes before one with arcs to what is worked out, and the costs by such arcs."""
        arcs = np.flatnonzero(self._diagram.to[: self._diagram.arcs[first]] >= first)
        source, n_before = self._diagram.sources(slice(0, first))[arcs], self._n
        self._take(source, arcs)
        nodes = np.unique(source)
        node = np.repeat(np.arange(len(nodes)), self._size[nodes])
        added = slice(n_before, self._n)
        return nodes, _Multiset(node, self._value[added].T, self._count[added])

    def of(self, nodes: Ints) -> _Multiset:
        """Give the costs of some nodes, which are numbered anew."""
        size = self._size[nodes]
        at = runs(self._begin[nodes], size)
        return _Multiset(np.repeat(np.arange(len(nodes)), size), self._value[at].T, self._count[at])

    def _take(self, source: Ints, arcs: Ints) -> None:
        """Go along arcs, some nodes at a time: what is small is sorted soon, in little memory."""
        firsts = np.flatnonzero(np.diff(source, prepend=-1))
        stops = np.append(firsts[1:], len(arcs))
        upto = np.cumsum(self._size[self._diagram.to[arcs]])[stops - 1]
        begin = done = 0
        while begin < len(firsts):
            end = max(begin + 1, int(np.searchsorted(upto, done + _AT_ONCE, side="right")))
            some = slice(int(firsts[begin]), int(stops[end - 1]))
            self._keep(source[firsts[begin:end]], firsts[begin:end] - some.start, arcs[some])
            begin, done = end, int(upto[end - 1])

    def _keep(self, nodes: Ints, firsts: Ints, arcs: Ints) -> None:
        to = self._diagram.to[arcs]
        size = self._size[to]
        at = runs(self._begin[to], size)
        added = np.repeat(self._costs[:, self._diagram.group[arcs]], size, axis=1)
        node = np.repeat(np.arange(len(nodes)), np.add.reduceat(size, firsts))
        found = _gathered(node, self._value[at].T + added, self._count[at])
        end = self._n + len(found)
        if end > len(self._count):
            # In place, where nothing else looks at them: a copy would take as much again.
            self._value.resize((end + end // 4, len(self._costs)), refcheck=False)
            self._count.resize(len(self._value), refcheck=False)
        self._value[self._n : end], self._count[self._n : end] = found.value.T, found.count
        self._size[nodes] = np.bincount(found.node, minlength=len(nodes))
        self._begin[nodes] = self._n + np.cumsum(self._size[nodes]) - self._size[nodes]
        self._n = end


def _n_costs_to_go(diagram: Diagram, columns: Ints) -> Floats:
    """Give how many different costs the completions of every node can have at the most."""
    counts: Floats = counts_to_go(diagram).astype(np.float64)
    if len(columns) > 1:
        return counts
    least, least_of_negative = least_to_go(diagram, columns)[0], least_to_go(diagram, -columns)[0]
    step = max(1, int(np.gcd.reduce(columns[0])))
    return np.asarray(np.minimum(counts, (-least_of_negative - least) // step + 1))


def chosen_cut(diagram: Diagram, columns: Ints) -> tuple[int, float]:
    """Choose the layer where both sides together hold fewest costs; say about how many."""
    come = _n_costs_to_go(backwards(diagram), columns)[::-1]
    go = _n_costs_to_go(diagram, columns)
    before = np.concatenate([[0.0], np.cumsum(come)])[diagram.layers[:-1]]
    behind = np.concatenate([np.cumsum(go[::-1])[::-1], [0.0]])[diagram.layers[:-1]]
    cut = int((before + behind).argmin())
    return cut, float(before[cut] + behind[cut])


class Halves:
    """The costs on both sides of a cut, from which ranks are read; those of one column in steps."""

    def __init__(self, diagram: Diagram, columns: Ints, cut: int) -> None:
        self.columns = columns
        self._step = max(1, int(np.gcd.reduce(columns[0]))) if len(columns) == 1 else 1
        sides = _both_sides(diagram, columns // self._step, cut)
        self._few, many = sorted(sides, key=_Multiset.__len__)
        self._tabulate(many)
        self.n_plans = self.count(None)
        least = int(least_to_go(diagram, columns)[0, 0]) // self._step
        greatest = -int(least_to_go(diagram, -columns)[0, 0]) // self._step
        self._seen = [(least - 1, 0), (greatest, self.n_plans)]

    def _tabulate(self, many: _Multiset) -> None:
        """Make one sorted key of node and cost, to be searched in one go."""
        n_nodes = int(self._few.node[-1]) + 1
        rank = many.value[0]
        self._least = int(rank.min())
        self._width = int(rank.max()) - self._least + 2
        self._table: Ints | None = None
        if len(many.value) > 1 or n_nodes * self._width >= 2**_COLUMN_BITS:
            # Costs become their rank among all costs, so that the key fits.
            self._table = _gathered(np.zeros_like(rank), many.value, many.count).value
            self._width = self._table.shape[1] + 1
            rank, self._least = _positions(self._table, many.value, side="right"), 1
        # In place: there are millions.
        self._keys = many.node
        self._keys *= self._width
        self._keys += rank
        self._keys += 1 - self._least
        self._ends = np.concatenate([many.count[:1] * 0, np.cumsum(many.count)])
        self._starts = np.searchsorted(self._keys, self._few.node * self._width)

    def _value_of(self, node: Ints, at: Ints) -> Ints:
        """Give the cost of completions, of one column, by their places among the keys."""
        rank = self._keys.take(at, mode="clip") - node * self._width - 1
        return rank + self._least if self._table is None else self._table[0].take(rank, mode="clip")

    @property
    def n_entries(self) -> int:
        """Costs kept on both sides."""
        return len(self._few) + len(self._keys)

    def cost_of(self, groups: Sequence[int]) -> list[int]:
        """Give the cost of a plan, one number a column."""
        cost: list[int] = self.columns[:, list(groups)].sum(axis=1).tolist()
        return cost

    def _found(self, cost: Sequence[int] | None, side: Side) -> Ints:
        """Give, for each way that crosses, the end of the completions within a cost in steps."""
        if cost is None:
            rank = np.full(len(self._few), self._width - 1)
        else:
            left = np.array(cost, dtype=np.int64)[:, None] - self._few.value
            if self._table is None:
                rank = left[0] - self._least + (side == "right")
                rank = np.clip(rank, 0, self._width - 1)
            else:
                rank = _positions(self._table, left, side=side)
        wanted = self._few.node * self._width + rank
        return np.asarray(np.searchsorted(self._keys, wanted, side="right"))

    def _n_upto(self, found: Ints) -> int:
        # Sums of 64 bits may pass their range, but differences of two of them are right again.
        return int((self._few.count * (self._ends[found] - self._ends[self._starts])).sum())

    def count(self, cost: Sequence[int] | None, *, is_equal_counted: bool = True) -> int:
        """Count the plans of at most a cost."""
        if cost is not None and self._step > 1:
            up = 0 if is_equal_counted else self._step - 1
            cost = [(cost[0] + up) // self._step]
        return self._n_upto(self._found(cost, "right" if is_equal_counted else "left"))

    def value_at(self, rank: int, *, guesses: Sequence[int] = ()) -> int:
        """Give the cost of the plan at a rank, plans sorted by a cost of one column."""
        waiting = [guess // self._step for guess in guesses]
        found: dict[int, Ints] = {}
        while True:
            at = bisect_left(self._seen, rank, key=lambda seen: seen[1])
            (low, below), (high, upto) = self._seen[at - 1], self._seen[at]
            if high - low == 1:
                return high * self._step
            if upto - below <= len(self._few):
                found |= {c: self._found([c], "right") for c in (low, high) if c not in found}
            if low in found and high in found:
                n_pairs = found[high] - found[low]
                if int(n_pairs.sum()) <= _LISTED_A_SEARCH * len(self._few):
                    return self._listed(found[low], n_pairs, rank - below) * self._step
            if not waiting:
                waiting = [(low + high) // 2, *self._guesses(low, high, rank - below, upto - below)]
            middle = waiting.pop()
            if low < middle < high:
                found[middle] = self._found([middle], "right")
                insort(self._seen, (middle, self._n_upto(found[middle])))

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
        return np.sort(self._few.value[0, come] + self._value_of(self._few.node[come], go))

    def _guesses(self, low: int, high: int, rank: int, n_plans: int) -> list[int]:
        """Guess between which costs a plan is, by its rank among those between two others."""
        some = self._drawn[slice(*np.searchsorted(self._drawn, [low, high]))]
        at, spare = len(some) * rank // n_plans, int(_ERRORS * math.sqrt(len(some)))
        places = (at - spare, at + spare) if len(some) else ()
        return [int(some.take(place, mode="clip")) for place in places]

    def _listed(self, first: Ints, n_pairs: Ints, rank: int) -> int:
        pairs = runs(first, n_pairs)
        come = np.repeat(np.arange(len(first)), n_pairs)
        value = self._few.value[0, come] + self._value_of(self._few.node[come], pairs)
        count = self._few.count[come] * (self._ends[pairs + 1] - self._ends[pairs])
        order = np.argsort(value)
        total = np.cumsum(count[order])
        return int(value[order[int(np.searchsorted(total, rank))]])


def _both_sides(diagram: Diagram, columns: Ints, cut: int) -> tuple[_Multiset, _Multiset]:
    """Give the costs of the ways that cross the cut, and of the completions of where they lead."""
    first = int(diagram.layers[max(cut, 1)])  # the root is never behind
    come, go = _Ways(backwards(diagram), columns), _Ways(diagram, columns)
    come.work_out(diagram.n_nodes - first)
    nodes, crossing = come.cross(diagram.n_nodes - first)
    go.work_out(first)
    return crossing, go.of(diagram.n_nodes - 1 - nodes)


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
    ways = _Ways(diagram, costs[None, :])
    ways.work_out(0)
    found = ways.of(np.zeros(1, dtype=np.int64))
    return dict(zip(found.value[0].tolist(), map(int, found.count), strict=True))
