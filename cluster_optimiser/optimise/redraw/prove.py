"""Maps of many units: bounded in fractions, then solved with what the bound does not rule out.

1. The program is solved in fractions, rows that the solution breaks are added, and so on. The dual
   bounds every plan, and says what it costs at least to have a unit join a hub.
2. The core: only pairs that cost little by that measure. It is small, and its plan is good.
3. All pairs but those with which a plan would cost more than the best one known: what is best among
   the rest is best of all.

The core and the rest are solved with the rows that bind in fractions and those added since; what a
solution breaks of the others is added.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.redraw.engines import Ask, EngineOutcome
from cluster_optimiser.optimise.redraw.fractions import DUAL_SCALE, InFractions
from cluster_optimiser.optimise.redraw.legal import is_legal_plan, with_strays_moved
from cluster_optimiser.optimise.redraw.search import How, Search, add_cuts, hint_of
from cluster_optimiser.optimise.redraw.terms import value_of
from cluster_optimiser.optimise.redraw.tightening import cut

if TYPE_CHECKING:
    from cluster_optimiser.domain import Status
    from cluster_optimiser.optimise.redraw.linear import LinearObjective
    from cluster_optimiser.optimise.redraw.model import Assignment
    from cluster_optimiser.optimise.redraw.pairs import Cluster

CORE_PAIRS = 4
"""Pairs of a unit and a hub, on average over the units, that make the core."""

NEAR_ENOUGH = 0.0003
"""Share of its value by which the plan of the core may miss its best: the rest is solved fully."""

LEAST_GAIN = 0.00005
"""A round that adds less than this share to the bound adds nothing."""

MOST_IDLE = 3
"""After so many rounds in a row that add nothing, no more rows are added."""

MOST_ROUNDS = 60
"""Programs in fractions solved at most."""

AGAIN = 6, 9, 13
"""Neighbouring clusters that are solved anew at once; more where fewer are no longer bettered."""

SHARE_OF_TIME = 0.4
"""Share of the time left that what comes before the last program may take, each."""

Repair = Callable[["Sequence[Cluster]", "How"], "Sequence[Cluster]"]
"""Clusters some of which are illegal, and how to solve -> clusters."""

Again = Callable[["Sequence[Cluster]", int, "How"], "Sequence[Cluster]"]
"""Neighbouring clusters, how many others the plan has, and how to solve -> as good, or none."""

Begin = Callable[["How"], "Sequence[Cluster]"]
"""How to solve -> clusters, or none."""


@dataclass(frozen=True, slots=True)
class DualBound:
    """What a solution in fractions proves."""

    bound: int  # no plan has a lower value
    extra: Mapping[tuple[int, int], int]
    loose: frozenset[int] = frozenset()  # rows left out, that no solution in fractions broke


def bound_in_fractions(a: Assignment, objective: LinearObjective, how: How) -> DualBound | None:
    """Solve in fractions, add rows that are broken, solve again."""
    size = a.ground.problem.scenario.size
    program, best, n_idle = InFractions(a.model, objective), None, 0
    for _ in range(MOST_ROUNDS):
        found = program.solve(time_limit_s=how.left_s())
        if found is None:
            break
        gain = LEAST_GAIN * abs(found.bound)
        n_idle = 0 if best is None or found.bound > best.bound + gain else n_idle + 1
        if best is None or found.bound >= best.bound:
            best = found
        if how.is_over or n_idle == MOST_IDLE:
            break
        n_cuts = cut(a, found.values, size)
        if found.is_kept and not n_cuts:
            break
    if best is None:
        return None
    beyond = [max(0, cost) for cost in best.reduced]
    extra = {
        (i, h): (beyond[v] + (beyond[a.open(h)] if v != a.open(h) else 0)) // DUAL_SCALE
        for (i, h), v in a.x.items()
    }
    # No size keeps a unit without pupils from joining a hub that is closed.
    idle = {v for (i, _), v in a.x.items() if not a.ground.pupils[i]}
    loose = frozenset(
        k for k in program.left_out if not any(v in idle for _, v in a.model.rows[k].terms)
    )
    return DualBound(best.bound, extra, loose)


def prove(
    a: Assignment,
    stage: str,
    objective: LinearObjective,
    search: Search,
    how: How,
    repair: Repair,
    again: Again,
    begin: Begin | None = None,
) -> Status:
    """Solve one stage of a part of many units."""
    reach = bound_in_fractions(a, objective, how.with_share(SHARE_OF_TIME))
    proof = _Proof(
        a,
        stage,
        objective,
        search,
        how,
        repair,
        again,
        reach or DualBound(0, dict.fromkeys(a.x, 0)),
    )
    if reach is not None:
        search.bound = reach.bound
    if search.clusters:
        search.value = value_of(a.ground, stage, search.clusters)
    if how.engine_of_many.name == "HiGHS":
        # CP-SAT learns from rows; HiGHS drags them through every program in fractions.
        proof.loose = set(proof.reach.loose)
    proof.tell()
    is_near = proof.try_core()
    if not search.clusters and begin is not None and how.deadline is not None:
        found = begin(how)
        if found:
            proof.offer(found)
            proof.tell()
    if not is_near:
        proof.better(how.with_share(SHARE_OF_TIME))
    return proof.try_all()


@dataclass(slots=True)
class _Proof:
    """One stage of a part, being proved."""

    a: Assignment
    stage: str
    objective: LinearObjective
    search: Search
    how: How
    repair: Repair
    again: Again
    reach: DualBound
    tried: set[frozenset[int]] = field(default_factory=set)
    loose: set[int] = field(default_factory=set)  # rows that no solution broke so far
    n_rows_solved: int = 0  # rows of the last program

    def tell(self) -> None:
        self.how.tell(self.stage, self.search.clusters, self.search.bound)

    @property
    def n_rows(self) -> int:
        """Rows of the next program."""
        return len(self.a.model.rows) - len(self.loose)

    @property
    def is_proved(self) -> bool:
        search = self.search
        return bool(search.clusters) and search.bound is not None and search.bound >= search.value

    def solve(
        self, dropped: Collection[int], how: How, relative_gap: float
    ) -> tuple[EngineOutcome, list[tuple[int | None, Cluster]]]:
        """Solve without some variables; give the outcome and the clusters found."""
        self.n_rows_solved = self.n_rows
        small, kept = self.a.model.without(dropped, self.loose)
        values_of_plan = hint_of(self.a, self.search.clusters) if self.search.clusters else {}
        outcome = how.engine_of_many.solve(
            small,
            self.objective.within(kept),
            Ask(
                {n: values_of_plan[v] for n, v in enumerate(kept) if v in values_of_plan},
                how.seed,
                how.left_s(),
                relative_gap,
                is_proof=not relative_gap and bool(self.search.clusters),
            ),
        )
        self.search.n_rounds += 1
        self.search.effort += outcome.effort
        if outcome.values is None:
            return outcome, []
        at = dict(zip(kept, outcome.values, strict=True))
        values = [at.get(v, 0) for v in range(len(self.a.model.upper))]
        self.loose -= {k for k in self.loose if not self.a.model.rows[k].holds(values)}
        return outcome, self.a.clusters(values)

    def take(self, found: list[tuple[int | None, Cluster]]) -> int:
        """Keep the plan if it is legal, or is once strays are moved, and better; count new rows."""
        n_cuts = add_cuts(self.a, found, self.how)
        self.search.n_cuts += n_cuts
        clusters = [cluster for _, cluster in found]
        if n_cuts:
            clusters = with_strays_moved(self.a.ground, clusters, is_shaped=self.how.is_shaped)
        self.offer(clusters)
        return self.n_rows - self.n_rows_solved

    def offer(self, clusters: Sequence[Cluster]) -> None:
        """Keep a plan if it is legal and better."""
        ground, search = self.a.ground, self.search
        value = value_of(ground, self.stage, clusters)
        if (
            sum(map(len, clusters)) == len(self.a.units)
            and (not search.clusters or value < search.value)
            and all(value_of(ground, name, clusters) <= most for name, most in search.held.items())
            and is_legal_plan(
                ground, clusters, is_shaped=self.how.is_shaped, n_exceptions=search.n_exceptions
            )
        ):
            search.clusters, search.value = sorted(clusters, key=sorted), value

    def beyond(self, most: int | None, hubs: Collection[int] | None = None) -> set[int]:
        """Give the pairs that cost more than so much beyond the bound, or are of other hubs."""
        return {
            v
            for (i, h), v in self.a.x.items()
            if (most is not None and self.reach.extra[i, h] > most)
            or (hubs is not None and h not in hubs)
        }

    def try_hubs(
        self, found: list[tuple[int | None, Cluster]], most: int | None, how: How
    ) -> list[tuple[int | None, Cluster]]:
        """Solve around the hubs of a solution alone, until there is a plan in one piece a cluster.

        That is soon done, and what it adds to contiguity holds for all hubs. Gives the last
        solution.
        """
        hubs = frozenset(h for h, _ in found if h is not None)
        if hubs in self.tried:
            return found
        self.tried.add(hubs)
        while not how.is_over:
            outcome, again = self.solve(self.beyond(most, hubs), how, NEAR_ENOUGH)
            found = again or found
            n_cuts = self.take(again) if again else 0
            if not n_cuts or self.is_near(outcome.bound):
                break
        return found

    def mend(self, found: list[tuple[int | None, Cluster]], how: How) -> None:
        """Solve around the clusters of a solution that are illegal."""
        if found:
            self.offer(self.repair([cluster for _, cluster in found], how))

    def is_near(self, bound: int) -> bool:
        """Tell whether the plan there is misses a bound by little."""
        value = self.search.value
        return bool(self.search.clusters) and bound >= value - NEAR_ENOUGH * abs(value)

    def try_core(self) -> bool:
        """Find a plan with the pairs that cost least, and with more of them if there is none.

        Tells whether it is near the best of them.
        """
        how = self.how.with_share(SHARE_OF_TIME)
        costs = sorted(self.reach.extra.values())
        n_pairs = CORE_PAIRS * len(self.a.units)
        while n_pairs < len(costs) and not how.is_over and not self.is_proved:
            most = costs[n_pairs]
            outcome, found = self.solve(self.beyond(most), how.with_share(0.5), NEAR_ENOUGH)
            # A plan whose strays were moved may be near its best, and is soon better.
            if found and self.take(found):
                found = self.try_hubs(found, most, how)
            if not self.is_near(outcome.bound):
                self.mend(found, self.how.with_share(SHARE_OF_TIME))
            self.tell()
            # A plan from before may be far from the best: it is the core's own that is near it.
            if self.search.clusters and outcome.status != "INFEASIBLE":
                return self.is_near(outcome.bound)
            n_pairs *= 2
        return False

    def better(self, how: How) -> None:
        """Solve neighbouring clusters anew, more at once while that betters the plan."""
        gains: dict[Cluster, int] = {}

        def could_gain(held: frozenset[Cluster]) -> tuple[int, list[list[int]]]:
            return sum(gains[cluster] for cluster in held), sorted(map(sorted, held))

        for n in AGAIN:
            value = self.search.value
            tried: set[frozenset[Cluster]] = set()
            beside: dict[Cluster, list[Cluster]] = {}
            while self.search.clusters and not how.is_over and not self.is_proved:
                clusters = self.search.clusters
                if set(clusters) != set(beside):
                    beside = self.beside()
                    gains.update({c: self.gain(c) for c in clusters if c not in gains})
                near = {_nearest(beside, cluster, n) for cluster in clusters} - tried
                if not near:
                    break
                chosen = max(near, key=could_gain)
                tried.add(chosen)
                others = [c for c in clusters if c not in chosen]
                again = self.again(sorted(chosen, key=sorted), len(others), how)
                if again:
                    self.offer([*others, *again])
                    self.tell()
            if self.search.value == value:
                return

    def beside(self) -> dict[Cluster, list[Cluster]]:
        """Give for each cluster of the plan those beside it."""
        cluster_of = {i: cluster for cluster in self.search.clusters for i in cluster}
        near = {
            cluster: {cluster_of[j] for i in cluster for j in self.a.ground.neighbours[i]}
            for cluster in self.search.clusters
        }
        return {cluster: sorted(found - {cluster}, key=sorted) for cluster, found in near.items()}

    def gain(self, cluster: Cluster) -> int:
        """Give what a cluster costs beyond the bound."""
        meeting = self.a.ground.meeting(cluster)
        if meeting is None:
            return 0
        return sum(self.reach.extra.get((i, meeting.number), 0) for i in cluster)

    def try_all(self) -> Status:
        """Solve with all pairs that a better plan may have."""
        search = self.search
        while not self.is_proved:
            if self.how.is_over:
                return "FEASIBLE" if search.clusters else "UNKNOWN"
            spare = search.value - self.reach.bound if search.clusters else None
            # Without a plan some time is kept to make one of what is found.
            how = self.how if search.clusters else self.how.with_share(1 - SHARE_OF_TIME)
            outcome, found = self.solve(self.beyond(spare), how, 0.0)
            if outcome.status == "INFEASIBLE":
                if not search.clusters:
                    return "INFEASIBLE"
                # All that is left out is worse than the plan there is, and nothing is left.
                search.bound = search.value
                break
            lowest = outcome.bound if spare is None else min(outcome.bound, search.value)
            search.bound = lowest if search.bound is None else max(search.bound, lowest)
            n_cuts = self.take(found) if found else 0
            self.tell()
            if not n_cuts and not self.is_proved:
                return "FEASIBLE" if search.clusters else "UNKNOWN"
            if n_cuts and not self.is_proved:
                found = self.try_hubs(found, spare, self.how.with_share(SHARE_OF_TIME))
                self.mend(found, self.how)
        self.tell()
        search.hint = hint_of(self.a, search.clusters)
        return "OPTIMAL"


def _nearest(
    beside: Mapping[Cluster, Sequence[Cluster]], cluster: Cluster, n: int
) -> frozenset[Cluster]:
    """Give a cluster and those nearest to it, so many in all."""
    near = {cluster: None}
    waiting = [cluster]
    for at in waiting:
        fresh = [c for c in beside[at] if c not in near][: n - len(near)]
        near |= dict.fromkeys(fresh)
        waiting += fresh
    return frozenset(near)
