"""The objective terms of a redraw: as linear expressions, and counted from the clusters."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from cluster_optimiser.optimise.costs import exact_factors
from cluster_optimiser.optimise.redraw.linear import LinearObjective
from cluster_optimiser.optimise.redraw.pairs import FAR, Cluster, RedrawGround
from cluster_optimiser.terms import WEIGHTED, bounded_as, lookup, term_scale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cluster_optimiser.optimise.redraw.model import Assignment

Expression = tuple[list[tuple[int, int]], int]


def stage_names(ground: RedrawGround) -> tuple[str, ...]:
    objective = ground.problem.scenario.objective
    return (WEIGHTED,) if objective.weights else objective.order


def stage_scale(ground: RedrawGround, stage: str) -> Fraction:
    """Give how many of a stage's integers make one of its own unit."""
    if stage == WEIGHTED:
        return exact_factors(ground.problem.scenario.objective.weights, term_scale)[1]
    return Fraction(term_scale(stage))


def weighted_sum(ground: RedrawGround, of_term: Mapping[str, int]) -> int:
    return sum(factor * of_term[term] for term, factor in _factors(ground).items())


def _factors(ground: RedrawGround) -> dict[str, int]:
    return exact_factors(ground.problem.scenario.objective.weights, term_scale)[0]


# --- as linear expressions ------------------------------------------------------------


def objective_of(a: Assignment, stage: str) -> LinearObjective:
    """Write a stage as what is to be minimised, adding the variables it needs."""
    if stage != WEIGHTED:
        terms, constant = _expression(a, stage)
        return LinearObjective(tuple(terms), constant)
    every: list[tuple[int, int]] = []
    total = 0
    for term, factor in _factors(a.ground).items():
        terms, constant = _expression(a, term)
        every += [(factor * c, v) for c, v in terms]
        total += factor * constant
    return LinearObjective(tuple(every), total)


def _expression(a: Assignment, term: str) -> Expression:
    row = lookup(term)
    if row.layers == "none":
        return _EXPRESSIONS[term](a)
    preferred = a.ground.problem.scenario.preferred_layers
    parts = [_misaligned(a, layer) for layer in row.of_layers(preferred)]
    return [pair for terms, _ in parts for pair in terms], sum(c for _, c in parts)


def _count(a: Assignment) -> Expression:
    return [(1, v) for v in [*map(a.open, a.of_hub), *a.stands.values()]], 0


def _joins(a: Assignment) -> Expression:
    return [(-c, v) for c, v in _count(a)[0]], len(a.units)


def _exceptions(a: Assignment) -> Expression:
    return [(1, v) for v in a.exception.values()], 0


def _minutes(a: Assignment) -> Expression:
    """Give the sum of c_ih x_ih, c being pupils times minutes to the hub."""
    own = [(a.ground.cost[pair], v) for pair, v in a.x.items()]
    return own + [(_standing(a, f, bounded_as("median")), z) for f, z in a.stands.items()], 0


def _standing(a: Assignment, cluster: Cluster, term: str) -> int:
    return value_of(a.ground, term, [cluster])


def _longest(a: Assignment) -> Expression:
    """Give t, at least sum over h of w_ih x_ih for every unit i, w being its longest way to h."""
    a.must_meet = True
    far = ways_of(a, "longest_minutes")
    top = a.model.variable(max((w for w in far.values() if w != FAR), default=0))
    for i in a.units:
        held = [a.x[i, h] for h in a.of_unit[i]]
        held += [z for f, z in a.stands.items() if i in f]
        a.model.row([(1, top), *((-far[v], v) for v in held if far[v] != FAR)], low=0)
        a.model.row([(1, v) for v in held if far[v] == FAR], high=0)
    return [(1, top)], 0


def ways_of(a: Assignment, term: str) -> dict[int, int]:
    """Give the longest way that each pair of a unit and a hub, or cluster that stands, brings."""
    pairs = {v: int(a.ground.places.longest[pair]) for pair, v in a.x.items()}
    return pairs | {z: _standing(a, f, term) for f, z in a.stands.items()}


def compact(a: Assignment) -> LinearObjective:
    """Give an objective whose best plans are compact, where nothing else says what is best."""
    return objective_of(a, bounded_as("median"))


def _border(a: Assignment) -> Expression:
    """Give border with other units, less both sides of each border inside a cluster.

    k_ijh <= x_ih and k_ijh <= x_jh: units i and j are both in the cluster of h.
    """
    borders, held = a.ground.measures.borders_m, list(a.units)
    own = borders[held][:, held].tocoo()
    terms: list[tuple[int, int]] = []
    for k, n, metres in zip(own.row.tolist(), own.col.tolist(), own.data.tolist(), strict=True):
        i, j = held[k], held[n]
        if i > j:
            continue
        terms += [(-2 * metres, z) for f, z in a.stands.items() if {i, j} <= f]
        for h in a.of_unit[i]:
            if (j, h) in a.x:
                both = a.model.variable()
                a.model.row([(1, both), (-1, a.x[i, h])], high=0)
                a.model.row([(1, both), (-1, a.x[j, h])], high=0)
                terms.append((-2 * metres, both))
    return terms, int(borders[held].sum())


def _deviation(a: Assignment) -> Expression:
    """Give the sum of d_h, d_h at least pupils less target and target less pupils."""
    size = a.ground.problem.scenario.size
    terms = [(abs(a.ground.pupils_of(f) - size.target), z) for f, z in a.stands.items()]
    for h, members in a.of_hub.items():
        d = a.model.variable(size.most_deviation)
        pupils = [(a.ground.pupils[i], a.x[i, h]) for i in members]
        less = [(-c, v) for c, v in pupils]
        a.model.row([(1, d), *less, (size.target, a.open(h))], low=0)
        a.model.row([(1, d), *pupils, (-size.target, a.open(h))], low=0)
        terms.append((1, d))
    return terms, 0


def _misaligned(a: Assignment, layer: str) -> Expression:
    """Give pupils less those in their cluster's home area, the area being chosen for each hub.

    k_iha <= x_ih and k_iha <= g_ha with one g_ha a hub: unit i counts as at home in area a.
    """
    held = a.ground.by_area[layer]
    terms = [(-max(_total(held, f).values(), default=0), z) for f, z in a.stands.items()]
    for h, members in a.of_hub.items():
        areas = sorted({area for i in members for area in held[i]})
        if len(areas) == 1:
            terms += [(-held[i].get(areas[0], 0), a.x[i, h]) for i in members]
            continue
        home = {area: a.model.variable() for area in areas}
        a.model.row([*((1, g) for g in home.values()), (-1, a.open(h))], high=0)
        for i in members:
            for area, pupils in held[i].items():
                at_home = a.model.variable()
                a.model.row([(1, at_home), (-1, a.x[i, h])], high=0)
                a.model.row([(1, at_home), (-1, home[area])], high=0)
                terms.append((-pupils, at_home))
    return terms, a.ground.pupils_of(a.units)


def _total(held: Sequence[Mapping[str, int]], cluster: Cluster) -> dict[str, int]:
    total: dict[str, int] = {}
    for i in sorted(cluster):
        for area, pupils in held[i].items():
            total[area] = total.get(area, 0) + pupils
    return total


def _changed(a: Assignment) -> Expression:
    """Give pupils less those who stay, each of today's clusters continued by at most one.

    s_ht: the cluster of h continues t; k_iht <= x_ih and k_iht <= s_ht: pupils of i stay in t.
    """
    held = a.ground.by_area["today"]
    terms: list[tuple[int, int]] = []
    continued: dict[str, list[int]] = {}
    for f, z in a.stands.items():
        of_name = _total(held, f)
        name = min(of_name, key=lambda t: (-of_name[t], t))
        terms.append((-of_name[name], z))
        continued.setdefault(name, []).append(z)
    for h, members in a.of_hub.items():
        names = sorted({t for i in members for t in held[i]})
        goes_on = {t: a.model.variable() for t in names}
        a.model.row([*((1, s) for s in goes_on.values()), (-1, a.open(h))], high=0)
        for t, s in goes_on.items():
            continued.setdefault(t, []).append(s)
        for i in members:
            for t, pupils in held[i].items():
                stays = a.model.variable()
                a.model.row([(1, stays), (-1, a.x[i, h])], high=0)
                a.model.row([(1, stays), (-1, goes_on[t])], high=0)
                terms.append((-pupils, stays))
    for choices in continued.values():
        a.model.row([(1, s) for s in choices], high=1)
    return terms, a.ground.pupils_of(a.units)


_EXPRESSIONS: Mapping[str, Callable[[Assignment], Expression]] = {
    "count": _count,
    "joins": _joins,
    "exceptions": _exceptions,
    "pupil_minutes": _minutes,
    "longest_minutes": _longest,
    "deviation": _deviation,
    "changed_pupils": _changed,
    "border_km": _border,
}


# --- counted from the clusters --------------------------------------------------------


def is_within_limits(ground: RedrawGround, clusters: Sequence[Cluster]) -> bool:
    """Tell whether a plan has no more of any term than the scenario's limits say."""
    most_of = ground.problem.scenario.most_of
    return all(value_of(ground, term, clusters) <= most for term, most in most_of.items())


def value_of(ground: RedrawGround, stage: str, clusters: Sequence[Cluster]) -> int:
    """Count a stage's value from the clusters themselves, as an integer of its scale."""
    if stage == WEIGHTED:
        terms = ground.problem.scenario.objective.weights
        return weighted_sum(ground, {t: value_of(ground, t, clusters) for t in terms})
    if lookup(stage).needs == "today":
        return sum(map(ground.pupils_of, clusters)) - _stay(ground, clusters)
    members = np.zeros((len(clusters), len(ground.units)), dtype=np.bool_)
    for row, cluster in zip(members, clusters, strict=True):
        row[list(cluster)] = True
    costs = [int(c) for c in ground.measures.sets(members).cost(stage)]
    return FAR if min(costs, default=0) < 0 else lookup(stage).gather(costs)


def _stay(ground: RedrawGround, clusters: Sequence[Cluster]) -> int:
    graph = nx.Graph()
    for number, cluster in enumerate(clusters):
        for name, pupils in _total(ground.by_area["today"], cluster).items():
            graph.add_edge(("new", number), ("today", name), weight=pupils)
    return int(sum(graph[a][b]["weight"] for a, b in nx.max_weight_matching(graph)))
