r"""The sweep: every legal plan counted, and the best one found, without a solver.

Units are put in an order; a state is the set of units already covered, always completed at its
first uncovered unit v by a candidate that holds v and nothing covered. Equal states are merged:

    N(S) = sum over candidates C with v in C, C disjoint from S of N(S + C)

and in place of the sum the least of the cost vectors gives the best plan, since vectors compared
lexicographically keep their order when the same vector is added to both. Where the number of
clusters or of exceptions is limited it is part of the state. A method of its own: it shares the
candidates with the model in CP-SAT and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Problem
    from cluster_optimiser.optimise.candidates import CandidateGroup

MAX_STATES = 1_000_000
"""States above which the sweep gives up."""

Vector = tuple[int, ...]
State = tuple[int, int, int]
"""Covered units as bits in sweep order, clusters so far, exceptions so far."""

Chain = tuple[int, "Chain"] | tuple[()]
"""The chosen candidates of a state, last first, tails shared between states."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """The outcome of a sweep.

    Parameters
    ----------
    n_plans
        Exact number of legal plans.
    best
        Least cost vector, one entry a stage; None where there is no plan.
    chosen
        Positions of the candidates of a best plan, ascending.
    n_states
        States visited.
    """

    n_plans: int
    best: Vector | None
    chosen: tuple[int, ...]
    n_states: int


def sweep_order(problem: Problem, groups: Sequence[CandidateGroup]) -> list[int]:
    """Choose the order of the units in which candidates span least: the frontier stays narrow.

    West to east, south to north, and breadth-first from the ends of the map are tried.

    Parameters
    ----------
    problem
        Units with their polygons, and the dual graph.
    groups
        The candidates.

    Returns
    -------
    Positions of the units in sweep order.
    """
    names = [str(name) for name in problem.units.index]
    position = {name: i for i, name in enumerate(names)}
    middle = problem.units.geometry.centroid
    x, y = middle.x.to_numpy(), middle.y.to_numpy()
    orders = [
        sorted(range(len(names)), key=lambda i: (x[i], y[i], i)),
        sorted(range(len(names)), key=lambda i: (y[i], x[i], i)),
    ]
    for first in (orders[0], orders[1]):
        order: list[int] = []
        seen: set[int] = set()
        for start in first:
            if start in seen:
                continue
            reached = [names[start], *(b for _, b in nx.bfs_edges(problem.dual, names[start]))]
            order += [position[name] for name in reached]
            seen |= {position[name] for name in reached}
        orders.append(order)

    def span(order: list[int]) -> int:
        place = {unit: i for i, unit in enumerate(order)}
        total = 0
        for group in groups:
            places = [place[i] for i in range(len(names)) if group.mask >> i & 1]
            total += max(places) - min(places)
        return total

    return min(orders, key=span)


def _by_first_unit(
    groups: Sequence[CandidateGroup], order: list[int]
) -> list[list[tuple[int, int, int]]]:
    """List, for each place of the order, the candidates that start there: bits, position, small."""
    place = {unit: i for i, unit in enumerate(order)}
    starts: list[list[tuple[int, int, int]]] = [[] for _ in order]
    for position, group in enumerate(groups):
        bits = sum(1 << place[i] for i in range(len(order)) if group.mask >> i & 1)
        first = (bits & -bits).bit_length() - 1
        starts[first].append((bits, position, int(group.is_exception)))
    return starts


def sweep(
    problem: Problem,
    groups: Sequence[CandidateGroup],
    costs: Sequence[Sequence[int]],
    *,
    max_states: int = MAX_STATES,
) -> Sweep | None:
    """Count every legal plan and find the least cost vector.

    Parameters
    ----------
    problem
        The problem.
    groups
        Its candidates.
    costs
        One row a stage, most important first; one integer a candidate.
    max_states
        States above which to give up.

    Returns
    -------
    The outcome, or None where it would take more states.
    """
    scenario = problem.scenario
    n_units = len(problem.units)
    highest = scenario.count.max or n_units
    is_counted = scenario.count.min > 1 or highest < n_units
    most_small = scenario.size.max_exceptions
    starts = _by_first_unit(groups, sweep_order(problem, groups))
    vectors: list[Vector] = list(zip(*costs, strict=True))
    layers: list[dict[State, tuple[int, Vector, Chain]]] = [{} for _ in range(n_units + 1)]
    layers[0][0, 0, 0] = (1, (0,) * len(costs), ())
    n_states = 0
    for place in range(n_units):
        states, layers[place] = layers[place], {}
        n_states += len(states)
        if n_states + sum(map(len, layers)) > max_states:
            return None
        for (covered, clusters, small), (plans, vector, chain) in states.items():
            for bits, position, is_small in starts[place]:
                now_small = small + is_small
                now_clusters = clusters + 1 if is_counted else 0
                if bits & covered or now_small > most_small or now_clusters > highest:
                    continue
                union = covered | bits
                free = ~union & (union + 1)
                target = layers[free.bit_length() - 1]
                key = (union, now_clusters, now_small)
                total = tuple(map(int.__add__, vector, vectors[position]))
                known = target.get(key)
                if known is None:
                    target[key] = (plans, total, (position, chain))
                elif total < known[1]:
                    target[key] = (plans + known[0], total, (position, chain))
                else:
                    target[key] = (plans + known[0], known[1], known[2])
    return _closed(layers[n_units], scenario.count.min if is_counted else 0, n_states)


def _closed(final: dict[State, tuple[int, Vector, Chain]], fewest: int, n_states: int) -> Sweep:
    legal = [value for (_, clusters, _), value in final.items() if clusters >= fewest]
    if not legal:
        return Sweep(0, None, (), n_states)
    _, best, chain = min(legal, key=lambda value: value[1])
    chosen: list[int] = []
    while chain:
        position, chain = chain
        chosen.append(position)
    n_plans = sum(plans for plans, _, _ in legal)
    return Sweep(n_plans, best, tuple(sorted(chosen)), n_states)
