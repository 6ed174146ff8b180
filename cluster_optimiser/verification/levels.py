"""Whether the clusters of a plan fit into groupings of the level above: a search of its own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import networkx as nx
import pandas as pd

from cluster_optimiser.domain import Problem, Violation
from cluster_optimiser.verification.facts import ClusterFacts, Verification, cluster_facts
from cluster_optimiser.verification.neighbours import touching
from cluster_optimiser.verification.register import PlainGround, unit_homes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


def free_of_layers(upper: Problem) -> Problem:
    """Give the level above without its layers: they bind the homes of clusters, not of units."""
    return replace(upper, scenario=upper.scenario.crossing(upper.scenario.required_layers))


@dataclass(frozen=True, slots=True)
class _Clusters:
    """The clusters of a plan as what groupings are made of."""

    facts: Mapping[str, ClusterFacts]
    graph: nx.Graph
    most_pupils: int

    def sets(self) -> Iterator[frozenset[str]]:
        """Give every connected set of clusters that is not too large, each once."""
        found = {frozenset([name]) for name in self.graph}
        waiting = sorted(found, key=sorted)
        while waiting:
            held = waiting.pop()
            yield held
            pupils = sum(self.facts[name].pupils for name in held)
            for name in sorted(set().union(*(self.graph[n] for n in held)) - held):
                grown = held | {name}
                fits = pupils + self.facts[name].pupils <= self.most_pupils
                if fits and grown not in found:
                    found.add(grown)
                    waiting.append(grown)


def _join(
    ground: PlainGround, facts: Mapping[str, ClusterFacts], layers: Sequence[str]
) -> nx.Graph:
    """Join clusters that touch and have the same home in every layer."""
    cluster_of = {unit: name for name, fact in facts.items() for unit in fact.units}
    graph = nx.Graph()
    graph.add_nodes_from(facts)
    for a, b in ((a, b) for a, near in touching(ground).items() for b in near):
        one, other = cluster_of.get(a), cluster_of.get(b)
        if one is None or other is None or one == other:
            continue
        homes = [(facts[one].home[layer], facts[other].home[layer]) for layer in layers]
        if all(x is not None and x == y for x, y in homes):
            graph.add_edge(one, other)
    return graph


class _Search:
    """Looks for sets that hold each cluster once: the hardest cluster to place goes first."""

    def __init__(
        self,
        sets: Sequence[frozenset[str]],
        most: int,
        judge: Callable[[Sequence[frozenset[str]]], bool],
    ) -> None:
        self.most, self.judge = most, judge
        self.holders: defaultdict[str, list[frozenset[str]]] = defaultdict(list)
        for held in sets:
            for name in held:
                self.holders[name].append(held)
        # What is left and how many are chosen decide alone whether it can be filled at all.
        self.blocked: set[tuple[frozenset[str], int]] = set()

    def branches(self, left: frozenset[str]) -> list[frozenset[str]]:
        """Give the sets that may hold the cluster with fewest of them."""
        choices = {name: [s for s in self.holders[name] if s <= left] for name in left}
        return choices[min(sorted(choices), key=lambda name: len(choices[name]))]

    def fills(self, left: frozenset[str], n_chosen: int) -> bool:
        """Tell whether what is left can be filled, the judge aside."""
        if not left:
            return True
        if n_chosen >= self.most or (left, n_chosen) in self.blocked:
            return False
        if any(self.fills(left - held, n_chosen + 1) for held in self.branches(left)):
            return True
        self.blocked.add((left, n_chosen))
        return False

    def finds(self, left: frozenset[str], chosen: list[frozenset[str]]) -> bool:
        """Tell whether what is left can be filled so that the judge agrees."""
        if not left:
            return self.judge(chosen)
        return self.fills(left, len(chosen)) and any(
            self.finds(left - held, [*chosen, held]) for held in self.branches(left)
        )


def fits_into_groupings(
    problem: Problem,
    facts: Mapping[str, ClusterFacts],
    *,
    judge_one: Callable[[PlainGround, ClusterFacts], Iterator[Violation]],
    judge_all: Callable[[Problem, pd.Series], Verification],
) -> bool:
    """Tell whether clusters can be put together into groupings that keep the rules above."""
    if problem.upper is None:
        return True
    upper = free_of_layers(problem.upper)
    ground = PlainGround(upper)
    joined = _join(ground, facts, [*unit_homes(problem.upper)])
    atoms = _Clusters(facts, joined, ground.most)

    def urns(held: frozenset[str]) -> list[int]:
        return sorted(urn for name in held for urn in facts[name].urns)

    def may_be(held: frozenset[str]) -> bool:
        return not list(judge_one(ground, cluster_facts(ground, "grouping", urns(held))))

    def is_legal(chosen: Sequence[frozenset[str]]) -> bool:
        exempt = zip(problem.exempt_of.index, problem.exempt_of, strict=True)
        groups = {int(urn): str(group) for urn, group in exempt}
        name_of = {urn: f"grouping {i}" for i, held in enumerate(chosen) for urn in urns(held)}
        plan = pd.Series(name_of | groups)
        return not judge_all(upper, plan.sort_index()).violations

    most = len(facts) if upper.scenario.count.max is None else upper.scenario.count.max
    sets = [held for held in atoms.sets() if may_be(held)]
    return _Search(sets, most, is_legal).finds(frozenset(facts), [])


def level_violations(
    problem: Problem,
    facts: Mapping[str, ClusterFacts],
    *,
    judge_one: Callable[[PlainGround, ClusterFacts], Iterator[Violation]],
    judge_all: Callable[[Problem, pd.Series], Verification],
) -> Iterator[Violation]:
    if problem.upper is None:
        return
    named = [unit for fact in facts.values() for unit in fact.units]
    if len(named) != len(set(named)):
        return
    if not fits_into_groupings(problem, facts, judge_one=judge_one, judge_all=judge_all):
        label = problem.upper.scenario.option
        yield Violation("levels", "plan", "levels", {"option": label})
