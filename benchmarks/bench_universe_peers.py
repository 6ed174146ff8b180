"""Compare the exact universe with a Markov chain of GerryChain, on the same map and rules.

    python benchmarks/bench_universe_peers.py [--seconds 15] [--option 4a]

Both are asked for the legal plans of a scenario: how many different ones they find in the same
time, and how the plans are spread over the number of clusters. The chain is the one that its users
run: ReCom, where two adjacent districts are merged and split again along a spanning tree, under the
same range of pupils (oversize clusters frozen as they are), contiguity and number of districts. As
a ReCom chain keeps its number of districts, one chain is run for each number there is, the time
shared evenly, and the number of different plans each has found is its estimate of how many there
are. A single-node flip chain, the other usual proposal, is measured as well. Rules that the chain
does not know (travel, secondary schools) are put in as a constraint: a plan counts only if every
district is a candidate group.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
import warnings
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
from gerrychain import Graph, MarkovChain, Partition, constraints, updaters
from gerrychain.proposals import propose_random_flip, recom
from gerrychain.tree import bipartition_tree

sys.path.insert(0, str(Path(__file__).parents[1]))

from cluster_optimiser.optimise import candidate_groups
from cluster_optimiser.optimise.universe.all_plans import Universe
from tests.norfolk import norfolk_problem

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem

SEED = 1

Plan = frozenset[frozenset[str]]


class Arena:
    """A problem as the graph that a chain walks on, and what is legal there."""

    def __init__(self, problem: Problem) -> None:
        self.groups = candidate_groups(problem)
        self.legal = {frozenset(group.units) for group in self.groups}
        large = {g.units[0] for g in self.groups if g.is_oversize}
        self.frozen = frozenset(frozenset([unit]) for unit in large)
        graph = nx.Graph(problem.dual.subgraph(set(problem.dual) - large))
        for unit in graph:
            graph.nodes[unit]["pupils"] = int(problem.units["pupils"][unit])
        self.graph = nx.relabel_nodes(graph, {u: i for i, u in enumerate(sorted(graph))})
        self.names = sorted(graph)
        size = problem.scenario.size
        self.lowest, self.highest = size.min_pupils, size.max_pupils

    def plan_of(self, partition: Partition) -> Plan | None:
        """Give the plan of a partition, None where a district is no candidate group."""
        clusters = [
            frozenset(self.names[node] for node in nodes) for nodes in partition.parts.values()
        ]
        if any(cluster not in self.legal for cluster in clusters):
            return None
        return frozenset(clusters) | self.frozen


def chain_of(arena: Arena, start: Plan, proposal: str) -> MarkovChain:
    """Make a chain from a plan; a split that fails often enough is tried for another pair."""
    number = {unit: i for i, unit in enumerate(arena.names)}
    districts = [cluster for cluster in sorted(map(sorted, start)) if cluster[0] in number]
    assignment = {number[unit]: k for k, cluster in enumerate(districts) for unit in cluster}
    tally = {"pupils": updaters.Tally("pupils", alias="pupils")}
    middle = (arena.lowest + arena.highest) / 2

    def in_range(partition: Partition) -> bool:
        return all(arena.lowest <= p <= arena.highest for p in partition["pupils"].values())

    propose: Any = propose_random_flip
    if proposal == "recom":
        split = partial(bipartition_tree, max_attempts=100, allow_pair_reselection=True)
        propose = partial(
            recom,
            pop_col="pupils",
            pop_target=middle,
            epsilon=(arena.highest - arena.lowest) / 2 / middle,
            bipartition_tree_fn=split,
        )
    return MarkovChain(
        propose,
        [in_range, constraints.contiguous],
        initial_partition=Partition(Graph.from_networkx(arena.graph), assignment, tally),
        total_steps=10**9,
        rng=SEED,
    )


def _stop(_signal: int, _frame: object) -> None:
    raise TimeoutError


def walk(arena: Arena, start: Plan, proposal: str, seconds: float) -> tuple[set[Plan], int, str]:
    """Walk for some seconds: the different legal plans met, the steps, and why it ended.

    The alarm also ends a chain that looks for a next plan without finding one.
    """
    found: set[Plan] = set()
    steps = 0
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        for partition in chain_of(arena, start, proposal):
            steps += 1
            plan = arena.plan_of(partition)
            if plan is not None:
                found.add(plan)
    except TimeoutError:
        return found, steps, ""
    except Exception as error:  # noqa: BLE001 - whatever ends a chain is part of the comparison
        return found, steps, f"ended: {type(error).__name__}: {error}"[:90]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return found, steps, "ended by itself"


def distance(exact: dict[int, int], estimate: Counter[int]) -> float:
    """Give the total variation distance between two distributions: 0 alike, 1 nothing in common."""
    n_exact, n_found = sum(exact.values()), max(1, sum(estimate.values()))
    return sum(abs(exact[k] / n_exact - estimate[k] / n_found) for k in exact) / 2


def report(option: str, seconds: float) -> None:
    """Print the comparison."""
    problem = norfolk_problem(option)
    started = time.perf_counter()
    universe = Universe.of(problem)
    exact = universe.n_plans_by_count
    spent = time.perf_counter() - started
    print(f"{option}: {universe.n_plans:,} legal plans, all of them, in {spent:.3f} s: {exact}")
    started = time.perf_counter()
    drawn = universe.sample(2_000, seed=SEED)
    sampled = Counter(len(plan.groups) for plan in drawn)
    spent = time.perf_counter() - started
    away = distance(exact, sampled)
    print(f"2,000 uniform draws of our own in {spent:.2f} s: distance {away:.3f}", flush=True)
    arena = Arena(problem)
    starts: dict[int, Plan] = {}
    for picked in universe.sample(5_000, seed=SEED):
        clusters = frozenset(frozenset(universe.groups[i].units) for i in picked.groups)
        starts.setdefault(len(picked.groups), clusters)
    for proposal in ("recom", "flip"):
        met: Counter[int] = Counter()
        steps_of: Counter[int] = Counter()
        for n_clusters, start in sorted(starts.items()):
            found, steps, why = walk(arena, start, proposal, seconds / len(starts))
            met[n_clusters], steps_of[n_clusters] = len(found), steps
            print(
                f"  {proposal:<6} {n_clusters} clusters: {len(found):>7,} of {exact[n_clusters]:,} "
                f"plans in {steps:,} steps {why}",
                flush=True,
            )
        share = sum(met.values()) / universe.n_plans
        print(
            f"{proposal}: {sum(met.values()):,} different legal plans in {seconds:g} s "
            f"({share:.1%} of all); distance of its spread over the number of clusters from the "
            f"exact one {distance(exact, met):.3f}"
        )


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="for each kind of chain")
    parser.add_argument("--option", default="4a")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    report(arguments.option, arguments.seconds)


if __name__ == "__main__":
    main()
