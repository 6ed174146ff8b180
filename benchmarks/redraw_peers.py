"""Other tools that draw clusters, each asked as well as it can be for the plan that a redraw wants.

Used by `bench_redraw.py`. Each function fills a row with the best plan that its tool had within the
time, best being fewest broken rules and then fewest pupil minutes, counted by the judge of
`redraw_arena.py`. Where a tool has a place for an objective or a rule of one's own, ours is put
there; what it has no place for is said in the row.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pulp
from gerrychain import Graph, Partition, constraints, updaters
from gerrychain.optimization import SingleMetricOptimizer
from gerrychain.partition import recursive_tree_part
from gerrychain.proposals import propose_random_flip, recom
from gerrychain.proposals.tree_proposals import MetagraphError
from gerrychain.tree import PopulationBalanceError, bipartition_tree
from libpysal.weights import W
from ortools.sat.python import cp_model
from redraw_arena import SEED, UNREACHABLE_MIN, at_most
from spopt.locate import PMedian
from spopt.region import AZP, MaxPHeuristic, Skater
from spopt.region.azp_util import AllowMoveStrategy
from spopt.region.objective_function import ObjectiveFunction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from redraw_arena import Arena, Cluster, Row

WORKERS = 2
"""Threads of CP-SAT with the plain model; our own solver uses one."""

CHARGES_MIN = (0.0, 10.0, 100.0)
"""Minutes that SKATER is charged for each pupil over the maximum, one run each."""

TILT = 0.01
"""Share of worse plans that a tilted run accepts."""

COLDEST = 0.01
"""How cold annealing ends: a plan of 100 pupil minutes more is then taken once in 2.7 times."""

SHARES_OF_RECOM = 0.5, 0.7
"""Share of steps that recombine two clusters, of a tilted run and of annealing; the others move
one school. These were the best of those tried on the whole county."""


# --- spopt: regions -------------------------------------------------------------------


def _frame(arena: Arena) -> gpd.GeoDataFrame:
    """Give the schools as spopt wants them, in metres."""
    ground = arena.ground
    schools = arena.problem.authority.schools.iloc[[int(m[0]) for m in ground.ways.schools]]
    places = schools.geometry
    return gpd.GeoDataFrame(
        {
            "x": places.x.to_numpy(),
            "y": places.y.to_numpy(),
            "pupils": arena.pupils,
            "position": np.arange(arena.n_units),
        },
        geometry=places.to_numpy(),
        crs=places.crs,
    )


def _weights(arena: Arena) -> W:
    near = {i: sorted(others) for i, others in enumerate(arena.ground.neighbours)}
    return W(near, silence_warnings=True)


def run_maxp(row: Row, seconds: float) -> None:
    """Run spopt's max-p: as many regions as have the minimum of pupils, their schools near."""
    arena = row.arena
    frame, weights = _frame(arena), _weights(arena)
    even = arena.pupils.sum() / arena.n_clusters
    with at_most(seconds) as end:
        for turn in range(10**6):
            # Its number of regions falls as the minimum rises: from ours to the mean of ours.
            threshold = arena.least + (even - arena.least) * (turn % 5) / 5
            np.random.seed(SEED + turn)  # noqa: NPY002 - the generator that spopt draws from
            model = MaxPHeuristic(
                frame,
                weights,
                ["x", "y"],
                "pupils",
                threshold,
                top_n=2,
                max_iterations_construction=50,
                max_iterations_sa=1,
                policy="keep",
            )
            model.solve()
            row.offer_labels(model.labels_)
            if time.perf_counter() > end:
                break


class _Skater:
    """Our objective as the dissimilarity that SKATER minimises: attributes are unit numbers."""

    def __init__(self, arena: Arena, turn: int) -> None:
        self.arena = arena
        self.charge_min = CHARGES_MIN[turn % len(CHARGES_MIN)]
        places = _frame(arena)[["x", "y"]].to_numpy()
        self.away = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) + 1.0
        if turn >= len(CHARGES_MIN):
            # Other trees than the shortest one, each about as short.
            noise = np.random.default_rng(SEED + turn).lognormal(0.0, 0.5, self.away.shape)
            self.away *= np.sqrt(noise * noise.T)

    def __call__(self, units: np.ndarray, centre: np.ndarray | None) -> np.ndarray:
        """Give metres between all units for the tree; then, for a region, what it costs."""
        if centre is None:
            return self.away
        cluster = frozenset(int(i) for i in units[:, 0])
        pupils = self.arena.pupils_of(cluster)
        if pupils < self.arena.least or not any(i in self.arena.hubs_of for i in cluster):
            return np.array([np.inf])
        over = max(0, pupils - self.arena.most)
        return np.array([self.arena.score(cluster)[0] + over * self.charge_min])


def run_skater(row: Row, seconds: float) -> None:
    """Run spopt's SKATER: cuts of a spanning tree, our objective and minimum in its score.

    It is run on the shortest tree first and then, while there is time, on others.
    """
    arena = row.arena
    frame, weights = _frame(arena), _weights(arena)
    with at_most(seconds) as end:
        for turn in range(10**6):
            score = {"dissimilarity": _Skater(arena, turn)}
            model = Skater(
                frame, weights, ["position"], arena.n_clusters, spanning_forest_kwds=score
            )
            model.solve()
            row.offer_labels(model.labels_)
            if time.perf_counter() > end or arena.n_clusters == 1:
                break


class _Minutes(ObjectiveFunction):
    """Our objective for AZP: attributes are unit numbers."""

    def __init__(self, arena: Arena) -> None:
        super().__init__()
        self.arena = arena

    def __call__(self, labels: np.ndarray, attr: np.ndarray) -> float:
        regions = [frozenset(attr[labels == r, 0].astype(int).tolist()) for r in set(labels)]
        return sum(self.arena.charged(region) for region in regions)

    def update(
        self, moving_area: int, recipient_region: int, labels: np.ndarray, attr: np.ndarray
    ) -> float:
        donor = frozenset(attr[labels == labels[moving_area], 0].astype(int).tolist())
        taker = frozenset(attr[labels == recipient_region, 0].astype(int).tolist())
        moved = {int(attr[moving_area, 0])}
        charged = self.arena.charged
        before = charged(donor) + charged(taker)
        return charged(donor - moved) + charged(taker | moved) - before


class _WithinSizes(AllowMoveStrategy):
    """Let AZP make a move if it is no worse and keeps the sizes of both regions in bounds."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.labels: np.ndarray | None = None

    def __call__(self, moving_area: int, new_region: int, labels: np.ndarray) -> bool:
        self.labels = labels
        pupils, arena = self.arena.pupils, self.arena
        moved = pupils[moving_area]
        left = pupils[labels == labels[moving_area]].sum() - moved
        grown = pupils[labels == new_region].sum() + moved
        if moved and (left < arena.least or grown > arena.most):
            return False
        change = self.objective_func.update(moving_area, new_region, labels, self.attr)
        if change > 0:
            return False
        self.objective_val += change
        return True


def run_azp(row: Row, seconds: float) -> None:
    """Run spopt's AZP again and again from random plans within the sizes."""
    arena = row.arena
    frame, weights = _frame(arena), _weights(arena)
    strategy = _WithinSizes(arena)
    with at_most(seconds):
        for turn in range(10**6):
            start = tree_plan(arena, SEED + turn)
            if start is None:
                row.note = "no random plan within the sizes to begin with"
                break
            labels = np.array([start[i] for i in range(arena.n_units)])
            model = AZP(
                frame,
                weights,
                ["position"],
                arena.n_clusters,
                allow_move_strategy=strategy,
                random_state=SEED + turn,
                initial_labels=labels,
                objective_func=_Minutes(arena),
            )
            model.solve()
            row.offer_labels(model.labels_)
            if arena.n_clusters == 1:
                break
    if row.plan is None and strategy.labels is not None:
        row.offer_labels(strategy.labels)


# --- spopt: p-median ------------------------------------------------------------------


def run_pmedian(row: Row, seconds: float, *, is_capacitated: bool) -> None:
    """Solve spopt's p-median with the solver that comes with PuLP, CBC."""
    arena = row.arena
    n_hubs = arena.cost.shape[1]
    is_near = np.isfinite(arena.cost) & (arena.longest <= arena.limit_min)
    minutes = np.where(is_near, arena.longest, UNREACHABLE_MIN)
    model = PMedian.from_cost_matrix(
        minutes,
        arena.pupils,
        arena.n_clusters,
        facility_capacities=np.full(n_hubs, arena.most) if is_capacitated else None,
    )
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "cbc.log"
        solver = pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds, logPath=str(log))
        try:
            model.solve(solver)
        except RuntimeError as error:
            row.status = str(error).split(".")[0]
        told = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    row.bound = _bound_of_cbc(told)
    if model.problem.sol_status in {pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible}:
        row.status = "OPTIMAL" if "Optimal solution found" in told else "FEASIBLE"
        row.offer([frozenset(clients) for clients in model.fac2cli])


def _bound_of_cbc(told: str) -> float | None:
    found = re.findall(r"^Lower bound:\s+(\S+)", told, re.MULTILINE)
    if not found and "Optimal solution found" in told:
        found = re.findall(r"^Objective value:\s+(\S+)", told, re.MULTILINE)
    return float(found[-1]) if found else None


# --- GerryChain -----------------------------------------------------------------------


def _gerry_graph(arena: Arena) -> Graph:
    graph = arena.graph.copy()
    for unit in graph:
        graph.nodes[unit]["pupils"] = int(arena.pupils[unit])
    return Graph.from_networkx(graph)


def tree_plan(arena: Arena, seed: int) -> Mapping[int, int] | None:
    """Give a random plan within the sizes, by GerryChain's recursive tree part."""
    n = arena.n_clusters
    if n == 1:
        return dict.fromkeys(range(arena.n_units), 0)
    even = arena.pupils.sum() / n
    room = min(1 - arena.least / even, arena.most / even - 1)
    rng = random.Random(seed)  # noqa: S311 - a search, no secrets
    for _ in range(50):
        try:
            return recursive_tree_part(
                _gerry_graph(arena),
                list(range(n)),
                even,
                "pupils",
                room,
                bipartition_tree_fn=partial(bipartition_tree, max_attempts=200),
                rng=rng,
            )
        except TimeoutError:
            raise
        except Exception:  # noqa: BLE001, S112 - it has many ways to say that a tree did not do
            continue
    return None


class Walk:
    """A chain of GerryChain towards fewer pupil minutes, within the sizes."""

    def __init__(self, arena: Arena, start: Mapping[int, int], share_of_recom: float) -> None:
        self.arena, self.share_of_recom = arena, share_of_recom
        middle = (arena.least + arena.most) / 2
        split = partial(bipartition_tree, max_attempts=50, allow_pair_reselection=True)
        self._recom: Any = partial(
            recom,
            pop_col="pupils",
            pop_target=middle,
            # A hair more, since it compares in floating point; `_in_range` is exact.
            epsilon=(arena.most - arena.least) / 2 / middle + 1e-9,
            bipartition_tree_fn=split,
        )
        tally = {"pupils": updaters.Tally("pupils", alias="pupils")}
        self.optimizer = SingleMetricOptimizer(
            self._propose,
            [self._in_range, constraints.contiguous],
            Partition(_gerry_graph(arena), dict(start), tally),
            self.score,
            maximize=False,
            rng=SEED,
        )

    def _propose(self, partition: Partition, *, rng: random.Random) -> Partition:
        if rng.random() > self.share_of_recom:
            return propose_random_flip(partition, rng=rng)
        try:
            return self._recom(partition, rng=rng)
        except (PopulationBalanceError, MetagraphError):
            # No pair of districts was split in all its attempts.
            return propose_random_flip(partition, rng=rng)

    def _in_range(self, partition: Partition) -> bool:
        low, high = self.arena.least, self.arena.most
        return all(low <= pupils <= high for pupils in partition["pupils"].values())

    def score(self, partition: Partition) -> float:
        """Give the pupil minutes, with what missing hubs are charged."""
        return sum(self.arena.charged(frozenset(part)) for part in partition.parts.values())


def run_gerrychain(row: Row, seconds: float) -> None:
    """Walk towards fewer pupil minutes: a tilted run, then annealing, half of the time each."""
    arena = row.arena
    start: Mapping[int, int] | None = None
    with at_most(seconds / 4):
        start = tree_plan(arena, SEED)
    if start is None:
        row.status = "no random plan within the sizes to begin with"
        return
    row.offer_labels([start[i] for i in range(arena.n_units)])
    if arena.n_clusters == 1:
        return
    half_s = (seconds - (time.perf_counter() - row.started)) / 2

    def anneal(optimizer: SingleMetricOptimizer) -> Iterator[Partition]:
        began = time.perf_counter()
        return optimizer.simulated_annealing(
            10**9, lambda _: (time.perf_counter() - began) / half_s, COLDEST
        )

    steps = 0
    walks = (lambda o: o.tilted_run(10**9, TILT)), anneal
    for method, share_of_recom in zip(walks, SHARES_OF_RECOM, strict=True):
        walk = Walk(arena, start, share_of_recom)
        best, moment = float("inf"), row.started
        with at_most(half_s):
            for _ in method(walk.optimizer):
                steps += 1
                if walk.optimizer.best_score < best:
                    best, moment = walk.optimizer.best_score, time.perf_counter()
        found = walk.optimizer.best_part
        if found is not None:
            row.offer([frozenset(part) for part in found.parts.values()], moment)
    row.note = f"{steps:,} steps from a random tree plan"


# --- CP-SAT with flows ----------------------------------------------------------------


class FlowModel:
    """The plain assignment model with contiguity by a flow of one commodity, for CP-SAT.

    Each open hub sends out a flow, each unit of a cluster keeps one of it, and it may pass from a
    unit to a neighbour of the same cluster only.
    """

    def __init__(self, arena: Arena) -> None:
        self.arena, self.cp = arena, cp_model.CpModel()
        cost = arena.ground.cost
        usable = {h for h, u in enumerate(arena.hub_units) if (u, h) in cost}
        self.x = {pair: self.cp.new_bool_var("") for pair in cost if pair[1] in usable}
        self.open = {h: self.x[arena.hub_units[h], h] for h in usable}
        self.stands = {f: self.cp.new_bool_var("") for f in arena.standing}
        self._assign()
        self._flow()
        self.cp.minimize(
            sum(cost[pair] * x for pair, x in self.x.items())
            + sum(round(100 * arena.score(f)[0]) * z for f, z in self.stands.items())
        )

    def _standing(self, unit: int) -> list[cp_model.IntVar]:
        return [z for f, z in self.stands.items() if unit in f]

    def _assign(self) -> None:
        arena, cp = self.arena, self.cp
        for unit in range(arena.n_units):
            joined = [self.x[unit, h] for h in self.open if (unit, h) in self.x]
            cp.add_exactly_one([*joined, *self._standing(unit)])
        for (_, h), x in self.x.items():
            cp.add_implication(x, self.open[h])
        for h, y in self.open.items():
            pupils = sum(int(arena.pupils[i]) * x for (i, g), x in self.x.items() if g == h)
            cp.add(pupils <= arena.most * y)
            cp.add(pupils >= arena.least * y)
        n = sum(self.open.values()) + sum(self.stands.values())
        cp.add(n >= arena.count.min)
        if arena.count.max is not None:
            cp.add(n <= arena.count.max)

    def _flow(self) -> None:
        arena, cp = self.arena, self.cp
        most = arena.n_units
        into: dict[int, list[Any]] = {i: [] for i in range(most)}
        out: dict[int, list[Any]] = {i: [] for i in range(most)}
        for one, other in arena.graph.edges:
            for i, j in ((one, other), (other, one)):
                passes, flow = cp.new_bool_var(""), cp.new_int_var(0, most, "")
                cp.add(flow <= most * passes)
                out[i].append(flow)
                into[j].append(flow)
                for h in self.open:
                    if (j, h) in self.x:
                        here = self.x.get((i, h))
                        cp.add_bool_or([~passes, ~self.x[j, h], *([] if here is None else [here])])
        for unit in range(most):
            # A unit that stands keeps none; an open hub's own unit may send out any number.
            kept = 1 - sum(self._standing(unit))
            sent = 0
            if unit in arena.hubs_of and arena.hubs_of[unit] in self.open:
                sent = cp.new_int_var(0, most, "")
                cp.add(sent <= most * self.open[arena.hubs_of[unit]])
            cp.add(sum(into[unit]) + sent == sum(out[unit]) + kept)

    def clusters(self, solver: cp_model.CpSolver) -> list[Cluster]:
        """Read the clusters off."""
        members: dict[int, set[int]] = {}
        for (i, h), x in self.x.items():
            if solver.value(x):
                members.setdefault(h, set()).add(i)
        return [
            *(frozenset(units) for units in members.values()),
            *(f for f, z in self.stands.items() if solver.value(z)),
        ]


def run_flow(row: Row, seconds: float) -> None:
    """Solve the plain model in CP-SAT, from nothing."""
    model = FlowModel(row.arena)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = WORKERS
    solver.parameters.random_seed = SEED
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model.cp)
    row.status = solver.status_name(status)
    if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        row.bound = solver.best_objective_bound / 100
        row.offer(model.clusters(solver))


PEERS: Mapping[str, tuple[Callable[[Row, float], None], str]] = {
    "spopt max-p": (run_maxp, "no maximum, no hubs, no travel limit"),
    "spopt SKATER": (run_skater, "maximum only as a charge, no travel limit"),
    "spopt AZP": (run_azp, "begun from random plans within the sizes"),
    "spopt p-median": (
        partial(run_pmedian, is_capacitated=False),
        "no sizes, no contiguity",
    ),
    "spopt p-median, capacities": (
        partial(run_pmedian, is_capacitated=True),
        "no minimum, no contiguity",
    ),
    "GerryChain ReCom": (run_gerrychain, ""),
    "CP-SAT with flows": (run_flow, f"{WORKERS} threads, from nothing"),
}
"""Tool -> what runs it, and what it cannot be told."""
