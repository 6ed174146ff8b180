"""Map colours that stay put: a place keeps its colour from one plan to the next where it can.

Formulation: one colour a cluster, no two adjacent clusters alike (proper colouring of each plan's
adjacency graph), and the pupils whose cluster has the colour of their cluster in the first plan as
many as can be. A planar map needs no more than four colours (Appel and Haken 1977), so five leave
room for stability.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx
from ortools.sat.python import cp_model

from cluster_optimiser.optimise.exactly import STATUSES, one_worker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cluster_optimiser.domain import Status

EFFORT = 0.1
"""Of the solver, in its own measure: maps of 150 clusters are proved within a fraction of it."""

N_COLOURS = 5


@dataclass(frozen=True, slots=True)
class Colouring:
    colour_of: Mapping[str, int]  # cluster -> colour, 0 to n_colours - 1
    status: Status
    kept_pupils: int  # pupils whose cluster has the colour that their cluster has in the first plan
    clashes: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Model:
    model: cp_model.CpModel
    x: dict[tuple[str, int], cp_model.IntVar]


def _colour_model(graph: nx.Graph, n_colours: int) -> _Model:
    model = cp_model.CpModel()
    x = {
        (cluster, colour): model.new_bool_var("")
        for cluster in sorted(graph)
        for colour in range(n_colours)
    }
    for cluster in sorted(graph):
        model.add_exactly_one(x[cluster, colour] for colour in range(n_colours))
    return _Model(model, x)


def _edges(graph: nx.Graph) -> list[tuple[str, str]]:
    return sorted((min(a, b), max(a, b)) for a, b in graph.edges if a != b)


def _forbid_alike(built: _Model, graph: nx.Graph, n_colours: int) -> None:
    for a, b in _edges(graph):
        for colour in range(n_colours):
            built.model.add_at_most_one(built.x[a, colour], built.x[b, colour])


def _count_alike(built: _Model, graph: nx.Graph, n_colours: int) -> list[cp_model.IntVar]:
    alike = []
    for a, b in _edges(graph):
        clash = built.model.new_bool_var("")
        alike.append(clash)
        for colour in range(n_colours):
            built.model.add_bool_or(clash, ~built.x[a, colour], ~built.x[b, colour])
    return alike


def _solve(
    built: _Model, *, seed: int, deterministic_time: float, is_weighted: bool = False
) -> tuple[Status, dict[str, int]]:
    solver = one_worker(seed)
    solver.parameters.max_deterministic_time = deterministic_time
    # With pupils to keep, the linear programme of a planar map is nearly whole: it proves in a
    # tenth of the time.
    solver.parameters.linearization_level = 2 if is_weighted else 1
    code = solver.solve(built.model)
    status = STATUSES.get(code, "UNKNOWN")
    if status not in {"OPTIMAL", "FEASIBLE"}:
        return status, {}
    return status, {cluster: k for (cluster, k), var in built.x.items() if solver.value(var)}


def _gain(
    assignment: pd.Series, pupils: pd.Series, reference: pd.Series, colour_of: Mapping[str, int]
) -> dict[tuple[str, int], int]:
    gain: dict[tuple[str, int], int] = {}
    before, counted = reference.reindex(assignment.index), pupils.reindex(assignment.index)
    for cluster, old, n_pupils in zip(assignment, before, counted, strict=True):
        colour = colour_of.get(str(old))
        if colour is not None:
            gain[cluster, colour] = gain.get((cluster, colour), 0) + int(n_pupils)
    return gain


def _colour_one(
    graph: nx.Graph,
    gain: Mapping[tuple[str, int], int],
    *,
    n_colours: int,
    seed: int,
    deterministic_time: float,
) -> Colouring:
    built = _colour_model(graph, n_colours)
    _forbid_alike(built, graph, n_colours)
    if gain:
        built.model.maximize(sum(gain.get(key, 0) * var for key, var in built.x.items()))
    else:
        # The first plan has nothing to agree with: spread the colours evenly instead.
        most = built.model.new_int_var(0, len(graph), "")
        for colour in range(n_colours):
            built.model.add(sum(built.x[c, colour] for c in sorted(graph)) <= most)
        built.model.minimize(most)
    status, colour_of = _solve(
        built, seed=seed, deterministic_time=deterministic_time, is_weighted=bool(gain)
    )
    if not colour_of and len(graph):
        built = _colour_model(graph, n_colours)
        built.model.minimize(sum(_count_alike(built, graph, n_colours)))
        _, colour_of = _solve(built, seed=seed, deterministic_time=deterministic_time)
    if not colour_of:
        colour_of = dict.fromkeys(sorted(graph), 0)
    clashes = tuple((a, b) for a, b in _edges(graph) if colour_of[a] == colour_of[b])
    kept = sum(gain.get((cluster, colour), 0) for cluster, colour in colour_of.items())
    return Colouring(colour_of=colour_of, status=status, kept_pupils=kept, clashes=clashes)


def stable_colours(
    adjacencies: Sequence[nx.Graph],
    assignments: Sequence[pd.Series],
    pupils: pd.Series,
    *,
    n_colours: int = N_COLOURS,
    seed: int = 0,
    deterministic_time: float = EFFORT,
) -> list[Colouring]:
    """Colour the maps of several plans so that they can be compared by eye.

    The first plan is the reference and is coloured evenly; every other is coloured so that as many
    pupils as can be keep the colour they have in the first.
    """
    if len(adjacencies) != len(assignments):
        message = f"{len(adjacencies)} graphs for {len(assignments)} assignments: give one a plan"
        raise ValueError(message)
    colourings: list[Colouring] = []
    for graph, assignment in zip(adjacencies, assignments, strict=True):
        if not colourings:
            known = (tuple(sorted(graph)), tuple(_edges(graph)))
            colourings.append(_first(*known, n_colours, seed, deterministic_time))
            continue
        gain = _gain(assignment, pupils, assignments[0], colourings[0].colour_of)
        one = _colour_one(
            graph, gain, n_colours=n_colours, seed=seed, deterministic_time=deterministic_time
        )
        colourings.append(one)
    return colourings


@functools.lru_cache(maxsize=8)
def _first(
    nodes: tuple[str, ...],
    edges: tuple[tuple[str, str], ...],
    n_colours: int,
    seed: int,
    time: float,
) -> Colouring:
    """Colour the first of some plans: once for all that are coloured after it."""
    graph = nx.Graph(edges)
    graph.add_nodes_from(nodes)
    return _colour_one(graph, {}, n_colours=n_colours, seed=seed, deterministic_time=time)
