r"""How a cost is spread over all legal plans, exactly or between proved bounds.

The cost c(C) of every group is split into w q(C) + r(C) with a whole width w and r at most w / 2
away from 0. Sums of q take few values, so every node of the diagram keeps one number for each: how
many of its completions have that sum. Of a plan P then

    w q(P) + least r <= c(P) <= w q(P) + greatest r

with the least and greatest sum of r over all plans, exact by the recurrence of costs to go. Sorting
keeps such bounds: the plan at a rank by q bounds the cost at that rank. With w = 1, or where all
costs are multiples of w, both bounds meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_optimiser.deadline import refuse_if_over
from cluster_optimiser.optimise.universe.diagram import Diagram, least_to_go

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cluster_optimiser.arrays import Ints

_LIMB_BITS = 32
_STEPS = 50
"""A width that is too fine grows by such a part of itself at the least."""


def _bounds(diagram: Diagram, costs: Ints) -> Ints:
    """Give the least and the greatest cost to go of every node."""
    least = least_to_go(diagram, costs[None, :])[0]
    return np.array([least, -least_to_go(diagram, -costs[None, :])[0]])


def _until(diagram: Diagram) -> Ints:
    """Give, for each node, the first layer that an arc to it starts from."""
    n_layers = len(diagram.layers) - 1
    layer_of = np.repeat(np.arange(n_layers), np.diff(diagram.layers))
    until = layer_of.copy()
    np.minimum.at(until, diagram.to, np.repeat(layer_of, np.diff(diagram.arcs)))
    return until


def _most_at_once(diagram: Diagram, sizes: Ints, until: Ints) -> int:
    """Give how many numbers are kept at once, when each node is kept as long as it is needed."""
    n_layers = len(diagram.layers) - 1
    layer_of = np.repeat(np.arange(n_layers), np.diff(diagram.layers))
    change = np.zeros(n_layers + 1, dtype=np.int64)
    np.add.at(change, until, sizes)
    np.add.at(change, layer_of + 1, -sizes)
    return int(np.cumsum(change).max())


def _rounded(costs: Ints, width: int) -> Ints:
    return (costs + width // 2) // width


def width_of(diagram: Diagram, costs: Ints, most_at_once: int) -> tuple[int, int]:
    """Choose the width: the finest with which no more numbers are kept at once than allowed."""
    step = max(1, int(np.gcd.reduce(costs)))
    until = _until(diagram)
    least, most = _bounds(diagram, costs)
    width = step
    while True:
        sizes = (most - least) // width + 1
        # Rounding widens what a node keeps by little, so this is near what it will be.
        at_once = _most_at_once(diagram, sizes, until)
        if at_once <= most_at_once or width > int(most[0] - least[0]):
            return width, int(sizes[diagram.to].sum())
        # By no more than the share that is too many, so that the finest is not missed by much.
        wider = max(width * (at_once - most_at_once) // at_once, width // _STEPS)
        width += max(step, wider // step * step)


@dataclass(frozen=True, slots=True, eq=False)
class RoundedCounts:
    """How many plans have each rounded cost, and how far the true cost may be off."""

    width: int  # costs were rounded to multiples of it
    least: int  # least sum of rounded costs, in widths
    upto: NDArray[Any]
    under: int
    over: int

    @property
    def is_exact(self) -> bool:
        """Whether nothing was lost by rounding."""
        return self.under == self.over

    def value_at(self, rank: int) -> tuple[int, int]:
        """Give the cost of the plan at a rank, plans sorted by cost."""
        place = int(np.searchsorted(self.upto, rank))
        rounded = (self.least + place) * self.width
        return rounded + self.under, rounded + self.over

    def n_below(self, value: int) -> tuple[int, int]:
        """Count the plans that cost less than a value."""
        return self._n_upto(value - self.over - 1), self._n_upto(value - self.under - 1)

    def _n_upto(self, rounded: int) -> int:
        place = min(rounded // self.width - self.least, len(self.upto) - 1)
        return int(self.upto[place]) if place >= 0 else 0


def spread_of(diagram: Diagram, costs: Ints, *, width: int, n_plans: int) -> RoundedCounts:
    """Count the plans of every rounded cost."""
    rounded = _rounded(costs, width)
    left = _bounds(diagram, costs - rounded * width)[:, 0].tolist()
    least, most = _bounds(diagram, rounded)
    counts = _swept(diagram, rounded, least, most - least + 1, n_plans)
    upto = np.cumsum(counts[0])
    if len(counts) > 1:
        whole = counts[0].astype(np.object_)
        for place, limb in enumerate(counts[1:], start=1):
            whole += limb.astype(np.object_) << (_LIMB_BITS * place)
        upto = np.cumsum(whole)
    return RoundedCounts(width, int(least[0]), upto, left[0], left[1])


def _swept(diagram: Diagram, rounded: Ints, least: Ints, sizes: Ints, n_plans: int) -> Ints:
    """Count the completions of the root by their sum: shape (n_limbs, sums)."""
    # The last limb has room for as many bits again, but for the sign.
    n_limbs = max(1, n_plans.bit_length() // _LIMB_BITS)
    kept: dict[int, Ints] = {
        diagram.n_nodes - 1: np.array([[1]] + [[0]] * (n_limbs - 1), dtype=np.int64)
    }
    until = _until(diagram)
    by_end = np.argsort(until, kind="stable")
    ends = np.searchsorted(until[by_end], np.arange(len(diagram.layers)))
    source = np.repeat(np.arange(diagram.n_nodes), np.diff(diagram.arcs))
    # Where the first sum of the node that an arc leads to belongs among those of its source.
    offset = (rounded[diagram.group] + least[diagram.to] - least[source]).tolist()
    end = (np.array(offset, dtype=np.int64) + sizes[diagram.to]).tolist()
    to, arcs = diagram.to.tolist(), diagram.arcs.tolist()
    first_of = diagram.layers.tolist()
    for layer in range(len(first_of) - 3, -1, -1):
        refuse_if_over("plans were ranked")
        for node in range(first_of[layer], first_of[layer + 1]):
            sums = np.zeros((n_limbs, int(sizes[node])), dtype=np.int64)
            for arc in range(arcs[node], arcs[node + 1]):
                sums[:, offset[arc] : end[arc]] += kept[to[arc]]
            for place in range(n_limbs - 1):
                sums[place + 1] += sums[place] >> _LIMB_BITS
                sums[place] &= (1 << _LIMB_BITS) - 1
            kept[node] = sums
        for node in by_end[ends[layer] : ends[layer + 1]].tolist() if layer else ():
            del kept[node]
    return kept[0]
