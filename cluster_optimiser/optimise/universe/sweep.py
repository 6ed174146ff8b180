"""The sweep: every legal plan counted, and the best one found, without a solver.

A method of its own, on the diagram of all plans: it shares the candidates with the model in CP-SAT
and nothing else. In place of a sum the recurrence takes the least of the cost vectors: compared
term by term they keep their order when the same vector is added to both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cluster_optimiser.optimise.universe.diagram import best_in_order, counts_to_go, totals
from cluster_optimiser.optimise.universe.states import build_diagram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Problem
    from cluster_optimiser.optimise.candidates import CandidateGroup

MAX_STATES = 2_000_000
"""States of the diagram above which it is given up: they take about 1 GB."""

Vector = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """The outcome of a sweep."""

    n_plans: int  # exact number of legal plans
    best: Vector | None  # least cost vector, one entry a stage; None where there is no plan
    chosen: tuple[int, ...]  # positions of the candidates of a best plan, ascending
    n_states: int  # states visited


def sweep(
    problem: Problem,
    groups: Sequence[CandidateGroup],
    costs: Sequence[Sequence[int]],
    *,
    are_largest: Sequence[bool] = (),
    max_states: int = MAX_STATES,
) -> Sweep | None:
    """Count every legal plan and find the least cost vector: of sums, if nothing else is said."""
    diagram = build_diagram(problem, groups, max_states=max_states)
    if diagram is None:
        return None
    if not diagram.has_plans:
        return Sweep(0, None, (), diagram.n_visited)
    rows = np.array(costs, dtype=np.int64).reshape(len(costs), len(groups))
    largest = are_largest or (False,) * len(rows)
    chosen = best_in_order(diagram, rows, largest)
    best = totals(rows, chosen, largest)
    return Sweep(int(counts_to_go(diagram)[0]), best, chosen, diagram.n_visited)
