r"""Plans in order where some term is no sum over groups.

Of a term that is the largest of a plan's groups the largest so far is carried along a path; of one
that counts projections in which a plan is not legal, the label of `Keeping`. From below, what some
completion of a node has at the least: the least largest cost; the projections it may still keep,

    K(terminal) = all,    K(node) = union over arcs of fine(group) and K(to)

so the label's last set, cut with K, is an upper bound on what any plan through here keeps. Best
first by (sums before, exactly to go; the others and the sums after, each by its own least to go)
gives the plans in exact order, because no part of the bound passes the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from cluster_optimiser.optimise.costs import are_largest, group_costs, stage_terms
from cluster_optimiser.optimise.universe.diagram import Diagram, largest_to_go, least_to_go, totals
from cluster_optimiser.optimise.universe.picking import Chain, plans_in_order, unchained

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cluster_optimiser.arrays import Ints
    from cluster_optimiser.optimise.candidates import CandidateGroup
    from cluster_optimiser.optimise.keeping import Keeping
    from cluster_optimiser.scenario import Objective

MAX_NODES = 300_000
"""Nodes of a diagram above which plans are not put in order by projections."""

MAX_OPENED = 1_000_000
"""Partial plans looked at before giving up."""

Vector = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class KeptOrder:
    """An order some term of which is no sum."""

    rows: Ints  # costs of each group, the counting of projections left out
    are_largest: tuple[bool, ...]  # of each row, whether a plan has the largest of its groups
    keeping: Keeping | None = None  # in which projections each group is legal
    place: int = 0  # of the counting of projections among the terms

    @property
    def n_before(self) -> int:
        """Sums before the first that is none: what they come to together is known exactly."""
        return [*self.are_largest, True].index(True)

    def vector(self, costs: Sequence[int], kept: int) -> Vector:
        """Put the number of projections lost in its place among other costs."""
        if self.keeping is None:
            return tuple(costs)
        lost = self.keeping.n_projections - kept.bit_count()
        return (*costs[: self.place], lost, *costs[self.place :])

    def costs(self, groups: tuple[int, ...]) -> Vector:
        """Give the cost vector of a plan."""
        kept = 0 if self.keeping is None else self.keeping.kept(groups)
        return self.vector(totals(self.rows, groups, self.are_largest), kept)


def _may_keep(diagram: Diagram, keeping: Keeping) -> list[int]:
    """Give for every node the projections that some completion may keep."""
    keep = [0] * diagram.n_nodes
    keep[-1] = keeping.everything
    arcs, to, group = diagram.arcs.tolist(), diagram.to.tolist(), diagram.group.tolist()
    for node in range(diagram.n_nodes - 2, -1, -1):
        found = 0
        for arc in range(arcs[node], arcs[node + 1]):
            found |= keeping.is_fine[group[arc]] & keep[to[arc]]
        keep[node] = found
    return keep


def kept_plans_in_order(
    diagram: Diagram, order: KeptOrder
) -> Iterator[tuple[Vector, tuple[int, ...]] | None]:
    """Give the plans from the best on, some term being no sum."""
    if not diagram.has_plans:
        return
    if diagram.n_nodes > MAX_NODES:
        yield None
        return
    keeping, terminal = order.keeping, diagram.n_nodes - 1
    keep = None if keeping is None else _may_keep(diagram, keeping)
    rows, n_before = order.rows, order.n_before
    least = np.concatenate(
        [
            least_to_go(diagram, rows[:n_before]),
            *(
                largest_to_go(diagram, row)[None, :]
                if is_largest
                else least_to_go(diagram, row[None, :])
                for row, is_largest in zip(
                    rows[n_before:], order.are_largest[n_before:], strict=True
                )
            ),
        ]
    )
    largest, turn = np.array(order.are_largest, dtype=np.bool_)[:, None], 0
    start = () if keeping is None else keeping.start()
    heap: list[tuple[Vector, int, int, Vector, Vector, Chain]]
    heap = [((), turn, 0, (0,) * len(rows), start, ())]
    while heap:
        total, _, node, so_far, label, chain = heappop(heap)
        if node == terminal:
            yield total, unchained(chain)
            continue
        arcs = slice(int(diagram.arcs[node]), int(diagram.arcs[node + 1]))
        to, group = diagram.to[arcs], diagram.group[arcs]
        before = np.array(so_far, dtype=np.int64)[:, None]
        now = np.where(largest, np.maximum(rows[:, group], before), rows[:, group] + before)
        bounds = np.where(largest, np.maximum(now, least[:, to]), now + least[:, to]).T.tolist()
        spent = now.T.tolist()
        moves = list(zip(bounds, spent, to.tolist(), group.tolist(), strict=True))
        for bound, cost, target, position in reversed(moves):
            grown, kept = label, 0
            if keeping is not None and keep is not None:
                grown = keeping.grown(label, position)
                kept = grown[-1] & keep[target]
            turn -= 1
            entry = (order.vector(bound, kept), turn, target, tuple(cost), grown, (position, chain))
            heappush(heap, entry)
        if -turn > MAX_OPENED:
            yield None
            return


def plans_by_kept(diagram: Diagram, keeping: Keeping) -> dict[int, int] | None:
    """Count the plans by the number of projections in which they are legal."""
    if not diagram.has_plans:
        return {}
    waiting: dict[int, dict[Vector, int]] = {0: {keeping.start(): 1}}
    arcs, to, group = diagram.arcs.tolist(), diagram.to.tolist(), diagram.group.tolist()
    n_labels, terminal = 0, diagram.n_nodes - 1
    for node in range(terminal):
        here = waiting.pop(node, {})
        n_labels += len(here)
        if n_labels > MAX_OPENED:
            return None
        for arc in range(arcs[node], arcs[node + 1]):
            there = waiting.setdefault(to[arc], {})
            for label, n_plans in here.items():
                grown = keeping.grown(label, group[arc])
                there[grown] = there.get(grown, 0) + n_plans
    found: dict[int, int] = {}
    for label, n_plans in waiting.get(terminal, {}).items():
        n_kept = label[-1].bit_count()
        found[n_kept] = found.get(n_kept, 0) + n_plans
    return dict(sorted(found.items()))


def ordered_plans(
    diagram: Diagram,
    groups: Sequence[CandidateGroup],
    objective: Objective,
    keeping: Keeping | None,
    *,
    seed: int,
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]] | None]:
    """Give the plans of a diagram in the exact order of an objective."""
    costs = group_costs(groups, objective, seed=seed)
    rows = np.array(list(costs.values()), dtype=np.int64).reshape(len(costs), len(groups))
    largest = are_largest(costs)
    if keeping is None and not any(largest):
        return plans_in_order(diagram, rows)
    counted = [name not in costs for name in stage_terms(objective)]
    place = counted.index(True) if keeping is not None else 0
    return kept_plans_in_order(diagram, KeptOrder(rows, largest, keeping, place))
