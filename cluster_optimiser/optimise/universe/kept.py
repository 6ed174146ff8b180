r"""Plans in order where one term counts projections in which a plan is not legal.

That term is no sum over groups. Along a path the label of `Keeping` is carried, and from below the
projections that some completion of a node may still keep:

    K(terminal) = all,    K(node) = union over arcs of fine(group) and K(to)

so the label's last set, cut with K, is an upper bound on what any plan through here keeps. Best
first by (terms before, exactly to go; projections lost at the least; terms after, each by its own
least to go) gives the plans in exact order, because no part of the bound passes the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from cluster_optimiser.optimise.costs import group_costs, stage_terms
from cluster_optimiser.optimise.universe.diagram import least_to_go
from cluster_optimiser.optimise.universe.picking import Chain, plans_in_order, unchained

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cluster_optimiser.optimise.candidates import CandidateGroup
    from cluster_optimiser.optimise.keeping import Keeping
    from cluster_optimiser.optimise.universe.diagram import Diagram
    from cluster_optimiser.scenario import Objective

MAX_NODES = 300_000
"""Nodes of a diagram above which plans are not put in order by projections."""

MAX_OPENED = 1_000_000
"""Partial plans looked at before giving up."""

Vector = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class KeptOrder:
    """An order with a term that counts projections."""

    before: NDArray[np.int64]
    after: NDArray[np.int64]
    keeping: Keeping  # in which projections each group is legal

    def costs(self, groups: tuple[int, ...]) -> Vector:
        """Give the cost vector of a plan."""
        lost = self.keeping.n_projections - self.keeping.kept(groups).bit_count()
        chosen = list(groups)
        parts = (rows[:, chosen].sum(axis=1).tolist() for rows in (self.before, self.after))
        first, last = parts
        return (*first, lost, *last)


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
    """Give the plans from the best on, one term counting projections."""
    if not diagram.has_plans:
        return
    if diagram.n_nodes > MAX_NODES:
        yield None
        return
    keeping, terminal = order.keeping, diagram.n_nodes - 1
    keep = _may_keep(diagram, keeping)
    zero = np.zeros((0, diagram.n_nodes), dtype=np.int64)
    least = np.concatenate(
        [
            least_to_go(diagram, order.before) if len(order.before) else zero,
            zero,
            *(least_to_go(diagram, row[None, :]) for row in order.after),
        ]
    )
    rows = np.concatenate([order.before, order.after])
    n_before, turn = len(order.before), 0
    heap: list[tuple[Vector, int, int, Vector, Vector, Chain]]
    heap = [((), turn, 0, (0,) * len(rows), keeping.start(), ())]
    while heap:
        total, _, node, so_far, label, chain = heappop(heap)
        if node == terminal:
            yield total, unchained(chain)
            continue
        arcs = slice(int(diagram.arcs[node]), int(diagram.arcs[node + 1]))
        to, group = diagram.to[arcs], diagram.group[arcs]
        now = rows[:, group] + np.array(so_far, dtype=np.int64)[:, None]
        bounds = (now + least[:, to]).T.tolist()
        spent = now.T.tolist()
        moves = list(zip(bounds, spent, to.tolist(), group.tolist(), strict=True))
        for bound, cost, target, position in reversed(moves):
            grown = keeping.grown(label, position)
            lost = keeping.n_projections - (grown[-1] & keep[target]).bit_count()
            turn -= 1
            key = (*bound[:n_before], lost, *bound[n_before:])
            entry = (key, turn, target, tuple(cost), grown, (position, chain))
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
    if keeping is None:
        return plans_in_order(diagram, np.array(list(costs.values()), dtype=np.int64))
    terms = stage_terms(objective)
    place = [row.adds_up for row in objective.rows].index(False)

    def rows(names: Sequence[str]) -> NDArray[np.int64]:
        found = [costs[name] for name in names]
        return np.array(found, dtype=np.int64).reshape(len(found), len(groups))

    order = KeptOrder(rows(terms[:place]), rows(terms[place + 1 :]), keeping)
    return kept_plans_in_order(diagram, order)
