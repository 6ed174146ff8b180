"""Maps of many units: bounded in fractions, then solved with what the bound does not rule out.

1. The program is solved in fractions, rows that the solution breaks are added, and so on. The dual
   bounds every plan, and says what it costs at least to have a unit join a hub.
2. The core: only pairs that cost little by that measure. It is small, and its plan is good.
3. All pairs but those with which a plan would cost more than the best one known: what is best among
   the rest is best of all.

A linear program's duals bound it whatever they are: any multiples of its rows, added up, leave a
cost on every variable, and no solution is cheaper than what the rows and the negative costs come
to. GLOP finds the duals in floating point; they are rounded, and everything from there on is
counted in integers, so that neither the bound nor what is ruled out by it rests on a solver's
tolerances (Neumaier and Shcherbina 2004).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.redraw.engines import Program, time_limit
from cluster_optimiser.optimise.redraw.legal import is_legal_plan, with_strays_moved
from cluster_optimiser.optimise.redraw.search import add_cuts, hint_of
from cluster_optimiser.optimise.redraw.terms import value_of
from cluster_optimiser.optimise.redraw.tightening import cut

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cluster_optimiser.domain import Status
    from cluster_optimiser.optimise.redraw.engines import EngineOutcome
    from cluster_optimiser.optimise.redraw.linear import LinearModel, LinearObjective
    from cluster_optimiser.optimise.redraw.model import Assignment
    from cluster_optimiser.optimise.redraw.pairs import Cluster
    from cluster_optimiser.optimise.redraw.search import How, Search


CORE_PAIRS = 6
"""Pairs of a unit and a hub, on average over the units, that make the core."""

NEAR_ENOUGH = 0.001
"""Share of its value by which the plan of the core may miss its best: the rest is solved fully."""

LEAST_GAIN = 0.00005
"""Where a round adds less than this share to the bound, no more rows are added."""

MOST_ROUNDS = 40
"""Programs in fractions solved at most."""

SHARE_OF_TIME = 0.4
"""Share of the time left that what comes before the last program may take, each."""


Repair = Callable[["Sequence[Cluster]", "How"], "Sequence[Cluster]"]
"""Clusters some of which are illegal, and how to solve -> clusters."""


Begin = Callable[["How"], "Sequence[Cluster]"]
"""How to solve -> clusters, or none."""


@dataclass(frozen=True, slots=True)
class DualBound:
    """What a solution in fractions proves."""

    bound: int  # no plan has a lower value
    extra: Mapping[tuple[int, int], int]


def bound_in_fractions(a: Assignment, objective: LinearObjective, how: How) -> DualBound | None:
    """Solve in fractions, add rows that are broken, solve again."""
    size = a.ground.problem.scenario.size
    program, best = InFractions(a.model, objective), None
    for _ in range(MOST_ROUNDS):
        found = program.solve(time_limit_s=how.left_s())
        if found is None:
            break
        gain = LEAST_GAIN * abs(found.bound)
        is_better = best is None or found.bound > best.bound + gain
        if best is None or found.bound >= best.bound:
            best = found
        if not is_better or how.is_over:
            break
        if not cut(a, found.values, size):
            break
    if best is None:
        return None
    beyond = [max(0, cost) for cost in best.reduced]
    extra = {
        (i, h): (beyond[v] + (beyond[a.open(h)] if v != a.open(h) else 0)) // DUAL_SCALE
        for (i, h), v in a.x.items()
    }
    return DualBound(best.bound, extra)


def prove(
    a: Assignment,
    stage: str,
    objective: LinearObjective,
    search: Search,
    how: How,
    repair: Repair,
    begin: Begin | None = None,
) -> Status:
    """Solve one stage of a part of many units."""
    reach = bound_in_fractions(a, objective, how.with_share(SHARE_OF_TIME))
    proof = _Proof(
        a, stage, objective, search, how, repair, reach or DualBound(0, dict.fromkeys(a.x, 0))
    )
    if reach is not None:
        search.bound = reach.bound
    if search.clusters:
        search.value = value_of(a.ground, stage, search.clusters)
    proof.tell()
    proof.try_core()
    if not search.clusters and begin is not None and how.deadline is not None:
        found = begin(how)
        if found:
            proof.offer(found)
            proof.tell()
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
    reach: DualBound
    tried: set[frozenset[int]] = field(default_factory=set)

    def tell(self) -> None:
        self.how.tell(self.stage, self.search.clusters, self.search.bound)

    @property
    def is_proved(self) -> bool:
        search = self.search
        return bool(search.clusters) and search.bound is not None and search.bound >= search.value

    def solve(
        self, dropped: Collection[int], how: How, relative_gap: float
    ) -> tuple[EngineOutcome, list[tuple[int | None, Cluster]]]:
        """Solve without some variables; give the outcome and the clusters found."""
        small, kept = self.a.model.without(dropped)
        values_of_plan = hint_of(self.a, self.search.clusters) if self.search.clusters else {}
        outcome = how.engine_of_many.solve(
            small,
            self.objective.within(kept),
            hint={n: values_of_plan[v] for n, v in enumerate(kept) if v in values_of_plan},
            seed=how.seed,
            time_limit_s=how.left_s(),
            relative_gap=relative_gap,
        )
        self.search.n_rounds += 1
        self.search.effort += outcome.effort
        if outcome.values is None:
            return outcome, []
        at = dict(zip(kept, outcome.values, strict=True))
        return outcome, self.a.clusters([at.get(v, 0) for v in range(len(self.a.model.upper))])

    def take(self, found: list[tuple[int | None, Cluster]]) -> int:
        """Keep the plan if it is legal, or is once strays are moved, and better; add cuts."""
        n_cuts = add_cuts(self.a, found, self.how)
        self.search.n_cuts += n_cuts
        clusters = [cluster for _, cluster in found]
        if n_cuts:
            clusters = with_strays_moved(self.a.ground, clusters, is_shaped=self.how.is_shaped)
        self.offer(clusters)
        return n_cuts

    def offer(self, clusters: Sequence[Cluster]) -> None:
        """Keep a plan if it is legal and better."""
        ground, search = self.a.ground, self.search
        value = value_of(ground, self.stage, clusters)
        if (
            (not search.clusters or value < search.value)
            and all(value_of(ground, name, clusters) <= most for name, most in search.held.items())
            and is_legal_plan(
                ground,
                clusters,
                is_shaped=self.how.is_shaped,
                n_exceptions=search.n_exceptions,
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
        """Where there is no plan, solve around the clusters of a solution that are illegal."""
        if found and not self.search.clusters:
            self.offer(self.repair([cluster for _, cluster in found], how))

    def is_near(self, bound: int) -> bool:
        """Tell whether the plan there is misses a bound by little."""
        value = self.search.value
        return bool(self.search.clusters) and bound >= value - NEAR_ENOUGH * abs(value)

    def try_core(self) -> None:
        """Find a plan with the pairs that cost least, and with more of them if there is none."""
        how = self.how.with_share(SHARE_OF_TIME)
        costs = sorted(self.reach.extra.values())
        n_pairs = CORE_PAIRS * len(self.a.units)
        while n_pairs < len(costs) and not how.is_over and not self.is_proved:
            most = costs[n_pairs]
            outcome, found = self.solve(self.beyond(most), how.with_share(0.5), NEAR_ENOUGH)
            if found and self.take(found) and not self.is_near(outcome.bound):
                found = self.try_hubs(found, most, how)
            self.mend(found, how)
            self.tell()
            # A plan from before may be far from the best: it is the core's own that is near it.
            if self.search.clusters and outcome.status != "INFEASIBLE":
                return
            n_pairs *= 2

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


DUAL_SCALE = 1024
"""Duals are rounded to this share of the objective's integers."""


@dataclass(frozen=True, slots=True)
class Fractions:
    """A solution in fractions, and what is proved by it."""

    values: tuple[float, ...]  # a value for each variable
    bound: int  # no solution has a lower objective
    reduced: tuple[int, ...]


class InFractions:
    """A program with all variables in fractions, solved again as rows are added to it."""

    def __init__(self, model: LinearModel, objective: LinearObjective) -> None:
        self.model, self.objective = model, objective
        self.program = Program(model, objective, is_whole=False)

    def solve(self, *, time_limit_s: float | None = None) -> Fractions | None:
        """Minimise, with the rows that the model has by now."""
        from ortools.math_opt.python import mathopt  # noqa: PLC0415

        if not self.model.may_be_kept():
            return None
        program = self.program
        program.add_rows(self.model)
        result = mathopt.solve(
            program.model,
            mathopt.SolverType.GLOP,
            params=mathopt.SolveParameters(time_limit=time_limit(time_limit_s)),
        )
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            return None
        at, of_row = result.variable_values(), result.dual_values()
        duals = [
            of_row[row] * program.scale / scale
            for row, scale in zip(program.rows, program.row_scales, strict=True)
        ]
        bound, reduced = dual_bound(self.model, self.objective, duals)
        return Fractions(tuple(at[v] for v in program.x), bound, reduced)


def dual_bound(
    model: LinearModel, objective: LinearObjective, duals: Sequence[float]
) -> tuple[int, tuple[int, ...]]:
    """Bound a program by multiples of its rows, exactly."""
    costs = [0] * len(model.upper)
    for c, v in objective.terms:
        costs[v] += c * DUAL_SCALE
    total = 0
    for row, dual in zip(model.rows, duals, strict=True):
        multiple = round(dual * DUAL_SCALE)
        side = row.low if multiple > 0 else row.high
        if not multiple or side is None:
            continue
        total += multiple * side
        for c, v in row.terms:
            costs[v] -= multiple * c
    total += sum(min(0, cost) * upper for cost, upper in zip(costs, model.upper, strict=True))
    return objective.constant - (-total // DUAL_SCALE), tuple(costs)
