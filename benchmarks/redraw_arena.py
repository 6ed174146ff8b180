"""What tools that draw clusters are compared on: the ground, one judge for all, and a clock.

Used by `bench_redraw.py` and `redraw_peers.py`. Units, neighbours, pupils and costs are those of
the project's own `redraw_ground`; the judge counts everything again from them in its own way.
"""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from cluster_optimiser.optimise.redraw.pairs import redraw_ground

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cluster_optimiser.domain import Problem

Cluster = frozenset[int]
Clusters = tuple[Cluster, ...]

SEED = 1
UNREACHABLE_MIN = 10_000
"""Minutes that stand for no way at all, where a tool wants a number for every pair."""

SHARE_OF_MIDDLE = 0.8
"""Pupils of clusters that are rather small, as a share of the middle between the bounds."""

AWAY = 25_000.0
"""Pupil minutes that a search is charged for a cluster without a hub within the travel limit: about
as much as a whole cluster has, and not so much that annealing overflows."""


@dataclass(frozen=True)
class Judgement:
    """What is true of a plan.

    The pupil minutes are to the best hub of each cluster; of a cluster without one, to the best hub
    of the whole map, which flatters it.
    """

    pupil_minutes: float
    n_clusters: int
    faults: dict[str, int]

    @property
    def is_legal(self) -> bool:
        """Whether every rule is kept."""
        return not any(self.faults.values())

    @property
    def rank(self) -> tuple[int, float]:
        """What plans of one tool are chosen by: fewest faults, then fewest pupil minutes."""
        return sum(self.faults.values()), self.pupil_minutes

    def told(self) -> str:
        """Say which rules are broken, and how often."""
        found = [f"{n} {name}" for name, n in self.faults.items() if n]
        return ", ".join(found) if found else "legal"


class Arena:
    """One input in plain arrays, and the judge of plans of it.

    `n_clusters` is the number that tools are asked for which want to be told one: the most allowed,
    as more clusters have shorter ways, or where any number is allowed, so many that they are rather
    small.
    """

    def __init__(self, name: str, problem: Problem) -> None:
        self.name, self.problem = name, problem
        self.ground = redraw_ground(problem)
        scenario = problem.scenario
        self.least, self.most = scenario.size.min_pupils, scenario.size.max_pupils
        self.count = scenario.count
        self.limit_min = scenario.travel.max_minutes or float("inf")
        self.pupils = np.array(self.ground.pupils)
        usual = SHARE_OF_MIDDLE * (self.least + self.most) / 2
        self.n_clusters = scenario.count.max or round(self.pupils.sum() / usual)
        self.n_units, n_hubs = len(self.pupils), len(self.ground.hubs)
        self.hub_units = [hub.unit for hub in self.ground.hubs]
        self.hubs_of = {u: h for h, u in enumerate(self.hub_units)}
        self.cost = np.full((self.n_units, n_hubs), np.inf)
        self.longest = np.full((self.n_units, n_hubs), np.inf)
        for unit in range(self.n_units):
            for h, hub in enumerate(self.ground.hubs):
                cost, longest, _ = self.ground.ways.of(unit, hub)
                if cost is not None:
                    self.cost[unit, h], self.longest[unit, h] = cost / 100, longest / 100
        self.graph = nx.Graph()
        self.graph.add_nodes_from(range(self.n_units))
        near = enumerate(self.ground.neighbours)
        self.graph.add_edges_from((i, j) for i, others in near for j in others)
        self.standing = frozenset(self.ground.oversize)
        self._scores: dict[Cluster, tuple[float, bool]] = {}

    def score(self, cluster: Cluster) -> tuple[float, bool]:
        """Give the pupil minutes of a cluster, and whether its hub is there and near enough."""
        found = self._scores.get(cluster)
        if found is None:
            members = sorted(cluster)
            hubs = [self.hubs_of[i] for i in members if i in self.hubs_of]
            columns = hubs or list(range(self.cost.shape[1]))
            totals = self.cost[np.ix_(members, columns)].sum(axis=0)
            best = int(totals.argmin())
            far = self.longest[members, columns[best]].max()
            found = float(totals[best]), bool(hubs) and far <= self.limit_min
            self._scores[cluster] = found
        return found

    def charged(self, cluster: Cluster) -> float:
        """Give the pupil minutes of a cluster, with what a missing or far hub is charged."""
        minutes, is_near = self.score(cluster)
        return minutes if is_near else minutes + AWAY

    def pupils_of(self, cluster: Cluster) -> int:
        """Add up pupils."""
        return int(self.pupils[sorted(cluster)].sum())

    def judge(self, clusters: Sequence[Cluster]) -> Judgement:
        """Count the faults and the pupil minutes of a plan."""
        if sorted(i for c in clusters for i in c) != list(range(self.n_units)):
            message = "a plan that does not have every unit once"
            raise ValueError(message)
        sizes = [self.pupils_of(c) for c in clusters if c not in self.standing]
        scores = [self.score(c) for c in clusters]
        wanted = self.problem.scenario.secondary.min
        has_hub = [any(i in self.hubs_of for i in c) for c in clusters]
        lacking = [
            sum(self.ground.n_secondary[i] for i in c) < wanted or not has
            for c, has in zip(clusters, has_hub, strict=True)
        ]
        n, scored = len(clusters), zip(scores, has_hub, strict=True)
        faults = {
            "too small": sum(size < self.least for size in sizes),
            "too large": sum(size > self.most for size in sizes),
            "in pieces": sum(not nx.is_connected(self.graph.subgraph(c)) for c in clusters),
            "without a secondary school": sum(lacking),
            "with a school too far away": sum(has and not near for (_, near), has in scored),
            "too few": max(self.count.min - n, 0),
            "too many": max(n - (self.count.max or n), 0),
        }
        return Judgement(sum(minutes for minutes, _ in scores), n, faults)


@dataclass
class Row:
    """What one tool made of one input: the best plan it had, and what it took.

    `best_s` says after how many of its seconds it had that plan.
    """

    arena: Arena
    tool: str
    note: str = ""
    status: str = ""
    seconds: float = 0.0
    best_s: float = 0.0
    bound: float | None = None
    plan: Clusters | None = None
    judgement: Judgement | None = None
    started: float = field(default_factory=time.perf_counter)

    def offer(self, clusters: Sequence[Cluster], moment: float | None = None) -> None:
        """Keep a plan, found at some moment or now, if it is the best of this tool so far."""
        plan = tuple(sorted((frozenset(c) for c in clusters if c), key=sorted))
        judgement = self.arena.judge(plan)
        if self.judgement is None or judgement.rank < self.judgement.rank:
            self.plan, self.judgement = plan, judgement
            self.best_s = (moment or time.perf_counter()) - self.started

    def offer_labels(self, labels: Sequence[float] | np.ndarray) -> None:
        """Keep a plan that is given as a label of each unit."""
        members: dict[int, set[int]] = {}
        for unit, label in enumerate(labels):
            members.setdefault(int(label), set()).add(unit)
        self.offer([frozenset(units) for units in members.values()])


def _stop(_signal: int, _frame: object) -> None:
    raise TimeoutError


@contextmanager
def at_most(seconds: float) -> Iterator[float]:
    """End what is inside after some seconds; give the moment of the clock when that will be."""
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01))
    try:
        yield time.perf_counter() + seconds
    except TimeoutError:
        return
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
