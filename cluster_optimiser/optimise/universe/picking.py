"""Plans picked from the diagram: the best ones in order, and one by its number."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from heapq import heappop, heappush
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_optimiser.optimise.universe.diagram import Diagram, counts_to_go, least_to_go

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cluster_optimiser.arrays import Ints

Chain = tuple[int, "Chain"] | tuple[()]
"""Groups chosen so far, last first, tails shared."""


def unchained(chain: Chain) -> tuple[int, ...]:
    """Give the groups of a chain."""
    chosen = []
    while chain:
        position, chain = chain
        chosen.append(position)
    return tuple(sorted(chosen))


def plans_in_order(
    diagram: Diagram, costs: Ints
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Give the plans from the best on, compared term by term.

    Best-first search where what is still to come is known exactly, so nothing is opened that does
    not lead to the next plan (A* with a perfect heuristic). Plans equal in every term come in an
    order that is always the same.
    """
    if not diagram.has_plans:
        return
    least = least_to_go(diagram, costs)
    terminal, turn = diagram.n_nodes - 1, 0
    zero = (0,) * len(costs)
    heap: list[tuple[tuple[int, ...], int, int, tuple[int, ...], Chain]]
    heap = [(tuple(least[:, 0].tolist()), turn, 0, zero, ())]
    while heap:
        total, _, node, so_far, chain = heappop(heap)
        if node == terminal:
            yield total, unchained(chain)
            continue
        arcs = slice(int(diagram.arcs[node]), int(diagram.arcs[node + 1]))
        to, group = diagram.to[arcs], diagram.group[arcs]
        now = costs[:, group] + np.array(so_far, dtype=np.int64)[:, None]
        totals = now + least[:, to]
        rows = zip(totals.T.tolist(), now.T.tolist(), to.tolist(), group.tolist(), strict=True)
        # Of equals what was found last goes first: a search in depth, not over all equal plans.
        for bound, spent, target, position in reversed(list(rows)):
            turn -= 1
            entry = (tuple(bound), turn, target, tuple(spent), (position, chain))
            heappush(heap, entry)


class Numbered:
    """The plans of a diagram, numbered from 0."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self._sums: dict[int, list[int]] = {}

    @cached_property
    def _counts(self) -> NDArray[Any]:
        return counts_to_go(self.diagram)

    def __len__(self) -> int:
        """Give the number of plans."""
        return self.n_plans

    @property
    def n_plans(self) -> int:
        """Number of plans."""
        return int(self._counts[0]) if self.diagram.has_plans else 0

    def plan(self, number: int) -> tuple[int, ...]:
        """Give a plan by its number."""
        diagram, node = self.diagram, 0
        chosen = []
        while node != diagram.n_nodes - 1:
            first = int(diagram.arcs[node])
            if node not in self._sums:
                to = diagram.to[first : int(diagram.arcs[node + 1])]
                self._sums[node] = list(accumulate(self._counts[to].tolist()))
            sums = self._sums[node]
            arc = bisect_right(sums, number)
            number -= sums[arc - 1] if arc else 0
            chosen.append(int(diagram.group[first + arc]))
            node = int(diagram.to[first + arc])
        return tuple(sorted(chosen))

    def sample(self, n_plans: int, *, seed: int) -> list[tuple[int, ...]]:
        """Draw plans, each of all as likely as any other, every draw by itself."""
        random = Random(seed)  # noqa: S311 - a repeatable sample, no secrets
        return [self.plan(random.randrange(self.n_plans)) for _ in range(n_plans)]
